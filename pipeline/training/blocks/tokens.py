"""From a map to tokens and back: patches, their embedding and their positions."""

import math

import torch
from torch import Tensor, nn


def num_tokens(h: int, w: int, k: int) -> int:
    """Tokens of a sliding window of side `k` on a map of h x w (equation 11).

    Stride ceil(k / 2), padding ceil(k / 4), as the paper says. For k = 1 that pads a ring of empty
    tokens around the map (16 * 16 for 14 x 14), which the paper's own N = HW / p^2 does not: the
    models take the latter (`num_patches`).
    """
    s, p = math.ceil(k / 2), math.ceil(k / 4)
    rows, columns = (math.ceil((side + 2 * p - (k - 1) - 1) / s + 1) for side in (h, w))
    return rows * columns


def num_patches(image_size: int, patch_size: int) -> int:
    """N = HW / p^2 patches that tile a square image without overlap (text before equation 1)."""
    if image_size % patch_size:
        raise ValueError(f"patches of {patch_size} do not tile a side of {image_size}")
    return (image_size // patch_size) ** 2


def to_patches(x: Tensor, patch_size: int) -> Tensor:
    """Tokens x_1 ... x_N (equation 21): [b, c, h, w] -> [b, N, c * p * p], channels outermost."""
    (b, c, h, w), p = x.shape, patch_size
    tiles = x.reshape(b, c, h // p, p, w // p, p)
    return tiles.permute(0, 2, 4, 1, 3, 5).reshape(b, (h // p) * (w // p), c * p * p)


def to_map(tokens: Tensor, height: int, width: int) -> Tensor:
    """[b, height * width, d] -> [b, d, height, width], a view (paper, figures 15 and 16)."""
    return tokens.reshape(tokens.shape[0], height, width, -1).permute(0, 3, 1, 2)


def to_tokens(x: Tensor) -> Tensor:
    """[b, d, h, w] -> [b, h * w, d]; a view where the map is channels_last."""
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def sinusoidal_positions(tokens: int, dim: int) -> Tensor:
    """Sines and cosines of each token's number (equations 8-10): float32 [tokens, dim].

    The printed exponent, 2jd-1, is read as 2j * d^-1 (Vaswani et al. 2017), d being `dim`.
    """
    i = torch.arange(tokens, dtype=torch.float64)[:, None]
    even = torch.arange(0, dim, 2, dtype=torch.float64)  # 2j
    theta = i / 10_000 ** (even / dim)  # eq. 8
    positions = torch.empty(tokens, dim)
    positions[:, 0::2] = theta.sin()  # eq. 9
    positions[:, 1::2] = theta.cos()[:, : dim // 2]  # eq. 10
    return positions


class PatchEmbedding(nn.Module):
    """z_0 of equation 1: patches times E, a class token before them, plus positions.

    [b, c, image_size, image_size] -> [b, N (+ 1), dim]. `positions` are learned or sinusoidal
    (equations 8-10; nothing learned then). Without `class_token`, the default, only x_p E + E_pos
    is left: a map is to be made of all tokens.
    """

    def __init__(
        self,
        channels: int,
        image_size: int = 14,
        patch_size: int = 1,
        dim: int = 512,
        positions: str = "learned",
        class_token: bool = False,
    ) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.embed = nn.Linear(channels * patch_size**2, dim)  # E
        self.class_token = nn.Parameter(torch.zeros(1, 1, dim)) if class_token else None
        count = num_patches(image_size, patch_size) + class_token
        if positions == "learned":
            self.positions: Tensor = nn.Parameter(torch.zeros(1, count, dim))  # E_pos
        elif positions == "sinusoidal":
            self.register_buffer("positions", sinusoidal_positions(count, dim)[None], False)
        else:
            raise ValueError(f"positions are learned or sinusoidal, not {positions!r}")

    def forward(self, x: Tensor) -> Tensor:
        tokens: Tensor = self.embed(to_patches(x, self.patch_size))  # [b, N, dim]
        if self.class_token is not None:
            tokens = torch.cat([self.class_token.expand(tokens.shape[0], -1, -1), tokens], dim=1)
        return tokens + self.positions
