"""Batches out of the memory map: rows gathered in one call, everything after it on the device.

A row is one frame laid out [28, 28, channels], as the cache has it: that is channels_last, so no
batch has to be turned round, and normalising is one multiplication and addition along the row.

No worker processes: a gather of 28 px samples is far faster than any network, and where the
samples fit beside the network on a GPU, they are copied there once and stay.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.training.data import Normalisation, Samples

Rows = NDArray[np.int64]
RESIDENT_SHARE = 0.25  # of the GPU's free memory that samples may take for themselves


@dataclass(frozen=True)
class Batch:
    """`x` normalised float32 [b, channels, 28, 28], channels_last in memory, `y` int64[b].

    Sequences: `x` [b, t, channels, 28, 28] and `lengths` int64[b] on the CPU; what lies beyond a
    sequence's length repeats its last frame and means nothing.
    """

    x: Tensor
    y: Tensor
    lengths: Tensor | None = None


@dataclass(frozen=True)
class Loader:
    """Samples as batches on `device`, normalised."""

    values: Tensor  # [frames, 28 * 28 * channels] on the device, or the CPU's memory map
    target: Tensor
    spans: NDArray[np.int64] | None
    factor: Tensor  # float32[28 * 28 * channels], as `offset`: x = value * factor + offset
    offset: Tensor | None  # None for flow, whose mean stays where it is
    shape: tuple[int, int, int]  # of a frame: height, width, channels
    device: torch.device

    @classmethod
    def of(cls, samples: Samples, normalisation: Normalisation, device: torch.device) -> Self:
        """A loader of all samples; `batch` says which."""
        rows = np.ascontiguousarray(samples.values.transpose(0, 2, 3, 1))  # no copy of a cache
        height, width, channels = rows.shape[1:]
        values = torch.from_numpy(rows.reshape(len(rows), -1))
        if device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(device)
            if values.nbytes < RESIDENT_SHARE * free:
                values = values.to(device)
        factor = np.tile(1 / normalisation.scale, height * width)
        offset = np.tile(-normalisation.mean / normalisation.scale, height * width)
        return cls(
            values,
            torch.from_numpy(samples.target).to(device),
            samples.spans,
            torch.from_numpy(factor).to(device),
            torch.from_numpy(offset).to(device) if offset.any() else None,
            (height, width, channels),
            device,
        )

    def batch(self, rows: Rows) -> Batch:
        """The samples in `rows`, in that order."""
        chosen = torch.from_numpy(rows)
        y = torch.index_select(self.target, 0, chosen.to(self.device))
        if self.spans is None:
            return Batch(self._normalised(chosen), y)
        first, count = self.spans[rows].T
        steps = np.arange(count.max())
        frames = first[:, None] + np.minimum(steps, count[:, None] - 1)  # [b, t]
        x = self._normalised(torch.from_numpy(frames.ravel()))
        clips = x.reshape(*frames.shape, *x.shape[1:])
        return Batch(clips, y, torch.from_numpy(count.copy()))

    def _normalised(self, rows: Tensor) -> Tensor:
        """[n, channels, 28, 28] float32 of rows of `values`."""
        # index_select copies whole rows; indexing with [rows] would go number by number.
        raw = torch.index_select(self.values, 0, rows.to(self.values.device))
        x = raw.to(self.device, non_blocking=True).float()
        if self.offset is None:
            x.mul_(self.factor)
        else:
            torch.addcmul(self.offset, x, self.factor, out=x)
        return x.view(-1, *self.shape).permute(0, 3, 1, 2)
