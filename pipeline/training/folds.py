"""One fold of a training as a piece of work of its own: fitted, judged once, written down.

Reads the run's cache, writes into its work folder (pipeline.training.work). Runs in this process
or in several side by side; the outcome is the same, since a fold's chance follows from its seed
and number alone and each process sums with the same number of threads.
"""

import dataclasses
import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mexlab.parallel import Report
from pipeline.training.cache import open_samples
from pipeline.training.checkpoint import Checkpoint
from pipeline.training.cost import Meter
from pipeline.training.data import Samples
from pipeline.training.epochs import FileStore
from pipeline.training.loop import Fitted, Seen, fit, predict_clips, predict_samples
from pipeline.training.machine import ready_process
from pipeline.training.settings import TrainSettings
from pipeline.training.work import Result, WorkFolder

Rows = NDArray[np.int64]
TELL_EVERY_S = 10.0


@dataclass(frozen=True)
class FoldTask:
    """A network to train. Rows are of clips; with `by_sample` (the leak report) of samples.

    `inner` are training clips to stop by. `description` is kept with the network, if it is kept.
    """

    work: Path
    cache: Path
    settings: TrainSettings
    seed: int
    fold: int
    told: str  # to the person watching: "fold 3 of 68 (P003)"
    train: Rows
    test: Rows
    inner: Rows | None = None
    by_sample: bool = False
    description: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        """Names its files."""
        return f"{self.seed}-{self.fold:03d}"

    @property
    def done(self) -> bool:
        return WorkFolder(self.work).result_path(self.name).is_file()


def train_fold(task: FoldTask, report: Report) -> None:
    """Train, judge and write one fold. Takes up again what a killed process left of it."""
    work = WorkFolder(task.work)
    ready_process(task.settings.threads or 1)
    meter = Meter()
    samples = _samples(task.cache)
    train = _sample_rows(samples, task.train, task)
    inner = None if task.inner is None else _sample_rows(samples, task.inner, task)
    watch = _Watch(task.told, report)
    shown = shown_samples(samples, train, inner, task)
    store = FileStore(work.state_path(task.name))
    fitted = fit(shown, train, task.settings, (task.seed, task.fold), inner, watch, store)
    cost = meter.read(watch.images)
    watch.finished()
    judge = predict_samples if task.by_sample else predict_clips
    chances = (
        judge(fitted, samples, task.test, task.settings)
        if len(task.test)
        else np.zeros((0, task.settings.classes), np.float32)
    )
    if task.description is not None:
        _checkpoint(fitted, task.description).save(work.model_path(task.name))
    Result(chances, fitted.loss, fitted.accuracy, cost).write(work.result_path(task.name))
    work.state_path(task.name).unlink(missing_ok=True)


class _Watch:
    """Tells now and then how an epoch went: training samples only, never test samples."""

    def __init__(self, told: str, report: Report) -> None:
        self.told, self.report = told, report
        self.images, self.seconds, self.last = 0, 0.0, ""
        self._spoken = time.monotonic()

    def __call__(self, seen: Seen) -> None:
        self.images += seen.images
        self.seconds += seen.seconds
        rate = self.images / max(self.seconds, 1e-9)
        self.last = (
            f"{self.told}: epoch {seen.epoch}, loss {seen.loss:.3f}, "
            f"accuracy {seen.accuracy:.3f}, {rate:.0f} images/s"
        )
        self.report(1)
        if time.monotonic() - self._spoken > TELL_EVERY_S:
            self._spoken = time.monotonic()
            print(self.last, file=sys.stderr, flush=True)

    def finished(self) -> None:
        """The last epoch, however short ago the one before was told."""
        if self.last:
            print(self.last, file=sys.stderr, flush=True)


@lru_cache(maxsize=1)
def _samples(folder: Path) -> Samples:
    return open_samples(folder)


def forget_samples() -> None:
    """Let go of the memory-mapped file this process holds."""
    _samples.cache_clear()


def _sample_rows(samples: Samples, rows: Rows, task: FoldTask) -> Rows:
    return rows if task.by_sample else np.flatnonzero(np.isin(samples.clip, rows))


def shown_samples(samples: Samples, train: Rows, inner: Rows | None, task: FoldTask) -> Samples:
    """The samples as `fit` sees them: as they are, or, for the control, with permuted labels.

    Then training clips, those to stop by among them, exchange their labels; frames of one clip keep
    one. Test labels stay.
    """
    if not task.settings.shuffle_labels:
        return samples
    rows = train if inner is None else np.union1d(train, inner)
    clips, first = np.unique(samples.clip[rows], return_index=True)
    order = np.random.default_rng((task.seed, task.fold)).permutation(len(clips))
    target = samples.target.copy()
    label = dict(zip(clips, samples.target[rows][first][order], strict=True))
    target[rows] = [label[clip] for clip in samples.clip[rows]]
    return dataclasses.replace(samples, target=target)


def _checkpoint(fitted: Fitted, description: dict[str, Any]) -> Checkpoint:
    return Checkpoint(fitted.model, fitted.normalisation, description)
