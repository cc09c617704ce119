"""The run folder: what a training leaves behind, written by `train`, read by `report`.

settings.toml        what decides the run; can be given to --settings again
settings.json        the same and what it was applied to: datasets with content hash, versions
metrics.json         the numbers (pipeline.training.metrics and the cost of the training)
predictions.parquet  one row a clip and seed: truth, predicted, p_CLASS, fold, source
curves.parquet       one row a seed, fold and epoch: loss and accuracy on training samples
leak.json            with --leak-report: a frame-level split beside this run's LOSO
model.safetensors    one network trained on all subjects, for use on new ones; its settings
                     and normalisation in the file's metadata
curves.png confusion.png roc.png
"""

import json
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from mexlab.atomic import write_json
from mexlab.errors import InputError, TableError
from mexlab.tablespec import TableSpec, columns
from pipeline.form.dataset import column
from pipeline.training.metrics import Predictions

CURVES = TableSpec(
    "curves",
    pa.schema(columns(("seed fold epoch", pa.int32()), ("loss accuracy", pa.float64()))),
)


@dataclass(frozen=True)
class Run:
    """A run folder; owns the names of the files in it."""

    root: Path

    @classmethod
    def open(cls, root: Path) -> Self:
        """A finished run. Raises InputError where there is none."""
        if not (root / "metrics.json").is_file():
            raise InputError("no training run here", root, "give the --out folder of a training")
        return cls(root)

    @property
    def checkpoint_path(self) -> Path:
        return self.root / "model.safetensors"

    @property
    def settings_path(self) -> Path:
        return self.root / "settings.toml"

    @property
    def curves_path(self) -> Path:
        return self.root / "curves.parquet"

    @property
    def leak_path(self) -> Path:
        return self.root / "leak.json"

    @property
    def predictions_path(self) -> Path:
        return self.root / "predictions.parquet"

    def figure_path(self, name: str) -> Path:
        """`curves`, `confusion` or `roc`."""
        return self.root / f"{name}.png"

    def read_figure(self, name: str) -> bytes:
        """A figure's PNG. Raises TableError where it is missing."""
        path = self.figure_path(name)
        if not path.is_file():
            raise TableError(f"no figure {name}", path, "train again")
        return path.read_bytes()

    def write_json(self, name: str, values: dict[str, Any]) -> None:
        """`settings`, `metrics` or `leak`."""
        write_json(self.root / f"{name}.json", values)

    def read_json(self, name: str, needed: Set[str] = frozenset()) -> dict[str, Any]:
        """`settings`, `metrics` or `leak`. Raises TableError where it is damaged or lacks a key."""
        path = self.root / f"{name}.json"
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, FileNotFoundError) as error:
            raise TableError(f"damaged or missing {name}", path, "train again") from error
        if not isinstance(values, dict) or not needed <= set(values):
            raise TableError(f"{name} is not whole", path, "train again")
        found: dict[str, Any] = values
        return found

    def write_predictions(self, predictions: Predictions, classes: tuple[str, ...]) -> None:
        """`predictions.parquet`."""
        by_class = dict(zip(map(_probability, classes), predictions.probabilities.T, strict=True))
        spec = predictions_table(classes)
        table = spec.build(
            {
                "clip_id": predictions.clip_id,
                "subject": predictions.subject,
                "truth": predictions.truth,
                "predicted": predictions.predicted,
                "fold": predictions.fold,
                "seed": predictions.seed,
                "source": predictions.source or [""] * len(predictions.clip_id),
                **by_class,
            }
        )
        spec.write(self.predictions_path, table)

    def read_predictions(self, classes: tuple[str, ...]) -> Predictions:
        """The predictions as written."""
        table = predictions_table(classes).read(self.predictions_path)
        return Predictions(
            clip_id=column(table, "clip_id"),
            subject=column(table, "subject"),
            truth=np.array(column(table, "truth"), dtype=np.int64),
            probabilities=np.array(
                [column(table, _probability(name)) for name in classes], dtype=np.float32
            ).T,
            fold=np.array(column(table, "fold"), dtype=np.int64),
            seed=np.array(column(table, "seed"), dtype=np.int64),
            source=column(table, "source"),
        )


def predictions_table(classes: tuple[str, ...]) -> TableSpec:
    """The table of predictions, with a column of probabilities for each class."""
    about = columns(
        ("clip_id subject source", pa.string()),
        ("truth predicted", pa.int8()),
        ("fold", pa.int16()),
        ("seed", pa.int32()),
    )
    chances = [pa.field(_probability(name), pa.float32(), nullable=False) for name in classes]
    return TableSpec("predictions", pa.schema([*about, *chances]))


def _probability(class_name: str) -> str:
    return f"p_{class_name}"
