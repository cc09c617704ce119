"""How codes are written in other programs' files: AUs as FACS coders write them, safe XML text.

An AU with its intensity is AU12C, several are AU06B+AU12C; 12c, 6B and blanks or commas between
them are understood as well. XML cannot hold control signs, and readers turn a carriage return into
a line feed: such signs become \\u and four hex digits, and so does a backslash that would look like
one of these.
"""

import re
from collections.abc import Mapping

from mexlab.codes import INTENSITIES
from mexlab.emotions import AUS

_AU = re.compile(r"(?:AU)?\s*0?(\d{1,2})([A-E])", re.IGNORECASE)
# All but what XML 1.0 allows (section 2.2, Char), and CR, which reading normalises (2.11).
_NOT_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|\\\\(?=u[0-9a-f]{4})")
_ESCAPE = re.compile(r"\\u([0-9a-f]{4})")


def aus_text(aus: Mapping[str, str]) -> str:
    """AU06B+AU12C, in the order of the tables."""
    return "+".join(f"{au}{aus[au]}" for au in AUS if au in aus)


def parse_aus(text: str) -> tuple[dict[str, str], list[str]]:
    """AU name -> intensity, and the parts that are no AU of ours with an intensity A-E."""
    found: dict[str, str] = {}
    strange = []
    joined = re.sub(r"(?i)\bAU\s+(?=\d)", "AU", text)
    for part in filter(None, re.split(r"[\s+,;]+", joined)):
        match = _AU.fullmatch(part)
        name = f"AU{int(match[1]):02d}" if match else ""
        if match and name in AUS and match[2].upper() in INTENSITIES:
            found[name] = match[2].upper()
        else:
            strange.append(part)
    return found, strange


def xml_text(text: str) -> str:
    """The text with everything escaped that XML would lose; `plain_text` takes it back."""
    return _NOT_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def plain_text(text: str) -> str:
    """The text that `xml_text` was given."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
