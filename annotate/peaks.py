"""When a movement begins, is largest and ends: a course and a place in it in, three times out.

Courses are float64 (n,) on an even grid; places are grid positions and may fall between samples.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from annotate.signals import Array

TOP_PART = 0.1  # of the width at half height: over this much a top is smoothed
LONGEST_REST_S = 6.0  # how far before and after a movement its rest is looked for


def trace(
    signal: Array, at: int, length_s: float, step_s: float, rest: float | None = None
) -> tuple[float, float, float]:
    """Onset, apex and offset of the movement at grid position `at`, in grid positions.

    The apex is the highest sample of the smoothed signal nearby, refined by a parabola. Onset and
    offset follow from where the flanks pass parts of the height, so no threshold in the noise is
    needed. The height is that above `rest`, or above the level from which the signal rose.
    """
    smooth = np.convolve(np.pad(signal, 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid")
    half = max(1, round(length_s / 2 / step_s))
    top = _highest(smooth, at - half, at + half)
    longest = round(LONGEST_REST_S / step_s)
    rests = [_rest(smooth, top, side, half, longest) if rest is None else rest for side in (-1, +1)]
    edges = [
        _crossing(smooth, top, side, foot, 0.5) for side, foot in zip((-1, 1), rests, strict=True)
    ]
    top = _highest(smooth, round(edges[0]), round(edges[1]))
    apex = _apex(smooth, round(edges[0]), round(edges[1]))
    onset = min(apex, top - _flank(smooth, top, -1, rests[0]))
    offset = max(apex, top + _flank(smooth, top, +1, rests[1]))
    return max(0.0, onset), apex, min(len(smooth) - 1.0, offset)


def _apex(values: Array, low: int, high: int) -> float:
    """The highest place between two half heights, of the signal smoothed over a part of their
    distance: a held expression has a wide flat top, and noise would pick a place on it."""
    wide = gaussian_filter1d(values, max(TOP_PART * (high - low), 1e-3), mode="nearest")
    top = _highest(wide, low, high)
    return top + _parabola(wide, top)


def _flank(values: Array, top: int, side: int, rest: float) -> float:
    """From the top to the foot of one flank, in samples.

    A raised cosine passes 3/4, 1/2 and 1/4 of its height at 1/3, 1/2 and 2/3 of its flank: the
    foot lies 1.5 times the way between the outer two beyond the middle one. On a held expression
    that keeps the plateau out of the flank; on a single hump it can add no more than the way from
    the top to half height.
    """
    upper, middle, lower = (
        abs(_crossing(values, top, side, rest, part) - top) for part in (0.75, 0.5, 0.25)
    )
    return middle + min(middle, 1.5 * (lower - upper))


def _highest(values: Array, low: int, high: int) -> int:
    low, high = max(0, low), min(len(values) - 1, high)
    return low + int(np.argmax(values[low : high + 1]))


def _rest(values: Array, top: int, side: int, half: int, longest: int) -> float:
    """The level on one side of the top from which it rose.

    The 20th percentile of a window that grows until it lies below half of the top's height above
    the person's baseline (0), or is as long as a movement may be: a held expression is measured
    against the face before it, a short one against the drift it rides on.
    """
    reach = 3 * half
    while True:
        window = values[max(0, top - reach) : top + 1] if side < 0 else values[top:][: reach + 1]
        rest = float(np.percentile(window, 20))
        if rest < values[top] / 2 or reach >= longest:
            return min(rest, float(values[top]))
        reach = min(2 * reach, longest)


def _parabola(values: Array, top: int) -> float:
    """Offset of the vertex from sample `top`, in (-0.5, 0.5)."""
    if not 0 < top < len(values) - 1:
        return 0.0
    left, middle, right = values[top - 1 : top + 2]
    bend = left - 2 * middle + right
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def _crossing(values: Array, top: int, side: int, rest: float, part: float) -> float:
    """Where the signal, going from `top`, first falls to this part of its height above the rest.

    Between samples by a straight line; the edge where it never does.
    """
    level = rest + part * (float(values[top]) - rest)
    at = top
    while 0 <= at + side < len(values):
        here, there = values[at], values[at + side]
        if there <= level:
            return at + side * float((here - level) / max(here - there, 1e-12))
        at += side
    return float(at)


def grid_to_ns(positions: float, t_ns: NDArray[np.int64]) -> int:
    """Time of a grid position."""
    return int(t_ns[0]) + round(positions * int(t_ns[1] - t_ns[0]))
