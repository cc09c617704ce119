"""The report's tables on a terminal. Writes stdout."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from pipeline.training.report.details import leak_sheet
from pipeline.training.report.read import Reported
from pipeline.training.report.sheets import HOW, Sheet, testing_sheet, training_sheet

LEAK_PAIR = ("UF1, LOSO", "UF1, frame-level", "Seeds")
SIDE_BY_SIDE = 3  # runs that fit a narrow terminal as columns


def print_report(reported: Sequence[Reported], console: Console | None = None) -> None:
    """Tables 3 and 4, a column a run; of many runs, UF1 and UAR, a row each.

    The leak report, where a run has one, always with its LOSO beside it.
    """
    console = console or Console()
    if len(reported) <= SIDE_BY_SIDE:
        for sheet in (training_sheet(reported), testing_sheet(reported)):
            console.print(_columns(sheet))
    else:
        console.print(_rows(testing_sheet(reported), ("UF1", "UAR", HOW)))
    leak = leak_sheet(reported)
    if leak is not None:
        few = len(leak.rows) <= SIDE_BY_SIDE
        console.print(_columns(leak) if few else _rows(leak, LEAK_PAIR))


def _columns(sheet: Sheet) -> Table:
    """Own rows only, turned: a column each."""
    table = Table(title=sheet.title, title_justify="left")
    own = sheet.rows[: len(sheet.rows) - sheet.quoted]
    table.add_column(sheet.head[0], no_wrap=True)
    for row in own:
        table.add_column(row[0], justify="right")
    for place, name in enumerate(sheet.head[1:], start=1):
        table.add_row(name, *(row[place] for row in own))
    return table


def _rows(sheet: Sheet, chosen: Sequence[str]) -> Table:
    """Own rows only, with the columns that tell runs apart; the page has the others."""
    table = Table(title=sheet.title, title_justify="left")
    table.add_column(sheet.head[0])
    for name in chosen:
        table.add_column(name, justify="right")
    places = [list(sheet.head).index(name) for name in chosen]
    for row in sheet.rows[: len(sheet.rows) - sheet.quoted]:
        table.add_row(row[0], *(row[place] for place in places))
    return table
