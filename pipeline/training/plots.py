"""The figures of a run: training curves, confusion matrix, ROC curves, as PNG.

Colours come from the palette of Okabe and Ito, which people with colour blindness can tell apart.
"""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mexlab.atomic import atomic_file
from pipeline.training.metrics import Predictions, roc_curve
from pipeline.training.run import Run

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#777777"
CLASS_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


def draw_run(run: Run, metrics: dict[str, Any], predictions: Predictions) -> None:
    """Write `curves.png`, `confusion.png` and `roc.png` of a run."""
    _save(draw_curves(metrics["train_loss"], metrics["train_accuracy"]), run.figure_path("curves"))
    confusion = np.array(metrics["confusion"])
    _save(draw_confusion(confusion, metrics["classes"]), run.figure_path("confusion"))
    _save(draw_roc(predictions, metrics["classes"], metrics["auc"]), run.figure_path("roc"))


def draw_curves(loss: list[float], accuracy: list[float]) -> Figure:
    """Training loss and accuracy per epoch, the mean over folds (paper, figures 26 and 27)."""
    figure = Figure(figsize=(8, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = np.arange(1, len(loss) + 1)
    for axes, values, name, colour in (
        (left, loss, "training loss", BLUE),
        (right, accuracy, "training accuracy", ORANGE),
    ):
        axes.plot(epochs, values, color=colour, marker="." if len(loss) < 20 else None)
        axes.set(xlabel="epoch", ylabel=name)
        axes.set_ylim(bottom=0)
        _plain(axes)
    right.set_ylim(0, 1.02)
    return figure


def draw_confusion(counts: np.ndarray, classes: list[str]) -> Figure:
    """Shares of each true class as shades, counts as numbers (rows = truth)."""
    side = 2.2 + 0.55 * len(classes)
    figure = Figure(figsize=(side + 0.6, side), layout="constrained")
    axes = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, col), count in np.ndenumerate(counts):
        colour = "white" if shares[row, col] > 0.55 else "black"
        axes.text(col, row, str(count), ha="center", va="center", color=colour)
    axes.set_xticks(range(len(classes)), classes, rotation=45, ha="right")
    axes.set_yticks(range(len(classes)), classes)
    axes.set(xlabel="predicted", ylabel="truth")
    figure.colorbar(image, ax=axes, label="share of the true class", shrink=0.8)
    return figure


def draw_roc(predictions: Predictions, classes: list[str], auc: list[float | None]) -> Figure:
    """Each class against the others (paper, figure 28); classes without an AUC are left out."""
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="chance")
    for index, (name, area) in enumerate(zip(classes, auc, strict=True)):
        if area is None:
            continue
        scores = predictions.probabilities[:, index]
        false_rate, true_rate = roc_curve(predictions.truth == index, scores)
        colour = CLASS_COLOURS[index % len(CLASS_COLOURS)]
        axes.plot(false_rate, true_rate, color=colour, label=f"{name} ({area:.2f})")
    axes.set(xlabel="false positive rate", ylabel="true positive rate", aspect="equal")
    axes.legend(title="class (AUC)", frameon=False, fontsize="small", loc="lower right")
    _plain(axes)
    return figure


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)


def _save(figure: Figure, path: Path) -> None:
    with atomic_file(path) as temporary:
        figure.savefig(temporary, dpi=140)
