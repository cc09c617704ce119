"""Networks by name: sizes as the models' table says, clips of any length, options, refusals."""

import pytest
import torch
from torch import Tensor, nn

from mexlab.errors import InputError
from pipeline.training.blocks.laplacian import Laplacian
from pipeline.training.blocks.mixer import InceptionTokenMixer
from pipeline.training.models import (
    CHANNELS,
    MODELS,
    PRESETS,
    ModelOptions,
    build_model,
    count_parameters,
)

# Model: parameters with RGB and with flow, 3 classes.
PUBLISHED = {
    "dual-hybrid-face": (109_325_450, 109_324_914),
    "incep-cbam": (9_643_146, 9_643_122),
    "vit": (57_927_427, 57_926_915),
    "lstm": (213_925_002, 213_924_466),
}


def _on_paper(*args: object, **kwargs: object) -> nn.Module:
    """A network without memory: shapes, no numbers."""
    with torch.device("meta"):
        return build_model(*args, **kwargs)  # type: ignore[arg-type]


def _input(name: str, *lead: int, channels: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    time = () if MODELS[name].takes == "frame" else (3,)
    return torch.randn(*lead, *time, channels, 28, 28, generator=generator)


@pytest.mark.parametrize("name", MODELS)
def test_parameters_as_published(name: str) -> None:
    for channels, published in zip((3, 2), PUBLISHED[name], strict=True):
        assert count_parameters(_on_paper(name, channels, 3)) == published
        assert count_parameters(_on_paper(name, channels, 7)) == published + 4_100


def test_inputs_have_their_channels() -> None:
    assert CHANNELS == {"rgb": 3, "flow": 2, "flow-strain": 3}


@pytest.mark.parametrize("name", MODELS)
def test_lite_has_the_paper_s_features_and_a_fraction_of_its_size(name: str) -> None:
    paper, lite = (_on_paper(name, 2, 3, preset) for preset in ("paper", "lite"))
    shapes = [
        {key: value.shape for key, value in model.branch.state_dict().items()}
        for model in (paper, lite)
    ]
    assert shapes[0] == shapes[1]
    assert count_parameters(lite) < count_parameters(paper) / 8
    model = build_model(name, 2, 3, "lite").eval()
    found = model.features(_input(name, 2))
    assert found.shape[-2:] == (14, 14)
    moved = found.roll((3, 5), dims=(-2, -1))  # a mean does not ask where
    torch.testing.assert_close(model.classify(moved), model.classify(found), atol=1e-5, rtol=0)


def test_tiny_is_as_stated() -> None:
    model = build_model("dual-hybrid-face", 2, 3, "tiny")
    transformer = model.branch.vit_pos.transformer
    assert transformer.norm.normalized_shape == (64,)
    assert len(transformer.blocks) == 1
    assert model.head[0].out_features == 64
    assert all(count_parameters(_on_paper(name, 3, 7, "tiny")) < 4_000_000 for name in MODELS)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("preset", ["lite", "tiny"])
@pytest.mark.parametrize(("channels", "classes"), [(2, 3), (3, 7)])
def test_logits_for_each_class(name: str, preset: str, channels: int, classes: int) -> None:
    model = build_model(name, channels, classes, preset)
    for batch in (1, 2):  # one sample trains too
        assert model(_input(name, batch, channels=channels)).shape == (batch, classes)


def test_the_paper_s_size_runs() -> None:
    model = build_model("dual-hybrid-face", 3, 7)
    assert model(_input("dual-hybrid-face", 1, channels=3)).shape == (1, 7)


@pytest.mark.parametrize("name", MODELS)
def test_maps_for_an_explanation_lead_to_the_logits(name: str) -> None:
    model = build_model(name, 2, 3, "tiny").eval()
    x = _input(name, 2)
    found = model.features(x)
    maps = {"dual-hybrid-face": 64, "incep-cbam": 48, "vit": 32, "lstm": 64}[name]
    time = () if model.takes == "frame" else (3,)
    assert found.shape == (2, *time, maps, 14, 14)
    assert torch.equal(model.classify(found), model(x))


@pytest.mark.parametrize("name", MODELS)
def test_evaluation_is_deterministic_and_each_sample_for_itself(name: str) -> None:
    model = build_model(name, 2, 3, "tiny").eval()
    x = _input(name, 3)
    assert torch.equal(model(x), model(x))
    alone = torch.cat([model(sample[None]) for sample in x])
    torch.testing.assert_close(alone, model(x), atol=1e-5, rtol=0)
    assert not torch.allclose(alone[0], alone[1], atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_every_parameter_learns(name: str) -> None:
    torch.manual_seed(0)
    model = build_model(name, 2, 3, "tiny")
    model(_input(name, 8)).square().sum().backward()
    still = [key for key, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    # A bias before BatchNorm is cancelled by it: its gradient is rounding noise, seldom exactly 0.
    assert [key for key in still if "head" in key or "weight" in key] == []


@pytest.mark.parametrize("name", MODELS)
def test_memory_format_and_precision_change_speed_alone(name: str) -> None:
    model = build_model(name, 2, 3, "tiny").eval()
    x = _input(name, 2)
    expected = model(x)
    if model.takes == "frame":
        x = x.to(memory_format=torch.channels_last)
    model = model.to(memory_format=torch.channels_last)
    torch.testing.assert_close(model(x), expected, atol=1e-5, rtol=0)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(model(x).float(), expected, atol=0.03, rtol=0)


def test_clips_of_any_length_give_what_each_gives_alone() -> None:
    model = build_model("lstm", 2, 3, "tiny").eval()
    x = torch.randn(4, 5, 2, 28, 28, generator=torch.Generator().manual_seed(1))
    lengths = torch.tensor([2, 5, 1, 4])
    together = model(x, lengths)
    for clip, length, row in zip(x, lengths, together, strict=True):
        alone = model(clip[None, :length])
        torch.testing.assert_close(alone[0], row, atol=1e-5, rtol=0)
    assert not torch.allclose(model(x)[0], together[0], atol=1e-5)  # lengths matter
    for i, length in enumerate(lengths):
        x[i, length:] = torch.nan  # what lies behind a clip's end is never read
    torch.testing.assert_close(model(x, lengths), together)
    assert not model.features(x, lengths)[0, 2:].any()


def test_frames_behind_a_clip_s_end_stay_out_of_training() -> None:
    """Statistics of the first BatchNorm, and gradients, with junk behind the shorter clip."""
    torch.manual_seed(0)
    models = [build_model("lstm", 2, 3, "tiny").eval() for _ in range(2)]
    models[1].load_state_dict(models[0].state_dict())
    x = torch.randn(2, 4, 2, 28, 28)
    lengths = torch.tensor([4, 2])
    statistics, gradients = [], []
    for model, junk in zip(models, (0.0, 1e4), strict=True):
        x[1, 2:] = junk
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.train()
        model(x, lengths).square().sum().backward()
        norm = model.branch.inception_sca[0].norm
        statistics.append((norm.running_mean, norm.running_var))
        gradients.append(model.branch.sca.weight.grad)
    torch.testing.assert_close(*statistics)
    torch.testing.assert_close(*gradients)
    assert statistics[0][0].any()


@pytest.mark.parametrize("mixer", ["attention", "inception"])
@pytest.mark.parametrize("laplacian", [False, True])
@pytest.mark.parametrize("name", ["dual-hybrid-face", "lstm"])
def test_an_ablation_changes_the_part_it_names(name: str, laplacian: bool, mixer: str) -> None:
    options = ModelOptions.of({"laplacian": laplacian, "mixer": mixer})
    model = build_model(name, 2, 3, "tiny", options)
    assert any(isinstance(part, Laplacian) for part in model.modules()) == laplacian
    mixes = any(isinstance(part, InceptionTokenMixer) for part in model.modules())
    assert mixes == (mixer == "inception")
    assert model(_input(name, 2)).shape == (2, 3)
    sinusoidal = build_model(name, 2, 3, "tiny", ModelOptions(positions="sinusoidal"))
    assert "positions" not in {key.split(".")[-1] for key, _ in sinusoidal.named_parameters()}


@pytest.mark.parametrize(
    ("name", "option"),
    [("incep-cbam", {"mixer": "inception"}), ("vit", {"laplacian": True})],
)
def test_an_option_without_its_part_is_refused(name: str, option: dict[str, object]) -> None:
    with pytest.raises(InputError, match=f"{name} has no part for {next(iter(option))}"):
        build_model(name, 2, 3, "tiny", ModelOptions.of(option))
    assert build_model(name, 2, 3, "tiny", ModelOptions.of({"laplacian": False}))


def test_what_is_not_built_names_what_is() -> None:
    names = "dual-hybrid-face, incep-cbam, vit, lstm"
    with pytest.raises(InputError, match=f"no model 'resnet'; --model; use one of: {names}"):
        build_model("resnet", 3, 3)
    names = ", ".join(PRESETS)
    with pytest.raises(InputError, match=f"no preset 'huge'; --preset; use one of: {names}"):
        build_model("incep-cbam", 3, 3, "huge")
    with pytest.raises(InputError, match=r"no model option 'depth'; --option; use one of: lapl"):
        ModelOptions.of({"depth": 4})
    with pytest.raises(InputError, match=r"mixer cannot be 'fft'.*one of: attention, inception"):
        ModelOptions.of({"mixer": "fft"})
