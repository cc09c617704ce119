"""A Laplacian filter with fixed weights: what is left of a picture are its edges."""

import torch
from torch import Tensor, nn

# The 8-neighbour stencil: all directions count alike, and even ground gives zero.
STENCIL = ((1.0, 1.0, 1.0), (1.0, -8.0, 1.0), (1.0, 1.0, 1.0))


class Laplacian(nn.Module):
    """Each channel filtered on its own, 3x3, nothing learned. [b, c, h, w] -> the same.

    The paper speaks of a "Laplacian convolution filter" in its Inception part and gives neither
    stencil nor place. Edges are repeated at the border, so that even ground is zero there too.
    """

    kernel: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        stencil = torch.tensor(STENCIL).expand(channels, 1, 3, 3).clone()
        # Follows from the code, so it is no part of a checkpoint.
        self.register_buffer("kernel", stencil, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        padded = nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")
        return nn.functional.conv2d(padded, self.kernel, groups=self.kernel.shape[0])
