"""From dataset folders to arrays: who may be trained on, what is a sample, what is its class.

Reads datasets; writes a cache of decoded faces, 28 px a side, inside the folder it is given.
The cache is the training run's own and goes with it: faces must not stay behind somewhere else
when a participant withdraws.

One sample is a clip with flow (`apex_flow`), a frame from onset to offset with rgb (every frame
of a clip without onset and offset). Normalisation is learned from training samples only.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mexlab.atomic import atomic_file
from mexlab.errors import ConsentError, InputError
from mexlab.progress import Progress
from mexlab.tables import FLOW_SIDE
from pipeline.dataset import Dataset, column
from pipeline.training.models import INPUT_SIDE

LABEL_COLUMN = {3: "label3", 7: "label"}


@dataclass(frozen=True)
class TrainingClips:
    """The clips to train on: `table` is CLIPS rows, `target` int64[n] their classes.

    `left_out` counts clips by the reason they are not here.
    """

    table: pa.Table
    target: NDArray[np.int64]
    left_out: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Samples:
    """What a network is shown: `values` [n, channels, 28, 28] (float32 flow or uint8 rgb; may be
    memory-mapped), `clip` int64[n] the row of the clip each belongs to, `target` int64[n]."""

    values: NDArray[Any]
    clip: NDArray[np.int64]
    target: NDArray[np.int64]


@dataclass(frozen=True)
class Normalisation:
    """`(values - mean) / scale` per channel, both float32[channels]."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]

    def apply(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """[b, channels, h, w] of any type -> float32 of the same shape."""
        shape = (1, -1, 1, 1)
        scaled = (values - self.mean.reshape(shape)) / self.scale.reshape(shape)
        return scaled.astype(np.float32, copy=False)


def choose_clips(datasets: Sequence[Dataset], classes: int) -> TrainingClips:
    """The clips whose subjects agreed to training and which have one of the classes.

    Raises ConsentError if nobody agreed, InputError if fewer than two groups or two classes
    remain, or a clip is in two datasets.
    """
    left_out: Counter[str] = Counter()
    tables = [_consenting(dataset, left_out) for dataset in datasets]
    table = pa.concat_tables(tables)
    if not len(table):
        raise ConsentError(
            "no subject agreed to training", _names(datasets), "ask for the scope and build again"
        )
    if len(table["clip_id"].unique()) < len(table):
        raise InputError("a clip is in two datasets", _names(datasets), "give each dataset once")
    labelled = table.filter(pc.is_valid(table[LABEL_COLUMN[classes]]))
    if len(labelled) < len(table):
        left_out[f"no label among the {classes} classes"] = len(table) - len(labelled)
    target = labelled[LABEL_COLUMN[classes]].to_numpy().astype(np.int64)
    groups, present = len(labelled["group"].unique()), len(np.unique(target))
    if groups < 2 or present < 2:
        what = f"training needs 2 subjects and 2 classes; there are {groups} and {present}"
        raise InputError(what, _names(datasets), "add subjects or labelled clips")
    return TrainingClips(labelled, target, dict(left_out))


def load_samples(
    datasets: Sequence[Dataset], clips: TrainingClips, kind: str, cache: Path
) -> Samples:
    """Samples of `kind` flow or rgb; `cache` is the folder for decoded frames."""
    return SAMPLES[kind](datasets, clips, cache)


def fit_normalisation(samples: Samples, rows: NDArray[np.int64]) -> Normalisation:
    """From the samples in `rows` alone: mean and deviation of rgb, root mean square of flow.

    The mean of flow is left where it is, so that zero goes on meaning "no movement".
    """
    channels = samples.values.shape[1]
    total, squares, count = np.zeros(channels), np.zeros(channels), 0
    for chunk in np.array_split(np.sort(rows), max(1, len(rows) // 4096)):
        values = samples.values[chunk].astype(np.float64)
        total += values.sum(axis=(0, 2, 3))
        squares += (values**2).sum(axis=(0, 2, 3))
        count += values.size // channels
    mean = total / count if samples.values.dtype == np.uint8 else np.zeros(channels)
    scale = np.sqrt(np.maximum(squares / count - mean**2, 0))
    scale[scale == 0] = 1  # a channel that never changes, e.g. black images
    return Normalisation(mean.astype(np.float32), scale.astype(np.float32))


def decode_face(encoded: bytes) -> NDArray[np.uint8]:
    """A JPEG or PNG as uint8 RGB [3, 28, 28], each cell the mean of the pixels it covers."""
    image = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR_RGB)
    if image is None:
        raise InputError("an image cannot be decoded", "frames", "restore or rebuild the dataset")
    small = cv2.resize(image, (INPUT_SIDE, INPUT_SIDE), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small.transpose(2, 0, 1), dtype=np.uint8)


def _consenting(dataset: Dataset, left_out: Counter[str]) -> pa.Table:
    """The dataset's clips of subjects with the scope `training`; all of them with a licence."""
    clips = dataset.clips().replace_schema_metadata(None)
    if dataset.header.licence:
        return clips
    subjects = dataset.header.subjects.items()
    agreed = [who for who, entry in subjects if "training" in (entry.scopes or ())]
    kept = clips.filter(pc.is_in(clips["subject"], pa.array(agreed, pa.string())))
    for subject in sorted(set(dataset.subjects) - set(agreed)):
        left_out[f"{subject} has not agreed to training"] += column(clips, "subject").count(subject)
    return kept


def _flow_samples(_: Sequence[Dataset], clips: TrainingClips, __: Path) -> Samples:
    values = np.concatenate(
        [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in _flow_chunks(clips.table)]
    )
    values = values.astype(np.float32).reshape(-1, 2, FLOW_SIDE, FLOW_SIDE)
    return Samples(values, np.arange(len(values)), clips.target)


def _rgb_samples(datasets: Sequence[Dataset], clips: TrainingClips, cache: Path) -> Samples:
    """Frames from onset to offset, decoded once to a memory-mapped file in `cache`."""
    parts = [
        (dataset, subject, *_select_frames(dataset.frames(subject, ["clip_id", "frame"]), clips))
        for dataset in datasets
        for subject in sorted(set(dataset.subjects) & set(column(clips.table, "subject")))
    ]
    clip = np.concatenate([rows for _, _, rows, _ in parts])
    path = cache / f"faces-{INPUT_SIDE}px.npy"
    shape = (len(clip), 3, INPUT_SIDE, INPUT_SIDE)
    with Progress("decoding faces", len(clip), "frames") as bar, atomic_file(path) as temporary:
        pixels = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        row = 0
        for dataset, subject, _, kept in parts:
            images = column(dataset.frames(subject, ["image"]).take(kept), "image")
            for image in images:
                pixels[row] = decode_face(image["bytes"])
                row += 1
            bar.advance(len(kept))
        pixels.flush()
    return Samples(np.load(path, mmap_mode="r"), clip, clips.target[clip])


# A new input is a function here and a line in models.CHANNELS.
SAMPLES = {"flow": _flow_samples, "rgb": _rgb_samples}


def _select_frames(
    frames: pa.Table, clips: TrainingClips
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of `frames` from onset to offset of a chosen clip, as (clip row, frame row).

    Onset and offset are inclusive; a clip without them gives all its frames.
    """
    rows = {name: row for row, name in enumerate(column(clips.table, "clip_id"))}
    onset = np.array([0 if n is None else n for n in column(clips.table, "onset")])
    beyond = np.iinfo(np.int64).max
    offset = np.array([beyond if n is None else n for n in column(clips.table, "offset")])
    clip = np.array([rows.get(name, -1) for name in column(frames, "clip_id")], dtype=np.int64)
    number = frames["frame"].to_numpy()
    kept = np.flatnonzero((clip >= 0) & (number >= onset[clip]) & (number <= offset[clip]))
    return clip[kept], kept


def _flow_chunks(clips: pa.Table) -> Sequence[Any]:
    return clips["apex_flow"].chunks


def _names(datasets: Sequence[Dataset]) -> str:
    return ", ".join(str(dataset.root) for dataset in datasets)
