"""What a flow field is, the grey pictures it is made from, and its reduction to the stored grid."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from mexlab.tables import FLOW_SIDE
from mexlab.vision.video import Grey, Image

Flow = NDArray[np.float32]  # (2, height, width): u then v

FlowMethod = Callable[[Grey, Grey], Flow]


def grey(image: Image) -> Grey:
    """Luma of an RGB picture."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def reduced(field_px: Flow, iod_px: float) -> Flow:
    """Flow in crop px -> float32 (2, 28, 28) area means, percent of the inter-ocular distance."""
    # OpenCV's own fields have u and v side by side: seen so, nothing is copied.
    field = np.moveaxis(field_px, 0, -1)
    cells = cv2.resize(field, (FLOW_SIDE, FLOW_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(np.moveaxis(cells, -1, 0) * (100 / iod_px), dtype=np.float32)
