"""Movements of the 68 landmarks that speak of Action Units, head motion removed.

Every frame's landmarks are laid on the eye corners and nose bridge (a similarity transform per
frame), so what is left moved on the face. Measures are in inter-ocular distances, signed so that
larger means more of the AU; they carry the person's own proportions and mean something only
against the person's own neutral baseline. Works on the landmarks of any analyzer.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

RIGID = (36, 39, 42, 45, 27, 28, 29)  # eye corners and nose bridge: no expression moves them much


def face_frame(landmarks: Array) -> Array:
    """(n, 68, 2) px -> the same points with the eyes' centre at 0, x along the eyes, unit = IOD.

    The transform is the least-squares similarity of the rigid points to their median shape
    (Umeyama 1991, closed form in the complex plane). v (down) stays positive.
    """
    z = landmarks[..., 0] + 1j * landmarks[..., 1]
    reference = _upright(np.median(z, axis=0))
    rigid = z[:, RIGID]
    centre = rigid.mean(axis=1, keepdims=True)
    target = reference[list(RIGID)]
    centred = rigid - centre
    offset = target.mean()
    turn = (np.conj(centred) * (target - offset)).sum(axis=1, keepdims=True)
    turn = turn / (np.abs(centred) ** 2).sum(axis=1, keepdims=True)
    placed = (z - centre) * turn + offset
    return np.stack([placed.real, placed.imag], axis=-1)


def _upright(z: NDArray[np.complex128]) -> NDArray[np.complex128]:
    right, left = z[[36, 39]].mean(), z[[42, 45]].mean()
    return np.asarray((z - (right + left) / 2) / (left - right), dtype=np.complex128)


def measures(landmarks: Array) -> Mapping[str, Array]:
    """AU name -> float64 (n,) in inter-ocular distances, from landmarks (n, 68, 2) px."""
    p = face_frame(landmarks)
    x, y = p[..., 0], p[..., 1]
    inner_brow = -y[:, [20, 21, 22, 23]].mean(axis=1)
    outer_brow = -y[:, [17, 18, 25, 26]].mean(axis=1)
    brow_gap = x[:, [22, 23]].mean(axis=1) - x[:, [20, 21]].mean(axis=1)
    lids = y[:, [40, 41, 46, 47]].mean(axis=1) - y[:, [37, 38, 43, 44]].mean(axis=1)
    corners = y[:, [48, 54]].mean(axis=1)
    width = x[:, 54] - x[:, 48]
    upper_lip = y[:, [50, 51, 52]].mean(axis=1)
    lips = y[:, [65, 66, 67]].mean(axis=1) - y[:, [61, 62, 63]].mean(axis=1)
    return {
        "AU01": inner_brow,
        "AU02": outer_brow,
        "AU04": -inner_brow - brow_gap,
        "AU05": lids,
        "AU07": -lids,
        "AU09": -y[:, [31, 32, 34, 35]].mean(axis=1),
        "AU10": -upper_lip,
        "AU12": width - corners,
        "AU15": corners,
        "AU20": width,
        "AU23": -width - lips,
        "AU25": lips,
        "AU26": y[:, [7, 8, 9]].mean(axis=1),
    }
