"""What the analyzer saw over a whole recording, in bytes small enough to send at once.

One byte a value: 0-254 from zero to the row's top, 255 where there is none. Rows, each as long as
the recording has frames: seven emotions, twenty AUs (both with top 1), the summed intensity and
the motion magnitude (their tops stand in the head). Little-endian: uint32 frames, float32 top of
the intensity, float32 top of the motion, then the rows.

Reads the AU table of one analyzer, and motion.parquet where there is one.
"""

import struct

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from annotate.app.recording import Recording
from mexlab.emotions import AUS, EMOTIONS, REGIONS
from mexlab.tables import MOTION

NONE, TOP = 255, 254
ROWS = (*EMOTIONS, *AUS, "intensity", "motion")
HIGH_PERCENT = 99.9  # what the tops of intensity and motion leave above: single wild frames

Values = NDArray[np.float32]


def curve_bytes(recording: Recording) -> bytes | None:
    """The rows of ROWS; None where the recording has not been analysed."""
    table = recording.seen((*EMOTIONS, *AUS, "intensity"))
    if table is None:
        return None
    count = len(recording)
    scores = [quantised(_column(table, name, count), 1.0) for name in (*EMOTIONS, *AUS)]
    intensity, motion = _column(table, "intensity", count), _motion(recording)
    tops = _top(intensity), _top(motion)
    rows = (*scores, quantised(intensity, tops[0]), quantised(motion, tops[1]))
    return struct.pack("<Iff", count, *tops) + b"".join(row.tobytes() for row in rows)


def quantised(values: Values, top: float) -> NDArray[np.uint8]:
    """float[n] in [0, top] -> uint8[n]; NaN becomes NONE, what is higher TOP."""
    scaled = np.clip(np.nan_to_num(values) / top, 0, 1) * TOP
    return np.where(np.isnan(values), NONE, np.round(scaled)).astype(np.uint8)


def _column(table: pa.Table, name: str, count: int) -> Values:
    """float32[count], NaN where there is nothing; a table of another length is filled up or cut."""
    values = np.full(count, np.nan, np.float32)
    found = table[name].to_numpy()[:count]
    values[: len(found)] = found
    return values


def _motion(recording: Recording) -> Values:
    """Mean over the regions of how far each has moved, percent of the inter-ocular distance."""
    path, count = recording.session.motion_path, len(recording)
    if not path.is_file():
        return np.full(count, np.nan, np.float32)
    table = MOTION.read(path, [f"{region}_{axis}" for region in REGIONS for axis in "uv"])
    moved = [
        np.hypot(*(_column(table, f"{region}_{axis}", count) for axis in "uv"))
        for region in REGIONS
    ]
    return np.asarray(np.mean(moved, axis=0), dtype=np.float32)


def _top(values: Values) -> float:
    known = values[~np.isnan(values)]
    return max(float(np.percentile(known, HIGH_PERCENT)), 1e-6) if len(known) else 1.0
