"""Pictures for the review pages: exactly the frame asked for, whatever the file, made once."""

import threading
import time
from fractions import Fraction

import numpy as np
import pytest

from annotate.app.media import CHUNK, VIEWS, Media, Shot, unpacked
from annotate.app.stacks import SIDE, held_still, magnified, with_flow
from mexlab.errors import InputError, VideoError
from mexlab.study import Study
from mexlab.timebase import NS_PER_S
from mexlab.vision.seeking import FrameReader
from mexlab.vision.video import Video
from mexlab.web.once import OnceCache
from tests.annotate.review_study import (
    coded_session,
    constant,
    number_in,
    varying,
    write_coded,
)
from tests.videos import cut, even_times, write_video

SMALL = (320, 180)
COUNT = 150
OPEN_GOP = {"x264-params": "open-gop=1:keyint=24:bframes=3:scenecut=0", "preset": "fast"}
FILES = {
    "constant.mp4": {"preset": "fast", "g": "48"},
    "constant.mov": {"g": "24"},
    "constant.avi": {"codec": "mpeg4", "g": "12", "bf": "2", "tick": Fraction(1, 30)},
    "varying.mp4": {"preset": "fast", "g": "48", "bf": "3"},
    "varying.mkv": OPEN_GOP,
    "varying-turned.mp4": {"rotation": 90, "g": "24"},
    "one-key-frame.mp4": {"x264-params": "intra-refresh=1:keyint=1000"},
}


def coded_file(tmp_path, name):
    options = dict(FILES[name])
    times = varying(COUNT) if "varying" in name else constant(COUNT)
    return write_coded(tmp_path / name, times, size=SMALL, **options)


def read_number(frame):
    """The number in a picture, turned back where the recording is turned."""
    return number_in(np.rot90(frame.rgb(), -int(frame.picture.rotation) // 90))


@pytest.mark.parametrize("name", FILES)
def test_every_frame_is_the_one_asked_for_in_any_order(tmp_path, name):
    path = coded_file(tmp_path, name)
    times = [frame.t_ns for frame in Video(path).frames()]
    assert len(times) == COUNT
    starts = np.random.default_rng(5).permutation(np.arange(0, COUNT, CHUNK))
    with FrameReader(path, times) as reader:
        seen = {}
        for first in [*starts, *sorted(starts)]:
            for frame in reader.window(int(first), min(int(first) + CHUNK, COUNT)):
                seen[frame.index] = read_number(frame)
                assert frame.t_ns == times[frame.index]
    assert seen == {number: number for number in range(COUNT)}


def test_a_table_of_other_times_cannot_shift_the_frames(tmp_path):
    path = coded_file(tmp_path, "varying.mp4")
    with FrameReader(path, np.arange(COUNT) * NS_PER_S // 7) as reader:
        assert [read_number(frame) for frame in reader.window(70, 80)] == list(range(70, 80))


def test_an_avi_with_dropped_frames_counts_what_is_there(tmp_path):
    kept = [t for n, t in enumerate(even_times(60)) if n not in (10, 11, 40)]
    path = write_video(
        tmp_path / "a.avi", kept, codec="mjpeg", pixel_format="yuvj420p", ticks_hz=25
    )
    frames = list(Video(path).frames())
    with FrameReader(path, [frame.t_ns for frame in frames]) as reader:
        for first in (45, 8, 38):
            for found in reader.window(first, first + 5):
                assert np.array_equal(found.rgb(), frames[found.index].rgb())


def test_what_is_not_there_is_refused(tmp_path):
    path = coded_file(tmp_path, "constant.mp4")
    times = [frame.t_ns for frame in Video(path).frames()]
    with FrameReader(path, times) as reader:
        with pytest.raises(VideoError, match="no frames"):
            list(reader.window(100, COUNT + 1))
        assert list(reader.window(9, 9)) == []
    with (
        FrameReader(path, [*times, times[-1] + NS_PER_S]) as reader,
        pytest.raises(VideoError, match="ends before"),
    ):
        list(reader.window(140, COUNT + 1))
    with pytest.raises(VideoError, match="no such video"):
        FrameReader(tmp_path / "none.mp4", times)
    with pytest.raises(VideoError, match="cannot be opened"):
        FrameReader(cut(path, 0.3), times)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    study = Study.create(tmp_path_factory.mktemp("media") / "study")
    coded_session(study, "P001", varying(300), ("neutral", "fear"))
    return study.sessions()[0], study.analysis.analyzer


def test_a_chunk_carries_its_frames_and_nothing_else(session):
    media = Media(session[1])
    shot = Shot(session[0], 150, 260)
    for number in (0, 11, 18):
        pictures = unpacked(media.chunk(shot, "whole", number))
        end = min((number + 1) * CHUNK, 300)
        assert {n: number_in(p) for n, p in pictures.items()} == {
            n: n for n in range(number * CHUNK, end)
        }


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "whole"])
def test_each_view_of_the_face_has_the_frames_of_the_clip(session, view):
    media = Media(session[1])
    shot = Shot(session[0], 150, 190)
    pictures = {}
    for number in range(150 // CHUNK, 189 // CHUNK + 1):
        pictures |= unpacked(media.chunk(shot, view, number))
    assert set(range(150, 190)) <= set(pictures)
    assert len({picture.shape for picture in pictures.values()}) == 1
    with pytest.raises(InputError, match="no such chunk"):
        media.chunk(shot, view, 400)


def test_an_unknown_view_is_refused(session):
    with pytest.raises(InputError, match="no such view"):
        Media(session[1]).chunk(Shot(session[0], 0, 50), "../webcam", 0)


def test_without_an_analysis_there_is_the_whole_picture(tmp_path):
    study = Study.create(tmp_path / "study")
    coded_session(study, "P001", constant(150), ("fear",), analysed=False)
    shot, media = Shot(study.sessions()[0], 0, 150), Media(study.analysis.analyzer)
    assert not media.has_face(shot)
    assert len(unpacked(media.chunk(shot, "whole", 1))) == CHUNK
    with pytest.raises(InputError, match="no face"):
        media.chunk(shot, "crop", 1)


def test_a_chunk_asked_for_at_once_by_many_is_decoded_once(session):
    media = Media(session[1])
    shot, found = Shot(session[0], 150, 260), []
    threads = [
        threading.Thread(target=lambda: found.append(media.chunk(shot, "whole", 10)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert media.made == 1


def test_the_cache_forgets_what_was_used_longest_ago_and_keeps_no_failure():
    gone = []
    cache = OnceCache(10, len, gone.append)
    for name in ("aaaa", "bbbb", "aaaa", "cccc"):
        assert cache.get(name, lambda name=name: name) == name
    assert gone == ["bbbb"]
    assert cache.made == 3
    with pytest.raises(ZeroDivisionError):
        cache.get("x", lambda: 1 / 0)
    assert cache.get("x", lambda: "x") == "x"


def test_who_waits_for_what_fails_is_told_too():
    cache, told = OnceCache(10, len), []

    def fails():
        time.sleep(0.2)
        raise ZeroDivisionError

    def ask():
        try:
            cache.get("x", fails)
        except ZeroDivisionError:
            told.append(True)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [True] * 3


def spotted(shift=0.0, seed=0):
    """A picture of soft spots, moved to the right by `shift` px."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    image = np.full((SIDE, SIDE), 120.0)
    for cx, cy, height in rng.uniform((20, 20, 30), (300, 300, 90), (40, 3)):
        image += height * np.exp(-((x - cx - shift) ** 2 + (y - cy) ** 2) / 60)
    return np.repeat(np.clip(image, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def test_head_movement_is_taken_out():
    stack = np.stack([spotted(0), spotted(3.3)])
    still = held_still(stack)
    inner = (slice(20, -20), slice(20, -20))
    before, after = (np.abs(s[1][inner].astype(int) - s[0][inner]).mean() for s in (stack, still))
    assert after < 0.15 * before


def test_magnification_makes_a_brief_movement_larger_and_leaves_stillness():
    t_ns = np.arange(24) * NS_PER_S // 30
    calm, moving = spotted(), spotted(0.4)
    stack = np.stack([moving if 10 <= number < 14 else calm for number in range(24)])
    large = magnified(stack, t_ns, 20)
    moved, shown = (np.abs(s[12].astype(int) - s[0]).mean() for s in (stack, large))
    assert shown > 4 * moved > 0
    assert np.array_equal(magnified(stack, t_ns, 0), stack)
    still = np.repeat(calm[None], 24, axis=0)
    assert np.array_equal(magnified(still, t_ns, 20), still)


def test_arrows_stand_where_something_moved():
    stack = np.stack([spotted(0), spotted(0), spotted(1.5)])
    drawn = with_flow(stack).astype(int)
    yellow = (drawn[..., 0] - drawn[..., 2] > 60).sum(axis=(1, 2))
    assert yellow[0] == yellow[1] == 0
    assert yellow[2] > 500
