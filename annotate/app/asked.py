"""A request to the review pages: which coder asks, in which language, and what was sent.

A mistake becomes a page or a line of JSON; a bug keeps its traceback in the server's log.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import click
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from annotate.app.media import Media
from annotate.app.rendering import problem_page
from annotate.coding.desk import CodingDesk, Show
from annotate.coding.items import Item
from mexlab.codes import check_coder
from mexlab.consensus import ReviewSettings
from mexlab.errors import ConsentError, InputError, MexlabError, StudyError
from mexlab.study import Study

CODER_COOKIE = "mexlab_coder"
LANGUAGE_COOKIE = "mexlab_language"
KEPT_S = 180 * 86400  # how long a browser remembers who codes in it
LARGEST_BODY = 200_000  # bytes; a long comment stays far below
SEE_OTHER, REFUSED, NOT_FOUND, TOO_LARGE, DAMAGED, BROKEN = 303, 403, 404, 413, 500, 503
# What may go away by itself is BROKEN: the page tries again. A damaged file stays so.
STATUS: Mapping[type[MexlabError], int] = {
    ConsentError: REFUSED,
    InputError: NOT_FOUND,
    StudyError: BROKEN,
}


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
        response.set_cookie(
            cookie, value, max_age=KEPT_S, httponly=True, samesite="strict", secure=self.secure
        )
        return response


Answering = Callable[[Asked], Response]


def endpoint(room: Room, answer: Answering) -> Callable[[Request], Awaitable[Response]]:
    """The request read, the answer made in a thread of its own, mistakes said in words."""

    async def answered(request: Request) -> Response:
        body = b""
        async for block in request.stream():
            body += block
            if len(body) > LARGEST_BODY:
                return Response("too large", TOO_LARGE)
        return await run_in_threadpool(_answered, room, answer, request, body)

    return answered


def to(place: str) -> Response:
    """On to another page."""
    return RedirectResponse(place, SEE_OTHER)


def _answered(room: Room, answer: Answering, request: Request, body: bytes) -> Response:
    wants_json = "json" in request.headers.get("content-type", "") + request.headers.get(
        "accept", ""
    )
    place = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    sent = _fields(request, body)
    query, secure = dict(request.query_params), request.url.scheme == "https"
    asked = Asked(room, request.path_params, query, sent, request.cookies, place, secure)
    try:
        return answer(asked)
    except NoCoder:
        return JSONResponse({"error": "coder"}, REFUSED) if wants_json else to("/who")
    except MexlabError as error:
        return _problem(asked, error, wants_json)
    except OSError as error:  # a full disk, a folder that is gone
        what = error.strerror or "the disk does not answer"
        problem = StudyError(what, error.filename or "the study's folder", "look at the disk")
        return _problem(asked, problem, wants_json)


def _problem(asked: Asked, error: MexlabError, wants_json: bool) -> Response:
    """Without `where`, which names sessions: that is for whoever runs the server."""
    status = STATUS.get(type(error), DAMAGED)
    if status >= DAMAGED:
        click.echo(f"error: {error}", err=True)
    if wants_json:
        return JSONResponse({"error": error.what, "remedy": error.remedy}, status)
    return problem_page(asked.language, asked.languages, error, status)


def _fields(request: Request, body: bytes) -> Mapping[str, Any]:
    if "json" in request.headers.get("content-type", ""):
        try:
            found = json.loads(body)
        except ValueError:
            found = None
        return found if isinstance(found, dict) else {}
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
