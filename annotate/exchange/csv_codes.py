"""Codes as CSV, one line a code: what is written is read back exactly.

Frame numbers count; the ms beside them, on the session's clock, are for the eye and for files that
have no frame numbers. Texts are guarded against spreadsheets (`mexlab.spreadsheet_safe`). Reading
takes commas, semicolons or tabs between cells, as spreadsheets write them.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from math import isfinite, nan
from pathlib import Path

from annotate.exchange.incoming import Gathered, Stretch, best_match
from annotate.exchange.state import DRAFT, State, state_of, state_text
from mexlab.codes import MOMENTS, Code
from mexlab.emotions import AUS
from mexlab.errors import InputError
from mexlab.spreadsheet_safe import Cell, csv_text, unguarded
from mexlab.timebase import NS_PER_MS, Nanoseconds, nearest

MOMENT_COLUMNS = tuple(f"{moment}_{unit}" for moment in MOMENTS for unit in ("frame", "ms"))
COLUMNS = (
    "session",
    "interval_id",
    "coder",
    "verdict",
    "emotion",
    *MOMENT_COLUMNS,
    *AUS,
    "confidence",
    "comment",
    "submitted",
    "submitted_at",
    "unblinded",
    "suggested",
    "revealed",
)
_TRUTH = {"yes": True, "no": False, "": False}


def codes_csv(codes: Iterable[tuple[str, Code]], times: Mapping[str, Nanoseconds]) -> str:
    """The text for (session id, code) pairs; `times` session id -> capture times of its frames."""
    return csv_text(COLUMNS, [_row(session, code, times[session]) for session, code in codes])


def _row(session: str, code: Code, capture_ns: Nanoseconds) -> list[Cell]:
    moments: list[Cell] = []
    for moment in MOMENTS:
        frame = getattr(code, moment)
        ms = None if frame is None else round(int(capture_ns[frame]) / NS_PER_MS, 3)
        moments += [frame, ms]
    return [
        session,
        code.interval_id,
        code.coder,
        code.verdict,
        code.emotion,
        *moments,
        *(code.aus.get(au) for au in AUS),
        code.confidence,
        code.comment,
        code.submitted or DRAFT,
        code.submitted_at,
        "yes" if code.unblinded else "no",
        "yes" if code.suggested else "no",
        "yes" if state_of(code).revealed else "no",
    ]


@dataclass(frozen=True)
class Line:
    """One line of a file: column -> text, where it stands, and cells under no heading."""

    cells: Mapping[str, str]
    where: str
    beyond: tuple[str, ...] = ()

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def read_csv(path: Path) -> tuple[set[str], list[Line]]:
    """The columns and the lines. Raises InputError for a file without a header of codes."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8 text", path, "save it as CSV UTF-8") from error
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    header = [name.strip() for name in next(rows, [])]
    if not {"interval_id", *MOMENT_COLUMNS} & set(header):
        what = "no column interval_id, nor one of moments"
        raise InputError(what, path, f"use a header of: {', '.join(COLUMNS)}")
    if double := next((name for name in header if name and header.count(name) > 1), None):
        raise InputError(f"two columns {double}", path, "keep one of them")
    lines = []
    for row in rows:
        cells = dict(zip(header, map(unguarded, row), strict=False))
        if any(cells.values()):
            beyond = tuple(cell for cell in row[len(header) :] if cell.strip())
            lines.append(Line(cells, f"{path.name} line {rows.line_num}", beyond))
    return set(header), lines


def gather(
    columns: set[str], lines: Sequence[Line], stretches: Sequence[Stretch], capture_ns: Nanoseconds
) -> Gathered:
    """What the lines of one session say; `stretches` on the session's clock in ns."""
    fields = ("verdict", "emotion", *AUS, "confidence", "comment")
    covered = [name for name in fields if name in columns]
    moments = [m for m in MOMENTS if {f"{m}_frame", f"{m}_ms"} & columns]
    gathered = Gathered([*covered, *moments])
    for name in sorted(columns - {*COLUMNS, ""}):
        gathered.problem("header", f"column {name}, no column of codes")
    known = {stretch.interval_id for stretch in stretches}
    for line in lines:
        for cell in line.beyond:
            gathered.problem(line.where, f"{cell!r}, under no heading")
        frames = {moment: _frame(line, moment, capture_ns, gathered) for moment in moments}
        interval_id = line["interval_id"]
        if interval_id not in known:
            seen = [int(capture_ns[frame]) for frame in frames.values() if frame is not None]
            match = best_match(min(seen), max(seen) + 1, stretches) if seen else None
            if match is None:
                gathered.unmatched(f"{line.where} (interval_id {interval_id!r})")
                continue
            interval_id = match
        gathered.mention(interval_id)
        for name in covered:
            gathered.put_text(interval_id, name, line[name], line.where)
        for moment, frame in frames.items():
            if frame is not None:
                gathered.put(interval_id, moment, frame, line.where)
        if "unblinded" in columns or "submitted" in columns:
            gathered.put_text(interval_id, "state", _state(line), line.where)
    return gathered


def _frame(line: Line, moment: str, capture_ns: Nanoseconds, gathered: Gathered) -> int | None:
    """The frame a line names by its number or by its time."""
    number, ms = (_number(line, f"{moment}_{unit}", gathered) for unit in ("frame", "ms"))
    by_time = None if ms is None else int(nearest(capture_ns, [round(ms * NS_PER_MS)])[0])
    if number is None:
        return by_time
    frame = int(number)
    if frame != number or not 0 <= frame < len(capture_ns):
        what = f"the recording has no frame {line[f'{moment}_frame']} ({moment})"
    elif by_time is not None and by_time != frame:
        what = f"{moment}_frame {frame} and {moment}_ms are different frames"
    else:
        return frame
    gathered.problems.append(f"{line.where}: not imported: {what}")
    return None


def _number(line: Line, column: str, gathered: Gathered) -> float | None:
    text = line[column].strip().replace(",", ".")  # a spreadsheet's decimal comma
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = nan
    if isfinite(number):
        return number
    gathered.problem(line.where, f"{column} {text!r} is no number")
    return None


def _state(line: Line) -> str:
    unblinded = _TRUTH.get(line["unblinded"].strip().lower() or "yes", True)
    suggested, revealed = (
        _TRUTH.get(line[name].strip().lower(), False) for name in ("suggested", "revealed")
    )
    submitted = line["submitted"].strip() or "code"
    at = line["submitted_at"].strip() or None
    return state_text(State(submitted, at, unblinded, suggested, revealed))
