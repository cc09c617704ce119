"""What `pipeline app` was told to open: datasets and training runs, each under its number.

A run brings the datasets that it was trained on, where they still lie where they lay, and its
predictions of their clips. Reads headers only; the rest when somebody looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from mexlab.errors import InputError
from mexlab.study import Study
from mexlab.web.once import OnceCache
from pipeline.app.frames import named, stamp_of
from pipeline.app.origin import study_beside
from pipeline.app.reading import OpenDataset
from pipeline.form.dataset import HEADER
from pipeline.training.run import Run


@dataclass(frozen=True)
class Prediction:
    """What a run says of a clip: the class of the highest mean over its seeds, and all classes."""

    run: str
    truth: str
    predicted: str
    chances: Mapping[str, float]


@dataclass(frozen=True)
class OpenRun:
    """A training run. `data` are the numbers of its datasets that are open here."""

    run: Run
    settings: Mapping[str, Any]
    data: Sequence[int]
    _kept: OnceCache[Mapping[str, Prediction]] = field(
        default_factory=lambda: OnceCache(1, lambda _: 1)
    )

    @property
    def name(self) -> str:
        return self.run.root.resolve().name

    def predictions(self) -> Mapping[str, Prediction]:
        """clip_id -> what was predicted while the clip's subject was left out."""
        stamp = stamp_of(self.run.predictions_path)
        return self._kept.get(stamp, lambda: _predictions(self.run, self.name))


@dataclass(frozen=True)
class Shelf:
    """Everything that is open. `study` is the one given; else the one beside each dataset."""

    datasets: Sequence[OpenDataset]
    runs: Sequence[OpenRun]
    study: Study | None = None
    _beside: dict[Path, Study | None] = field(default_factory=dict)

    def dataset(self, number: str) -> OpenDataset:
        """By its number, from 1. Raises InputError for none."""
        place = int(number) - 1 if number.isdecimal() and len(number) < 6 else -1
        if not 0 <= place < len(self.datasets):
            raise InputError("no such dataset", number, "go back to what is open")
        return self.datasets[place]

    def study_of(self, dataset: OpenDataset) -> Study | None:
        """The study that a dataset's clips come from, if it is at hand."""
        if self.study is not None:
            return self.study
        if dataset.root not in self._beside:
            self._beside[dataset.root] = study_beside(dataset.root, dataset.clips().rows)
        return self._beside[dataset.root]

    def predictions(self, dataset: OpenDataset, clip_id: str) -> list[Prediction]:
        """What each run that was trained on this dataset says of a clip."""
        number = self.datasets.index(dataset) + 1
        own = [run.predictions() for run in self.runs if number in run.data]
        return [found[clip_id] for found in own if clip_id in found]


def open_shelf(paths: Sequence[Path], study: Study | None) -> Shelf:
    """Open what the paths name. Raises InputError for what is neither dataset nor run."""
    datasets: list[OpenDataset] = []
    runs: list[OpenRun] = []

    def shelved(path: Path) -> int:
        places = [d.root.resolve() for d in datasets]
        if path.resolve() not in places:
            datasets.append(OpenDataset(path))
            return len(datasets)
        return places.index(path.resolve()) + 1

    for path in paths:
        if (path / HEADER).is_file():
            shelved(path)
        elif (path / "metrics.json").is_file():
            run = Run.open(path)
            settings = run.read_json("settings", {"datasets"})
            used = [Path(entry["path"]) for entry in settings["datasets"]]
            there = [shelved(root) for root in used if (root / HEADER).is_file()]
            runs.append(OpenRun(run, settings, there))
        else:
            what = "neither a dataset nor a run" if path.is_dir() else "no such folder"
            remedy = "give what pipeline build-dataset, import or train wrote"
            raise InputError(what, path, remedy)
    return Shelf(datasets, runs, study)


def _predictions(run: Run, name: str) -> Mapping[str, Prediction]:
    """Read as they are: a run of another version has what it has. Raises TableError if damaged."""
    with named(run.predictions_path):
        table = pq.read_table(run.predictions_path)
    classes = [column.removeprefix("p_") for column in table.column_names if column[:2] == "p_"]
    sums: dict[str, list[Any]] = {}
    for row in table.to_pylist():
        held = sums.setdefault(row["clip_id"], [row["truth"], [0.0] * len(classes), 0])
        held[1] = [total + row[f"p_{c}"] for total, c in zip(held[1], classes, strict=True)]
        held[2] += 1
    found: dict[str, Prediction] = {}
    for clip_id, (truth, totals, count) in sums.items():
        chances = {c: total / count for c, total in zip(classes, totals, strict=True)}
        predicted = max(chances, key=lambda c: chances[c]) if chances else ""
        known = classes[truth] if 0 <= int(truth) < len(classes) else str(truth)
        found[clip_id] = Prediction(name, known, predicted, chances)
    return found
