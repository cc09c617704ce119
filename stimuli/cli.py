"""The `mexlab stimuli` commands. Heavy packages are imported inside the commands, never here."""

from pathlib import Path

import click

from mexlab.commandline import Group, region

STUDY = click.argument("study", type=click.Path(path_type=Path))
NUMBER = click.IntRange(1, 8)
DEFAULT_SCENE_S = 10.0


@click.group(cls=Group)
def stimuli() -> None:
    """The eight film compilations: build, check and play them."""


@stimuli.command()
@STUDY
@click.option(
    "--placeholder", is_flag=True, help="Labelled moving patterns with tones, for rehearsal."
)
@click.option(
    "--scene-s",
    type=click.FloatRange(0.5, 600.0),
    help=f"Length of a placeholder's scenes in seconds; {DEFAULT_SCENE_S:g} if not given.",
)
@click.option(
    "--compilation", "numbers", type=NUMBER, multiple=True, help="Only this one; may be repeated."
)
def build(study: Path, placeholder: bool, scene_s: float | None, numbers: tuple[int, ...]) -> None:
    """Build the compilations that are not up to date from the protocol's clips."""
    if scene_s is not None and not placeholder:
        raise click.UsageError("--scene-s is for --placeholder; films are cut by the protocol")
    from mexlab.study import Study
    from stimuli.build import build as build_films
    from stimuli.build import ended_by_sigterm

    rehearsal_scene_s = (scene_s or DEFAULT_SCENE_S) if placeholder else None
    with ended_by_sigterm():
        for line in build_films(Study.open(study), numbers, rehearsal_scene_s):
            click.echo(line)


@stimuli.command()
@STUDY
def check(study: Path) -> None:
    """Name every problem in the protocol, its clips and the films built from them."""
    from mexlab.study import Study
    from stimuli.check import check_built, check_protocol
    from stimuli.protocol import Protocol

    opened = Study.open(study)
    protocol = Protocol.read(opened)
    planned, built = check_protocol(protocol), check_built(opened, protocol)
    problems = [*planned.problems, *built.problems]
    for notice in (*planned.notices, *built.notices):
        click.echo(f"notice: {notice}", err=True)
    for problem in problems:
        click.echo(" ".join(str(problem).split()))
    scenes = sum(len(plan.scenes) for plan in protocol.plans)
    click.echo(f"{len(protocol.plans)} compilations, {scenes} scenes, {len(problems)} problems")
    if problems:
        raise SystemExit(1)


@stimuli.command()
@STUDY
@click.argument("number", type=NUMBER, metavar="N")
@click.option("--display", type=click.IntRange(0), help="Which screen; study.toml's if not given.")
@click.option("--window", callback=region, metavar="X,Y,W,H", help="A part of the screen, in px.")
@click.option("--offscreen", is_flag=True, help="Without a screen and without the ready key.")
def play(
    study: Path,
    number: int,
    display: int | None,
    window: tuple[int, int, int, int] | None,
    offscreen: bool,
) -> None:
    """Play compilation N as a participant sees it; nothing is recorded."""
    from mexlab.study import Study
    from stimuli.player.play import play_film

    shown = play_film(Study.open(study), number, display, offscreen, window)
    click.echo(f"compilation {number}: {'aborted' if shown['ended'] == 'abort' else 'played'}")
