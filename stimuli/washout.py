"""The washout: mid-grey with a black fixation cross, shown before each scene.

One function draws it, so that what is built and what is looked for in the built film are the same.
Luma is in video range, 16..235.
"""

import numpy as np
from numpy.typing import NDArray

GREY, BLACK = 126, 16
CROSS_FRACTION = 10  # the cross spans a tenth of the height

Luma = NDArray[np.uint8]  # (height, width)


def washout_picture(width: int, height: int) -> Luma:
    """The luma of the washout, uint8 (height, width); its chroma is neutral everywhere."""
    picture = np.full((height, width), GREY, dtype=np.uint8)
    arm, half = max(height // CROSS_FRACTION // 2, 6), max(height // 160, 2)
    y, x = height // 2, width // 2
    picture[y - half : y + half, x - arm : x + arm] = BLACK
    picture[y - arm : y + arm, x - half : x + half] = BLACK
    return picture


def yuv420p(luma: Luma) -> bytes:
    """A picture without colour as the bytes of a yuv420p frame."""
    return luma.tobytes() + bytes([128]) * (luma.size // 2)
