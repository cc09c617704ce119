"""Rehearsed failures: each fault does what it says, when it says, to any camera."""

import av
import numpy as np
import pytest

from collector.cameras import faulty
from collector.cameras.base import CameraFrame, camera_from_spec
from collector.cameras.faulty import FAULTS, FaultyCamera
from mexlab.clock import host_ns
from mexlab.errors import InputError
from mexlab.timebase import NS_PER_S


class Counter:
    """A camera whose pictures count 0, 1, 2, … in their brightness."""

    spec, width, height, fps, modality = "counter", 64, 48, 30.0, "colour"

    def __init__(self):
        self.count = 0

    def read(self):
        planes = np.full((72, 64), self.count % 256, np.uint8)
        self.count += 1
        return CameraFrame(av.VideoFrame.from_ndarray(planes, format="yuv420p"), host_ns())

    def open(self): ...

    def close(self): ...

    def description(self):
        return {"backend": "counter"}


def made(fault, value=0, after_s=0.0):
    return FaultyCamera(f"faulty:{fault}", Counter(), fault, value, after_s)


def number(frame):
    return int(np.frombuffer(frame.picture.planes[0], np.uint8)[0])


def test_it_is_the_other_camera_until_its_time_has_come():
    camera = made("stops", after_s=0.1)
    begun, count = host_ns(), 0
    while (frame := camera.read()) is not None:
        assert number(frame) == count % 256
        count += 1
    assert count > 2
    assert host_ns() - begun >= 0.1 * NS_PER_S
    assert camera.read() is None
    assert camera.description() == {"backend": "counter", "fault": "faulty:stops"}


def test_a_silent_camera_comes_back_with_new_frames(monkeypatch):
    monkeypatch.setattr(faulty, "SILENCE_S", 0.2)
    camera = made("silent")
    asked = host_ns()
    first, second = camera.read(), camera.read()
    assert first.capture_ns - asked >= 0.2 * NS_PER_S
    assert second.capture_ns - first.capture_ns < 0.1 * NS_PER_S


def test_pictures_change_their_size_repeat_or_go_missing():
    frame = made("resizes").read()
    assert (frame.picture.width, frame.picture.height) == (32, 24)
    camera = made("repeats")
    frames = [camera.read() for _ in range(3)]
    assert [number(frame) for frame in frames] == [0, 0, 0]
    assert len({frame.capture_ns for frame in frames}) == 3
    camera = made("dim")
    assert [number(camera.read()) for _ in range(3)] == [1, 3, 5]


def test_stamps_are_late_by_so_much_or_step_back():
    for fault, value, off in (("late", 50, 0.05), ("steps", 0, -1.0)):
        frame = made(fault, value).read()
        assert (frame.capture_ns - host_ns()) / NS_PER_S == pytest.approx(off, abs=0.04)


def test_every_fault_can_be_written_and_is_described():
    for fault in FAULTS:
        written = "late=50" if fault == "late" else fault
        camera = camera_from_spec(f"faulty:{written}@2.5:faulty:dim@1:0")
        assert camera.inner.inner.spec == "0"
        assert f"faulty:{written.split('=')[0]}" in faulty.__doc__


@pytest.mark.parametrize(
    "spec",
    ["faulty:explodes@1:0", "faulty:late:0", "faulty:stops=3@1:0", "faulty:stops@1", "faulty:"],
)
def test_other_faults_are_refused_with_the_list(spec):
    with pytest.raises(InputError, match="stops, silent"):
        camera_from_spec(spec)
