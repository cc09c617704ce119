"""A request to the explorer: in which language, what it asks for, and mistakes in words.

A mistake becomes a page or a line of JSON; a bug keeps its traceback in the server's log.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote, unquote

import click
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mexlab.errors import MexlabError
from mexlab.study_settings import LANGUAGES
from mexlab.web import asking
from mexlab.web.asking import DAMAGED, LANGUAGE_COOKIE, STATUS
from pipeline.app.reading import OpenDataset, Row
from pipeline.app.recording import Recordings
from pipeline.app.rendering import render, speaker
from pipeline.app.shelf import Shelf

LARGEST_BODY = 10_000  # bytes; the explorer is only asked


@dataclass(frozen=True)
class Room:
    """What every page of a server knows."""

    shelf: Shelf
    recordings: Recordings = field(default_factory=Recordings)
    logged: set[str] = field(default_factory=set)  # a damaged file is asked for many times


@dataclass(frozen=True)
class Asked:
    """A request after the door; `sent` holds the fields of a form."""

    room: Room
    path: Mapping[str, str]
    query: Mapping[str, str]
    sent: Mapping[str, Any]
    place: str  # path and query of this page
    language: str
    secure: bool  # came over TLS

    @property
    def dataset(self) -> OpenDataset:
        """The dataset in the address. Raises InputError for none."""
        return self.room.shelf.dataset(self.path["number"])

    @property
    def clip(self) -> Row:
        """The clip in the address, as `clip_address` put it there. Raises InputError for none."""
        return self.dataset.clip(unquote(self.path["clip"]))

    def page(self, template: str, status: int = 200, **context: Any) -> Response:
        """A page in the reader's language, with the head that every page has."""
        head = {"place": self.place, "languages": LANGUAGES}
        return render(template, self.language, status, **head, **context)


def clip_address(number: str, clip_id: str) -> str:
    """Of a clip's page.

    The server undoes one quoting before it takes an address apart at its slashes: those of an id
    are quoted twice, and with them its percent signs.
    """
    once = clip_id.replace("%", "%25").replace("/", "%2F")
    return f"/data/{number}/clip/{quote(once)}"


Answering = Callable[[Asked], Response]


def endpoint(
    room: Room, answer: Answering, largest: int = LARGEST_BODY
) -> Callable[[Request], Awaitable[Response]]:
    """The request read, the answer made in a thread of its own, mistakes said in words."""
    return asking.endpoint(partial(_answered, room, answer), largest)


def _answered(room: Room, answer: Answering, request: Request, body: bytes) -> Response:
    asked = Asked(
        room,
        request.path_params,
        dict(request.query_params),
        asking.fields(request, body),
        asking.place_of(request),
        language_of(request),
        request.url.scheme == "https",
    )
    try:
        return answer(asked)
    except MexlabError as error:
        return _problem(asked, error, asking.wants_json(request))
    except OSError as error:
        problem = asking.disk_problem(error, "the dataset's folder")
        return _problem(asked, problem, asking.wants_json(request))


def language_of(request: Request) -> str:
    """The one chosen here; else the browser's first that these pages speak."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    wishes = request.headers.get("accept-language", "").split(",")
    wished = [wish.strip()[:2].lower() for wish in wishes]
    return next((one for one in (chosen, *wished) if one in LANGUAGES), LANGUAGES[0])


def _problem(asked: Asked, error: MexlabError, wants_json: bool) -> Response:
    status = STATUS.get(type(error), DAMAGED)
    if status >= DAMAGED and str(error) not in asked.room.logged:
        asked.room.logged.add(str(error))
        click.echo(f"error: {error}", err=True)
    if wants_json:
        say = speaker(asked.language)
        said = {"error": say.told(error.what), "remedy": say.told(error.remedy)}
        return JSONResponse(said, status)
    return asked.page("problem.html", status, here="", error=error)
