"""The figures of a run: training curves, confusion matrix, ROC curves; and several runs compared.

Where there are several seeds, lines are their means and bands one standard deviation to either
side. Colours come from the palette of Okabe and Ito, which people with colour blindness can tell
apart.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mexlab.atomic import atomic_file
from pipeline.training.metrics import Predictions, roc_curve
from pipeline.training.run import CURVES, Run

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#777777"
CLASS_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
FALSE_RATES = np.linspace(0, 1, 201)  # where the ROC curves of several seeds are averaged

Values = NDArray[np.float64]


def draw_run(run: Run, metrics: dict[str, Any], predictions: Predictions) -> None:
    """Write `curves.png`, `confusion.png` and `roc.png` of a run; its curves table stands."""
    figures = run_figures(metrics, predictions, CURVES.read(run.curves_path))
    for name, figure in figures.items():
        save_figure(figure, run.figure_path(name))


def run_figures(
    metrics: dict[str, Any], predictions: Predictions, curves: pa.Table
) -> dict[str, Figure]:
    """The same figures by name."""
    confusion = np.array(metrics["confusion"])
    return {
        "curves": draw_curves(curves_of_seeds(curves, "loss"), curves_of_seeds(curves, "accuracy")),
        "confusion": draw_confusion(confusion, metrics["classes"]),
        "roc": draw_roc(predictions, metrics["classes"]),
    }


def curves_of_seeds(curves: pa.Table, name: str) -> Values:
    """The mean over folds at each epoch, float64[seeds, epochs]; NaN where all had stopped."""
    seed, epoch = (curves[key].to_numpy() for key in ("seed", "epoch"))
    values = curves[name].to_numpy()
    seeds, row = np.unique(seed, return_inverse=True)
    total, count = np.zeros((2, len(seeds), int(epoch.max())))
    np.add.at(total, (row, epoch - 1), values)
    np.add.at(count, (row, epoch - 1), 1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def draw_curves(loss: Values, accuracy: Values) -> Figure:
    """Training loss and accuracy, float64[seeds, epochs] each (paper, figures 26 and 27)."""
    figure = Figure(figsize=(8, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes, values, name, colour in (
        (left, loss, "training loss", BLUE),
        (right, accuracy, "training accuracy", ORANGE),
    ):
        epochs = np.arange(1, values.shape[1] + 1)
        _line(axes, epochs, values, colour, marker="." if len(epochs) < 20 else None)
        axes.set(xlabel="epoch", ylabel=name)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        _plain(axes)
    right.set_ylim(0, 1.02)
    return figure


def draw_confusion(counts: np.ndarray, classes: Sequence[str]) -> Figure:
    """Shares of each true class as shades, counts as numbers (rows = truth)."""
    side = 2.0 + 0.45 * len(classes)
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


def draw_roc(predictions: Predictions, classes: Sequence[str]) -> Figure:
    """Each class against the others (paper, figure 28); a class without an AUC is left out."""
    figure = Figure(figsize=(4.4, 4.4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="chance")
    for index, name in enumerate(classes):
        curves = roc_of_seeds(predictions, index)
        if curves:
            areas = np.array([np.trapezoid(true, false) for false, true in curves])
            spread = f" ± {areas.std(ddof=1):.2f}" if len(areas) > 1 else ""
            label = f"{name} ({areas.mean():.2f}{spread})"
            colour = CLASS_COLOURS[index % len(CLASS_COLOURS)]
            _line(axes, *_averaged(curves), colour, label=label)
    axes.set(xlabel="false positive rate", ylabel="true positive rate", aspect="equal")
    axes.set_ylim(-0.03, 1.03)  # a rate is none beyond, though a band of deviations may be
    axes.legend(title="class (AUC)", frameon=False, fontsize="small", loc="lower right")
    _plain(axes)
    return figure


def roc_of_seeds(predictions: Predictions, index: int) -> list[tuple[Values, Values]]:
    """(false, true positive rates) of each seed; empty where one side of the class is."""
    curves = []
    for seed in np.unique(predictions.seed):
        rows = predictions.seed == seed
        positive = predictions.truth[rows] == index
        if positive.any() and not positive.all():
            curves.append(roc_curve(positive, predictions.probabilities[rows, index]))
    return curves


def draw_comparison(scores: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Figure:
    """UF1 and UAR of several runs: name -> (UF1 of each seed, UAR of each seed)."""
    figure = Figure(figsize=(8, 1.1 + 0.42 * len(scores)), layout="constrained")
    axes = figure.subplots()
    for place, (colour, measure) in enumerate(((BLUE, "UF1"), (ORANGE, "UAR"))):
        found = [np.array(own[place]) for own in scores.values()]
        spread = [own.std(ddof=1) if len(own) > 1 else 0 for own in found]
        heights = np.arange(len(found)) + 0.16 * (2 * place - 1)
        means = [own.mean() for own in found]
        axes.errorbar(means, heights, xerr=spread, fmt="o", color=colour, capsize=3, label=measure)
    axes.set_yticks(range(len(scores)), list(scores))
    axes.set_ylim(len(scores) - 0.5, -0.5)
    axes.set(xlim=(0, 1.02), xlabel="subjects apart; mean and standard deviation over seeds")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    _plain(axes)
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Write a PNG, atomically."""
    with atomic_file(path) as temporary:
        figure.savefig(temporary, dpi=140)


def _averaged(curves: Sequence[tuple[Values, Values]]) -> tuple[Values, Values]:
    """One seed's curve as it is; several at the same false positive rates, from (0, 0) on."""
    if len(curves) == 1:
        false, true = curves[0]
        return false, true[None]
    rates = [np.append(0, np.interp(FALSE_RATES, *curve)) for curve in curves]
    return np.append(0, FALSE_RATES), np.array(rates)


def _line(axes: Axes, x: Values, values: Values, colour: str, **how: Any) -> None:
    """The mean over seeds float64[seeds, n], with a band as far as all of several seeds go."""
    axes.plot(x, np.nanmean(values, axis=0), color=colour, **how)
    if len(values) > 1:
        whole = ~np.isnan(values).any(axis=0)
        middle, spread = values[:, whole].mean(axis=0), values[:, whole].std(axis=0, ddof=1)
        low, high = middle - spread, middle + spread
        axes.fill_between(x[whole], low, high, color=colour, alpha=0.18, lw=0)


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
