"""Self-attention over tokens: one head, several heads, and heads that pause in training."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class AttentionSettings:
    """The paper's list of hyper-parameters, as far as attention goes."""

    heads: int = 4
    qkv_bias: bool = True
    attention_dropout: float = 0.3
    head_dropout: float = 0.3


PAPER = AttentionSettings()


def attention_weights(q: Tensor, k: Tensor) -> Tensor:
    """softmax(Q K^T / sqrt(d_k)): [..., n, d_k] twice -> [..., n, n], rows sum to 1.

    Equations 3 to 6; the softmax is the one in equation 2.
    """
    qk_scale = q.shape[-1] ** -0.5  # eq. 4; d_k = chan / num_heads (eq. 6) with several heads
    a: Tensor = q * qk_scale @ k.transpose(-2, -1)  # eq. 3; a head's own, eq. 5
    return a.softmax(dim=-1)


def attention(q: Tensor, k: Tensor, v: Tensor, dropout: float = 0.0) -> Tensor:
    """Attention(Q, K, V) of equation 2, for any number of leading axes: [..., n, d_k].

    A head's slice of the last axis makes it equations 5-7. `dropout` drops weights after the
    softmax and scales up the rest. torch's fused attention is used where it is the faster: on a
    GPU always, on a processor in float32 without dropout. With it, drawing the mask was a third of
    the time; in bfloat16 forward and backward took more than twice as long.
    """
    on_processor = q.device.type == "cpu"
    if on_processor and dropout:
        return attention_weights(q, k) * _kept(q, k, dropout) @ (v * (1 / (1 - dropout)))
    if on_processor and q.dtype != torch.float32:
        return attention_weights(q, k) @ v
    fused: Tensor = nn.functional.scaled_dot_product_attention(q, k, v, dropout_p=dropout)
    return fused


def _kept(q: Tensor, k: Tensor, dropout: float) -> Tensor:
    """bool [..., n, n]: true with probability 1 - `dropout`, to the nearest 1 / 65536.

    Four masks come out of one 64-bit number; a Bernoulli draw for each costs seven times as much.
    """
    shape = (*q.shape[:-1], k.shape[-2])
    numbers = torch.empty(-(-math.prod(shape) // 4), dtype=torch.int64).random_(-(2**63), None)
    drawn = numbers.view(torch.int16)[: math.prod(shape)].view(shape)  # -32768 .. 32767, all alike
    return drawn >= round(dropout * 2**16) - 2**15


class HeadDropout(nn.Module):
    """With probability `rate` a sample loses the output of one head, any of them alike.

    [b, heads, n, d_k] -> the same. In training only. What stays is not scaled up: the paper names
    a "HeadDropOut" of rate 0.3 and no more, and a head is seen off in 0.3 / 4 of all cases.
    """

    def __init__(self, rate: float = 0.3) -> None:
        super().__init__()
        if not 0 <= rate <= 1:
            raise ValueError(f"a rate is between 0 and 1, not {rate}")
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        samples, heads = x.shape[:2]
        # One number a sample decides both: below the rate it falls into one of `heads` equal bins.
        chance = torch.rand(samples, 1, device=x.device)
        lost = (chance * (heads / self.rate)).floor()  # which head, or a number beyond the last
        kept = lost != torch.arange(heads, device=x.device)  # [b, heads]
        return x * kept[:, :, None, None].to(x.dtype)


class MultiHeadAttention(nn.Module):
    """Multi-head self-attention (equations 2-7; one head: 2-4). [b, n, dim] -> the same.

    Queries, keys and values come from one linear layer; its width is divided among the heads.
    """

    def __init__(self, dim: int = 512, settings: AttentionSettings = PAPER) -> None:
        super().__init__()
        if dim % settings.heads:
            raise ValueError(f"{dim} channels cannot be divided among {settings.heads} heads")
        if not 0 <= settings.attention_dropout < 1:
            raise ValueError(f"attention dropout of {settings.attention_dropout} leaves nothing")
        self.heads = settings.heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=settings.qkv_bias)
        self.attention_dropout = settings.attention_dropout
        self.head_dropout = HeadDropout(settings.head_dropout)
        self.project = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(x)
        dropout = self.attention_dropout if self.training else 0.0
        heads = self.head_dropout(attention(q, k, v, dropout))  # eq. 5-7: [b, heads, n, d_k]
        joined: Tensor = self.project(heads.transpose(1, 2).flatten(2))
        return joined

    def split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of each head: [b, n, dim] -> 3 x [b, heads, n, dim / heads]."""
        q, k, v = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return q, k, v

    def weights(self, x: Tensor) -> Tensor:
        """Who attends to whom, for a person to look at: [b, n, dim] -> [b, heads, n, n]."""
        q, k, _ = self.split(x)
        return attention_weights(q, k)
