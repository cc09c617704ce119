"""`collector app`: the operator's pages and the participants' form."""

from pathlib import Path

import click

from mexlab.web.options import PATH, Served, served


@click.command()
@click.argument("study", type=PATH)
@served(port=8765)
@click.option(
    "--camera",
    metavar="SPEC",
    default="0",
    show_default=True,
    help="What the pages offer first; as for `collector run`.",
)
def app(study: Path, camera: str, served: Served) -> None:
    """Serve the operator's pages and the participants' form, until Ctrl-C.

    Participants, consent, pre-flight, run, self-report and overview, in the browser. Others in
    the laboratory's network reach them only with --host and the token that is then printed;
    a participant's device needs nothing but the link made for it.
    """
    from collector.serve.server import serve
    from mexlab.study import Study
    from mexlab.web.serving import open_page

    opened = Study.open(study)
    access, certificate = served.access()
    browse = open_page if served.show else None
    serve(opened, access, click.echo, camera=camera, certificate=certificate, browse=browse)
