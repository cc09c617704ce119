"""How weights move: the optimiser, its rate at each step, and the compiled network.

A new optimiser is a function here and a line in OPTIMISERS.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from pipeline.training.blocks.weights import parameter_groups
from pipeline.training.settings import TrainSettings

Groups = list[dict[str, Any]]


def make_optimiser(model: nn.Module, settings: TrainSettings) -> torch.optim.Optimizer:
    """Fused, with no decay on biases, norms and positions."""
    groups = parameter_groups(model, settings.weight_decay)
    return OPTIMISERS[settings.optimiser]([g for g in groups if g["params"]], settings)


def rate_at(step: int, steps: int, settings: TrainSettings) -> float:
    """The learning rate of step 0, 1, ... `steps` - 1: a rise to the highest, then the decay."""
    warm = math.ceil(settings.warmup_share * steps)
    if step < warm:
        return settings.learning_rate * (step + 1) / warm
    if settings.schedule == "constant":
        return settings.learning_rate
    progress = (step - warm) / max(steps - warm, 1)
    return settings.learning_rate * (1 + math.cos(math.pi * progress)) / 2


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """The learning rate of the next step."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def _sgd(groups: Groups, settings: TrainSettings) -> torch.optim.Optimizer:
    rate, momentum = settings.learning_rate, settings.momentum
    return torch.optim.SGD(groups, lr=rate, momentum=momentum, fused=True)


def _adamw(groups: Groups, settings: TrainSettings) -> torch.optim.Optimizer:
    return torch.optim.AdamW(groups, lr=settings.learning_rate, fused=True)


OPTIMISERS: dict[str, Callable[[Groups, TrainSettings], torch.optim.Optimizer]] = {
    "sgd": _sgd,
    "adamw": _adamw,
}
