"""A real webcam through OpenCV: `0`, `1` or `/dev/video2`.

    open ──> mode asked ──> automatics on ──> warm-up ──> automatics held ──> frames

On Linux the camera's MJPG bytes are taken as they are and decoded once, straight to YUV. DirectShow
and AVFoundation hand over BGR, which is converted once to yuv420p: 2 ms at 1280x720, and a little
colour. What was asked for and what the driver granted stand in `description()`.

A stamp is taken when the picture has been waited for: after the grab, except with DirectShow, whose
grab returns at once and whose retrieve waits. The mains frequency can only be set on Linux; the
drivers of Windows and macOS have their own setting for it.
"""

import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import av.error
import cv2
import numpy as np
from numpy.typing import NDArray

from collector.cameras.base import CameraFrame, CameraSettings
from collector.cameras.controls import (
    CaptureControls,
    Controls,
    NoControls,
    V4l2Controls,
    hold,
    let_settle,
)
from collector.cameras.devices import not_opened
from collector.framing import as_recorded
from mexlab.clock import host_ns
from mexlab.errors import InputError, VideoError
from mexlab.timebase import NS_PER_S

BUFFERS = 2  # one is filled while the other is read: more would only make frames older
STEADY = 0.25  # an interval this near to the nominal one counts as steady
STEADY_RUN = 10
UNDECODED_LIMIT = 60  # in a row: the camera sends something else than it says
LENIENT_AFTER = 30  # in a row: this camera's JPEGs all break a rule, so take them as they are
LOCK_SHIFT = 0.3  # of the brightness; holding the values must not change the picture more

NAMES = {
    "fourcc": cv2.CAP_PROP_FOURCC,
    "width": cv2.CAP_PROP_FRAME_WIDTH,
    "height": cv2.CAP_PROP_FRAME_HEIGHT,
    "fps": cv2.CAP_PROP_FPS,
    "buffers": cv2.CAP_PROP_BUFFERSIZE,
    "convert_rgb": cv2.CAP_PROP_CONVERT_RGB,
}


@dataclass(frozen=True)
class Backend:
    """How OpenCV reaches cameras on a system: the properties asked for, in this order."""

    name: str
    api: int
    order: tuple[str, ...]
    waits_in_retrieve: bool = False


BACKENDS = {
    # The format first: a size that only MJPG has would be refused in another. Each setting starts
    # the stream anew, and raw bytes come last, since they are not kept over all of these.
    "linux": Backend(
        "V4L2", cv2.CAP_V4L2, ("fourcc", "width", "height", "fps", "buffers", "convert_rgb")
    ),
    # DirectShow, since Media Foundation may take minutes to open. Size and rate set the device up
    # anew without the format, so that it comes last, and keeps both.
    "win32": Backend(
        "DirectShow", cv2.CAP_DSHOW, ("width", "height", "fps", "fourcc"), waits_in_retrieve=True
    ),
    # The rates on offer are those of the size that is set. There is no format to choose.
    "darwin": Backend("AVFoundation", cv2.CAP_AVFOUNDATION, ("width", "height", "fps")),
}


@dataclass(frozen=True)
class WarmUp:
    """Frames are read and thrown away for at least and at most so long, until they are steady."""

    least_s: float = 1.0
    most_s: float = 4.0
    patience_s: float = 5.0  # without a frame for so long, the camera has gone; a hiccup is shorter


class Webcam:
    """`device` is a number, or on Linux a path. `capture` makes an OpenCV capture of it."""

    def __init__(
        self,
        spec: str,
        settings: CameraSettings,
        capture: Callable[..., Any] = cv2.VideoCapture,
        platform: str = sys.platform,
        warm_up: WarmUp | None = None,
        controls: Callable[[Any], Controls] | None = None,
    ) -> None:
        self.spec, self.settings = spec, settings
        self.width, self.height, self.fps = settings.width, settings.height, settings.fps
        self.modality = "colour"
        self.undecoded = 0
        self._make, self._platform = capture, platform
        self._warm_up = warm_up or WarmUp()
        self._make_controls = controls or self._own_controls
        self._backend = BACKENDS.get(platform) or Backend("any", cv2.CAP_ANY, ("width", "height"))
        self._capture: Any = None
        self._asked: dict[str, float] = {}
        self._granted: dict[str, Any] = {}
        self._held: dict[str, Any] = {}

    @property
    def device(self) -> int | str:
        return int(self.spec) if self.spec.isdecimal() else self.spec

    def open(self) -> None:
        """Open, set, warm up and hold; about two seconds. Raises VideoError in one line."""
        cv2.utils.logging.setLogLevel(0)  # OpenCV's own warnings come before ours and say less
        self._capture = self._make(self.device, self._backend.api)
        if not self._capture.isOpened():
            self.close()
            raise not_opened(self.spec, self._platform, self._make, self._backend.api)
        self._set_mode()
        self._decoder = _decoder(strict=True)
        controls = self._make_controls(self._capture)
        self._granted |= let_settle(controls, self.settings.mains_hz)
        last = self._warmed_up()
        if self.settings.lock:
            self._hold(controls, last)

    def _own_controls(self, capture: Any) -> Controls:
        if self._platform == "linux":
            number = self.spec.isdecimal()
            return V4l2Controls(Path(f"/dev/video{self.spec}" if number else self.spec))
        return CaptureControls(capture) if self._platform == "win32" else NoControls()

    def _set_mode(self) -> None:
        settings = self.settings
        values = {
            "fourcc": cv2.VideoWriter.fourcc(*settings.fourcc),
            "width": settings.width,
            "height": settings.height,
            "fps": settings.fps,
            "buffers": BUFFERS,
            "convert_rgb": 0,
        }
        self._asked = {name: values[name] for name in self._backend.order}
        for name, value in self._asked.items():
            self._capture.set(NAMES[name], value)
        granted = {name: self._capture.get(NAMES[name]) for name in self._asked}
        if "fourcc" in granted:
            granted["fourcc"] = _fourcc_text(granted["fourcc"])
            if granted["fourcc"] not in ("MJPG", "YUYV") and "convert_rgb" in granted:
                granted["convert_rgb"] = float(self._capture.set(NAMES["convert_rgb"], 1))
            if granted["fourcc"] in ("GREY", "Y800", "Y8  "):
                self.modality = "grey"
        self._granted = granted
        if granted.get("fps", 0) > 0:
            self.fps = float(granted["fps"])

    def _warmed_up(self) -> av.VideoFrame:
        """Read until the rate is steady. Raises VideoError where no picture comes at all."""
        begun, last_ns = host_ns(), 0
        near: deque[bool] = deque(maxlen=STEADY_RUN)
        picture: av.VideoFrame | None = None
        while (passed := (host_ns() - begun) / NS_PER_S) < self._warm_up.most_s:
            frame = self.read()
            if frame is None:
                break
            interval = (frame.capture_ns - last_ns) * self.fps / NS_PER_S
            near.append(abs(interval - 1) < STEADY)
            picture, last_ns = frame.picture, frame.capture_ns
            if passed > self._warm_up.least_s and len(near) == STEADY_RUN and all(near):
                break
        if picture is None:
            self.close()
            remedy = "close other programs that use the camera, or plug it in again"
            raise VideoError("the camera gives no picture: busy?", self.spec, remedy)
        self.width, self.height = picture.width, picture.height
        self._granted["steady"] = bool(near) and all(near)
        return picture

    def _hold(self, controls: Controls, before: av.VideoFrame) -> None:
        """Keep what the automatics found, unless the picture would become another one."""
        self._held = dict(hold(controls))
        after = None
        for _ in range(STEADY_RUN if self._held else 0):
            after = self.read() or after
        if after and abs(_brightness(after.picture) / _brightness(before) - 1) > LOCK_SHIFT:
            let_settle(controls, self.settings.mains_hz)
            self._held = {"given_up": "holding the values changed the brightness"}

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def read(self) -> CameraFrame | None:
        """The next picture that can be decoded; None once the camera has gone."""
        undecoded = 0
        while undecoded < UNDECODED_LIMIT and (taken := self._taken()) is not None:
            data, taken_ns = taken
            picture = self._picture(data)
            if picture is not None:
                return CameraFrame(picture, taken_ns)
            undecoded += 1
            self.undecoded += 1
            if undecoded == LENIENT_AFTER:
                self._decoder = _decoder(strict=False)
        return None

    def _taken(self) -> tuple[NDArray[np.uint8], int] | None:
        """What the driver gives next, and when it came; None after waiting in vain."""
        until = host_ns() + self._warm_up.patience_s * NS_PER_S
        while self._capture is not None:
            if self._capture.grab():
                grabbed_ns = host_ns()
                given, data = self._capture.retrieve()
                if self._backend.waits_in_retrieve:
                    grabbed_ns = host_ns()
                if given and data is not None and data.size:
                    return data, grabbed_ns
            if host_ns() > until:
                break
            time.sleep(0.005)
        return None

    def _picture(self, data: NDArray[np.uint8]) -> av.VideoFrame | None:
        """Undecoded bytes (1, n), YUYV (h, w, 2), BGR (h, w, 3) or grey (h, w) as YUV."""
        if data.ndim == 3 and data.shape[2] == 3:
            return as_recorded(av.VideoFrame.from_ndarray(data, format="bgr24"))
        if data.ndim == 3 and data.shape[2] == 2:
            return as_recorded(av.VideoFrame.from_ndarray(data, format="yuyv422"))
        if data.ndim == 2 and min(data.shape) > 1:
            return as_recorded(av.VideoFrame.from_ndarray(data, format="gray"))
        try:
            pictures = self._decoder.decode(av.Packet(data.tobytes()))
        except av.error.FFmpegError:
            return None
        return pictures[0] if pictures else None

    def description(self) -> dict[str, Any]:
        asked = {**self._asked}
        if "fourcc" in asked:
            asked["fourcc"] = self.settings.fourcc  # type: ignore[assignment]
        return {
            "backend": self._backend.name,
            "asked": {**asked, "mains_hz": self.settings.mains_hz, "lock": self.settings.lock},
            "granted": {**self._granted, "width": self.width, "height": self.height},
            "held": self._held,
            "undecoded": self.undecoded,
        }

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()


def _decoder(strict: bool) -> Any:
    """A JPEG decoder; a strict one refuses half a picture instead of filling it with grey."""
    made: Any = av.CodecContext.create("mjpeg", "r")
    if strict:
        made.options = {"err_detect": "explode"}
    return made


def _brightness(picture: av.VideoFrame) -> float:
    """Mean of the Y plane, never 0."""
    return float(np.frombuffer(picture.planes[0], np.uint8)[::16].mean()) + 1


def _fourcc_text(code: float) -> str:
    """The four letters of a format's number, as in MJPG."""
    return "".join(chr(int(code) >> shift & 0x7F) for shift in (0, 8, 16, 24)) if code > 0 else ""


def from_spec(spec: str, settings: CameraSettings) -> Webcam:
    """A device number, or a device's path on Linux. Raises InputError for a path elsewhere."""
    if len(settings.fourcc) != 4:
        remedy = "write four letters, such as MJPG"
        raise InputError(f"no format {settings.fourcc!r}", "study.toml [camera] fourcc", remedy)
    if sys.platform != "linux" and not spec.isdecimal():
        raise InputError(f"no camera {spec!r}", "--camera", "give its number, such as 0")
    return Webcam(spec, settings)
