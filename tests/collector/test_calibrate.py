"""`collector calibrate` on a virtual screen, and which calibration a session may take over."""

import json
import platform
import tempfile
from dataclasses import asdict

import pytest

from collector.calibrate import calibrate, calibration_path, latest_calibration
from mexlab.errors import InputError, StudyError, TimeError, VideoError
from mexlab.study import Study
from mexlab.timebase import NS_PER_MS
from tests.xvfb import virtual_screen

CAMERA = "screen:0,0,800,450"
WINDOW = (90, 60, 512, 288)  # the film is a part of what the camera sees
CALIBRATION = {
    "delay_ns": 83_000_000,
    "jitter_ms": 1.5,
    "drift_ms_per_min": 0.0,
    "support": 0.97,
    "within_ms": 2.0,
    "read": 400,
    "pictures": 560,
    "camera": "0",
    "display": 0,
    "host": "laptop-a",
    "measured_at": "2026-11-23T10:15:00+00:00",
}


@pytest.fixture
def study(tmp_path):
    return Study.create(tmp_path / "study")


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Where temporary files go meanwhile."""
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    return tmp_path / "scratch"


def measured(study, camera, seconds=5.0, said=None):
    say = (said if said is not None else []).append
    return calibrate(study, camera, window=WINDOW, ready_key=False, seconds=seconds, say=say)


def stored(study, monkeypatch, **changes):
    """A calibration on disk as the computer it names would have left it; this is laptop-a."""
    monkeypatch.setattr(platform, "node", lambda: "laptop-a")
    values = CALIBRATION | changes
    path = calibration_path(study, values["host"], values["camera"], values["display"])
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(values))
    return path


def test_a_camera_that_stamps_50_ms_late_has_a_delay_50_ms_longer(study, scratch):
    said = []
    with virtual_screen(800, 450):
        plain = measured(study, CAMERA, said=said)
        late = measured(study, f"faulty:late=50@0:{CAMERA}")
    print(plain, late, sep="\n")
    assert abs(plain.delay_ns) < 40 * NS_PER_MS
    assert (late.delay_ns - plain.delay_ns) / NS_PER_MS == pytest.approx(50, abs=10)
    assert plain.support > 0.8
    assert "hand mirror" in said[0]
    assert latest_calibration(study, CAMERA) == plain
    assert latest_calibration(study, late.camera) == late
    assert not list(scratch.iterdir())


def test_what_fails_leaves_the_calibration_of_before(study, scratch, monkeypatch):
    stored(study, monkeypatch, camera=CAMERA)
    before = latest_calibration(study, CAMERA)
    with virtual_screen(800, 450):
        with pytest.raises(TimeError, match="did not see the pattern"):
            measured(study, "screen:620,20,160,90", seconds=3)
        with pytest.raises(VideoError, match="the camera stopped"):
            measured(study, f"faulty:stops@0.5:{CAMERA}", seconds=30)
    assert latest_calibration(study, CAMERA) == before
    assert len(list((study.root / "calibrations").iterdir())) == 1
    assert not list(scratch.iterdir())


def test_what_cannot_see_the_screen_is_refused_at_the_door(study, scratch):
    for camera, why in (("simulated", "sees no screen"), ("nonsense", "no camera 'nonsense'")):
        with pytest.raises(InputError, match=why):
            calibrate(study, camera)
    assert not (study.root / "calibrations").exists()


def test_only_the_same_computer_camera_and_display_take_it_over(study, monkeypatch):
    stored(study, monkeypatch)
    found = latest_calibration(study, "0")
    assert found is not None
    assert asdict(found) == CALIBRATION
    assert "83.0 ms" in str(found)
    assert latest_calibration(study, "1") is None
    assert latest_calibration(study, "0", display=1) is None
    monkeypatch.setattr(platform, "node", lambda: "laptop-b")
    assert latest_calibration(study, "0") is None


def test_specs_that_look_alike_keep_their_own_files(study):
    paths = {calibration_path(study, "a", spec, 0) for spec in ("/dev/video1", "dev:video1", "é")}
    assert len(paths) == 3


def test_the_display_is_that_of_the_study(study, monkeypatch):
    stored(study, monkeypatch, display=1)
    assert latest_calibration(study, "0") is None
    text = study.settings_path.read_text()
    study.settings_path.write_text(text.replace("display = 0", "display = 1"))
    assert latest_calibration(Study.open(study.root), "0") is not None


@pytest.mark.parametrize("text", ["", "[]", '{"delay_ns": "soon"}', '{"delay_ns": 1}', "\x00"])
def test_a_damaged_calibration_says_to_run_it_again(study, monkeypatch, text):
    stored(study, monkeypatch).write_text(text)
    with pytest.raises(StudyError, match="run again: collector calibrate"):
        latest_calibration(study, "0")
