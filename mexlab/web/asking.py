"""A request read whole and answered in a thread of its own: what is the same for all our pages.

What a page is (its study, its dataset, who asks) is its own module's business, and so is what
becomes of a mistake there; here are the body with its limit, the fields sent, and the cookies.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mexlab.errors import ConsentError, InputError, MexlabError, StudyError

LANGUAGE_COOKIE = "mexlab_language"
KEPT_S = 180 * 86400  # how long a browser remembers a choice
SEE_OTHER, REFUSED, NOT_FOUND, TOO_LARGE, DAMAGED, BROKEN = 303, 403, 404, 413, 500, 503
# What may go away by itself is BROKEN: the page tries again. A damaged file stays so.
STATUS: Mapping[type[MexlabError], int] = {
    ConsentError: REFUSED,
    InputError: NOT_FOUND,
    StudyError: BROKEN,
}


def endpoint(
    answered: Callable[[Request, bytes], Response], largest: int
) -> Callable[[Request], Awaitable[Response]]:
    """`answered` with the request and its body, in a thread; 413 for more than `largest` bytes."""

    async def asked(request: Request) -> Response:
        body = b""
        async for block in request.stream():
            body += block
            if len(body) > largest:
                return Response("too large", TOO_LARGE)
        return await run_in_threadpool(answered, request, body)

    return asked


def fields(request: Request, body: bytes) -> dict[str, Any]:
    """What a form or a JSON object sent, by name; nothing where it is neither."""
    if "json" in request.headers.get("content-type", ""):
        try:
            found = json.loads(body)
        except ValueError:
            found = None
        return found if isinstance(found, dict) else {}
    return dict(form_fields(body))


def form_fields(body: bytes) -> dict[str, str]:
    """What a form sent, by name; of a name given twice the last."""
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def wants_json(request: Request) -> bool:
    """Whether a script asks, and not a person following a link."""
    heads = (request.headers.get(name, "") for name in ("content-type", "accept"))
    return any("json" in head for head in heads)


def place_of(request: Request) -> str:
    """Path and query of this page."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def to(place: str) -> Response:
    """On to another page."""
    return RedirectResponse(place, SEE_OTHER)


def back_to(place: str) -> Response:
    """To a page of ours that a form names; to the first one where it names anything else."""
    ours = place.startswith("/") and not place.startswith(("//", "/\\"))
    return to(place if ours else "/")


def remember(response: Response, cookie: str, value: str, secure: bool) -> Response:
    """Have this browser send the value along from now on."""
    response.set_cookie(
        cookie, value, max_age=KEPT_S, httponly=True, samesite="strict", secure=secure
    )
    return response


def disk_problem(error: OSError, where: str) -> StudyError:
    """A full disk, a folder that is gone: for people."""
    what = error.strerror or "the disk does not answer"
    return StudyError(what, error.filename or where, "look at the disk")
