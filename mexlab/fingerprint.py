"""What a dataset contains, as one hash; and what its files are, as a list of hashes.

Reads the tables of a dataset folder; writes `manifest.sha256`. The content hash is over the cells
of the tables alone: the order of rows, how they are spread over files, compression, settings,
times and the number of workers do not enter it.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mexlab.atomic import write_text

MANIFEST = "manifest.sha256"
_ABSENT, _PRESENT = b"\x00", b"\x01"
_BATCH_ROWS = 512


def content_hash(root: Path) -> str:
    """Hex SHA-256 over the clips, frames and splits tables under `root`.

    A table's hash is taken over the sorted hashes of its rows, so no key and no order is needed;
    32 bytes a row are held in memory, never the rows.
    """
    whole = hashlib.sha256()
    for name, paths in (
        ("clips", sorted((root / "clips").glob("*.parquet"))),
        ("frames", sorted((root / "frames").glob("*.parquet"))),
        ("splits", [root / "splits.parquet"]),
    ):
        whole.update(table_digest(name, _batches(paths)))
    return whole.hexdigest()


def table_digest(name: str, batches: Iterable[pa.RecordBatch]) -> bytes:
    """SHA-256 of a table given in any number of batches, in any order of rows."""
    rows: list[bytes] = []
    columns: list[str] = []
    for batch in batches:
        columns = sorted(batch.schema.names)
        rows.extend(_row_digests(batch, columns))
    digest = hashlib.sha256(" ".join([name, *columns]).encode())
    for row in sorted(rows):
        digest.update(row)
    return digest.digest()


def built_files(root: Path) -> set[str]:
    """The files of a dataset as its manifest lists them, the manifest itself included.

    Empty where there is no manifest, or one that cannot be read.
    """
    listed = read_manifest(root)
    return {MANIFEST, *listed} if listed else set()


def read_manifest(root: Path) -> dict[str, str]:
    """File -> hex SHA-256; empty where there is no manifest, or one that cannot be read."""
    try:
        lines = (root / MANIFEST).read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, UnicodeDecodeError):
        return {}
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def write_manifest(root: Path) -> None:
    """`manifest.sha256` for `sha256sum --check`: every file under `root` but itself."""
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.name != MANIFEST)
    lines = [f"{_file_hash(path)}  {path.relative_to(root).as_posix()}\n" for path in files]
    write_text(root / MANIFEST, "".join(lines))


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _batches(paths: Iterable[Path]) -> Iterator[pa.RecordBatch]:
    for path in paths:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=_BATCH_ROWS)


def _row_digests(batch: pa.RecordBatch, columns: list[str]) -> Iterator[bytes]:
    cells = [_cell_bytes(batch.column(name)) for name in columns]
    for row in zip(*cells, strict=True):
        yield hashlib.sha256(b"".join(row)).digest()


def _cell_bytes(column: "pa.Array[Any]") -> list[bytes]:
    """Each cell as bytes that no other value of its type shares; numbers are little-endian.

    Lists must be of fixed size and not null, which holds for every list in the dataset form.
    """
    if isinstance(column, pa.StructArray):
        children = [_cell_bytes(child) for child in column.flatten()]
        return [b"".join(parts) for parts in zip(*children, strict=True)]
    if pa.types.is_string(column.type) or pa.types.is_binary(column.type):
        values = column.cast(pa.binary()).to_pylist()
        # The length keeps ("ab", "c") apart from ("a", "bc").
        return [
            _ABSENT if value is None else _PRESENT + len(value).to_bytes(8, "little") + value
            for value in values
        ]
    if isinstance(column, pa.FixedSizeListArray):
        numbers = column.flatten().to_numpy(zero_copy_only=False).reshape(len(column), -1)
        return [_PRESENT + row.tobytes() for row in _little_endian(numbers)]
    numbers = column.drop_null().to_numpy(zero_copy_only=False)
    present = iter(_little_endian(numbers.reshape(-1, 1)))
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    return [_PRESENT + next(present).tobytes() if there else _ABSENT for there in valid]


def _little_endian(numbers: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(numbers, dtype=numbers.dtype.newbyteorder("<"))
