"""CAS(ME)2: micro- and macro-expressions in long films at 30 fps (Qu et al. 2018).

rawpic/s15/15_0101disgustingteeth/img001.jpg. The labels have no header; two more sheets say which
folder a subject is, and which number a film has. An offset of 0 means: the movement ends unseen,
take the apex. Participants named their own movements: that is `reported`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mexlab.errors import InputError
from pipeline.corpora.corpus import Corpus, Marks, marks
from pipeline.corpora.labels import VALENCE
from pipeline.corpora.sheet import Row, read_tables, whole_number

FIELDS = ("subject", "filename", "onset", "apex", "offset", "aus", "emotion", "kind", "reported")


def _movements(row: Row) -> list[Marks]:
    marked = marks(row)
    if marked.offset == 0 and marked.apex is not None:
        marked = marked._replace(offset=marked.apex)
    return [marked]


def _rows(corpus: Corpus, path: Path) -> list[Row]:
    tables = list(read_tables(path).values())
    if len(tables) < 3:
        what = f"{len(tables)} sheets where three are expected: labels, subjects, films"
        raise InputError(what, path, "use the published workbook")
    labels, subjects, films = tables[:3]
    folders, codes = subject_folders(subjects), film_codes(films)
    rows = []
    for number, cells in enumerate(labels, start=1):
        given = dict(zip(FIELDS, cells, strict=False))
        # A header, where somebody added one, has no number in its onset; nor has an empty row.
        if any(cells) and (number > 1 or whole_number(given.get("onset", "")) is not None):
            rows.append(_joined(number, given, folders, codes))
    return rows


def _joined(
    number: int, given: Mapping[str, str], folders: Mapping[str, str], codes: Mapping[str, str]
) -> Row:
    """A row of labels with the subject's folder, the film's folder and the kind filled in."""
    film = given.get("filename", "").rpartition("_")[0].strip().casefold()
    subject = folders.get(given.get("subject", ""), given.get("subject", ""))
    code = codes.get(film, "")
    kind = "macro" if given.get("kind", "").casefold().startswith("macro") else "micro"
    # Without its number a film has no folder: `?` names none.
    folder = f"{subject.lstrip('sS')}_{code or '?'}"
    return Row(number, {**given, "subject": subject, "kind": kind, "film": folder})


def subject_folders(rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Number in the labels -> folder, from rows such as `15, s15, 1`."""
    found = {}
    for cells in rows:
        folder = next((c for c in cells if c[:1] in "sS" and c[1:].isdigit()), None)
        numbers = [cell for cell in cells if cell.isdigit()]
        if folder and numbers:
            found[numbers[-1]] = folder.casefold()
    return found


def film_codes(rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Film's name in the labels -> its four-digit number, from rows such as `0101, disgusting1`."""
    found = {}
    for cells in rows:
        code = next((cell for cell in cells if cell.isdigit()), None)
        name = next((cell for cell in cells if cell and not cell.isdigit()), None)
        if code and name:
            found[name.casefold()] = code.zfill(4)
    return found


CASME_SQ = Corpus(
    name="cas-me-2",
    title="CAS(ME)2",
    fps=30,
    workbooks=(r"CAS\(ME\)\^2code_final\.xlsx", r"(CAS\(ME\)\^?2)?code_final.*\.xlsx"),
    sheet="CASFEcode_final",
    columns={name: name for name in FIELDS},
    layouts=("rawpic/{subject}/{film}*", "{subject}/{film}*"),
    licence="CAS(ME)2 is lent to laboratories by the Institute of Psychology, Chinese Academy of "
    "Sciences, for research, under an agreement that each one signs. This dataset falls under the "
    "same agreement. Cite: Qu et al. 2018, doi:10.1109/TAFFC.2017.2654440.",
    subject_form="s{:02d}",
    seven={},
    three=VALENCE,
    movements=_movements,
    rows=_rows,
)
