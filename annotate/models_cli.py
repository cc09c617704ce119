"""`annotate models`: where the analyzers' model files lie, and fetching py-feat's."""

from pathlib import Path

import click

DETECTOR = click.option(
    "--detector",
    type=click.Choice(["v1", "v2"]),
    default="v1",
    help="Which of py-feat's detectors; default: v1 (XGBoost AU models).",
)


@click.group()
def models() -> None:
    """Model files of the analyzers: where they lie, and fetching them."""


@models.command()
@click.option("--folder", type=click.Path(path_type=Path), help="Look only here.")
def where(folder: Path | None) -> None:
    """List the folders, and what is there or missing, with sizes."""
    from annotate.models import DETECTORS, LICENCES, find_weights, weight_folders
    from mexlab.errors import ModelFileError
    from mexlab.model_files import landmarker_places

    folders = [folder] if folder else weight_folders()
    for detector, files in DETECTORS.items():
        try:
            place, state = find_weights(detector, folders).folder, "ready"
        except ModelFileError:
            place, state = folders[0], f"not ready: annotate models fetch --detector {detector}"
        click.echo(f"py-feat {detector}: {state}\n  {place}\n  {LICENCES[detector]}")
        for file in files:
            path = file.find(place)
            click.echo(f"  {_size(path)}  {file.repo}/{path.name if path else file.names[0]}")
    click.echo("landmarker")
    for path in landmarker_places():
        click.echo(f"  {_size(path if path.is_file() else None)}  {path}")


@models.command()
@DETECTOR
@click.option("--folder", type=click.Path(path_type=Path), help="Default: the user's cache.")
def fetch(detector: str, folder: Path | None) -> None:
    """Download py-feat's weights; what is there already stays."""
    from annotate.models import LICENCES, weight_folders
    from annotate.models import fetch as fetch_weights

    place = folder or weight_folders()[0]
    click.echo(LICENCES[detector], err=True)
    count = fetch_weights(detector, place, lambda line: click.echo(line, err=True))
    click.echo(f"{count or 'no'} files fetched: py-feat {detector} is ready in {place}")


def _size(path: Path | None) -> str:
    return f"{path.stat().st_size / 1e6:8.1f} MB" if path else "    missing"
