"""The face as an upright square: one similarity transform, fixed for a clip.

One transform per clip, never one per frame: a crop that follows the landmarks would cancel the
movement it should show, or fake one. Landmarks are the 68 points of the iBUG convention, px of
the upright recording.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mexlab.vision.video import Image

RIGHT_EYE_CORNERS = (36, 39)  # the participant's right eye, on the image's left
LEFT_EYE_CORNERS = (42, 45)

Points = NDArray[np.floating]


def eye_centres(landmarks: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Middles of the eye corners, image-left eye first; (..., 68, 2) -> two (..., 2).

    Corners and not lids: a blink must not move them.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    return (
        points[..., RIGHT_EYE_CORNERS, :].mean(axis=-2),
        points[..., LEFT_EYE_CORNERS, :].mean(axis=-2),
    )


def interocular_px(landmarks: Points) -> NDArray[np.float64]:
    """Distance between the eye centres in px; (..., 68, 2) -> (...)."""
    right, left = eye_centres(landmarks)
    return np.asarray(np.linalg.norm(left - right, axis=-1))


def similarity(source: Points, target: Points) -> NDArray[np.float64]:
    """float64 (2, 3): the least-squares turn, scale and shift of points (n, 2) onto points (n, 2).

    Umeyama (1991), in closed form in the complex plane.
    """
    z, w = source @ (1, 1j), target @ (1, 1j)
    centred = z - z.mean()
    turn = (np.conj(centred) * (w - w.mean())).sum() / (np.abs(centred) ** 2).sum()
    shift = w.mean() - turn * z.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


@dataclass(frozen=True)
class FaceCrop:
    """`matrix` float64 (2, 3) maps recording px to crop px; `iod_px` is measured in the crop."""

    matrix: NDArray[np.float64]
    size: int
    iod_px: float

    def apply(self, image: Image) -> Image:
        """uint8 (height, width, 3) -> (size, size, 3); outside the picture edges are repeated."""
        return self.plane(image)

    def plane(self, plane: NDArray[np.uint8], px: tuple[float, float] = (1, 1)) -> Image:
        """uint8 (rows, columns) or (rows, columns, channels), of pixels `px` wide and high -> crop.

        A plane of colour has one pixel for several of the recording; they lie in the middle of
        those. Shrinking goes through a larger crop that is then area-averaged, against aliasing;
        colour, which is smooth, is shrunk by less than two without.
        """
        wide, high = px
        # Pixel centres: column c of the plane lies at (c + 0.5) * wide - 0.5 of the recording.
        matrix = self.matrix * (wide, high, 1)
        matrix[:, 2] += self.matrix[:, :2] @ ((wide - 1) / 2, (high - 1) / 2)
        (a, b), (c, d) = matrix[:, :2]
        scale = float(np.sqrt(abs(a * d - b * c)))
        over = max(1, min(4, round(1 / scale) if px == (1, 1) else int(1 / scale)))
        side = self.size * over
        matrix *= over
        matrix[:, 2] += 0.5 * over - 0.5
        large = cv2.warpAffine(
            plane, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        if over == 1:
            return np.asarray(large, dtype=np.uint8)
        small = cv2.resize(large, (self.size, self.size), interpolation=cv2.INTER_AREA)
        return np.asarray(small, dtype=np.uint8)

    def points(self, points: Points) -> NDArray[np.float64]:
        """Recording px (..., 2) to crop px."""
        return np.asarray(points @ self.matrix[:, :2].T + self.matrix[:, 2])


def face_crop(landmarks: Points, size: int = 224, margin: float = 1.3) -> FaceCrop:
    """The crop for a clip from its faces' landmarks, float (frames, 68, 2), frames >= 1.

    Upright by the eyes; the square stands on the landmarks' bounding box (median over the clip)
    and its side is the box's longer side times `margin`.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    right, left = (np.median(centre, axis=0) for centre in eye_centres(points))
    angle = np.arctan2(left[1] - right[1], left[0] - right[0])
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    turned = points @ turn.T
    low = np.median(turned.min(axis=1), axis=0)
    high = np.median(turned.max(axis=1), axis=0)
    scale = size / (float((high - low).max()) * margin)
    linear = scale * turn
    offset = (size - 1) / 2 - scale * (low + high) / 2
    matrix = np.column_stack([linear, offset])
    iod = float(np.median(interocular_px(points))) * scale
    return FaceCrop(matrix, size, iod)
