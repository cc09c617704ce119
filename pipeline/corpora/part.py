"""A subject's import, kept when the whole is interrupted (`pipeline.incremental`)."""

from dataclasses import asdict, replace
from typing import Any

from mexlab.model_files import model_digest
from mexlab.parallel import Report
from pipeline.corpora.clip import CorpusClip, Note, Unused
from pipeline.corpora.subject import SubjectOutcome, SubjectTask, import_subject
from pipeline.incremental import digest_of, finished_part, made_with


def import_part(task: SubjectTask, report: Report) -> None:
    """Import a subject into the folder `task.out`, which appears whole with its outcome."""
    outcome: dict[str, Any] = {}
    with finished_part(task.out, outcome) as part:
        outcome |= asdict(import_subject(replace(task, out=part), report))


def outcome_of(values: dict[str, Any]) -> SubjectOutcome:
    """What `import_part` had to say, from JSON."""
    return SubjectOutcome(
        **{
            **values,
            "unused": [Unused(**entry) for entry in values["unused"]],
            "notes": [Note(**entry) for entry in values["notes"]],
            "picture_px": [(width, height) for width, height in values["picture_px"]],
            "face_px": [(width, height) for width, height in values["face_px"]],
        }
    )


def inputs_of(task: SubjectTask) -> str:
    """The digest of all that the subject's files depend on.

    A picture counts as the same while its size and its time of change are.
    """
    return digest_of(
        task={name: value for name, value in asdict(task).items() if name not in ("out", "model")},
        model=model_digest(task.model),
        pictures=[_pictures(clip) for clip in task.clips],
        made_with=made_with(),
    )


def _pictures(clip: CorpusClip) -> list[tuple[int, int]]:
    assert clip.folder is not None
    paths = [clip.folder / name for _, name in clip.frames]
    found = [path.stat() if path.exists() else None for path in paths]
    return [(status.st_size, status.st_mtime_ns) if status else (0, 0) for status in found]
