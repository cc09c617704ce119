"""One subject's frames file: which rows are a clip's, and single columns of them.

Only the row groups that hold the rows and the columns asked for are read. Reads frames/S.parquet;
raises TableError where it is damaged, naming it within its dataset.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mexlab.errors import InputError, TableError

Rows = NDArray[np.int64]


@contextmanager
def named(path: Path) -> Iterator[None]:
    """What pyarrow says of a damaged file becomes an error that names it."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        where = f"{path.parent.name}/{path.name}"
        gone = isinstance(error, FileNotFoundError)
        what = "a file of the dataset is missing" if gone else "a file of the dataset is damaged"
        raise TableError(what, where, "restore it from a copy or build again") from error


def stamp_of(path: Path) -> tuple[int, int]:
    """Changes when the file is made again; zeros where there is none."""
    if not path.is_file():
        return 0, 0
    status = path.stat()
    return status.st_mtime_ns, status.st_size


class FramesFile:
    """`names` are its columns. Each read opens the file anew, so that several threads may ask."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with named(path):
            self._metadata = pq.read_metadata(path)
            self.names = self._metadata.schema.to_arrow_schema().names
            if not {"clip_id", "frame"} <= set(self.names):
                raise TableError("not a table of frames", path.name, "build the dataset again")
            keys = self._read(None, ("clip_id", "frame"))
            clips = keys["clip_id"].to_numpy()
            order = np.lexsort((keys["frame"].to_numpy(), clips))
        groups = range(self._metadata.num_row_groups)
        sizes = [self._metadata.row_group(group).num_rows for group in groups]
        self._starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        found, first = np.unique(clips[order], return_index=True)
        parts = np.split(order, first[1:])
        self._rows = {str(clip): part for clip, part in zip(found, parts, strict=True)}

    def count(self, clip_id: str) -> int:
        """How many frames a clip has here."""
        return len(self._rows.get(clip_id, ()))

    def rows(self, clip_id: str, columns: Sequence[str], frames: slice = slice(None)) -> pa.Table:
        """Columns of a clip's frames in their order; `image.bytes` names a part of a column.

        Raises InputError where there are none, TableError where the file is damaged.
        """
        wanted = self._rows.get(clip_id, np.empty(0, np.int64))[frames]
        if not len(wanted):
            raise InputError("no frames of this clip", clip_id, "build the dataset again")
        groups = np.unique(np.searchsorted(self._starts, wanted, side="right") - 1)
        with named(self.path):
            table = self._read(groups.tolist(), columns)
            return table.take(self._placed(wanted, groups))

    def _placed(self, wanted: Rows, groups: Rows) -> Rows:
        """Where rows of the file lie in a table of some of its row groups."""
        sizes = np.diff(self._starts)[groups]
        before = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        at = np.searchsorted(groups, np.searchsorted(self._starts, wanted, side="right") - 1)
        return np.asarray(wanted - self._starts[groups][at] + before[at], dtype=np.int64)

    def _read(self, groups: Sequence[int] | None, columns: Sequence[str]) -> pa.Table:
        with pq.ParquetFile(self.path, metadata=self._metadata) as file:
            if groups is None:
                return file.read(columns=list(columns), use_threads=False)
            return file.read_row_groups(list(groups), columns=list(columns), use_threads=False)


def values(table: pa.Table, name: str) -> "NDArray[Any]":
    """A column as numpy, NaN where a number is missing."""
    return np.asarray(table[name].to_numpy())
