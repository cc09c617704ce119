"""An annotation workbook as rows of text: the header found, names stripped, rows by number.

Reads .xlsx. A row's number is the one the spreadsheet shows, so that whoever reads a problem finds
the row. Cells come as text: 46.0 is "46", runs of blanks are one, an empty cell is "".
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mexlab.errors import InputError
from pipeline.corpora.clip import RowProblem

HEADER_ROWS = 60  # a header further down is none
SHEET_DEPTH = 2  # folders below the root in which the workbook is sought


@dataclass(frozen=True)
class Row:
    """A row of the sheet: its number, its cells by field, and the fields' headers for people."""

    number: int
    cells: Mapping[str, str]
    titles: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        """A cell that must not be empty. Raises RowProblem if it is."""
        text = self.cells.get(name, "")
        if not text:
            raise RowProblem(f"the cell {self.titles.get(name, name)} is empty")
        return text

    def get(self, name: str) -> str:
        """A cell that may be empty, or a column that may be missing."""
        return self.cells.get(name, "")

    def whole(self, name: str) -> int:
        """A whole number. Raises RowProblem for an empty cell and for anything else."""
        number = whole_number(self[name])
        if number is None:
            title = self.titles.get(name, name)
            raise RowProblem(f"{title} {self[name]!r} is not a number")
        return number


def whole_number(text: str) -> int | None:
    """The whole number a text is, or None; more than nine digits are no frame's number."""
    return int(text) if re.fullmatch(r"[+-]?\d{1,9}", text) else None


def find_workbook(root: Path, patterns: Sequence[str]) -> Path:
    """The annotation workbook at or below `root`, by the first pattern that any file fits.

    Raises InputError if there is none, or several fit equally.
    """
    if not root.is_dir():
        raise InputError("no such folder", root, "give the folder of the corpus")
    files = list(_workbooks(root, SHEET_DEPTH))
    for pattern in patterns:
        expression = re.compile(pattern, re.IGNORECASE)
        found = sorted(path for path in files if expression.fullmatch(path.name))
        if len(found) > 1:
            names = " and ".join(str(path.relative_to(root)) for path in found[:2])
            raise InputError(f"two annotation sheets, {names}", root, "move one of them away")
        if found:
            return found[0]
    seen = ", ".join(path.name for path in files[:3]) or "no .xlsx file"
    what = f"no annotation sheet (found: {seen})"
    wanted = patterns[0].replace("\\", "").replace(".*", "…")
    raise InputError(what, root, f"copy {wanted} into this folder")


def _workbooks(folder: Path, depth: int) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        seen = sorted((e.name, e.is_dir()) for e in entries if not e.name.startswith((".", "~")))
    for name, is_folder in seen:
        if is_folder and depth:
            yield from _workbooks(folder / name, depth - 1)
        elif name.lower().endswith(".xlsx"):
            yield folder / name


def read_rows(
    path: Path,
    sheet: str,
    columns: Mapping[str, str],
    optional: frozenset[str] = frozenset(),
    by_name: bool = False,
) -> list[Row]:
    """The rows under the header of a sheet; `columns` is field -> header, in any case and spacing.

    Without a sheet of that name, the first one with the header is taken, unless `by_name`. Raises
    InputError that names the columns missing: another version of the sheet, or another sheet.
    """
    tables = read_tables(path)
    named = {name: rows for name, rows in tables.items() if _plain(name) == _plain(sheet)}
    if by_name and not named:
        what = f"no sheet {sheet} (there are: {', '.join(tables)})"
        raise InputError(what, path, f"use the published workbook, or name the sheet {sheet}")
    needed = {_plain(header): field for field, header in columns.items()}
    best: tuple[str, set[str]] | None = None
    for name, rows in (named or tables).items():
        for index, cells in enumerate(rows[:HEADER_ROWS]):
            titles = [needed.get(_plain(cell), "") for cell in cells]
            missing = set(columns) - optional - set(titles)
            if not missing:
                return list(_body(rows[index + 1 :], titles, index + 2, columns))
            if best is None or len(missing) < len(best[1]):
                best = (name, missing)
    name, missing = best or (sheet, set(columns) - optional)
    titles_missing = ", ".join(columns[field] for field in columns if field in missing)
    raise InputError(
        f"another version of the annotation sheet? it has no column {titles_missing}",
        f"{path} sheet {name}",
        "use the published sheet, or give its columns these names",
    )


def _body(
    rows: Sequence[Sequence[str]], titles: Sequence[str], first: int, columns: Mapping[str, str]
) -> Iterator[Row]:
    for number, cells in enumerate(rows, start=first):
        by_field: dict[str, str] = {}
        for title, cell in zip(titles, cells, strict=False):
            if title:
                by_field.setdefault(title, cell)
        if any(by_field.values()):
            yield Row(number, by_field, columns)


def read_tables(path: Path) -> dict[str, list[list[str]]]:
    """Every sheet of a workbook as rows of text. Raises InputError for what is no workbook."""
    import warnings
    from zipfile import BadZipFile

    import pandas as pd

    options: dict[str, Any] = {"header": None, "dtype": object, "na_filter": False}
    try:
        with warnings.catch_warnings():
            # openpyxl tells of drop-down lists and styles that it does not keep.
            warnings.simplefilter("ignore", UserWarning)
            frames = pd.read_excel(path, sheet_name=None, engine="openpyxl", **options)
    except (BadZipFile, ValueError, KeyError) as error:
        raise InputError("not an .xlsx workbook", path, "save it again as .xlsx") from error
    return {
        str(name): [[cell_text(cell) for cell in row] for row in frame.to_numpy().tolist()]
        for name, frame in frames.items()
    }


def cell_text(cell: Any) -> str:
    """A cell as text: whole floats without their .0, runs of blanks as one."""
    if cell is None or (isinstance(cell, float) and cell != cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = " ".join(str(cell).split())
    return text[:-2] if re.fullmatch(r"[+-]?\d+\.0", text) else text


def _plain(title: str) -> str:
    return re.sub(r"[\s_]+", "", title).casefold()
