"""Farnebäck's method: the default."""

import cv2
import numpy as np

from mexlab.vision.flow.field import Flow
from mexlab.vision.video import Grey


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
