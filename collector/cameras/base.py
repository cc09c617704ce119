"""What a camera is: something that is opened, gives frames with their capture times, and ends.

A new camera is a new file beside this one with a class of this shape, and a line in CAMERAS. Its
pictures stay in the camera's own YUV form up to the encoder: a detour through RGB drops frames.

--camera SPEC
    0, 1, /dev/video2          a webcam, by device number or path
    file:PATH                  a video file, paced by its own frame times
    screen:X,Y,W,H             a region of the screen, px
    simulated, simulated:SEED  a simulated participant
    faulty:FAULT@S:SPEC        another camera that fails S seconds after its first frame, to
                               rehearse it; FAULT is one of `collector.cameras.faulty.FAULTS`
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

import av
import pyarrow as pa

from mexlab.errors import InputError
from mexlab.session import Answer

if TYPE_CHECKING:
    from stimuli.compilation import FilmScene

# What stands before the colon of --camera SPEC -> module:function that makes a camera of SPEC.
# Named, not imported: choosing a webcam must not load the simulator, nor the other way round.
CAMERAS = {
    "simulated": "collector.cameras.performer:from_spec",
    "file": "collector.cameras.file:from_spec",
    "screen": "collector.cameras.screen:from_spec",
    "faulty": "collector.cameras.faulty:from_spec",
}
# A device number or a path has no colon before it, and is a webcam.
WEBCAM = "collector.cameras.webcam:from_spec"
DEVICE = re.compile(r"\d+|/.+")


@dataclass(frozen=True)
class CameraSettings:
    """[camera] of study.toml: what is asked of a camera that can be asked; sizes in px.

    `mains_hz` 50 or 60, the lamps' flicker, 0 leaves it to the camera; `lock` holds focus, exposure
    and white balance where the driver can; `crop` records the face with a margin.
    """

    width: int = field(default=1280, metadata={"low": 160, "high": 7680})
    height: int = field(default=720, metadata={"low": 120, "high": 4320})
    fps: float = field(default=30.0, metadata={"low": 5, "high": 240})
    fourcc: str = "MJPG"
    mains_hz: int = field(default=50, metadata={"choices": (0, 50, 60)})
    lock: bool = True
    crop: bool = True


@dataclass(frozen=True)
class CameraFrame:
    """One picture and when it was taken, int64 ns on the host clock (`mexlab.clock.host_ns`).

    Stamped right after the grab. Only a scripted camera that plays at once, without waiting,
    counts from its first frame instead.
    """

    picture: av.VideoFrame
    capture_ns: int


class Camera(Protocol):
    """A source of frames. `spec` is what `--camera` would say; sizes in px, `fps` nominal.

    Sizes and rate hold once the camera is open: before, they are what will be asked for.
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

    def description(self) -> dict[str, Any]:
        """For session.json: the backend, what was asked of it and what it granted."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None: ...


@runtime_checkable
class Performer(Protocol):
    """What a camera can do besides, if a simulated participant sits in front of it."""

    @property
    def base_face(self) -> str: ...

    def film_starts(self, host_ns: int, scenes: "Sequence[FilmScene]") -> None:
        """The first film frame was shown at `host_ns`; from then on one event a scene is played.

        Called from another thread than the one that reads.
        """
        ...

    def truth(self, zero_ns: int, until_ns: int | None = None) -> pa.Table:
        """TRUTH rows in session time, which is host time less `zero_ns`.

        With `until_ns`, a session time, only events over by then: the recording may end early.
        """
        ...

    def answers(self, started_at: datetime) -> tuple[Answer, ...]:
        """The self-report, for a session that began at this wall-clock time."""
        ...


def camera_from_spec(spec: str, settings: CameraSettings | None = None) -> Camera:
    """The camera that `--camera SPEC` names, not yet opened. Raises InputError for no such kind."""
    kind, colon, _ = spec.partition(":")
    place = CAMERAS.get(kind)
    if place is None and DEVICE.fullmatch(spec):
        place = WEBCAM
    if place is None or (kind != "simulated" and kind in CAMERAS and not colon):
        known = "0, /dev/video0, file:PATH, screen:X,Y,W,H, simulated"
        raise InputError(f"no camera {spec!r}", "--camera", f"use one of: {known}")
    module, _, function = place.partition(":")
    camera: Camera = getattr(import_module(module), function)(spec, settings or CameraSettings())
    return camera
