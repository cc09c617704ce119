"""`kill -9` while recording: at most a second is lost, and `collector recover` closes the rest."""

import random
import resource
import subprocess
import sys

import pytest

from benchmarks.crash import killed_recording
from benchmarks.memory_camera import MemoryCamera
from benchmarks.recording import begin, record
from collector.cameras.faulty import FaultyCamera
from collector.cli import collector
from mexlab.cli import mexlab
from mexlab.clock import SessionClock
from mexlab.events import append_event
from mexlab.study import Study
from mexlab.vision.video import Video
from tests.browser import browser_page, plays
from tests.conftest import run_command

SECOND = 10**9


@pytest.fixture(scope="module")
def page():
    with browser_page() as opened:
        yield opened


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_kill_9_costs_at_most_a_second(tmp_path, page, seed):
    study = Study.create(tmp_path / "study")
    zero_ns, killed_at = killed_recording(study.root, random.Random(seed).uniform(0.2, 3.5))
    (open_one,) = study.sessions()
    assert open_one.header.state == "open"

    said = run_command(collector, "recover", study.root)

    (session,) = Study.open(study.root).sessions()
    assert session.header.state == "recovered"
    assert f"{session.id}: recovered" in said
    frames = session.frames()
    assert sum(1 for _ in Video(session.recording_path).frames()) == len(frames) > 0
    last = frames["capture_ns"][-1].as_py()
    assert zero_ns + last > killed_at - SECOND
    assert session.presentation()["shown_ns"][-1].as_py() > last - SECOND
    seen = plays(page, session.recording_path)
    assert seen["outcome"] == "ended"
    assert "0 problems" in run_command(mexlab, "verify", study.root)
    kept = sorted(path.name for path in session.root.iterdir())
    assert kept == [
        "events.jsonl", "frames.parquet", "presentation.parquet", "scenes.parquet",
        "session.json", "webcam.mp4",
    ]  # fmt: skip


@pytest.mark.parametrize("unlinked", [0, 1, 2])
def test_a_crash_while_tidying_up_loses_nothing(tmp_path, unlinked):
    """The header stands, some of the growing files are gone and some are not."""
    study = Study.create(tmp_path / "study")
    killed_recording(study.root, 1.0)
    (session,) = study.sessions()
    growing = (session.lock_path, session.frame_log_path, session.presentation_log_path)
    kept = {path: path.read_bytes() for path in growing[unlinked:]}
    run_command(collector, "recover", study.root)
    tables = [s.read_bytes() for s in sorted(session.root.glob("*.parquet"))]
    for path, content in kept.items():
        path.write_bytes(content)
    run_command(collector, "recover", study.root)
    assert [s.read_bytes() for s in sorted(session.root.glob("*.parquet"))] == tables
    assert study.sessions()[0].header.state == "recovered"
    if unlinked == 0:
        assert not any(path.exists() for path in growing)


def test_a_crash_before_the_header_stands_is_closed_again(tmp_path):
    study = Study.create(tmp_path / "study")
    killed_recording(study.root, 1.0)
    (session,) = study.sessions()
    header = session.header_path.read_bytes()
    logs = (session.lock_path, session.frame_log_path, session.presentation_log_path)
    kept = {path: path.read_bytes() for path in logs}
    run_command(collector, "recover", study.root)
    once = study.sessions()[0].frames()
    for path, content in {**kept, session.header_path: header}.items():
        path.write_bytes(content)
    run_command(collector, "recover", study.root)
    assert study.sessions()[0].frames().equals(once)
    assert "no session was left open" in run_command(collector, "recover", study.root)


def test_an_abort_before_the_crash_stays_an_abort(tmp_path):
    study = Study.create(tmp_path / "study")
    killed_recording(study.root, 1.0)
    (session,) = study.sessions()
    append_event(session.events_path, 10**9, "abort", by="participant")
    assert "aborted" in run_command(collector, "recover", study.root)
    assert study.sessions()[0].header.state == "aborted"


@pytest.mark.parametrize("growing", [b"", b"\x00" * 500])
def test_a_crash_before_the_first_frame_reached_the_disk_leaves_nothing(tmp_path, growing):
    study = Study.create(tmp_path / "study")
    session = begin(study, SessionClock.start())
    session.lock_path.write_text("{}")  # of a process that is no more
    session.growing_recording_path.write_bytes(growing)
    assert "no frame was recorded, removed" in run_command(collector, "recover", study.root)
    assert study.sessions() == []


def test_one_session_that_cannot_be_read_leaves_the_others(tmp_path):
    study = Study.create(tmp_path / "study")
    killed_recording(study.root, 1.0)
    (session,) = study.sessions()
    broken = study.sessions_path / "P000-20200101T000000"
    broken.mkdir()
    (broken / "session.json").write_text("{")
    assert "recovered" in run_command(collector, "recover", study.root)
    assert Study.open(study.root).session(session.id).header.state == "recovered"


def test_a_crash_before_the_first_frame_leaves_nothing(tmp_path):
    study = Study.create(tmp_path / "study")
    session = begin(study, SessionClock.start())
    session.lock_path.write_text("{}")  # of a process that is no more
    assert "no frame was recorded, removed" in run_command(collector, "recover", study.root)
    assert study.sessions() == []


def test_a_session_that_is_being_recorded_is_left_alone(tmp_path):
    study = Study.create(tmp_path / "study")
    session = begin(study, SessionClock.start())
    assert "left alone" in run_command(collector, "recover", study.root)
    assert session.lock_path.exists()


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("stops", "aborted"),
        ("silent", "closed"),
        ("resizes", "aborted"),
        ("repeats", "closed"),
        ("steps", "closed"),
    ],
)
def test_what_a_failing_camera_gave_is_kept_whole(tmp_path, page, fault, state):
    study = Study.create(tmp_path / "study")
    camera = FaultyCamera(f"faulty:{fault}@1:memory", MemoryCamera(320, 240), fault, 0, 1.0)
    recorder = record(study, 5.5, camera)
    (session,) = study.sessions()
    assert session.header.state == state
    assert len(session.frames()) == recorder.tally.written
    last = session.frames()["capture_ns"][-1].as_py()
    if state == "closed":
        assert last > 4.5 * SECOND
    assert sum(1 for _ in Video(session.recording_path).frames()) == len(session.frames())
    assert plays(page, session.recording_path)["outcome"] == "ended"
    assert "0 problems" in run_command(mexlab, "verify", study.root)


def test_a_file_that_may_not_grow_ends_the_session_and_keeps_it(tmp_path, page):
    """A limit on the size of files stands in for a full disk."""
    study = Study.create(tmp_path / "study")
    limit = 5_000_000  # more than the ballast
    command = [sys.executable, "-m", "benchmarks.recording", study.root, "60", "1280", "720"]
    done = subprocess.run(
        command,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "File too large" in done.stdout, done.stderr
    (session,) = study.sessions()
    assert session.header.state == "aborted"
    assert session.recording_path.stat().st_size > limit - 500_000
    frames = len(session.frames())
    assert sum(1 for _ in Video(session.recording_path).frames()) == frames
    assert frames >= int(done.stdout.split()[-1]) - 30
    assert plays(page, session.recording_path)["outcome"] == "ended"
    assert "0 problems" in run_command(mexlab, "verify", study.root)
