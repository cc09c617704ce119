"""Finding movements in a signal: matched filters, candidates, onset, apex and offset.

An expression rises and falls roughly like a raised cosine. Each signal is correlated with raised
cosines of several lengths, each minus its own mean, so that slow drift answers nothing; the
answers are measured in the noise of the person's neutral baseline. Arrays are float64 (n,) on an
even grid.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from annotate.signals import MAD_TO_SD, Array, Mask, noise_sd

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

    The noise is never taken lower than the signal's fast noise, since a short baseline holds too
    few independent answers to the long filters.
    """
    fast = noise_sd(signal[baseline])
    rows = []
    for length_s in LENGTHS_S:
        answer = correlate1d(signal, kernel(length_s, step_s), mode="nearest")
        rest = answer[baseline]
        sd = float(np.median(np.abs(rest - np.median(rest)))) * MAD_TO_SD
        rows.append(answer / max(sd, fast, 1e-9))
    return np.stack(rows)


def candidates(
    signals: list[Array], baseline: Mask, usable: Mask, step_s: float, threshold: float
) -> list[Candidate]:
    """Movements with z >= threshold within `usable`, clearest first, apart by their own length.

    `signals` are several views of the same face (one an emotion); the clearest view of a movement
    names it.
    """
    z = np.stack([answers(signal, baseline, step_s) for signal in signals])
    z[:, :, ~usable] = -np.inf
    found: list[Candidate] = []
    while True:
        view, length, at = np.unravel_index(int(np.argmax(z)), z.shape)
        if z[view, length, at] < threshold:
            return found
        reach = max(2, round(LENGTHS_S[length] / step_s))
        edges = trace(signals[view], int(at), LENGTHS_S[length], step_s)
        found.append(Candidate(*edges, z=float(z[view, length, at]), signal=int(view)))
        z[:, :, max(0, at - reach) : at + reach + 1] = -np.inf


def trace(signal: Array, at: int, length_s: float, step_s: float) -> tuple[float, float, float]:
    """Onset, apex and offset around grid position `at`, in grid positions.

    The apex is the top of a parabola through the highest smoothed sample and its neighbours. For
    a raised cosine the half-height point lies midway between onset and apex: so onset = apex - 2
    (apex - rise at half height), and the offset likewise; this needs no threshold in the noise.
    """
    smooth = np.convolve(np.pad(signal, 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid")
    half = max(1, round(length_s / 2 / step_s))
    low, high = max(0, at - half), min(len(smooth), at + half + 1)
    top = low + int(np.argmax(smooth[low:high]))
    around = smooth[max(0, top - 3 * half) : top + 3 * half + 1]
    rest = float(np.percentile(around, 20))
    level = rest + (smooth[top] - rest) / 2
    apex = top + _parabola(smooth, top)
    rise = _crossing(smooth, top, -1, level)
    fall = _crossing(smooth, top, +1, level)
    return max(0.0, 2 * rise - apex), apex, min(len(smooth) - 1.0, 2 * fall - apex)


def _parabola(values: Array, top: int) -> float:
    """Offset of the vertex from sample `top`, in (-0.5, 0.5)."""
    if not 0 < top < len(values) - 1:
        return 0.0
    left, middle, right = values[top - 1 : top + 2]
    bend = left - 2 * middle + right
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def _crossing(values: Array, top: int, direction: int, level: float) -> float:
    """Where the signal first falls to `level` going from `top`, between samples; else the edge."""
    at = top
    while 0 <= at + direction < len(values):
        here, there = values[at], values[at + direction]
        if there <= level:
            return at + direction * float((here - level) / max(here - there, 1e-12))
        at += direction
    return float(at)


def grid_to_ns(positions: float, t_ns: NDArray[np.int64]) -> int:
    """Time of a grid position."""
    return int(t_ns[0]) + round(positions * int(t_ns[1] - t_ns[0]))
