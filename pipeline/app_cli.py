"""`pipeline app`: the pages in the browser. Heavy packages are imported inside the command."""

from pathlib import Path

import click

from mexlab.web.options import PATH, Served, served


@click.command()
@click.argument("paths", nargs=-1, type=PATH, metavar="[RUN_OR_DATASET]...")
@click.option(
    "--study",
    type=PATH,
    help="Where the clips come from: shows the recorded frame, coders' codes and answers beside "
    "them. Default: the study in or beside whose folder the dataset lies.",
)
@served(port=8780)
def app(paths: tuple[Path, ...], study: Path | None, served: Served) -> None:
    """Open datasets in the browser: filter, play clips with flow and AU curves, follow them back.

    A training run opens its datasets and shows what it predicted of each clip. Nothing is written.
    Beyond this computer the pages and their pictures need the token that is then printed.
    """
    from mexlab.study import Study
    from mexlab.web.serving import open_page
    from pipeline.app.server import serve
    from pipeline.app.shelf import open_shelf

    shelf = open_shelf(paths, Study.open(study) if study else None)
    access, certificate = served.access()
    browse = open_page if served.show else None
    serve(shelf, access, click.echo, certificate=certificate, browse=browse)
