"""`collector app`: the operator's pages and the participants' form."""

from pathlib import Path

import click

PATH = click.Path(path_type=Path)


@click.command()
@click.argument("study", type=PATH)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address or name to listen on; 0.0.0.0 for all. Beyond this computer the pages need the "
    "token in the address that is printed.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="0 takes any free one.",
)
@click.option("--tls-cert", type=PATH, metavar="FILE", help="Certificate (PEM), for https.")
@click.option("--tls-key", type=PATH, metavar="FILE", help="Its key (PEM, without a password).")
@click.option(
    "--camera",
    metavar="SPEC",
    default="0",
    show_default=True,
    help="What the pages offer first; as for `collector run`.",
)
@click.option(
    "--open/--no-open",
    "show",
    default=True,
    help="Open the pages in the browser, where there is a display.",
)
def app(
    study: Path,
    host: str,
    port: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    camera: str,
    show: bool,
) -> None:
    """Serve the operator's pages and the participants' form, until Ctrl-C.

    Participants, consent, pre-flight, run, self-report and overview, in the browser. Others in
    the laboratory's network reach them only with --host and the token that is then printed;
    a participant's device needs nothing but the link made for it.
    """
    import secrets

    from collector.serve.listening import Access, Certificate, address_of, is_loopback
    from collector.serve.server import open_page, serve
    from mexlab.study import Study

    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key go together")
    certificate = Certificate(tls_cert, tls_key) if tls_cert and tls_key else None
    opened = Study.open(study)
    address = address_of(host)
    token = None if is_loopback(address) else secrets.token_urlsafe(24)
    name = "" if host == address else host
    access = Access(address, port, token, certificate is not None, name)
    browse = open_page if show else None
    serve(opened, access, click.echo, camera=camera, certificate=certificate, browse=browse)
