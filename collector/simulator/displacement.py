"""Smooth displacement fields: where an emotion's Action Units move each pixel of one face.

A field is made once per emotion and amplitude, and scaled per frame. Between the moved landmarks
and the pinned ones it is a thin-plate spline, as tissue would spread the pull; outside the face
it fades to nothing. A closed mouth is split along the lips, so that they can part.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from collector.simulator.action_units import (
    AU_MOVES,
    EMOTION_AUS,
    LOWER_PARTS,
    PINNED,
    REGIONS,
    UPPER_PARTS,
)
from collector.simulator.sampling import HEIGHT, WIDTH, Floats, resized

STEP = 4  # px between the points where the splines are evaluated; the rest is interpolated
OPEN_MOUTH_IOD = 0.03  # a wider gap between the inner lips shows teeth, and is not split
FADE_IOD = 0.35  # from the outline of the face to where nothing moves
OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
INNER_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LOWER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)

Box = tuple[slice, slice]  # rows, columns of the recording


@dataclass(frozen=True)
class LipLine:
    """Where closed lips meet, per column `x` px (rising): float64 arrays of one length.

    `y` px at rest; `upper` and `lower` px downwards: how far each lip's edge moves at the apex.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    upper: NDArray[np.float64]
    lower: NDArray[np.float64]


@dataclass(frozen=True)
class Expression:
    """An emotion's field at its apex on one face.

    `field` float32 (rows, columns, 2) of `box`: px right and down that a pixel shown there has
    come; a frame at level l shows at p what the still has at p - l * field(p). `lips` is None
    where the mouth stands open already.
    """

    box: Box
    field: Floats
    lips: LipLine | None


def expression(mesh: Floats, iod_px: float, emotion: str, amplitude_iod: float) -> Expression:
    """The field of one emotion; its most-moved landmark goes `amplitude_iod` of the distance."""
    moves = _landmark_moves(mesh, emotion) * amplitude_iod * iod_px
    box = _box(mesh, iod_px)
    fade = _fade(mesh, iod_px)[box][..., None]
    gap_iod = np.linalg.norm(mesh[13] - mesh[14]) / iod_px
    if gap_iod > OPEN_MOUTH_IOD:
        return Expression(box, _spline(mesh, moves, box, ()) * fade, None)
    upper = _spline(mesh, moves, box, LOWER_PARTS) * fade
    lower = _spline(mesh, moves, box, UPPER_PARTS) * fade
    lips = _lip_line(mesh, box, upper, lower)
    below = _below_lips(mesh, iod_px, box, lips)[..., None]
    field = np.asarray(upper + (lower - upper) * below, dtype=np.float32)
    return Expression(box, field, lips)


def _landmark_moves(mesh: Floats, emotion: str) -> NDArray[np.float64]:
    """float64 (478, 2): directions right and down in the picture, the longest of length 1."""
    moves = np.zeros((len(mesh), 2))
    for unit in EMOTION_AUS[emotion]:
        for move in AU_MOVES[unit]:
            right, left = REGIONS[move.region]
            midline = set(right) & set(left)
            for points, side in ((right, -1), (left, 1)):
                weight = [0.5 if point in midline else 1 for point in points]
                moves[list(points)] += np.outer(weight, (side * move.outwards, -move.up))
    # Outwards and up are the face's own: turn them as the eyes are tilted.
    tilt = mesh[263] - mesh[33]
    cos, sin = tilt / np.linalg.norm(tilt)
    turned = moves @ np.array([[cos, sin], [-sin, cos]])
    return np.asarray(turned / np.linalg.norm(turned, axis=1).max())


def _spline(mesh: Floats, moves: NDArray[np.float64], box: Box, without: tuple[str, ...]) -> Floats:
    """float32 (rows, columns, 2): the moves spread over the box, leaving out some regions' pull.

    A moved landmark is anchored where it stands at the apex, since fields are read backwards.
    """
    left_out = {point for part in without for side in REGIONS[part] for point in side}
    moved = {point for sides in REGIONS.values() for side in sides for point in side} - left_out
    anchors = sorted(moved | (set(PINNED) - moved))
    places, inverse = np.unique(
        np.round(mesh[anchors] + moves[anchors], 3), axis=0, return_index=True
    )
    spline = RBFInterpolator(
        places, moves[anchors][inverse], kernel="thin_plate_spline", smoothing=1.0
    )
    rows, columns = box
    y = np.arange(rows.start, rows.stop, STEP) + (STEP - 1) / 2
    x = np.arange(columns.start, columns.stop, STEP) + (STEP - 1) / 2
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    coarse = spline(grid.reshape(-1, 2)).reshape(grid.shape).astype(np.float32)
    size = (columns.stop - columns.start, rows.stop - rows.start)
    return resized(coarse, *size, cv2.INTER_CUBIC)


def _box(mesh: Floats, iod_px: float) -> Box:
    """The part of the frame that a field covers, its sides multiples of STEP."""
    low = np.maximum(mesh.min(axis=0) - FADE_IOD * iod_px, 0).astype(int) // STEP * STEP
    high = np.ceil((mesh.max(axis=0) + FADE_IOD * iod_px) / STEP).astype(int) * STEP
    right, bottom = np.minimum(high, (WIDTH, HEIGHT))
    return slice(int(low[1]), int(bottom)), slice(int(low[0]), int(right))


def _fade(mesh: Floats, iod_px: float) -> Floats:
    """float32 (H, W): 1 on the face, falling smoothly to 0 within FADE_IOD around its outline."""
    outside = np.full((HEIGHT, WIDTH), 255, np.uint8)
    cv2.fillPoly(outside, [np.round(mesh[list(OVAL)]).astype(np.int32)], 0)
    away = cv2.distanceTransform(outside, cv2.DIST_L2, 5) / (FADE_IOD * iod_px)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * np.clip(away, 0, 1)), dtype=np.float32)


def _lip_line(mesh: Floats, box: Box, upper: Floats, lower: Floats) -> LipLine:
    middle = (mesh[list(INNER_UPPER)] + mesh[list(INNER_LOWER)]).astype(np.float64) / 2
    rows, columns = box
    x = np.arange(np.ceil(middle[0, 0]), middle[-1, 0])
    y = np.interp(x, middle[:, 0], middle[:, 1])
    where = (np.round(y).astype(int) - rows.start, x.astype(int) - columns.start)
    # Lips touch at their corners: there the two fields agree but for rounding.
    taper = np.clip(np.minimum(x - x[0], x[-1] - x) / (0.1 * (x[-1] - x[0])), 0, 1)
    both = (upper[where][:, 1] + lower[where][:, 1]) / 2
    return LipLine(
        x,
        y,
        both + taper * (upper[where][:, 1] - both),
        both + taper * (lower[where][:, 1] - both),
    )


def _below_lips(mesh: Floats, iod_px: float, box: Box, lips: LipLine) -> Floats:
    """float32 (rows, columns): 0 above the line between the lips, 1 below it.

    A hard step inside the mouth; beside it a slope that widens away from the corner.
    """
    rows, columns = box
    x = np.arange(columns.start, columns.stop, dtype=np.float64)
    y = np.arange(rows.start, rows.stop, dtype=np.float64)
    line = np.interp(x, lips.x, lips.y)
    beside = np.maximum(np.maximum(lips.x[0] - x, x - lips.x[-1]), 0)
    width = 0.5 + np.minimum(beside, 0.5 * iod_px)
    return np.asarray(np.clip((y[:, None] - line) / width + 0.5, 0, 1), dtype=np.float32)
