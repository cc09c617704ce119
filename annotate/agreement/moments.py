"""Agreement on when: differences of moments between coders, and how far two stretches overlap.

Times are float64 ms, nan where a coder marked none. `Pairs` are one entry for each interval and
pair of coders who both marked it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from annotate.agreement.resample import Array, Statistic, quantile, summed


@dataclass(frozen=True)
class Pairs:
    """`values` float64 (pairs,) and the interval each is of; `intervals` how many there are."""

    values: Array
    interval: NDArray[np.int64]
    intervals: int

    @property
    def n(self) -> int:
        """Intervals that have a pair."""
        return len(np.unique(self.interval))

    def mean(self) -> Statistic:
        """The mean over pairs; of signed differences it is the bias (Bland & Altman 1986)."""
        totals = np.bincount(self.interval, self.values, self.intervals)
        terms = np.column_stack([totals, np.bincount(self.interval, minlength=self.intervals)])
        return summed(terms, lambda sums: sums[..., 0] / sums[..., 1])

    def quantile_of_size(self, q: float) -> Statistic:
        """The q-quantile of the absolute values."""
        return quantile(np.abs(self.values), self.interval, q)


def differences(times_ms: Array) -> Pairs:
    """First coder's minus second's for each pair of coders; `times_ms` (intervals, coders)."""
    return _paired(times_ms[..., None], lambda a, b: a[:, 0] - b[:, 0])


def overlaps(spans_ms: Array) -> Pairs:
    """Intersection over union of [onset, offset] for each pair, in [0, 1].

    `spans_ms` (intervals, coders, 2). Two moments without length overlap fully where they are one
    and the same, else not at all. A span that ends before it begins counts as missing.
    """
    backward = spans_ms[..., 1] < spans_ms[..., 0]
    return _paired(np.where(backward[..., None], np.nan, spans_ms), overlap)


def overlap(first: Array, second: Array) -> Array:
    """Intersection over union of spans (…, 2) and (…, 2)."""
    common = np.minimum(first[..., 1], second[..., 1]) - np.maximum(first[..., 0], second[..., 0])
    whole = np.maximum(first[..., 1], second[..., 1]) - np.minimum(first[..., 0], second[..., 0])
    share = np.maximum(common, 0) / np.where(whole > 0, whole, 1)
    return np.asarray(np.where(whole > 0, share, 1.0))


def _paired(times: Array, compare: Callable[[Array, Array], Array]) -> Pairs:
    values, intervals = [np.empty(0)], [np.empty(0, dtype=np.int64)]
    for first, second in combinations(range(times.shape[1]), 2):
        both = ~np.isnan(times[:, [first, second]]).any(axis=(1, 2))
        values.append(compare(times[both, first], times[both, second]))
        intervals.append(np.flatnonzero(both))
    return Pairs(np.concatenate(values), np.concatenate(intervals), len(times))
