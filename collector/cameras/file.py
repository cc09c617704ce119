"""A video file as a live camera: `file:PATH`. Its frames come when they are due by its own times.

The first frame comes now. Pictures are given as they are stored, in YUV; a file with a rotation
mark is refused, since turning it would cost a detour per frame, and lying faces are not found.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from collector.cameras.base import CameraFrame, CameraSettings
from collector.framing import as_recorded
from mexlab.clock import host_ns
from mexlab.errors import VideoError
from mexlab.timebase import NS_PER_S
from mexlab.vision.video import Frame, Video


class FileCamera:
    """Reads a video that PyAV can read. Raises VideoError at once for one that is none."""

    modality = "colour"

    def __init__(self, spec: str, path: Path) -> None:
        self.spec = spec
        self._video = Video(path)
        if self._video.rotation % 360:
            remedy = "turn it upright first: ffmpeg -i VIDEO -crf 16 UPRIGHT.mp4"
            raise VideoError(f"stored lying down ({self._video.rotation} degrees)", path, remedy)
        self.width, self.height = self._video.width, self._video.height
        self.fps = self._video.nominal_hz or 30.0
        self._frames: Iterator[Frame] | None = None
        self._zero_ns: int | None = None

    def open(self) -> None:
        self._frames = self._video.frames()
        self._zero_ns = None

    def close(self) -> None:
        self._frames = None

    def read(self) -> CameraFrame | None:
        """The next frame, not before it is due; stamped when it is given. None after the last."""
        frame = next(self._frames, None) if self._frames else None
        if frame is None:
            return None
        picture = as_recorded(frame.picture)
        if self._zero_ns is None:
            self._zero_ns = host_ns() - frame.t_ns
        time.sleep(max(0, self._zero_ns + frame.t_ns - host_ns()) / NS_PER_S)
        return CameraFrame(picture, host_ns())

    def description(self) -> dict[str, Any]:
        return {
            "backend": "file",
            "codec": self._video.codec,
            "pixel_format": self._video.pixel_format,
        }

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()


def from_spec(spec: str, _: CameraSettings) -> FileCamera:
    """`file:PATH`."""
    return FileCamera(spec, Path(spec.partition(":")[2]).expanduser())
