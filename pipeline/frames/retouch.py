"""What may be done to the pictures before they are stored and their flow is taken; off by default.

Denoising looks at one picture at a time. Illumination is normalised by one mapping for all pictures
of a clip: a mapping of its own for each would turn a flicker of the light into movement, or a
movement into a flicker. Both change picture and luma alike, so that the stored flow is that of the
stored pictures.
"""

from collections.abc import Callable, Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from mexlab.vision.planes import FacePicture
from mexlab.vision.video import Grey

BILATERAL_PX = 5  # diameter of the neighbourhood
BILATERAL_GREY = 12.0  # what differs by more is an edge: two to four times a webcam's noise
BILATERAL_SIGMA_PX = 1.5

FACE = (0.2, 0.8)  # of the crop's side: the light on the face counts, not that behind it
DARK, LIGHT = 1, 99  # percentiles of the face's luma that are brought to
DARK_LEVEL, LIGHT_LEVEL = 25, 230  # these levels
MAX_GAIN, MIN_GAIN = 4.0, 0.5  # more would show the noise of a dark recording

Denoiser = Callable[[FacePicture], FacePicture]
Levels = NDArray[np.uint8]  # (256,): the new level of each
Illumination = Callable[[Iterable[Grey]], Levels]


def bilateral(face: FacePicture) -> FacePicture:
    """The bilateral filter (Tomasi and Manduchi, ICCV 1998), set gently: edges keep their place."""
    both = (
        cv2.bilateralFilter(part, BILATERAL_PX, BILATERAL_GREY, BILATERAL_SIGMA_PX)
        for part in (face.bgr, face.luma)
    )
    bgr, luma = (np.asarray(part, np.uint8) for part in both)
    return FacePicture(bgr, luma)


def stretch(lumas: Iterable[Grey]) -> Levels:
    """Linear contrast stretch over a clip: its face's 1st and 99th percentile to fixed levels.

    One gain and one offset for luma and each colour, so that hues stay.
    """
    counts = np.zeros(256)
    for luma in lumas:
        low, high = (round(share * len(luma)) for share in FACE)
        counts += np.bincount(luma[low:high, low:high].ravel(), minlength=256)
    shares = np.array([DARK, LIGHT]) / 100 * counts.sum()
    dark, light = np.searchsorted(np.cumsum(counts), shares).astype(float)
    gain = np.clip((LIGHT_LEVEL - DARK_LEVEL) / max(light - dark, 1), MIN_GAIN, MAX_GAIN)
    levels = (DARK_LEVEL + LIGHT_LEVEL) / 2 + gain * (np.arange(256) - (dark + light) / 2)
    return np.asarray(np.clip(np.round(levels), 0, 255), dtype=np.uint8)


def mapped(face: FacePicture, levels: Levels) -> FacePicture:
    """Both pictures with their levels replaced."""
    bgr, luma = (np.asarray(cv2.LUT(part, levels), np.uint8) for part in (face.bgr, face.luma))
    return FacePicture(bgr, luma)


DENOISERS: dict[str, Denoiser | None] = {"off": None, "bilateral": bilateral}
ILLUMINATIONS: dict[str, Illumination | None] = {"off": None, "stretch": stretch}
