"""The codebook has a line, a unit and a meaning for every column, and says what is in the files."""

import csv
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipeline.form.codebook import MEANINGS, TABLES, TITLES, Line, lines, type_name

UNITS = {"ns": "ns", "ms": "ms", "hz": "Hz", "deg": "degrees"}


def test_every_column_has_a_line_and_every_line_a_column() -> None:
    for table, spec in TABLES.items():
        assert MEANINGS[table].keys() == set(spec.schema.names), table
    columns = [(line.table, line.column) for line in lines()]
    assert columns == [(t, name) for t, spec in TABLES.items() for name in spec.schema.names]


@pytest.mark.parametrize("line", [*lines()], ids=lambda line: f"{line.table}.{line.column}")
def test_a_line_says_something(line: Line) -> None:
    assert len(line.meaning) > 10
    ending = line.column.rpartition("_")[2]
    if ending in UNITS:
        assert line.unit == UNITS[ending]


def test_it_says_how_intervals_end() -> None:
    meaning = {line.column: line.meaning for line in lines() if line.table == "clips"}
    assert "not included" in meaning["end_ns"]
    assert all("inclusive" in meaning[name] for name in ("onset", "apex", "offset"))


def test_what_it_says_holds_in_the_files(small_dataset: Path) -> None:
    paths = {"clips": "clips", "frames": "frames", "splits": "splits.parquet"}
    for table, path in paths.items():
        rows = pq.read_table(small_dataset / path)
        for line in lines():
            if line.table == table:
                assert type_name(rows.schema.field(line.column).type) == line.type
                assert line.nullable or rows[line.column].null_count == 0


def test_the_file_reads_as_a_table(small_dataset: Path) -> None:
    path = small_dataset / "codebook.tsv"
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file, delimiter="\t")
    assert tuple(head) == TITLES
    assert {len(row) for row in rows} == {len(TITLES)}
    table = pd.read_csv(path, sep="\t")
    assert len(table) == len(rows) == sum(len(spec.schema) for spec in TABLES.values())
    flow = table[(table["table"] == "frames") & (table["column"] == "flow")].iloc[0]
    assert flow["type"] == "float16[1568]"
    assert flow["nullable"] == "no"
    assert flow["unit"] == "% of inter-ocular distance per 50 ms"
