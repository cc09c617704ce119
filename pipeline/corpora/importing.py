"""`pipeline import`: a corpus in, a dataset folder out; and `--check`, which only looks.

The sheet is read, the frames of every row are sought, each subject is imported in a process of its
own. The folder appears whole at the end, or not at all.
"""

import hashlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from mexlab.atomic import atomic_folder, work_folder, write_text
from mexlab.errors import InputError, MexlabError
from mexlab.model_files import find_landmarker
from mexlab.parallel import for_each
from mexlab.progress import Progress
from mexlab.spreadsheet_safe import Cell, csv_text
from mexlab.study import Exclusion
from mexlab.tables import CLIPS
from pipeline.audit import refuse_leaks
from pipeline.build import foreign_file, room_for
from pipeline.corpora.clip import CorpusClip, Note, Unused
from pipeline.corpora.corpus import Corpus
from pipeline.corpora.folders import Folders, Place, with_frames
from pipeline.corpora.labels import certain_aus
from pipeline.corpora.part import import_part, inputs_of, outcome_of
from pipeline.corpora.reading import Annotations, read_annotations, select
from pipeline.corpora.subject import SubjectOutcome, SubjectTask, picked, span_ns
from pipeline.form.dataset import finish
from pipeline.form.header import DatasetHeader, Subject, clips_path
from pipeline.frames.settings import BuildSettings
from pipeline.incremental import Parts
from pipeline.splits import standard


@dataclass
class Survey:
    """A corpus looked at: its sheet, where its frames lie, the clips that have all of them."""

    annotations: Annotations
    place: Place
    clips: list[CorpusClip]
    missing: list[Unused]

    @property
    def unused(self) -> list[Unused]:
        """Every row that is not used, in the sheet's order."""
        return sorted([*self.annotations.unused, *self.missing], key=lambda entry: entry.row)


@dataclass
class Imported:
    """What was written, and what the report tells of it."""

    survey: Survey
    header: DatasetHeader
    clips: list[CorpusClip]
    unused: list[Unused]
    notes: list[Note]
    picture_px: list[tuple[int, int]] = field(default_factory=list)
    face_px: list[tuple[int, int]] = field(default_factory=list)


def survey_corpus(corpus: Corpus, root: Path, labels: str = "original") -> Survey:
    """Read the sheet and list the folders; no picture is opened, nothing is written.

    Raises InputError if there is no sheet, another version of it, or no frames at all.
    """
    root = root.resolve()
    annotations = select(read_annotations(corpus, root), labels)
    if not annotations.clips:
        first = f" ({annotations.unused[0]})" if annotations.unused else ""
        raise InputError(f"no row can be used{first}", annotations.workbook, "correct the sheet")
    folders = Folders(root)
    place = folders.place(corpus.layouts, annotations.clips)
    if place is None:
        wanted = corpus.layouts[0].format_map(annotations.clips[0].cells)
        raise InputError(f"no frames of {corpus.title}", root, f"copy folders such as {wanted}")
    clips, missing = with_frames(annotations.clips, folders, place, corpus.layouts)
    return Survey(annotations, place, clips, missing)


def import_corpus(
    corpus: Corpus, root: Path, out: Path, settings: BuildSettings, labels: str, workers: int
) -> Imported:
    """Import the corpus at `root`. Raises InputError if `out` is in the way or nothing is left."""
    _check_arguments(root, out, settings)
    model = find_landmarker()
    survey = _of_length(survey_corpus(corpus, root, labels), settings)
    if not survey.clips:
        first = f"no row can be used ({survey.unused[0]})"
        raise InputError(first, survey.place.base, "see --check")
    with room_for(out), work_folder(out) as work:
        tasks = _tasks(survey, work, settings, model)
        parts = Parts.begin(work, out, {task.subject: task.out.name for task in tasks})
        if waiting := [task for task in tasks if not parts.stands(task.subject)]:
            _run(waiting, settings, workers)
        parts.say()
        outcomes = [outcome_of(parts.outcome(task.subject)) for task in tasks]
        done = _gathered(survey, outcomes)
        if not done.clips:
            raise InputError(f"no row can be used ({done.unused[0]})", root, "correct the pictures")
        with atomic_folder(out) as folder:
            parts.gather(folder)
            names = parts.with_clips()
            clips = pa.concat_tables([CLIPS.read(clips_path(folder, name)) for name in names])
            header = _header(survey, done, settings, labels, sum(o.repeated for o in outcomes))
            write_text(folder / "annotations.csv", _rows_as_csv(done))
            done.header = finish(folder, header, standard(clips))
            refuse_leaks(folder, out)
        return done


def _of_length(survey: Survey, settings: BuildSettings) -> Survey:
    """Clips that are too short or too long join the rows that are not used."""
    kept: list[CorpusClip] = []
    unused: list[Unused] = []
    for clip in survey.clips:
        reason = settings.against_length(*span_ns(clip))
        if reason:
            unused.append(Unused(clip.row, clip.name, reason))
        else:
            kept.append(clip)
    return replace(survey, clips=kept, missing=[*survey.missing, *unused])


def _run(tasks: Sequence[SubjectTask], settings: BuildSettings, workers: int) -> None:
    total = sum(len(picked(c, settings.fps).source_frame) for task in tasks for c in task.clips)
    with (
        Progress("importing", total=total, unit="frames") as bar,
        closing(for_each(tasks, import_part, workers, bar)) as finished,
    ):
        for _, outcome in finished:
            if isinstance(outcome, MexlabError):
                raise outcome


def _tasks(survey: Survey, work: Path, settings: BuildSettings, model: Path) -> list[SubjectTask]:
    corpus = survey.annotations.corpus
    by_subject = sorted(survey.clips, key=lambda clip: (clip.subject, clip.row, clip.movement))
    tasks = [
        SubjectTask(
            out=work,
            subject=subject,
            group=_group(corpus, subject),
            source=corpus.title,
            clips=tuple(clips),
            estimate_apex=not corpus.has_apex,
            settings=settings,
            model=model,
        )
        for subject, clips in groupby(by_subject, key=lambda clip: clip.subject)
    ]
    return [replace(task, out=work / inputs_of(task)) for task in tasks]


def _group(corpus: Corpus, subject: str) -> str:
    # Corpora number their people alike: s15 is one person in SMIC and another in CAS(ME)2.
    return f"{corpus.people or corpus.name}-{subject}"


def _gathered(survey: Survey, outcomes: Sequence[SubjectOutcome]) -> Imported:
    used = {clip_id for outcome in outcomes for clip_id in outcome.used}
    clips = [clip for clip in survey.clips if clip.clip_id in used]
    unused = [*survey.unused, *(entry for outcome in outcomes for entry in outcome.unused)]
    rows = {clip.row for clip in clips}
    notes = [note for note in survey.annotations.notes if note.row in rows]
    notes += [note for outcome in outcomes for note in outcome.notes]
    return Imported(
        survey=survey,
        header=DatasetHeader("private", {}),
        clips=clips,
        unused=sorted(unused, key=lambda entry: entry.row),
        notes=sorted(notes, key=lambda entry: entry.row),
        picture_px=[size for outcome in outcomes for size in outcome.picture_px],
        face_px=[size for outcome in outcomes for size in outcome.face_px],
    )


def _header(
    survey: Survey, done: Imported, settings: BuildSettings, labels: str, repeated: int
) -> DatasetHeader:
    corpus, workbook = survey.annotations.corpus, survey.annotations.workbook
    subjects = sorted({clip.subject for clip in done.clips})
    resolved = {
        **asdict(settings),
        "corpus": corpus.title,
        "labels": labels,
        "sheet": f"{workbook.name}, {corpus.sheet}",
        "sheet_sha256": hashlib.sha256(workbook.read_bytes()).hexdigest(),
        "corpus_fps": corpus.fps,
        "pictures": "cropped by the corpus" if done.clips[0].cropped else "cropped here",
        "apex": "coded" if corpus.has_apex else "frame of largest motion from the onset",
    }
    return DatasetHeader(
        audience="private",
        subjects={name: Subject(None, _group(corpus, name)) for name in subjects},
        settings=resolved,
        software={
            name: version(name)
            for name in ("mexlab", "numpy", "opencv-python", "mediapipe", "openpyxl", "pyarrow")
        },
        counts={
            "rows": survey.annotations.rows,
            "rows_not_used": len({entry.row for entry in done.unused}),
            "frames_used_twice": repeated,
        },
        exclusions=[
            Exclusion(entry.name, f"row {entry.row}", None, entry.reason) for entry in done.unused
        ],
        licence=corpus.licence,
    )


def _rows_as_csv(done: Imported) -> str:
    """Every row of the sheet that became a clip or did not, in the sheet's own words."""
    titles = (
        *("outcome", "row", "clip_id", "subject", "file", "onset_frame", "apex_frame"),
        *("offset_frame", "emotion", "reported", "aus", "aus_beyond_doubt", "reason"),
    )
    rows: list[tuple[int, Sequence[Cell]]] = []
    for clip in done.clips:
        moments = (clip.onset, clip.apex, clip.offset)
        words = (clip.emotion, clip.reported, clip.aus, " ".join(certain_aus(clip.aus)[0]))
        who = (clip.clip_id, clip.subject, clip.filename)
        rows.append((clip.row, ("used", clip.row, *who, *moments, *words, "")))
    for entry in done.unused:
        subject, _, file = entry.name.partition(" ")
        blank = [None] * 7
        cells = ("not used", entry.row, None, subject, file, *blank, entry.reason)
        rows.append((entry.row, cells))
    return csv_text(titles, [cells for _, cells in sorted(rows, key=lambda item: item[0])])


def _check_arguments(root: Path, out: Path, settings: BuildSettings) -> None:
    """Refuse to write over the corpus, or over what no build made."""
    settings.check()
    corpus, target = root.resolve(), out.resolve()
    if target == corpus or corpus.is_relative_to(target) or target.is_relative_to(corpus):
        raise InputError("the dataset and the corpus would mix", out, "choose a folder outside it")
    if target == Path.cwd():
        raise InputError("this is the folder you stand in", out, "name a new folder")
    if out.exists() and not out.is_dir():
        raise InputError("there is a file of that name", out, "choose a new folder")
    if out.exists() and (other := foreign_file(out)):
        what = f"something other than a dataset is there ({other})"
        raise InputError(what, out, "choose a new folder")
