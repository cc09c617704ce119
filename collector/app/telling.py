"""How the pages say what went wrong, and lead to one another.

What files, programs and people wrote is shown letter by letter: Streamlit's own messages would
read it as Markdown.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import streamlit as st

from mexlab.errors import MexlabError
from mexlab.web.language import Speaker, Words

WORDS: Final[Words] = {"cannot": ("No es posible así:", "This cannot be done:")}


def tell(error: MexlabError, language: str) -> None:
    """What is wrong, where, and what to do, a line each."""
    st.error(Speaker(language, WORDS)("cannot"), icon=":material/error:")
    verbatim(f"{error.what}\n{error.where}\n{error.remedy}")


def verbatim(text: str) -> None:
    """Text of others, as it is; long lines are broken."""
    st.code(text, language=None, wrap_lines=True)


@contextmanager
def telling(language: str) -> Iterator[None]:
    """A mistake inside is told where it happened, and what follows still shows."""
    try:
        yield
    except MexlabError as error:
        tell(error, language)


def go_to(name: str, **query: str) -> NoReturn:
    """Show another page, by its place in the address; the language stays."""
    kept = {"lang": st.query_params["lang"]} if "lang" in st.query_params else {}
    st.switch_page(st.Page(lambda: None, url_path=name), query_params=kept | query)
