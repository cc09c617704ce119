r"""CSV and TSV text that no spreadsheet takes for a formula, and from which every text comes back.

A cell that begins with = + - @ runs when the file is opened, and where a cell begins is the
reader's decision: Excel in Spanish splits a comma file at semicolons and then ignores the quotes,
LibreOffice splits at tabs, commas and semicolons at once, and where quotes are ignored a line break
within a text begins a new cell too. So a sign that could begin a cell under any of these readings
gets an apostrophe before it. Numbers are left alone: -5 is a number, the text "-5" becomes '-5.

    guarded   one apostrophe more before each such sign (also where apostrophes stand already)
    escaped   what a TSV cell cannot hold: \t \n \r \" \\ for tab, line ends, quote, backslash;
              \e for an empty text, n\/a for a text that reads n/a

`unguarded` and `unescaped` take them back exactly; in a TSV cell first the one, then the other.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO

Cell = str | int | float | None  # None is an empty cell; n/a in TSV
MISSING = "n/a"  # BIDS
# What does not fit one of Excel's cells (32,767 UTF-16 units) may go on in the next: from here on,
# with room for other cells before the text and for two units a character, any sign might begin one.
LONG = 15_000

# Where spreadsheets begin a cell: their separators, and whatever ends a line for some of them.
_BEFORE = r",;|\t\n\r\v\f\x1c-\x1e\x85\u2028\u2029"
# What a reader may drop from the beginning of a cell: quotes, blanks, control signs, marks without
# a width. None of them may be one of _BEFORE, so that a place begins one cell at most.
_DROPPED = (
    r"\" \x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\xa0\xad\u1680"
    r"\u2000-\u200f\u202a-\u202f\u205f-\u2064\u3000\ufeff"
)
# The signs themselves, full-width and small forms too; tab and CR hide what stands behind them.
_SIGNS = r"=+\-@\t\r＝＋－＠﹢﹣﹦﹫"
_START = rf"((?:\A|(?<=[{_BEFORE}]))[{_DROPPED}]*+'*)"
_SIGN = rf"(?=[{_SIGNS}])"
_UNSAFE = re.compile(_START + _SIGN)
_GUARDED = re.compile(rf"{_START}(?<='){_SIGN}")

_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", '"': '\\"'}
_WHOLE = {"": "\\e", MISSING: "n\\/a"}
_PLAIN = {escape[1]: sign for sign, escape in _ESCAPES.items()} | {"e": "", "/": "/"}


def guarded(text: str) -> str:
    """The text with an apostrophe before every sign that a spreadsheet might begin a formula at."""
    once = _UNSAFE.sub(r"\1'", text)
    return once[:LONG] + re.sub(_SIGN, "'", once[LONG:])


def unguarded(text: str) -> str:
    """The text that `guarded` was given."""
    once = text[:LONG] + re.sub(f"'{_SIGN}", "", text[LONG:])
    return _GUARDED.sub(lambda match: match[1][:-1], once)


def escaped(text: str) -> str:
    """The text as one TSV cell: no tab, line end or quote in it, not empty and not n/a."""
    return _WHOLE.get(text) or re.sub(r'[\\\t\n\r"]', lambda match: _ESCAPES[match[0]], text)


def unescaped(cell: str) -> str:
    """The text that `escaped` was given."""
    return re.sub(r"\\(.)", lambda match: _PLAIN[match[1]], cell)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Comma-separated text with CR LF line ends; texts guarded, decimals with a point.

    The first column should hold texts: a negative number there begins its line.
    """
    text = StringIO(newline="")
    writer = csv.writer(text)  # quotes every cell with a comma, a quote or a line end in it
    for row in (header, *rows):
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue()


def tsv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Tab-separated text as BIDS wants it; texts escaped, then guarded; n/a for None."""
    return "".join("\t".join(map(_tsv_cell, row)) + "\n" for row in (header, *rows))


def _tsv_cell(cell: Cell) -> str:
    if cell is None:
        return MISSING
    return guarded(escaped(cell)) if isinstance(cell, str) else str(cell)
