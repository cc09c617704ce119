"""What coders decided: review/CODER.jsonl of a session, one writer a file, only ever appended.

A line is an act, `{at, act, interval_id, field, value, unblinded}`:

set      a mark: `field` of FIELDS or an AU (AU12) becomes `value`; null takes it away
undo     takes back the last set or submit of this interval that still stands
submit   the code is done; `value` is null, "final" (an adjudicator's) or "gold" (final, and an
         answer for the training of coders)
shown    the coder was shown something before deciding: `value` names it ("suggestion")
unblind  the coder asked to see what is hidden until the submission

Onset, apex and offset are 0-based frame numbers of the recording, all three inclusive. `unblinded`
says whether the coder could see report, target, suggestion or others' codes when acting. A line
torn by a crash is passed over.
"""

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from mexlab.emotions import AUS, EMOTIONS
from mexlab.errors import InputError, StudyError
from mexlab.events import append_line, read_events

ACTS = ("set", "undo", "submit", "shown", "unblind")
VERDICTS = ("accept", "adjust", "reject", "uncodable")
MOMENTS = ("onset", "apex", "offset")
INTENSITIES = ("A", "B", "C", "D", "E")  # of an AU, as FACS scores them: trace to maximum
SUBMISSIONS = (None, "final", "gold")
CONFIDENCES = (1, 2, 3, 4, 5)  # guessing … certain

Value = str | int | None
_CODER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Act:
    """One line of a coder's file. Raises InputError for what cannot be one."""

    act: str
    interval_id: str
    field: str | None = None
    value: Value = None
    unblinded: bool = False
    at: str = dataclasses.field(default_factory=_now)

    def __post_init__(self) -> None:
        if self.act not in ACTS:
            raise InputError(f"no act {self.act!r}", self.interval_id, f"use one of: {ACTS}")
        fits = (
            fits_field(self.field, self.value)
            if self.act == "set"
            else self.value in SUBMISSIONS or self.act == "shown"
        )
        if not fits:
            what = f"{self.value!r} is no {self.field or self.act}"
            raise InputError(what, self.interval_id, "correct it")


def fits_field(name: str | None, value: Value) -> bool:
    """Whether a mark of this name may have this value; every mark may be None."""
    whole = type(value) is int
    fits = {
        "verdict": value in VERDICTS,
        "emotion": value in EMOTIONS,
        "confidence": whole and value in CONFIDENCES,
        "comment": isinstance(value, str),
        **{moment: whole and int(value or 0) >= 0 for moment in MOMENTS},
        **dict.fromkeys(AUS, value in INTENSITIES),
    }
    return name in fits and (value is None or fits[name])


@dataclass(frozen=True)
class Code:
    """What one coder says of one interval, as far as it goes.

    `aus` AU name -> intensity A-E. `submitted` is None until it is, then one of SUBMISSIONS as
    text ("code", "final", "gold"). `unblinded`: a mark that stands was made with sight of report,
    target, suggestion or other coders; `suggested`: the suggestion was shown from the start.
    """

    interval_id: str
    coder: str
    verdict: str | None = None
    onset: int | None = None
    apex: int | None = None
    offset: int | None = None
    emotion: str | None = None
    aus: Mapping[str, str] = dataclasses.field(default_factory=dict)
    confidence: int | None = None
    comment: str = ""
    submitted: str | None = None
    submitted_at: str | None = None
    unblinded: bool = False
    suggested: bool = False

    @property
    def final(self) -> bool:
        """Whether it is an adjudicator's."""
        return self.submitted in ("final", "gold")

    @classmethod
    def of(cls, coder: str, acts: Iterable[Act]) -> Self:
        """The code that acts about one interval come to, in the order they were made."""
        standing: list[Act] = []
        suggested = False
        interval_id = ""
        for act in acts:
            interval_id = act.interval_id
            if act.act == "undo":
                if standing:
                    standing.pop()
            elif act.act in ("set", "submit"):
                standing.append(act)
            elif act.act == "shown":
                suggested = suggested or act.value == "suggestion"
        return cls._of(coder, interval_id, standing, suggested)

    @classmethod
    def _of(cls, coder: str, interval_id: str, standing: list[Act], suggested: bool) -> Self:
        marks: dict[str, Any] = {}
        done: Act | None = None
        for act in standing:
            if act.act == "set":
                marks[str(act.field)] = act.value
                done = None  # changed after the submission: to be submitted again
            else:
                done = act
        known = {f.name for f in fields(cls)} - {"aus"}
        given = {name: value for name, value in marks.items() if name in known}
        given["comment"] = given.get("comment") or ""
        return cls(
            interval_id,
            coder,
            **given,
            aus={au: marks[au] for au in AUS if marks.get(au)},
            submitted=None if done is None else str(done.value or "code"),
            submitted_at=done.at if done else None,
            unblinded=any(act.unblinded for act in standing if act.act == "set"),
            suggested=suggested,
        )


def check_coder(name: str) -> str:
    """A coder's name, which is the name of a file. Raises InputError for one that cannot be."""
    if not _CODER.fullmatch(name):
        remedy = "use up to 40 letters, digits, - and _"
        raise InputError(f"no name for a coder: {name!r}", "--coder", remedy)
    return name


def append_act(path: Path, act: Act) -> None:
    """Add one act to a coder's file; on disk when it returns. Raises OSError on a full disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    append_line(path, asdict(act))


def read_acts(path: Path) -> Iterator[Act]:
    """The acts of a coder's file, oldest first. Raises StudyError for what is no act."""
    for values in read_events(path):
        try:
            yield Act(**values)
        except (TypeError, InputError) as error:
            what = f"damaged coder's file: {getattr(error, 'what', error)}"
            raise StudyError(what, path, "restore it from a copy") from error


def codes_of(path: Path) -> dict[str, Code]:
    """interval_id -> what a coder's file comes to; its name is the coder's."""
    by_interval: dict[str, list[Act]] = {}
    for act in read_acts(path):
        by_interval.setdefault(act.interval_id, []).append(act)
    return {name: Code.of(path.stem, acts) for name, acts in by_interval.items()}
