"""A blink: the upper lid slides over the eye, the skin above it stretches after it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.warped.stills import Floats

# From the outer to the inner corner, upper and lower lid; picture's left eye first.
LIDS = (
    ((33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133)),
    ((263, 466, 388, 387, 386, 385, 384, 398, 362), (263, 249, 390, 373, 374, 380, 381, 382, 362)),
)
REACH = 3  # px beyond the eye that may be looked at because the head has moved; times ten


@dataclass(frozen=True)
class Eyelid:
    """One eye in px of the still: `along` its axis, lids as curves over that axis."""

    corner: Floats
    along: Floats
    at: Floats
    upper: Floats
    lower: Floats

    @property
    def opening(self) -> float:
        return float((self.lower - self.upper).max())

    def close(self, source: NDArray[np.float32], closure: float) -> None:
        """Change in place where pixels come from, (H, W, 2) px, for a lid closed 0 to 1."""
        if closure <= 0:
            return
        tall = 1.2 * self.opening + 0.3 * float(np.ptp(self.at))
        middle = self.corner + self.along * self.at.mean()
        half = np.array([np.ptp(self.at) / 2, tall]) + 10 * REACH
        low = np.clip(np.floor(middle - half), 0, None).astype(int)
        high = np.ceil(middle + half).astype(int)
        part = source[low[1] : high[1], low[0] : high[0]]
        across = np.array([-self.along[1], self.along[0]])
        across = across * np.sign(across[1])
        away = part - self.corner
        s, h = away @ self.along, away @ across
        upper, lower = np.interp(s, self.at, self.upper), np.interp(s, self.at, self.lower)
        edge = upper + closure * (lower - upper)
        top = upper - tall
        stretch = (h - top) * ((edge - upper) / (edge - top))
        over = (h > top) & (h < edge) & (s > self.at[0]) & (s < self.at[-1])
        part -= np.where(over, stretch, 0)[..., None].astype(np.float32) * across


def eyelids(mesh: Floats) -> list[Eyelid]:
    """Both of a face's eyes, from its mesh (478, 2) px."""
    found = []
    for upper, lower in LIDS:
        points = mesh[list(upper)], mesh[list(lower)]
        if points[0][0, 0] > points[0][-1, 0]:
            points = points[0][::-1], points[1][::-1]
        along = points[0][-1] - points[0][0]
        along = along / np.hypot(*along)
        across = np.array([-along[1], along[0]])
        curves = [(side - points[0][0]) @ np.stack([along, across], axis=1) for side in points]
        at = curves[0][:, 0]
        below = np.interp(at, curves[1][:, 0], curves[1][:, 1])
        found.append(Eyelid(points[0][0], along, at, curves[0][:, 1], below))
    return found
