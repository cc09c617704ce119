"""The pre-flight check: what each measurement is judged, and a look at a simulated camera."""

import json

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from collector import verdicts
from collector.cli import collector
from collector.framing import Crop
from collector.preflight import check, drawn, parse_pactl, parse_wpctl, sharpness
from mexlab.study import Study
from mexlab.timebase import NS_PER_S
from stimuli.player.displays import AudioOutput, Display


def test_too_few_different_pictures_a_second_warn_and_very_few_fail():
    judged = [verdicts.rate_finding(count, 3.0, 30.0).verdict for count in (90, 84, 83, 46, 44)]
    assert judged == ["ok", "ok", "warn", "warn", "fail"]
    assert "light" in verdicts.rate_finding(45, 3.0, 30.0).remedy
    assert verdicts.rate_finding(0, 0.0, 30.0).verdict == "fail"


def test_a_camera_that_grants_something_else_is_told():
    described = {
        "backend": "V4L2",
        "asked": {"width": 1280, "fps": 30.0, "fourcc": "MJPG", "lock": True},
        "granted": {"width": 640, "fps": 30.00003, "fourcc": "YUYV"},
    }
    found = verdicts.camera_finding("0", 640, 480, described)
    assert found.verdict == "warn"
    assert "width 640 instead of 1280, fourcc YUYV instead of MJPG" in str(found)
    assert "cannot be held" in found.detail
    assert verdicts.camera_finding("x", 640, 480, {"backend": "file"}).verdict == "ok"


@pytest.mark.parametrize(
    ("brightness", "black", "white", "verdict"),
    [(0.5, 0, 0, "ok"), (0.1, 0, 0, "warn"), (0.5, 0, 0.2, "warn"), (0.5, 0.3, 0, "warn")],
)
def test_light(brightness, black, white, verdict):
    assert verdicts.light_finding(brightness, black, white).verdict == verdict


def test_a_face_must_be_there_large_central_and_sharp():
    def judged(seen=9, iod_px=90.0, centre=(0.5, 0.5), sharp=12.0):
        found = verdicts.face_findings(seen, 9, iod_px, centre, sharp, Crop(0, 0, 300, 300))
        return {finding.name: finding.verdict for finding in found}

    assert set(judged().values()) == {"ok"}
    assert judged(seen=4) == {"face": "warn"}
    assert judged(iod_px=59.0)["face size"] == "warn"
    assert judged(iod_px=29.0)["face size"] == "fail"
    assert judged(centre=(0.9, 0.5))["face place"] == "warn"
    assert judged(sharp=3.0)["sharpness"] == "warn"


def test_disk_computer_display_and_sound():
    assert [verdicts.disk_finding(free, 100, 30).verdict for free in (99, 250, 400)] == [
        "fail",
        "warn",
        "ok",
    ]
    assert [verdicts.encoder_finding(s, 1.0, 4).verdict for s in (0.3, 0.6, 0.95)] == [
        "ok",
        "warn",
        "fail",
    ]
    assert verdicts.encoder_finding(0.1, 1.0, 1).verdict == "warn"
    sounding = [AudioOutput("Headphones", True)]
    assert verdicts.sound_finding([], None, False).verdict == "warn"
    assert verdicts.sound_finding(sounding, 0.6, False).verdict == "ok"
    assert verdicts.sound_finding(sounding, None, False).verdict == "ok"
    assert verdicts.sound_finding(sounding, 0.6, True).verdict == "warn"
    assert verdicts.sound_finding(sounding, 0.05, False).verdict == "warn"


@pytest.mark.parametrize(
    ("hz", "fps", "verdict"),
    [(60, 30, "ok"), (59.94, 30, "ok"), (60, 25, "warn"), (50, 25, "ok"), (24, 30, "warn")],
)
def test_a_display_shows_each_film_frame_equally_long(hz, fps, verdict):
    display = Display(0, "A", 0, 0, 1920, 1080, hz, True)
    assert verdicts.display_finding([display], 0, fps).verdict == verdict
    missing = verdicts.display_finding([display], 1, fps)
    assert missing.verdict == "fail"
    assert "there are: 0 A 1920x1080" in missing.detail


def test_sound_levels_as_the_systems_tools_print_them():
    assert parse_wpctl("Volume: 0.40\n") == (0.4, False)
    assert parse_wpctl("Volume: 0.40 [MUTED]\n") == (0.4, True)
    assert parse_wpctl("") == (None, False)
    volume = "Volume: front-left: 26214 /  40% / -23.88 dB,   front-right: 26214 /  40%\n"
    assert parse_pactl(volume, "Mute: yes\n") == (0.4, True)
    assert parse_pactl("", "") == (None, False)


def test_sharpness_is_the_same_at_any_size_and_falls_with_blur():
    rng = np.random.default_rng(0)
    face = cv2.resize(rng.integers(0, 255, (30, 30), dtype=np.uint8), (300, 300))
    half = cv2.resize(face, (150, 150), interpolation=cv2.INTER_AREA)
    sharp = sharpness(face, 100)
    assert sharpness(half, 50) == pytest.approx(sharp, rel=0.3)
    assert sharpness(cv2.GaussianBlur(face, (0, 0), 4), 100) < sharp / 2


def test_the_preview_frames_the_crop():
    shown = drawn(np.zeros((48, 64, 3), np.uint8), Crop(8, 4, 40, 40), None)
    assert tuple(shown[4, 20]) == (0, 200, 0)
    assert shown[20, 30].max() == 0


def test_a_simulated_camera_passes_and_a_preview_is_written(tmp_path):
    preview = tmp_path / "seen.png"
    arguments = ["check", "--camera", "simulated:1", "--seconds", "1", "--offscreen", "--json"]
    done = CliRunner().invoke(collector, [*arguments, "--preview", str(preview)])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["ok"]
    verdict = {finding["name"]: finding["verdict"] for finding in found["findings"]}
    for name in ("camera", "light", "face size", "face place", "sharpness", "display"):
        assert verdict[name] == "ok", name
    assert {"rate", "computer", "disk", "sound"} <= set(verdict)
    assert found["crop"]["width"] % 2 == 0
    assert cv2.imread(str(preview)).shape == (480, 640, 3)


def test_a_camera_that_is_not_there_fails_and_the_rest_is_still_looked_at(tmp_path):
    arguments = ["check", "--camera", f"file:{tmp_path / 'none.mp4'}", "--offscreen"]
    done = CliRunner().invoke(collector, arguments)
    assert done.exit_code == 1
    done = CliRunner().invoke(collector, ["check", "--camera", "/dev/none", "--offscreen"])
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith("fail camera: no camera /dev/none")
    assert [line.split()[1] for line in lines[1:]] == ["disk:", "display:", "sound:"]


def test_a_study_brings_its_settings_and_its_longest_film(tmp_path):
    study = Study.create(tmp_path / "study")
    settings = study.settings_path.read_text()
    settings = settings.replace("crop = true", "crop = false").replace("display = 0", "display = 7")
    study.settings_path.write_text(settings)
    for number, minutes in ((1, 4), (2, 9)):
        film = {"duration_ns": minutes * 60 * NS_PER_S, "fps": 25.0}
        study.compilation_path(number).write_text(json.dumps(film))
    study.compilation_path(3).write_text("{")
    found = check(Study.open(study.root), "faulty:dim@0:simulated:1", 1.0, offscreen=True)
    by_name = {finding.name: finding for finding in found.findings}
    assert by_name["rate"].verdict in ("warn", "fail")
    assert "for 9 min" in by_name["disk"].detail
    assert "no display 7" in by_name["display"].detail
    assert found.crop is None
    assert not found.ok
