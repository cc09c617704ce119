"""Why an interval is hard to judge: face missing, low score, frames dropped, head turned.

Reads intervals, frames and the aus table of the study's analyzer; without the last, only frames
tell.
"""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pyarrow as pa

from annotate.coding.reading import Stamp, stamp
from mexlab.consensus import ReviewSettings
from mexlab.session import Session
from mexlab.tables import AU_TABLE, FRAMES, INTERVALS

REASONS = ("face", "score", "dropped", "turn")
ANGLES = ("pitch", "yaw")


def low_quality(
    session: Session, analyzer: str, settings: ReviewSettings
) -> Mapping[str, tuple[str, ...]]:
    """interval_id -> the reasons that apply, of REASONS, judged over the interval's frames.

    face     shown in less than `min_face_fraction` of them
    score    the analyzer's median score, where there is a face, is below `min_score`
    dropped  more than `max_dropped` frames are missing
    turn     pitch or yaw ranges over more than `max_turn_deg` degrees

    Raises TableError where a table is damaged.
    """
    files = (session.intervals_path, session.frames_path, session.aus_path(analyzer))
    return _low_quality(*(stamp(path) for path in files), settings)


@lru_cache(maxsize=4096)
def _low_quality(
    intervals: Stamp, frames: Stamp, aus: Stamp, settings: ReviewSettings
) -> Mapping[str, tuple[str, ...]]:
    rows = INTERVALS.read(intervals[0], ["interval_id", "start_ns", "end_ns"]).to_pylist()
    table = FRAMES.read(frames[0], ["capture_ns", "dropped_before"])
    edges = [(row["start_ns"], row["end_ns"]) for row in rows]
    bounds = np.searchsorted(table["capture_ns"].to_numpy(), np.array(edges).reshape(-1, 2))
    dropped = np.concatenate([[0], np.cumsum(table["dropped_before"].to_numpy(), dtype=np.int64)])
    seen = AU_TABLE.read(aus[0], ["face", "score", *ANGLES]) if aus[2] else None
    found = {}
    for row, (start, end) in zip(rows, bounds.tolist(), strict=True):
        reasons = _seen_reasons(seen.slice(start, end - start), settings) if seen else set()
        if dropped[end] - dropped[start] > settings.max_dropped:
            reasons.add("dropped")
        found[row["interval_id"]] = tuple(name for name in REASONS if name in reasons)
    return found


def _seen_reasons(table: pa.Table, settings: ReviewSettings) -> set[str]:
    """What the analyzer's rows of an interval's frames tell."""
    face = table["face"].to_numpy(zero_copy_only=False)
    if not face.any():
        return {"face"}
    reasons = {"face"} if face.mean() < settings.min_face_fraction else set()
    if np.median(table["score"].to_numpy()[face]) < settings.min_score:
        reasons.add("score")
    for angle in ANGLES:
        turned = table[angle].drop_null().to_numpy()
        if len(turned) and np.ptp(turned) > settings.max_turn_deg:
            reasons.add("turn")
    return reasons
