"""What showing the suggestion does to coders: where it was shown against where it was not.

Reads only. Counts codes as first submitted, and none that was made after asking for more. The
suggestion is shown at random ([review] suggestion = "half"), so a difference is its doing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from statistics import median

from annotate.coding import reading
from annotate.coding.items import Suggestion, items_of, suggestion_of
from mexlab.codes import Code
from mexlab.consensus import ReviewSettings, apex_ms
from mexlab.study import Study
from mexlab.timebase import NS_PER_MS

Z95 = 1.959964  # of the standard normal: 95 % lie within


@dataclass(frozen=True)
class Half:
    """Codes of intervals that suggest an apex. Shares are None where there is nothing to count.

    `codable` of the `codes`; of the codable ones, `near` have their apex within [review] apex_ms of
    the suggested one, `rejected` is the share of the others, `apex` and `emotion` the shares that
    meet the suggestion, `apex_ms` the median distance.
    """

    codes: int
    codable: int
    near: int
    rejected: float | None
    apex: float | None
    emotion: float | None
    apex_ms: float | None


@dataclass(frozen=True)
class Influence:
    """`difference`: share of apexes near the suggestion, shown minus hidden; `low` and `high` are
    its 95 % bounds, as if codes were independent. None where a half has no codable code."""

    shown: Half
    hidden: Half
    difference: float | None
    low: float | None
    high: float | None


def influence(study: Study, coder: str | None = None) -> Influence:
    """Of all coders, or of one."""
    settings = study.section("review", ReviewSettings)
    halves: dict[bool, list[tuple[Code, Suggestion, float | None]]] = {True: [], False: []}
    for item in items_of(study, settings)[0]:
        if item.row["apex_ns"] is None:
            continue
        suggestion = suggestion_of(item)
        times, suggested_ms = reading.capture_times(item.session), item.row["apex_ns"] / NS_PER_MS
        for code in reading.first_codes_about(item.session, item.interval_id):
            if coder in (None, code.coder) and not code.unblinded:
                apart = abs(apex_ms(code, times) - suggested_ms) if code.codable else None
                halves[code.suggested].append((code, suggestion, apart))
    shown, hidden = (_half(halves[seen], settings) for seen in (True, False))
    return Influence(shown, hidden, *_difference(shown, hidden))


def _half(codes: Sequence[tuple[Code, Suggestion, float | None]], settings: ReviewSettings) -> Half:
    apart = [ms for _, _, ms in codes if ms is not None]
    near = sum(ms <= settings.apex_ms for ms in apart)
    same = sum(code.emotion == s.expressed for code, s, ms in codes if ms is not None)
    n = len(apart)
    return Half(
        len(codes),
        n,
        near,
        1 - n / len(codes) if codes else None,
        near / n if n else None,
        same / n if n else None,
        median(apart) if apart else None,
    )


def _difference(shown: Half, hidden: Half) -> tuple[float, float, float] | tuple[None, None, None]:
    """Difference of two shares with its bounds: Newcombe (1998), Stat. Med. 17, method 10."""
    if shown.apex is None or hidden.apex is None:
        return None, None, None
    difference = shown.apex - hidden.apex
    low1, high1 = _wilson(shown.near, shown.codable)
    low2, high2 = _wilson(hidden.near, hidden.codable)
    below = hypot(shown.apex - low1, high2 - hidden.apex)
    above = hypot(high1 - shown.apex, hidden.apex - low2)
    return difference, difference - below, difference + above


def _wilson(hits: int, n: int) -> tuple[float, float]:
    """95 % bounds of a share: Wilson (1927)."""
    share, z2 = hits / n, Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = Z95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return middle - reach, middle + reach
