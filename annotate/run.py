"""What the annotate commands do over a study: choose sessions by consent, run, and say what came.

Results go to stdout, progress and what was left out to stderr.
"""

from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import click

from annotate.analyzers.registry import fitting_workers, notice, open_analyzer
from mexlab.errors import ConsentError, InputError, MexlabError, StudyError
from mexlab.parallel import for_each
from mexlab.progress import Progress
from mexlab.session import Session
from mexlab.study import Study
from mexlab.tables import FRAMES


def analyse_study(
    root: Path,
    session_id: str | None,
    analyzer: str | None,
    workers: int | None,
    csv: Path | None = None,
) -> None:
    """Analyse the study's sessions, several at a time; one that fails does not stop the others.

    `csv` is what another tool made of the one session's recording, for an analyzer that reads it.
    """
    study = Study.open(root)
    name = analyzer or study.analysis.analyzer
    if csv and not session_id:
        raise InputError("a CSV file is of one recording", "--csv", "name it with --session")
    sessions = chosen_sessions(study, session_id)
    # Opened once here, so that a missing model ends in one line before any work begins; and before
    # anything heavy is imported, so that the line comes at once.
    with open_analyzer(name, study, csv, (_frames(sessions) or None) if csv else None):
        if warning := notice(name, study):
            click.echo(warning, err=True)
    from annotate.analyse import AnalyseTask, analyse_session

    tasks = [AnalyseTask(root, session.id, name, csv) for session in sessions]
    failed: list[MexlabError] = []
    with (
        Progress("analysing", total=_frames(sessions), unit="frames") as bar,
        closing(
            for_each(tasks, analyse_session, workers or fitting_workers(name), bar)
        ) as outcomes,
    ):
        for task, outcome in outcomes:
            if isinstance(outcome, MexlabError):
                click.echo(f"{task.session}: not analysed: {outcome}", err=True)
                failed.append(outcome)
                continue
            kept = "" if outcome.fresh else " (kept: already analysed)"
            click.echo(
                f"{outcome.session}: {outcome.faces} of {outcome.frames} frames show a face{kept}"
            )
    if failed:
        raise failed[0]


def _frames(sessions: list[Session]) -> int:
    """Frames to expect; a damaged table counts none, and is reported when its turn comes."""
    total = 0
    for session in sessions:
        with suppress(MexlabError):
            total += FRAMES.rows(session.frames_path)
    return total


def locate_study(root: Path, session_id: str | None, analyzer: str | None, blind: bool) -> None:
    """Locate intervals in every analysed session; one that cannot be does not stop the others."""
    from annotate.interval_settings import IntervalSettings
    from annotate.locate import locate_session

    study = Study.open(root)
    name = analyzer or study.analysis.analyzer
    settings = study.section("intervals", IntervalSettings)
    failed: list[MexlabError] = []
    for session in chosen_sessions(study, session_id):
        try:
            table = locate_session(session, name, settings, blind)
        except MexlabError as error:
            click.echo(f"{session.id}: not located: {error}", err=True)
            failed.append(error)
            continue
        if not len(table):
            click.echo(f"{session.id}: no interval, since no scene shows a face in half its frames")
        for row in table.filter(table["rank"].to_numpy() == 1).to_pylist():
            apex = "" if row["apex_ns"] is None else f", apex {row['apex_ns'] / 1e9:.2f} s"
            click.echo(
                f"{session.id} scene {row['scene']} ({row['target']}): "
                f"{row['kind']} {row['expressed']} "
                f"{row['start_ns'] / 1e9:.2f}-{row['end_ns'] / 1e9:.2f} s{apex}"
            )
    if failed:
        raise failed[0]


def plot_session(
    root: Path, session_id: str, analyzer: str | None, figures: Sequence[str] = ()
) -> None:
    """Write the figures of one session (all, if none is named) and name the files."""
    from annotate.plots.draw import choose, draw
    from annotate.plots.recording import read_recording

    study = Study.open(root)
    session = chosen_sessions(study, session_id)[0]
    name = analyzer or study.analysis.analyzer
    if analyzer:
        session.aus(analyzer)  # asked for by name: it must be there
    recording = read_recording(session, name)
    plots, left_out = choose(recording, figures)
    for line in left_out:
        click.echo(line, err=True)
    if not plots:
        remedy = f"annotate analyse {root}, then annotate locate {root}"
        raise StudyError("nothing to draw these figures from", session.analysis_path, remedy)
    for path in draw(recording, plots):
        click.echo(path)
    for exclusion in study.consenting([session], ("excerpts",))[1]:
        click.echo(f"not for talks or papers: {exclusion}", err=True)


def chosen_sessions(study: Study, session_id: str | None) -> list[Session]:
    """The sessions to work on: counted, and their participants agreed to being analysed.

    What is left out goes to stderr with its reason. Raises StudyError where the study is empty,
    ConsentError where nobody agreed.
    """
    sessions, left_out = study.counted_sessions()
    if session_id:
        sessions, left_out = [study.session(session_id)], []
        if sessions[0].header.state == "open":
            remedy = f"wait until it ends, or: collector recover {study.root}"
            raise StudyError("this session is still open", sessions[0].root, remedy)
    if not sessions:
        raise StudyError(
            "no complete session",
            study.sessions_path,
            f"import one with: collector import {study.root} VIDEO …",
        )
    allowed, refused = study.consenting(sessions, ("analysed",))
    for exclusion in (*left_out, *refused):
        click.echo(f"left out {exclusion}", err=True)
    if not allowed:
        raise ConsentError(
            "no participant consented to being analysed",
            study.participants_path,
            f"record consent with: collector participant {study.root} P --consent SCOPES",
        )
    return allowed
