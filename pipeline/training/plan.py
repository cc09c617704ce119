"""What a training will do and about how long it takes, said before it starts."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from pipeline.training.data import Samples, fit_normalisation
from pipeline.training.folds import FoldTask
from pipeline.training.loader import Loader
from pipeline.training.loop import batches, make_criterion, step_count, train_step
from pipeline.training.machine import choose_workers, ready_process
from pipeline.training.network import make_model
from pipeline.training.optimise import make_optimiser
from pipeline.training.settings import TrainSettings

ENOUGH_S = 2.0  # of timing


@dataclass(frozen=True)
class Plan:
    """Networks to train, steps they take together, seconds this is likely to take."""

    networks: int
    steps: int
    step_s: float
    workers: int

    @property
    def estimate_s(self) -> float:
        """Of all networks, `workers` at a time."""
        return self.steps * self.step_s / self.workers


def make_plan(
    tasks: Sequence[FoldTask], samples: Samples, settings: TrainSettings, workers: int | None
) -> Plan:
    """The plan for the tasks that are left; times a few steps of a network that is thrown away."""
    waiting = [task for task in tasks if not task.done]
    if not waiting:
        return Plan(0, 0, 0.0, 1)
    sizes = [_size(samples, task) for task in waiting]
    steps = sum(step_count(size, settings) for size in sizes) * (settings.epochs or 1)
    step_s = time_step(samples, settings, max(sizes))
    alone_s = steps * step_s
    chosen = choose_workers(workers, len(waiting), alone_s, settings.threads or 1)
    return Plan(len(waiting), steps, step_s, chosen)


def time_step(samples: Samples, settings: TrainSettings, size: int) -> float:
    """Median seconds of a training step on batches as of `size` samples; the first not counted."""
    device = torch.device(settings.device)
    ready_process(settings.threads or 1)
    rows = np.arange(min(size, len(samples.clip)))
    few = next(batches(rows, settings, (0,)))
    loader = Loader.of(samples, fit_normalisation(samples, few), device)
    model, network = make_model(settings, device)
    optimiser = make_optimiser(model, settings)
    criterion = make_criterion(samples.target[rows], settings, device)
    seconds: list[float] = []
    while len(seconds) < 2 or (len(seconds) < 5 and sum(seconds) < ENOUGH_S):
        started = time.perf_counter()
        loss, _ = train_step(network, optimiser, criterion, loader.batch(few), settings)
        loss.item()  # waits for the device
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


def describe(
    settings: TrainSettings, folds: int, clips: int, samples: int, plan: Plan, done: int
) -> list[str]:
    """The plan as lines for a person."""
    seeds = f"{settings.seeds} seed" + ("s" if settings.seeds > 1 else "")
    options = "".join(f" {option}" for option in settings.options)
    return [
        f"plan: {settings.model} {settings.preset}{options} on {settings.input}, "
        f"{settings.classes} classes, {settings.precision} on {settings.device}; "
        f"{settings.protocol}: {folds} folds, {seeds}; {clips} clips, {samples} samples",
        f"plan: {plan.networks} networks to train, {settings.epochs} epochs each, {plan.steps:,} "
        f"steps of up to {settings.batch_size} samples"
        + (f"; {done} networks are trained already" if done else ""),
        f"estimate: about {told(plan.estimate_s)}, {plan.workers} at a time "
        f"({1000 * plan.step_s:.1f} ms a step here)",
    ]


def told(seconds: float) -> str:
    """`12 min`, `3 h 20 min`, `45 s`: as exact as an estimate is."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _size(samples: Samples, task: FoldTask) -> int:
    return len(task.train) if task.by_sample else int(np.isin(samples.clip, task.train).sum())
