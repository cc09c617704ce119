"""The Inception block: one input seen at four scales (paper, figure 20)."""

import torch
from torch import Tensor, nn

from pipeline.training.blocks.laplacian import Laplacian


class ConvNormReLU(nn.Sequential):
    """Convolution with bias, BatchNorm, ReLU: [b, inputs, h, w] -> [b, outputs, h, w]."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class LocalMaximum(nn.Module):
    """The largest of 3 x 3 places around each, whatever lies outside left out. Keeps the shape.

    Where no gradient is asked for (predicting, and the first block of all), rows and columns go
    one after the other: on a processor torch's own pooling takes up to fifty times as long for the
    few channels of an input.
    """

    def forward(self, x: Tensor) -> Tensor:
        if x.requires_grad or x.device.type != "cpu":
            return nn.functional.max_pool2d(x, 3, stride=1, padding=1)
        x = nn.functional.pad(x, (1, 1, 1, 1), value=-torch.inf)
        x = torch.maximum(torch.maximum(x[:, :, :-2], x[:, :, 1:-1]), x[:, :, 2:])
        return torch.maximum(torch.maximum(x[..., :-2], x[..., 1:-1]), x[..., 2:])


class Inception(nn.Module):
    """Four views of one input side by side: 1x1, 3x3, 5x5 and max-pool.

    [b, inputs, h, w] -> [b, 4 * maps, h, w]. The 3x3 and 5x5 branches first narrow to `bottleneck`
    maps. After Szegedy et al. 2015. With `laplacian` the 3x3 branch begins with that fixed filter.

    Every convolution is followed by BatchNorm and ReLU. These see each map for itself, so those at
    the ends of the branches are one of each, after the joining: the same numbers in fewer passes.
    """

    def __init__(
        self, inputs: int, maps: int, bottleneck: int = 6, laplacian: bool = False
    ) -> None:
        super().__init__()
        self.branch1 = nn.Conv2d(inputs, maps, 1)
        self.branch3 = nn.Sequential(
            *([Laplacian(inputs)] if laplacian else []),
            ConvNormReLU(inputs, bottleneck, 1),
            nn.Conv2d(bottleneck, maps, 3, padding=1),
        )
        self.branch5 = nn.Sequential(
            ConvNormReLU(inputs, bottleneck, 1), nn.Conv2d(bottleneck, maps, 5, padding=2)
        )
        self.branch_pool = nn.Sequential(LocalMaximum(), nn.Conv2d(inputs, maps, 1))
        self.norm = nn.BatchNorm2d(4 * maps)

    def forward(self, x: Tensor) -> Tensor:
        branches = (self.branch1, self.branch3, self.branch5, self.branch_pool)
        joined = torch.cat([branch(x) for branch in branches], dim=1)
        return nn.functional.relu(self.norm(joined), inplace=True)
