"""Texts that would run in a spreadsheet do not, and every text comes back as it was."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mexlab.spreadsheet_safe import (
    LONG,
    csv_text,
    escaped,
    guarded,
    tsv_text,
    unescaped,
    unguarded,
)
from tests.collector.spreadsheet_readings import READINGS, cells, formulas

ATTACKS = [
    "=1+1",
    "+1",
    "-5",
    "@SUM(A1)",
    "＝1+1",
    "  =1+1",
    '"=1+1',
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "I said; =cmd|' /C calc'!A0",
    'he said ";=1+1',
    'a;"=1+1',
    'a;"",=1+1',
    'a";"";=1+1"',
    "a line\n=1+1",
    "a line\r\n@x",
    "a\tb\t=1+1",
    'one, two\n" -2+3',
    "\ufeff=1+1",
    "\u00a0=1+1",
    "x,-1",
]
TRICKY = st.text(
    st.sampled_from("=+-@＝'\"\t\r\n;,|\\ /nae01\u00a0\ufeffx") | st.characters(codec="utf-8")
)


def unsafe(header: list[str], rows: list[list[str]]) -> str:
    text = StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    return text.getvalue()


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_reading_finds_a_formula(attack: str) -> None:
    header, row = ["who", "words", "more"], ["P001", attack, "end"]
    assert formulas(unsafe(header, [row])), "the readings miss an attack that is there"
    assert not formulas(csv_text(header, [row]))
    assert not formulas(tsv_text(header, [row]))
    assert unguarded(guarded(attack)) == attack


@given(rows=st.lists(st.tuples(TRICKY, st.integers(0) | st.floats(0, 1e9), TRICKY), max_size=3))
def test_no_text_becomes_a_formula(rows: list[tuple[str, float, str]]) -> None:
    named = [("P001", *row) for row in rows]
    assert not formulas(csv_text(["who", "a", "n", "b"], named))
    assert not formulas(tsv_text(["who", "a", "n", "b"], named))


@given(text=TRICKY | st.text())
def test_every_text_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert unescaped(escaped(text)) == text
    assert unescaped(unguarded(guarded(escaped(text)))) == text


@given(start=st.integers(LONG - 20, LONG + 20), tail=TRICKY)
def test_every_long_text_comes_back(start: int, tail: str) -> None:
    text = "x" * start + tail * 3
    assert unguarded(guarded(text)) == text


def test_where_excel_goes_on_in_a_new_cell_there_is_no_formula() -> None:
    text = "😀" * 16_383 + "=1+1" * 5_000  # 32,766 UTF-16 units, so the sign begins the next cell
    safe = guarded(text)
    assert safe.replace("'", "") == text
    signs = [at for at, sign in enumerate(safe) if sign in "=+"]
    assert len(signs) == 10_000
    assert all(safe[at - 1] == "'" for at in signs)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("-5", "'-5"),
        ("'-5", "''-5"),
        ("a-b, c", "a-b, c"),
        ("well; - no", "well; '- no"),
        ("don't", "don't"),
        ("' = '", "' = '"),
        ("", ""),
    ],
)
def test_only_signs_that_could_begin_a_cell_are_guarded(text: str, cell: str) -> None:
    assert guarded(text) == cell


def test_numbers_stay_numbers_in_full() -> None:
    text = csv_text(["who", "n"], [["P001", -5], ["P002", 0.1], ["P003", 2**62], ["P004", None]])
    assert text == "who,n\r\nP001,-5\r\nP002,0.1\r\nP003,4611686018427387904\r\nP004,\r\n"


@given(rows=st.lists(st.lists(TRICKY, min_size=3, max_size=3)))
def test_a_csv_file_gives_back_its_texts(rows: list[list[str]]) -> None:
    text = csv_text(["a", "b", "c"], rows)
    _, *read = csv.reader(StringIO(text, newline=""))
    assert [[unguarded(cell) for cell in row] for row in read] == rows


@given(rows=st.lists(st.lists(st.none() | TRICKY, min_size=2, max_size=2)))
def test_a_tsv_file_gives_back_its_texts_and_what_is_missing(rows: list[list[str | None]]) -> None:
    _, *lines, last = tsv_text(["a", "b"], rows).split("\n")
    assert last == ""
    read = [[None if c == "n/a" else unescaped(unguarded(c)) for c in x.split("\t")] for x in lines]
    assert read == rows


def test_no_tsv_cell_is_empty_or_begins_a_quoted_one() -> None:
    text = tsv_text(["a", "b"], [["", '"x'], [None, "n/a"]])
    assert text == 'a\tb\n\\e\t\\"x\nn/a\tn\\/a\n'


def test_the_readings_are_those_of_the_csv_module_where_it_knows_them() -> None:
    text = unsafe(["a"], [['x, "y"\n;z', "1"], ["", "q;"]])
    assert [*cells(text, ",", True)] == [c for row in csv.reader(StringIO(text)) for c in row]
    assert len({tuple(cells(text, *reading)) for reading in READINGS}) > 3
