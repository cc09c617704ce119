"""`pipeline train` and `export`: models trained and judged, and taken elsewhere."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

FOLDER = click.Path(path_type=Path)
UNLEARNT = 0.95  # of the loss of a guess among all classes; above it nothing was learnt


def _train_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options whose names are those of the settings; not given, they leave a file's value."""
    for option in reversed(TRAIN_OPTIONS):
        command = option(command)
    return command


TRAIN_OPTIONS = (
    click.option("--model", help="dual-hybrid-face, incep-cbam, vit or lstm.  [incep-cbam]"),
    click.option("--preset", help="Size: paper, lite or tiny.  [paper]"),
    click.option(
        "--option",
        "options",
        multiple=True,
        metavar="NAME[=VALUE]",
        help="Of the model, for ablations: laplacian, mixer=inception, positions=sinusoidal.",
    ),
    click.option(
        "--input",
        type=click.Choice(["flow", "rgb", "flow-strain"]),
        help="Optical flow of a clip, with its strain, or frames from onset to offset.  [flow]",
    ),
    click.option(
        "--frames",
        type=click.Choice(["apex", "all"]),
        help="Flow from onset to apex, or of each frame from the one before.  [apex]",
    ),
    click.option("--max-frames", type=int, help="Of a clip, for lstm.  [32]"),
    click.option(
        "--classes",
        type=click.Choice(["3", "7"]),
        callback=lambda _, __, value: value and int(value),
        help="Positive, negative, surprise; or the seven emotions.  [3]",
    ),
    click.option(
        "--protocol",
        help="Who trains and who tests: loso, kfold, holdout, cross-corpus, composite.  [loso]",
    ),
    click.option("--folds", type=int, help="Of kfold.  [5]"),
    click.option("--test-share", type=float, help="Of the clips, for holdout.  [0.2]"),
    click.option("--seeds", type=int, help="How many.  [1]"),
    click.option("--shuffle-labels", is_flag=True, default=None, help="A control: chance level."),
    click.option(
        "--epochs", type=click.IntRange(1), help="Passes over the samples.  [flow 100, rgb 60]"
    ),
    click.option("--batch-size", type=int, help="Samples a step.  [32]"),
    click.option("--optimiser", type=click.Choice(["sgd", "adamw"]), help="[sgd]"),
    click.option("--lr", "learning_rate", type=float, help="The highest learning rate.  [0.01]"),
    click.option("--weight-decay", type=float, help="[0]"),
    click.option(
        "--patience",
        type=int,
        help="Stop after so many epochs without progress on an inner split of the training "
        "subjects.  [0: never]",
    ),
    click.option("--flip", is_flag=True, default=None, help="Augment: mirror half the samples."),
    click.option("--shift-px", type=int, help="Augment: move by up to so many of 28 px.  [0]"),
    click.option("--intensity", type=float, help="Augment: factor of 1 +- this.  [0]"),
    click.option(
        "--precision",
        type=click.Choice(["auto", "fp32", "bf16"]),
        help="auto takes bf16 for flow where the processor multiplies in it.  [auto]",
    ),
    click.option("--compile", is_flag=True, default=None, help="Compile the network first."),
    click.option(
        "--device",
        type=click.Choice(["auto", "cpu", "cuda"]),
        help="auto takes a CUDA device if there is one.  [auto]",
    ),
    click.option(
        "--threads",
        type=click.IntRange(1),
        help="Of each process; the same number gives the same run.  [1; large models: all cores]",
    ),
)


@click.command()
@click.argument("datasets", nargs=-1, required=True, type=FOLDER, metavar="DATASET...")
@click.option("--out", required=True, type=FOLDER, help="Folder to make for the run.")
@click.option(
    "--settings",
    "source",
    help="TOML file with settings, as every run keeps one, or a recipe: paper-three, "
    "paper-seven, composite. Options given beside it come first.",
)
@click.option(
    "--test-on",
    multiple=True,
    type=FOLDER,
    metavar="DATASET",
    help="With cross-corpus: test on this one; again for more.",
)
@click.option(
    "--leak-report",
    is_flag=True,
    help="Also train on a frame-level split, to show beside LOSO how much it flatters.",
)
@click.option("--workers", type=click.IntRange(1), help="Folds at a time.  [as many as pay]")
@click.option("--json", "as_json", is_flag=True, help="Print metrics.json instead of a summary.")
@_train_options
def train(
    datasets: tuple[Path, ...],
    out: Path,
    source: str | None,
    test_on: tuple[Path, ...],
    leak_report: bool,
    workers: int | None,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Train a model on DATASET(s) and judge it on subjects it has not seen.

    Killed, it goes on where it was when the same command is given again.
    """
    from pipeline.form.dataset import Dataset

    for path in (*datasets, *test_on):
        Dataset.open(path)  # a wrong path is said before the seconds that torch takes to load

    from pipeline.training.settings import make_settings
    from pipeline.training.train import train_run

    given = {name: value for name, value in chosen.items() if value not in (None, ())}
    settings = make_settings(given, source)
    metrics = train_run(datasets, settings, out, workers, test_on, leak_report)
    if as_json:
        click.echo(json.dumps(metrics, indent=2))
        return
    for line in _summary(out, metrics):
        click.echo(line)


def _summary(out: Path, metrics: dict[str, Any]) -> Iterator[str]:
    """What a training ends with: its figures, each set's, and what the leak report says."""
    seeds = len(metrics["seeds"])  # a clip counts once a seed
    clips = sum(fold["n"] for fold in metrics["folds"]) // seeds
    yield (
        f"{out}: UF1 {metrics['uf1']:.3f}, UAR {metrics['uar']:.3f}, "
        f"accuracy {metrics['accuracy']:.3f} on {clips} test clips, {len(metrics['folds'])} folds"
    )
    if seeds > 1:
        uf1, uar = (metrics["spread"][name] for name in ("uf1", "uar"))
        yield (
            f"  {seeds} seeds pooled; mean of each seed's own: UF1 {uf1['mean']:.3f} ± "
            f"{uf1['std']:.3f}, UAR {uar['mean']:.3f} ± {uar['std']:.3f}"
        )
    loss, by_chance = metrics["train_loss"][-1], math.log(len(metrics["classes"]))
    if loss > UNLEARNT * by_chance:
        yield (
            f"notice: the training clips themselves were not learnt (loss {loss:.2f}; knowing "
            f"nothing gives {by_chance:.2f}): these figures say nothing of the data; try another "
            "--lr, --optimiser adamw or more --epochs"
        )
    for own in metrics["sets"] if len(metrics["sets"]) > 1 else ():
        scores = f"UF1 {own['uf1']:.3f}, UAR {own['uar']:.3f}"
        yield f"  {own['set']}: {scores}, {own['n'] // seeds} clips"
    leak = out / "leak.json"
    if leak.is_file():
        found = json.loads(leak.read_text(encoding="utf-8"))
        together, apart = (found[split]["uf1"] for split in ("frame_level", "loso"))
        yield f"leak report: UF1 {apart:.3f} leaving subjects out, {together:.3f} leaking frames"
    yield f"next: pipeline report {out}"


@click.command()
@click.argument("run", type=FOLDER)
@click.argument("out", type=FOLDER, metavar="OUT.onnx")
def export(run: Path, out: Path) -> None:
    """The network of RUN as an ONNX file for other runtimes, normalisation included."""
    from pipeline.training.export import export_onnx

    export_onnx(run, out)
    click.echo(f"model: {out}")
