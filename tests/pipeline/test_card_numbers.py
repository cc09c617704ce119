"""Every number on the card against a query of DuckDB on the Parquet."""

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from synthetic_dataset import SUBJECTS, subject_tables, table

from mexlab.consent import SCOPES
from mexlab.emotions import EMOTIONS
from mexlab.tables import CLIP_FRAMES, CLIPS
from pipeline.form.dataset import DatasetHeader, Subject, finish, write_subject
from pipeline.splits import kfold, loso


@pytest.fixture(scope="module")
def uneven_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the small dataset, with clips left out, labels missing, and every quality different."""
    root = tmp_path_factory.mktemp("uneven") / "dataset"
    chance = np.random.default_rng(3)
    parts = []
    for number, (subject, group) in enumerate(SUBJECTS.items()):
        clips, frames = (part.to_pylist() for part in subject_tables(subject, group))
        clips = clips[number:]
        kept = {clip["clip_id"] for clip in clips}
        frames = [frame for frame in frames if frame["clip_id"] in kept]
        for frame in frames:
            frame["repeated"], frame["gap"] = (bool(chance.random() < 0.3) for _ in range(2))
        for clip in clips:
            own = [frame for frame in frames if frame["clip_id"] == clip["clip_id"]]
            clip["repeated"] = sum(frame["repeated"] for frame in own)
            clip["gaps"] = sum(frame["gap"] for frame in own)
            clip["rate"] = ("ok", "slow", "jittery")[chance.integers(3)]
            clip["label"] = clip["label"] if chance.random() < 0.9 else None
            clip["label_source"] = ("reported", "target", None)[chance.integers(3)]
            clip["kind"] = ("micro", "macro", "uncertain", "none")[chance.integers(4)]
            clip["blink"] = (None, 0.0, 0.25)[chance.integers(3)]
            clip["source_hz"], clip["sharpness"] = 20 + 40 * chance.random(), chance.random()
            clip["coded"] = "fear" if chance.random() < 0.3 else None
        tables = table(CLIPS, clips), table(CLIP_FRAMES, frames)
        write_subject(root, subject, tables[0], [tables[1]])
        parts.append(tables[0])
    clips = pa.concat_tables(parts)
    people = {name: Subject(SCOPES[: 2 + n], f"g{n}") for n, name in enumerate(SUBJECTS)}
    splits = pa.concat_tables([loso(clips), kfold(clips, 2, 0)])
    finish(root, DatasetHeader("private", people), splits)
    return root


def _tables(root: Path, heading: str) -> list[list[list[str]]]:
    """The tables under a heading of the card, each a list of rows of cells, the head first."""
    section = (root / "README.md").read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found: list[list[list[str]]] = []
    for before, line in zip(["", *section.splitlines()], section.splitlines(), strict=False):
        if line.startswith("|---"):
            continue
        if line.startswith("|"):
            found += [] if before.startswith("|") else [[]]
            found[-1].append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def _query(root: Path, sql: str) -> list[list[str]]:
    """Cells of a query on the Parquet, CLIPS, FRAMES and SPLITS standing for the files."""
    for name, path in (("CLIPS", "clips/*"), ("FRAMES", "frames/*"), ("SPLITS", "splits")):
        sql = sql.replace(name, f"'{root}/{path}.parquet'")
    return [
        ["" if cell is None else str(cell) for cell in row] for row in duckdb.sql(sql).fetchall()
    ]


def test_counts_per_emotion_and_subject_are_those_of_a_query(uneven_dataset: Path) -> None:
    (found,) = _tables(uneven_dataset, "Clips per emotion and subject")
    each = ", ".join(f"count(*) FILTER (label = {n})" for n in range(len(EMOTIONS)))
    counted = f"{each}, count(*) FILTER (label IS NULL), count(*)"
    expected = _query(uneven_dataset, f"SELECT subject, {counted} FROM CLIPS GROUP BY 1 ORDER BY 1")
    total = _query(uneven_dataset, f"SELECT '**all**', {counted} FROM CLIPS")
    assert found == [["subject", *EMOTIONS, "no label", "all"], *expected, *total]
    assert [row[-1] for row in expected] == ["10", "9", "8", "7"]


def test_sources_of_labels_are_those_of_a_query(uneven_dataset: Path) -> None:
    (found,) = _tables(uneven_dataset, "How it was collected")
    kinds = ("micro", "macro", "uncertain", "none")
    counted = ", ".join(f"count(*) FILTER (kind = '{kind}')" for kind in kinds) + ", count(*)"
    source = "coalesce(label_source, 'none')"
    expected = _query(
        uneven_dataset, f"SELECT {source}, {counted} FROM CLIPS GROUP BY 1 ORDER BY 1"
    )
    assert found[1:] == [
        *expected,
        *_query(uneven_dataset, f"SELECT '**all**', {counted} FROM CLIPS"),
    ]
    assert len(expected) == 3


def test_quality_is_that_of_a_query(uneven_dataset: Path) -> None:
    by_subject, measures = _tables(uneven_dataset, "Quality")
    rates = ", ".join(f"count(*) FILTER (rate = '{rate}')" for rate in ("ok", "slow", "jittery"))
    counted = f"""count(*), {rates},
        (SELECT count(*) FROM FRAMES f WHERE ONE),
        (SELECT sum(repeated::int) FROM FRAMES f WHERE ONE),
        (SELECT sum(gap::int) FROM FRAMES f WHERE ONE), count(*) FILTER (blink > 0)"""
    one, every = (counted.replace("ONE", which) for which in ("f.subject = c.subject", "true"))
    grouped = f"SELECT subject, {one} FROM CLIPS c GROUP BY 1 ORDER BY 1"
    total = f"SELECT '**all**', {every} FROM CLIPS c"
    assert by_subject[1:] == _query(uneven_dataset, grouped) + _query(uneven_dataset, total)
    for name, *cells in measures[1:]:
        ends = f"count({name}), min({name}), median({name}::double), max({name})"
        ((count, *values),) = _query(uneven_dataset, f"SELECT {ends} FROM CLIPS")
        assert cells == [count, *(f"{float(value):.3f}" for value in values)], name
    assert measures[1][0] == "source_hz"


def test_splits_are_those_of_a_query(uneven_dataset: Path) -> None:
    (found,) = _tables(uneven_dataset, "Splits")
    expected = _query(
        uneven_dataset,
        """
        WITH tested AS (
            SELECT protocol, fold, count(*) FILTER (role = 'test') AS clips FROM SPLITS GROUP BY ALL
        ), people AS (
            SELECT protocol, count(DISTINCT c."group") AS groups
            FROM SPLITS s JOIN CLIPS c USING (clip_id) GROUP BY ALL
        )
        SELECT protocol, count(*), any_value(groups), min(clips), max(clips)
        FROM tested JOIN people USING (protocol) GROUP BY protocol ORDER BY protocol
        """,
    )
    assert found[1:] == expected
    assert [row[:3] for row in expected] == [["kfold", "2", "3"], ["loso", "3", "3"]]


def test_the_opening_sentence_is_that_of_a_query(uneven_dataset: Path) -> None:
    ((clips, subjects, frames),) = _query(
        uneven_dataset,
        "SELECT count(*), count(DISTINCT subject), (SELECT count(*) FROM FRAMES) FROM CLIPS",
    )
    text = (uneven_dataset / "README.md").read_text()
    assert f"\n{clips} clips (" in text
    assert f") of {subjects} subjects, {frames} frames, from 1 source." in text
    ((coded,),) = _query(uneven_dataset, "SELECT count(coded) FROM CLIPS")
    assert f"Coded by people: {coded} of {clips}." in text


def test_consent_is_counted(uneven_dataset: Path) -> None:
    scopes, _ = _tables(uneven_dataset, "Consent and use")
    counts = ["4", "4", "3", "2", "1", "0"]
    assert scopes[1:] == [list(pair) for pair in zip(SCOPES, counts, strict=True)]
