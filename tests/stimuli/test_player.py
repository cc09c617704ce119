"""The player's parts that need no window: frame numbers, log rows, keys, environment, errors."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mexlab.errors import InputError, VideoError
from mexlab.rowlog import read_rows
from stimuli.player import keys, screensaver
from stimuli.player.launch import check_display, command, environment, explain
from stimuli.player.process import Showing
from stimuli.player.record import COLUMNS, FrameTimes, Record
from stimuli.player.words import TEXTS, texts
from tests.videos import even_times, write_video

MS = 1_000_000


@given(
    st.lists(st.integers(8_000_000, 200_000_000), min_size=1, max_size=60),
    st.integers(0, 10**12),
    st.data(),
)
def test_a_frame_is_found_by_its_time_in_whole_microseconds(gaps, start, data):
    times = FrameTimes(np.cumsum([start, *gaps], dtype=np.int64))
    number = data.draw(st.integers(0, len(times) - 1))
    start_us = int(times.file_ns[number]) // 1000
    assert times.nearest(start_us * 1000) == number


def test_frame_times_of_a_film_with_reordered_frames_and_a_late_first_one(tmp_path):
    film = write_video(tmp_path / "f.mp4", [500 + t for t in even_times(20)], size=(320, 180))
    times = FrameTimes.read(film)
    assert [times.media_ns(n) for n in range(20)] == [n * 40 * MS for n in range(20)]


def test_what_is_no_film_is_refused(tmp_path):
    path = tmp_path / "film.mp4"
    with pytest.raises(VideoError, match="cannot be read"):
        FrameTimes.read(path)
    path.write_bytes(b"not a film" * 100)
    with pytest.raises(VideoError, match="cannot be read"):
        FrameTimes.read(path)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=40))
def test_rows_rise_and_a_picture_delivered_twice_makes_one(tmp_path_factory, deliveries):
    log = tmp_path_factory.mktemp("log") / "presentation.log"
    record, now = Record(FrameTimes(np.arange(10) * 40 * MS), log, 5), 5
    for number, passed in deliveries:
        now += passed
        record.shown(number * 40_000, now, now)
    record.close()
    rows = read_rows(log, COLUMNS)
    expected = [n for i, (n, _) in enumerate(deliveries) if i == 0 or deliveries[i - 1][0] != n]
    assert rows["stimulus_frame"] == expected
    assert rows["media_ns"] == [n * 40 * MS for n in expected]
    assert all(a < b for a, b in zip(rows["shown_ns"], rows["shown_ns"][1:], strict=False))
    assert rows["delivered_ns"][0] == deliveries[0][1]
    assert record.counts() == {"frames_shown": len(set(expected)), "frames_expected": 10}


@given(st.lists(st.integers(0, 5_000 * MS), min_size=1, max_size=12))
def test_an_abort_is_two_presses_within_two_seconds(gaps):
    twice, armed = keys.Twice(), None
    for at in np.cumsum(gaps).tolist():
        second = armed is not None and at - armed <= 2_000 * MS
        assert twice.press(at) is second
        armed = None if second else at


def test_the_player_gets_none_of_another_qts_paths(monkeypatch):
    given_ = {"QT_QPA_PLATFORM_PLUGIN_PATH": "/cv2", "QT_QPA_FONTDIR": "/cv2", "HOME": "/h"}
    made = environment(given_, offscreen=True, platform="linux")
    assert not set(made) & {"QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"}
    assert (made["HOME"], made["QT_QPA_PLATFORM"]) == ("/h", "offscreen")
    assert made["QT_XCB_GL_INTEGRATION"] == "none"
    for platform in ("win32", "darwin"):
        made = environment(given_, platform=platform)
        assert made["QT_MEDIA_BACKEND"] == "ffmpeg"
        assert not set(made) & {"QT_QPA_PLATFORM", "QT_XCB_GL_INTEGRATION"}


def test_a_display_is_asked_for_on_linux_only():
    with pytest.raises(InputError, match=r"no display .*--offscreen"):
        check_display(False, {}, "linux")
    check_display(True, {}, "linux")
    check_display(False, {"WAYLAND_DISPLAY": "wayland-0"}, "linux")
    check_display(False, {}, "win32")
    check_display(False, {}, "darwin")


XCB = "From 6.5.0, xcb-cursor0 or libxcb-cursor0 is needed to load the Qt xcb platform plugin.\n"
CONNECT = "qt.qpa.xcb: could not connect to display :9\nCould not load the Qt platform plugin\n"
LIBRARY = "ImportError: libEGL.so.1: cannot open shared object file: No such file or directory\n"


@pytest.mark.parametrize(
    ("noise", "what", "remedy"),
    [
        (XCB, "lacks system libraries", "apt install libxcb-cursor0"),
        (CONNECT, "does not answer; DISPLAY :9", "--offscreen"),
        (LIBRARY, "lacks a system library; libEGL.so.1", "libegl1"),
        ("Traceback\nZeroDivisionError: 1/0\n", "signal SIGABRT; ZeroDivisionError", "report"),
    ],
)
def test_how_qt_failed_is_one_line_with_the_remedy(noise, what, remedy):
    said = str(explain(-6, noise))
    assert what in said
    assert remedy in said
    assert "\n" not in said


def test_what_is_asked_of_windows_and_macos_against_the_screen_saver():
    assert screensaver.WINDOWS_STATE == 0x80000003
    assert screensaver.caffeinate_command(7)[1:] == ["-d", "-i", "-w", "7"]


def test_every_language_says_everything():
    for language in TEXTS.values():
        words = (language.instructions, language.waiting, language.thanks, language.stopped)
        assert all(w.body for w in words)
        assert language.instructions.prompt
    assert texts("fr") is TEXTS["en"]


def test_a_showing_survives_the_way_to_the_process(tmp_path):
    showing = Showing(tmp_path / "f.mp4", closing_clip=tmp_path / "c.mp4", window=(1, 2, 3, 4))
    assert Showing.from_json(showing.to_json()) == showing


def test_the_parent_imports_no_qt_and_the_player_no_cv2():
    look = "import sys; import {}; print([m for m in ('PySide6', 'cv2') if m in sys.modules])"
    for module, loaded in (("process", []), ("displays", []), ("__main__", ["PySide6"])):
        code = look.format(f"stimuli.player.{module}")
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout.strip() == str(loaded), done.stderr
    assert command()[0] == sys.executable
