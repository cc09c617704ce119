"""A camera whose pictures are made beforehand, so that reading it costs nothing."""

import time
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from numpy.typing import NDArray

from collector.cameras.base import CameraFrame
from mexlab.clock import host_ns
from mexlab.timebase import NS_PER_S


class MemoryCamera:
    """A camera that costs nothing: it deals out pictures made beforehand, as time passes.

    The pictures are a moving ramp under sensor noise, about as hard to encode as a face before a
    wall; stamps are the host clock's, as a device's are.
    """

    spec, modality = "memory", "colour"

    def __init__(self, width: int = 1280, height: int = 720, fps: float = 30.0) -> None:
        self.width, self.height, self.fps = width, height, fps
        rng = np.random.default_rng(0)
        self._pictures = [ramp(rng, width, height, number) for number in range(8)]
        self._next, self._zero = 0, 0

    def open(self) -> None:
        self._zero = host_ns()

    def close(self) -> None:
        """Nothing to give back."""

    def description(self) -> dict[str, Any]:
        return {"backend": "memory"}

    def read(self) -> CameraFrame | None:
        due = self._zero + round(self._next * NS_PER_S / self.fps)
        time.sleep(max(0, due - host_ns()) / NS_PER_S)
        planes = self._pictures[self._next % len(self._pictures)]
        self._next += 1
        return CameraFrame(av.VideoFrame.from_ndarray(planes, format="yuv420p"), host_ns())

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()


def ramp(rng: np.random.Generator, width: int, height: int, number: int) -> NDArray[np.uint8]:
    """The planes of a yuv420p picture: a ramp at a place of its own, under noise."""
    planes = np.full((height * 3 // 2, width), 128.0)
    planes[:height] = 60 + 120 * ((np.arange(width) + 3 * number) % width) / width
    return np.clip(planes + rng.normal(0, 1.6, planes.shape), 0, 255).astype(np.uint8)
