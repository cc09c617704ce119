"""The review pages as HTML: templates filled in, everything that people wrote escaped.

Script and style are files of ours under /assets/; nothing else may run or load (CSP 'self').
"""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from annotate.app.words import WORDS
from annotate.app.words_coding import CODING_WORDS
from mexlab.errors import MexlabError
from mexlab.web.language import EMOTION_WORDS, NAMES, Speaker

POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
ASSETS: Final[Mapping[str, str]] = {
    "review.css": "text/css",
    **dict.fromkeys(
        (
            "acts.js",
            "asking.js",
            "chunks.js",
            "coding.js",
            "controls.js",
            "curves.js",
            "keys.js",
            "marks.js",
            "palette.js",
            "pinned.js",
            "player.js",
        ),
        "text/javascript",
    ),
}
_TEMPLATES = Environment(
    loader=PackageLoader("annotate.app"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def speaker(language: str) -> Speaker:
    return Speaker(language, {**EMOTION_WORDS, **WORDS, **CODING_WORDS})


def spoken(language: str) -> dict[str, str]:
    """The words that the coding page's script says."""
    place = 0 if language == "es" else 1
    return {key: pair[place] for key, pair in {**CODING_WORDS, **EMOTION_WORDS}.items()}


def render(template: str, language: str, status_code: int = 200, **context: Any) -> Response:
    """A page in a language."""
    say = speaker(language)
    html = _TEMPLATES.get_template(template).render(say=say, names=NAMES, **context)
    return HTMLResponse(html, status_code, {"content-security-policy": POLICY})


def problem_page(
    language: str, languages: Sequence[str], error: MexlabError, status: int
) -> Response:
    """What is wrong and what to do; never where: a path names sessions, and with them people."""
    chrome = {"coder": "", "fixed": True, "place": "/", "here": "problem", "languages": languages}
    return render("problem.html", language, status, error=error, **chrome)


def asset(name: str) -> Response:
    """A script or style of ours; 404 for any other name."""
    if name not in ASSETS:
        return Response("no such file", 404)
    content = (files("annotate.app") / "static" / name).read_text(encoding="utf-8")
    return Response(content, media_type=ASSETS[name])
