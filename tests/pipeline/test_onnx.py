"""ONNX files of the four networks: the same numbers elsewhere, on raw input, with their meaning."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from mexlab.errors import InputError
from pipeline.training.checkpoint import Checkpoint
from pipeline.training.data import Normalisation
from pipeline.training.export import export_onnx
from pipeline.training.models import CHANNELS, MODELS, ModelOptions, build_model

NAMES = ["positive", "negative", "surprise"]


def _trained(model: str, input_: str, options: tuple[str, ...] = ()) -> Checkpoint:
    """A network whose every buffer and weight is away from where it begins."""
    torch.manual_seed(3)
    channels = CHANNELS[input_]
    chosen = ModelOptions.of(dict.fromkeys(options, True))
    network = build_model(model, channels, len(NAMES), "tiny", chosen).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.uniform_(-0.3, 0.3)
            module.running_var.uniform_(0.5, 1.5)
    mean = np.linspace(90, 130, channels, dtype=np.float32)
    description = {
        "model": model,
        "preset": "tiny",
        "options": list(options),
        "input": input_,
        "frames": "apex",
        "max_frames": 32,
        "classes": NAMES,
        "datasets": ["0" * 64],
    }
    return Checkpoint(network, Normalisation(mean, mean / 2), description)


def _raw(checkpoint: Checkpoint, *lead: int) -> np.ndarray:
    shape = (*lead, CHANNELS[checkpoint.description["input"]], 28, 28)
    return np.random.default_rng(5).uniform(0, 255, shape).astype(np.float32)


@pytest.mark.parametrize(
    ("model", "input_"),
    [("dual-hybrid-face", "rgb"), ("incep-cbam", "flow"), ("vit", "flow-strain"), ("lstm", "flow")],
)
def test_onnx_gives_what_torch_gives(model: str, input_: str, tmp_path: Path) -> None:
    checkpoint = _trained(model, input_)
    checkpoint.save(tmp_path / "model.safetensors")
    export_onnx(tmp_path / "model.safetensors", tmp_path / "out.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "out.onnx")
    clips = MODELS[model].takes == "clip"
    assert [value.name for value in session.get_inputs()] == ["clips" if clips else "frames"]
    for lead in [(1, 1), (5, 7)] if clips else [(1,), (5,)]:
        raw = _raw(checkpoint, *lead)
        with torch.inference_mode():
            expected = checkpoint.model(torch.from_numpy(checkpoint.normalisation.apply(raw)))
        logits, probabilities = session.run(
            ["logits", "probabilities"], {"clips" if clips else "frames": raw}
        )
        np.testing.assert_allclose(logits, expected.numpy(), atol=1e-4)
        np.testing.assert_allclose(probabilities, expected.softmax(1).numpy(), atol=1e-4)
        assert not np.allclose(logits, logits[0]) or lead[0] == 1  # the input does matter


def test_the_file_says_what_goes_in_and_what_comes_out(tmp_path: Path) -> None:
    checkpoint = _trained("incep-cbam", "flow", ("laplacian",))
    checkpoint.save(tmp_path / "model.safetensors")
    export_onnx(tmp_path / "model.safetensors", tmp_path / "out.onnx")
    about = onnxruntime.InferenceSession(tmp_path / "out.onnx").get_modelmeta()
    told = about.custom_metadata_map
    assert json.loads(told["classes"]) == NAMES
    assert "[batch, 2, 28, 28], not normalised: flow u (+right), v (+down)" in told["input"]
    assert told["input"].endswith("from onset to apex")
    assert json.loads(told["settings"])["options"] == ["laplacian"]
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["model.safetensors", "out.onnx"]


def test_neither_run_nor_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no training run here"):
        export_onnx(tmp_path, tmp_path / "out.onnx")
    (tmp_path / "model.safetensors").write_bytes(b"not one")
    with pytest.raises(InputError, match="not a checkpoint"):
        export_onnx(tmp_path / "model.safetensors", tmp_path / "out.onnx")
    assert not (tmp_path / "out.onnx").exists()
