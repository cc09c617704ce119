"""The webcam without one: what is asked of each system's driver, and what becomes of its answers.

The driver is a recording stand-in for OpenCV's capture, so the order and values are what is tested.
"""

import struct
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from collector.cameras import controls as held_controls
from collector.cameras.base import CameraSettings
from collector.cameras.controls import CaptureControls, NoControls, V4l2Controls, hold, let_settle
from collector.cameras.devices import not_opened
from collector.cameras.webcam import BACKENDS, BUFFERS, LENIENT_AFTER, WarmUp, Webcam, from_spec
from mexlab.clock import host_ns
from mexlab.errors import InputError, VideoError

BRIEF = WarmUp(least_s=0.0, most_s=0.2, patience_s=0.05)
MJPG = cv2.VideoWriter.fourcc(*"MJPG")


def jpeg(width=64, height=48, level=120):
    """One JPEG as a camera sends it, 4:2:2 in the full range."""
    codec = av.CodecContext.create("mjpeg", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, "yuvj422p"
    codec.time_base = Fraction(1, 30)
    picture = av.VideoFrame(width, height, "yuvj422p")
    for plane, value in zip(picture.planes, (level, 128, 128), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    return np.frombuffer(bytes(codec.encode(picture)[0]), np.uint8)[None]


class Driver:
    """Answers like an OpenCV capture of a camera that has `pictures`, and notes what it hears.

    `granted` overrides what properties read back; the last picture comes again and again.
    """

    def __init__(self, pictures, granted=(), opened=True, delivers=10**6):
        self.pictures, self.opened, self.delivers = list(pictures), opened, delivers
        self.asked, self.properties, self.granted = [], {}, dict(granted)
        self.grabs = self.released = 0

    def __call__(self, device, api):
        self.device, self.api = device, api
        return self

    def isOpened(self):
        return self.opened

    def set(self, name, value):
        self.asked.append((name, value))
        self.properties[name] = value
        return True

    def get(self, name):
        return self.granted.get(name, self.properties.get(name, -1.0))

    def grab(self):
        self.grabs += 1
        self.grabbed_ns = host_ns()
        return self.grabs <= self.delivers

    def retrieve(self):
        self.retrieved_ns = host_ns()
        return True, self.pictures.pop(0) if len(self.pictures) > 1 else self.pictures[0]

    def release(self):
        self.released += 1


def webcam(driver, platform="linux", controls=None, **settings):
    make = (lambda _: controls) if controls is not None else lambda _: NoControls()
    given = None if platform == "win32" and controls is None else make
    return Webcam("0", CameraSettings(**settings), driver, platform, BRIEF, given)


def bgr(level=100):
    return np.full((48, 64, 3), level, np.uint8)


def test_on_linux_the_format_comes_before_the_size_and_raw_bytes_last():
    driver = Driver([jpeg()])
    with webcam(driver, width=1920, height=1080, fps=60) as camera:
        assert (driver.device, driver.api) == (0, cv2.CAP_V4L2)
        assert driver.asked == [
            (cv2.CAP_PROP_FOURCC, MJPG),
            (cv2.CAP_PROP_FRAME_WIDTH, 1920),
            (cv2.CAP_PROP_FRAME_HEIGHT, 1080),
            (cv2.CAP_PROP_FPS, 60),
            (cv2.CAP_PROP_BUFFERSIZE, BUFFERS),
            (cv2.CAP_PROP_CONVERT_RGB, 0),
        ]
        assert camera.description()["granted"]["fourcc"] == "MJPG"
    assert driver.released == 1


def test_on_windows_directshow_gets_the_format_last_and_automatics_through_its_properties():
    driver = Driver([bgr()], {cv2.CAP_PROP_EXPOSURE: -6.0, cv2.CAP_PROP_FOCUS: 30.0})
    with webcam(driver, "win32"):
        assert driver.api == cv2.CAP_DSHOW
        assert [name for name, _ in driver.asked[:4]] == [
            cv2.CAP_PROP_FRAME_WIDTH,
            cv2.CAP_PROP_FRAME_HEIGHT,
            cv2.CAP_PROP_FPS,
            cv2.CAP_PROP_FOURCC,
        ]
        exposure = [value for name, value in driver.asked if name == cv2.CAP_PROP_AUTO_EXPOSURE]
        assert exposure == [0.75, 0.25]
        assert (cv2.CAP_PROP_EXPOSURE, -6.0) in driver.asked
        assert driver.asked.index((cv2.CAP_PROP_FOCUS, 30.0)) > driver.asked.index(
            (cv2.CAP_PROP_AUTOFOCUS, 0)
        )


def test_on_macos_only_size_and_rate_are_asked_for():
    driver = Driver([bgr()])
    with webcam(driver, "darwin"):
        assert driver.api == cv2.CAP_AVFOUNDATION
        assert [name for name, _ in driver.asked] == [
            cv2.CAP_PROP_FRAME_WIDTH,
            cv2.CAP_PROP_FRAME_HEIGHT,
            cv2.CAP_PROP_FPS,
        ]


def test_raw_jpegs_become_yuv_without_a_detour_and_bgr_is_converted_once():
    with webcam(Driver([jpeg(level=200)])) as camera:
        picture = camera.read().picture
        assert picture.format.name == "yuvj422p"
        assert np.frombuffer(picture.planes[0], np.uint8)[0] == pytest.approx(200, abs=2)
        assert (camera.width, camera.height) == (64, 48)
    for data in (bgr(), np.full((48, 64, 2), 128, np.uint8), np.full((48, 64), 90, np.uint8)):
        with webcam(Driver([data]), "darwin") as camera:
            assert camera.read().picture.format.name == "yuv420p"


def test_what_a_camera_grants_counts_and_both_are_described():
    driver = Driver([jpeg()], {cv2.CAP_PROP_FPS: 15.0})
    with webcam(driver, fps=30) as camera:
        described = camera.description()
        assert camera.fps == 15
        assert (described["asked"]["fps"], described["granted"]["fps"]) == (30, 15)
        assert (described["granted"]["width"], described["asked"]["width"]) == (64, 1280)


def test_a_format_that_only_opencv_knows_is_converted_by_it_and_grey_is_said():
    driver = Driver([bgr()], {cv2.CAP_PROP_FOURCC: float(cv2.VideoWriter.fourcc(*"GREY"))})
    with webcam(driver) as camera:
        assert (cv2.CAP_PROP_CONVERT_RGB, 1) in driver.asked
        assert camera.modality == "grey"


def test_a_damaged_picture_is_left_out_and_counted():
    whole = jpeg()
    driver = Driver([whole])
    with webcam(driver) as camera:
        driver.pictures = [whole[:, : whole.size // 2], whole]
        assert camera.read() is not None
        assert camera.description()["undecoded"] == 1


def test_a_camera_whose_every_picture_is_a_little_broken_is_still_read():
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    whole = cv2.imencode(".jpg", noise)[1].reshape(1, -1)
    with webcam(Driver([whole[:, : whole.size // 2]])) as camera:
        assert camera.read() is not None
        assert camera.undecoded == LENIENT_AFTER


def test_a_stamp_is_taken_where_the_waiting_ends():
    for platform, moment, before in (
        ("linux", "grabbed_ns", "retrieved_ns"),
        ("win32", "retrieved_ns", None),
    ):
        driver = Driver([jpeg() if platform == "linux" else bgr()])
        with webcam(driver, platform) as camera:
            stamp = camera.read().capture_ns
            assert stamp >= getattr(driver, moment)
            if before:
                assert stamp <= getattr(driver, before)


def test_a_camera_that_stops_delivering_ends():
    driver = Driver([jpeg()])
    with webcam(driver) as camera:
        driver.delivers = driver.grabs + 1
        assert camera.read() is not None
        assert camera.read() is None


@pytest.mark.parametrize("driver", [Driver([jpeg()], delivers=0), Driver([jpeg()[:, :40]])])
def test_a_camera_that_opens_and_gives_no_picture_is_busy(driver):
    with pytest.raises(VideoError, match=r"no picture.*close other programs"):
        webcam(driver).open()
    assert driver.released == 1


class Recorded:
    """Controls that remember; `refused` are those the camera does not have."""

    automatics = V4l2Controls.automatics

    def __init__(self, values, refused=(), on_hold=lambda: None):
        self.values, self.refused, self.log = dict(values), refused, []
        self.on_hold = on_hold

    def get(self, name):
        return self.values.get(name)

    def set(self, name, value):
        if name in self.refused:
            return False
        if name == "auto_exposure" and value == 1:
            self.on_hold()
        self.log.append((name, value))
        self.values[name] = value
        return True


def test_automatics_settle_first_and_are_held_at_what_they_found():
    controls = Recorded({"exposure": 156.0, "white_balance_k": 4000.0}, refused=("auto_focus",))
    assert let_settle(controls, 50)["mains_frequency"] == 1
    assert controls.values["slower_in_dim_light"] == 0
    assert hold(controls) == {"exposure": 156, "white_balance_k": 4000}
    assert controls.log.index(("auto_exposure", 1)) < controls.log.index(("exposure", 156))


def test_nothing_is_held_where_the_laboratory_says_so_and_no_mains_frequency_for_0():
    controls = Recorded({"exposure": 156.0})
    with webcam(Driver([jpeg()]), controls=controls, lock=False, mains_hz=0):
        assert ("auto_exposure", 1) not in controls.log
        assert "mains_frequency" not in controls.values


def test_holding_is_given_up_where_it_changes_the_picture():
    driver = Driver([jpeg(level=150)])
    controls = Recorded({"exposure": 1.0}, on_hold=lambda: driver.pictures.append(jpeg(level=20)))
    with webcam(driver, controls=controls) as camera:
        assert "given_up" in camera.description()["held"]
        assert controls.values["auto_exposure"] == 3


def test_v4l2_controls_speak_the_kernels_structure(tmp_path):
    device = tmp_path / "video0"
    device.touch()
    heard = []

    def call(_, request, packed):
        number, value = struct.unpack("Ii", packed)
        if number == held_controls.V4L2_IDS["auto_focus"]:
            raise OSError(22, "no such control")
        heard.append((request, number, value))
        return struct.pack("Ii", number, 157 if request == held_controls.GET else value)

    controls = V4l2Controls(device, call)
    assert controls.get("exposure") == 157
    assert controls.set("mains_frequency", 2)
    assert not controls.set("auto_focus", 1)
    # VIDIOC_G_CTRL of V4L2_CID_EXPOSURE_ABSOLUTE, VIDIOC_S_CTRL of V4L2_CID_POWER_LINE_FREQUENCY.
    assert heard == [(0xC008561B, 0x009A0902, 0), (0xC008561C, 0x00980918, 2)]
    assert V4l2Controls(tmp_path / "gone").get("exposure") is None


def test_directshow_controls_it_does_not_know_are_not_asked_for():
    driver = Driver([bgr()])
    controls = CaptureControls(driver)
    assert not controls.set("mains_frequency", 1)
    assert controls.get("exposure") is None
    assert driver.asked == []


def test_no_camera_says_what_was_looked_for(tmp_path):
    assert "found none" in str(not_opened("0", "linux", None, 0, tmp_path))
    (tmp_path / "video2").touch()
    assert f"found {tmp_path / 'video2'}" in str(not_opened("0", "linux", None, 0, tmp_path))
    assert "busy" in str(not_opened("2", "linux", None, 0, tmp_path))
    closed, opened = Driver([], opened=False), Driver([])
    assert "found none" in str(not_opened("0", "win32", closed, cv2.CAP_DSHOW))
    assert "in use" in str(not_opened("0", "win32", opened, cv2.CAP_DSHOW))
    assert opened.released == 4


def test_no_permission_says_how_to_get_it(tmp_path, monkeypatch):
    (tmp_path / "video0").touch()
    monkeypatch.setattr("os.access", lambda *_: False)  # root may open anything
    assert "usermod -aG video" in str(not_opened("0", "linux", None, 0, tmp_path))


def test_a_closed_driver_is_an_error_in_one_line():
    with pytest.raises(VideoError, match="no camera 0; looked for"):
        webcam(Driver([], opened=False), "darwin").open()


def test_a_format_is_four_letters():
    with pytest.raises(InputError, match="fourcc"):
        from_spec("0", CameraSettings(fourcc="H265X"))


def test_every_backend_asks_only_for_known_properties():
    for backend in BACKENDS.values():
        assert {"width", "height", "fps"} <= set(backend.order)
