"""A table of whole numbers that grows in place: one line a row, whole lines survive `kill -9`.

`RowLog` appends, `read_rows` reads back what a crash left. A line is written by one system call,
so that only the last one can be torn; from the first line that is not whole, nothing is read.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from mexlab.errors import TableError


class RowLog:
    """Appends rows of integers to a new file; the first line names the columns."""

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        self.path, self.columns = path, columns
        self._file = path.open("xb", buffering=0)
        self._write(" ".join(columns))

    def append(self, *values: int) -> None:
        """One row, in the order of the columns. Raises OSError where the disk is full."""
        self._write(" ".join(map(str, values)))

    def sync(self) -> None:
        """Wait until the rows are on the disk itself: a power cut loses no earlier one."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()

    def _write(self, line: str) -> None:
        data = f"{line}\n".encode()
        if self._file.write(data) != len(data):
            raise OSError(28, "No space left on device", str(self.path))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()


def read_rows(path: Path, columns: tuple[str, ...]) -> dict[str, list[int]]:
    """Column name -> values of the whole rows. A file that was never written has none.

    Raises TableError where the file holds other columns.
    """
    lines = path.read_bytes().split(b"\n")[:-1] if path.is_file() else []
    if lines and lines[0].decode(errors="replace").split() != list(columns):
        raise TableError("not the log it should be", path, "restore it from a copy")
    rows: list[list[int]] = []
    for line in lines[1:]:
        values = line.split()
        if len(values) != len(columns) or not all(v.lstrip(b"-").isdigit() for v in values):
            break
        rows.append([int(value) for value in values])
    return {name: [row[place] for row in rows] for place, name in enumerate(columns)}
