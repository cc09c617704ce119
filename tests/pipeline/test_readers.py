"""Five programs read a dataset folder; each must give the pictures, labels and flow put into it."""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from PIL import Image
from synthetic_dataset import SUBJECTS, subject_tables

from mexlab.emotions import EMOTIONS
from mexlab.errors import TableError
from mexlab.tables import CLIP_FRAMES
from pipeline.form.dataset import Dataset, clips_path, frames_path, write_subject

Row = tuple[np.ndarray, int, np.ndarray]  # picture, label, flow


@pytest.fixture(scope="module")
def written() -> dict[tuple[str, int], dict[str, Any]]:
    """Every row that was given to the writer, by clip and frame."""
    return {
        (row["clip_id"], row["frame"]): row
        for subject, group in SUBJECTS.items()
        for row in subject_tables(subject, group)[1].to_pylist()
    }


def decoded(encoded: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR_RGB)


def rows_of(columns: dict[str, Any]) -> Iterator[tuple[tuple[str, int], Row]]:
    for clip, frame, image, label, flow in zip(
        *(columns[name] for name in ("clip_id", "frame", "image", "label", "flow")), strict=True
    ):
        yield (clip, int(frame)), (decoded(image["bytes"]), int(label), np.asarray(flow))


def by_pyarrow(root: Path) -> Iterator[tuple[tuple[str, int], Row]]:
    return rows_of(pq.read_table(root / "frames").to_pydict())


def by_pandas(root: Path) -> Iterator[tuple[tuple[str, int], Row]]:
    return rows_of(dict(pd.read_parquet(root / "frames").items()))


def by_polars(root: Path) -> Iterator[tuple[tuple[str, int], Row]]:
    return rows_of(pl.read_parquet(root / "frames" / "*.parquet").to_dict(as_series=False))


def by_duckdb(root: Path) -> Iterator[tuple[tuple[str, int], Row]]:
    wanted = "clip_id, frame, image, label, flow"
    found = duckdb.sql(f"SELECT {wanted} FROM '{root}/frames/*.parquet'").fetchall()
    names = ("clip_id", "frame", "image", "label", "flow")
    return rows_of(dict(zip(names, zip(*found, strict=True), strict=True)))


def by_mexlab(root: Path) -> Iterator[tuple[tuple[str, int], Row]]:
    dataset = Dataset.open(root)
    for subject in dataset.subjects:
        pictures = dataset.pictures(subject)
        rows = dataset.frames(subject, ["clip_id", "frame", "label", "flow"]).to_pylist()
        assert len(pictures) == len(rows)
        for index in reversed(range(len(rows))):  # at random, in a manner of speaking
            row = rows[index]
            key = row["clip_id"], row["frame"]
            yield key, (pictures[index], row["label"], np.asarray(row["flow"]))


@pytest.mark.parametrize("read", [by_pyarrow, by_pandas, by_polars, by_duckdb, by_mexlab])
def test_pictures_labels_and_flow_are_those_written(
    read: Callable[[Path], Iterator[tuple[tuple[str, int], Row]]],
    small_dataset: Path,
    written: dict[tuple[str, int], dict[str, Any]],
) -> None:
    found = dict(read(small_dataset))
    assert found.keys() == written.keys()
    for key, (picture, label, flow) in found.items():
        assert np.array_equal(picture, decoded(written[key]["image"]["bytes"]))
        assert label == written[key]["label"]
        assert np.array_equal(flow.astype(np.float16), np.array(written[key]["flow"], np.float16))
    assert len({label for _, label, _ in found.values()}) == 5
    assert np.ptp(found["P001-1", 0][0]) > 100  # a picture, not a blank


def test_datasets_gives_pictures_named_labels_and_flow(
    small_dataset: Path,
    written: dict[tuple[str, int], dict[str, Any]],
    tmp_path: Path,
) -> None:
    import datasets  # late: tests/conftest.py tells it to stay offline

    frames, clips, splits = (
        datasets.load_dataset(str(small_dataset), *config, split="train", cache_dir=str(tmp_path))
        for config in ((), ("clips",), ("splits",))
    )
    assert len(frames) == len(written)
    for row in frames:
        given = written[row["clip_id"], row["frame"]]
        with Image.open(BytesIO(given["image"]["bytes"])) as picture:
            assert np.array_equal(np.asarray(row["image"]), np.asarray(picture))
        assert frames.features["label"].int2str(row["label"]) == EMOTIONS[given["label"]]
        assert np.array_equal(np.array(row["flow"], np.float16), np.array(given["flow"]))
    dataset = Dataset.open(small_dataset)
    assert clips["clip_id"] == dataset.clips()["clip_id"].to_pylist()
    assert splits["role"] == dataset.splits()["role"].to_pylist()


def test_duckdb_joins_the_three_tables(small_dataset: Path) -> None:
    query = """
        SELECT s.fold, count(DISTINCT f.subject), count(*)
        FROM 'ROOT/frames/*.parquet' f
        JOIN 'ROOT/clips/*.parquet' c USING (clip_id)
        JOIN 'ROOT/splits.parquet' s USING (clip_id)
        WHERE s.role = 'test' AND c.label3 = 0 GROUP BY s.fold ORDER BY s.fold
    """.replace("ROOT", str(small_dataset))
    # Two of four subjects share a face and are tested together; each was happy in two clips.
    assert duckdb.sql(query).fetchall() == [(0, 2, 16), (1, 1, 8), (2, 1, 8)]


def test_a_picture_beyond_the_rows_or_damaged_is_said(
    make_dataset: Callable[..., Path],
) -> None:
    root = make_dataset()
    with pytest.raises(IndexError):
        Dataset.open(root).pictures("P001")[40]
    with pytest.raises(IndexError):
        Dataset.open(root).pictures("P001")[-1]
    rows = CLIP_FRAMES.read(frames_path(root, "P001")).to_pylist()
    rows[7]["image"]["bytes"] = b"no picture"
    frames = CLIP_FRAMES.build({name: [row[name] for row in rows] for name in rows[0]})
    write_subject(root, "P001", pq.read_table(clips_path(root, "P001")), [frames])
    pictures = Dataset.open(root).pictures("P001")
    assert pictures[6].shape == (56, 56, 3)
    with pytest.raises(TableError, match="picture of row 7 cannot be decoded"):
        pictures[7]
    with pytest.raises(TableError, match="no clip_frames table"):
        Dataset.open(root).pictures("P999")
