"""Attention to channels, then to places: the convolutional block attention module, CBAM."""

import torch
from torch import Tensor, nn


class ChannelAttention(nn.Module):
    """Scales each channel by its weight (equations 18-20). [b, c, h, w] -> the same.

    Equation 18 squeezes by the average alone; as in the CBAM it cites (Woo et al. 2018), and in the
    text above the equation, the maximum is squeezed too, through the same two layers, and summed.
    """

    def __init__(self, channels: int = 48, reduction: int = 16) -> None:
        super().__init__()
        self.excite = nn.Sequential(
            nn.Linear(channels, channels // reduction),
            nn.ReLU(inplace=True),
            nn.Linear(channels // reduction, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        average, maximum = x.mean(dim=(2, 3)), x.amax(dim=(2, 3))  # eq. 18: [b, c]
        weight = torch.sigmoid(self.excite(average) + self.excite(maximum))  # eq. 19: [b, c]
        return x * weight[:, :, None, None]  # eq. 20


class SpatialAttention(nn.Module):
    """Scales each position by its weight (equations 12-17). [b, c, h, w] -> the same.

    Equation 14 sums from -k to k and calls k the kernel size; here the kernel is `kernel` places
    wide, so the sums run from -(kernel // 2) to kernel // 2, and what lies outside counts as zero.
    """

    def __init__(self, kernel: int = 3) -> None:
        super().__init__()
        # No bias: the BatchNorm that follows brings its own.
        self.conv = nn.Conv2d(2, 1, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(1)

    def forward(self, x: Tensor) -> Tensor:
        average, maximum = x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)  # eq. 13, 12
        pooled = torch.cat([average, maximum], dim=1)  # [b, 2, h, w]
        mask = torch.sigmoid(self.norm(self.conv(pooled)))  # eq. 14-16: [b, 1, h, w]
        return x * mask  # eq. 17


class CBAM(nn.Sequential):
    """Channel attention, then spatial attention (paper, figure 17). [b, c, h, w] -> the same."""

    def __init__(self, channels: int = 48, reduction: int = 16, kernel: int = 3) -> None:
        super().__init__(ChannelAttention(channels, reduction), SpatialAttention(kernel))
