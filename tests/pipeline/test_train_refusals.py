"""Data and files that no network can be trained on or used with: each ends with what is wrong."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import torch

from mexlab.errors import InputError
from mexlab.tables import CLIP_FRAMES, CLIPS
from pipeline.form.dataset import Dataset, clips_path, column, frames_path
from pipeline.training.cache import Kind, decode_face, load_samples
from pipeline.training.checkpoint import Checkpoint, write_tensors
from pipeline.training.data import choose_clips
from pipeline.training.settings import TrainSettings
from pipeline.training.train import prepare

FRAMES = Kind.of("rgb", "apex", False, 0)
TINY = TrainSettings(preset="tiny", epochs=1, batch_size=16, device="cpu")


def _changed(table: pa.Table, name: str, row: int, value: object) -> pa.Table:
    place, values = table.schema.get_field_index(name), table[name].to_pylist()
    values[row] = value
    field = table.schema.field(place)
    return table.set_column(place, field, pa.array(values, field.type))


@pytest.mark.parametrize("sequence", [False, True])
def test_a_clip_without_frames_is_named_before_training(
    make_dataset: Callable[..., Path], tmp_path: Path, sequence: bool
) -> None:
    root = make_dataset()
    frames = Dataset.open(root).frames("P003")
    kept = frames.filter(pc.field("clip_id") != "P003-4")
    CLIP_FRAMES.write(frames_path(root, "P003"), kept)
    dataset = Dataset.open(root)
    clips = choose_clips([dataset], 3)
    kind = dataclasses.replace(FRAMES, sequence=sequence, max_frames=8)
    with pytest.raises(InputError, match="clip P003-4 has no frame from its onset to its offset"):
        load_samples([dataset], clips, kind, tmp_path / "cache")


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_flow_that_is_no_number_is_not_blamed_on_the_learning_rate(
    make_dataset: Callable[..., Path], tmp_path: Path, wrong: float
) -> None:
    root = make_dataset()
    clips = Dataset.open(root).clips().filter(pc.field("subject") == "P004")
    flow = np.zeros(1568, np.float16)
    flow[-1] = wrong
    CLIPS.write(clips_path(root, "P004"), _changed(clips, "apex_flow", 3, flow))
    dataset = Dataset.open(root)
    chosen = choose_clips([dataset], 3)
    with pytest.raises(InputError, match="clip P004-4 has a flow that is not finite"):
        load_samples([dataset], chosen, Kind.of("flow", "apex", False, 0), tmp_path / "cache")


@pytest.mark.parametrize("encoded", [None, b""])
def test_no_picture_is_as_bad_as_a_damaged_one(encoded: bytes | None) -> None:
    with pytest.raises(InputError, match="cannot be decoded"):
        decode_face(encoded)


@pytest.mark.parametrize("label", [-1, 7])
def test_a_label_beyond_the_classes_is_refused(
    make_dataset: Callable[..., Path], label: int
) -> None:
    root = make_dataset()
    clips = Dataset.open(root).clips().filter(pc.field("subject") == "P004")
    CLIPS.write(clips_path(root, "P004"), _changed(clips, "label", 0, label))
    with pytest.raises(InputError, match=f"label {label}, which is none of the 7 classes"):
        choose_clips([Dataset.open(root)], 7)


def test_a_test_dataset_without_the_classes_is_said_to_be_one(
    make_dataset: Callable[..., Path], small_dataset: Path
) -> None:
    neutral = Dataset.open(make_dataset(subjects={"Q001": "face-q"}, shown=("neutral",)))
    with pytest.raises(InputError, match="no clip with one of the 3 classes to test on"):
        choose_clips([Dataset.open(small_dataset)], 3, [neutral])


def test_two_studies_of_one_title_keep_their_people_apart(
    make_dataset: Callable[..., Path], small_dataset: Path
) -> None:
    """P001 of both is somebody else, and the face of one's P001 is that of the other's P003."""
    root = make_dataset(subjects={"P001": "face-z", "P003": "face-a"})
    for subject in ("P001", "P003"):
        path = clips_path(root, subject)
        clips = CLIPS.read(path)
        names = pa.array([f"other-{name}" for name in column(clips, "clip_id")])
        CLIPS.write(path, clips.set_column(0, clips.schema.field(0), names))
    clips = choose_clips([Dataset.open(small_dataset), Dataset.open(root)], 3).table
    people = set(zip(column(clips, "subject"), column(clips, "group"), strict=True))
    assert len({subject for subject, _ in people}) == len(people) == 6
    prepared = prepare([small_dataset, root], TINY, root / "run")  # which checks the folds
    assert len(prepared.folds) == len({group for _, group in people})


def test_datasets_made_in_different_ways_are_told(
    make_dataset: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    roots = [
        make_dataset(subjects={f"{name}001": name, f"{name}002": name * 2}, settings=settings)
        for name, settings in (("P", {"margin": 1.3, "flow": "dis"}), ("Q", {"margin": 1.5}))
    ]
    prepare(roots[:1], TINY, roots[0] / "run")
    assert "differ" not in capfd.readouterr().err
    prepare(roots, TINY, roots[0] / "run")
    said = capfd.readouterr().err
    assert "notice: the datasets differ in margin (1.3, 1.5)" in said
    assert "in flow (None, dis)" in said


@pytest.mark.parametrize(
    "change",
    [
        {"classes": 3},
        {"input": "sound"},
        {"options": "laplacian"},
        {"mean": [0.0]},
        {"model": None},
    ],
)
def test_a_file_that_describes_no_network_is_refused(
    tmp_path: Path, change: dict[str, object]
) -> None:
    about = {
        "model": "incep-cbam",
        "preset": "tiny",
        "options": [],
        "input": "flow",
        "frames": "apex",
        "max_frames": 32,
        "classes": ["a", "b"],
        "mean": [0.0, 0.0],
        "scale": [1.0, 1.0],
    }
    path = tmp_path / "model.safetensors"
    write_tensors(path, {"weight": torch.zeros(2)}, about)
    with pytest.raises(InputError, match="the weights are not those of incep-cbam tiny"):
        Checkpoint.load(path)
    write_tensors(path, {"weight": torch.zeros(2)}, about | change)
    with pytest.raises(InputError, match="no trained network is in this file"):
        Checkpoint.load(path)


def test_the_state_of_an_epoch_is_no_network(tmp_path: Path) -> None:
    write_tensors(tmp_path / "0-000.safetensors", {}, {"loss": [], "accuracy": [], "inner": []})
    with pytest.raises(InputError, match=r"no trained network is in this file; .*0-000"):
        Checkpoint.load(tmp_path / "0-000.safetensors")
