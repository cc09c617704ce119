"""Reading a picture at places between its pixels, and the two pixel grids of the simulator.

The still is kept at OVER times the recording's size; the same place has px in both. Maps are
float32 (..., 2), x then y, px of whatever they are read from.
"""

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 640, 480  # px of the recording
OVER = 2  # the still's size over the recording's

Floats = NDArray[np.float32]
Picture = TypeVar("Picture", NDArray[np.uint8], NDArray[np.float32])

_ONE_MAP = np.empty(0, np.float32)  # says that x and y stand in the first map


def sampled(
    picture: Picture,
    where: Floats,
    interpolation: int = cv2.INTER_LINEAR,
    border: int = cv2.BORDER_REPLICATE,
) -> Picture:
    """The picture read at `where`, in its own dtype; black outside with BORDER_CONSTANT."""
    read = cv2.remap(picture, where, _ONE_MAP, interpolation, borderMode=border)
    return np.asarray(read, dtype=picture.dtype)


def to_still(points: Floats) -> Floats:
    """Px of the recording to px of the still: pixel centres, hence the half pixels."""
    return np.asarray(points * OVER + (OVER - 1) / 2, dtype=np.float32)


def to_frame(points: Floats) -> Floats:
    """Px of the still to px of the recording."""
    return np.asarray((points - (OVER - 1) / 2) / OVER, dtype=np.float32)


def resized(picture: Picture, width: int, height: int, interpolation: int) -> Picture:
    """`cv2.resize` that keeps its dtype in the eyes of the type checker too."""
    size = (width, height)
    return np.asarray(cv2.resize(picture, size, interpolation=interpolation), dtype=picture.dtype)
