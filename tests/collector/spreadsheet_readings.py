"""How spreadsheets cut a text file into cells, and which cells they would run; for tests."""

from collections.abc import Iterator

SIGNS = "=+-@\t\r＝＋－＠"
SKIPPED = ' "\n\u00a0\u200b\ufeff'  # in front of a sign; some readers drop them

# Separators, and whether a quote at the beginning of a cell counts.
READINGS = [
    (",", True),
    (";", True),  # Excel in Spanish opens a comma file so
    ("\t", True),
    (",;\t", True),  # what LibreOffice offers first
    (",", False),
    (";", False),
    ("\t", False),
    (",;\t|", False),
]


def cells(text: str, separators: str, quotes: bool) -> Iterator[str]:
    """Every cell, as a reader sees it. A quote within a cell is a sign like any other."""
    text, at = text.removeprefix("\ufeff"), 0
    while at < len(text):
        cell = ""
        if quotes and text[at] == '"':
            at += 1
            while at < len(text) and (text[at] != '"' or text[at : at + 2] == '""'):
                cell += text[at]
                at += 2 if text[at] == '"' else 1
            at += 1
        while at < len(text) and text[at] not in separators + "\r\n":
            cell += text[at]
            at += 1
        at += 2 if text[at : at + 2] == "\r\n" else 1
        yield cell


def formulas(text: str) -> set[str]:
    """Cells that some reading would run, or that hide behind what some readers drop.

    A text that ends in a separator or leaves a quote open takes one sign of the file's own form
    with it: the end of a row, or in TSV, where texts have none, a tab. What counts comes after.
    """
    own = "\r\n" if "\r\n" in text else "\t"
    found = {cell for reading in READINGS for cell in cells(text, *reading)}
    return {cell for cell in found if _start(cell, own) in set(SIGNS)}


def _start(cell: str, own: str) -> str:
    return cell.lstrip(SKIPPED).removeprefix(own).lstrip(SKIPPED)[:1]
