"""Thin-plate splines from the face's mesh to a coarse grid over the recording, and their inverse.

Displacements of landmarks become a displacement of every grid cell (4 px); the recording's pixels
are interpolated from the cells. Around the head and at the picture's border nothing moves.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.warped.stills import HEIGHT, WIDTH, Floats

CELL = 4  # px
GRID_W, GRID_H = WIDTH // CELL, HEIGHT // CELL
SMOOTHING = 1e-3  # against ripples between landmarks that nearly coincide

# The outline of the mesh, whose enlargement is pinned.
# fmt: off
OUTLINE = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152,
    148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)
# fmt: on

Grid = NDArray[np.float32]  # (GRID_H, GRID_W, 2), px of the recording


def grid_points() -> Grid:
    """The cells' centres; so cv2.resize interpolates between them without a shift."""
    y, x = np.mgrid[0:GRID_H, 0:GRID_W]
    return np.asarray(np.stack([x, y], axis=-1) * CELL + (CELL - 1) / 2, dtype=np.float32)


def spread(mesh: Floats, moves: Floats) -> NDArray[np.float32]:
    """Grid displacements (k, GRID_H, GRID_W, 2) px that carry mesh (n, 2) by moves (k, n, 2) px."""
    centre = mesh.mean(axis=0)
    size = float(np.ptp(mesh[:, 0]))
    ring = centre + 1.35 * (mesh[list(OUTLINE)] - centre)
    border = [
        (x, y)
        for x in np.linspace(0, WIDTH, 7)
        for y in np.linspace(0, HEIGHT, 6)
        if x in (0, WIDTH) or y in (0, HEIGHT)
    ]
    points = (np.concatenate([mesh, ring, border]) - centre) / size
    count = len(points)
    still = np.zeros((len(moves), count - len(mesh), 2))
    values = np.concatenate([moves, still], axis=1)
    affine = np.column_stack([np.ones(count), points])
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _kernel(points, points) + SMOOTHING * np.eye(count)
    system[:count, count:] = affine
    system[count:, :count] = affine.T
    right = np.zeros((count + 3, len(moves) * 2))
    right[:count] = values.transpose(1, 0, 2).reshape(count, -1)
    weights = np.linalg.solve(system, right)
    where = (grid_points().reshape(-1, 2) - centre) / size
    found = _kernel(where, points) @ weights[:count]
    found += np.column_stack([np.ones(len(where)), where]) @ weights[count:]
    shaped = found.reshape(GRID_H, GRID_W, len(moves), 2).transpose(2, 0, 1, 3)
    return np.ascontiguousarray(shaped, dtype=np.float32)


def _kernel(a: Floats, b: Floats) -> Floats:
    squared = ((a[:, None] - b[None]) ** 2).sum(axis=2)
    return np.asarray(0.5 * squared * np.log(squared + 1e-12))


def source_of(points: Grid, displacement: Grid) -> Grid:
    """Where each of `points` came from, if everything at q went to q + displacement(q).

    Fixed-point iteration: good while the displacement changes by less than it covers.
    """
    came = points
    for _ in range(4):
        came = points - sampled(displacement, came)
    return came


def sampled(grid: Grid, points: Grid) -> Grid:
    """Values of a coarse grid at points in px of the recording."""
    where = (points - (CELL - 1) / 2) / CELL
    return remapped(grid, where)


def remapped(values: NDArray[Any], where: NDArray[Any]) -> NDArray[Any]:
    """Bilinear values at columns and rows `where` (h, w, 2); the border's go on outside."""
    x, y = cv2.split(where.astype(np.float32))
    return np.asarray(cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
