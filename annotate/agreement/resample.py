"""Figures over many resamples at once: the bootstrap behind every confidence interval.

A statistic takes weights, float64 (resamples, intervals), how often each coded interval stands in
each resample, and gives float64 (resamples,), nan where it is undefined. So the figure itself is
the statistic of weights 1, and its interval the 2.5 and 97.5 percentiles of the same statistic
(percentile bootstrap, Efron & Tibshirani 1993, chapter 13).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Statistic = Callable[[Array], Array]

MIN_PARTICIPANTS = 5  # fewer are too few to draw from
MIN_DEFINED = 0.9  # of the resamples: an interval of few lucky ones would say too little
LEVEL = 0.95


@dataclass(frozen=True)
class Resamples:
    """`weights` float64 (resamples, intervals); `of`: what was drawn, with replacement."""

    weights: Array
    of: str


def draw(participants: ArrayLike, count: int, seed: int) -> Resamples:
    """`count` resamples of participants, each bringing all of its intervals.

    `participants` (intervals,) says whose face each interval shows. Intervals of one face are
    alike, so participants are drawn; where they are fewer than MIN_PARTICIPANTS, single intervals.
    """
    members = np.unique(np.asarray(participants), return_inverse=True)[1]
    if members.size and members.max() + 1 < MIN_PARTICIPANTS:
        members, of = np.arange(len(members)), "intervals"
    else:
        of = "participants"
    clusters = int(members.max()) + 1 if members.size else 1
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(clusters, np.full(clusters, 1 / clusters), size=count)
    return Resamples(np.ascontiguousarray(drawn[:, members], dtype=np.float64), of)


def summed(contributions: NDArray[np.generic], finish: Callable[[Array], Array]) -> Statistic:
    """The statistic of a sum over intervals.

    `contributions` (intervals, …) is what each interval adds; `finish` takes the sums, float64
    (resamples, …), and gives (resamples,).
    """
    shape = contributions.shape[1:]
    flat = contributions.reshape(len(contributions), prod(shape)).astype(np.float64)

    def statistic(weights: Array) -> Array:
        sums = (weights @ flat).reshape(len(weights), *shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            return finish(sums)

    return statistic


def quantile(values: Array, interval: NDArray[np.int64], q: float) -> Statistic:
    """The q-quantile of float64 (items,), each item belonging to one of the intervals.

    Between two values it is interpolated linearly, as numpy does.
    """
    order = np.argsort(values, kind="stable")
    values, interval = values[order], interval[order]

    def statistic(weights: Array) -> Array:
        if not len(values):
            return np.full(len(weights), np.nan)
        upto = np.cumsum(weights[:, interval], axis=1)
        place = q * (upto[:, -1] - 1)
        low, high = np.floor(place), np.ceil(place)
        at_low = values[(upto > low[:, None]).argmax(axis=1)]
        at_high = values[(upto > high[:, None]).argmax(axis=1)]
        between = at_low + (place - low) * (at_high - at_low)
        return np.where(upto[:, -1] > 0, between, np.nan)

    return statistic


def value(statistic: Statistic, intervals: int) -> float | None:
    """The figure itself; None where it is undefined."""
    found = float(statistic(np.ones((1, intervals)))[0])
    return found if np.isfinite(found) else None


def bounds(statistic: Statistic, resamples: Resamples) -> tuple[float, float] | None:
    """The bootstrap interval; None where the statistic is undefined in too many resamples."""
    found = statistic(resamples.weights)
    defined = found[np.isfinite(found)]
    if not len(defined) or len(defined) < MIN_DEFINED * len(found):
        return None
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)
