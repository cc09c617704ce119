"""Import of many recordings from one list, SESSIONS.csv.

Reads `video,participant,scenes` and, if wanted, `report,consent,modality`, one recording a row,
paths from the list's own folder. Every row is checked before the first is imported. Recordings
that the study has already are passed over, so that a batch that was broken off can be run again.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from collector.recordings import (
    Imported,
    Recording,
    checked_recording,
    import_recording,
    session_holding,
)
from collector.registration import NEXT
from collector.scenes import read_scenes
from collector.spreadsheet import Row, read_rows
from mexlab.errors import InputError, MexlabError
from mexlab.session import MODALITIES, Session
from mexlab.study import Study

REQUIRED = ("video", "participant", "scenes")
OPTIONAL = ("report", "consent", "modality")


@dataclass(frozen=True)
class Outcome:
    """What became of one row: `imported`, or `skipped` with the session that has it, or `error`."""

    row: str
    imported: Imported | None = None
    skipped: str | None = None
    error: str | None = None


def import_batch(study: Study, path: Path, as_json: bool = False) -> None:
    """Import every row; one that fails does not stop the others.

    Results go to stdout, notices and failed rows to stderr. Raises InputError before anything is
    written where a row cannot be right, and at the end where rows failed.
    """
    recordings = read_batch(study, path)
    outcomes = []
    for outcome in import_each(study, recordings):
        outcomes.append(outcome)
        _say(outcome, quiet=as_json)
    if as_json:
        click.echo(json.dumps([asdict(outcome) for outcome in outcomes], ensure_ascii=False))
    failed = [outcome for outcome in outcomes if outcome.error]
    if failed:
        raise InputError(
            f"{len(failed)} of {len(outcomes)} recordings not imported",
            path,
            "correct the rows named above and run it again: imported ones are passed over",
        )


def read_batch(study: Study, path: Path) -> list[tuple[str, Recording]]:
    """Each row as (`FILE row N`, recording). Raises InputError naming the first wrong row."""
    recordings: list[tuple[str, Recording]] = []
    rows_of: dict[Path, str] = {}
    for row in read_rows(path, REQUIRED, OPTIONAL):
        try:
            recording = _recording(study, path.parent, row)
        except MexlabError as error:
            # The file at fault stands in the error; the row says whose file it is.
            where = error.where if error.where == row.where else f"{row.where}: {error.where}"
            raise InputError(error.what, where, error.remedy) from error
        video = recording.video.resolve()
        if video in rows_of:
            what = f"{recording.video.name} stands in another row too ({rows_of[video]})"
            raise InputError(what, row.where, "keep one row a recording")
        rows_of[video] = row.where
        recordings.append((row.where, recording))
    return recordings


def import_each(study: Study, recordings: list[tuple[str, Recording]]) -> Iterator[Outcome]:
    """Import one after the other, telling what became of each."""
    for row, recording in recordings:
        try:
            earlier = session_holding(study, recording.sha256)
            if earlier and _of_same_person(earlier, recording):
                yield Outcome(row, skipped=earlier.id)
            else:
                yield Outcome(row, imported=import_recording(study, recording))
        except MexlabError as error:
            yield Outcome(row, error=str(error))


def _recording(study: Study, folder: Path, row: Row) -> Recording:
    video = folder / row.text("video")
    if not video.is_file():
        raise InputError(
            "no such video", video, "check the path, which counts from the list's folder"
        )
    report = row.optional("report")
    return checked_recording(
        study,
        video,
        row.text("participant"),
        read_scenes(folder / row.text("scenes")),
        folder / report if report else None,
        row.optional("consent"),
        row.one_of("modality", MODALITIES) if row.optional("modality") else None,
    )


def _of_same_person(session: Session, recording: Recording) -> bool:
    return recording.participant in (NEXT, session.header.participant)


def _say(outcome: Outcome, quiet: bool) -> None:
    if outcome.error:
        click.echo(f"{outcome.row} not imported: {outcome.error}", err=True)
    elif outcome.skipped:
        click.echo(f"{outcome.row} passed over: already session {outcome.skipped}", err=True)
    elif outcome.imported:
        for notice in outcome.imported.notices:
            click.echo(f"notice: {outcome.row}: {notice}", err=True)
        if not quiet:
            click.echo(str(outcome.imported))
