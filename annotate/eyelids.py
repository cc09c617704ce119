"""How open the eyes are, and what is a blink. Landmarks are the 68 points, px."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, median_filter

from annotate.interval_settings import IntervalSettings
from mexlab.vision.crop import interocular_px

Array = NDArray[np.float64]

LIDS_DOWN = [40, 41, 46, 47]
LIDS_UP = [37, 38, 43, 44]
MAD_TO_SD = 1.4826  # of a normal distribution


def aperture_iod(landmarks: "NDArray[np.floating]") -> Array:
    """Mean height of the eyes' openings over the inter-ocular distance; (..., 68, 2) -> (...)."""
    points = np.asarray(landmarks, dtype=np.float64)
    height = points[..., LIDS_DOWN, 1].mean(axis=-1) - points[..., LIDS_UP, 1].mean(axis=-1)
    return np.asarray(height / interocular_px(points))


def noise_sd(values: Array) -> float:
    """Robust standard deviation of the fast part of a signal, from its second differences.

    Slow drift and rare events do not enter; 6 is the sum of squares of (1, -2, 1).
    """
    jumps = np.diff(values, n=2)
    return float(np.median(np.abs(jumps)) * MAD_TO_SD / np.sqrt(6)) if len(jumps) else 0.0


def blinks(aperture: Array, step_s: float, settings: IntervalSettings) -> NDArray[np.bool_]:
    """Samples in a blink, of an even signal without gaps.

    The lids are more than `blink_z` of the person's own noise below their running median and closed
    by more than `blink_closed`; widened by 100 ms for the lids' way down and up.
    """
    window = max(3, round(1.0 / step_s))
    open_lids = median_filter(aperture, size=window, mode="nearest")
    drop = open_lids - aperture
    low = settings.blink_z * max(noise_sd(aperture), 1e-6)
    closed = (drop > low) & (drop > settings.blink_closed * open_lids)
    return np.asarray(maximum_filter1d(closed, 2 * round(0.1 / step_s) + 1), dtype=bool)


def is_blink(way: Mapping[str, float], share: float) -> bool:
    """Whether a movement is the lids going down and little else: one that landmarks did not show.

    `way` says how far each region went (REGION_u, REGION_v), in any one unit; in a blink the eyes
    have more than `share` of the sum of squares.
    """
    total = sum(value**2 for value in way.values())
    lids = sum(value**2 for name, value in way.items() if name.startswith("eye"))
    down = way["eye_left_v"] > 0 and way["eye_right_v"] > 0
    return down and lids > share * total
