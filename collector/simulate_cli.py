"""`mexlab simulate`: the command line of `collector.simulate`."""

from pathlib import Path

import click


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--participants", type=int, required=True, help="How many people, each one session.")
@click.option("--seed", type=int, required=True, help="Same seed, same sessions.")
@click.option(
    "--kind",
    type=click.Choice(["micro", "macro"]),
    default="micro",
    show_default=True,
    help="Expressions of up to 0.5 s, or of 0.7 to 2 s.",
)
@click.option(
    "--amplitude",
    type=float,
    help="How far the face moves, as a fraction of the inter-ocular distance; "
    "default: 0.06 for micro, 0.10 for macro.",
)
@click.option("--scene-s", type=float, default=8.0, show_default=True, help="Seconds a scene.")
@click.option("--blinks", type=int, default=2, show_default=True, help="Blinks in each scene.")
@click.option(
    "--head-turns", type=int, default=0, show_default=True, help="Head turns in each session."
)
@click.option("--workers", type=click.IntRange(1), help="People at a time; default: all cores.")
def simulate(
    study: Path,
    participants: int,
    seed: int,
    kind: str,
    amplitude: float | None,
    scene_s: float,
    blinks: int,
    head_turns: int,
    workers: int | None,
) -> None:
    """Record simulated participants, with the truth about every movement beside the recording."""
    from collector.simulate import simulate_study
    from collector.simulator.script import AMPLITUDES_IOD, ScriptSettings

    chosen = AMPLITUDES_IOD[kind] if amplitude is None else amplitude
    settings = ScriptSettings(kind, chosen, scene_s, blinks, head_turns)
    for sat in simulate_study(study, participants, seed, settings, workers):
        click.echo(
            f"{sat.session}: {sat.base_face}, {sat.frames} frames, "
            f"{sat.expressions} {kind} expressions, {sat.blinks} blinks"
        )
