"""Networks by name: sizes as the models' table says, and what is not built is refused."""

import pytest
import torch

from mexlab.errors import InputError
from pipeline.training.models import MODELS, PRESETS, build_model, count_parameters


@pytest.mark.parametrize(
    ("channels", "classes", "parameters"),
    [(3, 3, 9_643_146), (2, 3, 9_643_122), (3, 7, 9_647_246), (2, 7, 9_647_222)],
)
def test_incep_cbam_has_the_published_size(channels: int, classes: int, parameters: int) -> None:
    assert count_parameters(build_model("incep-cbam", channels, classes)) == parameters


def test_tiny_differs_in_the_head_alone() -> None:
    paper, tiny = (build_model("incep-cbam", 2, 3, preset) for preset in ("paper", "tiny"))
    assert count_parameters(tiny.features) == count_parameters(paper.features)
    assert count_parameters(tiny.head) == 48 * 14 * 14 * 64 + 64 + 64 * 3 + 3


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(("channels", "classes"), [(2, 3), (3, 7)])
def test_logits_for_each_class(name: str, preset: str, channels: int, classes: int) -> None:
    model = build_model(name, channels, classes, preset)
    assert model(torch.zeros(1, channels, 28, 28)).shape == (1, classes)  # one sample trains too
    assert model(torch.zeros(5, channels, 28, 28)).shape == (5, classes)


def test_every_parameter_learns() -> None:
    model = build_model("incep-cbam", 2, 3, "tiny")
    model(torch.randn(8, 2, 28, 28)).square().sum().backward()
    still = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    # A bias before BatchNorm is cancelled by it: its gradient is rounding noise, seldom exactly 0.
    assert [name for name in still if "head" in name or "weight" in name] == []


def test_what_is_not_built_names_what_is() -> None:
    with pytest.raises(InputError, match=r"no model 'resnet'; --model; use one of: incep-cbam"):
        build_model("resnet", 3, 3)
    with pytest.raises(InputError, match=r"no preset 'huge'; --preset; use one of: paper, tiny"):
        build_model("incep-cbam", 3, 3, "huge")
