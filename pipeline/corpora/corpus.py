"""What a corpus is: its sheet, columns, folders, words and rate, as data, one object a corpus."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pipeline.corpora.clip import RowProblem
from pipeline.corpora.labels import OTHER_WORDS, SEVEN, THREE
from pipeline.corpora.sheet import Row, read_rows, whole_number

# Field -> header, as CASME II has them and others took them over.
CASME_COLUMNS = {
    "subject": "Subject",
    "filename": "Filename",
    "onset": "OnsetFrame",
    "apex": "ApexFrame",
    "offset": "OffsetFrame",
    "aus": "Action Units",
    "emotion": "Estimated Emotion",
}


class Marks(NamedTuple):
    """Frame numbers as the sheet has them; `apex_text` is the cell if it holds no frame."""

    onset: int
    apex: int | None
    offset: int
    apex_text: str = ""


@dataclass(frozen=True)
class Corpus:
    """A public corpus. Fields of a sheet: subject filename onset apex offset emotion aus.

    `layouts` say where a clip's frames lie, in fields of the row; `subject_form` makes `006` of
    the 6 that a spreadsheet left of it ("" takes the cell as it is). `seven` and `three` map the
    sheet's words, lower case, to labels; a corpus with an empty `seven` has no part in a 7-class
    task. `not_in_three` are (subject, file) that MEGC2019 leaves out. `movements` gives the marks
    of each movement in a row, `rows` the rows of the workbook.
    """

    name: str
    title: str
    fps: float
    workbooks: Sequence[str]  # regular expressions, the published name first
    sheet: str
    columns: Mapping[str, str]  # field -> header
    layouts: Sequence[str]
    licence: str
    subject_form: str = ""
    optional: frozenset[str] = frozenset({"aus"})
    seven: Mapping[str, str] = field(default_factory=lambda: SEVEN)
    three: Mapping[str, str] = field(default_factory=lambda: THREE)
    other_words: Sequence[str] = OTHER_WORDS
    not_in_three: frozenset[tuple[str, str]] = frozenset()
    people: str = ""  # corpora of the same people share this; splits keep a person together
    published_rows: int | None = None
    sheet_by_name: bool = False  # other sheets of the workbook have the same header
    has_apex: bool = True
    modality: str = "colour"
    movements: "Callable[[Row], Sequence[Marks]]" = lambda row: [marks(row)]
    rows: "Callable[[Corpus, Path], list[Row]]" = lambda corpus, path: sheet_rows(corpus, path)


def sheet_rows(corpus: Corpus, path: Path) -> list[Row]:
    """The rows of the corpus's sheet. Raises InputError for another version of it."""
    return read_rows(path, corpus.sheet, corpus.columns, corpus.optional, corpus.sheet_by_name)


def marks(row: Row) -> Marks:
    """Onset, apex, offset of a row with a coded apex.

    A word or a number below zero instead of an apex (`/` in CASME II, -1 in SAMM) says that the
    coders found none: the row stays, without one. An empty cell says nothing, and is a problem.
    """
    onset, offset, text = row.whole("onset"), row.whole("offset"), row["apex"]
    apex = whole_number(text)
    if apex is None or apex < 0:
        return Marks(onset, None, offset, text)
    return Marks(onset, apex, offset)


def marks_without_apex(*pairs: tuple[str, str]) -> Callable[[Row], Sequence[Marks]]:
    """For corpora without an apex: (onset, offset) fields of each movement a row may hold."""

    def movements(row: Row) -> list[Marks]:
        return list(_pairs(row, pairs))

    return movements


def _pairs(row: Row, pairs: Sequence[tuple[str, str]]) -> Iterator[Marks]:
    for index, (onset, offset) in enumerate(pairs):
        # The sheets write nothing, 0 or a sign for "no further movement".
        if index and not whole_number(row.get(onset)) and not whole_number(row.get(offset)):
            continue
        yield Marks(row.whole(onset), None, row.whole(offset))


def check_order(marked: Marks) -> None:
    """Raise RowProblem unless onset <= apex <= offset and there is room for a movement."""
    onset, apex, offset, _ = marked
    if onset < 0:
        raise RowProblem(f"onset {onset} is below zero")
    if offset < onset:
        raise RowProblem(f"offset {offset} lies before onset {onset}")
    if offset == onset:
        raise RowProblem(f"onset and offset are one frame, {onset}")
    if apex is not None and not onset <= apex <= offset:
        raise RowProblem(f"apex {apex} does not lie between onset {onset} and offset {offset}")
