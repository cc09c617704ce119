"""A trained network on disk: weights, normalisation and description in one safetensors file.

safetensors holds tensors and text and nothing that runs, so a checkpoint from elsewhere is safe to
open. Loading refuses what the network at hand is not for.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from mexlab.atomic import atomic_file
from mexlab.errors import InputError
from pipeline.training.data import Normalisation
from pipeline.training.models import CHANNELS
from pipeline.training.network import make_network

_KEY = "mexlab"
_NEEDED = {
    **dict.fromkeys(("model", "preset", "input", "frames"), str),
    **dict.fromkeys(("options", "classes", "mean", "scale"), list),
    "max_frames": int,
}


@dataclass(frozen=True)
class Checkpoint:
    """A network with all that is needed to use it.

    `description`: model, preset, options, input, frames, max_frames, classes (names), and the
    content hashes of the datasets it was trained on.
    """

    model: nn.Module
    normalisation: Normalisation
    description: dict[str, Any]

    def save(self, path: Path) -> None:
        """Write weights and description to one safetensors file, atomically."""
        about = {
            **self.description,
            "mean": self.normalisation.mean.tolist(),
            "scale": self.normalisation.scale.tolist(),
        }
        write_tensors(path, self.model.state_dict(), about)

    @classmethod
    def load(
        cls, path: Path, input_: str | None = None, classes: Sequence[str] | None = None
    ) -> Self:
        """The network on the CPU, in evaluation mode.

        Raises InputError where it is not a checkpoint of ours, or for another input than `input_`
        or other classes than `classes`, if these are given.
        """
        weights, about = read_tensors(path)
        _check_description(about, path)
        for name, wanted in (("input", input_), ("classes", classes)):
            if wanted is not None and list(wanted) != list(about[name]):
                what = f"a network for {name} {_told(about[name])}, not {_told(wanted)}"
                raise InputError(what, path, "give the run that was trained for it")
        mean, scale = (np.array(about.pop(name), np.float32) for name in ("mean", "scale"))
        model = make_network(
            about["model"], about["preset"], about["options"], about["input"], len(about["classes"])
        )
        try:
            model.load_state_dict(weights)
        except RuntimeError as error:
            what = f"the weights are not those of {about['model']} {about['preset']}"
            raise InputError(what, path, "train it again with this version") from error
        return cls(model.eval(), Normalisation(mean, scale), about)


def write_tensors(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Tensors and a description (JSON values) in one file, atomically."""
    stored = {name: _stored(tensor) for name, tensor in tensors.items()}
    with atomic_file(path) as temporary:
        save_file(stored, temporary, metadata={_KEY: json.dumps(about)})


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `write_tensors` wrote. Raises InputError for a file that is none of ours."""
    try:
        with safe_open(path, framework="pt") as file:
            about = dict(json.loads((file.metadata() or {})[_KEY]))
            return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118
    except (SafetensorError, FileNotFoundError, KeyError, TypeError, ValueError) as error:
        raise InputError("not a checkpoint of this program", path, "train again") from error


def _check_description(about: Mapping[str, Any], path: Path) -> None:
    """Raise InputError where a file of ours (an epoch's state, say) describes no network."""
    whole = all(isinstance(about.get(name), kind) for name, kind in _NEEDED.items())
    if not whole or not len(about["mean"]) == len(about["scale"]) == CHANNELS.get(about["input"]):
        raise InputError(
            "no trained network is in this file", path, "give a run's model.safetensors"
        )


def _stored(tensor: Tensor) -> Tensor:
    # safetensors stores plain row-major tensors; channels_last ones are rearranged.
    return tensor.detach().cpu().contiguous()


def _told(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else "/".join(value)
