"""A decoded frame's face in colour and as luma, cut from the planes as they were recorded.

Luma and colour differences are cropped each for itself and become colour at the crop's size, which
takes a third of the time of turning whole frames into RGB first. What is neither 8-bit nor planar
YUV goes that longer way.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from mexlab.vision.crop import FaceCrop
from mexlab.vision.video import Frame, Grey, Image, upright

# Pixel format -> how many px of the recording a sample of colour is wide and high.
PLANAR = {
    "yuv420p": (2, 2), "yuvj420p": (2, 2), "yuv422p": (2, 1), "yuvj422p": (2, 1),
    "yuv444p": (1, 1), "yuvj444p": (1, 1),
}  # fmt: skip
# FFmpeg's number of a colour space -> (Kr, Kb): BT.709, SMPTE 240M, BT.2020; else BT.601.
LUMA_WEIGHTS = {1: (0.2126, 0.0722), 7: (0.212, 0.087), 9: (0.2627, 0.0593)}
BT601 = (0.299, 0.114)
FULL_RANGE = 2  # FFmpeg's number


@dataclass(frozen=True)
class FacePicture:
    """The crop, uint8: `bgr` (size, size, 3) in OpenCV's order, `luma` (size, size) of 0 to 255."""

    bgr: Image
    luma: Grey


def face_of(crop: FaceCrop, picture: Frame | Image) -> FacePicture:
    """The face in a decoded frame, or in an upright RGB picture uint8 (height, width, 3)."""
    if isinstance(picture, Frame):
        if picture.picture.format.name in PLANAR:
            return _from_planes(crop, picture)
        picture = picture.rgb()
    face = crop.apply(picture)
    bgr = cv2.cvtColor(face, cv2.COLOR_RGB2BGR)
    luma = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    return FacePicture(np.asarray(bgr, np.uint8), np.asarray(luma, np.uint8))


def _from_planes(crop: FaceCrop, frame: Frame) -> FacePicture:
    picture = frame.picture
    name, turn = picture.format.name, round(picture.rotation / 90)
    wide, high = PLANAR[name]
    px = (high, wide) if turn % 2 else (wide, high)
    luma, *colour = (_plane(frame, index) for index in range(3))
    cut = [crop.plane(luma), *(crop.plane(part, px) for part in colour)]
    full = name.startswith("yuvj") or int(picture.color_range) == FULL_RANGE
    to_bgr, to_luma = _conversion(LUMA_WEIGHTS.get(int(picture.colorspace), BT601), full)
    bgr = cv2.transform(cv2.merge(cut), to_bgr)
    return FacePicture(
        np.asarray(bgr, np.uint8), cut[0] if full else np.asarray(cv2.LUT(cut[0], to_luma))
    )


def _plane(frame: Frame, index: int) -> Grey:
    """One plane without its padding, upright; a view of the decoder's memory where it can be."""
    plane = frame.picture.planes[index]
    rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
    part = rows[:, : plane.width]
    return upright(part, int(frame.picture.rotation)) if frame.picture.rotation else part


@cache
def _conversion(
    weights: tuple[float, float], full: bool
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """(Y, Cb, Cr, 1) -> B, G, R as a (3, 4) matrix, and luma as a table of 256; ITU-R BT.601-7."""
    kr, kb = weights
    kg = 1 - kr - kb
    luma, colour = (1.0, 1.0) if full else (255 / 219, 255 / 224)
    black = 0 if full else 16
    cb = np.array([2 * (1 - kb), -2 * kb * (1 - kb) / kg, 0]) * colour
    cr = np.array([0, -2 * kr * (1 - kr) / kg, 2 * (1 - kr)]) * colour
    matrix = np.stack([np.full(3, luma), cb, cr, -luma * black - 128 * (cb + cr)], axis=1)
    levels = np.round((np.arange(256) - black) * luma)
    return matrix, np.clip(levels, 0, 255).astype(np.uint8)
