"""Grad-CAM and attention rollout against slow ones written from their papers, on tiny networks."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pipeline.training.checkpoint import Checkpoint
from pipeline.training.data import Normalisation, Samples
from pipeline.training.explain import attention_rollout, clip_maps, grad_cam, scaled
from pipeline.training.models import ModelOptions, build_model

STEP = 1e-4
CLASSES = 3


class Tiny(nn.Module):
    """Two maps of 3 x 3 and a head that bends, in float64, so that differences are exact enough."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.conv = nn.Conv2d(2, 2, 3, stride=3)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(18, 4), nn.Tanh(), nn.Linear(4, CLASSES))
        self.double()

    def features(self, x: Tensor) -> Tensor:
        return self.conv(x)

    def classify(self, found: Tensor) -> Tensor:
        return self.head(found)


class Pointing(nn.Module):
    """Class 0 is the mean of channel u, class 1 that of v: the map must be the channel itself."""

    takes = "frame"

    def features(self, x: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(x, 2)

    def classify(self, found: Tensor) -> Tensor:
        return found.mean(dim=(2, 3))


def slow_cam(model: Tiny, x: Tensor, wanted: int) -> np.ndarray:
    """Equations 1 and 2 with the gradient by central differences, one number at a time."""
    with torch.no_grad():
        maps = model.features(x[None])[0]
        total = torch.zeros(maps.shape[1:], dtype=maps.dtype)
        for k in range(len(maps)):
            weight = 0.0
            for i, j in np.ndindex(*maps.shape[1:]):
                up, down = maps.clone(), maps.clone()
                up[k, i, j] += STEP
                down[k, i, j] -= STEP
                ends = [float(model.classify(own[None])[0, wanted]) for own in (up, down)]
                weight += (ends[0] - ends[1]) / (2 * STEP)
            total += weight / maps[k].numel() * maps[k]
    return np.maximum(total.numpy(), 0)


def test_grad_cam_is_the_slow_one() -> None:
    model = Tiny()
    x = torch.from_numpy(np.random.default_rng(4).normal(size=(5, 2, 9, 9)))
    wanted = torch.tensor([0, 1, 2, 2, 0])
    maps, logits = grad_cam(model, x, wanted)
    expected = np.stack([slow_cam(model, *own) for own in zip(x, wanted.tolist(), strict=True)])
    assert (expected > 0).any(axis=(1, 2)).sum() >= 3  # ReLU has not eaten them all
    np.testing.assert_allclose(maps.numpy(), expected, atol=1e-7)
    with torch.no_grad():
        torch.testing.assert_close(logits, model.classify(model.features(x)))


@pytest.mark.parametrize("name", ["incep-cbam", "vit", "dual-hybrid-face"])
def test_the_networks_have_maps_and_give_the_same_twice(name: str) -> None:
    torch.manual_seed(1)
    model = build_model(name, 2, CLASSES, "tiny").eval()
    x, wanted = torch.randn(3, 2, 28, 28), torch.tensor([0, 1, 2])
    maps, logits = grad_cam(model, x, wanted)
    assert maps.shape == (3, 14, 14)
    assert float(maps.min()) >= 0
    assert float(maps.max()) > 0
    torch.testing.assert_close(logits, model(x).detach())
    assert torch.equal(maps, grad_cam(model, x, wanted)[0])
    assert all(weight.grad is None for weight in model.parameters())


def test_a_clip_is_explained_by_its_own_frames_alone() -> None:
    torch.manual_seed(1)
    model = build_model("lstm", 2, CLASSES, "tiny").eval()
    clip = torch.randn(1, 2, 2, 28, 28)
    padded = torch.cat([clip, torch.full_like(clip[:, :1], 9.0)], dim=1)
    wanted = torch.tensor([1])
    whole, _ = grad_cam(model, clip, wanted, torch.tensor([2]))
    longer, _ = grad_cam(model, padded, wanted, torch.tensor([2]))
    assert whole.shape == (1, 14, 14)
    assert float(whole.max()) > 0
    torch.testing.assert_close(whole, longer)
    rolled = [attention_rollout(model, x, torch.tensor([2])) for x in (clip, padded)]
    torch.testing.assert_close(*rolled)


def test_rollout_is_the_product_of_the_blocks() -> None:
    torch.manual_seed(1)
    model = build_model("vit", 2, CLASSES, "lite").eval()
    x = torch.randn(1, 2, 28, 28)
    rolled = attention_rollout(model, x)
    assert rolled is not None
    vit = model.branch[0].transformer
    with torch.no_grad():
        small = nn.functional.interpolate(x, (14, 14), mode="bilinear", antialias=True)
        tokens = vit.embedding(small)
        expected = np.eye(196)
        for block in vit.blocks:
            normed = block.norm1(tokens)
            heads = block.mix.weights(normed)[0].double().numpy()
            for row in range(196):
                np.testing.assert_allclose(heads[:, row].sum(axis=1), 1, atol=1e-5)
            expected = (heads.mean(axis=0) / 2 + np.eye(196) / 2) @ expected
            tokens = block(tokens)
    assert len(vit.blocks) == 3
    np.testing.assert_allclose(rolled[0].flatten(), expected.mean(axis=0), atol=1e-7)
    assert float(rolled.sum()) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "options"), [("incep-cbam", ModelOptions()), ("vit", ModelOptions(mixer="inception"))]
)
def test_no_rollout_where_there_is_no_plain_attention(name: str, options: ModelOptions) -> None:
    model = build_model(name, 2, CLASSES, "tiny", options).eval()
    assert attention_rollout(model, torch.zeros(1, 2, 28, 28)) is None


def test_a_clips_map_points_at_what_moved() -> None:
    values = np.zeros((4, 2, 28, 28), np.float16)
    values[0, 0, 4:8, 8:20] = 3  # clip 0, class 0: u at the brows
    values[1:3, 1, 20:24, 8:20] = 2  # clip 1 has two samples, class 1: v at the mouth
    samples = Samples(values, np.array([0, 1, 1, 2]), np.array([0, 1, 1, 0]))
    plain = Normalisation(np.zeros(2, np.float32), np.ones(2, np.float32))
    cam, rollout = clip_maps(Checkpoint(Pointing(), plain, {}), samples, np.array([0, 1, 0]))
    assert rollout is None
    assert cam.shape == (3, 28, 28)
    assert cam[0].max() == cam[1].max() == 1
    assert cam[0, 4:8, 8:20].min() > 0.5
    assert cam[1, 20:24, 8:20].min() > 0.5
    outside = np.ones((28, 28), bool)
    outside[3:9, 7:21] = False
    assert cam[0][outside].max() == 0
    assert not cam[2].any()  # nothing moved: nothing speaks for a class


def test_scaling_keeps_an_empty_map_empty() -> None:
    maps = scaled(torch.stack([torch.zeros(14, 14), torch.full((14, 14), 5.0)]))
    assert maps.shape == (2, 28, 28)
    assert not maps[0].any()
    assert (maps[1] == 1).all()
