"""The Inception token mixer against equations 22-27."""

import numpy as np
import pytest
import torch

from pipeline.training.blocks.attention import AttentionSettings
from pipeline.training.blocks.mixer import (
    HighFrequencyMixer,
    InceptionTokenMixer,
    LowFrequencyMixer,
)
from tests.pipeline import by_hand
from tests.pipeline.by_hand import Array, linear, random_tensor, scatter, values

SETTINGS = AttentionSettings(heads=2)


def _high(block: HighFrequencyMixer, x: Array) -> Array:
    """Equations 23-25 for one map [c, h, w] -> [h * w, c]."""
    half = len(x) // 2
    h1, h2 = x[:half], x[half:]
    y1 = linear(block.after_pool, by_hand.max_pool(h1).reshape(half, -1).T)
    after = linear(block.before_conv, h2.reshape(len(h2), -1).T)
    y2 = by_hand.convolve(block.conv, after.T.reshape(h2.shape)).reshape(len(h2), -1).T
    return np.concatenate([y1, y2], axis=1)


def _low(block: LowFrequencyMixer, x: Array) -> Array:
    """Equation 26 for one map [c, h, w] -> [h * w, c]."""
    c, h, w = x.shape
    coarse = np.zeros((c, h // 2, w // 2))
    for row in range(h // 2):
        for column in range(w // 2):
            four = x[:, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            coarse[:, row, column] = four.mean(axis=(1, 2))
    attention = block.attention
    tokens = by_hand.multi_head(
        attention.qkv, attention.project, attention.heads, coarse.reshape(c, -1).T
    )
    mixed = tokens.T.reshape(coarse.shape)
    fine = np.zeros_like(x)
    for row in range(h):
        for column in range(w):
            fine[:, row, column] = mixed[:, row // 2, column // 2]
    return fine.reshape(c, -1).T


@pytest.mark.parametrize("share", [0.5, 0.25])
def test_mixer_is_equations_22_to_27(share: float) -> None:
    block = InceptionTokenMixer(16, SETTINGS, share).eval()
    scatter(block)
    x = random_tensor(2, 36, 16)
    found = values(block(x))
    c_h = round(16 * share)
    assert (block.high_channels, block.low_channels) == (c_h, 16 - c_h)
    for sample in range(2):
        grid = values(x[sample]).T.reshape(16, 6, 6)
        y_l, y_h = _low(block.low, grid[c_h:]), _high(block.high, grid[:c_h])
        expected = np.concatenate([y_l, y_h], axis=1)  # eq. 27: Y_l, then Y_h1, Y_h2
        np.testing.assert_allclose(found[sample], expected, atol=1e-5)


def test_each_part_alone() -> None:
    high, low = HighFrequencyMixer(5), LowFrequencyMixer(4, SETTINGS).eval()
    for block, channels, reference in ((high, 5, _high), (low, 4, _low)):
        scatter(block)
        x = random_tensor(1, channels, 4, 6)
        expected = reference(block, values(x[0]))  # type: ignore[operator]
        np.testing.assert_allclose(values(block(x))[0], expected, atol=1e-5)


def test_what_changes_from_place_to_place_passes_the_high_part_alone() -> None:
    """A chessboard has no low frequencies: averaged by four it is even."""
    low = LowFrequencyMixer(4, SETTINGS).eval()
    board = (torch.arange(8)[:, None] + torch.arange(8)) % 2 * 2.0 - 1
    out = low(board.expand(1, 4, 8, 8))
    assert torch.allclose(out, out[:, :1].expand_as(out), atol=1e-6)
