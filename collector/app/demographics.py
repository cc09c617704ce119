"""What is written down about a person: the fields to fill in, their values in both languages."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import streamlit as st

from collector.app.literal import literal
from mexlab.participants import AGE_BANDS, GENDERS
from mexlab.spreadsheet_safe import guarded
from mexlab.web.language import Speaker, Words

UNDISCLOSED = "undisclosed"
NOT_STATED = "not-stated"  # nothing goes on file
WORN: Final[Mapping[str, bool]] = {"yes": True, "no": False}
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "age_band": AGE_BANDS,
    "gender": GENDERS,
    "glasses": (NOT_STATED, *WORN),
    "beard": (NOT_STATED, *WORN),
}

WORDS: Final[Words] = {
    "age_band": ("Edad", "Age"),
    "gender": ("Género", "Gender"),
    "glasses": ("Gafas", "Glasses"),
    "beard": ("Barba", "Beard"),
    "age_band.under-18": ("menos de 18 años", "under 18"),
    "age_band.18-24": ("18–24 años", "18–24"),
    "age_band.25-34": ("25–34 años", "25–34"),
    "age_band.35-44": ("35–44 años", "35–44"),
    "age_band.45-54": ("45–54 años", "45–54"),
    "age_band.55-64": ("55–64 años", "55–64"),
    "age_band.65-over": ("65 años o más", "65 or over"),
    "age_band.undisclosed": ("sin declarar", "undisclosed"),
    "gender.woman": ("mujer", "woman"),
    "gender.man": ("hombre", "man"),
    "gender.other": ("otro", "other"),
    "gender.undisclosed": ("sin declarar", "undisclosed"),
    "yes": ("sí", "yes"),
    "no": ("no", "no"),
    "not-stated": ("sin anotar", "not stated"),
    "missing": ("no consta", "not on file"),
}


def label(language: str, key: str, value: str) -> str:
    """A value in words; what no form of ours offers as it stands on file (tables become CSV)."""
    say = Speaker(language, WORDS)
    own = f"{key}.{value}"
    return say(own) if say.knows(own) else say(value) if say.knows(value) else guarded(value)


def ask(language: str, known: Mapping[str, Any], form: str) -> dict[str, Any]:
    """Fields for age, gender, glasses and beard, as known so far; what they say, to go on file.

    What is not known stands at undisclosed or not stated: nothing is guessed.
    """
    say, found = Speaker(language, WORDS), dict(known)
    for key, choices in CHOICES.items():
        before = _chosen(known.get(key), choices)
        options = choices if before in choices else (*choices, before)  # by other means: kept
        at, words = options.index(before), partial(_shown, language, key)
        name = f"{form}_{key}"
        if key == "age_band":  # too many for buttons
            value = st.selectbox(say(key), options, at, words, name)
        else:
            value = st.radio(say(key), options, at, words, name, horizontal=True)
        if value == NOT_STATED:
            found.pop(key, None)
        elif value != before or key not in known:
            found[key] = WORN[value] if NOT_STATED in choices and value in WORN else value
    return found


def _shown(language: str, key: str, value: str) -> str:
    """A value where Streamlit reads Markdown."""
    return literal(label(language, key, value))


def _chosen(value: Any, choices: tuple[str, ...]) -> str:
    """The option that stands for a value on file."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return NOT_STATED if NOT_STATED in choices else UNDISCLOSED
    return str(value)
