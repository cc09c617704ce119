"""Long short-term memory: one step written out, and what a whole clip leaves behind."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence


def lstm_step(
    x: Tensor, hidden: Tensor, cell: Tensor, weight: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor]:
    """h_t and C_t of one LSTM cell (equations 29-32).

    x [b, inputs], hidden and cell [b, n], weight [4n, n + inputs] the rows of W_i, W_f, W_c, W_o in
    torch's order, bias [4n]. torch.nn.LSTM does the same, with W split in two and two biases; the
    models use it because it is fast.
    """
    joined = torch.cat([hidden, x], dim=1)  # [h_{t-1}, x_t]
    i, f, candidate, o = (joined @ weight.T + bias).chunk(4, dim=1)
    f, i = f.sigmoid(), i.sigmoid()  # eq. 29, 30
    cell = f * cell + i * candidate.tanh()  # eq. 30, 31
    hidden = o.sigmoid() * cell.tanh()  # eq. 32
    return hidden, cell


class LastHidden(nn.LSTM):
    """An LSTM's hidden state after the last frame of each clip (equations 29-32).

    [b, t, inputs], lengths int64[b] -> [b, hidden]. What lies behind a clip's length is not read;
    without lengths all clips are t frames long.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden, batch_first=True)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:  # type: ignore[override]
        if lengths is None:
            _, (last, _) = super().forward(x)
        else:
            # Packing wants lengths on the processor, whatever the device.
            packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
            _, (last, _) = super().forward(packed)
        state: Tensor = last[0]
        return state
