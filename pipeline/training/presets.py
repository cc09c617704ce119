"""How large a network is (its preset), and what an ablation changes in it (its options)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from mexlab.errors import InputError
from pipeline.training.blocks.transformer import MIXERS


@dataclass(frozen=True)
class Preset:
    """The widths: of the transformer and its depth, of the maps "sca" and "pos", of the head.

    `pooled` averages a map over its places before the head (and before the LSTM) instead of laying
    all 14 x 14 of them side by side.
    """

    embedding: int
    depth: int
    maps: int
    hidden: int
    head: int
    pooled: bool = False


PRESETS = {
    "paper": Preset(embedding=512, depth=3, maps=256, hidden=512, head=1024),
    # The paper's features; 94 % of its parameters stand in the one layer that is done without.
    "lite": Preset(embedding=512, depth=3, maps=256, hidden=512, head=1024, pooled=True),
    "tiny": Preset(embedding=64, depth=1, maps=32, hidden=64, head=64),  # for tests, first steps
}


OPTIONS = {
    "laplacian": (False, True),
    "mixer": tuple(MIXERS),
    "positions": ("learned", "sinusoidal"),
}


@dataclass(frozen=True)
class ModelOptions:
    """What an ablation changes. The defaults are the paper's table; a run records what it had.

    `laplacian`: the 3x3 branch of the first Inception block begins with a Laplacian filter.
    `mixer`: "attention" or "inception" (equations 21-28). `positions`: "learned" or "sinusoidal".
    """

    laplacian: bool = False
    mixer: str = "attention"
    positions: str = "learned"

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """From a run's settings. Raises InputError for an option or a value there is none of."""
        for name, value in values.items():
            if name not in OPTIONS:
                known = ", ".join(OPTIONS)
                raise InputError(f"no model option {name!r}", "--option", f"use one of: {known}")
            if value not in OPTIONS[name]:
                known = ", ".join(map(str, OPTIONS[name])).lower()
                raise InputError(f"{name} cannot be {value!r}", "--option", f"use one of: {known}")
        return cls(**values)

    def changed(self) -> frozenset[str]:
        """Names of the options that are not the paper's."""
        default = type(self)()
        return frozenset(name for name in OPTIONS if getattr(self, name) != getattr(default, name))
