"""The `collector` commands. Heavy packages are imported inside the commands, never here."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from collector.export.command import export
from collector.preflight_cli import check
from collector.reports.command import import_reports
from collector.serve.app_cli import app
from collector.session_cli import calibrate, record, recover, run
from mexlab.commandline import Group
from mexlab.participants import AGE_BANDS, GENDERS

FILE = click.Path(path_type=Path)
STUDY = click.argument("study", type=FILE)
CONSENT = click.option(
    "--consent",
    metavar="SCOPES",
    help="Given on paper today: all, none or a comma list of recorded, analysed, shared, "
    "excerpts, published, training; those not named are refused. Without it no decision is "
    "added, and missing means no.",
)


@click.group(cls=Group)
def collector() -> None:
    """Participants and their recordings."""


@collector.command()
@STUDY
@click.argument("participant", metavar="P")
@CONSENT
@click.option("--language", type=click.Choice(["es", "en"]), help="Of forms and instructions.")
@click.option("--gender", type=click.Choice(GENDERS))
@click.option("--age-band", type=click.Choice(AGE_BANDS), help="In years.")
@click.option("--glasses/--no-glasses", default=None, help="Worn in the recordings.")
@click.option("--beard/--no-beard", default=None)
def participant(
    study: Path,
    participant: str,
    consent: str | None,
    language: str | None,
    gender: str | None,
    age_band: str | None,
    glasses: bool | None,
    beard: bool | None,
) -> None:
    """Register participant P (or `next` for the next number), or add a decision on consent."""
    from collector.registration import description, on_file, participant_id
    from mexlab.consent import parse_scopes
    from mexlab.study import Study

    opened = Study.open(study)
    name = participant_id(opened, participant)
    granted = None if consent is None else parse_scopes(consent)
    given = {"gender": gender, "age_band": age_band, "glasses": glasses, "beard": beard}
    demographics = {key: value for key, value in given.items() if value is not None}
    with opened.holding(name):
        known = opened.participant_path(name).exists()
        person = on_file(opened, name, granted, language, demographics)
        opened.save_participant(person)
    click.echo(f"{name}: {'on file' if known else 'registered'}")
    for line in description(person):
        click.echo(f"  {line}")
    if granted is None:
        click.echo("no --consent given: no decision added", err=True)


@collector.command("import")
@STUDY
@click.argument("video", type=FILE, required=False)
@click.option("--participant", metavar="P", help="Who is seen; `next` takes the next number.")
@click.option("--scenes", type=FILE, help="CSV: scene,emotion,start_s,end_s.")
@click.option("--compilation", type=click.IntRange(1, 8), help="Scenes as in this compilation …")
@click.option("--starts-at", type=float, metavar="S", help="… begun S seconds into the recording.")
@click.option("--report", type=FILE, help="CSV: scene,emotion,intensity,moment (mm:ss).")
@CONSENT
@click.option(
    "--modality",
    type=click.Choice(["colour", "grey", "infrared"]),
    help="Default: colour or grey, by the pictures.",
)
@click.option("--batch", type=FILE, metavar="SESSIONS.csv", help="Many recordings, one a row.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def import_command(
    study: Path,
    video: Path | None,
    participant: str | None,
    scenes: Path | None,
    compilation: int | None,
    starts_at: float | None,
    report: Path | None,
    consent: str | None,
    modality: str | None,
    batch: Path | None,
    as_json: bool,
) -> None:
    """Make a session of an existing recording VIDEO; of many, with --batch.

    Rows of SESSIONS.csv are video,participant,scenes and, if wanted, report,consent,modality;
    paths count from its folder. A batch that was broken off can be run again.
    """
    from collector.batch import import_batch
    from collector.recordings import checked_recording, import_recording
    from collector.scenes import compilation_scenes, read_scenes
    from mexlab.study import Study

    if batch:
        one = (video, participant, scenes, compilation, starts_at, report, consent, modality)
        if any(value is not None for value in one):
            raise click.UsageError("--batch takes everything else from its rows")
        import_batch(Study.open(study), batch, as_json)
        return
    if video is None or participant is None:
        raise click.UsageError("give VIDEO and --participant P, or --batch SESSIONS.csv")
    opened = Study.open(study)
    if scenes and compilation is None and starts_at is None:
        placed = read_scenes(scenes)
    elif compilation is not None and starts_at is not None and not scenes:
        placed = compilation_scenes(opened, compilation, starts_at)
    else:
        raise click.UsageError("give either --scenes, or --compilation with --starts-at")
    recording = checked_recording(
        opened, video, participant, placed, report, consent, modality, compilation
    )
    made = import_recording(opened, recording)
    for notice in made.notices:
        click.echo(f"notice: {notice}", err=True)
    click.echo(json.dumps(asdict(made), ensure_ascii=False) if as_json else str(made))


for command in (check, run, record, calibrate, recover, app, import_reports, export):
    collector.add_command(command)


def main() -> None:
    """Entry point of the console script."""
    collector(prog_name="collector")
