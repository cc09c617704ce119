"""Finding movements in a signal: matched filters, candidates, onset, apex and offset.

An expression rises and falls roughly like a raised cosine. Each signal is correlated with raised
cosines of several lengths, each minus its own mean, so that slow drift answers nothing; the
answers are measured in the noise of the person's neutral baseline. Arrays are float64 (n,) on an
even grid.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d, median_filter

from annotate.signals import MAD_TO_SD, Array, Mask, noise_sd

LONGEST_REST_S = 6.0  # how far before and after a movement its rest is looked for
MEDIAN_S = 4.0  # of the running median under which a signal is a dip
LENGTHS_S = (0.2, 0.3, 0.45, 0.7, 1.0, 1.5, 2.2)  # onset to offset of the movements sought


@dataclass(frozen=True)
class Candidate:
    """A movement: grid positions (they may fall between samples) and how clear it is.

    `z` is the filter's answer in standard deviations of the neutral baseline's answers.
    """

    onset: float
    apex: float
    offset: float
    z: float
    signal: int  # which of the signals answered most


def kernel(length_s: float, step_s: float) -> Array:
    """A raised cosine of this length amid as much rest, zero mean, unit energy; odd length."""
    half = max(1, round(length_s / step_s))
    t = np.arange(-half, half + 1) * step_s
    hump = np.where(np.abs(t) < length_s / 2, 0.5 + 0.5 * np.cos(2 * np.pi * t / length_s), 0.0)
    hump -= hump.mean()
    return np.asarray(hump / np.linalg.norm(hump))


def answers(signal: Array, baseline: Mask, step_s: float) -> Array:
    """(lengths, n): the answers to each length in standard deviations of the baseline's answers.

    The answers are of the signal without its dips, the noise is that of the signal as it is. It is
    never taken lower than the signal's fast noise, since a short baseline holds too few
    independent answers to the long filters.
    """
    fast = noise_sd(signal[baseline])
    humps = without_dips(signal, step_s)
    rows = []
    for length_s in LENGTHS_S:
        template = kernel(length_s, step_s)
        rest = correlate1d(signal, template, mode="nearest")[baseline]
        sd = float(np.median(np.abs(rest - np.median(rest)))) * MAD_TO_SD
        rows.append(correlate1d(humps, template, mode="nearest") / max(sd, fast, 1e-9))
    return np.stack(rows)


def without_dips(signal: Array, step_s: float) -> Array:
    """The signal with everything below its running median lifted to it.

    A filter of zero mean answers beside a dip as it does on a hump, and one emotion's rise is
    another's dip (AU15 pulls down the corners that AU12 pulls up).
    """
    window = max(3, round(MEDIAN_S / step_s))
    return np.maximum(signal, median_filter(signal, size=window, mode="nearest"))


def candidates(
    signals: list[Array], baseline: Mask, usable: Mask, step_s: float, threshold: float
) -> list[Candidate]:
    """Movements with z >= threshold within `usable`, clearest first, apart by their own length.

    Apexes lie within `usable`; an onset or offset may lie before or after it.

    `signals` are several views of the same face (one an emotion); the clearest view of a movement
    names it.
    """
    z = np.stack([answers(signal, baseline, step_s) for signal in signals])
    z[:, :, ~usable] = -np.inf
    inside = np.flatnonzero(usable)
    found: list[Candidate] = []
    while True:
        view, length, at = np.unravel_index(int(np.argmax(z)), z.shape)
        if not z[view, length, at] >= threshold:
            return found
        reach = max(2, round(LENGTHS_S[length] / step_s))
        onset, apex, offset = trace(
            signals[view], int(at), LENGTHS_S[length], step_s, int(inside[0]), int(inside[-1])
        )
        if not _rises_outside(signals[view], round(apex), int(inside[0]), int(inside[-1])):
            found.append(Candidate(onset, apex, offset, float(z[view, length, at]), int(view)))
        first = min(int(at) - reach, int(onset))
        last = max(int(at) + reach, int(np.ceil(offset)))
        z[:, :, max(0, first) : last + 1] = -np.inf


def _rises_outside(signal: Array, top: int, first: int, last: int) -> bool:
    """Whether the top stands at an edge beyond which the signal goes on rising.

    It is then the flank of a movement that belongs to the neighbouring scene.
    """
    before, after = signal[max(0, first - 3) : first], signal[last + 1 : last + 4]
    return bool(
        (top <= first and len(before) and before.mean() > signal[top])
        or (top >= last and len(after) and after.mean() > signal[top])
    )


def trace(
    signal: Array, at: int, length_s: float, step_s: float, low: int, high: int
) -> tuple[float, float, float]:
    """Onset, apex and offset of the movement at grid position `at`, in grid positions.

    The apex is the highest sample of the smoothed signal between `low` and `high` (inclusive),
    refined by a parabola. Onset and offset follow from where the flanks pass parts of the height,
    so no threshold in the noise is needed.
    """
    smooth = np.convolve(np.pad(signal, 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid")
    half = max(1, round(length_s / 2 / step_s))
    top = _highest(smooth, max(low, at - half), min(high, at + half))
    longest = round(LONGEST_REST_S / step_s)
    rests = [_rest(smooth, top, side, half, longest) for side in (-1, +1)]
    edges = [
        _crossing(smooth, top, side, rest, 0.5) for side, rest in zip((-1, 1), rests, strict=True)
    ]
    top = _highest(smooth, max(low, round(edges[0])), min(high, round(edges[1])))
    apex = top + _parabola(smooth, top)
    onset = apex - _flank(smooth, top, -1, rests[0])
    offset = apex + _flank(smooth, top, +1, rests[1])
    return max(0.0, onset), apex, min(len(smooth) - 1.0, offset)


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
