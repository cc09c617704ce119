"""A run folder from the results of its folds: predictions, numbers, network, figures.

Reads the work folder of a training whose networks are all trained; writes into the folder given.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from mexlab.emotions import class_names
from pipeline.form.dataset import column
from pipeline.training.cost import Cost
from pipeline.training.data import Samples, TrainingClips
from pipeline.training.folds import FoldTask
from pipeline.training.leak import leak_report
from pipeline.training.metrics import Predictions, evaluate, evaluate_sets, spread_over_seeds
from pipeline.training.network import parameters_of
from pipeline.training.plots import draw_run
from pipeline.training.run import CURVES, Run
from pipeline.training.settings import write_settings
from pipeline.training.work import Result, WorkFolder

if TYPE_CHECKING:
    from pipeline.training.train import Prepared


def write_run(
    folder: Path, prepared: "Prepared", tasks: Sequence[FoldTask], samples: Samples
) -> dict[str, Any]:
    """Write everything a run folder holds into `folder`; returns the metrics."""
    run, settings = Run(folder), prepared.settings
    work = WorkFolder(tasks[0].work)
    results = [(task, Result.read(work.result_path(task.name))) for task in tasks]
    judged = [(task, result) for task, result in results if len(task.test) and not task.by_sample]
    predictions = Predictions.joined(
        [_predictions(prepared.clips, task, result) for task, result in judged]
    )
    metrics = {
        **evaluate(predictions),
        "classes": list(class_names(settings.classes)),
        "seeds": list(range(settings.seeds)),
        "spread": spread_over_seeds(predictions),
        "sets": evaluate_sets(predictions),
        "epochs": settings.epochs,
        "train_loss": _mean_curve([result.loss for _, result in judged]),
        "train_accuracy": _mean_curve([result.accuracy for _, result in judged]),
        **Cost.total([result.cost for _, result in results]).measures(),
        "parameters": parameters_of(settings),
    }
    write_settings(run.settings_path, settings)
    run.write_json("settings", prepared.describe())
    run.write_json("metrics", metrics)
    run.write_predictions(predictions, class_names(settings.classes))
    CURVES.write(run.curves_path, _curves(judged))
    if prepared.leak_report:
        dealt = [result.chances for task, result in results if task.by_sample]
        run.write_json("leak", leak_report(samples.target, dealt, predictions))
    (final,) = [task for task in tasks if task.description is not None]
    shutil.copyfile(work.model_path(final.name), run.checkpoint_path)
    draw_run(run, metrics, predictions)
    return metrics


def _predictions(clips: TrainingClips, task: FoldTask, result: Result) -> Predictions:
    own = clips.table.select(["clip_id", "subject", "source"]).take(task.test)
    return Predictions(
        clip_id=column(own, "clip_id"),
        subject=column(own, "subject"),
        truth=clips.target[task.test],
        probabilities=result.chances,
        fold=np.full(len(task.test), task.fold),
        seed=np.full(len(task.test), task.seed),
        source=column(own, "source"),
    )


def _mean_curve(curves: Sequence[Sequence[float]]) -> list[float]:
    """The mean at each epoch over the folds that had it: stopping early ends a curve early."""
    longest = max(map(len, curves))
    padded = [[*curve, *[np.nan] * (longest - len(curve))] for curve in curves]
    means: list[float] = np.nanmean(padded, axis=0).tolist()
    return means


def _curves(judged: Sequence[tuple[FoldTask, Result]]) -> pa.Table:
    rows = [
        (task.seed, task.fold, epoch, loss, accuracy)
        for task, result in judged
        for epoch, (loss, accuracy) in enumerate(
            zip(result.loss, result.accuracy, strict=True), start=1
        )
    ]
    return CURVES.build(dict(zip(CURVES.schema.names, zip(*rows, strict=True), strict=True)))
