"""The delay from screen to camera, from what the camera saw and what the player says it showed.

    pictures, capture times ──> sighting (which film frame is in which picture) ─┐
    presentation (film frame n on the screen from shown_n to shown_n+1) ─────────┴──> the delay

Pure: arrays in, numbers out; times int64 ns on one clock. A picture captured at c that shows film
frame n says that the delay D is in [c - shown_n+1, c - shown_n): else another frame had been seen.
The D that breaks the bounds by the least sum is the median of all lower and upper bounds taken
together (the sum's slope is the upper bounds below D minus the lower bounds above it); where all
agree it is in the middle of what they leave. Pictures exposed across a change of frames are unclear
and bound nothing, so that D counts to the middle of the exposure; with a rolling shutter, of the
exposure of those rows in which the pattern is seen.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from collector.sighting import number_in_pictures
from mexlab.errors import TimeError
from mexlab.timebase import NS_PER_MS, NS_PER_S, Nanoseconds

SLOPES_MS_PER_MIN = sorted(range(-200, 201, 5), key=abs)  # drifts that are thought of
LEAST_READ = 60  # pictures with a clear number, below which no delay is believed
LEAST_SUPPORT = 0.6  # share of them that must agree with the delay
REMEDY = "bring the screen larger into the picture, dim the lamps, hold the mirror still"


@dataclass(frozen=True)
class Delay:
    """From `shown_ns` to `capture_ns`, and how good the measurement is.

    `support` is the share of the read pictures that agree with it; `within_ms` the half width of
    what they leave open; `jitter_ms` the standard deviation from picture to picture, as far as
    it goes beyond the exposure; `pictures` how many showed the film, `read` how many of those
    gave a clear number.
    """

    delay_ns: int
    jitter_ms: float
    drift_ms_per_min: float
    support: float
    within_ms: float
    read: int
    pictures: int


def estimate_delay(
    pictures: NDArray[np.uint8],
    capture_ns: ArrayLike,
    stimulus_frame: ArrayLike,
    shown_ns: ArrayLike,
    where: str = "camera",
) -> Delay:
    """Measure the delay with no knowledge of where in the picture the screen is.

    `pictures` uint8 (n, height, width), a hundred or two px wide, `capture_ns` int64[n] rising;
    `stimulus_frame` and `shown_ns` int64[m] the presentation of a film of `stimuli.pattern` in the
    order shown. Raises TimeError where the pattern was not seen well enough; `where` is for it.
    """
    capture = np.asarray(capture_ns, dtype=np.int64)
    frame, shown = (np.asarray(a, dtype=np.int64) for a in (stimulus_frame, shown_ns))
    number = number_in_pictures(pictures, capture, frame, shown)
    if number is None:
        raise TimeError("the camera did not see the pattern", where, REMEDY)
    during = (capture >= shown[0]) & (capture <= shown[-1])
    return delay_from_numbers(number, capture, frame, shown, int(during.sum()), where)


def delay_from_numbers(
    number: ArrayLike,
    capture_ns: ArrayLike,
    stimulus_frame: ArrayLike,
    shown_ns: ArrayLike,
    pictures: int | None = None,
    where: str = "camera",
) -> Delay:
    """The delay where the film frame in each picture is known: `number` int64[n], -1 if unclear.

    Raises TimeError where too few are clear, or too few agree.
    """
    capture = np.asarray(capture_ns, dtype=np.int64)
    lower, upper, at = delay_bounds(number, capture, stimulus_frame, shown_ns)
    if len(lower) < LEAST_READ:
        what = f"the frame number was clear in only {len(lower)} pictures"
        raise TimeError(what, where, REMEDY)
    delay = _balance(lower, upper)
    excess = np.maximum(lower - delay, 0) - np.maximum(delay - upper, 0)
    support = float((excess == 0).mean())
    if support < LEAST_SUPPORT:
        what = f"only {support:.0%} of the pictures agree on one delay"
        raise TimeError(what, where, REMEDY)
    step = np.median(upper - lower)
    near = np.abs(excess) <= step  # beyond a whole frame it was misread, not late
    return Delay(
        delay_ns=round(delay),
        jitter_ms=_spread(excess[near], float(step)) / NS_PER_MS,
        drift_ms_per_min=_drift(lower[near], upper[near], at[near]),
        support=support,
        within_ms=_open_width(lower, upper, int((excess != 0).sum())) / 2 / NS_PER_MS,
        read=len(lower),
        pictures=len(capture) if pictures is None else pictures,
    )


def delay_bounds(
    number: ArrayLike, capture_ns: ArrayLike, stimulus_frame: ArrayLike, shown_ns: ArrayLike
) -> tuple[Nanoseconds, Nanoseconds, Nanoseconds]:
    """Lower and upper bound of the delay and capture time of each picture with a clear number.

    The presentation's last frame has no end and bounds nothing, nor does a frame never shown.
    """
    seen, capture = (np.asarray(a, dtype=np.int64) for a in (number, capture_ns))
    frame, shown = (np.asarray(a, dtype=np.int64) for a in (stimulus_frame, shown_ns))
    order = np.argsort(frame, kind="stable")
    place = np.searchsorted(frame, seen, sorter=order).clip(max=len(frame) - 1)
    row = order[place]
    known = (seen >= 0) & (frame[row] == seen) & (row < len(frame) - 1)
    row, capture = row[known], capture[known]
    return capture - shown[row + 1], capture - shown[row], capture


def _balance(lower: Nanoseconds, upper: Nanoseconds) -> float:
    """The delay that breaks the bounds by the least sum, ns.

    Not the two middle bounds alone, which a single picture can move, but a tenth of them.
    """
    bounds = np.sort(np.concatenate([lower, upper]))
    near = max(len(lower) // 10, 1)
    return float(bounds[len(lower) - near : len(lower) + near].mean())


def _open_width(lower: Nanoseconds, upper: Nanoseconds, broken: int) -> float:
    """Between the bounds on either side of the balance, twice its sampling error apart, ns."""
    bounds = np.sort(np.concatenate([lower, upper]))
    slack = int(np.ceil(np.sqrt(broken)))
    low, high = max(len(lower) - 1 - slack, 0), min(len(lower) + slack, len(bounds) - 1)
    return float(bounds[high] - bounds[low])


def _spread(excess: NDArray[np.float64], step_ns: float) -> float:
    """Standard deviation of the delay, ns, from how far it leaves the bounds.

    With phases spread evenly over a step, a delay that is off by x leaves its bounds by u < |x|
    with density 1/step, so that the mean excess is E[x^2] / (2 step).
    """
    return float(np.sqrt(2 * step_ns * np.abs(excess).mean())) if len(excess) else 0.0


def _drift(lower: Nanoseconds, upper: Nanoseconds, at: Nanoseconds) -> float:
    """The steady change of the delay that breaks the bounds least, ms per minute; of several that
    do equally well the smallest, so that what may be no drift at all is none."""
    minutes = (at - at.mean()) / (60 * NS_PER_S)
    excesses = []
    for slope in SLOPES_MS_PER_MIN:
        change = (slope * NS_PER_MS * minutes).round().astype(np.int64)
        low, high = lower - change, upper - change
        delay = _balance(low, high)
        excesses.append(np.maximum(low - delay, 0).sum() + np.maximum(delay - high, 0).sum())
    return float(SLOPES_MS_PER_MIN[int(np.argmin(excesses))])
