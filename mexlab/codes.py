"""What coders decided: review/CODER.jsonl of a session, one writer a file, only ever appended.

A line is an act, `{at, act, interval_id, field, value, unblinded}`:

set      a mark: `field` of FIELDS or an AU (AU12) becomes `value`; null takes it away
undo     takes back the last set or submit of this interval that still stands
submit   the code is done; `value` is null, "final" (an adjudicator's) or "gold" (final, and an
         answer for the training of coders)
shown    the coder was shown something before deciding: `value` names it ("suggestion", "scene")
unblind  the coder asked to see what is hidden until the submission

Acts about one interval with the same `at` are one gesture (accepting a suggestion sets several
marks): one undo takes them back together. Onset, apex and offset are 0-based frame numbers of the
recording, all three inclusive. `unblinded` says whether report, target, others' codes, or a
suggestion that the study does not show, were in sight. A line torn by a crash is passed over.
"""

import dataclasses
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from mexlab.emotions import AUS, EMOTIONS
from mexlab.errors import InputError, StudyError
from mexlab.events import append_line, read_events

ACTS = ("set", "undo", "submit", "shown", "unblind")
VERDICTS = ("accept", "adjust", "reject", "uncodable")
REFUSALS = ("reject", "uncodable")  # nothing is expressed here; it cannot be judged
MOMENTS = ("onset", "apex", "offset")
MARKS = (*MOMENTS, "emotion")  # what a code of an expression needs
FIELDS = ("verdict", *MARKS, "confidence", "comment")
INTENSITIES = ("A", "B", "C", "D", "E")  # of an AU, as FACS scores them: trace to maximum
SUBMISSIONS = (None, "final", "gold")
CONFIDENCES = (1, 2, 3, 4, 5)  # guessing … certain

Value = str | int | None
_CODER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


class DamagedCodes(StudyError):
    """A coder's file holds something that is no act."""


def now() -> str:
    """The wall clock in UTC, to the microsecond: no two gestures of a person share one."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True)
class Act:
    """One line of a coder's file. Raises InputError for what cannot be one."""

    act: str
    interval_id: str
    field: str | None = None
    value: Value = None
    unblinded: bool = False
    at: str = dataclasses.field(default_factory=now)

    def __post_init__(self) -> None:
        if self.act not in ACTS:
            remedy = f"use one of: {', '.join(ACTS)}"
            raise InputError(f"no act {self.act!r}", self.interval_id, remedy)
        fits = {
            "set": fits_field(self.field, self.value),
            "submit": self.value in SUBMISSIONS,
            "shown": isinstance(self.value, str),
        }.get(self.act, self.value is None)
        if not fits or (self.act != "set" and self.field is not None):
            what = f"{self.value!r} is no {self.field or self.act}"
            raise InputError(what, self.interval_id, "correct it")
        if [type(v) for v in (self.interval_id, self.at, self.unblinded)] != [str, str, bool]:
            raise InputError(f"no {self.act} act", str(self.interval_id), "correct it")


def fits_field(name: str | None, value: Value) -> bool:
    """Whether a mark of this name may have this value; every mark may be None."""
    whole = type(value) is int
    fits = {
        "verdict": value in VERDICTS,
        "emotion": value in EMOTIONS,
        "confidence": whole and value in CONFIDENCES,
        "comment": isinstance(value, str) and _is_unicode(value),
        **{moment: whole and int(value or 0) >= 0 for moment in MOMENTS},
        **dict.fromkeys(AUS, value in INTENSITIES),
    }
    return name in fits and (value is None or fits[name])


def _is_unicode(text: str) -> bool:
    """Whether it can be written: half of a surrogate pair, as a cut emoji leaves it, cannot."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


@dataclass(frozen=True)
class Code:
    """What one coder says of one interval, as far as it goes.

    `aus` AU name -> intensity A-E. A code of reject or uncodable has no moments, emotion or AUs,
    whatever was marked before. `submitted` is None until it is, then "code", "final" or "gold";
    a mark after that (other than a comment) wants a new submission. `unblinded`: a mark that
    stands was made with sight of report, target or other coders; `suggested`: the suggestion was
    shown from the start, by the study's design. `revealed`: everything is in sight by now, which
    no undo takes back.
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
    revealed: bool = False

    @property
    def final(self) -> bool:
        """Whether it is an adjudicator's."""
        return self.submitted in ("final", "gold")

    @property
    def codable(self) -> bool:
        """Neither rejected nor called uncodable."""
        return self.verdict not in REFUSALS

    @property
    def moments(self) -> tuple[int, ...]:
        """Those of onset, apex and offset that are marked."""
        marked = (getattr(self, name) for name in MOMENTS)
        return tuple(frame for frame in marked if frame is not None)

    @property
    def missing(self) -> tuple[str, ...]:
        """What a submission still wants, of MARKS."""
        wanted = MARKS if self.codable else ()
        return tuple(name for name in wanted if getattr(self, name) is None)

    @classmethod
    def of(cls, coder: str, acts: Iterable[Act]) -> Self:
        """The code that acts about one interval come to, in the order they were made."""
        done = list(acts)
        return cls._of(
            coder,
            done[0].interval_id if done else "",
            standing(done),
            suggested=any(act.act == "shown" and act.value == "suggestion" for act in done),
            revealed=any(act.act in ("submit", "unblind") for act in done),
        )

    @classmethod
    def first(cls, coder: str, acts: Iterable[Act]) -> Self | None:
        """The code at its first submission, before everything came in sight; None if none was.

        That is the coder's own judgement: what agreement, drift and influence are measured on.
        """
        done = list(acts)
        for place, act in enumerate(done):
            if act.act == "submit":
                return cls.of(coder, done[: place + 1])
        return None

    @classmethod
    def _of(
        cls, coder: str, interval_id: str, acts: Sequence[Act], *, suggested: bool, revealed: bool
    ) -> Self:
        marks: dict[str, Any] = {}
        done: Act | None = None
        for act in acts:
            if act.act == "submit":
                done = act
                continue
            marks[str(act.field)] = act.value
            done = done if act.field == "comment" else None
        if marks.get("verdict") in REFUSALS:
            marks = {name: marks.get(name) for name in ("verdict", "confidence", "comment")}
        return cls(
            interval_id,
            coder,
            **{name: marks.get(name) for name in ("verdict", *MARKS, "confidence")},
            comment=marks.get("comment") or "",
            aus={au: marks[au] for au in AUS if marks.get(au)},
            submitted=None if done is None else str(done.value or "code"),
            submitted_at=done.at if done else None,
            unblinded=any(a.unblinded for a in acts if a.act == "set" and a.field != "comment"),
            suggested=suggested,
            revealed=revealed,
        )


def standing(acts: Iterable[Act]) -> list[Act]:
    """The sets and submits about one interval that no undo took back, oldest first."""
    left: list[Act] = []
    for act in acts:
        if act.act in ("set", "submit"):
            left.append(act)
        elif act.act == "undo" and left:
            gesture = left[-1].at
            while left and left[-1].at == gesture:
                left.pop()
    return left


def check_coder(name: str) -> str:
    """A coder's name, which is the name of a file. Raises InputError for one that cannot be."""
    if not _CODER.fullmatch(name):
        remedy = "use up to 40 letters, digits, - and _"
        raise InputError(f"no name for a coder: {name!r}", "--coder", remedy)
    return name


def coder_files(review_path: Path) -> dict[str, Path]:
    """Coder -> file, of a session's review folder, by name; other files there are passed over."""
    return {
        path.stem: path
        for path in sorted(review_path.glob("*.jsonl"))
        if _CODER.fullmatch(path.stem)
    }


def append_act(path: Path, act: Act) -> None:
    """Add one act to a coder's file; on the disk itself when it returns.

    Raises OSError on a full disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    append_line(path, asdict(act))
    with path.open("r+b") as file:  # Windows lets fsync only on a handle open for writing
        os.fsync(file.fileno())


def read_acts(path: Path) -> Iterator[Act]:
    """The acts of a coder's file, oldest first. Raises DamagedCodes for what is no act."""
    for values in read_events(path):
        try:
            yield Act(**values)
        except (TypeError, InputError) as error:
            what = f"damaged coder's file: {getattr(error, 'what', error)}"
            raise DamagedCodes(what, path, "restore it from a copy") from error


def acts_of(path: Path) -> dict[str, list[Act]]:
    """interval_id -> the acts about it, oldest first. Raises DamagedCodes for what is no act."""
    by_interval: dict[str, list[Act]] = {}
    for act in read_acts(path):
        by_interval.setdefault(act.interval_id, []).append(act)
    return by_interval


def codes_of(path: Path) -> dict[str, Code]:
    """interval_id -> what a coder's file comes to; its name is the coder's."""
    return {name: Code.of(path.stem, acts) for name, acts in acts_of(path).items()}
