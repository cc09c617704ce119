"""What a camera is: something that is opened, gives frames with their capture times, and ends.

A new camera is a new file beside this one with a class of this shape, and a line in CAMERAS. Its
pictures stay in the camera's own YUV form up to the encoder: a detour through RGB drops frames.
"""

from dataclasses import dataclass
from importlib import import_module
from types import TracebackType
from typing import Protocol, Self

import av

from mexlab.errors import InputError

# What stands before the colon of --camera SPEC -> module:function that makes a camera of SPEC.
# Named, not imported: choosing a webcam must not load the simulator, nor the other way round.
CAMERAS = {
    "simulated": "collector.cameras.simulated:from_spec",
}


@dataclass(frozen=True)
class CameraFrame:
    """One picture and when it was taken, int64 ns on the camera's clock.

    A device's clock is the host's monotonic clock; a simulated camera counts from its first frame.
    """

    picture: av.VideoFrame
    capture_ns: int


class Camera(Protocol):
    """A source of frames. `spec` is what `--camera` would say; sizes in px, `fps` nominal.

    `modality` is one of `mexlab.session.MODALITIES`. Use as a context manager: entering opens.
    """

    @property
    def spec(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def fps(self) -> float: ...
    @property
    def modality(self) -> str: ...

    def open(self) -> None:
        """Get ready to read; a device warms up here. Raises MexlabError where it cannot."""
        ...

    def close(self) -> None:
        """Give the device back. Closing twice does nothing."""
        ...

    def read(self) -> CameraFrame | None:
        """The next frame, waiting for it; None when there will be no more."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None: ...


def camera_from_spec(spec: str) -> Camera:
    """The camera that `--camera SPEC` names, not yet opened. Raises InputError for no such kind."""
    kind = spec.partition(":")[0]
    if kind not in CAMERAS:
        known = ", ".join(CAMERAS)
        raise InputError(f"no camera {spec!r}", "--camera", f"use one of: {known}")
    module, _, function = CAMERAS[kind].partition(":")
    camera: Camera = getattr(import_module(module), function)(spec)
    return camera
