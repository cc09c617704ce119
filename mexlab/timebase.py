"""Time as pure functions on int64 nanoseconds of one session clock.

Intervals are half-open, [start_ns, end_ns). Times of frames rise strictly. Nothing here reads a
clock or a file; what does not match within its tolerance raises TimeError.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mexlab.errors import InputError, TimeError

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000

Nanoseconds = NDArray[np.int64]


def seconds_to_ns(seconds: float) -> int:
    """Nearest nanosecond."""
    return round(seconds * NS_PER_S)


def nearest(times_ns: ArrayLike, targets_ns: ArrayLike) -> NDArray[np.int64]:
    """Index of the time nearest to each target; a tie goes to the earlier one.

    `times_ns` is int64[n], strictly rising, n >= 1; `targets_ns` int64[m] in any order; returns
    int64[m]. Raises TimeError if the times do not rise.
    """
    times = np.asarray(times_ns, dtype=np.int64)
    targets = np.asarray(targets_ns, dtype=np.int64)
    _require_rising(times)
    right = np.searchsorted(times, targets).clip(1, max(len(times) - 1, 1))
    left = right - 1
    right = right.clip(max=len(times) - 1)
    later_is_nearer = np.abs(times[right] - targets) < np.abs(targets - times[left])
    return np.where(later_is_nearer, right, left).astype(np.int64)


def align(times_ns: ArrayLike, targets_ns: ArrayLike, tolerance_ns: int) -> NDArray[np.int64]:
    """As `nearest`, but raise TimeError where a target has no time within `tolerance_ns`."""
    times = np.asarray(times_ns, dtype=np.int64)
    targets = np.asarray(targets_ns, dtype=np.int64)
    index = nearest(times, targets)
    distance = np.abs(times[index] - targets)
    if len(distance) and distance.max() > tolerance_ns:
        worst = int(distance.argmax())
        raise TimeError(
            f"nothing within {tolerance_ns / NS_PER_MS:g} ms of {targets[worst] / NS_PER_S:.3f} s "
            f"(nearest is {distance[worst] / NS_PER_MS:.1f} ms away)",
            f"row {worst}",
            "check that both streams are of one session",
        )
    return index


def shown_frame(
    capture_ns: ArrayLike, stimulus_frame: ArrayLike, shown_ns: ArrayLike, delay_ns: int = 0
) -> NDArray[np.int64]:
    """Which film frame was on the screen when each picture was taken, int64[n]; -1 for none.

    `stimulus_frame` and `shown_ns` int64[m] are the presentation in the order shown, `delay_ns` the
    way from screen to stamp. The last film frame counts for as long as the median one stood.
    """
    when = np.asarray(capture_ns, dtype=np.int64) - delay_ns
    frame, shown = (np.asarray(a, dtype=np.int64) for a in (stimulus_frame, shown_ns))
    if not len(shown):
        return np.full(len(when), -1, dtype=np.int64)
    hold = int(np.median(np.diff(shown))) if len(shown) > 1 else 0
    row = np.searchsorted(shown, when, side="right") - 1
    visible = (row >= 0) & ((row < len(shown) - 1) | (when < shown[-1] + hold))
    return np.where(visible, frame[row.clip(0)], -1)


@dataclass(frozen=True)
class ResamplingPlan:
    """Which recorded frame stands for each tick of an even rate.

    `source_frame` int64[k], `t_ns` int64[k] (true times of those frames), `error_ns` int64[k]
    (true time minus tick). A frame that serves two ticks is counted in `repeated`.
    """

    source_frame: NDArray[np.int64]
    t_ns: Nanoseconds
    error_ns: Nanoseconds

    @property
    def repeated(self) -> int:
        """Ticks served by the same frame as the tick before."""
        return int(np.count_nonzero(np.diff(self.source_frame) == 0))


def resampling_plan(
    capture_ns: ArrayLike, start_ns: int, end_ns: int, rate_hz: float
) -> ResamplingPlan:
    """For k = 0, 1, 2, … the recorded frame nearest to start + k/rate, while that is before end.

    Ties go to the earlier frame. `capture_ns` int64[n] are all frames of the recording, not only
    those inside [start_ns, end_ns).
    """
    capture = np.asarray(capture_ns, dtype=np.int64)
    count = int(np.ceil((end_ns - start_ns) * rate_hz / NS_PER_S))
    ticks = start_ns + np.round(np.arange(count + 1) * NS_PER_S / rate_hz).astype(np.int64)
    ticks = ticks[ticks < end_ns]
    source = nearest(capture, ticks)
    return ResamplingPlan(source, capture[source], capture[source] - ticks)


def native_plan(capture_ns: ArrayLike, start_ns: int, end_ns: int) -> ResamplingPlan:
    """Every recorded frame inside [start_ns, end_ns), with no error."""
    capture = np.asarray(capture_ns, dtype=np.int64)
    source = np.flatnonzero((capture >= start_ns) & (capture < end_ns)).astype(np.int64)
    return ResamplingPlan(source, capture[source], np.zeros(len(source), dtype=np.int64))


def median_rate_hz(times_ns: ArrayLike) -> float:
    """Frames per second from the median step; 0 for fewer than two frames."""
    steps = np.diff(np.asarray(times_ns, dtype=np.int64)).astype(np.float64)
    return NS_PER_S / float(np.median(steps)) if len(steps) else 0.0


def dropped_before(times_ns: ArrayLike) -> NDArray[np.int16]:
    """Frames missing before each frame, judged by the steps around the median step.

    A step of 1.5 medians or more counts as round(step / median) - 1 lost frames. Returns
    int16[n], 0 for the first frame.
    """
    times = np.asarray(times_ns, dtype=np.int64)
    lost = np.zeros(len(times), dtype=np.int16)
    steps = np.diff(times)
    if len(steps):
        ratio = steps / np.median(steps)
        lost[1:] = np.where(ratio >= 1.5, np.round(ratio) - 1, 0).clip(max=np.iinfo(np.int16).max)
    return lost


def overlap_ns(a_start: int, a_end: int, b_start: int, b_end: int) -> int:
    """Length of the common part of two half-open intervals, 0 if they do not meet."""
    return max(0, min(a_end, b_end) - max(a_start, b_start))


def place_inside(start_ns: int, length_ns: int, low_ns: int, high_ns: int) -> tuple[int, int]:
    """An interval of `length_ns` near `start_ns`, shifted to lie inside [low, high).

    It is cut to the whole of [low, high) if that is shorter.
    """
    length = min(length_ns, high_ns - low_ns)
    start = min(max(start_ns, low_ns), high_ns - length)
    return start, start + length


def parse_moment(text: str, where: str) -> int:
    """Nanoseconds of a `mm:ss` or `mm:ss.fff` moment, counted from the start of the scene.

    Raises InputError for anything else, minutes without seconds and seconds of 60 or more included.
    """
    match = re.fullmatch(r"(\d{1,3}):([0-5]\d(?:\.\d{1,3})?)", text.strip())
    if not match:
        raise InputError(f"moment {text!r} is not mm:ss", where, "write it like 01:05")
    return int(match[1]) * 60 * NS_PER_S + seconds_to_ns(float(match[2]))


def _require_rising(times: Nanoseconds) -> None:
    if not len(times):
        raise TimeError("no times to choose from", "empty stream", "check the recording")
    falls = np.flatnonzero(np.diff(times) <= 0)
    if len(falls):
        raise TimeError("times do not rise", f"row {falls[0] + 1}", "check the recording's clock")
