"""The network of a run, and what it says of samples: probabilities of its classes.

Reads the run's checkpoint; normalisation comes from there. Everything is computed in float32, on
CUDA where there is some.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from mexlab.errors import InputError
from mexlab.session import file_sha256
from mexlab.settings import from_mapping
from pipeline.frames.settings import BuildSettings
from pipeline.training.cache import Kind
from pipeline.training.checkpoint import Checkpoint
from pipeline.training.network import takes_clips
from pipeline.training.run import Run

BATCH = 32


@dataclass(frozen=True)
class Judge:
    """A network ready to judge. `settings` are those its faces were cut with in training;
    `assumed` says that the run does not tell them. `scores` tell how good it was on people it had
    not seen; `control` that it was trained on permuted labels."""

    checkpoint: Checkpoint
    device: torch.device
    settings: BuildSettings
    assumed: bool
    sha256: str
    scores: Mapping[str, Any]
    control: bool

    @classmethod
    def of(cls, run: Path) -> Self:
        """Raises InputError where there is no run, or its checkpoint is none."""
        opened = Run.open(run)
        path = opened.checkpoint_path
        checkpoint = Checkpoint.load(path)
        about = checkpoint.description
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        checkpoint.model.to(device).eval()
        built = about.get("build")
        settings = _build_settings(built or {}, path)
        trained, metrics = opened.read_json("settings"), opened.read_json("metrics")
        scores: dict[str, Any] = {"protocol": trained.get("protocol")}
        scores |= {name: metrics[name] for name in ("uf1", "uar") if name in metrics}
        return cls(
            checkpoint,
            device,
            settings,
            not built,
            file_sha256(path),
            scores,
            bool(trained.get("shuffle_labels")),
        )

    @property
    def about(self) -> Mapping[str, Any]:
        """model, preset, options, input, frames, max_frames, classes, datasets."""
        return self.checkpoint.description

    @cached_property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.about["classes"])

    @cached_property
    def kind(self) -> Kind:
        """What one sample is."""
        about = self.about
        sequence = takes_clips(about["model"])
        return Kind.of(about["input"], about["frames"], sequence, about["max_frames"])

    def interval(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32[classes] of an interval's samples (n, channels, 28, 28)."""
        found = self.sequences([samples]) if self.kind.sequence else self.frames(samples)
        return np.asarray(found.mean(axis=0), np.float32)

    @torch.inference_mode()
    def frames(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 (n, classes) of frames (n, channels, 28, 28)."""
        parts = [
            self.checkpoint.model(self._tensor(samples[start : start + BATCH])).softmax(dim=1)
            for start in range(0, len(samples), BATCH)
        ]
        return np.asarray(torch.cat(parts).cpu().numpy(), np.float32)

    @torch.inference_mode()
    def sequences(self, samples: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """float32 (n, classes) of sequences, each (frames, channels, 28, 28)."""
        found = []
        for frames in samples:
            length = torch.tensor([len(frames)])
            logits = self.checkpoint.model(self._tensor(frames)[None], length)
            found.append(logits.softmax(dim=1).cpu().numpy()[0])
        return np.asarray(found, np.float32)

    def _tensor(self, samples: NDArray[np.float32]) -> torch.Tensor:
        normal = self.checkpoint.normalisation.apply(samples)
        return torch.from_numpy(normal).to(self.device)


def _build_settings(built: Mapping[str, Any], where: Path) -> BuildSettings:
    """Of how a dataset was built, what concerns single pictures; the rest as by default."""
    known = {field.name for field in fields(BuildSettings)} & set(built)
    settings = from_mapping(BuildSettings, {name: built[name] for name in known}, where)
    try:
        settings.check()
    except InputError as error:
        raise InputError(
            f"trained on faces cut unknowably: {error.what}", where, "update mexlab"
        ) from error
    return settings
