"""Pages as HTML from templates, and the scripts and styles they load.

Everything that people wrote is escaped. Scripts and styles are files of ours under /assets/; no
page may load or run anything else (CSP 'self'). What all pages share stands in static/:

base.css     colours, buttons, the head of a page, tables
asking.js    questions to the server, asked again while it is away
chunks.js    pictures by frame number, fetched in chunks and decoded ahead
player.js    steps and plays numbered frames on a canvas, by their true times
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

POLICY: Final = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
SHARED: Final = ("asking.js", "base.css", "chunks.js", "player.js")
_MEDIA: Final = {"css": "text/css", "js": "text/javascript"}


def templates(package: str) -> Environment:
    """The templates/ of a package; a name that a template does not know is an error."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(html: str, status: int = 200) -> Response:
    """HTML with the policy of what it may load."""
    return HTMLResponse(html, status, {"content-security-policy": POLICY})


@dataclass(frozen=True)
class Assets:
    """The scripts and styles of a package's static/, and the shared ones; by name, no others."""

    package: str
    own: tuple[str, ...]

    def __iter__(self) -> Iterator[str]:
        return iter((*SHARED, *self.own))

    def answer(self, name: str) -> Response:
        """The file; 404 for any other name."""
        if name not in (*self,):
            return Response("no such file", 404)
        package = self.package if name in self.own else "mexlab.web"
        content = (files(package) / "static" / name).read_text(encoding="utf-8")
        return Response(content, media_type=_MEDIA[name.rpartition(".")[2]])
