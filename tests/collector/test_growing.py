"""The growing recording: torn anywhere it gives back its whole frames, with their times."""

import subprocess
import sys

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.growing import (
    GrowingVideo,
    finish,
    keep_whole_boxes,
    packet_ticks,
    ticks_to_ns,
    to_ticks,
)

FRAMES = 40


def picture(number, width=64, height=48):
    """A ramp that moves with the number."""
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = (np.arange(width) * 3 + 5 * number) % 220 + 16
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")


def times_ns(count=FRAMES, fps=30, seed=0):
    jitter = np.random.default_rng(seed).integers(0, 5_000_000, count)
    times = np.arange(count) * 10**9 // fps + jitter
    return (times - times[0]).tolist()


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """A growing recording as it lies on the disk, and how long it was after each frame."""
    path = tmp_path_factory.mktemp("grown") / "a.mp4"
    video = GrowingVideo(path, 64, 48, 30.0)
    sizes = []
    for number, time in enumerate(times_ns()):
        video.write(picture(number), to_ticks(time))
        sizes.append(path.stat().st_size)
    video.close()
    return path, sizes


def decoded(path):
    with av.open(path) as container:
        return sum(1 for _ in container.decode(video=0))


def test_all_frames_keep_their_variable_times(grown, tmp_path):
    copy = tmp_path / "b.mp4"
    copy.write_bytes(grown[0].read_bytes())
    finish(copy, tmp_path / "c.mp4")
    found = [ticks_to_ns(tick) for tick in packet_ticks(tmp_path / "c.mp4")]
    assert np.abs(np.array(found) - times_ns()).max() <= 10**9 / 90_000
    assert decoded(tmp_path / "c.mp4") == FRAMES
    assert not copy.exists()


def test_each_frame_is_on_the_disk_when_the_next_one_is_written(grown):
    path, sizes = grown
    data = path.read_bytes()
    for written, size in list(enumerate(sizes, start=1))[::7]:
        torn = path.with_name("torn.mp4")
        torn.write_bytes(data[:size])
        assert keep_whole_boxes(torn) >= written - 1


@settings(max_examples=30)
@given(part=st.floats(0, 1))
def test_torn_anywhere_the_whole_frames_come_back(grown, tmp_path_factory, part):
    folder = tmp_path_factory.mktemp("torn")
    data = grown[0].read_bytes()
    (folder / "t.mp4").write_bytes(data[: int(len(data) * part)])
    whole = keep_whole_boxes(folder / "t.mp4")
    assert whole >= int(FRAMES * part) - 12  # the first, a key frame, is the largest
    if whole:
        finish(folder / "t.mp4", folder / "u.mp4")
        assert decoded(folder / "u.mp4") == len(packet_ticks(folder / "u.mp4")) == whole
        assert packet_ticks(folder / "u.mp4") == [to_ticks(t) for t in times_ns()][:whole]


def test_a_zeroed_tail_is_cut(grown, tmp_path):
    """A power cut leaves a file of the right length whose last blocks were never written."""
    copy = tmp_path / "z.mp4"
    data = grown[0].read_bytes()
    copy.write_bytes(data[: grown[1][20]] + bytes(5000))
    assert keep_whole_boxes(copy) >= 20
    finish(copy, tmp_path / "y.mp4")
    assert decoded(tmp_path / "y.mp4") >= 20


def test_a_file_that_may_not_grow_keeps_what_it_has(tmp_path):
    """A limit on the file's size stands in for a full disk; finishing keeps the file itself."""
    script = f"""
import resource, signal
from pathlib import Path
from collector.growing import GrowingVideo, finish, packet_ticks
from tests.collector.test_growing import decoded, picture
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path({str(tmp_path)!r}) / "full.mp4"
video = GrowingVideo(path, 64, 48, 30.0)
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
written = 0
try:
    for number in range(2000):
        video.write(picture(number), 3000 * number)
        written += 1
except OSError as error:
    print(error.errno)
try:
    video.close()
except OSError:
    pass
final = path.with_name("final.mp4")
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 30_000))
finish(path, final)
print(written - len(packet_ticks(final)), decoded(final) == len(packet_ticks(final)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    errno, rest = done.stdout.splitlines()
    lost, plays = rest.split()
    assert (errno, plays) == ("27", "True")
    assert int(lost) <= 3
