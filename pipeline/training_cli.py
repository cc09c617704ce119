"""`pipeline train` and `report`: models trained and judged."""

import json
from pathlib import Path

import click

FOLDER = click.Path(path_type=Path)


@click.command()
@click.argument("datasets", nargs=-1, required=True, type=FOLDER, metavar="DATASET...")
@click.option("--model", default="incep-cbam", show_default=True, help="Network to train.")
@click.option(
    "--input",
    "input_kind",
    type=click.Choice(["flow", "rgb"]),
    default="flow",
    show_default=True,
    help="Onset-to-apex flow of a clip, or its frames from onset to offset.",
)
@click.option(
    "--classes",
    type=click.Choice(["3", "7"]),
    default="3",
    show_default=True,
    help="Positive, negative, surprise; or the seven emotions.",
)
@click.option("--protocol", default="loso", show_default=True, help="Who trains and who tests.")
@click.option("--preset", default="paper", show_default=True, help="Size: paper or tiny.")
@click.option(
    "--epochs", type=click.IntRange(1), help="Passes over the training clips [flow 100, rgb 60]."
)
@click.option(
    "--batch-size", type=click.IntRange(1), default=32, show_default=True, help="Samples a step."
)
@click.option(
    "--lr",
    type=click.FloatRange(0, min_open=True),
    default=0.01,
    show_default=True,
    help="Learning rate at the start of the cosine.",
)
@click.option("--seeds", type=click.IntRange(1), default=1, show_default=True, help="How many.")
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="auto takes a CUDA device if there is one.",
)
@click.option(
    "--threads",
    type=click.IntRange(1),
    help="Of the processor; a tiny network loses more to waiting than it gains. "
    "[tiny 1, else all cores]",
)
@click.option("--out", required=True, type=FOLDER, help="Folder to make for the run.")
@click.option("--json", "as_json", is_flag=True, help="Print metrics.json instead of a summary.")
def train(
    datasets: tuple[Path, ...],
    model: str,
    input_kind: str,
    classes: str,
    protocol: str,
    preset: str,
    epochs: int | None,
    batch_size: int,
    lr: float,
    seeds: int,
    device: str,
    threads: int | None,
    out: Path,
    as_json: bool,
) -> None:
    """Train a model on DATASET(s) and judge it on subjects it has not seen."""
    from pipeline.dataset import Dataset

    for path in datasets:
        Dataset.open(path)  # a wrong path is said before the seconds that torch takes to load

    import torch

    from pipeline.training.train import EPOCHS, TrainSettings, train_run

    chosen = "cuda" if torch.cuda.is_available() else "cpu"
    settings = TrainSettings(
        model=model,
        input=input_kind,
        classes=int(classes),
        protocol=protocol,
        preset=preset,
        epochs=epochs or EPOCHS[input_kind],
        batch_size=batch_size,
        learning_rate=lr,
        seeds=seeds,
        device=chosen if device == "auto" else device,
        threads=threads or (1 if preset == "tiny" else torch.get_num_threads()),
    )
    metrics = train_run(datasets, settings, out)
    if as_json:
        click.echo(json.dumps(metrics, indent=2))
        return
    clips = sum(fold["n"] for fold in metrics["folds"])
    click.echo(
        f"{out}: UF1 {metrics['uf1']:.3f}, UAR {metrics['uar']:.3f}, "
        f"accuracy {metrics['accuracy']:.3f} on {clips} test clips, {len(metrics['folds'])} folds"
    )
    click.echo(f"next: pipeline report {out}")


@click.command()
@click.argument("runs", nargs=-1, required=True, type=FOLDER, metavar="RUN...")
@click.option("--out", type=FOLDER, help="HTML file to write [report.html in the first RUN].")
def report(runs: tuple[Path, ...], out: Path | None) -> None:
    """The paper's Tables 3 and 4 and the figures of these runs, as one HTML file."""
    from pipeline.training.report import print_report, write_report

    path = out or runs[0] / "report.html"
    print_report(write_report(runs, path))
    click.echo(f"report: {path}")
