"""`pipeline build-dataset`: a study in, a dataset folder out.

Sessions count as the study says, their participants must have agreed to the audience, their
intervals become clips; each subject is built in a process of its own and written to its own two
files, unless those are there already (`pipeline.incremental`). The folder appears whole at the
end, or not at all.
"""

import errno
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import cv2
import pyarrow as pa

from mexlab.atomic import atomic_folder, work_folder
from mexlab.consensus import ReviewSettings
from mexlab.consent import AUDIENCES
from mexlab.errors import InputError, MexlabError, StudyError
from mexlab.fingerprint import built_files
from mexlab.output import check_output
from mexlab.parallel import Report, for_each
from mexlab.progress import Progress
from mexlab.session import Session
from mexlab.study import Exclusion, Study
from mexlab.tables import AU_TABLE, CLIPS, INTERVALS
from pipeline.audit import refuse_leaks
from pipeline.clips import ClipPlan, plan_clips
from pipeline.form.dataset import finish, write_subject
from pipeline.form.demographics import summary
from pipeline.form.header import DatasetHeader, Subject, clips_path
from pipeline.frames.clip_rows import clips_table
from pipeline.frames.session import MadeClip, frame_total, session_clips
from pipeline.frames.settings import BuildSettings
from pipeline.incremental import Parts, digest_of, finished_part, made_with, session_inputs
from pipeline.lengths import fitted
from pipeline.splits import standard
from pipeline.spool import Spool

Planned = tuple[Session, list[ClipPlan]]


@dataclass(frozen=True)
class SubjectTask:
    """One subject to build in a worker process: session ids with their clip plans.

    `part` is the folder that its files are finished in, named by all that they are made from.
    """

    study: Path
    part: Path
    subject: str
    group: str
    source: str
    sessions: tuple[tuple[str, str, tuple[ClipPlan, ...]], ...]  # id, analyzer, plans
    settings: BuildSettings


def build_dataset(
    study: Study, out: Path, settings: BuildSettings, audience: str, workers: int
) -> tuple[DatasetHeader, list[Exclusion]]:
    """Build the dataset and return its header and what was left out.

    Raises InputError if `out` is in the way, StudyError if there is nothing to export.
    """
    _check_arguments(study, out, settings)
    planned, left_out = _planned(study, audience, settings)
    if not planned:
        raise _nothing(study, left_out)
    with room_for(out), work_folder(out) as work:
        tasks = _tasks(study, work, planned, settings)
        parts = Parts.begin(work, out, {task.subject: task.part.name for task in tasks})
        if waiting := [task for task in tasks if not parts.stands(task.subject)]:
            _run(study, waiting, workers)
        parts.say()
        subjects = parts.with_clips()
        if not subjects:
            raise _nothing(study, [*left_out, *_faceless(planned, set())])
        with atomic_folder(out) as folder:
            parts.gather(folder)
            clips = pa.concat_tables([CLIPS.read(clips_path(folder, name)) for name in subjects])
            left_out += _faceless(planned, {str(name) for name in clips["clip_id"].to_pylist()})
            tasks = [task for task in tasks if task.subject in subjects]
            repeated = sum(parts.outcome(name)["repeated"] for name in subjects)
            header = _header(study, tasks, settings, audience, left_out, clips, repeated)
            whole = finish(folder, header, standard(clips))
            present = [s for s, _ in planned if s.header.participant in subjects]
            refuse_leaks(folder, out, present)
        return whole, left_out


def _planned(
    study: Study, audience: str, settings: BuildSettings
) -> tuple[list[Planned], list[Exclusion]]:
    """The sessions to build with their clips, and what is left out with the reason."""
    sessions, left_out = study.counted_sessions()
    allowed, refused = study.consenting(sessions, AUDIENCES[audience])
    left_out += refused
    labels, review = study.labels, study.section("review", ReviewSettings)
    planned: list[Planned] = []
    for session in allowed:
        try:
            found, skipped = plan_clips(session, labels, review)
            plans, of_other_length = fitted(session, found, settings)
        except MexlabError as error:
            left_out.append(Exclusion(session.header.participant, session.id, None, str(error)))
            continue
        left_out += skipped + of_other_length
        if plans:
            planned.append((session, plans))
    return planned, left_out


def _nothing(study: Study, left_out: Sequence[Exclusion]) -> StudyError:
    reasons = "; ".join(str(exclusion) for exclusion in left_out[:3]) or "no complete session"
    return StudyError(
        f"nothing to export ({reasons})",
        study.root,
        "import, analyse, locate and, where [labels] asks for it, code sessions first",
    )


def _run(study: Study, tasks: Sequence[SubjectTask], workers: int) -> None:
    total = sum(
        frame_total(Session(study.sessions_path / name), plans, task.settings)
        for task in tasks
        for name, _, plans in task.sessions
    )
    with (
        Progress("building", total=total, unit="frames") as bar,
        closing(for_each(tasks, build_subject, workers, bar)) as outcomes,
    ):
        for _, outcome in outcomes:
            if isinstance(outcome, MexlabError):
                raise outcome


def build_subject(task: SubjectTask, report: Report) -> None:
    """Build one subject's two files, and how many of its frames serve two rows."""
    cv2.setNumThreads(1)  # processes share the cores; and one thread gives one result
    outcome = {"repeated": 0}
    rows: list[dict[str, Any]] = []
    with finished_part(task.part, outcome) as part:
        with Spool.writing(part / "frames.arrow") as spool:
            for clip in _clips(task, report):
                rows.append(clip.row)
                outcome["repeated"] += clip.repeated
                spool.write(clip.frames)
        if rows:
            write_subject(part, task.subject, clips_table(rows), spool.batches())
        spool.path.unlink(missing_ok=True)


def _clips(task: SubjectTask, report: Report) -> Iterator[MadeClip]:
    study = Study.open(task.study)
    how = (task.settings, task.group, task.source, report)
    for session_id, analyzer, plans in task.sessions:
        yield from session_clips(study.session(session_id), analyzer, plans, *how)


def _faceless(planned: Sequence[Planned], made: set[str]) -> list[Exclusion]:
    """Plans that gave no clip, since none of their frames shows a face."""
    return [
        Exclusion(s.header.participant, s.id, plan.interval["scene"], "no face in the interval")
        for s, plans in planned
        for plan in plans
        if plan.clip_id not in made
    ]


def _check_arguments(study: Study, out: Path, settings: BuildSettings) -> None:
    """Refuse to write over what no build made, or into the study's own folders."""
    check_output(study, out, "a dataset", foreign_file)
    settings.check()


@contextmanager
def room_for(out: Path) -> Iterator[None]:
    """A full disk is one line, raised when all that is finished has been kept."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        remedy = "free some space and run it again: finished subjects are kept"
        raise InputError(os.strerror(error.errno), out, remedy) from error


def foreign_file(folder: Path) -> str | None:
    """A file that no build has made."""
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    return min(files - built_files(folder), default=None)


def _tasks(
    study: Study, work: Path, planned: Sequence[Planned], settings: BuildSettings
) -> list[SubjectTask]:
    by_subject = sorted(planned, key=lambda item: (item[0].header.participant, item[0].id))
    tasks = []
    for subject, items in groupby(by_subject, key=lambda item: item[0].header.participant):
        own = list(items)
        sessions = tuple((s.id, analyzer_of(s), tuple(plans)) for s, plans in own)
        source = study.settings.title or study.root.resolve().name
        group = group_of(own[0][0])
        inputs = digest_of(
            subject=subject,
            group=group,
            source=source,
            settings=asdict(settings),
            plans=[[asdict(plan) for plan in plans] for _, plans in own],
            files=[session_inputs(session, analyzer_of(session)) for session, _ in own],
            labels=asdict(study.labels),
            made_with=made_with(),
        )
        part = work / inputs
        tasks.append(SubjectTask(study.root, part, subject, group, source, sessions, settings))
    return tasks


def analyzer_of(session: Session) -> str:
    """The analyzer whose scores the session's intervals were located in."""
    return INTERVALS.metadata(session.intervals_path)["analyzer"]


def group_of(session: Session) -> str:
    """The base face of a simulated participant, else the participant."""
    if session.truth_path.exists():
        return str(session.truth()["base_face"][0].as_py())
    return session.header.participant


def _header(
    study: Study,
    tasks: Sequence[SubjectTask],
    settings: BuildSettings,
    audience: str,
    left_out: Sequence[Exclusion],
    clips: pa.Table,
    repeated: int,
) -> DatasetHeader:
    analyzers = {analyzer for task in tasks for _, analyzer, _ in task.sessions}
    kinds = {
        AU_TABLE.metadata(study.session(name).aus_path(analyzer)).get("kind", "")
        for task in tasks
        for name, analyzer, _ in task.sessions
    }
    sources = [source or "none" for source in clips["label_source"].to_pylist()]
    review = study.section("review", ReviewSettings)
    resolved: dict[str, Any] = {
        **asdict(settings),
        "title": study.settings.title,
        "ethics_id": study.settings.ethics_id,
        "labels": asdict(study.labels),
        "consensus": {name: getattr(review, name) for name in ("coders", "apex_ms", "au_index")},
        "analyzer": " + ".join(sorted(analyzers)),
        "analyzer_kind": "proxy" if "proxy" in kinds else "facs",
    }
    return DatasetHeader(
        audience=audience,
        subjects={t.subject: Subject(study.participant(t.subject).scopes, t.group) for t in tasks},
        settings=resolved,
        software={
            name: version(name)
            for name in ("mexlab", "av", "numpy", "opencv-python", "pyarrow", "scikit-image")
        },
        counts={
            "frames_used_twice": repeated,
            **{f"labels_from_{source}": sources.count(source) for source in sorted(set(sources))},
        },
        exclusions=_told(left_out, {task.subject for task in tasks}, audience),
        demographics=summary(study.participant(task.subject) for task in tasks),
    )


def _told(left_out: Sequence[Exclusion], subjects: set[str], audience: str) -> Sequence[Exclusion]:
    """What the dataset says of what was left out.

    Whoever receives a shared one learns no more of people who are not in it than how many sessions
    and scenes were left out for which reason, and no path of the laboratory's.
    """
    if audience == "private":
        return left_out
    what = [replace(entry, reason=entry.reason.split("; ")[0]) for entry in left_out]
    others = Counter(entry.reason for entry in what if entry.subject not in subjects)
    counted = [Exclusion("", "", None, f"{reason}: {n}") for reason, n in sorted(others.items())]
    return [*(entry for entry in what if entry.subject in subjects), *counted]
