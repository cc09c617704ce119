"""Changes to training samples that leave their class alone; all off by default, as in the paper.

Made on the device, on normalised samples, anew each time a sample is shown. A clip's frames are
changed alike: a change from one frame to the next would be a movement.
"""

import torch
from torch import Tensor
from torch.nn import functional as f

from pipeline.training.settings import TrainSettings


def augments(settings: TrainSettings) -> bool:
    """Is any change asked for?"""
    return bool(settings.flip or settings.shift_px or settings.intensity)


def augment(x: Tensor, settings: TrainSettings) -> Tensor:
    """[b, channels, 28, 28], or [b, t, channels, 28, 28] -> the same shape.

    Draws from torch's global random state of the device.
    """
    if settings.flip:
        x = mirror(x, torch.rand(len(x), device=x.device) < 0.5, settings.input != "rgb")
    if settings.shift_px:
        high = settings.shift_px + 1
        by = torch.randint(1 - high, high, (len(x), 2), device=x.device)
        x = shift(x, by, settings.shift_px)
    if settings.intensity:
        factor = 1 + settings.intensity * (2 * torch.rand(len(x), device=x.device) - 1)
        x = x * _per_sample(factor, x)
    return x


def mirror(x: Tensor, which: Tensor, is_flow: bool) -> Tensor:
    """Left and right exchanged in the samples where bool[b] `which`; flow's u, channel 0, negated.

    u is +right, so what moved right moves left in the mirror; v and strain stay.
    """
    mirrored = x.flip(-1)
    if is_flow:
        sign = torch.ones(x.shape[-3], device=x.device, dtype=x.dtype)
        sign[0] = -1
        mirrored = mirrored * sign[:, None, None]
    return torch.where(_per_sample(which, x), mirrored, x)


def shift(x: Tensor, by: Tensor, most: int) -> Tensor:
    """Each sample moved by int64[b, 2] (right, down) px; what comes in at the edge is zero.

    `most` is the farthest that any may move: asking a GPU for it would stop it at every step.
    """
    height, width = x.shape[-2:]
    padded = f.pad(x, (most, most, most, most))
    rows = torch.arange(height, device=x.device) + most - by[:, 1:]  # [b, h]
    columns = torch.arange(width, device=x.device) + most - by[:, :1]  # [b, w]
    between = (1,) * (x.dim() - 3)
    rows = rows.view(len(x), *between, height, 1).expand(*x.shape[:-1], padded.shape[-1])
    columns = columns.view(len(x), *between, 1, width).expand(x.shape)
    return padded.gather(-2, rows).gather(-1, columns)


def _per_sample(values: Tensor, x: Tensor) -> Tensor:
    return values.view(len(x), *(1,) * (x.dim() - 1))
