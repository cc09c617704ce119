"""The explorer's pages as HTML: templates filled in, everything that people wrote escaped.

Script and style are ASSETS; nothing else may run or load (`mexlab.web.pages`).
"""

from typing import Any, Final

from starlette.responses import Response

from mexlab.web import pages
from mexlab.web.language import EMOTION_WORDS, Speaker, Words
from mexlab.web.words import PAGE_WORDS
from pipeline.app.predict_words import PREDICT_WORDS
from pipeline.app.words import WORDS as EXPLORER_WORDS
from pipeline.app.words_clip import CLIP_WORDS
from pipeline.app.words_problem import PROBLEM_WORDS

ASSETS: Final = pages.Assets(
    "pipeline.app",
    (
        *("aus.js", "clip.js", "explorer.css", "explorer.js", "flow.js", "source.js"),
        *("chances.js", "predict.css", "predict.js", "predict_wait.js", "prediction.js"),
    ),
)
NAVIGATION: Final = (("explorer", "/"), ("predict", "/predict"))
WORDS: Final[Words] = {
    **PAGE_WORDS,
    **EMOTION_WORDS,
    **EXPLORER_WORDS,
    **PROBLEM_WORDS,
    **CLIP_WORDS,
    **PREDICT_WORDS,
}
_TEMPLATES = pages.templates("pipeline.app", ("watching.css", "explorer.css"), NAVIGATION)


def speaker(language: str) -> Speaker:
    return Speaker(language, WORDS)


def spoken(language: str, words: Words) -> dict[str, str]:
    """Words that a page's script says, in one language."""
    place = 0 if language == "es" else 1
    return {key: pair[place] for key, pair in words.items()}


def render(template: str, language: str, status: int = 200, **context: Any) -> Response:
    """A page in a language."""
    html = _TEMPLATES.get_template(template).render(say=speaker(language), **context)
    return pages.page(html, status)
