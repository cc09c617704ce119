"""Patches, positions and the number of tokens, against equations 1, 8-11 and 21."""

import math

import numpy as np
import pytest
import torch

from pipeline.training.blocks.tokens import (
    PatchEmbedding,
    num_patches,
    num_tokens,
    sinusoidal_positions,
    to_map,
    to_patches,
    to_tokens,
)
from tests.pipeline.by_hand import linear, random_tensor, scatter, values


@pytest.mark.parametrize("class_token", [False, True])
@pytest.mark.parametrize("patch", [1, 2])
def test_embedding_is_equation_1(patch: int, class_token: bool) -> None:
    block = PatchEmbedding(3, image_size=4, patch_size=patch, dim=5, class_token=class_token)
    scatter(block)
    x = random_tensor(2, 3, 4, 4)
    found = values(block(x))
    side = 4 // patch
    for sample, image in enumerate(values(x)):
        z = [] if block.class_token is None else [values(block.class_token)[0, 0]]
        for row in range(side):
            for column in range(side):
                tile = image[
                    :, row * patch : (row + 1) * patch, column * patch : (column + 1) * patch
                ]
                z.append(linear(block.embed, tile.reshape(-1)))  # x_p^n E
        expected = np.array(z) + values(block.positions)[0]
        np.testing.assert_allclose(found[sample], expected, atol=1e-5)


def test_sinusoidal_positions_are_equations_8_to_10() -> None:
    d = 6
    found = values(sinusoidal_positions(20, d))
    for i in range(20):
        for j in range(d // 2):
            theta = i / 10_000 ** (2 * j / d)
            assert found[i, 2 * j] == pytest.approx(math.sin(theta), abs=1e-5)
            assert found[i, 2 * j + 1] == pytest.approx(math.cos(theta), abs=1e-5)
    assert sinusoidal_positions(4, 5).shape == (4, 5)  # an odd width ends with a sine


def test_sinusoidal_positions_are_added_and_never_learned() -> None:
    block = PatchEmbedding(2, image_size=3, dim=4, positions="sinusoidal")
    x = torch.zeros(1, 2, 3, 3)
    expected = values(block.embed.bias) + values(sinusoidal_positions(9, 4))
    np.testing.assert_allclose(values(block(x))[0], expected, atol=1e-5)
    assert [name for name, _ in block.named_parameters()] == ["embed.weight", "embed.bias"]
    with pytest.raises(ValueError, match="learned or sinusoidal, not 'none'"):
        PatchEmbedding(2, positions="none")


@pytest.mark.parametrize("h", [1, 7, 14, 28])
@pytest.mark.parametrize("w", [5, 14])
@pytest.mark.parametrize("k", [1, 2, 3, 4, 7])
def test_num_tokens_is_equation_11(h: int, w: int, k: int) -> None:
    s, p = -(-k // 2), -(-k // 4)

    def along(side: int) -> int:  # in whole numbers: ceil(a / s + 1) = ceil(a / s) + 1
        return -(-(side + 2 * p - (k - 1) - 1) // s) + 1

    assert num_tokens(h, w, k) == along(h) * along(w)


def test_num_tokens_where_the_windows_fit_counts_them() -> None:
    image = torch.zeros(1, 1, 15, 15)
    windows = torch.nn.functional.unfold(image, kernel_size=3, stride=2, padding=1).shape[2]
    assert num_tokens(15, 15, k=3) == windows == 64
    assert num_tokens(14, 14, k=1) == 256  # a ring of padding; the models have HW / p^2:
    assert num_patches(14, 1) == 196


def test_patches_are_n_tokens_of_c_numbers_and_go_back() -> None:
    """Equation 21 and figures 15, 16."""
    x = random_tensor(2, 3, 4, 6)
    tokens = to_tokens(x)
    assert tokens.shape == (2, 24, 3)
    assert torch.equal(tokens[1, 7], x[1, :, 1, 1])
    assert torch.equal(to_map(tokens, 4, 6), x)
    assert torch.equal(to_patches(x, 1), tokens)
    assert to_patches(x, 2).shape == (2, 6, 12)


def test_a_map_of_tokens_is_a_view_and_channels_last() -> None:
    tokens = torch.zeros(2, 196, 8)
    shown = to_map(tokens, 14, 14)
    assert shown.is_contiguous(memory_format=torch.channels_last)
    assert shown.data_ptr() == tokens.data_ptr() == to_tokens(shown).data_ptr()


def test_patches_must_tile_the_image() -> None:
    with pytest.raises(ValueError, match="patches of 4 do not tile a side of 14"):
        PatchEmbedding(3, image_size=14, patch_size=4)
