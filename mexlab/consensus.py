"""When coders agree about an interval, and which code counts for it.

Pure functions on codes (`mexlab.codes`) and the capture times of the recording's frames; more than
one stage reads them, hence here. Settings are [review] of study.toml.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import median_low

import numpy as np
from numpy.typing import ArrayLike

from mexlab.codes import INTENSITIES, Code
from mexlab.emotions import AUS
from mexlab.errors import StudyError
from mexlab.timebase import NS_PER_MS

DIFFERENCES = ("verdict", "emotion", "apex", "aus")


@dataclass(frozen=True)
class ReviewSettings:
    """[review] of study.toml."""

    suggestion: str = field(default="never", metadata={"choices": ("never", "half", "always")})
    curves: bool = True
    ranks: int = field(default=1, metadata={"low": 1, "high": 50})
    window_s: float = field(default=4.0, metadata={"low": 0.5})
    padding_s: float = field(default=3.0, metadata={"low": 0.0})
    coders: int = field(default=2, metadata={"low": 1})
    adjudicators: tuple[str, ...] = ()
    apex_ms: float = field(default=100.0, metadata={"low": 0.0})
    au_index: float = field(default=0.5, metadata={"low": 0.0, "high": 1.0})
    min_face_fraction: float = field(default=0.95, metadata={"low": 0.0, "high": 1.0})
    min_score: float = field(default=0.5, metadata={"low": 0.0, "high": 1.0})
    max_dropped: int = field(default=1, metadata={"low": 0})
    max_turn_deg: float = field(default=15.0, metadata={"low": 0.0})
    drift_block: int = field(default=20, metadata={"low": 1})


@dataclass(frozen=True)
class Likeness:
    """Two codes of one interval, side by side; the order does not matter.

    `verdict`: both code an expression, both reject, or both call it uncodable. The others are None
    where one of them has nothing to compare: `apex_ms` is the distance, `aus` the FACS index.
    """

    verdict: bool
    emotion: bool | None
    apex_ms: float | None
    aus: float | None

    def differences(self, settings: ReviewSettings) -> tuple[str, ...]:
        """In what the two differ by more than the settings allow, of DIFFERENCES."""
        differs = (
            not self.verdict,
            self.emotion is False,
            self.apex_ms is not None and self.apex_ms > settings.apex_ms,
            self.aus is not None and self.aus < settings.au_index,
        )
        return tuple(name for name, yes in zip(DIFFERENCES, differs, strict=True) if yes)


def likeness(first: Code, second: Code, times_ns: ArrayLike) -> Likeness:
    """Compare two codes; `times_ns` int64[frames] are the recording's capture times.

    Raises StudyError where a frame number is beyond the recording.
    """
    both = first.codable and second.codable
    emotions = (first.emotion, second.emotion)
    apexes = (first.apex, second.apex)
    return Likeness(
        _judgement(first) == _judgement(second),
        emotions[0] == emotions[1] if both and None not in emotions else None,
        abs(apex_ms(first, times_ns) - apex_ms(second, times_ns)) if None not in apexes else None,
        au_index(first, second) if both else None,
    )


def apex_ms(code: Code, times_ns: ArrayLike) -> float:
    """When a marked apex was, in ms of the session's clock.

    Raises StudyError where the frame number is beyond the recording.
    """
    times, apex = np.asarray(times_ns), int(code.apex or 0)
    if apex >= len(times):
        what = f"coder {code.coder} marked frame {apex} of {len(times)}"
        raise StudyError(what, code.interval_id, "restore the coder's file from a copy")
    return float(times[apex]) / NS_PER_MS


def au_index(first: Code, second: Code) -> float | None:
    """FACS agreement index, 2 x agreed / all AUs scored by either; None where neither has any.

    Ekman, Friesen & Hager (2002), FACS Investigator's Guide. Intensities do not enter.
    """
    scored = len(first.aus) + len(second.aus)
    return 2 * len(first.aus.keys() & second.aus.keys()) / scored if scored else None


def differences(
    codes: Sequence[Code], times_ns: ArrayLike, settings: ReviewSettings
) -> tuple[str, ...]:
    """In what any two of the codes differ, of DIFFERENCES; empty where all agree."""
    found = {
        name
        for first, second in combinations(codes, 2)
        for name in likeness(first, second, times_ns).differences(settings)
    }
    return tuple(name for name in DIFFERENCES if name in found)


def final_code(codes: Sequence[Code], times_ns: ArrayLike, settings: ReviewSettings) -> Code | None:
    """The code that counts for an interval, of the codes that all its coders made of it.

    The adjudicator's, the last submitted one if there are several; else, where `settings.coders`
    or more have submitted and no two differ, what they agree on; else None.
    """
    final = [code for code in codes if code.final]
    if final:
        return max(final, key=lambda code: code.submitted_at or "")
    submitted = [code for code in codes if code.submitted]
    if len(submitted) < settings.coders or differences(submitted, times_ns, settings):
        return None
    return _agreed(sorted(submitted, key=lambda code: code.coder))


def _agreed(codes: Sequence[Code]) -> Code:
    """Codes without a difference as one, `submitted` "agreed".

    Moments are the median frame (the earlier of two), AUs those that more than half scored.
    """
    first = codes[0]
    verdicts = {code.verdict for code in codes}
    aus = {au: [code.aus[au] for code in codes if au in code.aus] for au in AUS}
    return Code(
        first.interval_id,
        "+".join(code.coder for code in codes),
        verdict=first.verdict if len(verdicts) == 1 else None,
        onset=_median(code.onset for code in codes),
        apex=_median(code.apex for code in codes),
        offset=_median(code.offset for code in codes),
        emotion=first.emotion,
        aus={
            au: INTENSITIES[median_low(INTENSITIES.index(value) for value in values)]
            for au, values in aus.items()
            if 2 * len(values) > len(codes)
        },
        confidence=_median(code.confidence for code in codes),
        submitted="agreed",
        submitted_at=max(code.submitted_at or "" for code in codes),
        unblinded=any(code.unblinded for code in codes),
        suggested=any(code.suggested for code in codes),
        revealed=True,
    )


def _median(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return median_low(known) if known else None


def _judgement(code: Code) -> str | None:
    return None if code.codable else code.verdict
