"""Everything that decides a training beside its datasets, as one TOML file.

Reads a file given to `--settings`, or a recipe of this package by its name
(`recipes/NAME.toml`); writes `settings.toml` of a run, which can be given to `--settings` again.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from mexlab.atomic import write_text
from mexlab.errors import InputError
from mexlab.settings import from_mapping, read_toml

EPOCHS = {"rgb": 60, "flow": 100, "flow-strain": 100}
OPTION_NAMES = {"learning_rate": "lr", "options": "option"}  # where they are not the settings'
RECIPES = files("pipeline.training") / "recipes"


def _one_of(default: str, *others: str) -> Any:
    return field(default=default, metadata={"choices": (default, *others)})


def _at_least(default: float | None, low: float, high: float | None = None) -> Any:
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True)
class TrainSettings:
    """The settings of a run. What is left open (None, `auto`) is filled in by `resolved`.

    SGD with momentum, cosine decay to zero and class weights are choices of this project: the
    paper does not say. Seeds are 0, 1, ... `seeds` - 1.
    """

    model: str = "incep-cbam"
    preset: str = "paper"
    options: tuple[str, ...] = ()  # of the model, each "name" or "name=value"
    input: str = _one_of("flow", "rgb", "flow-strain")
    frames: str = _one_of("apex", "all")  # with flow: onset to apex, or frame to frame
    max_frames: int = _at_least(32, 1)  # of a clip, where a sample is a clip's sequence
    classes: int = 3

    protocol: str = "loso"
    folds: int = _at_least(5, 2)  # of kfold
    test_share: float = _at_least(0.2, 0.01, 0.99)  # of holdout
    split_seed: int = _at_least(0, 0)  # of kfold and holdout
    seeds: int = _at_least(1, 1)
    shuffle_labels: bool = False  # a control: nothing may be learned from permuted labels

    epochs: int | None = _at_least(None, 1)
    batch_size: int = _at_least(32, 1)
    optimiser: str = _one_of("sgd", "adamw")
    learning_rate: float = _at_least(0.01, 1e-9)
    momentum: float = _at_least(0.9, 0, 0.9999)  # of sgd
    weight_decay: float = _at_least(0.0, 0)
    schedule: str = _one_of("cosine", "constant")
    warmup_share: float = _at_least(0.0, 0, 0.9)  # of the steps, the rate rising from zero
    class_weights: bool = True
    label_smoothing: float = _at_least(0.0, 0, 0.9)
    patience: int = _at_least(0, 0)  # epochs without progress on inner subjects; 0: never stop
    inner_share: float = _at_least(0.2, 0.01, 0.9)  # of the training clips, with patience

    flip: bool = False  # augmentation: mirror half of the samples, u negated
    shift_px: int = _at_least(0, 0, 14)  # at most, of 28 px, either way
    intensity: float = _at_least(0.0, 0, 1)  # factor between 1 - intensity and 1 + intensity

    precision: str = _one_of("auto", "fp32", "bf16")
    compile: bool = False
    device: str = _one_of("auto", "cpu", "cuda")
    threads: int | None = _at_least(None, 1)  # of each process; sums depend on it

    def resolved(self) -> "TrainSettings":
        """The same with nothing left open, for this machine. Raises InputError without CUDA."""
        from pipeline.training.machine import choose_device, choose_precision, choose_threads

        device = choose_device(self.device)
        return dataclasses.replace(
            self,
            epochs=self.epochs or EPOCHS[self.input],
            device=device,
            precision=choose_precision(self.precision, device, self.preset, self.input),
            threads=self.threads or choose_threads(self.model, self.preset),
        )


def make_settings(given: Mapping[str, Any], source: str | None = None) -> TrainSettings:
    """Settings from a file or recipe `source`, overridden by `given`.

    Raises InputError for an unknown key or value, naming the file or the option.
    """
    values = {**read_settings(source), **given} if source else dict(given)
    for name in given:  # a mistake on the command line is told as one
        option = OPTION_NAMES.get(name, name.replace("_", "-"))
        from_mapping(TrainSettings, {name: given[name]}, f"--{option}")
    return from_mapping(TrainSettings, values, source or "settings")


def read_settings(source: str) -> dict[str, Any]:
    """The values in a TOML file, or in the recipe of that name."""
    path = Path(source)
    if path.is_file():
        return read_toml(path)
    names = recipe_names()
    if source not in names:
        remedy = f"give a TOML file, or one of: {', '.join(names)}"
        raise InputError("no such settings", source, remedy)
    return read_toml(Path(str(RECIPES / f"{source}.toml")))


def recipe_names() -> list[str]:
    """The recipes this package brings, sorted."""
    return sorted(Path(entry.name).stem for entry in RECIPES.iterdir() if ".toml" in entry.name)


def write_settings(path: Path, settings: TrainSettings) -> None:
    """One `name = value` a line; JSON spells these values as TOML does."""
    values = dataclasses.asdict(settings).items()
    lines = [f"{name} = {json.dumps(value)}" for name, value in values if value is not None]
    write_text(path, "\n".join(lines) + "\n")
