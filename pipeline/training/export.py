"""A trained network as one ONNX file, for programs that have no torch. Reads a run or a checkpoint.

The file takes what a dataset holds, as it stands: the normalisation learned in training is part of
the graph, so that no other program has to repeat it, or can forget to. It gives `logits` and
`probabilities`, float32 [batch, classes]. Its metadata say in words what goes in, and in which
order classes come out; `settings` has the rest as JSON.
"""

import json
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mexlab.atomic import atomic_file
from pipeline.training.checkpoint import Checkpoint
from pipeline.training.models import CHANNELS, INPUT_SIDE
from pipeline.training.run import Run

OPSET = 20  # the first with GELU; onnxruntime 1.17 and later read it
_SIZE = f"{INPUT_SIDE} x {INPUT_SIDE}, each cell the mean of the pixels it covers"
_UNIT = f"in percent of the inter-ocular distance, {_SIZE}"
CONTENTS = {
    "rgb": f"red, green, blue from 0 to 255 of the upright face crop of a dataset, {_SIZE}",
    "flow": f"flow u (+right), v (+down), {_UNIT}",
    "flow-strain": f"flow u (+right), v (+down), and their optical strain, {_UNIT}",
}


class Exported(nn.Module):
    """A network that takes raw values and gives (logits, probabilities)."""

    mean: Tensor
    scale: Tensor

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.model = checkpoint.model
        shape = (-1, 1, 1)
        for name in ("mean", "scale"):
            values = torch.from_numpy(getattr(checkpoint.normalisation, name)).reshape(shape)
            self.register_buffer(name, values)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        logits: Tensor = self.model((x - self.mean) / self.scale)
        return logits, logits.softmax(dim=1)


def export_onnx(source: Path, out: Path) -> None:
    """Write the network of a run folder, or of a checkpoint file, to `out`.

    Input `frames` is float32 [batch, channels, 28, 28], `clips` [batch, time, channels, 28, 28]
    for a network that reads clips; batch and time are free, and clips of one batch equally long.
    Raises InputError where `source` is neither a run nor a checkpoint.
    """
    path = source if source.is_file() else Run.open(source).checkpoint_path
    checkpoint = Checkpoint.load(path)
    clips = getattr(checkpoint.model, "takes", "frame") == "clip"
    batch, time = (torch.export.Dim(name, min=1) for name in ("batch", "time"))
    lead = (2, 3) if clips else (2,)
    example = torch.zeros(*lead, CHANNELS[checkpoint.description["input"]], INPUT_SIDE, INPUT_SIDE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch to itself, about its LSTM
        program = torch.onnx.export(
            Exported(checkpoint).eval(),
            (example,),
            input_names=["clips" if clips else "frames"],
            output_names=["logits", "probabilities"],
            dynamic_shapes=({0: batch, 1: time} if clips else {0: batch},),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # it is None only with the exporter of old
    program.model.metadata_props.update(metadata(checkpoint.description, clips))
    with atomic_file(out) as temporary:
        program.save(temporary, external_data=False)


def metadata(description: dict[str, Any], clips: bool) -> dict[str, str]:
    """What the file says of itself; every value is text."""
    kind = description["input"]
    axes = "batch, time" if clips else "batch"
    shape = f"[{axes}, {CHANNELS[kind]}, {INPUT_SIDE}, {INPUT_SIDE}]"
    steps = clips or description["frames"] == "all"
    span = "from the frame before, scaled to 50 ms" if steps else "from onset to apex"
    return {
        "classes": json.dumps(description["classes"]),
        "input": f"float32 {shape}, not normalised: {CONTENTS[kind]}"
        + ("" if kind == "rgb" else f"; {span}"),
        "output": "logits and probabilities, float32 [batch, classes], in the order of `classes`",
        "settings": json.dumps(description),
    }
