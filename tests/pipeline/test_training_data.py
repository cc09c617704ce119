"""Which clips and frames are trained on, and that nothing is learned from the others."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pytest
from synthetic_dataset import FRAMES_PER_CLIP

from mexlab.errors import ConsentError, InputError
from mexlab.vision.strain import optical_strain
from pipeline.form.dataset import Dataset, column
from pipeline.training.cache import Kind, cache_key, decode_face, load_samples, open_samples
from pipeline.training.data import Samples, _persons_apart, choose_clips, fit_normalisation

RGB, FLOW = Kind.of("rgb", "apex", False, 0), Kind.of("flow", "apex", False, 0)
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
    samples = load_samples(datasets, clips, RGB, tmp_path)
    assert len(clips.table) == 50
    assert set(samples.clip.tolist()) == set(range(50))


def test_flow_samples_are_the_clips_flow(small_dataset: Path, tmp_path: Path) -> None:
    dataset = Dataset.open(small_dataset)
    clips = choose_clips([dataset], 7)
    samples = load_samples([dataset], clips, FLOW, tmp_path)
    assert samples.values.shape == (40, 2, 28, 28)
    expected = np.array(column(clips.table, "apex_flow"), dtype=np.float32)
    np.testing.assert_array_equal(samples.values.reshape(40, -1), expected)
    assert samples.target.tolist() == clips.target.tolist()


def test_rgb_samples_are_frames_from_onset_to_offset(small_dataset: Path, tmp_path: Path) -> None:
    dataset = Dataset.open(small_dataset)
    clips = choose_clips([dataset], 7)
    samples = load_samples([dataset], clips, RGB, tmp_path)
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
    samples = load_samples([dataset], clips, RGB, tmp_path / "cache")
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


def test_frames_all_takes_the_flow_between_frames(small_dataset: Path, tmp_path: Path) -> None:
    dataset = Dataset.open(small_dataset)
    clips = choose_clips([dataset], 7)
    samples = load_samples([dataset], clips, Kind.of("flow", "all", False, 0), tmp_path)
    # Frames 1 and 2 of a clip that moves; 1 to 3 of the others, since nothing leads to frame 0.
    wanted = [2 if kind == "micro" else 3 for kind in column(clips.table, "kind")]
    assert np.bincount(samples.clip).tolist() == wanted
    frames = dataset.frames("P001").to_pylist()
    mine = column(clips.table, "clip_id").index(frames[0]["clip_id"])
    expected = [row["flow"] for row in frames[1:4]]
    np.testing.assert_array_equal(samples.values[samples.clip == mine].reshape(3, -1), expected)


def test_strain_is_the_third_channel(small_dataset: Path, tmp_path: Path) -> None:
    dataset = Dataset.open(small_dataset)
    clips = choose_clips([dataset], 7)
    samples = load_samples([dataset], clips, Kind.of("flow-strain", "apex", False, 0), tmp_path)
    flow = np.array(column(clips.table, "apex_flow"), np.float32).reshape(-1, 2, 28, 28)
    np.testing.assert_array_equal(samples.values[:, :2], flow)
    np.testing.assert_allclose(samples.values[:, 2], optical_strain(flow), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("input_", ["rgb", "flow"])
def test_a_sequence_is_a_clip_s_frames_in_order(
    small_dataset: Path, tmp_path: Path, input_: str
) -> None:
    dataset = Dataset.open(small_dataset)
    clips = choose_clips([dataset], 7)
    kind = Kind.of(input_, "apex", True, 32)
    samples = load_samples([dataset], clips, kind, tmp_path)
    single = load_samples([dataset], clips, Kind.of(input_, "all", False, 0), tmp_path / "other")
    assert samples.clip.tolist() == [*range(40)]
    assert samples.target.tolist() == clips.target.tolist()
    for clip in (0, 17, 39):
        first, count = samples.spans[clip]
        own = samples.values[first : first + count]
        np.testing.assert_array_equal(own, single.values[single.clip == clip])
    assert samples.frames_of(np.array([0, 1])).tolist() == [*range(samples.spans[:2, 1].sum())]


def test_long_sequences_are_thinned_evenly(small_dataset: Path, tmp_path: Path) -> None:
    dataset = Dataset.open(small_dataset)
    clips = choose_clips([dataset], 7)
    samples = load_samples([dataset], clips, Kind.of("rgb", "apex", True, 2), tmp_path)
    assert set(samples.spans[:, 1]) == {2}
    still = column(clips.table, "kind").index("none")
    frames = dataset.frames(column(clips.table, "subject")[still]).to_pylist()
    named = [f for f in frames if f["clip_id"] == column(clips.table, "clip_id")[still]]
    ends = [decode_face(named[place]["image"]["bytes"]) for place in (0, 3)]
    np.testing.assert_array_equal(samples.values[samples.frames_of(np.array([still]))], ends)


def test_the_cache_is_made_once_and_only_for_what_is_asked(
    make_dataset: Callable[..., Path], tmp_path: Path
) -> None:
    root, cache = make_dataset(), tmp_path / "cache"
    dataset = Dataset.open(root)
    clips = choose_clips([dataset], 7)
    load_samples([dataset], clips, RGB, cache)
    made = cache / cache_key([dataset], clips, RGB) / "values.npy"
    before = made.stat().st_mtime_ns
    samples = load_samples([dataset], clips, RGB, cache)
    assert made.stat().st_mtime_ns == before
    np.testing.assert_array_equal(open_samples(made.parent).values, samples.values)
    # Others' faces are gone from it as soon as fewer may be used.
    fewer = choose_clips([Dataset.open(make_dataset(scopes={"P003": NO_TRAINING}))], 7)
    assert len(load_samples([dataset], fewer, RGB, cache).values) < len(samples.values)
    assert not made.exists()
    assert len([*cache.iterdir()]) == 1


def test_the_key_follows_content_clips_and_kind(
    small_dataset: Path, make_dataset: Callable[..., Path]
) -> None:
    dataset, other = (
        Dataset.open(small_dataset),
        Dataset.open(make_dataset(shown=("anger", "fear"))),
    )
    three, seven = choose_clips([dataset], 3), choose_clips([dataset], 7)
    keys = {
        cache_key([dataset], seven, RGB),
        cache_key([dataset], three, RGB),
        cache_key([dataset], seven, FLOW),
        cache_key([other], choose_clips([other], 7), RGB),
    }
    assert len(keys) == 4
    again = Dataset.open(small_dataset)
    assert cache_key([again], choose_clips([again], 7), RGB) in keys


def test_two_people_of_one_name_stay_two(make_dataset: Callable[..., Path]) -> None:
    """Corpora number their subjects alike; who they are stands in the group."""
    one = make_dataset(subjects={"s01": "casme2-s01", "s02": "casme2-s02"}, licence="x")
    clips = choose_clips([Dataset.open(one)], 7).table
    groups = {"s01": "smic-s01", "s02": "casme2-s02"}
    other = {
        "source": ["smic"] * len(clips),
        "group": [groups[name] for name in column(clips, "subject")],
    }
    there = clips
    for name, values in other.items():
        there = there.set_column(there.schema.get_field_index(name), name, pa.array(values))
    told = _persons_apart(pa.concat_tables([clips, there]))
    assert set(column(told, "subject")) == {"synthetic-s01", "smic-s01", "s02"}
