"""The paper's equations in plain numpy, float64: slow, and written from the page, not the code."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import erf
from torch import nn

Array = NDArray[np.float64]


def values(tensor: torch.Tensor) -> Array:
    """A tensor's numbers as float64."""
    return tensor.detach().numpy().astype(np.float64)


def random_tensor(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def scatter(module: nn.Module, seed: int = 1) -> None:
    """Every parameter at random, so that none hides behind a zero or a one."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(-0.5, 0.5, generator=generator)


def sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def softmax(row: Array) -> Array:
    grown = np.exp(row)
    return np.asarray(grown / grown.sum())


def linear(layer: nn.Linear, x: Array) -> Array:
    bias = 0 if layer.bias is None else values(layer.bias)
    return np.asarray(x @ values(layer.weight).T + bias)


def layer_norm(layer: nn.LayerNorm, x: Array) -> Array:
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    scaled = (x - mean) / np.sqrt(variance + layer.eps)
    return np.asarray(values(layer.weight) * scaled + values(layer.bias))


def gelu(x: Array) -> Array:
    return np.asarray(x * (1 + erf(x / np.sqrt(2))) / 2)


def attention(q: Array, k: Array, v: Array) -> Array:
    """Equations 2 to 4 for one sample and one head, row by row: [n, d_k] each."""
    d_k = k.shape[1]
    out = np.zeros_like(v)
    for i in range(len(q)):
        row = np.array([(q[i] * k[j]).sum() / np.sqrt(d_k) for j in range(len(k))])
        out[i] = sum(weight * v[j] for j, weight in enumerate(softmax(row)))
    return out


def multi_head(qkv: nn.Linear, project: nn.Linear, heads: int, x: Array) -> Array:
    """Equations 5 to 7 and the joining of figure 12, for one sample: [n, chan]."""
    chan = x.shape[1]
    d_k = chan // heads  # eq. 6
    q, k, v = np.split(linear(qkv, x), 3, axis=1)
    parts = [slice(head * d_k, (head + 1) * d_k) for head in range(heads)]
    joined = np.concatenate([attention(q[:, s], k[:, s], v[:, s]) for s in parts], axis=1)
    return linear(project, joined)


def windows(x: Array, size: int, outside: float) -> Iterator[tuple[int, int, Array]]:
    """(row, column, the `size` x `size` places around it) of a map [c, h, w]."""
    reach = size // 2
    padded = np.pad(x, ((0, 0), (reach, reach), (reach, reach)), constant_values=outside)
    for row in range(x.shape[1]):
        for column in range(x.shape[2]):
            yield row, column, padded[:, row : row + size, column : column + size]


def convolve(layer: nn.Conv2d, x: Array) -> Array:
    """A convolution with stride 1 that keeps the size: [c, h, w] -> [outputs, h, w]."""
    kernel = values(layer.weight)  # [outputs, inputs per group, k, k]
    bias = np.zeros(len(kernel)) if layer.bias is None else values(layer.bias)
    width, per_group = kernel.shape[1], len(kernel) // layer.groups
    out = np.zeros((len(kernel), *x.shape[1:]))
    for row, column, seen in windows(x, kernel.shape[2], 0):
        for o in range(len(kernel)):
            first = o // per_group * width
            out[o, row, column] = (seen[first : first + width] * kernel[o]).sum() + bias[o]
    return out


def max_pool(x: Array) -> Array:
    """The largest of 3 x 3 places, stride 1."""
    out = np.zeros_like(x)
    for row, column, seen in windows(x, 3, -np.inf):
        out[:, row, column] = seen.max(axis=(1, 2))
    return out
