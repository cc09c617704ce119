"""A run folder as training leaves it, with a tiny network of random weights."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mexlab.emotions import class_names
from pipeline.training.checkpoint import Checkpoint
from pipeline.training.data import Normalisation
from pipeline.training.models import CHANNELS
from pipeline.training.network import make_network
from pipeline.training.run import Run


def write_run(
    root: Path,
    model: str = "incep-cbam",
    input_: str = "flow",
    frames: str = "apex",
    classes: int = 7,
    options: Sequence[str] = (),
    **about: Any,
) -> Path:
    """The folder; `about` adds to the description in the checkpoint."""
    root.mkdir(parents=True)
    torch.manual_seed(1)
    network = make_network(model, "tiny", options, input_, classes).eval()
    channels = CHANNELS[input_]
    scale = np.full(channels, 60.0 if input_ == "rgb" else 0.5, np.float32)
    description = {
        "model": model,
        "preset": "tiny",
        "options": list(options),
        "input": input_,
        "frames": frames,
        "max_frames": 8,
        "classes": list(class_names(classes)),
        "datasets": ["0" * 64],
        **about,
    }
    run = Run(root)
    Checkpoint(network, Normalisation(np.zeros(channels, np.float32), scale), description).save(
        run.checkpoint_path
    )
    run.write_json("metrics", {"uf1": 0.31, "uar": 0.33})
    run.write_json(
        "settings", {**description, "classes": classes, "protocol": "loso", "datasets": []}
    )
    return root
