"""What optical flow must keep to: brightness that moves and does not change (equations 33-36).

Pictures are float64 [h, w], one frame apart; u is +right, v is +down, in px a frame; the time
between the frames is 1. These judge a flow field; they do not find one (`mexlab.vision.flow` does).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

Image = NDArray[np.float64]


class Derivatives(NamedTuple):
    """I_x, I_y and I_t, each [h, w]."""

    x: Image
    y: Image
    t: Image


def derivatives(first: Image, second: Image) -> Derivatives:
    """Partial derivatives of brightness: central in space on the frames' mean, and over time.

    Both are taken half-way between the frames, where their errors are of second order.
    """
    between = (first + second) / 2
    return Derivatives(
        x=np.gradient(between, axis=1), y=np.gradient(between, axis=0), t=second - first
    )


def brightness_change(first: Image, second: Image, u: Image, v: Image) -> Image:
    """I(x + u, y + v, t + 1) - I(x, y, t): zero where equation 33 holds.

    The second frame is read between its pixels by cubic splines, and repeats at its border.
    """
    y, x = np.indices(first.shape, dtype=np.float64)
    return map_coordinates(second, [y + v, x + u], order=3, mode="nearest") - first


def taylor(first: Image, by: Derivatives, u: Image, v: Image) -> Image:
    """I + I_x u + I_y v + I_t: equation 34 without its epsilon, the time step being 1."""
    return first + by.x * u + by.y * v + by.t


def constraint(by: Derivatives, u: Image, v: Image) -> Image:
    """I_x u + I_y v + I_t of equation 36: zero for the true flow, as far as it is small.

    The step without a number before it, u = dx / dt and v = dy / dt, is the missing equation 35.
    """
    return by.x * u + by.y * v + by.t
