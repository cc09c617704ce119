import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mexlab.errors import TableError
from mexlab.tables import ALL_TABLES, FRAMES, INTERVALS, SCENES, TRUTH, matrix


def frames(count):
    steps = np.arange(count, dtype=np.int64) * 33_000_000
    return {
        "frame": np.arange(count),
        "capture_ns": steps,
        "pts_ns": steps,
        "dropped_before": [0] * count,
    }


@given(st.integers(0, 40))
def test_what_is_written_is_read_back(tmp_path_factory, count):
    path = tmp_path_factory.mktemp("tables") / "frames.parquet"
    table = FRAMES.build(frames(count))
    FRAMES.write(path, table, {"note": "ñ"})
    assert FRAMES.read(path).to_pylist() == table.to_pylist()
    assert FRAMES.metadata(path)["note"] == "ñ"


@pytest.mark.parametrize("spec", ALL_TABLES, ids=lambda spec: spec.name)
def test_every_table_has_an_empty_form_that_survives_the_disk(spec, tmp_path):
    spec.write(tmp_path / "t.parquet", spec.empty())
    assert spec.read(tmp_path / "t.parquet").num_rows == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frame": [0, 2, 3]}, "frame is not 0, 1, 2"),
        ({"capture_ns": [0, 5, 5]}, "capture_ns does not rise"),
        ({"pts_ns": [0, None, 5]}, "'pts_ns' has empty cells"),
        ({"dropped_before": [0, 99_999, 0]}, "does not fit"),
        ({"colour": [1, 2, 3]}, "no column 'colour'"),
    ],
)
def test_wrong_values_are_named(change, message):
    with pytest.raises(TableError, match=message):
        FRAMES.build(frames(3) | change)


def test_scenes_must_have_a_length_and_a_known_emotion():
    good = {"scene": [1], "emotion": ["fear"], "start_ns": [0], "end_ns": [1]}
    SCENES.build(good)
    for change, message in (
        ({"end_ns": [0]}, "end_ns is not after start_ns"),
        ({"emotion": ["joy"]}, "'joy', not one of neutral"),
    ):
        with pytest.raises(TableError, match=message):
            SCENES.build(good | change)


def test_onset_apex_and_offset_are_in_order():
    columns = {
        "scene": [1], "emotion": ["fear"], "onset_ns": [5], "apex_ns": [3], "offset_ns": [9],
        "kind": ["micro"], "amplitude_iod": [0.05], "base_face": ["astronaut"],
    }  # fmt: skip
    with pytest.raises(TableError, match="onset_ns <= apex_ns <= offset_ns"):
        TRUTH.build(columns)


def test_a_missing_damaged_foreign_or_newer_file_is_named_with_its_version(tmp_path):
    path = tmp_path / "frames.parquet"
    with pytest.raises(TableError, match="no frames table") as error:
        FRAMES.read(path)
    assert str(path) in str(error.value)

    path.write_bytes(b"PAR1 not really")
    with pytest.raises(TableError, match=r"damaged frames table \(schema version 1\)"):
        FRAMES.read(path)

    pq.write_table(pa.table({"x": [1]}), path)
    with pytest.raises(TableError, match="but no table of mexlab"):
        FRAMES.read(path)

    INTERVALS.write(path, INTERVALS.empty())
    with pytest.raises(TableError, match="not the frames table but intervals"):
        FRAMES.read(path)

    newer = FRAMES.build(frames(2)).replace_schema_metadata(
        {"mexlab.table": "frames", "mexlab.schema_version": "2"}
    )
    pq.write_table(newer, path)
    with pytest.raises(TableError, match=r"version 2 is newer than 1.*update mexlab"):
        FRAMES.read(path)


def test_a_file_cut_short_is_damaged(tmp_path):
    path = tmp_path / "frames.parquet"
    FRAMES.write(path, FRAMES.build(frames(500)))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(TableError, match="damaged"):
        FRAMES.read(path)


def test_a_column_of_the_wrong_type_is_refused_on_reading(tmp_path):
    table = FRAMES.build(frames(2)).cast(
        pa.schema([(n, pa.int64()) for n in FRAMES.schema.names], metadata={
            "mexlab.table": "frames", "mexlab.schema_version": "1"})
    )  # fmt: skip
    pq.write_table(table, tmp_path / "frames.parquet")
    with pytest.raises(TableError, match="'frame' is int64, not int32"):
        FRAMES.read(tmp_path / "frames.parquet")


def test_a_writer_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), FRAMES.writer(tmp_path / "frames.parquet") as writer:
        writer.write_table(FRAMES.build(frames(3)))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_list_column_becomes_a_matrix():
    column = pa.chunked_array([pa.array([[1, 2], [3, 4]], pa.list_(pa.float32(), 2))])
    assert matrix(column).tolist() == [[1, 2], [3, 4]]
