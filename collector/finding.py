"""One thing that the pre-flight check looked at, sayable in both languages.

A finding keeps which texts it is made of (`collector.verdict_words`) and what fills them, so that
it can be said again elsewhere, in another language, from its JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from collector.verdict_words import WORDS
from mexlab.web.language import Speaker

OK, WARN, FAIL = "ok", "warn", "fail"
AS_IS = "as it is"  # the text of WORDS that is nothing but what fills it


class Spoken(float):
    """A number as Spanish writes it, in whatever form a text asks for: 29,8 and 45 %."""

    def __format__(self, form: str) -> str:
        return super().__format__(form).replace(".", ",").replace("%", "\u00a0%")


@dataclass(frozen=True)
class Phrase:
    """A text of WORDS and what fills it."""

    key: str
    fills: Mapping[str, Any] = field(default_factory=dict)

    def said(self, language: str) -> str:
        spanish = language == "es"
        fills = {
            name: Spoken(value) if spanish and isinstance(value, float) else value
            for name, value in self.fills.items()
        }
        return Speaker(language, WORDS)(self.key, **fills)


@dataclass(frozen=True)
class Finding:
    """`name` is a text of WORDS, `verdict` ok, warn or fail, `values` the numbers behind it."""

    name: str
    verdict: str
    phrases: tuple[Phrase, ...]
    advice: Phrase | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def said(self, language: str) -> tuple[str, str, str]:
        """Name, detail and remedy; the remedy may be empty."""
        detail = ", ".join(phrase.said(language) for phrase in self.phrases)
        remedy = self.advice.said(language) if self.advice else ""
        return Phrase(self.name).said(language), detail, remedy

    @property
    def detail(self) -> str:
        """In English, as the command prints it."""
        return self.said("en")[1]

    @property
    def remedy(self) -> str:
        """In English, as the command prints it."""
        return self.said("en")[2]

    def __str__(self) -> str:
        tail = f"; {self.remedy}" if self.remedy and self.verdict != OK else ""
        return f"{self.verdict:<4} {self.name}: {self.detail}{tail}"

    def to_json(self) -> dict[str, Any]:
        """{name, verdict, detail, remedy, values} in English, and phrases and advice to say it."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "detail": self.detail,
            "remedy": self.remedy,
            "values": dict(self.values),
            "phrases": [asdict(phrase) for phrase in self.phrases],
            "advice": asdict(self.advice) if self.advice else None,
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """What `to_json` gave. Raises KeyError or TypeError for anything else."""
        phrases = tuple(Phrase(**phrase) for phrase in found["phrases"])
        advice = Phrase(**found["advice"]) if found["advice"] else None
        return cls(found["name"], found["verdict"], phrases, advice, found["values"])


def first_to_last(findings: Sequence[Finding]) -> list[Finding]:
    """What fails first, then what wants attention; else in the order they were made."""
    return sorted(findings, key=lambda finding: (FAIL, WARN, OK).index(finding.verdict))
