"""A run as the report needs it: read whole, checked, and taken apart by seed. Reads a run folder.

Everything that is shown of a test comes from the predictions, which are of subjects nobody trained
on; what a frame-level split gives stands in `leak` alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mexlab.errors import TableError
from pipeline.training.cache import Kind
from pipeline.training.metrics import Predictions, evaluate, evaluate_sets
from pipeline.training.models import CHANNELS, MODELS
from pipeline.training.network import parse_options, takes_clips
from pipeline.training.report.spread import Spread, seeds_told
from pipeline.training.run import CURVES, Run

NEEDED_METRICS = {
    *("train_seconds", "epochs", "seeds", "images_per_second", "cpu_percent", "memory_percent"),
    *("peak_memory_bytes", "parameters", "uf1", "uar", "confusion", "classes", "folds"),
}
NEEDED_SETTINGS = {
    *("model", "preset", "options", "input", "frames", "max_frames", "classes", "protocol"),
    *("shuffle_labels", "clips", "left_out", "batch_size", "learning_rate", "optimiser"),
    *("datasets", "test_on"),
}
NEEDED_LEAK = {"loso", "frame_level"}
LEAK_SCORES = {"uf1", "uar", "accuracy", "n"}
TOLERANCE = 1e-9  # the same counts give the same scores


@dataclass(frozen=True)
class Reported:
    """`curves`: CURVES rows, loss and accuracy of each seed, fold and epoch. `leak`: `leak.json`
    where the run has one."""

    run: Run
    settings: dict[str, Any]
    metrics: dict[str, Any]
    predictions: Predictions
    curves: pa.Table
    leak: dict[str, Any] | None = None

    @classmethod
    def read(cls, root: Path) -> "Reported":
        """Read a run folder. Raises InputError or TableError where it is not whole."""
        run = Run.open(root)
        metrics = run.read_json("metrics", NEEDED_METRICS)
        settings = run.read_json("settings", NEEDED_SETTINGS)
        if settings["model"] not in MODELS or settings["input"] not in CHANNELS:
            what = f"a run of {settings['model']} on {settings['input']}, which is not known here"
            raise TableError(what, root, "update mexlab to read it")
        predictions = run.read_predictions(tuple(metrics["classes"]))
        curves = CURVES.read(run.curves_path)
        for table, path in ((predictions.clip_id, run.predictions_path), (curves, run.curves_path)):
            if not len(table):
                raise TableError("no rows", path, "train again")
        leak = read_leak(run, predictions) if run.leak_path.is_file() else None
        return cls(run, settings, metrics, predictions, curves, leak)

    @property
    def name(self) -> str:
        """Model, preset, input, classes and folder, short enough for a table."""
        return f"{self.network}, {self.settings['input']} ({self.folder})"

    @property
    def folder(self) -> str:
        """The run's own name."""
        return self.run.root.resolve().name

    @property
    def network(self) -> str:
        """Model, preset, what is not the paper's in it, and classes."""
        chosen = self.settings
        changed = " ".join(chosen["options"])
        control = " labels shuffled" if chosen["shuffle_labels"] else ""
        words = f"{chosen['model']} {chosen['preset']} {changed}".strip()
        return f"{words}, {chosen['classes']} classes{control}"

    @property
    def kind(self) -> Kind:
        """What one sample of the network is."""
        chosen, sequence = self.settings, takes_clips(self.settings["model"])
        return Kind.of(chosen["input"], chosen["frames"], sequence, chosen["max_frames"])

    @property
    def options(self) -> dict[str, Any]:
        """The model's options that were given, by name."""
        return parse_options(self.settings["options"])

    @property
    def case(self) -> tuple[Any, ...]:
        """What two runs must share to be compared: data, classes, protocol, real labels."""
        hashes = (
            tuple(sorted(entry["content_hash"] for entry in self.settings[which]))
            for which in ("datasets", "test_on")
        )
        chosen = (self.settings[key] for key in ("protocol", "classes"))
        return (*chosen, *hashes)

    @property
    def seeds(self) -> list[int]:
        return sorted(set(self.predictions.seed.tolist()))

    @property
    def seeds_told(self) -> str:
        return seeds_told(len(self.seeds))

    @property
    def how_told(self) -> str:
        """By which protocol and how often the figures came about: `loso, 2 seeds`."""
        return f"{self.settings['protocol']}, {self.seeds_told}"

    @cached_property
    def measures(self) -> list[dict[str, Any]]:
        """What `evaluate` says of each seed alone: pooled over folds, never over seeds."""
        return [evaluate(self.of_seed(seed)) for seed in self.seeds]

    @cached_property
    def sets(self) -> list[list[dict[str, Any]]]:
        """Each seed's entries of `evaluate_sets`, the sets in the same order."""
        return [evaluate_sets(self.of_seed(seed)) for seed in self.seeds]

    def measure(self, key: str) -> Spread:
        """A measure over seeds."""
        return Spread.of(own[key] for own in self.measures)

    def last_epoch(self, name: str) -> Spread:
        """`loss` or `accuracy` of the last epoch: the mean over folds, over seeds."""
        curves = {key: self.curves[key].to_numpy() for key in ("seed", "fold", "epoch", name)}
        found = []
        for seed in np.unique(curves["seed"]):
            own = {key: values[curves["seed"] == seed] for key, values in curves.items()}
            order = np.lexsort((own["epoch"], own["fold"]))
            last = np.append(np.diff(own["fold"][order]) != 0, True)
            found.append(float(own[name][order][last].mean()))
        return Spread.of(found)

    def of_seed(self, seed: int) -> Predictions:
        """The predictions of one seed."""
        return self.chosen(self.predictions.seed == seed)

    def chosen(self, rows: NDArray[np.bool_]) -> Predictions:
        """The predictions in `rows` bool[n]."""
        whole, where = self.predictions, np.flatnonzero(rows)

        def names(values: list[str]) -> list[str]:
            return [values[row] for row in where]

        return Predictions(
            clip_id=names(whole.clip_id),
            subject=names(whole.subject),
            truth=whole.truth[where],
            probabilities=whole.probabilities[where],
            fold=whole.fold[where],
            seed=whole.seed[where],
            source=names(whole.source),
        )


def read_leak(run: Run, predictions: Predictions) -> dict[str, Any]:
    """`leak.json`. Raises TableError where it is damaged, or its twin is not this run's LOSO."""
    leak = run.read_json("leak", NEEDED_LEAK)
    for split in NEEDED_LEAK:
        if not isinstance(leak[split], dict) or not set(leak[split]) >= LEAK_SCORES:
            raise TableError("leak is not whole", run.leak_path, "train again")
    pooled = evaluate(predictions)
    if abs(leak["loso"]["uf1"] - pooled["uf1"]) > TOLERANCE:
        what = "the leak report stands beside another run's LOSO"
        raise TableError(what, run.leak_path, "train again")
    return leak


def distinct(values: Callable[[Reported], Any], reported: "list[Reported]") -> list[Any]:
    """The different values of these runs, in the order they come."""
    return list(dict.fromkeys(map(values, reported)))
