"""Batches out of the memory map, and the changes that leave a sample's class alone."""

import dataclasses

import numpy as np
import pytest
import torch

from pipeline.training.augment import augment, augments, mirror, shift
from pipeline.training.data import Normalisation, Samples
from pipeline.training.loader import Loader
from pipeline.training.settings import TrainSettings

CPU = torch.device("cpu")
UNIT = Normalisation(np.zeros(2, np.float32), np.ones(2, np.float32))


@pytest.fixture
def frames() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(12, 2, 28, 28)).astype(np.float16)


def test_a_batch_is_the_rows_asked_for_normalised(frames: np.ndarray) -> None:
    samples = Samples(frames, np.arange(12), np.arange(12) % 3)
    how = Normalisation(np.array([1, -2], np.float32), np.array([2, 5], np.float32))
    rows = np.array([7, 0, 7, 11])
    batch = Loader.of(samples, how, CPU).batch(rows)
    np.testing.assert_allclose(batch.x, how.apply(frames[rows].astype(np.float32)), atol=1e-6)
    assert batch.x.dtype == torch.float32
    assert batch.x.is_contiguous(memory_format=torch.channels_last)
    assert batch.y.tolist() == [1, 0, 1, 2]
    assert batch.lengths is None


def test_reading_leaves_the_samples_alone(frames: np.ndarray) -> None:
    as_float = frames.astype(np.float32)
    before = as_float.copy()
    how = Normalisation(np.ones(2, np.float32), np.ones(2, np.float32))
    samples = Samples(as_float, np.arange(12), np.zeros(12, np.int64))
    Loader.of(samples, how, CPU).batch(np.arange(12))
    np.testing.assert_array_equal(as_float, before)


def test_sequences_are_padded_to_the_longest_of_the_batch(frames: np.ndarray) -> None:
    spans = np.array([[0, 3], [3, 7], [10, 2]])
    samples = Samples(frames, np.arange(3), np.array([0, 1, 2]), spans)
    batch = Loader.of(samples, UNIT, CPU).batch(np.array([2, 0]))
    assert batch.x.shape == (2, 3, 2, 28, 28)
    assert batch.lengths is not None
    assert batch.lengths.tolist() == [2, 3]
    np.testing.assert_array_equal(batch.x[0, :2], frames[10:12])
    np.testing.assert_array_equal(batch.x[0, 2], frames[11])
    np.testing.assert_array_equal(batch.x[1], frames[:3])


def test_a_mirrored_flow_moves_the_other_way() -> None:
    """What moves right at the left edge moves left at the right edge; down stays down."""
    flow = torch.zeros(2, 3, 28, 28)
    flow[:, 0, 5, 0], flow[:, 1, 5, 0], flow[:, 2, 5, 0] = 3, 4, 5
    seen = mirror(flow, torch.tensor([True, False]), is_flow=True)
    assert seen[0, :, 5, 27].tolist() == [-3, 4, 5]
    assert not seen[0, :, :, :27].any()
    assert torch.equal(seen[1], flow[1])
    assert torch.equal(mirror(mirror(flow, torch.ones(2) > 0, True), torch.ones(2) > 0, True), flow)
    assert mirror(flow, torch.ones(2) > 0, is_flow=False)[0, 0, 5, 27] == 3


def test_shifting_moves_and_fills_with_nothing() -> None:
    x = torch.zeros(3, 2, 28, 28)
    x[:, :, 10, 20] = 1
    moved = shift(x, torch.tensor([[2, -3], [0, 0], [9, 0]]), 9)
    assert moved[0].nonzero().tolist() == [[0, 7, 22], [1, 7, 22]]
    assert torch.equal(moved[1], x[1])
    assert not moved[2].any()  # out of the picture


def test_frames_of_one_clip_are_changed_alike() -> None:
    settings = TrainSettings(flip=True, shift_px=4, intensity=0.5)
    torch.manual_seed(0)
    frame = torch.randn(6, 1, 2, 28, 28)
    changed = augment(frame.expand(6, 5, 2, 28, 28), settings)
    assert all(torch.equal(changed[:, 0], changed[:, step]) for step in range(5))
    assert not any(torch.equal(changed[clip, 0], frame[clip, 0]) for clip in range(6))


def test_augmentation_is_off_unless_asked_for() -> None:
    assert not augments(TrainSettings())
    for change in ({"flip": True}, {"shift_px": 1}, {"intensity": 0.1}):
        assert augments(dataclasses.replace(TrainSettings(), **change))
    x = torch.randn(2, 2, 28, 28)
    assert torch.equal(augment(x, TrainSettings()), x)
