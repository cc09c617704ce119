"""The benchmark of reading runs, on little; its figures are for a quiet machine."""

from dataclasses import astuple
from pathlib import Path

from benchmarks.reading import LEAST_PICTURES, SIDE_PX, measure
from pipeline.form.dataset import Dataset


def test_reading_is_measured(tmp_path: Path) -> None:
    found = measure(tmp_path, frames=200, rounds=3)
    assert all(figure > 0 for figure in astuple(found))
    assert found.pictures > LEAST_PICTURES / 2
    dataset = Dataset.open(tmp_path / "dataset")
    assert dataset.header.counts == {"subjects": 4, "clips": 8, "frames": 400}
    assert dataset.pictures("B001")[0].shape == (SIDE_PX, SIDE_PX, 3)
