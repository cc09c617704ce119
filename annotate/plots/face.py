"""The face as lines to draw: the outline of the 68 landmarks, and the regions that may move.

The 68 points are those of the iBUG convention; left and right are the participant's, so that
`brow_left` lies on the picture's right.
"""

from typing import Any, Final

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import Normal, Stroke
from numpy.typing import NDArray

from mexlab.emotions import REGIONS
from mexlab.vision.crop import eye_centres

Points = NDArray[np.float64]

# The 68 points as strokes: first, last, closed.
OUTLINE: Final = (
    (0, 16, False),
    (17, 21, False),
    (22, 26, False),
    (27, 30, False),
    (31, 35, False),
    (36, 41, True),
    (42, 47, True),
    (48, 59, True),
    (60, 67, True),
)

# A region is the hull of landmarks, each moved right and down by fractions of the inter-ocular
# distance along the face's own axes. The participant's right side; the left is its mirror image.
Anchor = tuple[int, float, float]
RIGHT_SIDE: Final[dict[str, tuple[Anchor, ...]]] = {
    "brow": tuple((k, 0.0, down) for k in range(17, 22) for down in (-0.13, 0.05)),
    "eye": (
        (36, -0.07, 0.0), (37, 0.0, -0.06), (38, 0.0, -0.06),
        (39, 0.05, 0.0), (40, 0.0, 0.08), (41, 0.0, 0.08),
    ),
    "cheek": (
        (41, -0.05, 0.17), (36, -0.12, 0.17), (2, 0.12, 0.0),
        (3, 0.14, 0.0), (48, -0.12, -0.05), (31, -0.14, -0.04), (39, 0.0, 0.3),
    ),
    "mouth": (
        (51, -0.01, -0.06), (50, 0.0, -0.07), (49, -0.02, -0.05), (48, -0.09, 0.0),
        (59, -0.02, 0.05), (58, 0.0, 0.06), (57, -0.01, 0.06),
    ),
}  # fmt: skip
MIDDLE: Final[dict[str, tuple[Anchor, ...]]] = {
    "nose": (
        (27, -0.09, 0.16), (27, 0.09, 0.16), (31, -0.08, -0.02), (31, 0.0, 0.06),
        (33, 0.0, 0.05), (35, 0.0, 0.06), (35, 0.08, -0.02),
    ),
    "jaw": (
        (58, -0.1, 0.13), (56, 0.1, 0.13), (6, 0.0, -0.03), (7, 0.0, -0.03),
        (8, 0.0, -0.03), (9, 0.0, -0.03), (10, 0.0, -0.03),
    ),
}  # fmt: skip
# Landmark k of one side is MIRROR[k] of the other.
MIRROR: Final = (
    *range(16, -1, -1),
    *range(26, 16, -1),
    *range(27, 31),
    *range(35, 30, -1),
    *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
    *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),
    *(64, 63, 62, 61, 60, 67, 66, 65),
)


def draw_outline(axes: Axes, landmarks: Points) -> None:
    """The 68 landmarks, (68, 2) px, as white strokes; a thin shade keeps them seen on white."""
    for first, last, closed in OUTLINE:
        points = list(range(first, last + 1)) + ([first] if closed else [])
        axes.plot(landmarks[points, 0], landmarks[points, 1], color="white", lw=1.4, **shaded())


def shaded(width: float = 2.4) -> dict[str, Any]:
    """Keyword arguments of a line or text that must be seen on any picture."""
    return {"path_effects": [Stroke(linewidth=width, foreground=(0, 0, 0, 0.45)), Normal()]}


def regions_of(landmarks: Points) -> dict[str, Points]:
    """Region -> its convex polygon, (corners, 2) px, from landmarks (68, 2) px."""
    right, left = eye_centres(landmarks)
    along = left - right  # one inter-ocular distance to the picture's right
    down = np.array([-along[1], along[0]])
    polygons: dict[str, Points] = {}
    for region in REGIONS:
        name, _, side = region.partition("_")
        mirrored = side == "left"
        anchors = RIGHT_SIDE[name] if side else MIDDLE[name]
        corners = [
            landmarks[MIRROR[k] if mirrored else k] + (-u if mirrored else u) * along + v * down
            for k, u, v in anchors
        ]
        polygons[region] = hull(np.array(corners))
    return polygons


def face_area(landmarks: Points) -> Points:
    """The polygon around all that moves: the 68 points end at the brows, brows rise above them."""
    regions = regions_of(landmarks)
    return hull(np.concatenate([landmarks, regions["brow_left"], regions["brow_right"]]))


def hull(points: Points) -> Points:
    """The convex hull's corners of points (n, 2)."""
    return np.asarray(cv2.convexHull(points.astype(np.float32))[:, 0], dtype=np.float64)


def mask_of(polygon: Points, side: int) -> NDArray[np.bool_]:
    """bool (side, side): the pixels inside a polygon of crop px."""
    mask = np.zeros((side, side), np.uint8)
    cv2.fillConvexPoly(mask, np.round(polygon).astype(np.int32), 1)
    return mask.astype(bool)
