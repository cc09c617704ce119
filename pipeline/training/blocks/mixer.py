"""The Inception token mixer: what changes fast by convolution, what changes slowly by attention."""

import math

import torch
from torch import Tensor, nn

from pipeline.training.blocks.attention import PAPER, AttentionSettings, MultiHeadAttention
from pipeline.training.blocks.tokens import to_map, to_tokens


class HighFrequencyMixer(nn.Module):
    """Half the channels by max-pool, half by depthwise convolution (equations 23-25).

    Map [b, c, h, w] -> tokens [b, h * w, c]. Windows are 3 x 3 with stride 1, so the resolution
    stays, as the concatenation of equation 27 needs it to.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pooled, convolved = channels // 2, channels - channels // 2
        self.pool = nn.MaxPool2d(3, stride=1, padding=1)
        self.after_pool = nn.Linear(self.pooled, self.pooled)
        self.before_conv = nn.Linear(convolved, convolved)
        self.conv = nn.Conv2d(convolved, convolved, 3, padding=1, groups=convolved)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        h1, h2 = x[:, : self.pooled], x[:, self.pooled :]  # eq. 23
        y1 = self.after_pool(to_tokens(self.pool(h1)))  # eq. 24
        y2 = to_tokens(self.conv(to_map(self.before_conv(to_tokens(h2)), height, width)))  # eq. 25
        return torch.cat([y1, y2], dim=2)


class LowFrequencyMixer(nn.Module):
    """Attention on a coarser map, then back to the fine one (equation 26).

    Map [b, c, h, w], h and w multiples of `pool` -> tokens [b, h * w, c].
    """

    def __init__(self, channels: int, settings: AttentionSettings = PAPER, pool: int = 2) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(pool)
        self.attention = MultiHeadAttention(channels, settings)
        self.upsample = nn.Upsample(scale_factor=pool, mode="nearest")

    def forward(self, x: Tensor) -> Tensor:
        coarse = self.pool(x)
        attended = self.attention(to_tokens(coarse))
        return to_tokens(self.upsample(to_map(attended, *coarse.shape[2:])))


class InceptionTokenMixer(nn.Module):
    """ITM: channels split in two, each part mixed its own way, joined (equations 22-27).

    [b, n, dim] -> the same; the n tokens are a square map. The first `high_share` of the channels
    is the high-frequency part. The paper mentions a "frequency ramp" over depth and gives no
    numbers: equal parts are the default, and a block takes its own share.
    """

    def __init__(
        self, dim: int = 512, settings: AttentionSettings = PAPER, high_share: float = 0.5
    ) -> None:
        super().__init__()
        self.low_channels = round(dim * (1 - high_share) / settings.heads) * settings.heads
        self.high_channels = dim - self.low_channels  # C_h + C_l = C
        self.high = HighFrequencyMixer(self.high_channels)
        self.low = LowFrequencyMixer(self.low_channels, settings)

    def forward(self, x: Tensor) -> Tensor:
        side = math.isqrt(x.shape[1])
        grid = to_map(x, side, side)
        high, low = grid[:, : self.high_channels], grid[:, self.high_channels :]  # eq. 22
        return torch.cat([self.low(low), self.high(high)], dim=2)  # eq. 27
