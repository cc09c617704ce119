"""A camera that fails on purpose: `faulty:FAULT@S:SPEC`, to rehearse what a laboratory will meet.

    faulty:stops@20:simulated        an unplugged cable after 20 s
    faulty:silent@20:0               no frame for 3 s, once
    faulty:resizes@20:simulated      pictures of half the size from then on
    faulty:repeats@20:simulated      the same picture again and again, with new stamps
    faulty:dim@20:0                  every other picture is missing, as in a dark room
    faulty:steps@20:simulated        stamps jump back by 1 s
    faulty:late=50:simulated         every stamp is 50 ms too late, from the start

S counts seconds from the first frame; SPEC is any other camera.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from collector.cameras.base import (
    Camera,
    CameraFrame,
    CameraSettings,
    Performer,
    camera_from_spec,
)
from mexlab.clock import host_ns
from mexlab.errors import InputError
from mexlab.session import Answer
from mexlab.timebase import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from stimuli.compilation import FilmScene

SILENCE_S = 3.0
STEP_NS = NS_PER_S
SPEC = re.compile(r"faulty:([a-z]+)(?:=(\d{1,6}))?(?:@(\d{1,6}(?:\.\d+)?))?:(.+)", re.DOTALL)


class FaultyCamera:
    """Another camera until its fault sets in; everything but `read` is the other camera's."""

    def __init__(self, spec: str, inner: Camera, fault: str, value: int, after_s: float) -> None:
        self.spec, self.inner, self.value = spec, inner, value
        self.kept: CameraFrame | None = None  # the last frame before the fault
        self.was_silent = False
        self._fault, self._after_ns = fault, round(after_s * NS_PER_S)
        self._from_ns: int | None = None if after_s else 0  # host clock

    @property
    def width(self) -> int:
        return self.inner.width

    @property
    def height(self) -> int:
        return self.inner.height

    @property
    def fps(self) -> float:
        return self.inner.fps

    @property
    def modality(self) -> str:
        return self.inner.modality

    def open(self) -> None:
        self.inner.open()

    def close(self) -> None:
        self.inner.close()

    def read(self) -> CameraFrame | None:
        """The next frame, spoilt once its time has come."""
        if self._from_ns is not None and host_ns() >= self._from_ns:
            return FAULTS[self._fault](self)
        self.kept = self.inner.read()
        if self._from_ns is None:
            self._from_ns = host_ns() + self._after_ns
        return self.kept

    def description(self) -> dict[str, Any]:
        return {**self.inner.description(), "fault": self.spec}

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()


class FaultyPerformer(FaultyCamera):
    """A faulty camera in front of a simulated participant, who notices nothing of it."""

    inner: Any

    @property
    def base_face(self) -> str:
        return str(self.inner.base_face)

    def film_starts(self, host_ns: int, scenes: "Sequence[FilmScene]") -> None:
        self.inner.film_starts(host_ns, scenes)

    def truth(self, zero_ns: int, until_ns: int | None = None) -> pa.Table:
        truth: pa.Table = self.inner.truth(zero_ns, until_ns)
        return truth

    def answers(self, started_at: datetime) -> tuple[Answer, ...]:
        answers: tuple[Answer, ...] = self.inner.answers(started_at)
        return answers


def _stops(_: FaultyCamera) -> CameraFrame | None:
    return None


def _silent(camera: FaultyCamera) -> CameraFrame | None:
    if not camera.was_silent:
        camera.was_silent = True
        time.sleep(SILENCE_S)
    return camera.inner.read()


def _resizes(camera: FaultyCamera) -> CameraFrame | None:
    frame = camera.inner.read()
    if frame is None:
        return None
    width, height = (side // 4 * 2 for side in (frame.picture.width, frame.picture.height))
    return replace(frame, picture=frame.picture.reformat(width=width, height=height))


def _repeats(camera: FaultyCamera) -> CameraFrame | None:
    frame = camera.inner.read()
    camera.kept = camera.kept or frame
    return replace(frame, picture=camera.kept.picture) if frame and camera.kept else None


def _dim(camera: FaultyCamera) -> CameraFrame | None:
    return camera.inner.read() and camera.inner.read()


def _steps(camera: FaultyCamera) -> CameraFrame | None:
    return _stamped(camera, -STEP_NS)


def _late(camera: FaultyCamera) -> CameraFrame | None:
    return _stamped(camera, camera.value * NS_PER_MS)


def _stamped(camera: FaultyCamera, by_ns: int) -> CameraFrame | None:
    frame = camera.inner.read()
    return frame and replace(frame, capture_ns=frame.capture_ns + by_ns)


# Fault -> how a frame is read once it has set in. Only `late` takes a value.
FAULTS: dict[str, Callable[[FaultyCamera], CameraFrame | None]] = {
    "stops": _stops,
    "silent": _silent,
    "resizes": _resizes,
    "repeats": _repeats,
    "dim": _dim,
    "steps": _steps,
    "late": _late,
}


def from_spec(spec: str, settings: CameraSettings) -> FaultyCamera:
    """`faulty:FAULT@S:SPEC`, or `faulty:late=MS:SPEC`. Raises InputError for no such fault."""
    found = SPEC.fullmatch(spec)
    fault, value, after, inner_spec = found.groups() if found else ("", None, None, "")
    if fault not in FAULTS or (fault == "late") != (value is not None):
        forms = ", ".join(name if name != "late" else "late=MS" for name in FAULTS)
        remedy = f"write faulty:FAULT@S:SPEC with FAULT one of: {forms}"
        raise InputError(f"no such fault: {spec!r}", "--camera", remedy)
    inner = camera_from_spec(inner_spec, settings)
    kind = FaultyPerformer if isinstance(inner, Performer) else FaultyCamera
    return kind(spec, inner, fault, int(value or 0), float(after or 0))
