"""`collector check`: the pre-flight look at camera, light, face, disk, display and sound."""

import json
import sys
from pathlib import Path

import click

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("study", type=FILE, required=False)
@click.option("--camera", metavar="SPEC", default="0", show_default=True, help="As for `run`.")
@click.option(
    "--seconds",
    type=click.FloatRange(1, 60),
    default=3.0,
    show_default=True,
    help="How long to look through the camera.",
)
@click.option("--preview", type=FILE, metavar="FILE.png", help="A picture with the crop drawn.")
@click.option("--offscreen", is_flag=True, help="Do not look for a real display: a rehearsal.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def check(
    study: Path | None,
    camera: str,
    seconds: float,
    preview: Path | None,
    offscreen: bool,
    as_json: bool,
) -> None:
    """Look at everything a session needs; a line each, with the remedy. Exit 1 if any fails.

    With STUDY its settings and films count, without it the defaults.
    """
    from collector.preflight import check as look
    from collector.preflight import write_preview
    from mexlab.errors import InputError
    from mexlab.study import Study

    if preview and preview.suffix.lower() != ".png":
        raise InputError(f"no PNG: {preview}", "--preview", "give a name that ends in .png")
    found = look(Study.open(study) if study else None, camera, seconds, offscreen)
    if preview and found.preview is not None:
        write_preview(found.preview, preview)
    if as_json:
        click.echo(json.dumps(found.to_json(), ensure_ascii=False))
    else:
        for finding in found.findings:
            click.echo(str(finding))
    sys.exit(0 if found.ok else 1)
