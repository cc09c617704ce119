"""From the annotation sheet of a corpus to its clips; folders and pictures are not touched.

Every row ends in one of three ways: a clip, a clip with a note, or an `Unused` with its reason.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from mexlab.errors import InputError
from pipeline.corpora.clip import CorpusClip, Note, RowProblem, Unused
from pipeline.corpora.corpus import Corpus, check_order
from pipeline.corpora.folders import plain
from pipeline.corpora.labels import certain_aus
from pipeline.corpora.sheet import Row, find_workbook

LABELS = ("original", "3", "7")


@dataclass
class Annotations:
    """A sheet read: `rows` counted, clips in the sheet's order, what is not used, what to know."""

    corpus: Corpus
    workbook: Path
    rows: int = 0
    clips: list[CorpusClip] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def read_annotations(corpus: Corpus, root: Path) -> Annotations:
    """Read the corpus's sheet at or below `root`.

    Raises InputError if there is none, or it is another one than the corpus has.
    """
    workbook = find_workbook(root, corpus.workbooks)
    rows = corpus.rows(corpus, workbook)
    found = Annotations(corpus, workbook, len(rows))
    spelled: dict[int, str] = {}
    seen: dict[tuple[str, str, int], int] = {}
    for row in rows:
        spelled[row.number] = row.get("subject")
        try:
            for clip in _clips(corpus, row, found.notes):
                movement = (plain(clip.subject), plain(clip.filename), clip.onset)
                first = seen.setdefault(movement, row.number)
                if first != row.number:
                    raise RowProblem(f"the movement of row {first} again")
                found.clips.append(clip)
        except RowProblem as problem:
            name = " ".join(filter(None, (row.get("subject"), row.get("filename"))))
            found.unused.append(Unused(row.number, name, str(problem)))
    _drop_repeats(found)
    _one_spelling(found, spelled)
    found.unused.sort(key=lambda entry: entry.row)
    return found


def select(found: Annotations, labels: str) -> Annotations:
    """The clips that have a label of the kind asked for; the others join those not used.

    Raises InputError if the corpus has no such labels.
    """
    corpus = found.corpus
    if labels == "7" and not corpus.seven:
        what = f"{corpus.title} is not coded in the seven emotions"
        raise InputError(what, "--labels 7", "use original or 3")
    if labels == "original":
        return found
    kept: list[CorpusClip] = []
    unused = list(found.unused)
    for clip in found.clips:
        if (clip.label3 if labels == "3" else clip.label) is not None:
            kept.append(clip)
        else:
            unused.append(Unused(clip.row, clip.name, _no_label(corpus, clip, labels)))
    return replace(found, clips=kept, unused=sorted(unused, key=lambda entry: entry.row))


def _no_label(corpus: Corpus, clip: CorpusClip, labels: str) -> str:
    if labels == "3" and clip.emotion.casefold() in corpus.three:
        return "MEGC2019 leaves this clip out"
    classes = "three classes" if labels == "3" else "seven emotions"
    return f"{clip.emotion!r} has no place among the {classes}"


def _clips(corpus: Corpus, row: Row, notes: list[Note]) -> Iterator[CorpusClip]:
    subject = _subject(corpus, row["subject"])
    filename, emotion = row["filename"], row["emotion"]
    word = emotion.casefold()
    name = f"{subject} {filename}"
    for movement, mark in enumerate(corpus.movements(row), start=1):
        check_order(mark)
        yield CorpusClip(
            clip_id="",  # given when all rows are known
            subject=subject,
            row=row.number,
            filename=filename,
            onset=mark.onset,
            apex=mark.apex,
            offset=mark.offset,
            emotion=emotion,
            fps=corpus.fps,
            label=corpus.seven.get(word),
            label3=_label3(corpus, subject, filename, word),
            aus=row.get("aus"),
            reported=row.get("reported") or None,
            kind=row.get("kind") or "micro",
            modality=corpus.modality,
            movement=movement,
            cells={**row.cells, "subject": subject, "onset": str(mark.onset)},
        )
        if mark.apex_text:
            reason = f"apex {mark.apex_text!r} is no frame: apex left empty, apex_flow goes to the "
            notes.append(Note(row.number, name, reason + "frame of largest motion"))
        if mark.apex == mark.onset:
            notes.append(Note(row.number, name, "the apex is the onset: apex_flow is zero"))
    notes += [Note(row.number, name, text) for text in _remarks(corpus, word, row.get("aus"))]


def _remarks(corpus: Corpus, word: str, aus: str) -> Iterator[str]:
    if word not in {*corpus.seven, *corpus.three, *corpus.other_words}:
        yield f"{word!r} is no emotion this corpus is known to have: no label"
    certain, doubt = certain_aus(aus)
    if doubt:
        kept = " ".join(certain) or "none"
        yield f"Action Units {aus!r} are not certain; beyond doubt: {kept}"


def _subject(corpus: Corpus, text: str) -> str:
    """The subject as the corpus's folders spell it. Raises RowProblem for no number at all."""
    if not corpus.subject_form:
        return text
    digits = "".join(c if c.isdigit() else " " for c in text).split()
    if len(digits) != 1:
        raise RowProblem(f"subject {text!r} has no number")
    return corpus.subject_form.format(int(digits[0]))


def _clip_id(corpus: Corpus, clip: CorpusClip, several: bool) -> str:
    """Corpus, subject and file, and the onset if the file holds several movements."""
    told = plain(clip.filename).startswith((plain(clip.subject) + "_", plain(clip.subject) + "-"))
    parts = [corpus.name, *([] if told else [clip.subject]), clip.filename]
    text = "-".join([*parts, *([str(clip.onset)] if several else [])])
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in text)


def _label3(corpus: Corpus, subject: str, filename: str, word: str) -> str | None:
    out = {(plain(who), plain(file)) for who, file in corpus.not_in_three}
    return None if (plain(subject), plain(filename)) in out else corpus.three.get(word)


def _drop_repeats(found: Annotations) -> None:
    """A further movement that has a row of its own too is kept once, as that row's."""
    own = {(c.subject, c.onset): c.row for c in found.clips if c.movement == 1}
    kept: list[CorpusClip] = []
    for clip in found.clips:
        other = own.get((clip.subject, clip.onset), clip.row)
        if clip.movement > 1 and other != clip.row:
            reason = f"movement {clip.movement} is that of row {other}"
            found.unused.append(Unused(clip.row, clip.name, reason))
        else:
            kept.append(clip)
    found.clips[:] = kept


def _one_spelling(found: Annotations, spelled: dict[int, str]) -> None:
    """One person written in several ways is one subject, and every odd spelling is noted."""
    people: dict[str, list[CorpusClip]] = {}
    for clip in found.clips:
        people.setdefault(plain(clip.subject), []).append(clip)
    renamed: dict[int, str] = {}
    for clips in people.values():
        forms = Counter(spelled[clip.row] for clip in clips)
        usual, _ = forms.most_common(1)[0]
        usual_row = next(clip.row for clip in clips if spelled[clip.row] == usual)
        subject = next(clip.subject for clip in clips if spelled[clip.row] == usual)
        renamed |= dict.fromkeys((clip.row for clip in clips), subject)
        for clip in clips:
            if spelled[clip.row] != usual and clip.movement == 1:
                reason = f"subject {spelled[clip.row]!r} is {usual!r} in row {usual_row}"
                found.notes.append(Note(clip.row, clip.name, f"{reason}: one person"))
    found.clips[:] = [replace(clip, subject=renamed[clip.row]) for clip in found.clips]
    files = Counter((clip.subject, plain(clip.filename)) for clip in found.clips)
    for index, clip in enumerate(found.clips):
        several = files[clip.subject, plain(clip.filename)] > 1
        found.clips[index] = replace(clip, clip_id=_clip_id(found.corpus, clip, several))
    found.notes.sort(key=lambda note: note.row)
