"""Dense inverse search: twice as fast as the default, half as exact on small movements."""

import cv2
import numpy as np

from mexlab.vision.flow.field import Flow
from mexlab.vision.video import Grey


def dis(first: Grey, second: Grey) -> Flow:
    """Dense flow in px by inverse search (Kroeger et al., ECCV 2016), OpenCV's medium preset."""
    # Made anew for each pair: what it kept of the pair before must not tell in the next.
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    field = search.calc(first, second, np.zeros((*first.shape, 2), np.float32))
    return np.asarray(np.moveaxis(field, -1, 0), dtype=np.float32)
