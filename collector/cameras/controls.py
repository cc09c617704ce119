"""A webcam's automatic controls: what each lets the driver do by itself, and how it is held.

On Linux through V4L2's own calls, since OpenCV knows neither the mains frequency nor the control
that stops a camera from halving its rate in dim light. On Windows through OpenCV's DirectShow
properties. AVFoundation as OpenCV offers it has none.

Ids and values: linux/v4l2-controls.h. DirectShow's automatic exposure is 0.25 manual and 0.75
automatic, which newer OpenCV rounds to 0 and 1: both mean the same to both.
"""

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2

MENU_HZ = {50: 1, 60: 2}  # V4L2_CID_POWER_LINE_FREQUENCY
V4L2_IDS = {
    "auto_white_balance": 0x0098090C,
    "mains_frequency": 0x00980918,
    "white_balance_k": 0x0098091A,
    "auto_exposure": 0x009A0901,
    "exposure": 0x009A0902,  # in 100 µs
    "slower_in_dim_light": 0x009A0903,  # exposure_dynamic_framerate
    "focus": 0x009A090A,
    "auto_focus": 0x009A090C,
}
GET, SET = 0xC008561B, 0xC008561C  # VIDIOC_G_CTRL, VIDIOC_S_CTRL
DSHOW_IDS = {
    "auto_white_balance": cv2.CAP_PROP_AUTO_WB,
    "white_balance_k": cv2.CAP_PROP_WB_TEMPERATURE,
    "auto_exposure": cv2.CAP_PROP_AUTO_EXPOSURE,
    "exposure": cv2.CAP_PROP_EXPOSURE,  # log2 of seconds, such as -6
    "focus": cv2.CAP_PROP_FOCUS,
    "auto_focus": cv2.CAP_PROP_AUTOFOCUS,
}


@dataclass(frozen=True)
class Automatic:
    """Something a camera does by itself: `name` switches it, `value` is what it finds."""

    name: str
    value: str
    on: float
    off: float


class Controls(Protocol):
    """Named controls of an opened camera; what the driver does not have is None, or False."""

    @property
    def automatics(self) -> tuple[Automatic, ...]: ...

    def get(self, name: str) -> float | None: ...

    def set(self, name: str, value: float) -> bool: ...


class V4l2Controls:
    """Through the device file, beside the one that captures. `call` is fcntl.ioctl."""

    automatics = (
        Automatic("auto_exposure", "exposure", on=3, off=1),  # aperture priority, manual
        Automatic("auto_white_balance", "white_balance_k", on=1, off=0),
        Automatic("auto_focus", "focus", on=1, off=0),
    )

    def __init__(self, device: Path, call: Callable[[int, int, bytes], bytes] | None = None):
        self._device = device
        self._call = call

    def get(self, name: str) -> float | None:
        answer = self._control(GET, name, 0)
        return None if answer is None else float(answer)

    def set(self, name: str, value: float) -> bool:
        return self._control(SET, name, round(value)) is not None

    def _control(self, request: int, name: str, value: int) -> int | None:
        if self._call is None:
            from fcntl import ioctl  # not on Windows

            self._call = ioctl
        packed = struct.pack("Ii", V4L2_IDS[name], value)
        try:
            handle = os.open(self._device, os.O_RDWR | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            return int(struct.unpack("Ii", self._call(handle, request, packed))[1])
        except OSError:  # a control this camera does not have, or does not let go of now
            return None
        finally:
            os.close(handle)


class CaptureControls:
    """Through the properties of an OpenCV capture."""

    automatics = (
        Automatic("auto_exposure", "exposure", on=0.75, off=0.25),
        Automatic("auto_white_balance", "white_balance_k", on=1, off=0),
        Automatic("auto_focus", "focus", on=1, off=0),
    )

    def __init__(self, capture: Any) -> None:
        self._capture = capture

    def get(self, name: str) -> float | None:
        value = float(self._capture.get(DSHOW_IDS[name])) if name in DSHOW_IDS else None
        # -1 says unknown; but an exposure of 2^-1 s would be longer than any frame.
        return None if value == -1 else value

    def set(self, name: str, value: float) -> bool:
        return name in DSHOW_IDS and bool(self._capture.set(DSHOW_IDS[name], value))


class NoControls:
    """A backend that leaves everything to the camera."""

    automatics: tuple[Automatic, ...] = ()

    def get(self, name: str) -> float | None:
        return None

    def set(self, name: str, value: float) -> bool:
        return False


def let_settle(controls: Controls, mains_hz: int) -> dict[str, float]:
    """Everything automatic but the frame rate, before the warm-up; what was granted of it."""
    asked = {automatic.name: automatic.on for automatic in controls.automatics}
    asked["slower_in_dim_light"] = 0
    if mains_hz:
        asked["mains_frequency"] = MENU_HZ[mains_hz]
    return {name: value for name, value in asked.items() if controls.set(name, value)}


def hold(controls: Controls) -> dict[str, float]:
    """Keep the values found during the warm-up; what is held, name -> value read back."""
    held: dict[str, float] = {}
    for automatic in controls.automatics:
        found = controls.get(automatic.value)
        if not controls.set(automatic.name, automatic.off):
            continue
        if found is not None:
            controls.set(automatic.value, found)
        kept = controls.get(automatic.value)
        held[automatic.value] = automatic.off if kept is None else kept
    return held
