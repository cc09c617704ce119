"""A person's moving picture: expressions, idle drifts, posture, turns, blinks, light and noise.

One sampling a frame: where each pixel came from is followed back through posture and mesh on a
coarse grid, then through the eyelids at full resolution. Deterministic from the generator given.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.warped.eyelids import eyelids
from benchmarks.warped.muscles import drifts, expression
from benchmarks.warped.script import Happening, Script, Settings
from benchmarks.warped.spline import CELL, Grid, grid_points, remapped, sampled, source_of, spread
from benchmarks.warped.stills import HEIGHT, OVER, WIDTH, Person
from mexlab.timebase import NS_PER_S
from mexlab.vision.video import Image

EXPRESSIONS = ("micro", "macro")
Series = NDArray[np.float64]


class Rendering:
    """Frames of one session; `settings.noise` 0 and `idle_iod` 0 leave the happenings alone."""

    def __init__(
        self, person: Person, script: Script, settings: Settings, rng: np.random.Generator
    ) -> None:
        self.person, self.script, self.settings, self._rng = person, script, settings, rng
        canonical = person.frame.canonical(person.mesh)
        self.moves: dict[Happening, NDArray[np.float64]] = {
            h: person.frame.vectors_px(
                expression(canonical, h.emotion, settings.amplitude_iod, rng)
            )
            for h in script.happenings
            if h.kind in EXPRESSIONS
        }
        idle = person.frame.vectors_px(drifts(canonical))
        fields = spread(person.mesh, np.concatenate([*[[m] for m in self.moves.values()], idle]))
        self._expressions = dict(zip(self.moves, fields, strict=False))
        self._drifts = fields[len(self.moves) :].reshape(len(idle), -1)
        seconds = script.capture_ns / NS_PER_S
        self._idle = np.stack([wander(seconds, 0.05, 1.2, 1.0, rng) for _ in idle], axis=1)
        self._idle *= settings.idle_iod
        self._posture = posture(seconds, person.frame.iod_px, rng) * (settings.idle_iod > 0)
        self._light = 0.004 * wander(seconds, 0.05, 6.0, 0.5, rng) * (settings.noise > 0)
        self._lids = eyelids(person.mesh)
        self._points = grid_points()
        self._head, self._body, self._depth = _anatomy(person, self._points)
        shape = (HEIGHT + 64, WIDTH + 64)
        self._grain = rng.normal(0, max(settings.noise, 1e-9), (2, *shape)).astype(np.float32)
        self._still = not settings.noise

    def frame(self, number: int) -> Image:
        """RGB, uint8 (480, 640, 3), at the script's capture time of that number."""
        t_ns = int(self.script.capture_ns[number])
        came = source_of(self._posed(number), self._displacement(number, t_ns))
        finer = cv2.resize(came, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
        source = np.asarray(finer, dtype=np.float32)
        _straighten_borders(source)
        closure = max((h.size * h.level(t_ns) for h in self._active("blink", t_ns)), default=0.0)
        for lid in self._lids:
            lid.close(source, closure)
        # Pixel centres: c at the recording's size lies at (c + 0.5) * OVER - 0.5 in the still.
        source *= OVER
        source += 0.5 * OVER - 0.5
        return self._seen_by_camera(remapped(self.person.picture, source), number)

    def _active(self, kind: str, t_ns: int) -> Sequence[Happening]:
        return [
            h for h in self.script.happenings if h.kind == kind and h.onset_ns < t_ns < h.offset_ns
        ]

    def _displacement(self, number: int, t_ns: int) -> Grid:
        """What the mesh and the turning head do, forward, px on the grid."""
        # Not @: BLAS threads cost more than they give here, and other processes want the cores.
        idle = np.einsum("k,kp->p", self._idle[number].astype(np.float32), self._drifts)
        moved = idle.reshape(self._points.shape)
        for kind in EXPRESSIONS:
            for happening in self._active(kind, t_ns):
                moved += self._expressions[happening] * np.float32(happening.level(t_ns))
        for happening in self._active("head-turn", t_ns):
            angle = happening.size * happening.level(t_ns)
            moved[..., 0] += self._depth * np.sin(angle)
            moved[..., 0] += self._head * self._sideways * (np.cos(angle) - 1)
            moved[..., 1] += 0.15 * self._depth * np.sin(abs(angle))  # a turn dips a little
        return np.asarray(moved, dtype=np.float32)

    @property
    def _sideways(self) -> NDArray[np.float32]:
        return np.asarray(self._points[..., 0] - self.person.frame.origin[0], dtype=np.float32)

    def _posed(self, number: int) -> Grid:
        """The grid before the posture's shift: head and shoulders go, the wall stays."""
        right, down, turn, grow, breath = self._posture[number]
        neck = np.array([0, 2.2 * self.person.frame.iod_px])
        pivot = self.person.frame.origin + neck
        away = self._points - pivot.astype(np.float32)
        cos, sin = np.cos(turn) / (1 + grow), np.sin(turn) / (1 + grow)
        came_x = cos * away[..., 0] + sin * away[..., 1] - right
        came_y = cos * away[..., 1] - sin * away[..., 0] - down
        came = np.stack([came_x, came_y], axis=-1) - away
        came[..., 1] -= breath * self._body
        weight = np.maximum(self._head, self._body)[..., None]
        return np.asarray(self._points + weight * came, dtype=np.float32)

    def _seen_by_camera(self, picture: Image, number: int) -> Image:
        if self._still:
            return picture
        y, x = self._rng.integers(0, 64, 2)
        grain = self._grain[number % 2, y : y + HEIGHT, x : x + WIDTH]
        lit = cv2.convertScaleAbs(picture, alpha=1 + float(self._light[number]))
        noisy = cv2.add(lit, cv2.merge([grain] * 3), dtype=cv2.CV_8U)
        return np.asarray(noisy, dtype=np.uint8)


def wander(
    seconds: Series, low_hz: float, high_hz: float, exponent: float, rng: np.random.Generator
) -> Series:
    """Random slow movement of standard deviation 1, its amplitude falling as 1/f^exponent."""
    hz = np.exp(rng.uniform(np.log(low_hz), np.log(high_hz), 24))
    amplitude = (hz / low_hz) ** -exponent * hz**0.5  # log-spaced lines stand for wider bands
    phase = rng.uniform(0, 2 * np.pi, 24)
    waves = np.sin(2 * np.pi * np.outer(seconds, hz) + phase) @ amplitude
    return np.asarray(waves / np.sqrt((amplitude**2).sum() / 2))


def posture(seconds: Series, iod_px: float, rng: np.random.Generator) -> Series:
    """(frames, 5): px right and down, radians, growth, and px the chest is lifted by breathing."""
    breath = np.sin(2 * np.pi * rng.uniform(0.2, 0.3) * seconds + rng.uniform(0, 2 * np.pi))
    sizes = (0.03 * iod_px, 0.02 * iod_px, 0.012, 0.008)
    slow = [size * wander(seconds, 0.02, 0.35, 1.2, rng) for size in sizes]
    slow[1] = slow[1] + 0.004 * iod_px * breath
    return np.stack([*slow, 0.015 * iod_px * breath], axis=1)


def _anatomy(
    person: Person, points: Grid
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """On the grid: how much belongs to the head, to the chest below it, and the depth in px."""
    place = person.frame.canonical(points.astype(np.float64)) - [0, 0.45]
    radius = np.hypot(place[..., 0] / 1.35, place[..., 1] / 1.75)
    head = np.clip((2.0 - radius) / 0.9, 0, 1)
    head = head * head * (3 - 2 * head)
    body = np.clip((place[..., 1] - 1.2) / 0.8, 0, 1) * np.clip(3.2 - np.abs(place[..., 0]), 0, 1)
    dome = 0.95 * np.cos(np.pi / 2 * np.minimum(radius / 1.25, 1)) ** 2
    nose = 0.22 * np.exp(
        -0.5 * ((place[..., 0] / 0.16) ** 2 + ((place[..., 1] - 0.15) / 0.25) ** 2)
    )
    depth = (dome + nose) * person.frame.iod_px
    return head.astype(np.float32), body.astype(np.float32), depth.astype(np.float32)


def _straighten_borders(source: NDArray[np.float32]) -> None:
    """Outside the outermost cells' centres cv2.resize repeats them; go on evenly instead."""
    edge = (CELL - 1) / 2
    for k in range(CELL // 2):
        source[:, k, 0] -= edge - k
        source[:, -1 - k, 0] += edge - k
        source[k, :, 1] -= edge - k
        source[-1 - k, :, 1] += edge - k


def measured(person: Person, grid: Grid) -> NDArray[np.float64]:
    """Displacement (478, 2) px that a grid displacement gives the mesh."""
    at = person.mesh.astype(np.float32)[None]
    return np.asarray(sampled(grid, at)[0], dtype=np.float64)
