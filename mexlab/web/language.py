"""What pages say, in Spanish and English, with dates and numbers as each language writes them.

A text stands beside its translation, so that none can be missing: `{"key": ("sí", "yes")}`.
`Speaker` picks one and fills it in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from babel.dates import format_datetime
from babel.numbers import format_decimal, format_percent

from mexlab.study_settings import LANGUAGES

Words = Mapping[str, tuple[str, str]]  # by key: in each of LANGUAGES
EMOTION_WORDS: Final[Words] = {
    "neutral": ("neutra", "neutral"),
    "sadness": ("tristeza", "sadness"),
    "surprise": ("sorpresa", "surprise"),
    "fear": ("miedo", "fear"),
    "disgust": ("asco", "disgust"),
    "anger": ("enfado", "anger"),
    "happiness": ("alegría", "happiness"),
    "other": ("otra", "another one"),
    "none": ("ninguna", "none"),
}
NAMES = {"es": "Español", "en": "English"}  # of the languages, each in itself


@dataclass(frozen=True)
class Speaker:
    """Says the texts of one language."""

    language: str
    words: Words

    def __call__(self, key: str, **values: object) -> str:
        """The text with its {placeholders} filled in. Raises KeyError for no such text."""
        return self.words[key][LANGUAGES.index(self.language)].format(**values)

    def knows(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self.words

    def told(self, text: str) -> str:
        """What is wrong, or what to do, in this language where it is known; else as it is."""
        return self(text) if self.knows(text) else text

    def number(self, value: float, digits: int = 1, least: int = 0) -> str:
        """With so many decimals at most, and at least: 1.234,5 in Spanish, 1,234.5 in English."""
        decimals = "0" * least + "#" * (digits - least)
        pattern = "#,##0." + decimals if digits else "#,##0"
        return format_decimal(value, format=pattern, locale=self.language)

    def percent(self, part: float, digits: int = 2) -> str:
        """0.7647 as 76,47 % or 76.47%."""
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        pattern += "\u00a0%" if self.language == "es" else "%"
        return format_percent(part, format=pattern, locale=self.language)

    def moment(self, iso: str) -> str:
        """An ISO moment as date and time here: 23 nov 2026, 10:15 or Nov 23, 2026, 10:15 AM."""
        there = datetime.fromisoformat(iso)
        here = there.astimezone() if there.tzinfo else there
        return format_datetime(here, "medium", locale=self.language).replace("\u202f", " ")
