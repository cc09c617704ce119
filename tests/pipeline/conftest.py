"""Fixtures: datasets made by `synthetic_dataset`, and torch kept to one thread."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import torch
from synthetic_dataset import write_dataset

from pipeline.form.dataset import Dataset


@pytest.fixture(autouse=True, scope="session")
def one_torch_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def small_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four subjects of three faces, two clips of each of five emotions."""
    return write_dataset(tmp_path_factory.mktemp("small") / "dataset")


@pytest.fixture
def make_dataset(tmp_path: Path) -> Callable[..., Path]:
    """`write_dataset` into a numbered folder of this test's own."""
    count = iter(range(100))
    return lambda **how: write_dataset(tmp_path / f"dataset{next(count)}", **how)


@pytest.fixture(scope="session")
def small_clips(small_dataset: Path) -> pa.Table:
    return Dataset.open(small_dataset).clips()
