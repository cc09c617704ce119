"""`collector export`: participants and self-reports as tidy CSV and as a BIDS dataset, one folder.

    participants.csv      a row a participant
    self-reports.csv      a row an answer; a question passed over is a row of kind none
    second-reports.csv    the same for the own face's intervals, where there are any
    codebook.csv          every column and question, and below it its values
    README, dataset_description.json, participants.tsv, phenotype/ …   BIDS (`bids`)

The CSV files are UTF-8 with a byte-order mark, so that Excel shows accents; no text in them runs
as a formula (`mexlab.spreadsheet_safe`). The folder appears whole or not at all.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from collector.export.bids import bids_files, foreign_file
from collector.export.codebook import (
    CODEBOOK_HEADER,
    INTERVAL,
    NOTES,
    PARTICIPANTS,
    SELF_REPORTS,
    Variable,
    codebook_rows,
)
from collector.export.gathering import Gathered, Subject, Told
from collector.form.filling import FIRST, SECOND
from mexlab.atomic import atomic_folder
from mexlab.output import check_output
from mexlab.spreadsheet_safe import Cell, csv_text

REPORTS = {FIRST: "self-reports.csv", SECOND: "second-reports.csv"}


def write_export(gathered: Gathered, out: Path) -> None:
    """Write the folder, in place of a former export. Raises InputError for what is in the way."""
    check_output(gathered.study, out, "an export", foreign_file)
    files = bids_files(gathered)
    with atomic_folder(out) as folder:
        for name, text in files.items():
            _write(folder / name, text)
        for name, text in csv_files(gathered).items():
            _write(folder / name, "\ufeff" + text)


def csv_files(gathered: Gathered) -> dict[str, str]:
    """The text of each CSV file, by name."""
    people = (list(subject.cells().values()) for subject in gathered.subjects)
    files = {"participants.csv": csv_text(_names(PARTICIPANTS), people)}
    for form, name in REPORTS.items():
        if form == FIRST or gathered.told(form):
            files[name] = csv_text(_names(report_columns(form)), report_rows(gathered, form))
    return files | {"codebook.csv": csv_text(CODEBOOK_HEADER, _codebook(gathered))}


def report_columns(form: str) -> tuple[Variable, ...]:
    return SELF_REPORTS if form == FIRST else (*SELF_REPORTS, *INTERVAL)


def report_rows(gathered: Gathered, form: str) -> Iterator[list[Cell]]:
    """Every answer of everybody, in the order seen and asked."""
    for subject, told in gathered.told(form):
        yield from _answers(subject, told, form)


def _answers(subject: Subject, told: Told, form: str) -> Iterator[list[Cell]]:
    session, report = told.session, told.report
    for answer in told.answers:
        place, target = told.scenes.get(answer.scene, (None, None))
        row: list[Cell] = [subject.person.participant, session.id, session.header.compilation]
        row += [answer.scene, place if answer.scene else 0, target]
        row += [answer.question, answer.value, _kind(answer.value), answer.answered_at]
        row += [report.instrument, report.version, report.language]
        if form == SECOND:
            row += [answer.interval, *report.intervals.get(answer.interval or "", (None, None))]
        yield row


def _kind(value: Cell) -> str:
    return "none" if value is None else "text" if isinstance(value, str) else "number"


def _codebook(gathered: Gathered) -> Iterator[Sequence[Cell]]:
    yield from codebook_rows("participants.csv", "column", PARTICIPANTS)
    for form, file in REPORTS.items():
        if form == FIRST or gathered.told(form):
            yield from codebook_rows(file, "column", report_columns(form))
        for named, found in gathered.instruments(form).items():
            yield from codebook_rows(file, "question", found.values(), *named)
    for files, note in NOTES.items():
        yield from codebook_rows(files, "note", [note])


def _names(columns: Iterable[Variable]) -> list[str]:
    return [column.name for column in columns]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")  # line ends as they are, in answers too
