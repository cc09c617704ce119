"""The parts the networks are built of: Inception, channel attention, spatial attention.

Tensors are float32 [batch, channels, height, width]. Equation numbers are the paper's.
"""

import torch
from torch import Tensor, nn


class ConvNormReLU(nn.Sequential):
    """Convolution with bias, BatchNorm, ReLU: [b, inputs, h, w] -> [b, outputs, h, w]."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class Inception(nn.Module):
    """Four views of one input side by side: 1x1, 3x3, 5x5 and max-pool.

    [b, inputs, h, w] -> [b, 4 * maps, h, w]. The 3x3 and 5x5 branches first narrow to `bottleneck`
    maps. Paper, figure 20; after Szegedy et al. 2015.
    """

    def __init__(self, inputs: int, maps: int, bottleneck: int = 6) -> None:
        super().__init__()
        self.branch1 = ConvNormReLU(inputs, maps, 1)
        self.branch3 = nn.Sequential(
            ConvNormReLU(inputs, bottleneck, 1), ConvNormReLU(bottleneck, maps, 3)
        )
        self.branch5 = nn.Sequential(
            ConvNormReLU(inputs, bottleneck, 1), ConvNormReLU(bottleneck, maps, 5)
        )
        self.branch_pool = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1), ConvNormReLU(inputs, maps, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        branches = (self.branch1, self.branch3, self.branch5, self.branch_pool)
        return torch.cat([branch(x) for branch in branches], dim=1)


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
    """Scales each position by its weight (equations 12-17). [b, c, h, w] -> the same."""

    def __init__(self, kernel: int = 3) -> None:
        super().__init__()
        # No bias: the BatchNorm that follows brings its own.
        self.conv = nn.Conv2d(2, 1, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(1)

    def forward(self, x: Tensor) -> Tensor:
        average, maximum = x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)  # eq. 12, 13
        pooled = torch.cat([average, maximum], dim=1)  # [b, 2, h, w]
        mask = torch.sigmoid(self.norm(self.conv(pooled)))  # eq. 14-16: [b, 1, h, w]
        return x * mask  # eq. 17


class CBAM(nn.Sequential):
    """Channel attention, then spatial attention (paper, figure 17). [b, c, h, w] -> the same."""

    def __init__(self, channels: int = 48, reduction: int = 16, kernel: int = 3) -> None:
        super().__init__(ChannelAttention(channels, reduction), SpatialAttention(kernel))
