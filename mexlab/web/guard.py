"""Before every page: who may see what. Reads the request's head, writes nothing.

Two applications may stand behind one door and never answer for each other. Whatever lies under
/form/ goes to the participants' form, which checks its own keys; everything else is the desk: the
operator's or the coders' pages. So a participant's key opens nothing of the desk, and no path
under /form/, however it is written, falls through to it.

The desk of a server bound to this computer alone asks for no token; there the name in the address
must be this computer's, or a page elsewhere could give us a name of its own and read along (DNS
rebinding). Bound to anything else, the desk answers 401 to whoever lacks the desk's token,
wherever the request comes from. The token comes once, in the address; a cookie takes its place.
"""

import hmac
import re
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from mexlab.web.listening import Access, is_loopback

FORM = "/form/"  # paths of the participants' form
COOKIE = "mexlab_desk"
PARAMETER = "token"  # of the address that is printed
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:/@?#\s]+)(:\d{1,5})?", re.IGNORECASE)

_PAGE = (
    '<!doctype html><html lang="es"><meta charset="utf-8"><title>mexlab</title>'
    '<meta name="viewport" content="width=device-width,initial-scale=1">'
    "<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;"
    "padding:1rem}}</style><main>{body}</main></html>"
)
# Language: title, text, link; in both, since nobody has chosen one yet. A browser that follows a
# link out of a message withholds a strict cookie once; the page's own link does not.
_UNKNOWN = {
    "es": (
        "Esta dirección necesita su clave",
        "Abra, entera, la dirección que se mostró al iniciar el programa.",
        "Acabo de abrirla: continuar",
    ),
    "en": (
        "This address needs its token",
        "Open the address printed when the program was started, all of it.",
        "I have just opened it: go on",
    ),
}
_FOREIGN = {
    "es": (
        "Este servidor no atiende a esa dirección",
        "Abra la dirección que se mostró al iniciar el programa.",
        "",
    ),
    "en": (
        "This server does not answer to that address",
        "Open the address printed when the program was started.",
        "",
    ),
}


class Guard:
    """ASGI application: the form, where there is one, and the desk behind one door."""

    def __init__(self, form: ASGIApp | None, desk: ASGIApp, access: Access) -> None:
        self._form, self._desk, self._access = form, desk, access
        # Not the token: a cookie stays in a browser's files, and must not open the next start.
        self._key = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):  # the server starts or stops
            await self._desk(scope, receive, send)
            return
        form = self._form if scope["path"].startswith(FORM) else None
        refusal = self._foreign(scope) or (None if form else self._unknown(scope))
        if refusal is None:
            answer = form or self._desk
        elif _can_say_why(scope):
            answer = refusal
        else:
            answer = WebSocketClose(code=1008)  # before the handshake: the server answers 403
        await answer(scope, receive, _with_headers(send, scope["path"]))

    def _foreign(self, scope: Scope) -> Response | None:
        """A refusal, where the request is not meant for us or another site's page makes it."""
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        host = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        if host is None or (self._access.loopback and not is_loopback(host[1])):
            return _page(403, _FOREIGN)
        acts = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
        ours = f"{self._access.scheme}://{host[0]}".lower()
        # Browsers always name the origin of these; a program that names none is nobody's page.
        if acts and any(origin.lower() != ours for origin in origins):
            return _page(403, _FOREIGN)
        return None

    def _unknown(self, scope: Scope) -> Response | None:
        """A refusal, or the cookie for the token, where the operator has not been let in yet."""
        token = self._access.token
        if token is None:
            return None
        if scope["type"] == "http" and scope["method"] == "GET":
            query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            if any(name == PARAMETER and _same(value, token) for name, value in query):
                rest = [(name, value) for name, value in query if name != PARAMETER]
                return self._welcome(scope["path"], rest)
        if any(_same(value, self._key) for value in _cookies(Headers(scope=scope))):
            return None
        return _page(401, _UNKNOWN)

    def _welcome(self, path: str, query: list[tuple[str, str]]) -> Response:
        """To the same page without the token, which would stay in the browser's history."""
        # One slash at the start: two would name another server.
        place = quote("/" + path.lstrip("/")) + ("?" + urlencode(query) if query else "")
        response = RedirectResponse(place, status_code=303)
        secure = self._access.tls
        response.set_cookie(COOKIE, self._key, httponly=True, samesite="strict", secure=secure)
        return response


def _same(given: str, expected: str) -> bool:
    """Compares in a time that tells nothing about where they differ."""
    return hmac.compare_digest(given.encode(), expected.encode())


def _cookies(headers: Headers) -> list[str]:
    """Every value given for our cookie."""
    pairs = (part.partition("=") for line in headers.getlist("cookie") for part in line.split(";"))
    return [value.strip() for name, _, value in pairs if name.strip() == COOKIE]


def _can_say_why(scope: Scope) -> bool:
    """Whether the refusal of a websocket can be a page; that of a request always can."""
    return scope["type"] == "http" or "websocket.http.response" in scope.get("extensions", {})


def _with_headers(send: Send, path: str) -> Send:
    """`send`, adding to the head of the answer what every answer of ours carries."""

    async def wrapped(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = MutableHeaders(raw=list(message.get("headers", ())))
            # Streamlit's own scripts carry a hash in their name and nothing about anybody.
            kept = path.startswith("/static/") and "immutable" in headers.get("cache-control", "")
            if not kept:
                headers["cache-control"] = "no-store"
            headers["x-content-type-options"] = "nosniff"
            headers["x-frame-options"] = "DENY"
            headers["cross-origin-resource-policy"] = "same-origin"
            # With no-referrer a browser posts a form with `Origin: null`, which is anybody's.
            headers["referrer-policy"] = "same-origin"
            if "frame-ancestors" not in ",".join(headers.getlist("content-security-policy")):
                headers.append("content-security-policy", "frame-ancestors 'none'")
            message = {**message, "headers": headers.raw}
        await send(message)

    return wrapped


def _page(status: int, words: Mapping[str, tuple[str, str, str]]) -> Response:
    """A refusal for people, in each language."""
    body = ""
    for language, (title, text, link) in words.items():
        onward = f'<p><a href="">{link}</a></p>' if link else ""
        body += f'<section lang="{language}"><h1>{title}</h1><p>{text}</p>{onward}</section>'
    return HTMLResponse(_PAGE.format(body=body), status_code=status)
