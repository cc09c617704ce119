"""What a table on disk is: a pyarrow schema with a version, and the checks a schema cannot say.

Writing validates, reading validates; a file that is damaged, of another table, newer than this
program or at odds with its schema ends with its name and what to do. A check takes a table and
returns what is wrong, or None.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mexlab.atomic import atomic_file
from mexlab.errors import TableError

Check = Callable[[pa.Table], str | None]


def rising(column: str) -> Check:
    def check(table: pa.Table) -> str | None:
        values = table[column].to_numpy()
        falls = np.flatnonzero(np.diff(values) <= 0)
        return f"{column} does not rise after row {falls[0]}" if len(falls) else None

    return check


def counts_from_zero(column: str) -> Check:
    def check(table: pa.Table) -> str | None:
        values = table[column].to_numpy()
        wrong = np.flatnonzero(values != np.arange(len(values)))
        return f"{column} is not 0, 1, 2, … at row {wrong[0]}" if len(wrong) else None

    return check


def start_before_end(table: pa.Table) -> str | None:
    wrong = np.flatnonzero(table["end_ns"].to_numpy() <= table["start_ns"].to_numpy())
    return f"end_ns is not after start_ns in row {wrong[0]}" if len(wrong) else None


def one_of(column: str, allowed: Sequence[str]) -> Check:
    def check(table: pa.Table) -> str | None:
        found = {str(value) for value in pc.unique(table[column].drop_null()).to_pylist()}
        found -= set(allowed)
        return (
            f"{column} has {sorted(found)[0]!r}, not one of {', '.join(allowed)}" if found else None
        )

    return check


def ordered(*columns: str) -> Check:
    def check(table: pa.Table) -> str | None:
        for row, values in enumerate(zip(*(table[c].to_pylist() for c in columns), strict=True)):
            known = [value for value in values if value is not None]
            if known != sorted(known):
                return f"{' <= '.join(columns)} does not hold in row {row}"
        return None

    return check


def within(columns: Sequence[str], low: float, high: float) -> Check:
    def check(table: pa.Table) -> str | None:
        for column in columns:
            values = table[column].drop_null()
            if len(values) and not (
                pc.min(values).as_py() >= low and pc.max(values).as_py() <= high
            ):
                return f"{column} leaves [{low:g}, {high:g}]"
        return None

    return check


def unique(column: str) -> Check:
    def check(table: pa.Table) -> str | None:
        return None if len(pc.unique(table[column])) == len(table) else f"{column} repeats a value"

    return check


def columns(*groups: tuple[str, pa.DataType]) -> list["pa.Field[Any]"]:
    """Fields from ("name name? name", type) groups; a trailing ? marks a nullable column."""
    return [
        pa.field(name.rstrip("?"), kind, nullable=name.endswith("?"))
        for names, kind in groups
        for name in names.split()
    ]


@dataclass(frozen=True)
class TableSpec:
    """One table: its name, schema version, pyarrow schema and checks on its values."""

    name: str
    schema: pa.Schema
    checks: tuple[Check, ...] = ()
    version: int = 1

    def build(
        self, columns: Mapping[str, Any], metadata: Mapping[str, str] | None = None
    ) -> pa.Table:
        """A validated table from column name -> array or list; missing columns become null.

        Raises TableError where a column does not fit its type or a check fails.
        """
        unknown = set(columns) - set(self.schema.names)
        if unknown:
            raise TableError(
                f"no column {sorted(unknown)[0]!r} here", self.name, "check the spelling"
            )
        rows = len(next(iter(columns.values())))
        try:
            arrays = [
                pa.array(columns[field.name], type=field.type, from_pandas=True)
                if field.name in columns
                else pa.nulls(rows, field.type)
                for field in self.schema
            ]
            table = pa.Table.from_arrays(arrays, schema=self._stamped(metadata or {}))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise TableError(
                f"a column does not fit: {error}", self.name, "fix its values"
            ) from error
        self.validate(table, self.name)
        return table

    def empty(self) -> pa.Table:
        """A table without rows."""
        return self.build({name: [] for name in self.schema.names})

    def validate(self, table: pa.Table, where: str | Path) -> None:
        """Raise TableError unless columns, types, nulls and values are as the schema says."""
        for field in self.schema:
            if field.name not in table.schema.names:
                raise self._wrong(f"no column {field.name!r}", where)
            found = table.schema.field(field.name).type
            if found != field.type:
                raise self._wrong(f"column {field.name!r} is {found}, not {field.type}", where)
            if not field.nullable and table[field.name].null_count:
                raise self._wrong(f"column {field.name!r} has empty cells", where)
        for check in self.checks if len(table) else ():
            problem = check(table)
            if problem:
                raise self._wrong(problem, where)

    def write(self, path: Path, table: pa.Table, metadata: Mapping[str, str] | None = None) -> None:
        """Validate and write atomically; zstd, schema name and version in the file's metadata."""
        self.validate(table, path)
        with atomic_file(path) as temporary:
            pq.write_table(
                table.replace_schema_metadata(self._stamped(metadata or {}, table.schema).metadata),
                temporary,
                compression="zstd",
            )

    @contextmanager
    def writer(
        self, path: Path, metadata: Mapping[str, str] | None = None, **options: Any
    ) -> Iterator[pq.ParquetWriter]:
        """A Parquet writer for a table too large to hold; the file appears when all is written."""
        with (
            atomic_file(path) as temporary,
            pq.ParquetWriter(temporary, self._stamped(metadata or {}), **options) as writer,
        ):
            yield writer

    def read(self, path: Path, columns: Sequence[str] | None = None) -> pa.Table:
        """Read and validate; with `columns`, only those are read, and their values not checked."""
        schema = self._check_file(path)
        try:
            table = pq.read_table(path, columns=list(columns) if columns else None)
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(path) from error
        if columns is None:
            self.validate(table, path)
        return table.replace_schema_metadata(schema.metadata)

    def rows(self, path: Path) -> int:
        """How many rows a file has, from its footer."""
        self._check_file(path)
        return int(pq.read_metadata(path).num_rows)

    def metadata(self, path: Path) -> dict[str, str]:
        """Everything in the file's metadata, mexlab's own keys included."""
        found = self._check_file(path).metadata or {}
        return {key.decode(): value.decode() for key, value in found.items()}

    def _check_file(self, path: Path) -> pa.Schema:
        if not path.is_file():
            raise TableError(f"no {self.name} table", path, "run the stage that writes it")
        try:
            schema = pq.read_schema(path)
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(path) from error
        found = schema.metadata or {}
        name = found.get(b"mexlab.table", b"").decode()
        if name != self.name:
            what = f"not the {self.name} table but {name or 'no table of mexlab'}"
            raise TableError(what, path, "restore the file or run its stage again")
        version = int(found.get(b"mexlab.schema_version", b"0"))
        if version > self.version:
            raise TableError(
                f"{self.name} schema version {version} is newer than {self.version}",
                path,
                "update mexlab to read it",
            )
        if version < self.version:
            raise TableError(
                f"{self.name} schema version {version} is older than {self.version}",
                path,
                "run the stage that writes it again",
            )
        return schema

    def _stamped(self, metadata: Mapping[str, str], schema: pa.Schema | None = None) -> pa.Schema:
        stamp = {"mexlab.table": self.name, "mexlab.schema_version": str(self.version)}
        return (schema or self.schema).with_metadata({**metadata, **stamp})

    def _damaged(self, path: Path) -> TableError:
        what = f"damaged {self.name} table (schema version {self.version})"
        return TableError(what, path, "restore it from a copy or run its stage again")

    def _wrong(self, problem: str, where: str | Path) -> TableError:
        what = f"{self.name} table (schema version {self.version}): {problem}"
        return TableError(what, where, "restore it from a copy or run its stage again")
