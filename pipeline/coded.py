"""What coders' decisions come to for each interval, and what they change about it.

Reads a session's coders' files and frames table; writes nothing. Which code counts is
`mexlab.consensus`' rule; where coders differ and nobody has settled it, [labels] decides.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mexlab.codes import MOMENTS, Act, Code, acts_of, coder_files
from mexlab.consensus import ReviewSettings, differences, final_code
from mexlab.emotions import EMOTIONS
from mexlab.errors import StudyError
from mexlab.kinds import kind_of
from mexlab.session import Session
from mexlab.study_settings import LabelSettings
from mexlab.tables import INTERVALS
from mexlab.timebase import NS_PER_MS, median_rate_hz, place_inside, seconds_to_ns

NEUTRAL = EMOTIONS[0]


@dataclass(frozen=True)
class Coding:
    """What coders made of one interval.

    `code` is the one that counts, if any does; `coders` how many have submitted one; `differs` in
    what they differ (of `mexlab.consensus.DIFFERENCES`) where no final code has settled it.
    """

    code: Code | None = None
    coders: int = 0
    differs: tuple[str, ...] = ()

    @property
    def accepted(self) -> Code | None:
        """The code that counts, if it is of an expression."""
        return self.code if self.code and self.code.codable else None


NOT_CODED = Coding()


@dataclass(frozen=True)
class Limits:
    """Of an interval, and of what is micro: as the study had them when intervals were located."""

    min_s: float = 2.0
    max_s: float = 4.0
    padding_s: float = 0.5
    micro_max_ms: float = 500.0

    @classmethod
    def of(cls, session: Session) -> Self:
        """Those that stand in the metadata of the intervals table."""
        written = json.loads(INTERVALS.metadata(session.intervals_path).get("settings", "{}"))
        names = {field.name for field in fields(cls)} & written.keys()
        return cls(**{name: float(written[name]) for name in names})


def codings(
    session: Session, capture_ns: NDArray[np.int64], labels: LabelSettings, review: ReviewSettings
) -> dict[str, Coding]:
    """interval_id -> what coders made of it; intervals without a submitted code are not there.

    Raises StudyError for a damaged coder's file, and for a frame beyond the recording.
    """
    submitted: dict[str, list[tuple[Code, Sequence[Act]]]] = {}
    for coder, path in coder_files(session.review_path).items():
        for interval_id, acts in acts_of(path).items():
            code = Code.of(coder, acts)
            if code.submitted:
                submitted.setdefault(interval_id, []).append((code, acts))
    return {name: _coding(made, capture_ns, labels, review) for name, made in submitted.items()}


def _coding(
    made: Sequence[tuple[Code, Sequence[Act]]],
    capture_ns: NDArray[np.int64],
    labels: LabelSettings,
    review: ReviewSettings,
) -> Coding:
    codes = [code for code, _ in made]
    for code in codes:
        _check_moments(code, len(capture_ns))
    counted = final_code(codes, capture_ns, review)
    differs = () if counted else differences(codes, capture_ns, review)
    if differs and labels.disagreement == "first" and len(codes) >= review.coders:
        counted, _ = min(made, key=lambda each: _first_submitted_at(*each))
    return Coding(counted, len(codes), differs)


def _first_submitted_at(code: Code, acts: Sequence[Act]) -> str:
    """A later correction does not cost a coder the first place."""
    first = Code.first(code.coder, acts)
    return (first.submitted_at if first else None) or ""


def _check_moments(code: Code, frames: int) -> None:
    """Raise StudyError for moments that no review page or import lets pass."""
    remedy = "restore the coder's file from a copy"
    if code.moments and max(code.moments) >= frames:
        what = f"coder {code.coder} marked frame {max(code.moments)} of {frames}"
        raise StudyError(what, code.interval_id, remedy)
    if list(code.moments) != sorted(code.moments):
        what = f"coder {code.coder}'s onset, apex and offset are out of order"
        raise StudyError(what, code.interval_id, remedy)


def is_neutral(row: Mapping[str, Any], code: Code | None) -> bool:
    """Whether coders found nothing expressed in a scene in which nothing was to be expressed."""
    return code is not None and code.verdict == "reject" and row["target"] == NEUTRAL


def coded_emotion(row: Mapping[str, Any], code: Code | None) -> str | None:
    """The emotion people coded; neutral where they rejected what was found in a neutral scene."""
    if is_neutral(row, code):
        return NEUTRAL
    return code.emotion if code else None


def as_coded(
    row: Mapping[str, Any],
    code: Code | None,
    capture_ns: NDArray[np.int64],
    scene: tuple[int, int],
    limits: Limits,
) -> dict[str, Any]:
    """The interval's row with the coders' moments, shifted or lengthened to hold them.

    A moment that they have not marked stays as located where the order allows. `scene` is
    [start_ns, end_ns); the interval leaves it only where coders marked beyond it.
    """
    if is_neutral(row, code):
        nothing = dict.fromkeys([*(f"{name}_ns" for name in MOMENTS), "duration_ms"])
        return {**row, **nothing, "kind": "none"}
    if code is None or not code.moments:
        return dict(row)
    marked = {name: getattr(code, name) for name in MOMENTS}
    own = {k: None if at is None else int(capture_ns[at]) for k, at in marked.items()}
    mixed = {name: row[f"{name}_ns"] if at is None else at for name, at in own.items()}
    known = [at for at in mixed.values() if at is not None]
    moments = mixed if known == sorted(known) else own
    onset, offset = moments["onset"], moments["offset"]
    duration_ms = None if onset is None or offset is None else (offset - onset) / NS_PER_MS
    frame_ms = 1000 / (median_rate_hz(capture_ns) or np.inf)
    start_ns, end_ns = holding(
        (row["start_ns"], row["end_ns"]),
        [at for at in moments.values() if at is not None],
        moments["apex"],
        scene,
        limits,
    )
    return {
        **row,
        **{f"{name}_ns": at for name, at in moments.items()},
        "start_ns": start_ns,
        "end_ns": end_ns,
        "duration_ms": duration_ms,
        "kind": "uncertain"
        if duration_ms is None
        else kind_of(duration_ms, frame_ms, limits.micro_max_ms),
    }


def holding(
    interval: tuple[int, int],
    moments: Sequence[int],
    apex_ns: int | None,
    scene: tuple[int, int],
    limits: Limits,
) -> tuple[int, int]:
    """[start_ns, end_ns) that holds the moments with padding; moved no further than it must be.

    Lengthened up to the limit; what is longer than that is cut around its apex, or its middle.
    """
    start, end = interval
    first, last = min(moments), max(moments)
    low, high = min(scene[0], first), max(scene[1], last + 1)
    padding, longest = seconds_to_ns(limits.padding_s), seconds_to_ns(limits.max_s)
    need_start, need_end = max(low, first - padding), min(high, last + max(padding, 1))
    length = max(end - start, min(need_end - need_start, longest))
    length = max(length, min(seconds_to_ns(limits.min_s), high - low))
    if need_end - need_start <= length:
        start = min(max(start, need_end - length), need_start)
    else:
        middle = apex_ns if last - first >= length and apex_ns is not None else (first + last) // 2
        start = middle - length // 2
    return place_inside(start, length, low, high)


def apex_pair(code: Code | None, row: Mapping[str, Any]) -> tuple[int, int] | None:
    """The recorded frames of onset and apex, where coders marked both and the clip holds both."""
    if code is None or code.onset is None or code.apex is None or code.onset == code.apex:
        return None
    inside = row["start_ns"] <= row["onset_ns"] and row["apex_ns"] < row["end_ns"]
    return (code.onset, code.apex) if inside else None
