"""`annotate review`: the coders' pages. Heavy packages are imported inside the command."""

from pathlib import Path

import click

from mexlab.web.options import PATH, Served, served


@click.command()
@click.argument("study", type=PATH)
@click.option("--coder", metavar="NAME", help="Only this person codes; default: the page asks.")
@click.option("--analyzer", help="Whose curves to show; default: the one in study.toml.")
@served(port=8770)
def review(study: Path, coder: str | None, analyzer: str | None, served: Served) -> None:
    """Serve the review pages, where coders mark onset, apex, offset, emotion and Action Units.

    By keyboard, frame by frame, blind to film, self-report, suggestion and other coders until they
    submit. Every mark is on disk as soon as it is made. Beyond this computer the pages and their
    pictures need the token that is then printed.
    """
    from annotate.app.server import serve
    from mexlab.study import Study
    from mexlab.web.serving import open_page

    opened = Study.open(study)
    access, certificate = served.access()
    browse = open_page if served.show else None
    serve(
        opened,
        access,
        click.echo,
        coder=coder,
        analyzer=analyzer,
        certificate=certificate,
        browse=browse,
    )
