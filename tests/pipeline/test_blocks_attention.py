"""Attention against equations 2-7, what dropout leaves, and whole heads that pause."""

import numpy as np
import pytest
import torch

from pipeline.training.blocks.attention import (
    AttentionSettings,
    HeadDropout,
    MultiHeadAttention,
    attention,
    attention_weights,
)
from tests.pipeline import by_hand
from tests.pipeline.by_hand import random_tensor, scatter, values

CALM = AttentionSettings(heads=2, attention_dropout=0, head_dropout=0)


def test_single_head_is_equations_2_to_4() -> None:
    q, k, v = (random_tensor(3, 7, 6, seed=seed) for seed in range(3))
    found = values(attention(q, k, v))
    for sample in range(3):
        expected = by_hand.attention(values(q[sample]), values(k[sample]), values(v[sample]))
        np.testing.assert_allclose(found[sample], expected, atol=1e-5)


@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("bias", [True, False])
def test_multi_head_is_equations_5_to_7(heads: int, bias: bool) -> None:
    settings = AttentionSettings(heads, bias, attention_dropout=0.3, head_dropout=0.3)
    block = MultiHeadAttention(8, settings).eval()
    scatter(block)
    x = random_tensor(2, 5, 8)
    found = values(block(x))
    for sample in range(2):
        expected = by_hand.multi_head(block.qkv, block.project, heads, values(x[sample]))
        np.testing.assert_allclose(found[sample], expected, atol=1e-5)


def test_training_without_dropout_is_evaluation() -> None:
    block = MultiHeadAttention(8, CALM)
    x = random_tensor(2, 5, 8)
    assert torch.equal(block.train()(x), block.eval()(x))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_every_way_to_compute_it_agrees(dtype: torch.dtype) -> None:
    q, k, v = (random_tensor(2, 4, 9, 8, seed=seed).to(dtype) for seed in range(3))
    expected = torch.nn.functional.scaled_dot_product_attention(q, k, v).float()
    tolerance = 0.05 if dtype == torch.bfloat16 else 1e-5
    torch.testing.assert_close(attention(q, k, v).float(), expected, atol=tolerance, rtol=0)


def test_dropout_drops_weights_at_its_rate_and_scales_the_rest() -> None:
    """With V the identity the output is the weights themselves."""
    torch.manual_seed(0)
    n = 64
    q, k = random_tensor(8, 4, n, 8), random_tensor(8, 4, n, 8, seed=1)
    whole = attention_weights(q, k)
    left = attention(q, k, torch.eye(n).expand(8, 4, n, n), dropout=0.3)
    dropped = left == 0
    assert dropped.float().mean().item() == pytest.approx(0.3, abs=0.004)  # 3 deviations
    torch.testing.assert_close(left[~dropped], whole[~dropped] / 0.7)
    rows = dropped.float().mean(dim=-1)
    assert rows.std() == pytest.approx(np.sqrt(0.3 * 0.7 / n), rel=0.1)  # each for itself


@pytest.mark.parametrize("rate", [0.1, 0.3, 1.0])
def test_head_dropout_zeroes_one_whole_head_at_its_rate(rate: float) -> None:
    torch.manual_seed(1)
    samples, heads = 6000, 4
    x = torch.ones(samples, heads, 3, 2)
    out = HeadDropout(rate)(x)
    per_head = out.sum(dim=(2, 3))  # 6 where it is whole, 0 where it is gone
    assert set(per_head.unique().tolist()) == {0.0, 6.0}
    gone = per_head == 0
    assert gone.sum(dim=1).max() == 1  # never two heads of a sample
    hit = gone.any(dim=1).float().mean().item()
    assert hit == pytest.approx(rate, abs=0.02)
    for head in range(heads):  # any of them alike
        assert gone[:, head].float().mean().item() == pytest.approx(rate / heads, abs=0.02)


def test_head_dropout_rests_in_evaluation_and_at_rate_zero() -> None:
    x = random_tensor(50, 4, 3, 2)
    assert torch.equal(HeadDropout(0.9).eval()(x), x)
    assert torch.equal(HeadDropout(0)(x), x)
    with pytest.raises(ValueError, match="between 0 and 1"):
        HeadDropout(1.5)


def test_head_dropout_reaches_the_block() -> None:
    """With one head that always goes, nothing but the projection's bias is left."""
    block = MultiHeadAttention(8, AttentionSettings(1, True, 0, head_dropout=1.0))
    scatter(block)
    out = block.train()(random_tensor(2, 5, 8))
    assert torch.allclose(out, block.project.bias.expand_as(out))


def test_chance_follows_the_seed() -> None:
    block = MultiHeadAttention(8)
    x = random_tensor(4, 9, 8)
    torch.manual_seed(5)
    first = block(x)
    torch.manual_seed(5)
    assert torch.equal(block(x), first)
    assert not torch.equal(block(x), first)


def test_weights_to_look_at_make_the_output() -> None:
    block = MultiHeadAttention(8, CALM)
    x = random_tensor(2, 5, 8)
    weights = block.weights(x)
    assert weights.shape == (2, 2, 5, 5)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 2, 5))
    _, _, v = block.split(x)
    torch.testing.assert_close(
        block.project((weights @ v).transpose(1, 2).flatten(2)), block(x), atol=1e-5, rtol=0
    )


def test_heads_must_share_the_channels_evenly() -> None:
    with pytest.raises(ValueError, match="10 channels cannot be divided among 4 heads"):
        MultiHeadAttention(10)


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_a_dropout_that_leaves_nothing_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="leaves nothing"):
        MultiHeadAttention(8, AttentionSettings(attention_dropout=rate))
