"""Where a run's network looks: the clips that are chosen for it, and their maps.

Reads the run's checkpoint and the datasets its settings name. A dataset that has moved or changed
is said, and there are no maps. The network that a run keeps was trained on everybody; so that a map
shows more than what was learned by heart, only clips are taken that the folds' networks, which did
not know the person, judged right.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mexlab.errors import MexlabError
from pipeline.form.dataset import Dataset, column
from pipeline.training.cache import load_samples
from pipeline.training.checkpoint import Checkpoint
from pipeline.training.data import TrainingClips, choose_clips
from pipeline.training.explain import Maps, clip_maps
from pipeline.training.metrics import Predictions
from pipeline.training.report.read import Reported

MOST_CLIPS = 32  # of a class, evenly from all of it that were judged right

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Shown:
    """The clip of a class that stands for it: its face at the apex, uint8 RGB, and its map."""

    subject: str
    picture: Picture
    map: NDArray[np.float32]


@dataclass(frozen=True)
class Explained:
    """`cam` and `rollout` [clips, 28, 28]; `target` int64[clips]; `shown` by class, of people who
    agreed to being shown in reports."""

    target: NDArray[np.int64]
    cam: Maps
    rollout: Maps | None
    shown: dict[int, Shown]

    def mean(self, maps: Maps, index: int) -> NDArray[np.float32] | None:
        """The mean map [28, 28] of a class; None where none of its clips was judged right."""
        own = maps[self.target == index]
        return own.mean(axis=0) if len(own) else None


class NotAtHandError(MexlabError):
    """The datasets of a run are not where it was trained, or not what they were."""


def explain_run(entry: Reported) -> Explained:
    """The maps of a run. Raises NotAtHandError where its datasets are not at hand as they were."""
    datasets, tested = (open_datasets(entry.settings[which]) for which in ("datasets", "test_on"))
    try:
        clips = choose_clips(datasets, entry.settings["classes"], tested)
    except MexlabError as error:  # consent taken back since the training changes no table
        raise NotAtHandError(error.what, error.where, "train again") from error
    right, chance = judged_right(entry.predictions)
    rows = choose_rows(column(clips.table, "clip_id"), clips.target, right)
    if not len(rows):
        where = entry.run.predictions_path
        raise NotAtHandError("no clip was judged right", where, "train for longer")
    chosen = TrainingClips(clips.table.take(rows), clips.target[rows], clips.testing[rows])
    classes = entry.metrics["classes"]
    checkpoint = Checkpoint.load(entry.run.checkpoint_path, entry.settings["input"], classes)
    every = [*datasets, *tested]
    with tempfile.TemporaryDirectory() as folder:
        samples = load_samples(every, chosen, entry.kind, Path(folder))
        cam, rollout = clip_maps(checkpoint, samples, chosen.target)
        del samples  # lets go of the memory-mapped faces before their file goes
    return Explained(chosen.target, cam, rollout, _examples(every, chosen, chance, cam))


def open_datasets(named: Sequence[dict[str, str]]) -> list[Dataset]:
    """The datasets that settings name. Raises NotAtHandError for one that is not what it was."""
    found = []
    for entry in named:
        path = Path(entry["path"])
        try:
            dataset = Dataset.open(path)
        except MexlabError as error:
            what = f"the dataset has moved or is damaged ({error.what})"
            raise NotAtHandError(what, path, "put it back there") from error
        if dataset.header.content_hash != entry["content_hash"]:
            raise NotAtHandError("the dataset has changed since the training", path, "train again")
        found.append(dataset)
    return found


def judged_right(predictions: Predictions) -> tuple[set[str], dict[str, float]]:
    """(clips judged right by the mean over seeds, probability of the true class of every clip)."""
    names, place = np.unique(np.array(predictions.clip_id, dtype=object), return_inverse=True)
    total = np.zeros((len(names), predictions.probabilities.shape[1]))
    np.add.at(total, place, predictions.probabilities)
    truth = np.zeros(len(names), np.int64)
    truth[place] = predictions.truth
    mean = total / np.bincount(place)[:, None]
    right = {str(name) for name in names[mean.argmax(axis=1) == truth]}
    own = mean[np.arange(len(names)), truth]
    return right, dict(zip(map(str, names), own.tolist(), strict=True))


def choose_rows(
    clip_ids: Sequence[str], target: NDArray[np.int64], right: set[str]
) -> NDArray[np.int64]:
    """Rows of clips judged right, at most MOST_CLIPS of a class, evenly; rising."""
    usable = np.isin(np.array(clip_ids, dtype=object), [*right])
    rows: list[int] = []
    for index in np.unique(target):
        own = np.flatnonzero(usable & (target == index))
        few = np.linspace(0, len(own) - 1, min(len(own), MOST_CLIPS)).round().astype(np.int64)
        rows += own[few].tolist()
    return np.array(sorted(rows), np.int64)


def _examples(
    datasets: Sequence[Dataset], chosen: TrainingClips, chance: dict[str, float], cam: Maps
) -> dict[int, Shown]:
    """Of each class the surest clip of somebody who agreed to being shown."""
    owner = _may_be_shown(datasets)
    clip_ids = column(chosen.table, "clip_id")
    order = sorted(range(len(clip_ids)), key=lambda row: (-chance[clip_ids[row]], row))
    shown: dict[int, Shown] = {}
    for row in order:
        index, name = int(chosen.target[row]), clip_ids[row]
        if index in shown or name not in owner:
            continue
        dataset, subject = owner[name]
        picture = _apex_picture(dataset, subject, chosen.table.slice(row, 1).to_pylist()[0])
        if picture is not None:
            shown[index] = Shown(subject, picture, cam[row])
    return shown


def _may_be_shown(datasets: Sequence[Dataset]) -> dict[str, tuple[Dataset, str]]:
    """clip_id -> where its frames are, for people with the scope `excerpts` and nobody else.

    A corpus has a licence and no scopes: what may be shown of it is for its licence to say.
    """
    owner = {}
    for dataset in datasets:
        clips = dataset.clips()
        who = dataset.header.subjects
        for name, subject in zip(column(clips, "clip_id"), column(clips, "subject"), strict=True):
            if subject in who and "excerpts" in (who[subject].scopes or ()):
                owner[name] = (dataset, subject)
    return owner


def _apex_picture(dataset: Dataset, subject: str, clip: dict[str, object]) -> Picture | None:
    apex, count = clip["apex"], clip["n_frames"]
    assert isinstance(count, int)
    wanted = apex if isinstance(apex, int) else count // 2
    frames = dataset.frames(subject, ["clip_id", "frame"])
    keys = list(zip(column(frames, "clip_id"), column(frames, "frame"), strict=True))
    key = (clip["clip_id"], wanted)
    return dataset.pictures(subject)[keys.index(key)] if key in keys else None
