"""A request to the review pages: which coder asks, in which language, and what was sent.

A mistake becomes a page or a line of JSON; a bug keeps its traceback in the server's log.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import click
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from annotate.app.media import Media
from annotate.app.rendering import problem_page, speaker
from annotate.coding.desk import CodingDesk, Show
from annotate.coding.items import Item
from mexlab.codes import check_coder
from mexlab.consensus import ReviewSettings
from mexlab.errors import InputError, MexlabError
from mexlab.study import Study
from mexlab.web import asking
from mexlab.web.asking import DAMAGED, LANGUAGE_COOKIE, REFUSED, STATUS, to

CODER_COOKIE = "mexlab_coder"
LARGEST_BODY = 200_000  # bytes; a long comment stays far below


@dataclass(frozen=True)
class Room:
    """What every page of a server knows. `coder`: the only one, where the command names one."""

    study: Study
    media: Media
    coder: str | None
    settings: ReviewSettings
    desks: dict[str, CodingDesk] = field(default_factory=dict)

    def desk(self, coder: str) -> CodingDesk:
        """A coder's desk, which remembers where its items lie. Raises InputError for a bad name."""
        if coder not in self.desks:
            self.desks[coder] = CodingDesk(self.study, coder)
        return self.desks[coder]


class NoCoder(Exception):
    """Nobody has said yet who codes in this browser, or by now it is somebody else."""


@dataclass(frozen=True)
class Asked:
    """A request after the door; `sent` holds the fields of a form or of a JSON object."""

    room: Room
    path: Mapping[str, str]
    query: Mapping[str, str]
    sent: Mapping[str, Any]
    cookies: Mapping[str, str]
    place: str  # path and query of this page
    secure: bool  # came over TLS

    @property
    def study(self) -> Study:
        return self.room.study

    @property
    def languages(self) -> tuple[str, ...]:
        """Those of the study first; the other one is understood by its coders too."""
        own = self.study.settings.languages
        return (*own, *(language for language in ("es", "en") if language not in own))

    @property
    def language(self) -> str:
        chosen = self.cookies.get(LANGUAGE_COOKIE, "")
        return chosen if chosen in self.languages else self.languages[0]

    @property
    def coder(self) -> str:
        """Raises NoCoder where nobody has said who codes here."""
        if self.room.coder:
            return self.room.coder
        try:
            return check_coder(self.cookies.get(CODER_COOKIE, ""))
        except InputError:
            raise NoCoder from None

    def desk(self) -> CodingDesk:
        return self.room.desk(self.coder)

    def item(self, desk: CodingDesk) -> Item:
        """The item in the address, while it may be looked at. Raises InputError, ConsentError."""
        item = desk.item(self.path["key"])
        desk.check(item)
        return item

    @property
    def show(self) -> Show:
        """Which part of the queue the coder works on; an unknown part is the whole."""
        scene = self.query.get("scene", "")
        return Show(
            self.query.get("show", "unreviewed"),
            int(scene) if scene.isdecimal() and len(scene) < 3 else None,
            self.query.get("participant") or None,
        )

    def remember(self, response: Response, cookie: str, value: str) -> Response:
        """Have this browser send the value along from now on."""
        return asking.remember(response, cookie, value, self.secure)


Answering = Callable[[Asked], Response]


def endpoint(room: Room, answer: Answering) -> Callable[[Request], Awaitable[Response]]:
    """The request read, the answer made in a thread of its own, mistakes said in words."""
    return asking.endpoint(partial(_answered, room, answer), LARGEST_BODY)


def _answered(room: Room, answer: Answering, request: Request, body: bytes) -> Response:
    wants_json = asking.wants_json(request)
    asked = Asked(
        room,
        request.path_params,
        dict(request.query_params),
        asking.fields(request, body),
        request.cookies,
        asking.place_of(request),
        request.url.scheme == "https",
    )
    try:
        return answer(asked)
    except NoCoder:
        return JSONResponse({"error": "coder"}, REFUSED) if wants_json else to("/who")
    except MexlabError as error:
        return _problem(asked, error, wants_json)
    except OSError as error:
        return _problem(asked, asking.disk_problem(error, "the study's folder"), wants_json)


def _problem(asked: Asked, error: MexlabError, wants_json: bool) -> Response:
    """Without `where`, which names sessions: that is for whoever runs the server."""
    status = STATUS.get(type(error), DAMAGED)
    if status >= DAMAGED:
        click.echo(f"error: {error}", err=True)
    if wants_json:
        say = speaker(asked.language)
        said = {"error": say.told(error.what), "remedy": say.told(error.remedy)}
        return JSONResponse(said, status)
    return problem_page(asked.language, asked.languages, error, status)
