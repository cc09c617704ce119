"""The recorder beside cameras that behave, and cameras that do not."""

import time

import numpy as np
import pytest

from benchmarks.memory_camera import MemoryCamera
from benchmarks.recording import begin, record
from collector.cameras.faulty import FaultyCamera
from collector.framing import Crop
from collector.recorder import Recorder
from mexlab.clock import SessionClock, host_ns
from mexlab.errors import VideoError
from mexlab.events import read_events
from mexlab.rowlog import read_rows
from mexlab.study import Study
from mexlab.vision.video import Video

SECOND = 10**9


@pytest.fixture
def study(tmp_path):
    return Study.create(tmp_path / "study")


def only_session(study):
    (session,) = study.sessions()
    return session


def test_every_frame_grabbed_is_written_with_its_time(study):
    recorder = record(study, 2.3, MemoryCamera(320, 240))
    session = only_session(study)
    frames = session.frames()
    assert session.header.state == "closed"
    assert recorder.tally.dropped == recorder.tally.repeated == 0
    assert len(frames) == recorder.tally.written >= 50
    video = [frame.t_ns for frame in Video(session.recording_path).frames()]
    assert np.abs(np.array(video) - frames["pts_ns"].to_numpy()).max() <= 1
    capture = frames["capture_ns"].to_numpy()
    assert np.abs(capture - capture[0] - frames["pts_ns"].to_numpy()).max() <= SECOND / 90_000
    assert session.presentation().num_rows >= 55
    assert session.scenes()["scene"].to_pylist()[-1:] == [2]


def test_the_crop_is_what_is_recorded(study):
    clock = SessionClock.start()
    session = begin(study, clock)
    with MemoryCamera(320, 240) as camera:
        recorder = Recorder(camera, session, clock, Crop(40, 20, 200, 160))
        recorder.start()
        while recorder.tally.written < 10:
            assert recorder.failure is None
            time.sleep(0.02)
        recorder.stop()
    video = Video(session.growing_recording_path)
    assert (video.width, video.height) == (200, 160)


def watched(study, fault, seconds=3.0, at_s=1.0):
    """Record a faulty camera, as the session loop does; recorder, session and warnings."""
    clock = SessionClock.start()
    session = begin(study, clock)
    warnings = []
    camera = FaultyCamera(f"faulty:{fault}", MemoryCamera(320, 240), fault, 0, at_s)
    with camera:
        recorder = Recorder(camera, session, clock)
        recorder.start()
        watched_at = host_ns()
        while clock.now_ns() < seconds * SECOND and not recorder.failure:
            time.sleep(0.02)
            if host_ns() - watched_at > SECOND / 4:
                watched_at = host_ns()
                warnings += recorder.watch(10.0)
        recorder.stop()
    return recorder, session, warnings


def test_a_camera_that_stops_ends_the_recording_and_keeps_it(study):
    recorder, session, _ = watched(study, "stops")
    assert isinstance(recorder.failure, VideoError)
    assert "the camera stopped" in str(recorder.failure)
    rows = read_rows(session.frame_log_path, ("frame", "capture_ns", "pts_ns", "dropped_before"))
    assert len(rows["frame"]) == recorder.tally.written >= 10


def test_a_silent_camera_is_told_about_and_goes_on(study):
    recorder, _, warnings = watched(study, "silent", seconds=5.5)
    assert recorder.failure is None
    assert any("no frame from the camera" in warning for warning in warnings)
    assert recorder.tally.written >= 30  # before, and again after three seconds


def test_frames_of_another_size_are_left_out_and_end_it(study):
    recorder, session, _ = watched(study, "resizes", seconds=4)
    assert "the camera changed to" in str(recorder.failure)
    assert recorder.tally.other_size >= 30
    assert [e["event"] for e in read_events(session.events_path)].count("size") == 1
    assert sum(1 for _ in Video(session.growing_recording_path).frames()) == recorder.tally.written


def test_repeated_pictures_are_kept_counted_and_told_about(study):
    recorder, _, warnings = watched(study, "repeats", seconds=5)
    assert recorder.failure is None
    assert recorder.tally.repeated >= 60
    assert any("pictures a second instead of 30" in warning for warning in warnings)
    assert recorder.tally.written >= 100


def test_stamps_that_step_back_become_arrivals(study):
    recorder, session, _ = watched(study, "steps")
    assert recorder.failure is None
    assert recorder.tally.restamped >= 30
    rows = read_rows(session.frame_log_path, ("frame", "capture_ns", "pts_ns", "dropped_before"))
    steps = np.diff(rows["capture_ns"])
    assert steps.min() > 0
    assert steps.max() < SECOND / 4
    (event,) = [e for e in read_events(session.events_path) if e["event"] == "steps"]
    assert "stepped by -1.0" in event["message"]


def test_a_disk_that_will_not_do_is_told_about(study, monkeypatch):
    import collections
    import shutil

    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 10**8))
    _, _, warnings = watched(study, "late", seconds=1.0)
    assert any("MB free on the disk" in warning for warning in warnings)


def test_pictures_of_odd_size_lose_their_last_row_and_column(study):
    clock = SessionClock.start()
    session = begin(study, clock)
    with MemoryCamera(322, 242) as camera:
        camera.width, camera.height = 321, 241  # as some files are
        recorder = Recorder(camera, session, clock)
        assert recorder.crop == Crop(0, 0, 320, 240)


class Breaking(MemoryCamera):
    """A driver that raises what no driver should."""

    def read(self):
        frame = super().read()
        if self._next > 40:
            raise ValueError("a bug in a driver")
        return frame


def test_a_bug_in_a_thread_ends_the_recording_and_is_not_swallowed(study):
    clock = SessionClock.start()
    session = begin(study, clock)
    with Breaking(320, 240) as camera:
        recorder = Recorder(camera, session, clock)
        recorder.start()
        until = time.monotonic() + 20
        while recorder.failure is None and time.monotonic() < until:
            time.sleep(0.02)
        recorder.stop()
    assert isinstance(recorder.failure, ValueError)
    assert recorder.tally.written > 20
