"""Training and honest evaluation: one loop over seeds and folds, each fold judged once.

    datasets ──> clips (consent, labels) ──> samples ──> for seed, fold: fit, predict ──> run folder

Subjects are never on two sides. Normalisation and class weights come from a fold's training
subjects, epochs are fixed beforehand, and the test subject is looked at once, after the last one.
Folds are made anew from the clips that remain (the rule in `pipeline.splits` leaves no choice),
so clips left out for consent or for want of a label do not disturb them.

Writes the run folder (pipeline.training.run), whole or not at all.
"""

import dataclasses
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mexlab.atomic import atomic_folder
from mexlab.emotions import class_names
from mexlab.errors import InputError
from mexlab.progress import Progress
from pipeline import splits
from pipeline.dataset import Dataset, column
from pipeline.training.checkpoint import Checkpoint
from pipeline.training.cost import Cost
from pipeline.training.data import (
    Normalisation,
    Samples,
    TrainingClips,
    choose_clips,
    fit_normalisation,
    load_samples,
)
from pipeline.training.metrics import Predictions, evaluate
from pipeline.training.models import CHANNELS, build_model, count_parameters
from pipeline.training.plots import draw_run
from pipeline.training.run import Run

PROTOCOLS: dict[str, Callable[[pa.Table], pa.Table]] = {"loso": splits.loso}
EPOCHS = {"rgb": 60, "flow": 100}
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class TrainSettings:
    """Everything that decides a training beside its datasets.

    SGD, momentum, cosine decay to zero and class weights are choices of this project: the paper
    does not say. Seeds are 0, 1, ... `seeds` - 1.
    """

    model: str = "incep-cbam"
    input: str = "flow"
    classes: int = 3
    protocol: str = "loso"
    preset: str = "paper"
    epochs: int = 100
    batch_size: int = 32
    learning_rate: float = 0.01
    momentum: float = 0.9
    seeds: int = 1
    device: str = "cpu"
    threads: int = 1


@dataclass(frozen=True)
class Fitted:
    """A trained network and how it got there; `loss` and `accuracy` have one value an epoch."""

    model: nn.Module
    normalisation: Normalisation
    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """All folds and seeds: their predictions, their mean curves, and what they took.

    `final` was trained on everybody afterwards, for use on new faces; nothing is measured with it.
    """

    predictions: Predictions
    loss: list[float]
    accuracy: list[float]
    final: Fitted
    cost: Cost


def train_run(paths: Sequence[Path], settings: TrainSettings, out: Path) -> dict[str, Any]:
    """Train and evaluate, write the run folder `out`, return its metrics."""
    _check(settings, out)
    torch.set_num_threads(settings.threads)
    datasets = [Dataset.open(path) for path in paths]
    clips = choose_clips(datasets, settings.classes)
    for reason, count in clips.left_out.items():
        print(f"left out: {count} clips, {reason}", file=sys.stderr)
    with atomic_folder(out) as folder:
        run, cache = Run(folder), folder / ".cache"
        samples = load_samples(datasets, clips, settings.input, cache)
        outcome = _train_folds(clips, samples, settings)
        names = class_names(settings.classes)
        metrics = {
            **evaluate(outcome.predictions),
            "classes": list(names),
            "seeds": list(range(settings.seeds)),
            "epochs": settings.epochs,
            "train_loss": outcome.loss,
            "train_accuracy": outcome.accuracy,
            **outcome.cost.measures(),
            "parameters": count_parameters(outcome.final.model),
        }
        run.write_json("settings", _describe(datasets, settings, clips))
        run.write_json("metrics", metrics)
        run.write_predictions(outcome.predictions, names)
        _checkpoint(outcome.final, settings).save(run.checkpoint_path)
        draw_run(run, metrics, outcome.predictions)
        del samples  # lets go of the memory-mapped faces before their file goes
        shutil.rmtree(cache, ignore_errors=True)
    return metrics


def _train_folds(clips: TrainingClips, samples: Samples, settings: TrainSettings) -> Outcome:
    """All seeds and folds, then one network on everybody."""
    roles = PROTOCOLS[settings.protocol](clips.table)
    splits.assert_disjoint(roles, clips.table)
    folds = _fold_sides(roles, clips.table)
    cost = Cost()
    parts, losses, accuracies = [], [], []
    fit_count = len(folds) * settings.seeds + 1
    with Progress("training", fit_count * settings.epochs, "epochs") as bar:
        for seed in range(settings.seeds):
            for fold, (train_clips, test_clips) in enumerate(folds):
                rows = np.flatnonzero(np.isin(samples.clip, train_clips))
                fitted = fit(samples, rows, settings, (seed, fold), bar)
                chances = predict_clips(fitted, samples, test_clips, settings)
                parts.append(_predictions(clips, test_clips, chances, fold, seed))
                losses.append(fitted.loss)
                accuracies.append(fitted.accuracy)
                cost.count(len(rows) * settings.epochs)
        everything = np.arange(len(samples.clip))
        final = fit(samples, everything, settings, (0, len(folds)), bar)
        cost.count(len(everything) * settings.epochs)
    cost.stop()
    loss, accuracy = (np.mean(curves, axis=0).tolist() for curves in (losses, accuracies))
    return Outcome(Predictions.joined(parts), loss, accuracy, final, cost)


def fit(
    samples: Samples, rows: Rows, settings: TrainSettings, seed: tuple[int, int], bar: Progress
) -> Fitted:
    """Train a fresh network on the samples in `rows`; `seed` (seed, fold) decides all chance."""
    device = torch.device(settings.device)
    torch.manual_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
    model = build_model(settings.model, CHANNELS[settings.input], settings.classes, settings.preset)
    model = model.to(device).to(memory_format=torch.channels_last)
    normalisation = fit_normalisation(samples, rows)
    weight = class_weights(samples.target[rows], settings.classes).to(device)
    optimiser = torch.optim.SGD(
        model.parameters(), lr=settings.learning_rate, momentum=settings.momentum, fused=True
    )
    steps = settings.epochs * -(-len(rows) // settings.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    fitted = Fitted(model, normalisation)
    model.train()
    for _ in range(settings.epochs):
        loss_sum, right = 0.0, 0
        order = rows[torch.randperm(len(rows)).numpy()]
        for start in range(0, len(order), settings.batch_size):
            chosen = order[start : start + settings.batch_size]
            x = batch(samples, chosen, normalisation, device)  # [b, channels, 28, 28]
            y = torch.as_tensor(samples.target[chosen], device=device)  # [b]
            logits = model(x)  # [b, classes]
            loss = nn.functional.cross_entropy(logits, y, weight=weight)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            loss_sum += loss.item() * len(chosen)
            right += int((logits.argmax(dim=1) == y).sum())
        if not np.isfinite(loss_sum):
            raise InputError("training diverged", "--lr", "choose a smaller learning rate")
        fitted.loss.append(loss_sum / len(rows))
        fitted.accuracy.append(right / len(rows))
        bar.advance()
    return fitted


@torch.inference_mode()
def predict_clips(
    fitted: Fitted, samples: Samples, clips: Rows, settings: TrainSettings
) -> NDArray[np.float32]:
    """Probabilities [len(clips), classes]: the mean over a clip's samples, in `clips` order."""
    fitted.model.eval()
    device = torch.device(settings.device)
    rows = np.flatnonzero(np.isin(samples.clip, clips))
    chances = np.zeros((len(clips), settings.classes))
    place = np.searchsorted(clips, samples.clip[rows])  # `clips` rises
    for start in range(0, len(rows), settings.batch_size):
        part = slice(start, start + settings.batch_size)
        logits = fitted.model(batch(samples, rows[part], fitted.normalisation, device))
        np.add.at(chances, place[part], logits.softmax(dim=1).cpu().numpy())
    count = np.bincount(place, minlength=len(clips))
    return (chances / count[:, None]).astype(np.float32)


def batch(
    samples: Samples, rows: Rows, normalisation: Normalisation, device: torch.device
) -> Tensor:
    """Normalised float32 [len(rows), channels, 28, 28] on `device`, channels_last in memory."""
    values = torch.from_numpy(normalisation.apply(samples.values[rows]))
    return values.to(device, memory_format=torch.channels_last, non_blocking=True)


def class_weights(target: NDArray[np.int64], classes: int) -> Tensor:
    """Inverse frequency, float32[classes], mean 1 over the samples; 0 for a class not there."""
    count = np.bincount(target, minlength=classes)
    weight = len(target) / (np.count_nonzero(count) * np.maximum(count, 1))
    return torch.tensor(np.where(count > 0, weight, 0), dtype=torch.float32)


def _fold_sides(roles: pa.Table, clips: pa.Table) -> list[tuple[Rows, Rows]]:
    """For each fold the rows of `clips` that train and those that test, each rising."""
    row = {name: index for index, name in enumerate(column(clips, "clip_id"))}
    where = np.array([row[name] for name in column(roles, "clip_id")], dtype=np.int64)
    fold, role = np.array(column(roles, "fold")), np.array(column(roles, "role"))
    return [
        (
            np.sort(where[(fold == number) & (role == "train")]),
            np.sort(where[(fold == number) & (role == "test")]),
        )
        for number in np.unique(fold)
    ]


def _predictions(
    clips: TrainingClips, rows: Rows, chances: NDArray[np.float32], fold: int, seed: int
) -> Predictions:
    names, subjects = column(clips.table, "clip_id"), column(clips.table, "subject")
    return Predictions(
        clip_id=[names[row] for row in rows],
        subject=[subjects[row] for row in rows],
        truth=clips.target[rows],
        probabilities=chances,
        fold=np.full(len(rows), fold),
        seed=np.full(len(rows), seed),
    )


def _check(settings: TrainSettings, out: Path) -> None:
    """Raise InputError for what can be known to be wrong before any data is read."""
    if out.exists():
        raise InputError("already there", out, "choose another --out or remove it")
    if settings.protocol not in PROTOCOLS:
        known = ", ".join(PROTOCOLS)
        raise InputError(f"no protocol {settings.protocol!r}", "--protocol", f"use one of: {known}")
    if settings.device.startswith("cuda") and not torch.cuda.is_available():
        raise InputError("no CUDA device here", "--device", "use --device cpu")
    build_model(settings.model, CHANNELS[settings.input], settings.classes, settings.preset)


def _checkpoint(fitted: Fitted, settings: TrainSettings) -> Checkpoint:
    description = {
        "model": settings.model,
        "preset": settings.preset,
        "input": settings.input,
        "classes": list(class_names(settings.classes)),
    }
    return Checkpoint(fitted.model, fitted.normalisation, description)


def _describe(
    datasets: Sequence[Dataset], settings: TrainSettings, clips: TrainingClips
) -> dict[str, Any]:
    """What `settings.json` says: enough to run this training again and to judge it."""
    packages = ("mexlab", "torch", "numpy", "opencv-python", "pyarrow")
    return {
        **dataclasses.asdict(settings),
        "optimiser": "SGD, cosine decay to 0, cross-entropy weighted by inverse class frequency",
        "datasets": [
            {"path": str(dataset.root), "content_hash": dataset.header.content_hash}
            for dataset in datasets
        ],
        "clips": len(clips.table),
        "left_out": clips.left_out,
        "software": {name: version(name) for name in packages},
    }
