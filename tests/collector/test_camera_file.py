"""A video file as a live camera."""

from fractions import Fraction

import av
import numpy as np
import pytest

from collector.cameras.base import camera_from_spec
from mexlab.clock import host_ns
from mexlab.errors import VideoError
from mexlab.timebase import NS_PER_S

TIMES_S = (0.0, 0.03, 0.1, 0.15, 0.4)


@pytest.fixture
def video(tmp_path):
    """Frames at uneven times, each of its own brightness."""
    path = tmp_path / "uneven.mkv"
    with av.open(path, "w") as container:
        stream = container.add_stream("ffv1", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv444p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, at in enumerate(TIMES_S):
            planes = np.full((3, 48, 64), 40 * number + 20, np.uint8)
            picture = av.VideoFrame.from_ndarray(planes, format="yuv444p")
            picture.pts, picture.time_base = round(at * 1000), Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def test_frames_come_at_the_files_own_times_in_yuv_and_end(video):
    with camera_from_spec(f"file:{video}") as camera:
        assert (camera.width, camera.height) == (64, 48)
        begun = host_ns()
        frames = []
        while (frame := camera.read()) is not None:
            assert frame.capture_ns <= host_ns()
            frames.append(frame)
        assert camera.read() is None
    assert [frame.picture.format.name for frame in frames] == ["yuv420p"] * len(TIMES_S)
    levels = [np.frombuffer(frame.picture.planes[0], np.uint8)[0] for frame in frames]
    assert levels == [20, 60, 100, 140, 180]
    stamps = np.array([frame.capture_ns - begun for frame in frames]) / NS_PER_S
    # Never before it is due; how long after depends on the machine.
    assert np.all(stamps >= np.array(TIMES_S) - 1e-6)
    assert camera.read() is None


def test_it_can_be_played_again(video):
    camera = camera_from_spec(f"file:{video}")
    for _ in range(2):
        with camera:
            assert camera.read() is not None


def test_what_is_no_video_or_lies_on_its_side_is_refused(video, tmp_path):
    with pytest.raises(VideoError, match="no such video"):
        camera_from_spec(f"file:{tmp_path / 'none.mp4'}")
    lying = tmp_path / "lying.mov"
    with av.open(video) as source, av.open(lying, "w") as target:
        stream = target.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for picture in source.decode(video=0):
            target.mux(stream.encode(picture.reformat(format="yuvj420p")))
        target.mux(stream.encode(None))
    _turn(lying)
    with pytest.raises(VideoError, match="turn it upright"):
        camera_from_spec(f"file:{lying}")


def _turn(path):
    """Write a quarter turn into the track header's display matrix."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    one = (1 << 16).to_bytes(4, "big")
    minus = (-(1 << 16)).to_bytes(4, "big", signed=True)
    zero, unit = bytes(4), (1 << 30).to_bytes(4, "big")
    data[at : at + 36] = zero + one + zero + minus + zero + zero + zero + zero + unit
    path.write_bytes(data)
