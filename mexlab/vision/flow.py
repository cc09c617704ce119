"""Optical flow between two face crops, in percent of the inter-ocular distance on a 28 x 28 grid.

u is positive to the right, v downwards; a horizontal flip of the picture therefore negates u.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from mexlab.tables import FLOW_SIDE
from mexlab.vision.video import Grey, Image

Flow = NDArray[np.float32]  # (2, height, width): u then v

FlowMethod = Callable[[Grey, Grey], Flow]


def farneback(first: Grey, second: Grey) -> Flow:
    """Dense flow in px by Farnebäck's polynomial expansion (SCIA 2003)."""
    field = cv2.calcOpticalFlowFarneback(
        first,
        second,
        np.empty((*first.shape, 2), np.float32),
        pyr_scale=0.5,
        levels=3,
        winsize=15,
        iterations=3,
        poly_n=5,
        poly_sigma=1.2,
        flags=0,
    )
    return np.asarray(np.moveaxis(field, -1, 0), dtype=np.float32)


FLOW_METHODS: dict[str, FlowMethod] = {"farneback": farneback}


def grey(image: Image) -> Grey:
    """Luma of an RGB picture."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def reduced(field_px: Flow, iod_px: float) -> Flow:
    """Flow in crop px -> float32 (2, 28, 28) area means, percent of the inter-ocular distance."""
    side = (FLOW_SIDE, FLOW_SIDE)
    cells = [cv2.resize(part, side, interpolation=cv2.INTER_AREA) for part in field_px]
    return np.asarray(np.stack(cells) * (100 / iod_px), dtype=np.float32)
