"""The review pages as HTML: templates filled in, everything that people wrote escaped.

Script and style are ASSETS; nothing else may run or load (`mexlab.web.pages`).
"""

from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import Response

from annotate.app.words import PROBLEM_WORDS, WORDS
from annotate.app.words_coding import CODING_WORDS
from mexlab.errors import MexlabError
from mexlab.web import pages
from mexlab.web.language import EMOTION_WORDS, Speaker, Words
from mexlab.web.words import PAGE_WORDS

ASSETS: Final = pages.Assets(
    "annotate.app",
    (
        "acts.js",
        "coding.js",
        "controls.js",
        "curves.js",
        "keys.js",
        "marks.js",
        "palette.js",
        "pinned.js",
        "review.css",
    ),
)
NAVIGATION: Final = (
    *(("queue", "/"), ("adjudication", "/adjudication")),
    *(("agreement", "/agreement"), ("training", "/training")),
)
_ALL_WORDS: Final[Words] = {
    **PAGE_WORDS,
    **EMOTION_WORDS,
    **WORDS,
    **PROBLEM_WORDS,
    **CODING_WORDS,
}
_TEMPLATES = pages.templates("annotate.app", ("watching.css", "review.css"), NAVIGATION)


def speaker(language: str) -> Speaker:
    return Speaker(language, _ALL_WORDS)


def spoken(language: str) -> dict[str, str]:
    """The words that the coding page's script says."""
    place = 0 if language == "es" else 1
    return {key: pair[place] for key, pair in {**CODING_WORDS, **EMOTION_WORDS}.items()}


def render(template: str, language: str, status_code: int = 200, **context: Any) -> Response:
    """A page in a language."""
    html = _TEMPLATES.get_template(template).render(say=speaker(language), **context)
    return pages.page(html, status_code)


def problem_page(
    language: str, languages: Sequence[str], error: MexlabError, status: int
) -> Response:
    """What is wrong and what to do; never where: a path names sessions, and with them people."""
    chrome = {"coder": "", "fixed": True, "place": "/", "here": "problem", "languages": languages}
    return render("problem.html", language, status, error=error, **chrome)
