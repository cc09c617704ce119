"""Inception, its Laplacian, and CBAM (equations 12-20), written out in numpy."""

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.training.blocks.cbam import CBAM, ChannelAttention, SpatialAttention
from pipeline.training.blocks.inception import ConvNormReLU, Inception, LocalMaximum
from pipeline.training.blocks.laplacian import Laplacian
from tests.pipeline import by_hand
from tests.pipeline.by_hand import scatter, values
from tests.pipeline.by_hand import sigmoid as _sigmoid


def _random_input(channels: int = 6, seed: int = 0) -> torch.Tensor:
    return torch.randn(2, channels, 5, 7, generator=torch.Generator().manual_seed(seed))


def test_channel_attention_is_equations_18_to_20() -> None:
    block = ChannelAttention(channels=6, reduction=3)
    x = _random_input().numpy().astype(np.float64)
    first, _, second = block.excite
    w1, b1, w2, b2 = (
        parameter.detach().numpy()
        for parameter in (first.weight, first.bias, second.weight, second.bias)
    )

    def excite(s: np.ndarray) -> np.ndarray:
        return np.maximum(s @ w1.T + b1, 0) @ w2.T + b2

    squeezed = x.sum(axis=(2, 3)) / (5 * 7)  # eq. 18
    weight = _sigmoid(excite(squeezed) + excite(x.max(axis=(2, 3))))  # eq. 19
    expected = weight[:, :, None, None] * x  # eq. 20
    found = block(torch.tensor(x, dtype=torch.float32)).detach().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_spatial_attention_is_equations_12_to_17(training: bool) -> None:
    block = SpatialAttention(kernel=3)
    with torch.no_grad():
        for parameter in block.norm.parameters():
            parameter.uniform_(0.5, 1.5)
        block.norm.running_mean.fill_(0.2)
        block.norm.running_var.fill_(0.7)
    block.train(training)
    x = _random_input().numpy().astype(np.float64)
    pooled = np.stack([x.mean(axis=1), x.max(axis=1)], axis=1)  # eq. 13, 12
    padded = np.pad(pooled, ((0, 0), (0, 0), (1, 1), (1, 1)))
    kernel = block.conv.weight.detach().numpy()[0]  # [2, 3, 3]
    y = np.zeros((2, 5, 7))
    for m in range(3):  # eq. 14
        for n in range(3):
            y += np.einsum("bchw,c->bhw", padded[:, :, m : m + 5, n : n + 7], kernel[:, m, n])
    mean, variance = (y.mean(), y.var()) if training else (0.2, 0.7)
    gamma, beta = block.norm.weight.item(), block.norm.bias.item()
    z = gamma * (y - mean) / np.sqrt(variance + block.norm.eps) + beta  # eq. 15
    expected = x * _sigmoid(z)[:, None]  # eq. 16, 17
    found = block(torch.tensor(x, dtype=torch.float32)).detach().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_cbam_attends_to_channels_then_places() -> None:
    block = CBAM(channels=6, reduction=3).eval()
    x = _random_input()
    channel, spatial = block
    assert torch.equal(block(x), spatial(channel(x)))
    assert not torch.equal(block(x), channel(spatial(x)))


def test_attention_only_dampens() -> None:
    x = _random_input()
    assert (CBAM(channels=6, reduction=3)(x).abs() <= x.abs()).all()


@pytest.mark.parametrize(("inputs", "maps"), [(2, 6), (3, 6), (24, 12)])
def test_inception_keeps_the_size_and_joins_four_branches(inputs: int, maps: int) -> None:
    assert Inception(inputs, maps)(_random_input(inputs)).shape == (2, 4 * maps, 5, 7)


def test_inception_branches_see_what_they_should() -> None:
    """One bright pixel reaches 1x1, 3x3, 5x5 and 3x3 places of the four branches."""
    block = Inception(1, 1).eval()
    with torch.no_grad():
        for module in block.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.fill_(1)
                module.bias.zero_()
    x = torch.zeros(1, 1, 9, 9)
    x[0, 0, 4, 4] = 1
    reached = (block(x) > 0).sum(dim=(0, 2, 3)).tolist()
    assert reached == [1, 9, 25, 9]


def _normed(norm: nn.BatchNorm2d, x: np.ndarray) -> np.ndarray:
    """BatchNorm as in evaluation, then ReLU: [c, h, w]."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    mean, variance, gamma, beta = (
        values(numbers)[:, None, None]
        for numbers in (norm.running_mean, norm.running_var, norm.weight, norm.bias)
    )
    return np.maximum(gamma * (x - mean) / np.sqrt(variance + norm.eps) + beta, 0)


def _narrowed(block: ConvNormReLU, x: np.ndarray) -> np.ndarray:
    conv, norm, _ = block
    return _normed(norm, by_hand.convolve(conv, x))


@pytest.mark.parametrize("laplacian", [False, True])
def test_inception_is_four_convolutions_side_by_side(laplacian: bool) -> None:
    """Figure 20, each branch's convolution, BatchNorm and ReLU by hand."""
    block = Inception(2, maps=3, bottleneck=2, laplacian=laplacian).eval()
    scatter(block)
    block.norm.running_mean.uniform_(-0.2, 0.2)
    x = _random_input(2)
    found = values(block(x))
    *edges, narrow3, conv3 = block.branch3
    narrow5, conv5 = block.branch5
    _, conv_pool = block.branch_pool
    for sample, image in enumerate(values(x)):
        seen = values(edges[0](x[sample : sample + 1]))[0] if laplacian else image
        branches = [
            by_hand.convolve(block.branch1, image),
            by_hand.convolve(conv3, _narrowed(narrow3, seen)),
            by_hand.convolve(conv5, _narrowed(narrow5, image)),
            by_hand.convolve(conv_pool, by_hand.max_pool(image)),
        ]
        expected = _normed(block.norm, np.concatenate(branches))
        np.testing.assert_allclose(found[sample], expected, atol=1e-5)


def test_local_maximum_is_the_same_with_and_without_a_gradient() -> None:
    x = _random_input(2) - 3  # below zero: what lies outside must not win
    expected = [by_hand.max_pool(image) for image in values(x)]
    for image in (x, x.clone().requires_grad_()):
        np.testing.assert_allclose(values(LocalMaximum()(image)), expected, atol=1e-5)


def test_laplacian_sees_edges_and_no_even_ground() -> None:
    block = Laplacian(2)
    x = _random_input(2)
    found = values(block(x))
    image = np.pad(values(x), ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    for row in range(5):
        for column in range(7):
            around = image[:, :, row : row + 3, column : column + 3]
            expected = around.sum(axis=(2, 3)) - 9 * around[:, :, 1, 1]
            np.testing.assert_allclose(found[:, :, row, column], expected, atol=1e-5)
    assert not block(torch.full((1, 2, 5, 7), 3.0)).any()
    assert not list(block.parameters())
    assert not block.state_dict()


def test_laplacian_changes_the_3x3_branch_alone() -> None:
    torch.manual_seed(0)
    plain, edges = Inception(2, 3).eval(), Inception(2, 3, laplacian=True).eval()
    edges.load_state_dict(
        {
            name.replace("branch3.1", "branch3.2").replace("branch3.0", "branch3.1"): value
            for name, value in plain.state_dict().items()
        }
    )
    x = _random_input(2)
    differs = (plain(x) != edges(x)).any(dim=3).any(dim=2).any(dim=0).tolist()
    assert not any(differs[:3] + differs[6:])
    assert any(differs[3:6])
