"""From an AU table to even, comparable signals: the ground on which peaks are sought.

Reads columns of the aus table; gives float64 arrays on an even grid of the recording's median
frame step. A channel is one AU as the analyzer scored it, or as the landmarks moved
(`annotate.geometry`); each is measured from the person's own neutral baseline in units of the
person's own noise.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, median_filter

from annotate.emfacs import PROTOTYPES
from annotate.geometry import measures
from mexlab.emotions import AUS
from mexlab.tables import matrix
from mexlab.timebase import NS_PER_S

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

MAD_TO_SD = 1.4826  # of a normal distribution
# Least noise a channel is credited with: a score stuck at 0 is not infinitely sure of itself.
SCORE_FLOOR = 0.005
GEOMETRY_FLOOR_IOD = 0.002
LONGEST_BRIDGE_S = 0.2  # a face lost for longer leaves a hole
BLINK_SPARED = ("AU12", "AU14", "AU15", "AU17", "AU20", "AU24", "AU25", "AU26", "AU28")


@dataclass(frozen=True)
class Channel:
    """One AU's course: `z` float64 (n,), baseline 0, the person's noise 1."""

    au: str
    source: str  # "score" or "geometry"
    z: Array


@dataclass(frozen=True)
class Signals:
    """Even signals of one recording; `t_ns` int64 (n,), masks bool (n,).

    `intensity` is the paper's measure, the sum of the AU scores, above the baseline.
    """

    t_ns: NDArray[np.int64]
    channels: tuple[Channel, ...]
    intensity: Array
    valid: Mask  # a face is near in time
    blink: Mask
    baseline: Mask

    @property
    def step_s(self) -> float:
        return float(self.t_ns[1] - self.t_ns[0]) / NS_PER_S

    def emotion(self, name: str) -> Array:
        """float64 (n,): the prototype's channels summed, over the square root of their number."""
        members = [c.z for c in self.channels if c.au in PROTOTYPES[name]]
        return np.asarray(np.sum(members, axis=0) / np.sqrt(len(members)))


def signals_of(aus: pa.Table, neutral: list[tuple[int, int]]) -> Signals | None:
    """Signals of a recording, or None where it has fewer than two frames with a face.

    `neutral` are half-open ns intervals whose frames give the baseline; with none, the calm half
    of the recording does: the frames nearest to the median face.
    """
    face = aus["face"].to_numpy(zero_copy_only=False)
    if np.count_nonzero(face) < 2:
        return None
    frames_ns = aus["t_ns"].to_numpy()
    seen_ns = frames_ns[face]
    step = max(int(np.median(np.diff(frames_ns))), 1)
    grid = np.arange(frames_ns[0], frames_ns[-1] + 1, step, dtype=np.int64)
    valid = _near(grid, seen_ns, LONGEST_BRIDGE_S / 2)
    landmarks = matrix(aus["landmarks"].filter(pa.array(face)))
    shapes = measures(landmarks.reshape(-1, 68, 2).astype(np.float64))
    scores = {
        au: aus[au].filter(pa.array(face)).to_numpy().astype(np.float64)
        for au in AUS
        if aus[au].null_count < len(aus)
    }
    blink = _blinks(grid, seen_ns, shapes["AU05"])
    courses = [(au, "score", scores[au], SCORE_FLOOR) for au in scores if au != "AU43"]
    courses += [(au, "geometry", shapes[au], GEOMETRY_FLOOR_IOD) for au in shapes]
    even = {
        (au, source): _bridged(np.interp(grid, seen_ns, values), blink, au, source)
        for au, source, values, _ in courses
    }
    calm = valid & ~blink
    baseline = calm & _inside(grid, neutral)
    if np.count_nonzero(baseline) < 2:
        baseline = _calm_half(np.stack(list(even.values())), calm)
    channels = tuple(
        Channel(au, source, _standard(even[au, source], baseline, floor))
        for au, source, _, floor in courses
    )
    total = np.sum([even[au, "score"] for au in scores if au != "AU43"], axis=0)
    intensity = total - np.median(total[baseline])
    return Signals(grid, channels, intensity, valid, blink, baseline)


def noise_sd(values: Array) -> float:
    """Robust standard deviation of the fast part of a signal, from its second differences.

    Slow drift and rare events do not enter; 6 is the sum of squares of (1, -2, 1).
    """
    jumps = np.diff(values, n=2)
    return float(np.median(np.abs(jumps)) * MAD_TO_SD / np.sqrt(6)) if len(jumps) else 0.0


def _standard(values: Array, baseline: Mask, floor: float) -> Array:
    sd = max(noise_sd(values[baseline]), floor)
    return (values - np.median(values[baseline])) / sd


def _near(grid: NDArray[np.int64], seen_ns: NDArray[np.int64], within_s: float) -> Mask:
    right = np.searchsorted(seen_ns, grid).clip(1, len(seen_ns) - 1)
    distance = np.minimum(np.abs(grid - seen_ns[right - 1]), np.abs(grid - seen_ns[right]))
    return np.asarray(distance <= within_s * NS_PER_S)


def _inside(grid: NDArray[np.int64], intervals: list[tuple[int, int]]) -> Mask:
    inside = np.zeros(len(grid), dtype=bool)
    for start_ns, end_ns in intervals:
        inside |= (grid >= start_ns) & (grid < end_ns)
    return inside


def _calm_half(courses: Array, usable: Mask) -> Mask:
    """The half of the usable samples nearest to the median face; courses (channels, n)."""
    spread = np.maximum(np.median(np.abs(np.diff(courses, axis=1)), axis=1), 1e-6)
    middle = np.median(courses[:, usable], axis=1)
    distance = (np.abs(courses - middle[:, None]) / spread[:, None]).mean(axis=0)
    return np.asarray(usable & (distance <= np.median(distance[usable])), dtype=bool)


def _blinks(grid: NDArray[np.int64], seen_ns: NDArray[np.int64], lids: Array) -> Mask:
    """Samples in a blink: lids beyond 6 of the person's own noise below their running median and
    more than a third closed, widened by 100 ms for the lids' way down and up."""
    aperture = np.interp(grid, seen_ns, lids)
    step_s = float(grid[1] - grid[0]) / NS_PER_S if len(grid) > 1 else 1.0
    open_lids = _running_median(aperture, max(3, round(1.0 / step_s)))
    drop = open_lids - aperture
    closed = (drop > 6 * max(noise_sd(aperture), 1e-6)) & (drop > open_lids / 3)
    reach = round(0.1 / step_s)
    return np.asarray(maximum_filter1d(closed, 2 * reach + 1), dtype=bool)


def _running_median(values: Array, width: int) -> Array:
    return np.asarray(median_filter(values, size=width, mode="nearest"))


def _bridged(values: Array, blink: Mask, au: str, source: str) -> Array:
    """Blinks bridged by a straight line in the channels that lids move.

    Those are all of geometry, since closing lids drag the eye corners on which the face is laid;
    of the scores, the mouth keeps its own.
    """
    if (source == "score" and au in BLINK_SPARED) or blink.all():
        return values
    where = np.arange(len(values))
    return np.interp(where, where[~blink], values[~blink])
