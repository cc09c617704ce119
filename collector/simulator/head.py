"""How the head sways, breathes and turns: slow, small, and without the background.

Computed on a coarse grid, since it is smooth, and in canonical form: where in the still each
point of the frame is taken from, before the face itself moves.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from collector.simulator.portrait import Portrait
from collector.simulator.sampling import HEIGHT, WIDTH, Floats, resized, to_still
from collector.simulator.script import Event
from mexlab.timebase import NS_PER_S

CELL = 8  # px between the points of the coarse grid
WAVES = 3  # sine waves a component is made of

# Standard deviation of each component: right and down and turn (of the inter-ocular distance
# and rad), size as a factor; and the band of the waves in Hz.
SWAY = np.array([0.012, 0.010, 0.006, 0.003])
BAND_HZ = (0.05, 0.35)
# Parallax of a head turn: how far the nose goes beyond the rest of the face.
NOSE_LEAD = 0.5


class HeadMotion:
    """The head of one session. Its places depend on time alone, so any frame can be asked for."""

    def __init__(self, portrait: Portrait, turns: Sequence[Event], rng: np.random.Generator):
        self.turns = tuple(turns)
        self.directions = rng.choice([-1.0, 1.0], len(self.turns))
        self.iod_px = portrait.iod_px
        self._hz = rng.uniform(*BAND_HZ, (len(SWAY), WAVES))
        self._phase = rng.uniform(0, 2 * np.pi, (len(SWAY), WAVES))
        rows, columns = np.mgrid[0 : HEIGHT // CELL, 0 : WIDTH // CELL]
        self._rest = ((np.stack([columns, rows], axis=-1) + 0.5) * CELL - 0.5).astype(np.float32)
        centre = (portrait.mesh.min(axis=0) + portrait.mesh.max(axis=0)) / 2
        self._arm = self._rest - centre
        away = np.linalg.norm(self._arm / np.array([1.0, 1.25]), axis=-1) / portrait.iod_px
        # The head moves as one out to its hair, the background not at all, the neck in between.
        self._part = (0.5 + 0.5 * np.cos(np.pi * np.clip((away - 1.3) / 0.9, 0, 1)))[..., None]
        to_nose = np.linalg.norm(self._rest - portrait.mesh[1], axis=-1) / portrait.iod_px
        self._lead = 1 + NOSE_LEAD * np.exp(-((to_nose / 0.6) ** 2))

    def sway(self, t_ns: int) -> NDArray[np.float64]:
        """float64 (4,): right and down over the inter-ocular distance, turn in rad, growth."""
        waves = np.sin(2 * np.pi * self._hz * (t_ns / NS_PER_S) + self._phase)
        return np.asarray(SWAY * waves.sum(axis=1) * np.sqrt(2 / WAVES))

    def where(self, t_ns: int) -> Floats:
        """float32 (H, W, 2): x and y in px of the still, for each pixel of the frame."""
        right, down, turn, growth = self.sway(t_ns)
        moved = np.stack(
            [
                right * self.iod_px + growth * self._arm[..., 0] - turn * self._arm[..., 1],
                down * self.iod_px + growth * self._arm[..., 1] + turn * self._arm[..., 0],
            ],
            axis=-1,
        )
        for event, direction in zip(self.turns, self.directions, strict=True):
            level = event.level(t_ns)
            if level:
                way = direction * level * event.amplitude_iod * self.iod_px
                moved[..., 0] += way * self._lead
        coarse = to_still((self._rest - moved * self._part).astype(np.float32))
        return resized(coarse, WIDTH, HEIGHT, cv2.INTER_LINEAR)
