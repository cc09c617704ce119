"""Which frames and intervals are judged: the located session's tables in, both plans out.

Frames are those nearest to an even 20 Hz grid over the whole recording; each has its own crop, from
the landmarks of the second before and after it. Intervals are the located ones in which something
moved, in order of time, cut into frames as `build-dataset` cuts them.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mexlab.tables import matrix
from mexlab.timebase import NS_PER_S, ResamplingPlan, nearest, resampling_plan
from mexlab.vision.crop import FaceCrop, face_crop
from pipeline.clips import ClipPlan
from pipeline.frames.analyses import Analyses
from pipeline.frames.clip_rows import apex_pair
from pipeline.frames.making import Clip
from pipeline.frames.session import picked_frames
from pipeline.frames.settings import BuildSettings
from pipeline.lengths import padded
from pipeline.predict.locating import CANDIDATES, Located
from pipeline.predict.look import Looked

FRAME_HZ = 20.0
CROP_REACH_NS = NS_PER_S  # a frame's crop is made of the landmarks so far before and after it
MISSED_NS = NS_PER_S // 10  # a face seen no longer before and after a frame was overlooked in it
MOMENTS = ("start", "end", "onset", "apex", "offset")

Chances = NDArray[np.float32]


@dataclass(frozen=True)
class Ticks:
    """The exported frames: which recorded ones, and the landmarks (n, 68, 2) px, NaN without."""

    times: ResamplingPlan
    landmarks: NDArray[np.float32]
    settings: BuildSettings

    def __len__(self) -> int:
        return len(self.times.source_frame)

    @property
    def face(self) -> NDArray[np.bool_]:
        """Whether each shows a face."""
        return np.isfinite(self.landmarks[:, 0, 0])

    def crop(self, tick: int) -> FaceCrop:
        """The square for a frame that shows a face, fixed for the movement that leads up to it."""
        t_ns = self.times.t_ns
        low, high = np.searchsorted(
            t_ns, [t_ns[tick] - CROP_REACH_NS, t_ns[tick] + CROP_REACH_NS + 1]
        )
        around = self.landmarks[low:high]
        around = around[np.isfinite(around[:, 0, 0])]
        return face_crop(around, self.settings.size, self.settings.margin)


@dataclass
class Event:
    """An interval in which something moved: its row of the intervals table, its clip to be taken.

    `chances` float32[classes] when it has been judged.
    """

    row: dict[str, Any]
    clip: Clip
    frames: dict[str, int] = field(default_factory=dict)  # of MOMENTS
    chances: Chances | None = None

    def covers(self, t_ns: int) -> bool:
        return bool(self.row["start_ns"] <= t_ns < self.row["end_ns"])


@dataclass(frozen=True)
class Moments:
    """What of a recording is judged; events are in order of time."""

    ticks: Ticks
    events: list[Event]
    faceless: int  # movements whose onset or apex shows no face
    still_scenes: int  # stretches in which nothing moved
    full_scenes: int  # stretches with as many movements as are kept of one


def moments_of(looked: Looked, located: Located, settings: BuildSettings) -> Moments:
    """Frames and intervals. What is held grows by 700 bytes a frame, not with the pictures."""
    rows = located.session.intervals().to_pylist()
    moved = sorted((row for row in rows if row["kind"] != "none"), key=_order)
    scenes = {
        row["scene"]: (row["start_ns"], row["end_ns"])
        for row in located.session.scenes().to_pylist()
    }
    plans = [_plan(row, scenes[row["scene"]], settings) for row in moved]
    picked = [picked_frames(plan, looked.times_ns, settings) for plan in plans]
    times = resampling_plan(looked.times_ns, 0, looked.end_ns, FRAME_HZ)
    wanted = [each.source_frame for each in (times, *picked)]
    seen = Analyses.of(located.session, located.analyzer, wanted, len(looked.times_ns))
    ticks = Ticks(times, _landmarks(seen, times.source_frame), settings)
    found = [
        _event(row, plan, clip_times, looked, seen, settings)
        for row, plan, clip_times in zip(moved, plans, picked, strict=True)
    ]
    events = [event for event in found if event]
    full = sum(row["rank"] == CANDIDATES for row in moved)
    return Moments(ticks, events, len(found) - len(events), len(rows) - len(moved), full)


def _order(row: dict[str, Any]) -> tuple[int, int]:
    return row["start_ns"], row["onset_ns"]


def _plan(row: dict[str, Any], scene: tuple[int, int], settings: BuildSettings) -> ClipPlan:
    """What the dataset would have shown of the interval: as located, or with its own padding."""
    return ClipPlan(row["interval_id"], padded(row, scene, settings.padding_s), None, None)


def _event(
    row: dict[str, Any],
    plan: ClipPlan,
    times: ResamplingPlan,
    looked: Looked,
    seen: Analyses,
    settings: BuildSettings,
) -> Event | None:
    """With its crop, from the landmarks of its own frames; None if it moves out of sight."""
    landmarks = _landmarks(seen, np.unique(times.source_frame))
    landmarks = landmarks[np.isfinite(landmarks[:, 0, 0])]
    if not len(landmarks):
        return None
    crop = face_crop(landmarks, settings.size, settings.margin)
    span = looked.times_ns[times.source_frame[0] : times.source_frame[-1] + 1]
    clip = Clip(plan, times, crop, settings, span)
    if not _in_sight(clip, seen):
        return None
    at = nearest(looked.times_ns, [row[f"{name}_ns"] for name in MOMENTS])
    return Event(row, clip, dict(zip(MOMENTS, at.tolist(), strict=True)))


def _in_sight(clip: Clip, seen: Analyses) -> bool:
    """Do onset and apex show a face, or the frames around a face that was overlooked there?"""
    source, t_ns = clip.times.source_frame, clip.times.t_ns
    shown_ns = t_ns[np.isfinite(_landmarks(seen, source)[:, 0, 0])]
    for frame in apex_pair(clip):
        away_ns = shown_ns - t_ns[source == frame][0]
        near_ns = away_ns[np.abs(away_ns) <= MISSED_NS]
        if not ((near_ns <= 0).any() and (near_ns >= 0).any()):
            return False
    return True


def _landmarks(seen: Analyses, frames: NDArray[np.int64]) -> NDArray[np.float32]:
    """(n, 68, 2) of these frames; NaN where there is no face."""
    column = seen.aus_of(frames)["landmarks"]
    found = np.full((len(frames), 68, 2), np.nan, np.float32)
    there = column.is_valid().to_numpy()
    if there.any():
        found[there] = matrix(column.drop_null()).reshape(-1, 68, 2)
    return found
