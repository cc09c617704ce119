"""From the AU and motion tables to even, comparable signals: the ground on which peaks are sought.

Gives float64 arrays on an even grid of the recording's median frame step. A channel is one AU as
the analyzer scored it, or as the landmarks moved (`annotate.geometry`); each is measured from the
person's own neutral baseline in units of the person's own noise. The courses in which movements
are sought are those of the regions of the face and the summed AU intensity, which is the paper's
measure; without a motion table, the channels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from annotate.eyelids import aperture_iod, blinks, noise_sd
from annotate.geometry import measures
from annotate.head import without_head
from annotate.interval_settings import IntervalSettings
from annotate.motion import REGION_COLUMNS
from annotate.regions import au_motion
from mexlab.emotions import AUS, HEAD_WAYS
from mexlab.tables import matrix
from mexlab.timebase import NS_PER_S

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

LEAST_REST_S = 0.5  # of the neutral scenes; from less nobody's noise can be told
MOSTLY = 0.5  # of the frames with a face; a channel known in fewer is left out
LONGEST_BRIDGE_S = 0.2  # a face lost for longer leaves a hole
BLINK_SPARED = ("AU12", "AU14", "AU15", "AU17", "AU20", "AU24", "AU25", "AU26", "AU28")
# Least noise a channel is credited with: a score stuck at 0 is not infinitely sure of itself.
# Scores are parts of 1, geometry is in inter-ocular distances, motion in percent of them.
FLOORS = {"score": 0.005, "geometry": 0.002, "motion": 0.01}
LIDS_MOVE = ("brow", "eye", "nose", "cheek")  # regions into which a blink pulls


@dataclass(frozen=True)
class Channel:
    """One AU's course: `z` float64 (n,), baseline 0, the person's noise 1."""

    au: str
    source: str  # "score", "geometry" or "motion"
    z: Array


@dataclass(frozen=True)
class Signals:
    """Even signals of one recording; `t_ns` int64 (n,), masks bool (n,).

    `courses` (n, c) are what movements are sought in, named by `names`; `head` (n, h) is the head's
    way in their unit. `intensity` is the paper's measure, the sum of the AU scores, above the
    baseline.
    """

    t_ns: NDArray[np.int64]
    channels: tuple[Channel, ...]
    names: tuple[str, ...]
    courses: Array
    head: Array
    intensity: Array
    valid: Mask  # a face is near in time
    baseline: Mask
    at_rest: bool  # the baseline is the neutral scenes, not the calm half of all

    @property
    def step_s(self) -> float:
        return float(self.t_ns[1] - self.t_ns[0]) / NS_PER_S


def signals_of(
    aus: pa.Table,
    motion: pa.Table | None,
    neutral: list[tuple[int, int]],
    settings: IntervalSettings,
) -> Signals | None:
    """Signals of a recording, or None where it has fewer than two frames with a face, or no scores.

    `neutral` are half-open ns intervals whose frames give the baseline; with none, the calm half
    of the recording does: the frames nearest to the median face.
    """
    face = aus["face"].to_numpy(zero_copy_only=False)
    if np.count_nonzero(face) < 2:
        return None
    grid = _Grid.of(aus["t_ns"].to_numpy(), aus["t_ns"].to_numpy()[face])
    seen = aus.filter(pa.array(face))
    blink = _blinks(grid, seen, settings)
    even = _even_channels(grid, seen, blink)
    if not even:
        return None
    calm = grid.valid & ~blink
    baseline = calm & _inside(grid.t_ns, neutral)
    at_rest = bool(np.count_nonzero(baseline) * grid.step_s >= LEAST_REST_S)
    if not at_rest:
        baseline = _calm_half(np.stack(list(even.values())), calm)
    scores = [values for (_, source), values in even.items() if source == "score"]
    total = np.sum(scores, axis=0) if scores else np.zeros(len(grid.t_ns))
    intensity = total - np.median(total[baseline])
    if motion is not None:
        head = _laid(grid, motion, HEAD_WAYS)
        regions = without_head(_regions(grid, motion, blink, settings), head, calm, grid.step_s)
        names: tuple[str, ...] = (*REGION_COLUMNS, "AU sum")
        courses = np.column_stack([regions, _as_noisy(intensity, regions, baseline)])
        even |= {(au, "motion"): values for au, values in au_motion(regions).items()}
    channels = tuple(
        Channel(au, source, _standard(values, baseline, FLOORS[source]))
        for (au, source), values in even.items()
    )
    if motion is None:
        names = tuple(f"{channel.au} {channel.source}" for channel in channels)
        head = np.zeros((len(grid.t_ns), 1))
        courses = np.stack([channel.z for channel in channels], axis=1)
    return Signals(
        grid.t_ns, channels, names, courses, head, intensity, grid.valid, baseline, at_rest
    )


def _as_noisy(values: Array, courses: Array, baseline: Mask) -> Array:
    """`values` in a unit in which their fast noise is that of the courses (n, c) at rest."""
    typical = np.median([noise_sd(course[baseline]) for course in courses.T])
    return np.asarray(values * (typical / max(noise_sd(values[baseline]), FLOORS["score"])))


@dataclass(frozen=True)
class _Grid:
    """Even times, and the times of the frames with a face that are laid on them."""

    t_ns: NDArray[np.int64]
    seen_ns: NDArray[np.int64]
    valid: Mask

    @classmethod
    def of(cls, frames_ns: NDArray[np.int64], seen_ns: NDArray[np.int64]) -> "_Grid":
        step = max(int(np.median(np.diff(frames_ns))), 1)
        t_ns = np.arange(frames_ns[0], frames_ns[-1] + 1, step, dtype=np.int64)
        return cls(t_ns, seen_ns, _near(t_ns, seen_ns, LONGEST_BRIDGE_S / 2))

    @property
    def step_s(self) -> float:
        return float(self.t_ns[1] - self.t_ns[0]) / NS_PER_S if len(self.t_ns) > 1 else 1.0

    def lay(self, values: Array, there: Mask | None = None) -> Array:
        """Values of the frames with a face, or of some of them, on the even times."""
        at = self.seen_ns if there is None else self.seen_ns[there]
        return np.interp(self.t_ns, at, values)


def _even_channels(grid: _Grid, seen: pa.Table, blink: Mask) -> dict[tuple[str, str], Array]:
    """(AU, score or geometry) -> its course on the grid, blinks bridged."""
    courses: dict[tuple[str, str], Array] = {}
    for au in AUS:
        there = seen[au].is_valid().to_numpy(zero_copy_only=False)
        if au != "AU43" and there.mean() > MOSTLY:
            scores = seen[au].drop_null().to_numpy().astype(np.float64)
            courses[au, "score"] = grid.lay(scores, there)
    there = seen["landmarks"].is_valid().to_numpy(zero_copy_only=False)
    if there.mean() > MOSTLY:
        points = matrix(seen["landmarks"].drop_null()).reshape(-1, 68, 2).astype(np.float64)
        for au, values in measures(points).items():
            courses[au, "geometry"] = grid.lay(values, there)
    return {
        (au, source): _bridged(values, blink, au, source)
        for (au, source), values in courses.items()
    }


def _regions(grid: _Grid, motion: pa.Table, blink: Mask, settings: IntervalSettings) -> Array:
    """(n, 20): the regions' courses on the grid, blinks bridged where lids pull."""
    reach = round(settings.lids_reach_s / grid.step_s)
    wide = maximum_filter1d(blink, 2 * reach + 1)
    courses = _laid(grid, motion, REGION_COLUMNS)
    for column, name in enumerate(REGION_COLUMNS):
        if name.startswith(LIDS_MOVE):
            courses[:, column] = _bridge(courses[:, column], wide)
    return courses


def _laid(grid: _Grid, motion: pa.Table, names: Sequence[str]) -> Array:
    """(n, names): columns of the motion table on the grid, frames without a face bridged."""
    t_ns = motion["t_ns"].to_numpy()
    columns = []
    for name in names:
        values = motion[name].to_numpy().astype(np.float64)
        there = np.isfinite(values)
        columns.append(np.interp(grid.t_ns, t_ns[there], values[there]))
    return np.stack(columns, axis=1)


def _blinks(grid: _Grid, seen: pa.Table, settings: IntervalSettings) -> Mask:
    there = seen["landmarks"].is_valid().to_numpy(zero_copy_only=False)
    if np.count_nonzero(there) < 2:
        return np.zeros(len(grid.t_ns), dtype=bool)
    points = matrix(seen["landmarks"].filter(pa.array(there))).reshape(-1, 68, 2)
    return blinks(grid.lay(aperture_iod(points), there), grid.step_s, settings)


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


def _bridged(values: Array, blink: Mask, au: str, source: str) -> Array:
    """Blinks bridged in the channels that lids move.

    Those are all of geometry, since closing lids drag the eye corners on which the face is laid;
    of the scores, the mouth keeps its own.
    """
    spared = source == "score" and au in BLINK_SPARED
    return values if spared else _bridge(values, blink)


def _bridge(values: Array, hole: Mask) -> Array:
    """The hole filled by a straight line."""
    if hole.all():
        return values
    where = np.arange(len(values))
    return np.interp(where, where[~hole], values[~hole])
