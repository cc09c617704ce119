"""Tables put aside on the disk until it is their turn; a few rows of them are held at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pyarrow as pa


class Spool:
    """A file of tables of one schema, written one after the other and then read back in order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer: Any = None

    @classmethod
    @contextmanager
    def writing(cls, path: Path) -> Iterator[Self]:
        """A spool to write to; when the block ends, it can be read."""
        spool = cls(path)
        try:
            yield spool
        finally:
            if spool._writer is not None:
                spool._writer.close()

    def write(self, table: pa.Table) -> None:
        """Put the rows of a table behind those that are there."""
        if self._writer is None:
            self._writer = pa.ipc.new_file(str(self.path), table.schema)
        self._writer.write_table(table)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows in the order written; none where nothing was."""
        if self.path.exists():
            with pa.OSFile(str(self.path), "rb") as file, pa.ipc.open_file(file) as reader:
                for number in range(reader.num_record_batches):
                    yield reader.get_batch(number)
