"""Who may be trained on, and what a network is shown: clips, samples, normalisation.

Reads the clips of datasets; pipeline.training.cache makes samples of them. Normalisation is
learned from training samples only.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mexlab.errors import ConsentError, InputError
from pipeline.form.dataset import Dataset, column

LABEL_COLUMN = {3: "label3", 7: "label"}


@dataclass(frozen=True)
class TrainingClips:
    """The clips to train on: `table` is CLIPS rows, `target` int64[n] their classes.

    `testing` bool[n] marks the clips of datasets that are only tested on. `left_out` counts clips
    by the reason they are not here.
    """

    table: pa.Table
    target: NDArray[np.int64]
    testing: NDArray[np.bool_]
    left_out: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Samples:
    """What a network is shown: `values` [frames, channels, 28, 28] (float16 or float32 flow, uint8
    rgb; may be memory-mapped), `clip` int64[n] the row of the clip each sample belongs to,
    `target` int64[n].

    A sample is one frame; with `spans` int64[n, 2] (first row of `values`, number of rows) it is a
    sequence.
    """

    values: NDArray[Any]
    clip: NDArray[np.int64]
    target: NDArray[np.int64]
    spans: NDArray[np.int64] | None = None

    def frames_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of `values` that the samples in `rows` are made of."""
        if self.spans is None:
            return rows
        parts = [np.arange(first, first + count) for first, count in self.spans[rows]]
        return np.concatenate(parts)


@dataclass(frozen=True)
class Normalisation:
    """`(values - mean) / scale` per channel, both float32[channels]."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]

    def apply(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """[..., channels, h, w] of any type -> float32 of the same shape."""
        shape = (-1, 1, 1)
        scaled = (values - self.mean.reshape(shape)) / self.scale.reshape(shape)
        return scaled.astype(np.float32, copy=False)


def choose_clips(
    datasets: Sequence[Dataset], classes: int, testing: Sequence[Dataset] = ()
) -> TrainingClips:
    """The clips whose subjects agreed to training and which have one of the classes.

    Raises ConsentError if nobody agreed, InputError if fewer than two groups or two classes
    remain, nothing to test on, a clip is in two datasets, or a label is none of the classes.
    """
    if classes not in LABEL_COLUMN:
        raise InputError(f"{classes} classes", "--classes", "use 3 or 7")
    left_out: Counter[str] = Counter()
    every = [*datasets, *testing]
    tables = [_consenting(dataset, left_out) for dataset in every]
    table = _persons_apart(pa.concat_tables(tables))
    if not len(table):
        raise ConsentError(
            "no subject agreed to training", places(every), "ask for the scope and build again"
        )
    if len(table["clip_id"].unique()) < len(table):
        raise InputError("a clip is in two datasets", places(every), "give each dataset once")
    only_tested = np.repeat([d >= len(datasets) for d in range(len(every))], [*map(len, tables)])
    valid = pc.is_valid(table[LABEL_COLUMN[classes]])
    labelled, only_tested = table.filter(valid), only_tested[valid.to_numpy()]
    if len(labelled) < len(table):
        left_out[f"no label among the {classes} classes"] = len(table) - len(labelled)
    target = labelled[LABEL_COLUMN[classes]].to_numpy().astype(np.int64)
    _check_target(target, classes, every)
    if testing and not only_tested.any():
        what = f"no clip with one of the {classes} classes to test on"
        raise InputError(what, places(testing), "test on a dataset with labelled clips")
    groups, present = len(labelled["group"].unique()), len(np.unique(target))
    if groups < 2 or present < 2:
        what = f"training needs 2 subjects and 2 classes; there are {groups} and {present}"
        raise InputError(what, places(every), "add subjects or labelled clips")
    return TrainingClips(labelled, target, only_tested, dict(left_out))


def fit_normalisation(samples: Samples, rows: NDArray[np.int64]) -> Normalisation:
    """From the samples in `rows` alone: mean and deviation of rgb, root mean square of flow.

    The mean of flow is left where it is, so that zero goes on meaning "no movement".
    """
    channels = samples.values.shape[1]
    total, squares, count = np.zeros(channels), np.zeros(channels), 0
    frames = np.sort(samples.frames_of(rows))
    for chunk in np.array_split(frames, max(1, len(frames) // 4096)):
        values = samples.values[chunk].astype(np.float64)
        total += values.sum(axis=(0, 2, 3))
        squares += (values**2).sum(axis=(0, 2, 3))
        count += values.size // channels
    mean = total / count if samples.values.dtype == np.uint8 else np.zeros(channels)
    scale = np.sqrt(np.maximum(squares / count - mean**2, 0))
    scale[scale == 0] = 1  # a channel that never changes, e.g. black images
    return Normalisation(mean.astype(np.float32), scale.astype(np.float32))


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


def _check_target(target: NDArray[np.int64], classes: int, datasets: Sequence[Dataset]) -> None:
    wrong = target[(target < 0) | (target >= classes)]
    if len(wrong):
        what = f"a clip has label {wrong[0]}, which is none of the {classes} classes"
        raise InputError(what, places(datasets), "build the dataset again")


def _persons_apart(clips: pa.Table) -> pa.Table:
    """Subjects that several sets call by one name, but who are not one group, get their set's name,
    and where that is one name too (two studies of one title), their group's.

    Where two sets give the same group too, it is taken for one person and never split.
    """
    subject, group, source = (column(clips, name) for name in ("subject", "group", "source"))
    told = subject
    for prefix in (source, group):
        groups: dict[str, set[str]] = {}
        for name, face in zip(told, group, strict=True):
            groups.setdefault(name, set()).add(face)
        told = [
            f"{prefix[row]}-{subject[row]}" if len(groups[name]) > 1 else name
            for row, name in enumerate(told)
        ]
    place = clips.schema.get_field_index("subject")
    return clips.set_column(place, clips.schema.field(place), pa.array(told, pa.string()))


def places(datasets: Sequence[Dataset]) -> str:
    """Where the datasets are, for a message."""
    return ", ".join(str(dataset.root) for dataset in datasets)
