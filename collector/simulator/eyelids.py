"""A blink, column by column: the skin above the eye is stretched down over it.

What lies below the lid's edge stays as it is until the lid hides it: an eye does not shrink when
it closes. Works on maps: where in the still each pixel of the frame is taken from.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collector.simulator.sampling import Floats

# Corner to corner along the lid's edge, left to right in the picture; then the brow's lower edge.
_EYES = (
    (
        (33, 246, 161, 160, 159, 158, 157, 173, 133),
        (33, 7, 163, 144, 145, 153, 154, 155, 133),
        (46, 53, 52, 65, 55),
    ),
    (
        (362, 398, 384, 385, 386, 387, 388, 466, 263),
        (362, 382, 381, 380, 374, 373, 390, 249, 263),
        (285, 295, 282, 283, 276),
    ),
)
SKIN = 0.7  # how much of the way from the lid's edge to the brow takes part in the stretch
MEET = 1.0  # where the lids meet, from the upper lid's place at rest to the lower one's


@dataclass(frozen=True)
class Eye:
    """One eye per column `x` px (rising): float64 arrays of one length.

    `top` px is where the stretched skin begins, `upper` the lid's edge at rest, `closed` its edge
    when the eye is shut.
    """

    x: NDArray[np.float64]
    top: NDArray[np.float64]
    upper: NDArray[np.float64]
    closed: NDArray[np.float64]

    def close(self, where: Floats, level: float) -> Floats:
        """The map with the lid at `level` 0 (at rest) to 1 (shut); float32 (..., 2), a new array.

        `where` holds still coordinates x, y in px of the recording; only y changes.
        """
        x, y = where[..., 0], where[..., 1]
        top, upper, closed = (
            np.interp(x, self.x, curve) for curve in (self.top, self.upper, self.closed)
        )
        edge = upper + level * (closed - upper)
        stretched = top + (y - top) * (upper - top) / np.maximum(edge - top, 1e-3)
        on_lid = (y > top) & (y < edge) & (x > self.x[0]) & (x < self.x[-1])
        result = where.copy()
        result[..., 1] = np.where(on_lid, stretched, y)
        return result


def eyes(mesh: Floats) -> tuple[Eye, Eye]:
    """Both eyes of a face, the one on the picture's left first; `mesh` is (478, 2) px."""
    right, left = (_eye(mesh, *points) for points in _EYES)
    return right, left


def _eye(
    mesh: Floats, upper: tuple[int, ...], lower: tuple[int, ...], brow: tuple[int, ...]
) -> Eye:
    x = np.arange(np.floor(mesh[upper[0], 0]), np.ceil(mesh[upper[-1], 0]) + 1)
    edge, below, above = (_curve(mesh, points, x) for points in (upper, lower, brow))
    top = edge - SKIN * np.maximum(edge - above, 2.0)
    return Eye(x, top, edge, edge + MEET * np.maximum(below - edge, 0))


def _curve(mesh: Floats, points: tuple[int, ...], x: NDArray[np.float64]) -> NDArray[np.float64]:
    found = mesh[list(points)].astype(np.float64)
    found = found[np.argsort(found[:, 0])]
    return np.interp(x, found[:, 0], found[:, 1])
