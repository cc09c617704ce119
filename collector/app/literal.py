"""Texts from files in places where Streamlit reads Markdown, such as the label of a field."""

import re

# What begins or ends something within a line. No more than that: the names that screen readers get
# keep the backslashes.
_SIGNS = re.compile(r"([\\`*_~\[\]<>$|]|:(?=[a-z/])|&(?=[#\w]))")
_EMOJI = re.compile(r":(?=[\w+-]+:)")  # drawn even where it is escaped
_JOINER = "\u2060"  # neither seen nor heard


def literal(text: str) -> str:
    """The text as Markdown that shows it to the letter, on one line."""
    line = _SIGNS.sub(r"\\\1", " ".join(text.split()))
    return _EMOJI.sub(f":{_JOINER}", line)


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text as files hold it: apart by an empty line, lines broken anywhere."""
    parts = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n"))
    return [" ".join(part.split()) for part in parts if part.strip()]
