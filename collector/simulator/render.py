"""One frame of a simulated participant: every movement becomes one map, the still is read once.

From the frame backwards: the head's place, then the expression, then the lids say where in the
still a pixel comes from; the dark between parted lips is laid over, and the sensor's noise added.
"""

from collections.abc import Sequence

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from collector.simulator.displacement import Expression, LipLine, expression
from collector.simulator.eyelids import Eye, eyes
from collector.simulator.head import HeadMotion
from collector.simulator.portrait import Portrait
from collector.simulator.sampling import (
    HEIGHT,
    OVER,
    WIDTH,
    Floats,
    resized,
    sampled,
    to_frame,
    to_still,
)
from collector.simulator.script import Event

MOUTH_DARK = np.array([38, 122, 136], np.float32)  # Y, U, V between parted lips
NOISE_LUMA, NOISE_CHROMA = 1.6, 0.7  # standard deviations, grey levels
NOISE_SPARE = 64  # px by which the noise is larger than the frame, so that it can be shifted
EYE_SPARE = MOUTH_SPARE = 14  # px around eyes and mouth at rest, for where the head may be

Plane = NDArray[np.uint8]


class Renderer:
    """Draws one session. Frames are drawn in order, since the noise comes from one generator."""

    def __init__(self, portrait: Portrait, events: Sequence[Event], rng: np.random.Generator):
        self.portrait = portrait
        turns = [event for event in events if event.kind == "head-turn"]
        self.head = HeadMotion(portrait, turns, rng)
        self.eyes = eyes(portrait.mesh)
        self._fields: dict[tuple[str, float], Expression] = {}
        self.perform(events)
        size = (HEIGHT + NOISE_SPARE, WIDTH + NOISE_SPARE)
        self._rng = rng
        self._noise = np.round(rng.normal(0, NOISE_LUMA, size)).astype(np.int16)
        half = (HEIGHT // 2 + NOISE_SPARE, WIDTH // 2 + NOISE_SPARE, 2)
        self._chroma_noise = np.round(rng.normal(0, NOISE_CHROMA, half)).astype(np.int16)

    def perform(self, events: Sequence[Event]) -> None:
        """From the next frame on, these expressions and blinks; head turns stay as they were."""
        expressions = [e for e in events if e.kind in ("micro", "macro")]
        for event in expressions:
            self.learn(event.emotion, event.amplitude_iod)
        self.expressions = expressions
        self.blinks = [event for event in events if event.kind == "blink"]

    def learn(self, emotion: str, amplitude_iod: float) -> None:
        """Work out how an expression moves the face, so that its first frame is drawn in time."""
        if (emotion, amplitude_iod) not in self._fields:
            self._fields[emotion, amplitude_iod] = expression(
                self.portrait.mesh, self.portrait.iod_px, emotion, amplitude_iod
            )

    def frame(self, t_ns: int) -> av.VideoFrame:
        """The picture at a moment of the session: yuv420p, H x W."""
        head = where = self.head.where(t_ns)
        lips: LipLine | None = None
        level = 0.0
        for event in self.expressions:
            if event.onset_ns < t_ns < event.offset_ns:
                field = self._fields[event.emotion, event.amplitude_iod]
                lips, level = field.lips, event.level(t_ns)
                where = _moved(head, field, level)
        for event in self.blinks:
            if event.onset_ns < t_ns < event.offset_ns:
                for eye in self.eyes:
                    where = _blinked(where, eye, event.level(t_ns))
        luma, chroma = self._sampled(where)
        if lips:
            _part_lips(luma, chroma, head, lips, level)
        return self._noisy(luma, chroma)

    def _sampled(self, where: Floats) -> tuple[Plane, Plane]:
        """The still read at `where`: uint8 (H, W) luma and (H/2, W/2, 2) chroma."""
        luma = sampled(self.portrait.luma, where)
        # A chroma sample stands for four pixels; halving bilinearly takes their mean.
        half = resized(where, WIDTH // 2, HEIGHT // 2, cv2.INTER_LINEAR)
        return luma, sampled(self.portrait.chroma, to_frame(half))

    def _noisy(self, luma: Plane, chroma: Plane) -> av.VideoFrame:
        """The sensor's noise added, and both put together as one picture."""
        row, column = (int(offset) for offset in self._rng.integers(0, NOISE_SPARE, 2))
        noise = self._noise[row : row + HEIGHT, column : column + WIDTH]
        planes = np.empty((HEIGHT * 3 // 2, WIDTH), np.uint8)
        cv2.add(luma, noise, planes[:HEIGHT], dtype=cv2.CV_8U)
        noise = self._chroma_noise[row : row + HEIGHT // 2, column : column + WIDTH // 2]
        u, v = cv2.split(cv2.add(chroma, noise, dtype=cv2.CV_8U))
        quarter = HEIGHT // 4
        planes[HEIGHT : HEIGHT + quarter] = u.reshape(quarter, WIDTH)
        planes[HEIGHT + quarter :] = v.reshape(quarter, WIDTH)
        return av.VideoFrame.from_ndarray(planes, format="yuv420p")


def _moved(where: Floats, field: Expression, level: float) -> Floats:
    """The map with the expression at `level` 0..1 put on the face where the head now is."""
    rows, columns = field.box
    here = where[rows, columns]
    corner = np.array([columns.start, rows.start], np.float32)
    shift = sampled(field.field, to_frame(here) - corner, border=cv2.BORDER_CONSTANT)
    moved = where.copy()
    moved[rows, columns] = here - np.float32(level * OVER) * shift
    return moved


def _blinked(where: Floats, eye: Eye, level: float) -> Floats:
    """The map with one eye's lid at `level` 0..1."""
    rows = slice(int(eye.top.min()) - EYE_SPARE, int(eye.closed.max()) + EYE_SPARE)
    columns = slice(int(eye.x[0]) - EYE_SPARE, int(eye.x[-1]) + EYE_SPARE)
    blinked = where.copy()
    blinked[rows, columns] = to_still(eye.close(to_frame(where[rows, columns]), level))
    return blinked


def _part_lips(luma: Plane, chroma: Plane, head: Floats, lips: LipLine, level: float) -> None:
    """Darken, in place, what lies between the lips: each pixel by the part of it that does."""
    low = min(lips.y.min(), (lips.y + lips.upper).min())
    high = max(lips.y.max(), (lips.y + lips.lower).max())
    # Even edges, so that the luma box halves exactly into a chroma box.
    rows = slice((int(low) - MOUTH_SPARE) // 2 * 2, (int(high) + MOUTH_SPARE) // 2 * 2)
    columns = slice(
        (int(lips.x[0]) - MOUTH_SPARE) // 2 * 2, (int(lips.x[-1]) + MOUTH_SPARE) // 2 * 2
    )
    x, y = np.moveaxis(to_frame(head[rows, columns]), -1, 0)
    top = np.interp(x, lips.x, lips.y + level * lips.upper)
    bottom = np.interp(x, lips.x, lips.y + level * lips.lower)
    inside = (x > lips.x[0]) & (x < lips.x[-1])
    dark = np.clip(np.minimum(y + 0.5, bottom) - np.maximum(y - 0.5, top), 0, 1) * inside
    luma[rows, columns] = _mixed(luma[rows, columns], MOUTH_DARK[0], dark)
    half = dark.reshape(dark.shape[0] // 2, 2, dark.shape[1] // 2, 2).mean(axis=(1, 3))
    rows, columns = (slice(side.start // 2, side.stop // 2) for side in (rows, columns))
    chroma[rows, columns] = _mixed(chroma[rows, columns], MOUTH_DARK[1:], half[..., None])


def _mixed(
    plane: Plane, colour: NDArray[np.float32] | np.float32, part: NDArray[np.float64]
) -> Plane:
    return np.asarray(np.round(plane + part * (colour - plane)), dtype=np.uint8)
