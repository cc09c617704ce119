"""The part of a flow field that a head moving as a whole explains, and the field without it."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from mexlab.vision.flow.field import Flow

ROUNDS = 10  # of reweighting; it has settled long before
TUKEY = 4.685  # standard deviations beyond which a cell has no weight (Tukey's biweight)
MAD_TO_SD = 1.4826
STILL = 1e-4  # spread of the residuals, percent of the inter-ocular distance, that is no noise
FACE_SHARE = 0.77  # of the crop's side: the landmarks' box at the margin 1.3


def without_head_motion(flow: Flow) -> Flow:
    """A reduced field (2, h, w) less the similarity that fits the face's cells best.

    Shift, turn and scaling (four numbers) are fitted to u and v together by least squares,
    reweighted by Tukey's biweight (Beaton and Tukey 1974): what an expression moves is an outlier
    and stays. Only the ellipse that the landmarks' box encloses is looked at, since the background
    does not move with the head; what is found there is taken from every cell.
    """
    design, inside = _design(*flow.shape[1:])
    moved = np.asarray(flow, dtype=np.float64).reshape(2, -1)
    wanted = np.concatenate([moved[0, inside], moved[1, inside]])
    seen = np.concatenate([design[0, inside], design[1, inside]])
    weight = np.ones(len(wanted) // 2)
    motion = np.zeros(4)
    for _ in range(ROUNDS):
        both = np.tile(weight, 2)
        motion = np.linalg.solve((seen.T * both) @ seen, (seen.T * both) @ wanted)
        away = np.hypot(*(wanted - seen @ motion).reshape(2, -1))
        spread = MAD_TO_SD * float(np.median(away))
        if spread < STILL:
            break
        weight = np.clip(1 - (away / (TUKEY * spread)) ** 2, 0, None) ** 2
    return np.asarray((moved - design @ motion).reshape(flow.shape), dtype=np.float32)


@cache
def _design(height: int, width: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """How shift (2), scaling and turn move each cell, (2, cells, 4); and which are of the face."""
    y, x = (part.ravel() for part in np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j])
    one, none = np.ones_like(x), np.zeros_like(x)
    design = np.stack([np.stack([one, none, x, -y], -1), np.stack([none, one, y, x], -1)])
    return design, np.hypot(x, y) <= FACE_SHARE
