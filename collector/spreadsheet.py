"""CSV files as people's spreadsheets save them, checked where they come in.

Reads UTF-8 with or without a byte-order mark, any line ends, cells separated by commas or, as
Excel does in Spanish, by semicolons. Rows are counted as a spreadsheet shows them: the header is
row 1. Nothing is guessed: a column that is missing, repeated or unknown and a cell that cannot
mean what its column says raise InputError with file, row and remedy.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from mexlab.errors import InputError
from mexlab.timebase import seconds_to_ns

# Nine digits are thirty years of recording; anything longer is a slip, and would overflow int64.
_SECONDS = re.compile(r"-?[0-9]{1,9}(\.[0-9]{0,20})?")
_COMMA_DECIMAL = re.compile(r"-?[0-9]+,[0-9]+")
_WHOLE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Row:
    """One row: column name -> cell without surrounding spaces. `where` is `FILE row N`."""

    where: str
    cells: dict[str, str]

    def optional(self, column: str) -> str | None:
        """The cell's text; None where it is empty or the file has no such column."""
        return self.cells.get(column) or None

    def text(self, column: str) -> str:
        """The cell's text. Raises InputError if it is empty."""
        found = self.optional(column)
        if found is None:
            raise InputError(f"{column} is empty", self.where, "fill the cell in")
        return found

    def whole(self, column: str, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        text = self.text(column)
        if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
            remedy = f"write a whole number from {low} to {high}"
            raise InputError(f"{column} {text!r} is not one of {low} to {high}", self.where, remedy)
        return int(text)

    def one_of(self, column: str, allowed: Sequence[str]) -> str:
        """One of the allowed words; upper case does not matter, since spreadsheets capitalise."""
        text = self.text(column)
        if text.lower() not in allowed:
            remedy = f"use one of: {', '.join(allowed)}"
            raise InputError(f"unknown {column} {text!r}", self.where, remedy)
        return text.lower()

    def seconds_as_ns(self, column: str) -> int:
        """Decimal seconds with a point, as the nearest nanosecond; may be negative."""
        text = self.text(column)
        if _COMMA_DECIMAL.fullmatch(text):
            remedy = f"write {text.replace(',', '.')}"
            raise InputError(f"{column} {text!r} has a decimal comma", self.where, remedy)
        if not _SECONDS.fullmatch(text):
            raise InputError(
                f"{column} {text!r} is not a number of seconds", self.where, "write it like 12.5"
            )
        return seconds_to_ns(float(text))


def read_rows(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> list[Row]:
    """Every row that is not empty, at least one. Raises InputError for anything unreadable."""
    text = decoded(path)
    if not text.strip():
        raise InputError("empty file", path, f"write a header and rows: {','.join(required)}")
    table = _split(text, path)
    columns = _columns(table[0], path, required, optional)
    rows = [
        _row(columns, cells, f"{path} row {number}")
        for number, cells in enumerate(table[1:], start=2)
        if any(cell.strip() for cell in cells)
    ]
    if not rows:
        raise InputError("no row below the header", path, "add one row each")
    return rows


def _columns(
    header: list[str], path: Path, required: Sequence[str], optional: Sequence[str]
) -> list[str]:
    """The columns in the file's own order, none missing, double or unknown."""
    names = [name.strip().lower() for name in header]
    while names and not names[-1]:
        names.pop()  # spreadsheets leave empty columns at the right
    known, where = ",".join([*required, *optional]), f"{path} row 1"
    for name in required:
        if name not in names:
            raise InputError(f"no column {name}", where, f"the header must be: {known}")
    for name in names:
        if name not in (*required, *optional):
            raise InputError(f"unknown column {name!r}", where, f"keep only: {known}")
    if len(set(names)) != len(names):
        raise InputError("a column stands there twice", where, f"keep one each of: {known}")
    return names


def _row(columns: list[str], cells: list[str], where: str) -> Row:
    """Cells under their columns; cells missing at the end of a row are empty."""
    texts = [cell.strip() for cell in cells]
    if any(texts[len(columns) :]):
        raise InputError(
            f"{len(texts)} cells under {len(columns)} columns",
            where,
            "write decimals with a point, like 12.5, and quote text that has a separator in it",
        )
    return Row(where, dict(zip(columns, texts, strict=False)))


def decoded(path: Path, encoding: str = "utf-8-sig") -> str:
    """The text of a file. Raises InputError where it is not there or in another encoding."""
    if not path.is_file():
        raise InputError("no such file", path, "check the path")
    try:
        return path.read_bytes().decode(encoding)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        where = f"{path} row {line}"
        raise InputError("not UTF-8 text", where, "save it as CSV UTF-8") from error


def _split(text: str, path: Path) -> list[list[str]]:
    """Rows of cells; the sign that is more frequent in the first line separates them."""
    first = text.lstrip().splitlines()[0]
    return separated(text, ";" if first.count(";") > first.count(",") else ",", path)


def separated(text: str, separator: str, path: Path) -> list[list[str]]:
    """Rows of cells between separators. Raises InputError where quotes do not close."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return list(reader)
    except csv.Error as error:
        where = f"{path} row {reader.line_num}"
        raise InputError(f"not CSV: {error}", where, "close the quotes there") from error
