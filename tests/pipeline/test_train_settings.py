"""One TOML holds all settings of a run; options come before it; what is wrong is named."""

import dataclasses
from pathlib import Path

import pytest
import torch

from mexlab.errors import InputError
from pipeline.training.models import CHANNELS, MODELS, count_parameters
from pipeline.training.network import network_of, parameters_of, parse_options
from pipeline.training.optimise import make_optimiser, rate_at
from pipeline.training.settings import (
    EPOCHS,
    TrainSettings,
    make_settings,
    recipe_names,
    write_settings,
)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    settings = TrainSettings(
        model="vit", options=("laplacian", "mixer=inception"), learning_rate=1e-05, flip=True
    )
    write_settings(tmp_path / "settings.toml", settings)
    assert make_settings({}, str(tmp_path / "settings.toml")) == settings
    changed = make_settings({"flip": False, "epochs": 7}, str(tmp_path / "settings.toml"))
    assert changed == dataclasses.replace(settings, flip=False, epochs=7)


def test_recipes_are_whole() -> None:
    assert recipe_names() == ["composite", "paper-seven", "paper-three"]
    three, seven = (make_settings({}, f"paper-{name}") for name in ("three", "seven"))
    assert dataclasses.replace(three, classes=7) == seven
    assert seven.protocol == "cross-corpus"
    assert (seven.model, seven.preset, seven.epochs) == ("dual-hybrid-face", "paper", 100)
    assert make_settings({"model": "incep-cbam"}, "paper-seven").model == "incep-cbam"
    assert make_settings({}, "composite").protocol == "composite"


@pytest.mark.parametrize(
    ("given", "text", "says"),
    [
        (
            {"batch_size": 0},
            "",
            "'batch_size' is 0; --batch-size; choose a value 1 or more",
        ),
        ({"momentum": 1.5}, "", "'momentum' is 1.5; --momentum"),
        ({"learning_rate": -1}, "", "'learning_rate' is -1.0; --lr; choose a value"),
        ({"options": ("hat", 3)}, "", "'options' is .*; --option; correct it"),
        ({}, "epochs = 0", "'epochs' is 0; .*mine.toml; choose a value 1 or more"),
        ({}, "epochs = -1", "'epochs' is -1; .*mine.toml"),
        ({}, "threads = 0", "'threads' is 0; .*mine.toml"),
        ({}, "split_seed = -1", "'split_seed' is -1; .*mine.toml; choose a value 0 or more"),
        ({}, 'optimiser = "lion"', "'optimiser' is 'lion'; .*mine.toml; use one of: sgd, adamw"),
        ({}, "hats = 3", "unknown setting 'hats'; .*mine.toml"),
        ({}, "flip = 1", "setting 'flip' is 1, not bool; .*mine.toml"),
    ],
)
def test_a_wrong_setting_is_named(
    tmp_path: Path, given: dict[str, object], text: str, says: str
) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(InputError, match=says):
        make_settings(given, str(tmp_path / "mine.toml"))


def test_an_unknown_recipe_names_those_there_are() -> None:
    with pytest.raises(InputError, match="give a TOML file, or one of: composite, paper-seven"):
        make_settings({}, "paper-eight")


def test_nothing_is_left_open_when_resolved() -> None:
    for input_ in CHANNELS:
        found = TrainSettings(input=input_, device="cpu", preset="tiny").resolved()
        assert (found.epochs, found.precision, found.threads) == (EPOCHS[input_], "fp32", 1)
    assert TrainSettings(epochs=3, device="cpu").resolved().epochs == 3


def test_cuda_is_taken_where_it_is_and_refused_where_there_is_none() -> None:
    if torch.cuda.is_available():
        assert TrainSettings(device="cuda").resolved().device == "cuda"
        return
    with pytest.raises(InputError, match="no CUDA device here; --device; use --device cpu"):
        TrainSettings(device="cuda").resolved()


def test_options_of_a_model() -> None:
    given = ("laplacian", "mixer=inception", "hat=false")
    assert parse_options(given) == {"laplacian": True, "mixer": "inception", "hat": False}
    with pytest.raises(InputError, match="no option '=3'"):
        parse_options(("=3",))


def test_the_rate_rises_then_falls_to_nothing() -> None:
    settings = TrainSettings(learning_rate=0.4, warmup_share=0.1)
    rates = [rate_at(step, 100, settings) for step in range(100)]
    assert rates[:10] == pytest.approx([0.04 * n for n in range(1, 11)])
    assert max(rates) == rates[9] == rates[10] == 0.4
    assert rates[55] == pytest.approx(0.2)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.001
    assert rate_at(99, 100, TrainSettings(schedule="constant")) == 0.01


def test_biases_and_norms_do_not_decay() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3))
    optimiser = make_optimiser(model, TrainSettings(optimiser="adamw", weight_decay=0.1))
    decays = [(g["weight_decay"], [w.ndim for w in g["params"]]) for g in optimiser.param_groups]
    assert decays == [(0.1, [2]), (0.0, [1, 1, 1])]


@pytest.mark.parametrize("model", MODELS)
def test_parameters_are_counted_without_making_them(model: str) -> None:
    settings = TrainSettings(model=model, preset="tiny")
    assert parameters_of(settings) == count_parameters(network_of(settings))
    if model != "incep-cbam":
        spared = dataclasses.replace(settings, options=("positions=sinusoidal",))
        assert parameters_of(spared) == parameters_of(settings) - 14 * 14 * 64
