"""`collector run`, `calibrate`, `recover` and `record`: the commands that record."""

from functools import partial
from pathlib import Path

import click

from mexlab.commandline import region

FILE = click.Path(path_type=Path)
STUDY = click.argument("study", type=FILE)
CAMERA = click.option(
    "--camera",
    metavar="SPEC",
    default="0",
    show_default=True,
    help="Device number or path, file:PATH, simulated, simulated:SEED, screen:X,Y,W,H, or "
    "faulty:FAULT@S:SPEC to rehearse a failure.",
)
DISPLAY = click.option(
    "--display", type=click.IntRange(0), help="Which screen; default: as study.toml says."
)
WINDOW = click.option(
    "--window", callback=region, metavar="X,Y,W,H", help="A part of the screen, in px."
)


@click.command()
@STUDY
@click.option("--participant", metavar="P", required=True, help="Who sits before the camera.")
@click.option("--compilation", type=click.IntRange(1, 8), help="Default: by the schedule.")
@CAMERA
@click.option("--offscreen", is_flag=True, help="No screen, no ready key, no form: a rehearsal.")
@click.option("--form/--no-form", default=True, help="Open the self-report after the film.")
@DISPLAY
@WINDOW
def run(
    study: Path,
    participant: str,
    compilation: int | None,
    camera: str,
    offscreen: bool,
    form: bool,
    display: int | None,
    window: tuple[int, int, int, int] | None,
) -> None:
    """Play a film compilation while recording the participant; then open the self-report.

    In the terminal, each with Enter: p pauses and goes on, `m NOTE` sets a marker, a twice within
    two seconds aborts. At the screen: P, M, and A twice; Escape is the participant's own stop key.
    """

    from collector.run import Request, run_session
    from mexlab.study import Study

    say = partial(click.echo, err=True)
    request = Request(participant, compilation, camera, offscreen, display, window)
    opened = Study.open(study)
    closed = run_session(opened, request, say)
    click.echo(str(closed))
    if closed.state != "closed":
        raise SystemExit(1)
    session = opened.session(closed.session)
    if form and not offscreen and not session.report_path.exists():
        from collector.serve.server import fill_in_here

        fill_in_here(opened, session, say)


@click.command()
@STUDY
@CAMERA
@click.option(
    "--seconds",
    type=click.FloatRange(5, 600),
    default=20.0,
    show_default=True,
    help="How long to film.",
)
@DISPLAY
@WINDOW
def calibrate(
    study: Path,
    camera: str,
    seconds: float,
    display: int | None,
    window: tuple[int, int, int, int] | None,
) -> None:
    """Measure the delay from screen to camera: film the screen through a mirror.

    The result is kept in the study for this computer and camera; later sessions align their
    scenes by it.
    """

    from collector.calibrate import calibrate as measure
    from mexlab.signals import ended_by_signals
    from mexlab.study import Study

    opened = Study.open(study)
    with ended_by_signals():
        found = measure(opened, camera, seconds=seconds, display=display, window=window)
    click.echo(str(found))


@click.command()
@STUDY
def recover(study: Path) -> None:
    """Close the sessions that a crash left open."""
    from collector.recover import recover_study
    from mexlab.study import Study

    found = False
    for line in recover_study(Study.open(study)):
        found = True
        click.echo(line)
    if not found:
        click.echo("no session was left open")


@click.command()
@click.argument("out", metavar="OUT", type=FILE)
@CAMERA
@click.option(
    "--seconds",
    type=click.FloatRange(0.5, 3600),
    default=10.0,
    show_default=True,
    help="How long to record.",
)
def record(out: Path, camera: str, seconds: float) -> None:
    """Record a plain video OUT.mp4 from a camera, with the frames' true times.

    Ask whoever is filmed first: the recording belongs to no study, and no consent is noted with it.
    For a session of a study there is `collector run`. Ctrl-C ends it early and keeps what was
    recorded.
    """
    from collector.cameras.base import camera_from_spec
    from collector.footage import record_video
    from mexlab.signals import ended_by_signals

    with ended_by_signals():
        made = record_video(out, camera_from_spec(camera), seconds, partial(click.echo, err=True))
    click.echo(str(made))
