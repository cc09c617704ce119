"""The command-line options of every command that serves pages, and what they come to."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mexlab.web.listening import Access, Certificate

PATH = click.Path(path_type=Path)


@dataclass(frozen=True)
class Served:
    """How pages are to be served, as given on the command line."""

    host: str
    port: int
    tls_cert: Path | None
    tls_key: Path | None
    show: bool  # open the pages in this computer's browser

    def access(self) -> "tuple[Access, Certificate | None]":
        """Where to listen, with a new token beyond this computer. Raises InputError."""
        import secrets

        from mexlab.web.listening import Access, Certificate, address_of, is_loopback

        if (self.tls_cert is None) != (self.tls_key is None):
            raise click.UsageError("--tls-cert and --tls-key go together")
        certificate = (
            Certificate(self.tls_cert, self.tls_key) if self.tls_cert and self.tls_key else None
        )
        address = address_of(self.host)
        token = None if is_loopback(address) else secrets.token_urlsafe(24)
        name = "" if self.host == address else self.host
        return Access(address, self.port, token, certificate is not None, name), certificate


def served(port: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorates a command with --host, --port and so on; it is given them as `served`."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        from functools import wraps

        @wraps(command)
        def wrapped(
            *arguments: Any,
            host: str,
            port: int,
            tls_cert: Path | None,
            tls_key: Path | None,
            show: bool,
            **options: Any,
        ) -> Any:
            how = Served(host, port, tls_cert, tls_key, show)
            return command(*arguments, served=how, **options)

        for option in reversed(_options(port)):
            wrapped = option(wrapped)
        return wrapped

    return decorate


def _options(port: int) -> list[Callable[[Callable[..., Any]], Callable[..., Any]]]:
    return [
        click.option(
            "--host",
            default="127.0.0.1",
            show_default=True,
            help="Address or name to listen on; 0.0.0.0 for all. Beyond this computer the pages "
            "need the token in the address that is printed.",
        ),
        click.option(
            "--port",
            type=click.IntRange(0, 65535),
            default=port,
            show_default=True,
            help="0 takes any free one.",
        ),
        click.option("--tls-cert", type=PATH, metavar="FILE", help="Certificate (PEM), for https."),
        click.option(
            "--tls-key", type=PATH, metavar="FILE", help="Its key (PEM, without a password)."
        ),
        click.option(
            "--open/--no-open",
            "show",
            default=True,
            help="Open the pages in the browser, where there is a display.",
        ),
    ]
