"""How good a set of predictions is: UF1, UAR and what the paper's tables report.

Everything is computed once from all predictions of all folds (and seeds) together: one confusion
matrix, never a mean of per-fold scores, which small folds would distort.

A class that occurs in no truth has no recall: it is left out of UF1, UAR and the macro averages,
and its AUC is None. Clips wrongly put into it still count against their own class.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]  # confusion matrix [classes, classes], rows = truth


@dataclass(frozen=True)
class Predictions:
    """Clips and what was said of them, over all folds and seeds.

    `truth` int64[n]; `probabilities` float32[n, classes], rows summing to 1; `fold` and `seed`
    int64[n]; `clip_id`, `subject` and `source` (the set it comes from) str[n]. A clip appears once
    a seed.
    """

    clip_id: list[str]
    subject: list[str]
    truth: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    fold: NDArray[np.int64]
    seed: NDArray[np.int64]
    source: list[str] = field(default_factory=list)

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
            source=[name for part in parts for name in part.source],
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
    pairs = np.bincount(truth * classes + predicted, minlength=classes * classes)
    return pairs.reshape(classes, classes).astype(np.int64)


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


def roc_curve(
    positive: NDArray[np.bool_], scores: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """False and true positive rates, float64 [thresholds + 1], from (0, 0) to (1, 1).

    One point a distinct score, highest first, so that ties make a straight line.
    """
    order = np.argsort(-scores, kind="stable")
    last_of_ties = np.append(np.diff(scores[order]) != 0, True)
    hits = np.append(0, np.cumsum(positive[order])[last_of_ties])
    misses = np.append(0, np.cumsum(~positive[order])[last_of_ties])
    return misses / misses[-1], hits / hits[-1]


def one_vs_rest_auc(
    truth: NDArray[np.int64], probabilities: NDArray[np.float32]
) -> list[float | None]:
    """Area under the ROC curve, each class against the others; None if one side is empty."""
    areas: list[float | None] = []
    for index in range(probabilities.shape[1]):
        positive = truth == index
        if positive.all() or not positive.any():
            areas.append(None)
            continue
        false_rate, true_rate = roc_curve(positive, probabilities[:, index])
        areas.append(float(np.trapezoid(true_rate, false_rate)))
    return areas


def evaluate(predictions: Predictions) -> dict[str, Any]:
    """The part of `metrics.json` that follows from predictions.

    `mse`, `mae` and `r2` treat the class index as a number, as the paper's Table 4 does; the
    order of the classes means nothing, so neither do they: they are there for comparison.
    """
    counts = confusion_matrix(
        predictions.truth, predictions.predicted, predictions.probabilities.shape[1]
    )
    index = predictions.truth.astype(np.float64)
    residual = predictions.predicted - index
    return {
        "uf1": uf1(counts),
        "uar": uar(counts),
        "accuracy": float(np.trace(counts) / counts.sum()),
        "macro_precision": float(np.nanmean(precisions(counts))),
        "macro_recall": uar(counts),
        "weighted_f1": weighted_f1(counts),
        "mse": float(np.mean(residual**2)),
        "mae": float(np.mean(np.abs(residual))),
        "r2": _r_squared(index, residual),
        "auc": one_vs_rest_auc(predictions.truth, predictions.probabilities),
        "confusion": counts.tolist(),
        "folds": _folds(predictions),
    }


def evaluate_sets(predictions: Predictions) -> list[dict[str, Any]]:
    """Each set of a composite alone, from its own pooled counts (MEGC2019).

    With several seeds a clip counts once a seed, in `n` too.
    """
    source = np.array(predictions.source, dtype=object)
    classes = predictions.probabilities.shape[1]
    entries = []
    for name in sorted(set(predictions.source)):
        rows = source == name
        counts = confusion_matrix(predictions.truth[rows], predictions.predicted[rows], classes)
        accuracy = float(np.trace(counts) / counts.sum())
        scores = {"uf1": uf1(counts), "uar": uar(counts), "accuracy": accuracy}
        entries.append({"set": name, "n": int(rows.sum()), **scores, "confusion": counts.tolist()})
    return entries


def spread_over_seeds(predictions: Predictions) -> dict[str, dict[str, float]]:
    """Mean and standard deviation (n - 1; 0 for one seed) of each seed's pooled UF1 and UAR."""
    classes = predictions.probabilities.shape[1]
    scores = []
    for seed in np.unique(predictions.seed):
        rows = predictions.seed == seed
        counts = confusion_matrix(predictions.truth[rows], predictions.predicted[rows], classes)
        scores.append((uf1(counts), uar(counts)))
    deviation = np.std(scores, axis=0, ddof=1) if len(scores) > 1 else np.zeros(2)
    means = np.mean(scores, axis=0)
    return {
        name: {"mean": float(mean), "std": float(std)}
        for name, mean, std in zip(("uf1", "uar"), means, deviation, strict=True)
    }


def _r_squared(index: NDArray[np.float64], residual: NDArray[np.float64]) -> float | None:
    """1 - residual / total sum of squares; None where the truth is one class only."""
    total = float(np.sum((index - index.mean()) ** 2))
    return 1 - float(np.sum(residual**2)) / total if total else None


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
