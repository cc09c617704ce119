"""Transformer blocks against equation 28, and all that the vision transformer can be asked for."""

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.training.blocks.attention import AttentionSettings
from pipeline.training.blocks.transformer import TransformerBlock, VisionTransformer, ViTSettings
from pipeline.training.blocks.weights import no_weight_decay, parameter_groups
from tests.pipeline import by_hand
from tests.pipeline.by_hand import layer_norm, linear, random_tensor, scatter, values

SMALL = {"image_size": 4, "embed_dim": 8, "depth": 2}


@pytest.mark.parametrize("mixer", ["attention", "inception"])
def test_block_is_equation_28(mixer: str) -> None:
    block = TransformerBlock(16, 2, mixer, AttentionSettings(heads=2)).eval()
    scatter(block)
    x = random_tensor(2, 16, 16)
    first, _, second = block.feed_forward
    normed = layer_norm(block.norm1, values(x))
    mixed = values(block.mix(torch.tensor(normed, dtype=torch.float32)))
    y = values(x) + mixed
    expected = y + linear(second, by_hand.gelu(linear(first, layer_norm(block.norm2, y))))
    np.testing.assert_allclose(values(block(x)), expected, atol=1e-5)


def test_whole_transformer_is_its_equations() -> None:
    """Equation 1, the blocks with attention by hand, the last norm, and the map of figure 16."""
    vit = VisionTransformer(ViTSettings(channels=2, **SMALL)).eval()
    x = random_tensor(1, 2, 4, 4)
    z = linear(vit.embedding.embed, values(x)[0].reshape(2, 16).T)
    z = z + values(vit.embedding.positions)[0]
    for block in vit.blocks:
        mix, (first, _, second) = block.mix, block.feed_forward
        z = z + by_hand.multi_head(mix.qkv, mix.project, mix.heads, layer_norm(block.norm1, z))
        z = z + linear(second, by_hand.gelu(linear(first, layer_norm(block.norm2, z))))
    expected = layer_norm(vit.norm, z).T.reshape(8, 4, 4)
    np.testing.assert_allclose(values(vit(x))[0], expected, atol=1e-5)


def test_the_paper_s_values_are_the_defaults() -> None:
    s = ViTSettings()
    assert (s.image_size, s.patch_size, s.channels, s.embed_dim, s.depth) == (14, 1, 3, 512, 3)
    assert (s.mlp_ratio, s.attention) == (2, AttentionSettings(4, True, 0.3, 0.3))
    extras = (s.class_token, s.mask, s.representation_size, s.classes)
    assert extras == (False, False, None, None)
    assert (s.positions, s.mixer) == ("learned", "attention")


def test_class_token_is_read_by_the_head_and_left_off_the_map() -> None:
    vit = VisionTransformer(ViTSettings(class_token=True, classes=5, **SMALL)).eval()
    x = random_tensor(3, 3, 4, 4)
    assert vit.tokens(x).shape == (3, 17, 8)
    assert vit(x).shape == (3, 8, 4, 4)
    torch.testing.assert_close(vit.classify(x), vit.head(vit.tokens(x)[:, 0]))
    with pytest.raises(ValueError, match="a class token is not on it"):
        VisionTransformer(ViTSettings(class_token=True, mixer="inception"))


def test_pre_logits_stand_between_tokens_and_head() -> None:
    vit = VisionTransformer(ViTSettings(representation_size=6, classes=5, **SMALL)).eval()
    x = random_tensor(2, 3, 4, 4)
    summary = values(vit.tokens(x)).mean(axis=1)  # no class token: the mean
    expected = linear(vit.head, np.tanh(linear(vit.pre_logits[0], summary)))
    np.testing.assert_allclose(values(vit.classify(x)), expected, atol=1e-5)
    assert vit.pre_logits[0].out_features == 6
    with pytest.raises(ValueError, match="built without classes"):
        VisionTransformer(ViTSettings(**SMALL)).classify(x)


def test_mask_scales_the_map_place_by_place() -> None:
    vit = VisionTransformer(ViTSettings(mask=True, class_token=True, **SMALL)).eval()
    scatter(vit.mask_layer)
    x = random_tensor(2, 3, 4, 4)
    mask = vit.mask(x)
    assert mask.shape == (2, 1, 4, 4)
    assert ((mask > 0) & (mask < 1)).all()
    assert mask.std() > 0
    plain = vit.tokens(x)[:, 1:].transpose(1, 2).reshape(2, 8, 4, 4)
    torch.testing.assert_close(vit(x), plain * mask)
    with pytest.raises(ValueError, match="without a mask layer"):
        VisionTransformer(ViTSettings(**SMALL)).mask(x)


@pytest.mark.parametrize("mixer", ["attention", "inception"])
def test_evaluation_is_deterministic_and_training_is_not(mixer: str) -> None:
    vit = VisionTransformer(ViTSettings(mixer=mixer, **{**SMALL, "embed_dim": 16}))
    x = random_tensor(2, 3, 4, 4)
    torch.manual_seed(0)  # 4 x 4 tokens: some weight or head is dropped
    assert not torch.equal(vit(x), vit(x))
    vit.eval()
    assert torch.equal(vit(x), vit(x))


def test_weights_begin_as_stated() -> None:
    vit = VisionTransformer(ViTSettings(class_token=True))
    positions, token = vit.embedding.positions, vit.embedding.class_token
    assert positions.std().item() == pytest.approx(0.02, rel=0.1)
    assert token is not None
    assert token.std() > 0
    for module in vit.modules():
        if isinstance(module, nn.Linear):
            assert module.weight.std().item() == pytest.approx(0.02, rel=0.1)
            assert not module.bias.any()
        elif isinstance(module, nn.LayerNorm):
            assert (module.weight == 1).all()


def test_weight_decay_spares_biases_norms_and_positions() -> None:
    vit = VisionTransformer(ViTSettings(class_token=True, mask=True, **SMALL))
    spared = no_weight_decay(vit)
    for name, parameter in vit.named_parameters():
        place = name.endswith((".positions", ".class_token"))
        assert (name in spared) == (place or name.endswith(".bias") or "norm" in name), name
        assert place or parameter.ndim == (1 if name in spared else 2)
    decayed, free = parameter_groups(vit, 0.05)
    assert (decayed["weight_decay"], free["weight_decay"]) == (0.05, 0)
    assert len(free["params"]) == len(spared)
    assert len(decayed["params"]) + len(spared) == len(list(vit.parameters()))
