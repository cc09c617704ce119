"""The networks, by name and preset. A new one is a class here and a line in MODELS.

Input is float32 [batch, channels, 28, 28] (3 channels RGB, 2 channels flow u, v), output float32
logits [batch, classes].
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from mexlab.errors import InputError
from pipeline.training.blocks import CBAM, Inception

INPUT_SIDE = 28
CHANNELS = {"rgb": 3, "flow": 2}


@dataclass(frozen=True)
class Preset:
    """What a preset decides: the width of the head's hidden layer."""

    head: int


PRESETS = {
    "paper": Preset(head=1024),
    # For tests and first steps: the features are those of the paper, the head is 16 times narrower.
    "tiny": Preset(head=64),
}


class DualHybridFaceIncepCBAM(nn.Module):
    """The paper's DualHybridFace_IncepCBAM: two Inception blocks, CBAM, a two-layer head.

    With preset `paper` and 3 classes 9,643,146 parameters for RGB and 9,643,122 for flow.
    """

    def __init__(self, channels: int, classes: int, preset: Preset) -> None:
        super().__init__()
        self.features = nn.Sequential(  # [b, channels, 28, 28]
            Inception(channels, maps=6),  # [b, 24, 28, 28]
            Inception(24, maps=12),  # [b, 48, 28, 28]
            nn.MaxPool2d(2),  # [b, 48, 14, 14]
            CBAM(channels=48, reduction=16, kernel=3),
        )
        self.head = nn.Sequential(
            nn.Flatten(),  # [b, 9408]
            nn.Linear(48 * 14 * 14, preset.head),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(preset.head, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(x))
        return logits


MODELS: dict[str, Callable[[int, int, Preset], nn.Module]] = {
    "incep-cbam": DualHybridFaceIncepCBAM,
}


def build_model(name: str, channels: int, classes: int, preset: str = "paper") -> nn.Module:
    """A network with fresh weights (from torch's global random state).

    Raises InputError for a model or a preset that is not built, naming those which are.
    """
    if name not in MODELS:
        raise InputError(f"no model {name!r}", "--model", f"use one of: {', '.join(MODELS)}")
    if preset not in PRESETS:
        raise InputError(f"no preset {preset!r}", "--preset", f"use one of: {', '.join(PRESETS)}")
    return MODELS[name](channels, classes, PRESETS[preset])


def count_parameters(model: nn.Module) -> int:
    """Trainable numbers in a network."""
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
