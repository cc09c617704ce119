"""Pages as HTML from templates, and the scripts and styles they load.

Everything that people wrote is escaped. Scripts and styles are files of ours under /assets/; no
page may load or run anything else (CSP 'self'). What all pages share stands in templates/ and
static/:

base.html    the head of a page, which every other template extends
base.css     colours, buttons, the head of a page, tables
watching.css a page with a picture, buttons below it and curves, on one screen
page.js      what a script begins with: what the server gave, words and numbers in the language
asking.js    questions to the server, asked again while it is away
chunks.js    pictures by frame number, fetched in chunks and decoded ahead
player.js    steps and plays numbered frames on a canvas, by their true times
stepping.js  the player's keys, and the word over a picture that is still to come
plot.js      curves over time: canvases, lines, time axis, cursor
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from mexlab.web.language import NAMES

POLICY: Final = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
SHARED: Final = (
    *("base.css", "watching.css"),
    *("asking.js", "chunks.js", "page.js", "player.js", "plot.js", "stepping.js"),
)
Navigation = Sequence[tuple[str, str]]  # the word for each page of the head, and its path
_MEDIA: Final = {"css": "text/css", "js": "text/javascript"}


def templates(package: str, styles: Sequence[str], navigation: Navigation) -> Environment:
    """The templates/ of a package and the shared ones; an unknown name in them is an error.

    Every page has the shared base.css and `styles`, and leads to the pages in `navigation`.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("mexlab.web")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(names=NAMES, styles=styles, navigation=navigation)
    return environment


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
