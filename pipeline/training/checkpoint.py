"""A trained network on disk: weights, normalisation and description in one safetensors file.

safetensors holds tensors and text and nothing that runs, so a checkpoint from elsewhere is safe to
open.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn

from mexlab.atomic import atomic_file
from pipeline.training.data import Normalisation
from pipeline.training.models import CHANNELS, build_model


@dataclass(frozen=True)
class Checkpoint:
    """A network with all that is needed to use it."""

    model: nn.Module
    normalisation: Normalisation
    description: dict[str, Any]  # model, preset, input, classes (names)

    def save(self, path: Path) -> None:
        """Write weights and description to one safetensors file, atomically."""
        weights = {name: _stored(tensor) for name, tensor in self.model.state_dict().items()}
        description = {
            **self.description,
            "mean": self.normalisation.mean.tolist(),
            "scale": self.normalisation.scale.tolist(),
        }
        with atomic_file(path) as temporary:
            temporary.write_bytes(save(weights, metadata={"mexlab": json.dumps(description)}))

    @classmethod
    def load(cls, path: Path) -> Self:
        """The network on the CPU, in evaluation mode."""
        with safe_open(path, framework="pt") as file:
            about = json.loads(file.metadata()["mexlab"])
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        mean, scale = (np.array(about.pop(name), np.float32) for name in ("mean", "scale"))
        model = build_model(
            about["model"], CHANNELS[about["input"]], len(about["classes"]), about["preset"]
        )
        model.load_state_dict(weights)
        return cls(model.eval(), Normalisation(mean, scale), about)


def _stored(tensor: Tensor) -> Tensor:
    # safetensors stores plain row-major tensors; channels_last ones are rearranged.
    return tensor.detach().cpu().contiguous()
