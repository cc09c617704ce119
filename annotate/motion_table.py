"""motion.parquet from the courses of a recording: the person's rest taken away, blinks marked."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from annotate.eyelids import aperture_iod, blinks
from annotate.interval_settings import IntervalSettings
from annotate.motion import COLUMNS
from annotate.parts import Parts
from mexlab.errors import TableError
from mexlab.session import Session
from mexlab.tables import MOTION, matrix
from mexlab.timebase import NS_PER_S

MOTION_VERSION = 2  # a change in how courses are made: analyses of before are made again


def motion_table(
    session: Session, parts: Parts, courses: NDArray[np.float32], settings: IntervalSettings
) -> pa.Table:
    """The motion table; `courses` float32 (frames, 25) with NaN where there is no face.

    Rest is the median over the neutral scenes, or over all where none shows a face.
    """
    t_ns = session.frames()["capture_ns"].to_numpy()
    neutral = np.zeros(len(t_ns), dtype=bool)
    for scene in session.scenes().to_pylist():
        if scene["emotion"] == "neutral":
            neutral |= (t_ns >= scene["start_ns"]) & (t_ns < scene["end_ns"])
    there = np.isfinite(courses[:, 0])
    rest = np.median(courses[there & neutral if (there & neutral).any() else there], axis=0)
    columns = {
        name: pa.array(values, from_pandas=True)
        for name, values in zip(COLUMNS, (courses - rest).T, strict=True)
    }
    frames = np.arange(len(t_ns), dtype=np.int32)
    blink = _blinks(t_ns, parts, settings) & there
    return MOTION.build({"frame": frames, "t_ns": t_ns, **columns, "blink": blink})


def motion_beside(session: Session, aus: pa.Table) -> pa.Table | None:
    """The motion table, if there is one. Raises TableError where it is of other frames than the
    AU table: nothing located from the two would be where it is."""
    if not session.motion_path.exists():
        return None
    motion = session.motion()
    if not motion["t_ns"].equals(aus["t_ns"]):
        raise TableError(
            "the motion table is of other frames than the AU table",
            session.motion_path,
            "delete it, then run: annotate analyse STUDY",
        )
    return motion


def _blinks(t_ns: NDArray[np.int64], parts: Parts, settings: IntervalSettings) -> NDArray[np.bool_]:
    """bool (frames,): where the lids are down, from the landmarks of all parts."""
    frames, apertures = [], []
    for table in parts.tables(["frame", "landmarks"]):
        there = table["landmarks"].is_valid()
        frames.append(table["frame"].filter(there).to_numpy())
        points = matrix(table["landmarks"].filter(there)).reshape(-1, 68, 2)
        apertures.append(aperture_iod(points))
    seen = np.concatenate(frames)
    if len(t_ns) < 2 or not len(seen):
        return np.zeros(len(t_ns), dtype=bool)
    even = np.interp(np.arange(len(t_ns)), seen, np.concatenate(apertures))
    return blinks(even, float(np.median(np.diff(t_ns))) / NS_PER_S, settings)
