"""What analyses say of the frames that clips are made from, read without holding whole tables.

Reads the AU table and, where there is one, the motion table of a session.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mexlab.emotions import AUS
from mexlab.errors import TableError
from mexlab.session import Session
from mexlab.tables import AU_TABLE, MOTION
from mexlab.tablespec import TableSpec

AU_COLUMNS = ("frame", "score", *AUS, "pitch", "roll", "yaw", "landmarks")
ROWS_AT_ONCE = 1024
BUFFER_BYTES = 1 << 16

Frames = NDArray[np.int64]


@dataclass(frozen=True)
class Analyses:
    """Rows of some `frames`, int64[n] rising: of the AU table, and whether each is in a blink."""

    frames: Frames
    aus: pa.Table
    blinks: NDArray[np.bool_] | None

    @classmethod
    def of(cls, session: Session, analyzer: str, wanted: Sequence[Frames], recorded: int) -> Self:
        """The rows of `wanted` frames. Raises TableError unless all `recorded` frames have one."""
        frames = np.unique(np.concatenate([*wanted, np.empty(0, np.int64)]))
        aus = _rows(AU_TABLE, session.aus_path(analyzer), AU_COLUMNS, frames, recorded)
        if not session.motion_path.exists():
            return cls(frames, aus, None)
        motion = _rows(MOTION, session.motion_path, ("frame", "blink"), frames, recorded)
        return cls(frames, aus, motion["blink"].to_numpy())

    def aus_of(self, frames: Frames) -> pa.Table:
        """A row for each of these frames, in their order."""
        return self.aus.take(np.searchsorted(self.frames, frames))

    def blinks_of(self, frames: Frames) -> NDArray[np.bool_] | None:
        """Whether each of these frames is within a blink; None where no motion was measured."""
        return None if self.blinks is None else self.blinks[np.searchsorted(self.frames, frames)]


def _rows(
    spec: TableSpec, path: Path, columns: Sequence[str], frames: Frames, recorded: int
) -> pa.Table:
    rows = spec.rows(path)
    if rows != recorded:
        what = f"{rows} rows for {recorded} recorded frames"
        raise TableError(what, path, "run annotate analyse again")
    found: list[pa.Table] = []
    with pq.ParquetFile(path, buffer_size=BUFFER_BYTES) as file:
        first = 0
        for batch in file.iter_batches(ROWS_AT_ONCE, columns=list(columns)):
            low, high = np.searchsorted(frames, [first, first + len(batch)])
            part = pa.Table.from_batches([batch])
            found.append(part.take(frames[low:high] - first))
            first += len(batch)
    return pa.concat_tables(found).combine_chunks()
