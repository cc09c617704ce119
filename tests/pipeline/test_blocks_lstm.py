"""The LSTM's equations 29-32 by hand, against one step of ours and torch's own."""

import numpy as np
import torch
from torch import nn

from pipeline.training.blocks.lstm import LastHidden, lstm_step
from tests.pipeline.by_hand import Array, random_tensor, sigmoid, values


def _by_hand(x: Array, h: Array, c: Array, w: dict[str, Array], b: dict[str, Array]) -> list[Array]:
    joined = np.concatenate([h, x])  # [h_{t-1}, x_t]
    f = sigmoid(w["f"] @ joined + b["f"])  # eq. 29
    i = sigmoid(w["i"] @ joined + b["i"])  # eq. 30
    candidate = np.tanh(w["c"] @ joined + b["c"])
    c = f * c + i * candidate  # eq. 31
    o = sigmoid(w["o"] @ joined + b["o"])  # eq. 32
    return [o * np.tanh(c), c]


def test_a_clip_is_equations_29_to_32_step_by_step() -> None:
    torch.manual_seed(0)
    lstm = nn.LSTM(5, 3, batch_first=True)
    weight = torch.cat([lstm.weight_hh_l0, lstm.weight_ih_l0], dim=1)
    bias = lstm.bias_hh_l0 + lstm.bias_ih_l0
    w = dict(zip("ifco", np.split(values(weight), 4), strict=True))
    b = dict(zip("ifco", np.split(values(bias), 4), strict=True))
    x = random_tensor(2, 7, 5)
    hidden, cell = torch.zeros(2, 3), torch.zeros(2, 3)
    expected = [[np.zeros(3), np.zeros(3)] for _ in range(2)]
    for t in range(7):
        hidden, cell = lstm_step(x[:, t], hidden, cell, weight, bias)
        for sample in range(2):
            expected[sample] = _by_hand(values(x[sample, t]), *expected[sample], w, b)
            np.testing.assert_allclose(values(hidden[sample]), expected[sample][0], atol=1e-5)
            np.testing.assert_allclose(values(cell[sample]), expected[sample][1], atol=1e-5)
    _, (last, memory) = lstm(x)
    np.testing.assert_allclose(values(last[0]), values(hidden), atol=1e-5)
    np.testing.assert_allclose(values(memory[0]), values(cell), atol=1e-5)


def test_last_hidden_stops_at_each_clip_s_length() -> None:
    torch.manual_seed(0)
    block = LastHidden(5, 3)
    x = random_tensor(4, 6, 5)
    lengths = torch.tensor([2, 6, 1, 4])
    together = block(x, lengths)
    for sample, length in enumerate(lengths.tolist()):
        alone = block(x[sample : sample + 1, :length])
        np.testing.assert_allclose(values(together[sample]), values(alone[0]), atol=1e-6)
    x[0, 2:] = torch.nan  # behind the clip's end
    assert torch.equal(block(x, lengths), together)


def test_without_lengths_clips_are_whole() -> None:
    block, x = LastHidden(5, 3), random_tensor(2, 6, 5)
    torch.testing.assert_close(block(x), block(x, torch.tensor([6, 6])))
