"""Which clips and frames are trained on, and that nothing is learned from the others."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from synthetic_dataset import FRAMES_PER_CLIP

from mexlab.errors import ConsentError, InputError
from pipeline.dataset import Dataset, column
from pipeline.training.data import (
    Samples,
    choose_clips,
    decode_face,
    fit_normalisation,
    load_samples,
)

NO_TRAINING = ("recorded", "analysed", "shared", "published")


def test_three_classes_leave_neutral_out_and_count_it(small_dataset: Path) -> None:
    clips = choose_clips([Dataset.open(small_dataset)], 3)
    assert len(clips.table) == 32
    assert clips.left_out == {"no label among the 3 classes": 8}
    assert clips.target.tolist() == column(clips.table, "label3")
    assert len(choose_clips([Dataset.open(small_dataset)], 7).table) == 40


def test_who_has_not_agreed_is_left_out_and_listed(make_dataset: Callable[..., Path]) -> None:
    dataset = Dataset.open(make_dataset(scopes={"P003": NO_TRAINING}))
    clips = choose_clips([dataset], 7)
    assert set(column(clips.table, "subject")) == {"P001", "P002", "P004"}
    assert clips.left_out == {"P003 has not agreed to training": 10}


def test_a_subject_the_header_does_not_know_is_left_out(make_dataset: Callable[..., Path]) -> None:
    root = make_dataset()
    header = (root / "dataset.json").read_text().replace('"P004": {', '"P009": {')
    (root / "dataset.json").write_text(header)
    clips = choose_clips([Dataset.open(root)], 7)
    assert "P004" not in column(clips.table, "subject")


def test_nobody_left_is_a_consent_error(make_dataset: Callable[..., Path]) -> None:
    nobody = dict.fromkeys(("P001", "P002", "P003", "P004"), NO_TRAINING)
    with pytest.raises(ConsentError, match="no subject agreed to training"):
        choose_clips([Dataset.open(make_dataset(scopes=nobody))], 3)


def test_a_licence_stands_for_consent(make_dataset: Callable[..., Path]) -> None:
    nobody = dict.fromkeys(("P001", "P002", "P003", "P004"), ())
    licensed = make_dataset(scopes=nobody, licence="by agreement")
    assert len(choose_clips([Dataset.open(licensed)], 7).table) == 40


@pytest.mark.parametrize(
    ("how", "numbers"),
    [
        ({"subjects": {"P001": "face-a", "P002": "face-a"}}, "there are 1 and 3"),
        ({"shown": ("anger", "sadness")}, "there are 3 and 1"),
        ({"shown": ("neutral",)}, "there are 0 and 0"),
    ],
)
def test_too_little_to_learn_from(
    make_dataset: Callable[..., Path], how: dict[str, object], numbers: str
) -> None:
    with pytest.raises(InputError, match=numbers):
        choose_clips([Dataset.open(make_dataset(**how))], 3)


def test_the_same_dataset_twice_is_refused(small_dataset: Path) -> None:
    with pytest.raises(InputError, match="a clip is in two datasets"):
        choose_clips([Dataset.open(small_dataset)] * 2, 3)


def test_two_datasets_are_joined(
    make_dataset: Callable[..., Path], small_dataset: Path, tmp_path: Path
) -> None:
    datasets = [
        Dataset.open(small_dataset),
        Dataset.open(make_dataset(subjects={"Q001": "face-d"}, licence="x")),
    ]
    clips = choose_clips(datasets, 7)
    samples = load_samples(datasets, clips, "rgb", tmp_path)
    assert len(clips.table) == 50
    assert set(samples.clip.tolist()) == set(range(50))


def test_flow_samples_are_the_clips_flow(small_dataset: Path, tmp_path: Path) -> None:
    dataset = Dataset.open(small_dataset)
    clips = choose_clips([dataset], 7)
    samples = load_samples([dataset], clips, "flow", tmp_path)
    assert samples.values.shape == (40, 2, 28, 28)
    expected = np.array(column(clips.table, "apex_flow"), dtype=np.float32)
    np.testing.assert_array_equal(samples.values.reshape(40, -1), expected)
    assert samples.target.tolist() == clips.target.tolist()


def test_rgb_samples_are_frames_from_onset_to_offset(small_dataset: Path, tmp_path: Path) -> None:
    dataset = Dataset.open(small_dataset)
    clips = choose_clips([dataset], 7)
    samples = load_samples([dataset], clips, "rgb", tmp_path)
    assert isinstance(samples.values, np.memmap)
    assert samples.values.dtype == np.uint8
    per_clip = np.bincount(samples.clip).tolist()
    wanted = [2 if kind == "micro" else FRAMES_PER_CLIP for kind in column(clips.table, "kind")]
    assert per_clip == wanted
    # A clip that moves has onset 1 and offset 2, both included.
    row = column(clips.table, "clip_id").index("P002-3")
    frames = [
        frame
        for frame in dataset.frames("P002").to_pylist()
        if frame["clip_id"] == "P002-3" and frame["frame"] in (1, 2)
    ]
    for pixels, frame in zip(samples.values[samples.clip == row], frames, strict=True):
        np.testing.assert_array_equal(pixels, decode_face(frame["image"]["bytes"]))
    assert (samples.target[samples.clip == row] == clips.target[row]).all()


def test_only_faces_of_chosen_subjects_are_decoded(
    make_dataset: Callable[..., Path], tmp_path: Path
) -> None:
    dataset = Dataset.open(make_dataset(scopes={"P003": NO_TRAINING}))
    clips = choose_clips([dataset], 3)
    samples = load_samples([dataset], clips, "rgb", tmp_path / "cache")
    assert len(samples.values) == 3 * 8 * 2


def test_faces_are_averaged_in_rgb() -> None:
    face = np.zeros((56, 56, 3), np.uint8)
    face[::2, :, 2] = 200  # OpenCV's red, in every second line
    encoded = cv2.imencode(".png", face)[1].tobytes()
    assert np.unique(decode_face(encoded)[0]).tolist() == [100]
    assert not decode_face(encoded)[1:].any()


def test_a_damaged_image_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be decoded"):
        decode_face(b"not a picture")


def test_normalisation_comes_from_the_given_rows_alone() -> None:
    chance = np.random.default_rng(0)
    values = chance.integers(0, 256, (40, 3, 28, 28)).astype(np.uint8)
    values[20:] = 255  # the test subject
    samples = Samples(values, np.arange(40), np.zeros(40, np.int64))
    normalisation = fit_normalisation(samples, np.arange(20))
    scaled = normalisation.apply(values[:20])
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.mean(axis=(0, 2, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(scaled.std(axis=(0, 2, 3)), 1, atol=1e-4)


def test_no_movement_stays_no_movement() -> None:
    values = np.full((4, 2, 28, 28), 5, np.float32)
    values[:, 1] = 0
    samples = Samples(values, np.arange(4), np.zeros(4, np.int64))
    normalisation = fit_normalisation(samples, np.arange(4))
    assert normalisation.mean.tolist() == [0, 0]
    assert normalisation.scale.tolist() == [5, 1]
    assert not normalisation.apply(np.zeros((1, 2, 28, 28), np.float32)).any()
