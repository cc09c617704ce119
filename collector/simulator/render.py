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
from collector.simulator.portrait import HEIGHT, OVER, WIDTH, Floats, Portrait
from collector.simulator.script import Event

MOUTH_DARK = np.array([38, 122, 136], np.float32)  # Y, U, V between parted lips
NOISE_LUMA, NOISE_CHROMA = 1.6, 0.7  # standard deviations, grey levels
NOISE_SPARE = 64  # px by which the noise is larger than the frame, so that it can be shifted


class Renderer:
    """Draws one session. Frames are drawn in order, since the noise comes from one generator."""

    def __init__(self, portrait: Portrait, events: Sequence[Event], rng: np.random.Generator):
        self.portrait = portrait
        turns = [event for event in events if event.kind == "head-turn"]
        self.blinks = [event for event in events if event.kind == "blink"]
        self.expressions = [e for e in events if e.kind in ("micro", "macro")]
        self.head = HeadMotion(portrait, turns, rng)
        self.eyes = eyes(portrait.mesh)
        self._fields = {
            (e.emotion, e.amplitude_iod): expression(
                portrait.mesh, portrait.iod_px, e.emotion, e.amplitude_iod
            )
            for e in self.expressions
        }
        size = (HEIGHT + NOISE_SPARE, WIDTH + NOISE_SPARE)
        self._rng = rng
        self._noise = np.round(rng.normal(0, NOISE_LUMA, size)).astype(np.int16)
        half = (HEIGHT // 2 + NOISE_SPARE, WIDTH // 2 + NOISE_SPARE, 2)
        self._chroma_noise = np.round(rng.normal(0, NOISE_CHROMA, half)).astype(np.int16)

    def frame(self, t_ns: int) -> av.VideoFrame:
        """The picture at a moment of the session: yuv420p, H x W."""
        where = self.head.where(t_ns)
        parted: list[tuple[LipLine, float]] = []
        for event in self.expressions:
            level = event.level(t_ns)
            if level:
                field = self._fields[event.emotion, event.amplitude_iod]
                if field.lips:
                    parted.append((field.lips, level))
                lips_where = where.copy() if field.lips else where
                where = _moved(where, field, level)
        for event in self.blinks:
            level = event.level(t_ns)
            for eye in self.eyes if level else ():
                _close(where, eye, level)
        luma, chroma = self._sampled(where)
        for lips, level in parted:
            _part_lips(luma, chroma, lips_where, lips, level)
        return self._finished(luma, chroma)
