"""A region of the screen as a camera: `screen:X,Y,W,H` in px, to rehearse and to test with.

FFmpeg's grabbers give RGB: x11grab on Linux, gdigrab on Windows, avfoundation on macOS, which
gives the whole screen, cut here. Each picture is converted once to yuv420p.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import av
import av.error

from collector.cameras.base import CameraFrame, CameraSettings
from collector.framing import Crop, as_recorded, cropped
from mexlab.clock import host_ns
from mexlab.errors import InputError, VideoError
from mexlab.timebase import NS_PER_S

MOST_KEPT = 60
REGION = re.compile(r"screen:(\d+),(\d+),(\d+),(\d+)")


@dataclass(frozen=True)
class Grabber:
    """What FFmpeg is asked for; `cut` where it gives the whole screen."""

    format: str
    file: str
    options: dict[str, str]
    cut: Crop | None = None


def _linux(region: Crop, fps: float) -> Grabber:
    options = {
        "framerate": f"{fps:g}",
        "video_size": f"{region.width}x{region.height}",
        "grab_x": str(region.x),
        "grab_y": str(region.y),
        "draw_mouse": "0",
    }
    return Grabber("x11grab", os.environ.get("DISPLAY", ""), options)


def _windows(region: Crop, fps: float) -> Grabber:
    options = {
        "framerate": f"{fps:g}",
        "video_size": f"{region.width}x{region.height}",
        "offset_x": str(region.x),
        "offset_y": str(region.y),
        "draw_mouse": "0",
    }
    return Grabber("gdigrab", "desktop", options)


def _macos(region: Crop, fps: float) -> Grabber:
    options = {"framerate": f"{fps:g}", "capture_cursor": "0", "pixel_format": "bgr0"}
    return Grabber("avfoundation", "Capture screen 0:none", options, region)


GRABBERS: dict[str, Callable[[Crop, float], Grabber]] = {
    "linux": _linux,
    "win32": _windows,
    "darwin": _macos,
}
# PyAV says nothing about a display or an offset that is none but "I/O error".
REMEDY = {
    "linux": "check $DISPLAY, and that the region lies on the screen (xrandr tells its size)",
    "win32": "choose a region that lies on the screen",
    "darwin": "allow screen recording in System Settings, Privacy & Security",
}


class ScreenCamera:
    """Grabs `region` at `fps`; `platform` as sys.platform says."""

    modality = "colour"

    def __init__(self, spec: str, region: Crop, fps: float, platform: str = sys.platform) -> None:
        self.spec, self.fps = spec, fps
        self.width, self.height = region.width, region.height
        self._region, self._platform = region, platform
        self._container: Any = None
        self._pictures: Iterator[av.VideoFrame] | None = None

    def open(self) -> None:
        """Raises VideoError without a display, or for a region outside the screen."""
        if self._platform not in GRABBERS:
            what = f"no screen grabber for {self._platform}"
            raise VideoError(what, self.spec, "use another camera")
        grabber = GRABBERS[self._platform](self._region, self.fps)
        if not grabber.file:
            raise VideoError("no display to grab from", "$DISPLAY", "start it in a desktop session")
        try:
            self._container = av.open(grabber.file, format=grabber.format, options=grabber.options)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            what = f"the screen cannot be grabbed ({error})"
            raise VideoError(what, self.spec, REMEDY[self._platform]) from error
        self._cut = grabber.cut
        self._pictures = self._container.decode(video=0)
        self._skip_kept()

    def _skip_kept(self) -> None:
        """Read until a picture has to be waited for: opening keeps some, which are old by now."""
        for _ in range(MOST_KEPT):
            asked_ns = host_ns()
            if self.read() is None or host_ns() - asked_ns > NS_PER_S / self.fps / 2:
                return

    def close(self) -> None:
        self._pictures = None
        if self._container is not None:
            self._container.close()
            self._container = None

    def read(self) -> CameraFrame | None:
        """The next picture, stamped right after the grab; None when the display has gone."""
        if self._pictures is None:
            return None
        try:
            picture = next(self._pictures, None)
        except (av.error.FFmpegError, OSError):
            return None
        grabbed_ns = host_ns()
        if picture is None:
            return None
        picture = cropped(picture, self._cut) if self._cut else as_recorded(picture)
        return CameraFrame(picture, grabbed_ns)

    def description(self) -> dict[str, Any]:
        grabber = GRABBERS[self._platform](self._region, self.fps)
        return {"backend": grabber.format, "asked": grabber.options}

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()


def from_spec(spec: str, settings: CameraSettings) -> ScreenCamera:
    """`screen:X,Y,W,H`, W and H even. Raises InputError for another form."""
    found = REGION.fullmatch(spec)
    region = Crop(*(int(value) for value in found.groups())) if found else Crop(0, 0, 0, 0)
    if region.width < 16 or region.height < 16 or region.width % 2 or region.height % 2:
        remedy = "write screen:X,Y,W,H in px, W and H even and 16 or more"
        raise InputError(f"no region of the screen: {spec!r}", "--camera", remedy)
    return ScreenCamera(spec, region, settings.fps)
