"""Random access to the pictures of one subject, straight from the Parquet file.

A row group is read when one of its pictures is first asked for, the image column alone, and kept;
a picture is decoded from there without a copy. Whoever reads all pictures many times does better
with decoded arrays (`pipeline.training.data`).
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mexlab.errors import TableError

GROUPS_HELD = 64  # of about 256 pictures: some 200 MB of 224 px JPEG at the most


class Pictures:
    """The pictures of a frames file by row; decoded when asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = pq.ParquetFile(path, memory_map=True)
        rows = [
            self._file.metadata.row_group(group).num_rows
            for group in range(self._file.num_row_groups)
        ]
        self._starts = np.cumsum([0, *rows])
        self._group = lru_cache(GROUPS_HELD)(self._read_group)

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, row: int) -> NDArray[np.uint8]:
        """uint8 RGB (height, width, 3). Raises TableError for a picture that is damaged."""
        image = cv2.imdecode(np.frombuffer(self.encoded(row), np.uint8), cv2.IMREAD_COLOR_RGB)
        if image is None:
            what = f"the picture of row {row} cannot be decoded"
            raise TableError(what, self._path, "restore it from a copy or build again")
        return np.asarray(image, np.uint8)

    def encoded(self, row: int) -> "memoryview[int]":
        """The bytes of a row's JPEG, PNG or WebP, not copied. Raises IndexError beyond the rows."""
        if not 0 <= row < len(self):
            raise IndexError(row)
        group = int(np.searchsorted(self._starts, row, side="right")) - 1
        scalar: Any = self._group(group)[row - int(self._starts[group])]
        return memoryview(scalar.as_buffer())

    def _read_group(self, group: int) -> "pa.Array[Any]":
        table = self._file.read_row_group(group, columns=["image.bytes"])
        images: Any = table["image"].combine_chunks()
        encoded: pa.Array[Any] = images.field("bytes")
        return encoded
