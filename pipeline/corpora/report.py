"""What `pipeline import` and its `--check` print: counts, rows not used, the row of a table.

The row is that of the paper's Table 1: samples, participants, resolution, categories.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from mexlab.emotions import LABELS3
from pipeline.corpora.clip import CorpusClip
from pipeline.corpora.importing import Imported, Survey


def check_lines(survey: Survey) -> Iterator[str]:
    """Whether the corpus is complete, and what is missing; a line each."""
    yield from _sheet_lines(survey)
    yield from (f"note {note}" for note in survey.annotations.notes)
    yield from (f"cannot be used: {entry}" for entry in survey.annotations.unused)
    yield from (f"missing: {entry}" for entry in survey.missing)
    yield from table_row(survey.annotations.corpus.title, survey.annotations.clips)
    yield _three_classes(survey.annotations.clips)
    there, all_of_them = len(survey.clips), len(survey.annotations.clips)
    state = "complete" if there == all_of_them else "incomplete"
    yield f"{state}: {there} of {all_of_them} clips have all their frames"


def import_lines(done: Imported) -> Iterator[str]:
    """Every row not used with its reason, and what the dataset holds."""
    yield from _sheet_lines(done.survey)
    yield from (f"not used: {entry}" for entry in done.unused)
    corpus = done.survey.annotations.corpus
    yield from table_row(corpus.title, done.clips, done.picture_px, done.face_px)
    yield _three_classes(done.clips)


def table_row(
    title: str,
    clips: Sequence[CorpusClip],
    picture_px: Sequence[tuple[int, int]] = (),
    face_px: Sequence[tuple[int, int]] = (),
) -> Iterator[str]:
    """The corpus as a column of the paper's Table 1, a line a feature."""
    yield f"{title}:"
    yield f"  samples       {_with_kinds(clips)}"
    yield f"  participants  {len({clip.subject for clip in clips})}"
    if face_px:
        yield f"  resolution    face {_usual(face_px)}, picture {_usual(picture_px)}"
    counts = Counter(clip.emotion for clip in clips)
    yield f"  categories    {_counted(counts)}"


def _sheet_lines(survey: Survey) -> Iterator[str]:
    found = survey.annotations
    published = found.corpus.published_rows
    other = "" if published in (None, found.rows) else f" (the published sheet has {published})"
    yield f"{found.workbook.name}: {found.rows} rows{other}"
    yield f"frames: {survey.place.base}, {survey.place.layout}"


def _with_kinds(clips: Sequence[CorpusClip]) -> str:
    kinds = Counter(clip.kind for clip in clips)
    return f"{len(clips)}" + (f" ({_counted(kinds)})" if len(kinds) > 1 else "")


def _three_classes(clips: Sequence[CorpusClip]) -> str:
    labelled = [clip for clip in clips if clip.label3]
    counts = Counter(clip.label3 for clip in labelled)
    each = ", ".join(f"{name} {counts[name]}" for name in LABELS3)
    people = len({clip.subject for clip in labelled})
    return f"  three classes {each}: {len(labelled)} clips of {people} people"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


def _usual(sizes: Sequence[tuple[int, int]]) -> str:
    """The commonest size, or the middle one where no two are alike."""
    (width, height), count = Counter(sizes).most_common(1)[0]
    if count == 1:
        width, height = sorted(sizes)[len(sizes) // 2]
    return f"{width} x {height} px"
