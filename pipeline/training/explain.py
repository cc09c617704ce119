"""Where a network looks: Grad-CAM over the last map, attention rollout where there is attention.

Grad-CAM (Selvaraju et al., "Grad-CAM: Visual explanations from deep networks via gradient-based
localization", ICCV 2017) says which places speak for a class. Attention rollout (Abnar and
Zuidema, "Quantifying attention flow in transformers", ACL 2020) says which places the tokens draw
on, for whatever class.

A head that lays all places side by side (preset `paper`) weighs each place of its own; Grad-CAM's
mean over places is then a coarse summary, as its authors' is for any head beyond pooling.

Both are computed in float32 on the processor, in evaluation mode: the same input gives the same
map.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline.training.blocks.attention import MultiHeadAttention
from pipeline.training.blocks.transformer import TransformerBlock
from pipeline.training.checkpoint import Checkpoint
from pipeline.training.data import Samples
from pipeline.training.loader import Batch, Loader
from pipeline.training.models import INPUT_SIDE

Maps = NDArray[np.float32]  # [n, 28, 28], each from 0 to 1
BATCH_SAMPLES = 16


def grad_cam(
    model: Any, x: Tensor, wanted: Tensor, lengths: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """(maps float32 [b, h, w] not below 0, logits [b, classes]) for the classes `wanted` int64[b].

    L = ReLU(sum over k of a_k A_k), where A is the last map before the head and a_k the mean over
    its places of d logit / d A_k (equations 1 and 2 of Selvaraju et al.). A clip's map is the mean
    over its frames of each frame's own.
    """
    given = () if lengths is None else (lengths,)
    with torch.no_grad():
        found = model.features(x, *given)
    found = found.detach().requires_grad_()
    with torch.enable_grad():
        logits = model.classify(found, *given)
        chosen = logits.gather(1, wanted[:, None]).sum()  # samples do not mix: one call for all
        (slope,) = torch.autograd.grad(chosen, found)
    weight = slope.mean(dim=(-2, -1), keepdim=True)
    maps = (weight * found.detach()).sum(dim=-3).relu()
    return _mean_over_frames(maps, lengths), logits.detach()


@torch.no_grad()
def attention_rollout(model: Any, x: Tensor, lengths: Tensor | None = None) -> Tensor | None:
    """How much each place is drawn on, float32 [b, h, w]; None where there is no plain attention.

    The product over the blocks of (W + I) / 2, W the mean over heads of a block's attention, the I
    for the way round it; then the mean over the tokens that look. [b, t, ...] gives the mean over a
    clip's frames.
    """
    attending = _attention_layers(model)
    if not attending:
        return None
    with _inputs_of(attending) as seen:
        model.features(x, *(() if lengths is None else (lengths,)))
    rolled: Tensor | None = None
    for layer, tokens in zip(attending, seen, strict=True):
        weights = layer.weights(tokens).mean(dim=1)  # [frames, n, n]
        step = (weights + torch.eye(weights.shape[-1], device=weights.device)) / 2
        rolled = step if rolled is None else step @ rolled
    assert rolled is not None
    drawn_on = rolled.mean(dim=1)  # [frames, n]
    side = round(drawn_on.shape[1] ** 0.5)
    maps = drawn_on.reshape(-1, side, side)
    return maps if x.dim() == 4 else _per_clip(maps, x, lengths)


def clip_maps(
    checkpoint: Checkpoint, samples: Samples, wanted: NDArray[np.int64]
) -> tuple[Maps, Maps | None]:
    """(Grad-CAM, rollout or None) of each clip in `samples` for its class in `wanted` int64[clips].

    A clip's map is the mean over its samples, enlarged to 28 x 28 and scaled to 1 at its highest.
    Grad-CAM has a zero that means something; a rollout is never zero, so its lowest is made 0.
    """
    loader = Loader.of(samples, checkpoint.normalisation, torch.device("cpu"))
    classes = torch.from_numpy(wanted[samples.clip])
    cam, rollout = [], []
    for start in range(0, len(samples.clip), BATCH_SAMPLES):
        rows = np.arange(start, min(start + BATCH_SAMPLES, len(samples.clip)))
        batch: Batch = loader.batch(rows)
        cam.append(grad_cam(checkpoint.model, batch.x, classes[rows], batch.lengths)[0])
        rolled = attention_rollout(checkpoint.model, batch.x, batch.lengths)
        rollout += [] if rolled is None else [rolled]
    found = _mean_over_samples(torch.cat(cam), samples.clip, len(wanted))
    if not rollout:
        return scaled(found), None
    drawn_on = _mean_over_samples(torch.cat(rollout), samples.clip, len(wanted))
    return scaled(found), scaled(drawn_on - drawn_on.amin(dim=(1, 2), keepdim=True))


def scaled(maps: Tensor) -> Maps:
    """[n, h, w], nothing below 0 -> [n, 28, 28], the highest of each 1; all 0 where it was so."""
    size = (INPUT_SIDE, INPUT_SIDE)
    large = nn.functional.interpolate(maps[:, None], size, mode="bilinear")[:, 0]
    highest = large.amax(dim=(1, 2), keepdim=True)
    found: Maps = torch.where(highest > 0, large / highest, 0).numpy()
    return found


def _mean_over_samples(maps: Tensor, clip: NDArray[np.int64], clips: int) -> Tensor:
    place = torch.from_numpy(clip)
    total = torch.zeros(clips, *maps.shape[1:]).index_add_(0, place, maps.float())
    count = torch.bincount(place, minlength=clips).clamp(min=1)
    return total / count[:, None, None]


def _mean_over_frames(maps: Tensor, lengths: Tensor | None) -> Tensor:
    """[b, h, w] as it is; [b, t, h, w] -> [b, h, w]: frames behind a clip's length are zero."""
    if maps.dim() == 3:
        return maps
    count = maps.shape[1] if lengths is None else lengths.to(maps)[:, None, None]
    return maps.sum(dim=1) / count


def _per_clip(maps: Tensor, x: Tensor, lengths: Tensor | None) -> Tensor:
    """[frames within their clips' lengths, h, w] -> [b, h, w]."""
    clips, time = x.shape[:2]
    count = torch.full((clips,), time) if lengths is None else lengths.cpu()
    owner = torch.repeat_interleave(torch.arange(clips), count).numpy()
    return _mean_over_samples(maps, owner, clips)


def _attention_layers(model: nn.Module) -> Sequence[MultiHeadAttention]:
    """The blocks' attention in order; none where a block mixes its tokens in another way."""
    mixers = [part.mix for part in model.modules() if isinstance(part, TransformerBlock)]
    plain = [mixer for mixer in mixers if isinstance(mixer, MultiHeadAttention)]
    return plain if len(plain) == len(mixers) else ()


@contextmanager
def _inputs_of(layers: Sequence[nn.Module]) -> Iterator[list[Tensor]]:
    """What goes into each of `layers`, in order of the calls."""
    seen: list[Tensor] = []

    def note(_: nn.Module, given: tuple[Tensor, ...]) -> None:
        seen.append(given[0])

    handles = [layer.register_forward_pre_hook(note) for layer in layers]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()
