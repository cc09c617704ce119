"""A region of the screen as a camera: on Xvfb, and what the other systems' grabbers are asked."""

import os
import shutil
import subprocess

import numpy as np
import pytest

from collector.cameras.base import CameraSettings, camera_from_spec
from collector.cameras.screen import GRABBERS, ScreenCamera
from collector.framing import Crop
from mexlab.clock import host_ns
from mexlab.errors import InputError, VideoError
from mexlab.timebase import NS_PER_MS


@pytest.fixture(scope="module")
def display():
    """An empty 640x480 screen, whose number the server chooses."""
    if not shutil.which("Xvfb"):
        pytest.skip("Xvfb is not installed")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "640x480x24"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as answer:
        name = f":{answer.readline().strip()}"
    yield name
    server.terminate()
    server.wait()


def test_pictures_of_the_region_come_at_the_rate_asked_for(display, monkeypatch):
    monkeypatch.setenv("DISPLAY", display)
    with camera_from_spec("screen:20,10,320,180", CameraSettings(fps=20.0)) as camera:
        frames = [camera.read() for _ in range(8)]
        assert frames[-1].capture_ns <= host_ns()
        assert camera.description()["backend"] == "x11grab"
    picture = frames[0].picture
    assert (picture.format.name, picture.width, picture.height) == ("yuv420p", 320, 180)
    assert (camera.width, camera.height, camera.fps) == (320, 180, 20.0)
    # What FFmpeg kept while it opened is gone: no burst of old pictures at the start.
    assert np.median(np.diff([f.capture_ns for f in frames])) > 30 * NS_PER_MS
    assert camera.read() is None


def test_a_region_outside_the_screen_is_one_line(display, monkeypatch):
    monkeypatch.setenv("DISPLAY", display)
    with pytest.raises(VideoError, match="region lies on the screen"):
        camera_from_spec("screen:500,0,320,180").open()


@pytest.mark.parametrize("name", ["", ":987654"])
def test_no_display_is_one_line(name, monkeypatch):
    monkeypatch.setenv("DISPLAY", name)
    with pytest.raises(VideoError, match=r"display|DISPLAY"):
        ScreenCamera("screen:0,0,64,64", Crop(0, 0, 64, 64), 30.0, "linux").open()


def test_each_system_has_its_grabber():
    region = Crop(10, 20, 64, 48)
    windows = GRABBERS["win32"](region, 29.97)
    assert (windows.format, windows.file, windows.cut) == ("gdigrab", "desktop", None)
    assert windows.options["offset_x"] == "10"
    assert windows.options["video_size"] == "64x48"
    assert windows.options["framerate"] == "29.97"
    mac = GRABBERS["darwin"](region, 30)
    assert (mac.format, mac.file, mac.cut) == ("avfoundation", "Capture screen 0:none", region)


@pytest.mark.parametrize("spec", ["screen:0,0,63,48", "screen:0,0,64", "screen:a,0,64,64"])
def test_a_region_is_four_numbers_with_even_sides(spec):
    with pytest.raises(InputError, match="screen:X,Y,W,H"):
        camera_from_spec(spec)
