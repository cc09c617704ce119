"""The ten regions of the face on the grid of a flow field, and the movement of the head in one.

Places are in inter-ocular distances from the middle of the eyes, x to the image's right, y down.
Left and right are the participant's: the left brow is on the image's right.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mexlab.emotions import REGIONS

Array = NDArray[np.float64]

# Region -> what its middle is of the 68 points (a mean of means), how far from there its centre
# lies, and its half widths (standard deviations of a Gaussian), all in inter-ocular distances.
_PLACES: dict[str, tuple[tuple[tuple[int, ...], ...], tuple[float, float], tuple[float, float]]] = {
    "brow_right": ((tuple(range(17, 22)),), (0.0, 0.0), (0.28, 0.12)),
    "brow_left": ((tuple(range(22, 27)),), (0.0, 0.0), (0.28, 0.12)),
    "eye_right": ((tuple(range(36, 42)),), (0.0, 0.0), (0.22, 0.12)),
    "eye_left": ((tuple(range(42, 48)),), (0.0, 0.0), (0.22, 0.12)),
    "nose": ((tuple(range(31, 36)),), (0.0, -0.05), (0.22, 0.15)),
    "cheek_right": (((48,), tuple(range(36, 42))), (-0.12, 0.08), (0.22, 0.2)),
    "cheek_left": (((54,), tuple(range(42, 48))), (0.12, 0.08), (0.22, 0.2)),
    "mouth_right": (((48,),), (0.08, 0.0), (0.2, 0.16)),
    "mouth_left": (((54,),), (-0.08, 0.0), (0.2, 0.16)),
    "jaw": (((7, 8, 9), (57,)), (0.0, 0.0), (0.3, 0.15)),
}
NARROWEST = 0.5  # half width of a face, if landmarks collapse
FOREHEAD = 0.65  # how far above the eyes the face still counts
ROBUST_STEPS = 4
# A face is round and its nose stands out: when the head turns, what is nearer moves further.
_NOSE_TIP, _NOSE_SPREAD = (0.0, 0.55), (0.32, 0.42)
_ROUND_MIDDLE, _ROUND_REACH = (0.0, 0.5), (1.1, 1.3)
NEVER_SINGULAR = 1e-9  # on the diagonal: landmarks may collapse
HEAD_PARTS = ("right", "down", "growth", "roll", "turn_nose", "turn_round", "nod")


@dataclass(frozen=True)
class FaceMap:
    """Where the face lies on a grid: `weights` float64 (10, cells), each region's summing to 1,
    in the order of REGIONS; `face` bool (cells,); `rigid` float64 (2, cells, 7), how u and v of a
    cell go with each of HEAD_PARTS."""

    weights: Array
    face: NDArray[np.bool_]
    rigid: Array

    def split(self, field: Array) -> tuple[Array, Array]:
        """A field (2, cells) into the regions' means without the head's part, float64 (10, 2),
        and the head's part, float64 (7,).

        The head's part is fitted to the whole face by least squares with weights that let go of
        what does not move with the rest (Geman & McClure's function, iterated). It has only the
        ways a head can move: a freer fit takes raised brows and a dropped jaw for a stretch.
        """
        basis, inside = self.rigid[:, self.face], field[:, self.face]
        rows, values = basis.reshape(-1, len(HEAD_PARTS)), inside.ravel()
        weight = np.ones(inside.shape[1])
        for _ in range(ROBUST_STEPS):
            weighted = rows * np.tile(weight, 2)[:, None]
            normal = weighted.T @ rows + NEVER_SINGULAR * np.eye(len(HEAD_PARTS))
            fit = np.linalg.solve(normal, weighted.T @ values)
            distance = np.hypot(*(inside - basis @ fit))
            scale = 1.5 * (float(np.median(distance)) + 0.05)
            weight = np.maximum((1 + (distance / scale) ** 2) ** -2, 1e-4)
        return np.asarray(self.weights @ (field - self.rigid @ fit).T), np.asarray(fit)


def face_map(points: Array, x: Array, y: Array) -> FaceMap:
    """The map of a face whose 68 points are (68, 2), on cells at `x`, `y` (cells,)."""
    masks = [_mask(points, x, y, name) for name in REGIONS]
    weights = np.stack([mask / max(float(mask.sum()), 1e-9) for mask in masks])
    chin = float(points[8, 1])
    half_width = max(0.95 * float(points[16, 0] - points[0, 0]) / 2, NARROWEST)
    middle, half_height = (chin - FOREHEAD + 0.1) / 2, (chin + FOREHEAD) / 2
    inside = (x / half_width) ** 2 + ((y - middle) / half_height) ** 2 < 1
    return FaceMap(weights, inside, _rigid(x, y))


def _rigid(x: Array, y: Array) -> Array:
    """float64 (2, cells, 7): the ways of HEAD_PARTS at cells `x`, `y`."""
    one, none = np.ones_like(x), np.zeros_like(x)
    nose = _gaussian(x, y, _NOSE_TIP, _NOSE_SPREAD)
    (mx, my), (rx, ry) = _ROUND_MIDDLE, _ROUND_REACH
    bowl = 1 - ((x - mx) / rx) ** 2 - ((y - my) / ry) ** 2
    u = (one, none, x, -y, nose, bowl, none)
    v = (none, one, y, x, none, none, nose + bowl)
    return np.stack([np.stack(u, axis=-1), np.stack(v, axis=-1)])


def au_motion(courses: Array) -> dict[str, Array]:
    """AU name -> float64 (n,), larger for more of it, from courses (n, 20) of the regions.

    What FACS says each AU does to brows, nose, cheeks, mouth corners and jaw (Ekman, Friesen &
    Hager 2002), as far as ten regions tell; in percent of the inter-ocular distance.
    """
    u, v = courses[:, 0::2], courses[:, 1::2]

    def down(*names: str) -> Array:
        return np.asarray(v[:, [REGIONS.index(name) for name in names]].mean(axis=1))

    def apart(part: str) -> Array:
        left, right = REGIONS.index(f"{part}_left"), REGIONS.index(f"{part}_right")
        return np.asarray((u[:, left] - u[:, right]) / 2)

    brows, corners = down("brow_left", "brow_right"), down("mouth_left", "mouth_right")
    return {
        "AU01": -brows,
        "AU02": -brows,
        "AU04": brows - apart("brow"),
        "AU06": -down("cheek_left", "cheek_right"),
        "AU09": -down("nose"),
        "AU12": apart("mouth") - corners,
        "AU15": corners,
        "AU17": -down("jaw"),
        "AU20": apart("mouth"),
        "AU23": -apart("mouth"),
        "AU25": down("jaw"),
        "AU26": down("jaw"),
    }


def _mask(points: Array, x: Array, y: Array, name: str) -> Array:
    groups, (right, down), spread = _PLACES[name]
    centre = np.mean([points[list(group)].mean(axis=0) for group in groups], axis=0)
    return _gaussian(x, y, (centre[0] + right, centre[1] + down), spread)


def _gaussian(x: Array, y: Array, centre: tuple[Any, Any], spread: tuple[float, float]) -> Array:
    (cx, cy), (sx, sy) = centre, spread
    return np.asarray(np.exp(-0.5 * (((x - cx) / sx) ** 2 + ((y - cy) / sy) ** 2)))
