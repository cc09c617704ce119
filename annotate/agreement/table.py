"""Figures of agreement as text: a table for people, CSV and JSON for programs."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from annotate.agreement.report import OVERALL, Agreement, Figure
from mexlab.spreadsheet_safe import csv_text

MIN_WIDTH = 150  # columns that all of the table needs
NAMES = {
    "facs_index": "FACS index",
    "agreement": "agreeing pairs",
    "cohen_kappa": "Cohen's kappa",
    "fleiss_kappa": "Fleiss' kappa",
    "alpha_nominal": "alpha, nominal",
    "alpha_ordinal": "alpha, ordinal",
    "alpha_interval": "alpha, interval",
    "alpha_ratio": "alpha, ratio",
    "icc_2_1": "ICC(2,1)",
    "icc_2_k": "ICC(2,k)",
    "difference_median": "difference, median",
    "difference_p90": "difference, 90 %",
    "bias": "bias",
    "iou": "overlap (IoU)",
}
# What the line of one AU or emotion shows: heading, respects it may stand under, measure.
COLUMNS = (
    ("FACS\nindex", ("aus",), "facs_index"),
    ("alpha\nnominal", ("presence", "emotion"), "alpha_nominal"),
    ("alpha\nordinal", ("intensity",), "alpha_ordinal"),
    ("ICC(2,1)\n", ("intensity",), "icc_2_1"),
    ("ICC(2,k)\n", ("intensity",), "icc_2_k"),
    ("apex ms\nmedian", ("apex",), "difference_median"),
    ("overlap\n(IoU)", ("span",), "iou"),
)


def as_json(found: Agreement) -> dict[str, Any]:
    """The whole as plain values; an undefined figure is null."""
    return asdict(found)


def as_csv(found: Agreement) -> str:
    """One line a figure; an undefined one has empty cells and its reason."""
    header = [field.name for field in fields(Figure)]
    rows = [
        [" ".join(cell) if isinstance(cell, tuple) else cell for cell in _values(figure)]
        for figure in found.figures
    ]
    return csv_text(header, rows)


def _values(figure: Figure) -> list[Any]:
    return [getattr(figure, field.name) for field in fields(figure)]


def print_table(found: Agreement) -> None:
    """The figures over all AUs and emotions a line each, then a line an AU and an emotion."""
    from rich.console import Console
    from rich.table import Table

    overall = Table("", "measure", "coders", title=_title(found), caption=_caption(found))
    for heading in ("figure", "95 %", "intervals"):
        overall.add_column(heading, justify="right")
    overall.add_column("")
    for figure in (figure for figure in found.figures if figure.of == OVERALL):
        who = " − ".join(figure.coders) if len(figure.coders) == 2 else "all"
        measure, (shown, spread) = NAMES[figure.measure], _cells(figure)
        overall.add_row(figure.respect, measure, who, shown, spread, str(figure.n), figure.why)
    each = Table("")
    for heading, *_ in COLUMNS:
        each.add_column(heading, justify="right", no_wrap=True)
    for name in dict.fromkeys(figure.of for figure in found.figures if figure.of != OVERALL):
        each.add_row(name, *_line([figure for figure in found.figures if figure.of == name]))
    # Where nobody sets a width (a file, a pipe), a table cut at 80 columns would lose numbers.
    console = Console(width=max(Console().width, MIN_WIDTH))
    console.print(overall)
    if each.row_count:
        console.print(each)


def _line(figures: list[Figure]) -> Iterable[str]:
    for _, respects, measure in COLUMNS:
        fitting = [f for f in figures if f.measure == measure and f.respect in respects]
        yield "\n".join(_cells(fitting[0])) if fitting else ""


def _cells(figure: Figure) -> tuple[str, str]:
    if figure.value is None:
        return "–", ""
    form = "{:.0f}" if figure.unit == "ms" else "{:.3f}"
    shown = form.format(figure.value) + (f" {figure.unit}" if figure.unit else "")
    if figure.low is None or figure.high is None:
        return shown, ""
    return shown, f"[{form.format(figure.low)}, {form.format(figure.high)}]"


def _title(found: Agreement) -> str:
    made = "made blind" if found.blind else "made blind or not"
    return (
        f"{', '.join(found.coders)}: {found.intervals} intervals of {found.participants} "
        f"participants, codes {made}"
    )


def _caption(found: Agreement) -> str:
    unused = f"nobody scored {' '.join(found.unused)}" if found.unused else ""
    if not found.resamples:
        return unused
    drawn = f"95 %: bootstrap over {found.resampled}, {found.resamples} resamples"
    if found.resampled == "intervals":
        drawn += " (too few participants to draw from: probably too narrow)"
    return f"{drawn}; {unused}" if unused else drawn
