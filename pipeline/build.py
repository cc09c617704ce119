"""`pipeline build-dataset`: a study in, a dataset folder out.

Sessions count as the study says, their participants must have agreed to the audience, their
intervals become clips; each subject is built in a process of its own and written to its own two
files. The folder appears whole at the end, or not at all.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import cv2
import pyarrow as pa

from mexlab.atomic import atomic_folder
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
from mexlab.vision.flow import FLOW_METHODS
from pipeline.audit import refuse_leaks
from pipeline.card import write_card
from pipeline.clips import ClipPlan, plan_clips
from pipeline.dataset import DatasetHeader, Subject, clips_path, finish, write_subject
from pipeline.frames import BuildSettings, frame_total, session_rows
from pipeline.splits import assert_disjoint, loso


@dataclass(frozen=True)
class SubjectTask:
    """One subject to build in a worker process: session ids with their clip plans."""

    study: Path
    out: Path
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
    sessions, left_out = study.counted_sessions()
    allowed, refused = study.consenting(sessions, AUDIENCES[audience])
    left_out += refused
    labels, review = study.labels, study.section("review", ReviewSettings)
    planned: list[tuple[Session, list[ClipPlan]]] = []
    for session in allowed:
        try:
            plans, skipped = plan_clips(session, labels, review)
        except MexlabError as error:
            left_out.append(Exclusion(session.header.participant, session.id, None, str(error)))
            continue
        left_out += skipped
        if plans:
            planned.append((session, plans))
    if not planned:
        reasons = "; ".join(str(exclusion) for exclusion in left_out[:3]) or "no complete session"
        raise StudyError(
            f"nothing to export ({reasons})",
            study.root,
            "import, analyse, locate and, where [labels] asks for it, code sessions first",
        )
    with atomic_folder(out) as folder:
        tasks = _tasks(study, folder, planned, settings)
        total = sum(frame_total(session, plans, settings) for session, plans in planned)
        repeated = 0
        with (
            Progress("building", total=total, unit="frames") as bar,
            closing(for_each(tasks, build_subject, workers, bar)) as outcomes,
        ):
            for _, outcome in outcomes:
                if isinstance(outcome, MexlabError):
                    raise outcome
                repeated += outcome
        clips = pa.concat_tables([CLIPS.read(clips_path(folder, t.subject)) for t in tasks])
        left_out += _faceless(planned, {str(name) for name in clips["clip_id"].to_pylist()})
        header = _header(study, tasks, settings, audience, left_out, clips, repeated)
        splits = loso(clips)
        assert_disjoint(splits, clips)
        write_card(folder, header, clips)
        whole = finish(folder, header, splits)
        refuse_leaks(folder, out, [session for session, _ in planned])
        return whole, left_out


def build_subject(task: SubjectTask, report: Report) -> int:
    """Build one subject's two files; returns how many frames serve two rows."""
    cv2.setNumThreads(1)  # processes share the cores; and one thread gives one result
    study = Study.open(task.study)
    clips, frames, repeated = [], [], 0
    for session_id, analyzer, plans in task.sessions:
        clip_rows, frame_rows, twice = session_rows(
            study.session(session_id),
            analyzer,
            list(plans),
            task.settings,
            task.group,
            task.source,
            report,
        )
        clips.append(clip_rows)
        frames.append(frame_rows)
        repeated += twice
    write_subject(task.out, task.subject, pa.concat_tables(clips), frames)
    return repeated


def _faceless(planned: Sequence[tuple[Session, list[ClipPlan]]], made: set[str]) -> list[Exclusion]:
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
    if settings.flow not in FLOW_METHODS:
        known = ", ".join(FLOW_METHODS)
        raise InputError(f"no flow method {settings.flow!r}", "--flow", f"use one of: {known}")


def foreign_file(folder: Path) -> str | None:
    """A file that no build has made."""
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    return min(files - built_files(folder), default=None)


def _tasks(
    study: Study,
    folder: Path,
    planned: Sequence[tuple[Session, list[ClipPlan]]],
    settings: BuildSettings,
) -> list[SubjectTask]:
    by_subject = sorted(planned, key=lambda item: (item[0].header.participant, item[0].id))
    tasks = []
    for subject, items in groupby(by_subject, key=lambda item: item[0].header.participant):
        own = list(items)
        sessions = tuple((s.id, analyzer_of(s), tuple(plans)) for s, plans in own)
        source = study.settings.title or study.root.resolve().name
        group = group_of(own[0][0])
        tasks.append(SubjectTask(study.root, folder, subject, group, source, sessions, settings))
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
            name: version(name) for name in ("mexlab", "av", "numpy", "opencv-python", "pyarrow")
        },
        counts={
            "frames_used_twice": repeated,
            **{f"labels_from_{source}": sources.count(source) for source in sorted(set(sources))},
        },
        exclusions=left_out,
    )
