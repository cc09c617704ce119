"""The pinned picture: the same person when nothing happens in the face.

Reads scenes, intervals and the AU table. It is taken from the neutral scene; where there is none,
from an interval in which nothing was found; else from the whole recording.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from annotate.app.recording import Recording
from mexlab.tables import INTERVALS, SCENES
from mexlab.timebase import nearest, seconds_to_ns

AROUND_S = 0.5  # the face must be calm for so long before and after
CALM_PERCENT = 20  # of the summed intensity: how little a calm face shows
BLINK = 0.2  # AU43 so far above the usual
Row = NDArray[np.float64]


def neutral_frame(recording: Recording) -> int:
    """The calmest frame."""
    stretches = _stretches(recording) or [(int(recording.t_ns[0]), int(recording.t_ns[-1]) + 1)]
    inside = np.zeros(len(recording), dtype=bool)
    for start, end in stretches:
        inside |= (recording.t_ns >= start) & (recording.t_ns < end)
    table = recording.seen(("face", "intensity", "AU43"))
    if table is not None and len(table) == len(recording):
        unrest = _unrest(table, recording.t_ns, inside)
        if np.isfinite(unrest).any():
            return int(np.argmin(unrest))
    start, end = stretches[0]
    return int(nearest(recording.t_ns, [(start + end) // 2])[0])


def _stretches(recording: Recording) -> list[tuple[int, int]]:
    session = recording.session
    if session.scenes_path.is_file():
        scenes = SCENES.read(session.scenes_path).to_pylist()
        if neutral := [s for s in scenes if s["emotion"] == "neutral"]:
            return [(s["start_ns"], s["end_ns"]) for s in neutral]
    if not session.intervals_path.is_file():
        return []
    rows = INTERVALS.read(session.intervals_path).to_pylist()
    return [(r["start_ns"], r["end_ns"]) for r in rows if r["kind"] == "none"]


def _unrest(table: pa.Table, t_ns: NDArray[np.int64], inside: NDArray[np.bool_]) -> Row:
    """How far each frame is from calm, float64[frames]; infinite outside, at a blink, faceless."""
    intensity = table["intensity"].to_numpy().astype(np.float64)
    seen = table["face"].to_numpy(zero_copy_only=False) & ~np.isnan(intensity)
    if not (seen & inside).any():
        return np.full(len(table), np.inf)
    step_ns = int(np.median(np.diff(t_ns))) if len(t_ns) > 1 else 1
    reach = max(1, round(seconds_to_ns(AROUND_S) / step_ns))
    calm = np.percentile(intensity[seen & inside], CALM_PERCENT)
    away = np.abs(np.where(seen, intensity, np.nanmax(intensity)) - calm)
    kernel = np.ones(2 * reach + 1) / (2 * reach + 1)
    unrest = np.convolve(np.pad(away, reach, mode="edge"), kernel, mode="valid") + away
    closed = table["AU43"].to_numpy().astype(np.float64)
    known = closed[seen & ~np.isnan(closed)]
    if len(known):
        unrest[closed > np.median(known) + BLINK] = np.inf
    unrest[~(seen & inside)] = np.inf
    return np.asarray(unrest, dtype=np.float64)
