"""`pipeline report`: what runs have shown, as a page."""

from pathlib import Path

import click

FOLDER = click.Path(path_type=Path)


@click.command()
@click.argument("runs", nargs=-1, required=True, type=FOLDER, metavar="RUN...")
@click.option("--out", type=FOLDER, help="HTML file to write.  [report.html in the first RUN]")
@click.option(
    "--maps/--no-maps",
    default=True,
    help="Show where each network looks, which wants its datasets where they were.  [maps]",
)
def report(runs: tuple[Path, ...], out: Path | None, maps: bool) -> None:
    """The paper's tables and the figures of these runs, as one HTML file.

    Give an rgb and a flow run of a model to see them side by side, and any number of others to see
    what a part of the network is worth. The pictures stand beside the page as PNGs, and a model
    card in each RUN. Faces are shown only of people who agreed to that (`excerpts`).
    """
    from mexlab.errors import InputError
    from pipeline.training.run import Run

    path = out or runs[0] / "report.html"
    for run in runs:
        Run.open(run)  # a wrong path is said before the seconds that torch takes to load
    if path.is_dir():
        raise InputError("a folder, not a page", path, f"give a file: {path / 'report.html'}")

    from pipeline.training.report.page import write_report
    from pipeline.training.report.terminal import print_report

    print_report(write_report(runs, path, maps))
    click.echo(f"report: {path}")
