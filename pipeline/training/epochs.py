"""A training under way, on disk: what the next epoch needs, in one safetensors file.

No random state is kept, since all chance of an epoch follows from its number. A state is written
after each epoch, as long as that takes less than a fiftieth of the time: where writing is slow
beside an epoch (the full network: 0.9 GB), every second epoch or every tenth.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from pipeline.training.checkpoint import read_tensors, write_tensors

WRITING_SHARE = 0.02


@dataclass
class Curves:
    """One value an epoch: training loss and accuracy, the loss of the inner subjects if there are
    any; `best` are the weights of their lowest loss."""

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    inner: list[float] = field(default_factory=list)
    best: Mapping[str, Tensor] | None = None

    def stalled(self, patience: int) -> bool:
        """Has the inner loss not fallen for `patience` epochs?"""
        if not self.inner:
            return False
        return len(self.inner) - 1 - self.inner.index(min(self.inner)) >= patience


class EpochStore(Protocol):
    """Keeps the state of a training between epochs."""

    def restore(self, model: nn.Module, optimiser: torch.optim.Optimizer) -> Curves: ...

    def keep(self, model: nn.Module, optimiser: torch.optim.Optimizer, curves: Curves) -> None: ...


class NoStore:
    """For a training that is not taken up again."""

    def restore(self, model: nn.Module, optimiser: torch.optim.Optimizer) -> Curves:
        return Curves()

    def keep(self, model: nn.Module, optimiser: torch.optim.Optimizer, curves: Curves) -> None:
        pass


class FileStore:
    """One file, replaced after an epoch."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._not_before = 0.0

    def restore(self, model: nn.Module, optimiser: torch.optim.Optimizer) -> Curves:
        """Put the state into `model` and `optimiser`, if there is one; its curves."""
        if not self.path.is_file():
            return Curves()
        tensors, about = read_tensors(self.path)
        model.load_state_dict(_under("model", tensors))
        moments = _under("moment", tensors)
        for place, parameter in enumerate(_parameters(optimiser)):
            own = _under(str(place), moments)
            optimiser.state[parameter] = {
                name: _laid_like(parameter, value) for name, value in own.items()
            }
        best = _under("best", tensors)
        return Curves(about["loss"], about["accuracy"], about["inner"], best or None)

    def keep(self, model: nn.Module, optimiser: torch.optim.Optimizer, curves: Curves) -> None:
        """Write the state, unless it was written so lately that it would cost too much."""
        started = time.monotonic()
        if started < self._not_before:
            return
        tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
        for place, parameter in enumerate(_parameters(optimiser)):
            for name, value in optimiser.state.get(parameter, {}).items():
                if isinstance(value, Tensor):
                    tensors[f"moment.{place}.{name}"] = value
        tensors |= {f"best.{name}": value for name, value in (curves.best or {}).items()}
        about = {"loss": curves.loss, "accuracy": curves.accuracy, "inner": curves.inner}
        write_tensors(self.path, tensors, about)
        now = time.monotonic()
        self._not_before = now + (now - started) / WRITING_SHARE


def _parameters(optimiser: torch.optim.Optimizer) -> list[Tensor]:
    return [weight for group in optimiser.param_groups for weight in group["params"]]


def _laid_like(parameter: Tensor, value: Tensor) -> Tensor:
    """A moment on its parameter's device and laid out as it is, channels_last or not.

    A number of steps has no layout; a fused optimiser wants it on that device all the same.
    """
    return torch.empty_like(parameter).copy_(value) if value.dim() else value.to(parameter.device)


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {
        name.removeprefix(start): value for name, value in tensors.items() if name.startswith(start)
    }
