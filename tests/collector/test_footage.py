"""`collector record`: a plain video from a camera, and what becomes of it when something breaks."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.memory_camera import MemoryCamera
from collector import recorder
from collector.cameras.base import camera_from_spec
from collector.cameras.file import FileCamera
from collector.cli import collector
from collector.footage import ACTED_SCENE_S, Footage, acted_scenes, record_video
from collector.growing import packet_ticks, to_ticks
from mexlab.errors import InputError, VideoError
from mexlab.timebase import NS_PER_S
from mexlab.vision.video import Video
from tests.conftest import refused, run_command
from tests.videos import even_times, write_video

LINE = re.compile(r"(.+): (\d+) frames, (\d+\.\d) s, (\d+\.\d) fps\n")


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Six seconds at uneven times, of an odd size."""
    steps = np.random.default_rng(0).integers(20, 60, 150)
    path = tmp_path_factory.mktemp("film") / "film.mkv"
    times = [int(t) for t in np.cumsum(steps)]
    return write_video(path, times, "ffv1", pixel_format="yuv444p", size=(97, 65))


class Noting(FileCamera):
    """A file camera that remembers the stamps it gave."""

    def __init__(self, path):
        super().__init__(f"file:{path}", path)
        self.given = []

    def read(self):
        frame = super().read()
        if frame:
            self.given.append(frame.capture_ns)
        return frame


class Hanging(MemoryCamera):
    """A camera whose driver never returns from its grab number `after`."""

    def __init__(self, after):
        super().__init__(64, 48)
        self.after = after

    def read(self):
        if self._next == self.after:
            threading.Event().wait()
        return super().read()


class Unopened(MemoryCamera):
    def open(self):
        raise AssertionError("opened before the refusal")


def silent(_):
    """Nobody listens."""


def test_every_frame_after_the_flush_is_there_with_its_true_time(film, tmp_path):
    out, camera = tmp_path / "out.mp4", Noting(film)
    made = record_video(out, camera, 1.5, silent)
    ticks, given = packet_ticks(out), np.array(camera.given)
    flushed = int(np.argmax(given - given[0] >= recorder.FLUSH_NS))
    runs = {
        first: [to_ticks(int(t)) for t in run - run[0]]
        for first in range(flushed, len(given) - len(ticks) + 1)
        for run in [given[first : first + len(ticks)]]
    }
    (first,) = [first for first, run in runs.items() if run == ticks]
    assert len(given) - first - len(ticks) <= 1  # one may be read while it is being stopped
    assert made == Footage(out, len(ticks), ticks[-1] / 90_000)
    assert 1.3 < made.seconds < 2.5
    video = Video(out)
    assert (video.width, video.height) == (96, 64)
    assert sum(1 for _ in video.frames()) == len(ticks) > 25
    assert list(tmp_path.iterdir()) == [out]


def test_the_command_says_in_a_line_what_it_made(film, tmp_path):
    out = tmp_path / "new" / "out.mp4"
    said = run_command(collector, "record", out, "--camera", f"file:{film}", "--seconds", 0.5)
    path, frames, seconds, fps = LINE.fullmatch(said).groups()
    assert path == str(out)
    ticks = packet_ticks(out)
    assert int(frames) == len(ticks) > 5
    assert float(seconds) == pytest.approx(ticks[-1] / 90_000, abs=0.051)
    assert float(fps) == pytest.approx((len(ticks) - 1) / (ticks[-1] / 90_000), abs=0.051)


def test_what_is_there_already_is_refused_before_the_camera_opens(tmp_path):
    out = tmp_path / "out.mp4"
    out.write_bytes(b"precious")
    with pytest.raises(InputError, match="something is there already"):
        record_video(out, Unopened(64, 48), 1, silent)
    with pytest.raises(InputError, match="is an MP4"):
        record_video(tmp_path / "out.avi", Unopened(64, 48), 1, silent)
    assert out.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [out]


def test_a_camera_that_is_not_there_leaves_nothing(tmp_path):
    said = refused(collector, "record", tmp_path / "out.mp4", "--camera", "/dev/video99")
    assert "/dev/video99" in said
    assert list(tmp_path.iterdir()) == []


def test_a_camera_that_stops_is_one_line_and_what_there_was_is_kept(film, tmp_path):
    out = tmp_path / "out.mp4"
    spec = f"faulty:stops@1:file:{film}"
    said = refused(collector, "record", out, "--camera", spec, "--seconds", 5)
    frames = len(packet_ticks(out))
    assert "the camera stopped" in said
    assert f"kept until then: {out}: {frames} frames" in said
    assert frames >= 5
    assert list(tmp_path.iterdir()) == [out]


def test_a_camera_that_never_begins_leaves_nothing(film, tmp_path):
    spec = f"faulty:stops:file:{film}"
    said = refused(collector, "record", tmp_path / "out.mp4", "--camera", spec)
    assert "the camera stopped" in said
    assert "nothing was recorded" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("after", [0, 40])
def test_a_driver_that_hangs_is_given_up(tmp_path, monkeypatch, after):
    monkeypatch.setattr(recorder, "GIVE_UP_NS", NS_PER_S // 2)
    with pytest.raises(VideoError, match="gave no frame") as told:
        record_video(tmp_path / "out.mp4", Hanging(after), 30, silent)
    assert ("kept until then" in str(told.value)) == bool(after)
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"] * bool(after)


def test_a_full_disk_is_one_error_and_what_there_was_is_kept(tmp_path, monkeypatch):
    """A limit on a file's size stands in for a full disk."""
    resource = pytest.importorskip("resource", reason="a POSIX system limits the size of a file")
    monkeypatch.setattr(recorder, "BALLAST_BYTES", 1000)
    out, before = tmp_path / "out.mp4", resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        with pytest.raises(VideoError, match="see that the disk has room") as told:
            record_video(out, MemoryCamera(320, 240), 30, silent)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    frames = len(packet_ticks(out))
    assert f"kept until then: {out}: {frames} frames" in str(told.value)
    assert frames > 1
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.skipif(os.name != "posix", reason="a POSIX system has signals for another process")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_ended_early_it_is_kept_and_killed_nothing_stands_under_its_name(film, tmp_path, how):
    out = tmp_path / "out.mp4"
    command = "import sys; from collector.cli import collector; collector(sys.argv[1:])"
    arguments = ["record", out, "--camera", f"file:{film}", "--seconds", "60"]
    process = subprocess.Popen(
        [sys.executable, "-c", command, *map(str, arguments)], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr.readline() == "recording for 60 s\n"
    time.sleep(0.5)
    assert not out.exists()
    process.send_signal(how)
    said = process.communicate()[1]
    if how == signal.SIGKILL:
        assert [path.name for path in tmp_path.iterdir()] == [".out.mp4.building"]
        again = ("--camera", f"file:{film}", "--seconds", 0.5)
        run_command(collector, "record", out, *again)
    else:
        assert process.returncode == 0
        assert said == "ended early; what was recorded is kept\n"
    assert sum(1 for _ in Video(out).frames()) > 5
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("seconds", [0.5, 1.9, 2.0, 3.7, 10.0, 61.5])
def test_acted_scenes_fill_the_recording_and_have_room(seconds):
    scenes = acted_scenes(seconds)
    assert bool(scenes) == (seconds >= ACTED_SCENE_S)
    assert all(s.end_ns - s.start_ns >= ACTED_SCENE_S * NS_PER_S for s in scenes)
    assert all(a.end_ns == b.start_ns for a, b in pairwise(scenes))
    assert not scenes or (scenes[0].start_ns, scenes[-1].end_ns) == (0, seconds * NS_PER_S)
    assert "neutral" not in {s.emotion for s in scenes}


def test_a_simulated_participant_acts_while_it_is_recorded(tmp_path):
    camera = camera_from_spec("simulated:3")
    made = record_video(tmp_path / "out.mp4", camera, 2.0, silent)
    (event,) = camera.truth(0).to_pylist()
    assert event["kind"] == "micro"
    assert 0 < event["offset_ns"] - event["onset_ns"] < made.seconds * NS_PER_S


def test_only_sensible_lengths_are_taken():
    for seconds in ("0.4", "3601"):
        with pytest.raises(SystemExit) as ended:
            collector(["record", "out.mp4", "--seconds", seconds])
        assert ended.value.code == 2


def test_even_times_are_told_as_their_rate(tmp_path):
    path = write_video(tmp_path / "even.mp4", even_times(26))
    assert str(Footage.of(path)) == f"{path}: 26 frames, 1.0 s, 25.0 fps"
    one = write_video(tmp_path / "one.mp4", [0])
    assert str(Footage.of(one)) == f"{one}: 1 frames, 0.0 s, 0.0 fps"
