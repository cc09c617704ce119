"""How good a set of predictions is: UF1, UAR and what the paper's tables report.

Everything is computed once from all predictions of all folds (and seeds) together: one confusion
matrix, never a mean of per-fold scores, which small folds would distort.

A class that occurs in no truth has no recall: it is left out of UF1, UAR and the macro averages,
and its AUC is None. Clips wrongly put into it still count against their own class.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torchmetrics.functional import mean_absolute_error, mean_squared_error, r2_score
from torchmetrics.functional.classification import (
    binary_auroc,
    multiclass_confusion_matrix,
)

Counts = NDArray[np.int64]  # confusion matrix [classes, classes], rows = truth


@dataclass(frozen=True)
class Predictions:
    """Clips and what was said of them, over all folds and seeds.

    `truth` int64[n]; `probabilities` float32[n, classes], rows summing to 1; `fold` and `seed`
    int64[n]; `clip_id` and `subject` str[n]. A clip appears once a seed.
    """

    clip_id: list[str]
    subject: list[str]
    truth: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    fold: NDArray[np.int64]
    seed: NDArray[np.int64]

    @classmethod
    def joined(cls, parts: "Sequence[Predictions]") -> Self:
        """The predictions of several folds and seeds as one, in the order given."""
        return cls(
            clip_id=[name for part in parts for name in part.clip_id],
            subject=[name for part in parts for name in part.subject],
            truth=np.concatenate([part.truth for part in parts]),
            probabilities=np.concatenate([part.probabilities for part in parts]),
            fold=np.concatenate([part.fold for part in parts]),
            seed=np.concatenate([part.seed for part in parts]),
        )

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable class, int64[n]; the first of equals."""
        winners: NDArray[np.int64] = np.argmax(self.probabilities, axis=1)
        return winners


def confusion_matrix(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], classes: int
) -> Counts:
    """Counts [classes, classes], rows = truth, columns = predicted."""
    counts: Counts = multiclass_confusion_matrix(
        torch.as_tensor(predicted), torch.as_tensor(truth), num_classes=classes
    ).numpy()
    return counts


def f1_scores(counts: Counts) -> NDArray[np.float64]:
    """F1 = 2TP / (2TP + FP + FN) per class [classes]; NaN for a class that occurs in no truth."""
    hits = np.diagonal(counts)
    # 2TP + FP + FN is the sum of the class's row (TP + FN) and its column (TP + FP).
    return _where_present(counts, 2 * hits, counts.sum(axis=1) + counts.sum(axis=0))


def recalls(counts: Counts) -> NDArray[np.float64]:
    """TP / (TP + FN) per class [classes]; NaN for a class that occurs in no truth."""
    return _where_present(counts, np.diagonal(counts), counts.sum(axis=1))


def precisions(counts: Counts) -> NDArray[np.float64]:
    """TP / (TP + FP) per class [classes]; 0 if never predicted, NaN if it occurs in no truth."""
    return _where_present(counts, np.diagonal(counts), np.maximum(counts.sum(axis=0), 1))


def uf1(counts: Counts) -> float:
    """Unweighted F1: the mean of F1 over the classes that occur (MEGC2019)."""
    return float(np.nanmean(f1_scores(counts)))


def uar(counts: Counts) -> float:
    """Unweighted average recall: the mean of recall over the classes that occur (MEGC2019)."""
    return float(np.nanmean(recalls(counts)))


def weighted_f1(counts: Counts) -> float:
    """F1 weighted by how often each class occurs."""
    return float(np.nansum(f1_scores(counts) * counts.sum(axis=1)) / counts.sum())


def one_vs_rest_auc(
    truth: NDArray[np.int64], probabilities: NDArray[np.float32]
) -> list[float | None]:
    """Area under the ROC curve, each class against the others; None if one side is empty."""
    areas: list[float | None] = []
    for index in range(probabilities.shape[1]):
        positive = truth == index
        one_sided = positive.all() or not positive.any()
        scores, target = torch.as_tensor(probabilities[:, index]), torch.as_tensor(positive).long()
        areas.append(None if one_sided else float(binary_auroc(scores, target)))
    return areas


def evaluate(predictions: Predictions) -> dict[str, Any]:
    """The part of `metrics.json` that follows from predictions.

    `mse`, `mae` and `r2` treat the class index as a number, as the paper's Table 4 does; the
    order of the classes means nothing, so neither do they: they are there for comparison.
    """
    counts = confusion_matrix(
        predictions.truth, predictions.predicted, predictions.probabilities.shape[1]
    )
    index, guess = (
        torch.as_tensor(values, dtype=torch.float64)
        for values in (predictions.truth, predictions.predicted)
    )
    return {
        "uf1": uf1(counts),
        "uar": uar(counts),
        "accuracy": float(np.trace(counts) / counts.sum()),
        "macro_precision": float(np.nanmean(precisions(counts))),
        "macro_recall": uar(counts),
        "weighted_f1": weighted_f1(counts),
        "mse": float(mean_squared_error(guess, index)),
        "mae": float(mean_absolute_error(guess, index)),
        "r2": float(r2_score(guess, index)),
        "auc": one_vs_rest_auc(predictions.truth, predictions.probabilities),
        "confusion": counts.tolist(),
        "folds": _folds(predictions),
    }


def _folds(predictions: Predictions) -> list[dict[str, Any]]:
    """One entry a fold: its test subject (several of one face, joined), clips, and clips right.

    With several seeds a clip counts once a seed.
    """
    right = predictions.predicted == predictions.truth
    subjects = np.array(predictions.subject, dtype=object)
    entries = []
    for fold in np.unique(predictions.fold):
        rows = predictions.fold == fold
        name = ", ".join(sorted(set(subjects[rows])))
        entries.append({"subject": name, "n": int(rows.sum()), "correct": int(right[rows].sum())})
    return entries


def _where_present(
    counts: Counts, above: NDArray[np.int64], below: NDArray[np.int64]
) -> NDArray[np.float64]:
    """above / below where the class occurs in the truth, NaN elsewhere."""
    ratio = np.full(len(counts), np.nan)
    np.divide(above, below, out=ratio, where=counts.sum(axis=1) > 0)
    return ratio
