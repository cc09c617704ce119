"""A network as the settings of a run name it, and what else depends on which one it is."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import nn

from mexlab.errors import InputError
from pipeline.training.models import (
    CHANNELS,
    MODELS,
    ModelOptions,
    build_model,
    count_parameters,
)
from pipeline.training.settings import TrainSettings

_WORDS = {"true": True, "false": False}


def make_network(
    model: str, preset: str, options: Sequence[str], input_: str, classes: int
) -> nn.Module:
    """A network with fresh weights (from torch's global random state)."""
    chosen = ModelOptions.of(parse_options(options))
    return build_model(model, CHANNELS[input_], classes, preset, chosen)


def network_of(settings: TrainSettings) -> nn.Module:
    """The network a run trains."""
    return make_network(
        settings.model, settings.preset, settings.options, settings.input, settings.classes
    )


def parameters_of(settings: TrainSettings) -> int:
    """Trainable numbers of the network a run trains, without room for them or seconds to draw them.

    Raises InputError for a model, preset or option that is not built.
    """
    with torch.device("meta"):
        return count_parameters(network_of(settings))


def make_model(settings: TrainSettings, device: torch.device) -> tuple[nn.Module, nn.Module]:
    """(the network on `device`, the same as it is called: compiled, if that is asked for)."""
    model = network_of(settings).to(device)
    model = model.to(memory_format=torch.channels_last)
    return model, torch.compile(model) if settings.compile else model  # type: ignore[return-value]


def takes_clips(model: str) -> bool:
    """Is one sample of this model a clip's frames with their number, rather than one frame?"""
    return getattr(MODELS.get(model), "takes", "frame") == "clip"


def parse_options(options: Iterable[str]) -> dict[str, Any]:
    """`laplacian` or `mixer=inception` -> option name: value; a bare name means true."""
    values: dict[str, Any] = {}
    for option in options:
        name, given, value = option.partition("=")
        if not name.isidentifier():
            raise InputError(f"no option {option!r}", "--option", "write NAME or NAME=VALUE")
        values[name] = _WORDS.get(value.lower(), value) if given else True
    return values
