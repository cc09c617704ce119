"""The paper's four networks, by name and preset. A new one is a class here and a line in MODELS.

    frame ─┬─ inception_sca: Inception x 2, max-pool, CBAM ─ 1x1 "sca" ─┬─ head ─ logits
           └─ vit_pos: resize, vision transformer ────────── 1x1 "pos" ─┘

dual-hybrid-face   both branches          incep-cbam   the first, without its 1x1
vit                the second             lstm         both for each frame of a clip, then an LSTM

A frame is float32 [batch, channels, 28, 28] (RGB; flow u, v; or u, v, strain), normalised; a clip
is [batch, time, channels, 28, 28] with lengths int64 [batch]. `takes` of a class says which of the
two it reads. The output is float32 logits [batch, classes].

`features(x)` is the last map before the head and `classify(map)` the head; forward is one after the
other. That is what an explanation (Grad-CAM) needs.
"""

from typing import ClassVar, Literal, Protocol

import torch
from torch import Tensor, nn

from mexlab.errors import InputError
from pipeline.training.blocks.cbam import CBAM
from pipeline.training.blocks.inception import Inception
from pipeline.training.blocks.lstm import LastHidden
from pipeline.training.blocks.transformer import VisionTransformer, ViTSettings
from pipeline.training.presets import OPTIONS, PRESETS, ModelOptions, Preset

__all__ = [
    "CHANNELS",
    "INPUT_SIDE",
    "MODELS",
    "PRESETS",
    "ModelOptions",
    "build_model",
    "count_parameters",
]

INPUT_SIDE = 28
MAP_SIDE = 14
SCALE_MAPS = 48
CHANNELS = {"rgb": 3, "flow": 2, "flow-strain": 3}


class ScaleBranch(nn.Sequential):
    """inception_sca: what is seen at several scales. [b, channels, 28, 28] -> [b, 48, 14, 14]."""

    def __init__(self, channels: int, options: ModelOptions) -> None:
        super().__init__(
            Inception(channels, maps=6, laplacian=options.laplacian),  # [b, 24, 28, 28]
            Inception(24, maps=12),  # [b, 48, 28, 28]
            nn.MaxPool2d(2),  # [b, 48, 14, 14]
            CBAM(channels=SCALE_MAPS, reduction=16, kernel=3),
        )


class PositionBranch(nn.Module):
    """vit_pos: what stands where. [b, channels, 28, 28] -> [b, embedding, 14, 14]."""

    def __init__(self, channels: int, preset: Preset, options: ModelOptions) -> None:
        super().__init__()
        self.transformer = VisionTransformer(
            ViTSettings(
                image_size=MAP_SIDE,
                channels=channels,
                embed_dim=preset.embedding,
                depth=preset.depth,
                mixer=options.mixer,
                positions=options.positions,
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        size = (MAP_SIDE, MAP_SIDE)
        small = nn.functional.interpolate(x, size, mode="bilinear", antialias=True)
        tokens: Tensor = self.transformer(small)
        return tokens


class DualBranch(nn.Module):
    """Both branches, each narrowed by its 1x1: [b, channels, 28, 28] -> [b, 2 * maps, 14, 14].

    The first half of the maps is "sca", the second "pos".
    """

    def __init__(self, channels: int, preset: Preset, options: ModelOptions) -> None:
        super().__init__()
        self.inception_sca = ScaleBranch(channels, options)
        self.vit_pos = PositionBranch(channels, preset, options)
        self.sca = nn.Conv2d(SCALE_MAPS, preset.maps, 1)
        self.pos = nn.Conv2d(preset.embedding, preset.maps, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.sca(self.inception_sca(x)), self.pos(self.vit_pos(x))], dim=1)


class Head(nn.Sequential):
    """Two linear layers on a vector: [b, inputs] -> logits [b, classes]."""

    def __init__(self, inputs: int, classes: int, preset: Preset) -> None:
        super().__init__(
            nn.Linear(inputs, preset.head),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(preset.head, classes),
        )


class PlaceMean(nn.Module):
    """Each map's mean over its places: [b, maps, h, w] -> [b, maps]."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(2, 3))


def summary(preset: Preset, maps: int) -> tuple[nn.Module, int]:
    """How a map [b, maps, 14, 14] becomes a vector, and that vector's length."""
    return (PlaceMean(), maps) if preset.pooled else (nn.Flatten(), maps * MAP_SIDE**2)


class FrameModel(nn.Module):
    """A network for single frames: `branch` makes the map, the head judges it."""

    takes: ClassVar[Literal["frame", "clip"]] = "frame"
    options: ClassVar[frozenset[str]] = frozenset(OPTIONS)  # those that change this network

    def __init__(self, branch: nn.Module, maps: int, classes: int, preset: Preset) -> None:
        super().__init__()
        self.branch = branch
        self.summary, inputs = summary(preset, maps)
        self.head = Head(inputs, classes, preset)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """[b, channels, 28, 28] -> logits [b, classes]. A frame has no length."""
        return self.classify(self.features(x))

    def features(self, x: Tensor) -> Tensor:
        """[b, channels, 28, 28] -> the last map [b, maps, 14, 14]."""
        found: Tensor = self.branch(x)
        return found

    def classify(self, found: Tensor) -> Tensor:
        """The last map -> logits [b, classes]."""
        logits: Tensor = self.head(self.summary(found))
        return logits


class DualHybridFace(FrameModel):
    """Both branches. 109,325,450 parameters for RGB and 3 classes, 109,324,914 for flow."""

    def __init__(self, channels: int, classes: int, preset: Preset, options: ModelOptions) -> None:
        branch = DualBranch(channels, preset, options)
        super().__init__(branch, 2 * preset.maps, classes, preset)


class DualHybridFaceIncepCBAM(FrameModel):
    """Inception and CBAM alone. 9,643,146 parameters for RGB and 3 classes, 9,643,122 for flow."""

    options = frozenset({"laplacian"})

    def __init__(self, channels: int, classes: int, preset: Preset, options: ModelOptions) -> None:
        super().__init__(ScaleBranch(channels, options), SCALE_MAPS, classes, preset)


class DualHybridFaceViT(FrameModel):
    """The transformer alone. 57,927,427 parameters for RGB and 3 classes, 57,926,915 for flow."""

    options = frozenset({"mixer", "positions"})

    def __init__(self, channels: int, classes: int, preset: Preset, options: ModelOptions) -> None:
        vit_pos = PositionBranch(channels, preset, options)
        branch = nn.Sequential(vit_pos, nn.Conv2d(preset.embedding, preset.maps, 1))
        super().__init__(branch, preset.maps, classes, preset)


class DualHybridFaceLSTM(nn.Module):
    """Both branches for each frame of a clip, and an LSTM over the frames.

    213,925,002 parameters for RGB and 3 classes, 213,924,466 for flow. The paper puts the LSTM
    "after the vit_pos branch" and gives it an input of 14 * 14 * (256 + 256): the maps of both
    branches, then. The head sees its last hidden state beside the "sca" maps' mean over places and
    frames. Frames behind a clip's length are never computed, so that they reach neither the
    statistics of a BatchNorm nor the result.
    """

    takes: ClassVar[Literal["frame", "clip"]] = "clip"
    options: ClassVar[frozenset[str]] = frozenset(OPTIONS)

    def __init__(self, channels: int, classes: int, preset: Preset, options: ModelOptions) -> None:
        super().__init__()
        self.branch = DualBranch(channels, preset, options)
        self.maps = preset.maps
        self.summary, inputs = summary(preset, 2 * preset.maps)
        self.lstm = LastHidden(inputs, preset.hidden)
        self.head = Head(preset.hidden + preset.maps, classes, preset)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """[b, t, channels, 28, 28], lengths int64 [b] in 1..t -> logits [b, classes]."""
        return self.classify(self.features(x, lengths), lengths)

    def features(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Each frame's last map, zero behind a clip's length: [b, t, 2 * maps, 14, 14]."""
        if lengths is None:
            every: Tensor = self.branch(x.flatten(0, 1))
            return every.reshape(*x.shape[:2], *every.shape[1:])
        inside = torch.arange(x.shape[1], device=x.device) < lengths.to(x.device)[:, None]  # [b, t]
        found = self.branch(x[inside])
        maps: Tensor = found.new_zeros(*inside.shape, *found.shape[1:])
        maps[inside] = found
        return maps

    def classify(self, found: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Maps of each frame -> logits [b, classes]."""
        vectors = self.summary(found.flatten(0, 1))  # [b * t, inputs]
        last = self.lstm(vectors.reshape(*found.shape[:2], -1), lengths)  # [b, hidden]
        sca = found[:, :, : self.maps].mean(dim=(3, 4)).sum(dim=1)  # [b, maps]
        count = found.shape[1] if lengths is None else lengths.to(sca)[:, None]
        logits: Tensor = self.head(torch.cat([last, sca / count], dim=1))
        return logits


class Architecture(Protocol):
    """A class in MODELS: what one sample is, and how a network is made."""

    @property
    def takes(self) -> Literal["frame", "clip"]: ...
    @property
    def options(self) -> frozenset[str]: ...

    def __call__(
        self, channels: int, classes: int, preset: Preset, options: ModelOptions
    ) -> FrameModel | DualHybridFaceLSTM: ...


MODELS: dict[str, Architecture] = {
    "dual-hybrid-face": DualHybridFace,
    "incep-cbam": DualHybridFaceIncepCBAM,
    "vit": DualHybridFaceViT,
    "lstm": DualHybridFaceLSTM,
}


def build_model(
    name: str,
    channels: int,
    classes: int,
    preset: str = "paper",
    options: ModelOptions | None = None,
) -> FrameModel | DualHybridFaceLSTM:
    """A network with fresh weights (from torch's global random state).

    Raises InputError for a model or a preset that is not built, naming those which are, and for an
    option that this model has no part for: two rows of a comparison would show the same network.
    """
    if name not in MODELS:
        raise InputError(f"no model {name!r}", "--model", f"use one of: {', '.join(MODELS)}")
    if preset not in PRESETS:
        raise InputError(f"no preset {preset!r}", "--preset", f"use one of: {', '.join(PRESETS)}")
    chosen = options or ModelOptions()
    for option in sorted(chosen.changed() - MODELS[name].options):
        raise InputError(f"{name} has no part for {option}", "--option", "leave the option out")
    return MODELS[name](channels, classes, PRESETS[preset], chosen)


def count_parameters(model: nn.Module) -> int:
    """Trainable numbers in a network."""
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
