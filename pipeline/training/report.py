"""One HTML page for one or several runs: the paper's Tables 3 and 4, figures, subjects.

Reads run folders; writes one file with its pictures inside, which opens without a network.
"""

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from mexlab.atomic import write_text
from pipeline.training.metrics import Predictions, confusion_matrix, uar, uf1
from pipeline.training.run import Run

# Column head -> key of metrics.json, in the paper's order; UF1, UAR and AUC are ours.
TRAINING_COLUMNS = ("Training loss", "Accuracy", "Epochs", "Training time", "CPU", "Memory")
TESTING_COLUMNS = {
    "UF1": "uf1",
    "UAR": "uar",
    "Accuracy": "accuracy",
    "F1 (weighted)": "weighted_f1",
    "Precision": "macro_precision",
    "Recall": "macro_recall",
    "MSE": "mse",
    "MAE": "mae",
    "R²": "r2",
}
FIGURES = {
    "curves": "Training loss and accuracy, mean over folds",
    "confusion": "Confusion matrix, all folds together",
    "roc": "One class against the others",
}

NEEDED_METRICS = {
    *TESTING_COLUMNS.values(),
    *("train_loss", "train_accuracy", "train_seconds", "epochs", "seeds", "images_per_second"),
    *("cpu_percent", "memory_percent", "parameters", "auc", "confusion", "classes", "folds"),
}
NEEDED_SETTINGS = {
    *("model", "preset", "input", "classes", "protocol", "clips", "left_out"),
    *("batch_size", "learning_rate"),
}

STYLE = """
:root { color-scheme: light dark; --ink: #1d2330; --paper: #fbfbfa; --line: #d9dce3; --soft: #667; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8ee; --paper: #16181d; --line: #363b47; --soft: #9aa3b5; }
}
body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper);
       max-width: 62rem; margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.7rem; margin-bottom: .2rem; }
h2 { font-size: 1.25rem; margin-top: 2.6rem; border-bottom: 1px solid var(--line); }
p, figcaption { color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .8rem 0; }
th, td { padding: .35rem .8rem; text-align: right; border-bottom: 1px solid var(--line); }
th { font-weight: 600; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
.figures { display: flex; flex-wrap: wrap; gap: 1.2rem; align-items: flex-start; }
figure { margin: 0; }
img { max-width: 100%; background: #fff; border-radius: 8px; padding: .5rem; box-sizing: border-box;
      border: 1px solid var(--line); max-height: 22rem; }
"""


@dataclass(frozen=True)
class Reported:
    """A run as the report needs it."""

    run: Run
    settings: dict[str, Any]
    metrics: dict[str, Any]
    predictions: Predictions

    @classmethod
    def read(cls, root: Path) -> "Reported":
        """Read a run folder. Raises InputError or TableError where it is not whole."""
        run = Run.open(root)
        metrics = run.read_json("metrics", NEEDED_METRICS)
        predictions = run.read_predictions(tuple(metrics["classes"]))
        return cls(run, run.read_json("settings", NEEDED_SETTINGS), metrics, predictions)

    @property
    def name(self) -> str:
        """Model, preset, input, classes and folder, short enough for a table."""
        chosen = [self.settings[key] for key in ("model", "preset", "input", "classes")]
        return f"{' '.join(map(str, chosen))} ({self.run.root.name})"


def write_report(roots: Sequence[Path], out: Path) -> list[Reported]:
    """Write the page for these runs to `out`; returns what was read."""
    reported = [Reported.read(root) for root in roots]
    write_text(out, _page(reported))
    return reported


def print_report(reported: Sequence[Reported]) -> None:
    """Tables 3 and 4 on stdout, a column a run, so that they fit a narrow terminal."""
    console = Console()
    for title, head, rows in (
        ("Training (paper, Table 3)", TRAINING_COLUMNS, [training_row(r) for r in reported]),
        ("Testing (paper, Table 4)", tuple(TESTING_COLUMNS), [testing_row(r) for r in reported]),
    ):
        table = Table(title=title, title_justify="left")
        table.add_column("run", no_wrap=True)
        for entry in reported:
            table.add_column(entry.name, justify="right")
        for name, *cells in zip(head, *rows, strict=True):
            table.add_row(name, *cells)
        console.print(table)


def training_row(entry: Reported) -> list[str]:
    """Cells of the paper's Table 3: the last epoch's loss and accuracy, and the cost."""
    metrics = entry.metrics
    return [
        f"{metrics['train_loss'][-1]:.4f}",
        f"{metrics['train_accuracy'][-1]:.4f}",
        str(metrics["epochs"]),
        duration(metrics["train_seconds"]),
        f"{metrics['cpu_percent']:.1f} %",
        f"{metrics['memory_percent']:.1f} %",
    ]


def testing_row(entry: Reported) -> list[str]:
    """Cells of the paper's Table 4, with UF1 and UAR before them; UF1 and UAR with their
    deviation over seeds where there are several."""
    found = [entry.metrics[key] for key in TESTING_COLUMNS.values()]
    cells = ["–" if value is None else f"{value:.4f}" for value in found]
    seeds = seed_scores(entry.predictions)
    if len(seeds) > 1:
        for place, spread in enumerate(seeds.std(axis=0, ddof=1)):
            cells[place] += f" ± {spread:.4f}"
    return cells


def seed_scores(predictions: Predictions) -> np.ndarray:
    """UF1 and UAR of each seed alone, float64[seeds, 2]."""
    classes = predictions.probabilities.shape[1]
    scores = []
    for seed in np.unique(predictions.seed):
        rows = predictions.seed == seed
        counts = confusion_matrix(predictions.truth[rows], predictions.predicted[rows], classes)
        scores.append((uf1(counts), uar(counts)))
    return np.array(scores)


def duration(seconds: float) -> str:
    """`8 min 38 s`, as the paper writes it."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "under 1 s"


def _page(reported: Sequence[Reported]) -> str:
    names = [entry.name for entry in reported]
    training = _table(("run", *TRAINING_COLUMNS), names, [training_row(r) for r in reported])
    testing = _table(("run", *TESTING_COLUMNS), names, [testing_row(r) for r in reported])
    runs = "\n".join(_run_section(entry) for entry in reported)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Training report</title>
<style>{STYLE}</style>
</head>
<body>
<h1>Training report</h1>
<p>Subjects are never on two sides. All figures come from the predictions of all folds
together; each test subject was looked at once, after the last epoch.</p>
<h2>Training (paper, Table 3)</h2>
<p>Loss and accuracy of the last epoch, on training clips. CPU and memory are shares of the whole
machine.</p>
{training}
<h2>Testing (paper, Table 4)</h2>
<p>UF1 and UAR are the measures to compare by; macro precision and recall. MSE, MAE and R² treat
the class index as a number, as the paper does, and carry no meaning of their own. A class that no
clip has is left out of the averages and has no AUC. With several seeds the counts of all are
pooled, and ± is the standard deviation over seeds.</p>
{testing}
{runs}
</body>
</html>
"""


def _run_section(entry: Reported) -> str:
    metrics, settings = entry.metrics, entry.settings
    figures = "\n".join(_figure(entry.run, name, text) for name, text in FIGURES.items())
    areas = ["–" if area is None else f"{area:.3f}" for area in metrics["auc"]]
    shares = [
        [str(fold["n"]), str(fold["correct"]), f"{fold['correct'] / fold['n']:.2f}"]
        for fold in metrics["folds"]
    ]
    subjects = _table(
        ("test subject", "clips", "right", "share"),
        [f["subject"] for f in metrics["folds"]],
        shares,
    )
    left_out = "; ".join(f"{count} clips: {why}" for why, count in settings["left_out"].items())
    return f"""<h2>{html.escape(entry.name)}</h2>
<p>{settings["clips"]} clips, {len(metrics["folds"])} folds ({html.escape(settings["protocol"])}),
{len(metrics["seeds"])} seed(s), {metrics["parameters"]:,} parameters,
{metrics["images_per_second"]:.0f} images/s, batch {settings["batch_size"]},
learning rate {settings["learning_rate"]:g}. Left out: {html.escape(left_out) or "nothing"}.</p>
<div class="figures">{figures}</div>
<h3>Each class against the others</h3>
{_table(("class", "AUC"), metrics["classes"], [[area] for area in areas])}
<h3>Each test subject</h3>
{subjects}"""


def _figure(run: Run, name: str, caption: str) -> str:
    encoded = base64.b64encode(run.read_figure(name)).decode()
    return (
        f'<figure><img alt="{caption}" src="data:image/png;base64,{encoded}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _table(head: Sequence[str], names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(tag: str, cells: Sequence[str]) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    body = [line("td", [name, *row]) for name, row in zip(names, rows, strict=True)]
    return f'<div class="scroll"><table>{line("th", head)}{"".join(body)}</table></div>'
