"""The rows of another form's export, as a map says where to look.

Reads CSV separated by commas, semicolons or tabs, in UTF-8, or UTF-16 with its mark; nothing is
written. Rows are counted as a spreadsheet shows them. Columns that the map does not name are passed
over; one that it names and the file lacks, or has twice, stops the import.
"""

import codecs
import csv
from collections import Counter
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from collector.reports.mapping import LONG, REST, SCENE, SCENES, WIDE, ReportMap, tidy
from collector.spreadsheet import decoded, separated
from mexlab.errors import InputError

SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True)
class Record:
    """One row: its number and its cells by column, as they stand there."""

    number: int
    cells: dict[str, str]
    amiss: str = ""

    def cell(self, column: str) -> str:
        """A cell without surplus blanks."""
        return tidy(self.cells.get(column, ""))


@dataclass(frozen=True)
class Export:
    """A whole export: the scenes it asks about, the rows to read, the numbers of those passed over.

    In a long export each row says itself which scene it is about, and `scenes` is empty.
    """

    scenes: tuple[int, ...]
    records: tuple[Record, ...]
    passed_over: tuple[int, ...]


def read_export(path: Path, by: ReportMap) -> Export:
    """Every row that is not empty. Raises InputError where file and map do not fit together."""
    table = _table(path, by)
    header = [tidy(name) for name in table[0]]
    scenes = _scenes(header, by)
    _check_columns(header, by, scenes, path)
    records, passed_over = [], []
    for number, cells in enumerate(table[by.header_rows :], start=by.header_rows + 1):
        if not any(cell.strip() for cell in cells):
            continue
        record = Record(number, dict(zip(header, cells, strict=False)), _length(header, cells))
        wanted = (_wanted(record.cell(column), only) for column, only in by.only.items())
        if record.amiss or all(wanted):
            records.append(record)
        else:
            passed_over.append(number)
    if not records:
        remedy = "check header_rows and [only] in the map" if passed_over else "export it again"
        raise InputError("no row to read", path, remedy)
    return Export(scenes, tuple(records), tuple(passed_over))


def _table(path: Path, by: ReportMap) -> list[list[str]]:
    """All cells, separated by the sign under which the header has the participant's column."""
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # of Qualtrics' TSV
    marked = path.is_file() and path.read_bytes().startswith(marks)
    text = decoded(path, "utf-16" if marked else "utf-8-sig")
    if not text.strip():
        raise InputError("empty file", path, "export it again")
    for separator in SEPARATORS:
        if by.participant in _header(text, separator):
            return separated(text, separator, path)
    what, remedy = f"no column {by.participant!r}", "correct participant in the map, or the file"
    raise InputError(what, f"{path} row 1", remedy)


def _header(text: str, separator: str) -> list[str]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return [tidy(name) for name in next(reader)]
    except csv.Error:
        return []  # another sign separates here, or `separated` will say where it breaks


def _scenes(header: list[str], by: ReportMap) -> tuple[int, ...]:
    """The scenes that a wide export has columns of; the first where it has of none."""
    if by.layout == LONG:
        return ()
    each = [name for name, column in by.answers.items() if SCENE in column]
    found = [n for n in SCENES if any(by.column(name, n) in header for name in each)]
    return tuple(found or SCENES[:1])


def _check_columns(header: list[str], by: ReportMap, scenes: tuple[int, ...], path: Path) -> None:
    where, times = f"{path} row 1", Counter(header)
    needed = set(by.about_rows())
    for name, column in by.answers.items():
        numbers = scenes if SCENE in column and by.layout == WIDE else (0,)
        needed |= {by.column(name, number) for number in numbers}
    for column in sorted(needed):
        if not times[column]:
            raise InputError(f"no column {column!r}", where, "correct the map, or the file")
        if times[column] > 1:
            what = f"column {column!r} stands there {times[column]} times"
            raise InputError(what, where, "give each a name of its own, in the file and the map")


def _length(header: list[str], cells: list[str]) -> str:
    """What is wrong with a row that does not end where the header does."""
    surplus = any(cell.strip() for cell in cells[len(header) :])
    if len(cells) < len(header) or surplus:
        return f"{len(cells)} cells under {len(header)} columns"
    return ""


def _wanted(cell: str, only: tuple[str, ...]) -> bool:
    return cell in only or (REST in only and bool(cell))
