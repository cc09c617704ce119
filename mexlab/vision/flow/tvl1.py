"""TV-L1: what the field's papers on micro-expressions mostly use; a second or so a pair."""

import numpy as np

from mexlab.vision.flow.field import Flow
from mexlab.vision.video import Grey


def tvl1(first: Grey, second: Grey) -> Flow:
    """Dense flow in px by the duality-based TV-L1 method (Zach et al., DAGM 2007).

    scikit-image's, with its own defaults.
    """
    from skimage.registration import optical_flow_tvl1  # a second to import, and seldom wanted

    v, u = optical_flow_tvl1(first, second)  # rows first
    return np.asarray(np.stack([u, v]), dtype=np.float32)
