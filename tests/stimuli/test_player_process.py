"""The real player as a process: offscreen, and on an X server where a screenshot can be taken."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import psutil
import pytest

from mexlab.clock import host_ns
from mexlab.errors import MexlabError
from mexlab.rowlog import read_rows
from stimuli.player.displays import probe
from stimuli.player.launch import environment
from stimuli.player.process import PlayerProcess, Showing
from stimuli.player.record import COLUMNS
from tests.videos import even_times, write_video
from tests.xvfb import screenshot, virtual_screen

FRAMES, RATE_HZ, MS = 50, 25, 1_000_000


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    times = even_times(FRAMES, RATE_HZ)
    return write_video(folder / "film.mp4", times, size=(320, 180), ticks_hz=12800)


def offscreen(film, **rest):
    return Showing(film, offscreen=True, ready_key=False, **rest)


def await_event(player, *names):
    """The next event of one of these names; fails on an exit that was not awaited."""
    while True:
        event = player.events.get(timeout=30)
        if event.event in names:
            return event
        assert event.event not in ("exit", "error"), event


def test_every_film_frame_is_logged_in_session_time(film, tmp_path):
    log, zero_ns = tmp_path / "presentation.log", host_ns()
    with PlayerProcess(offscreen(film, closing_clip=film)) as player:
        await_event(player, "ready")
        player.play(log, zero_ns)
        started = await_event(player, "film")
        ended = await_event(player, "end")
        await_event(player, "closing")
        await_event(player, "closed")
    assert player.events.get(timeout=5).details == {"code": 0}
    rows = read_rows(log, COLUMNS)
    assert rows["stimulus_frame"] == sorted(set(rows["stimulus_frame"]))
    assert len(rows["stimulus_frame"]) >= 0.9 * FRAMES  # a busy machine may skip some
    assert rows["media_ns"] == [n * 40 * MS for n in rows["stimulus_frame"]]
    assert rows["shown_ns"][0] == started.host_ns - zero_ns
    shown, delivered = np.array(rows["shown_ns"]), np.array(rows["delivered_ns"])
    assert (np.diff(shown) > 0).all()
    assert (delivered < shown).all()
    said = ended.details
    assert said["frames_shown"] == len(shown)
    assert said["frames_expected"] == FRAMES
    assert {"qt", "display", "refresh_hz", "window", "audio"} <= set(said)


def test_a_pause_holds_the_picture_and_goes_on_from_there(film, tmp_path):
    log = tmp_path / "presentation.log"
    with PlayerProcess(offscreen(film)) as player:
        player.play(log, 0)
        await_event(player, "film")
        player.pause()
        paused = await_event(player, "pause")
        player.marker("coughs")
        assert await_event(player, "marker").details == {"note": "coughs"}
        time.sleep(0.5)
        player.resume()
        resumed = await_event(player, "resume")
        await_event(player, "end")
    rows = read_rows(log, COLUMNS)
    numbers, shown = rows["stimulus_frame"], np.array(rows["shown_ns"])
    assert numbers == sorted(set(numbers))
    assert max(np.diff(shown)) > 400 * MS
    held = (shown > paused.host_ns + 100 * MS) & (shown < resumed.host_ns)
    assert not held.any()


def test_frames_are_numbered_from_the_first_where_the_file_starts_late(tmp_path):
    times = [500 + t for t in even_times(15, RATE_HZ)]
    late = write_video(tmp_path / "late.mp4", times, size=(320, 180), ticks_hz=12800)
    log = tmp_path / "presentation.log"
    with PlayerProcess(offscreen(late)) as player:
        player.play(log, 0)
        await_event(player, "end")
    rows = read_rows(log, COLUMNS)
    assert len(rows["stimulus_frame"]) >= 0.8 * len(times)
    paced = np.diff(rows["shown_ns"]) - np.diff(rows["media_ns"])
    assert np.median(np.abs(paced)) < 20 * MS


def test_the_parents_abort_ends_the_film_and_keeps_its_rows(film, tmp_path):
    log = tmp_path / "presentation.log"
    with PlayerProcess(offscreen(film)) as player:
        player.play(log, 0)
        await_event(player, "film")
        player.abort()
        assert await_event(player, "abort").details["by"] == "operator"
    assert 1 <= len(read_rows(log, COLUMNS)["shown_ns"]) < FRAMES


def test_what_cannot_be_shown_is_one_line_at_the_door(film, tmp_path, monkeypatch):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nothing")
    with pytest.raises(MexlabError, match="cannot be read"), PlayerProcess(offscreen(broken)):
        pass
    wrong = offscreen(film, display=7)
    with pytest.raises(MexlabError, match=r"no display 7; .*choose one of: 0 "):
        PlayerProcess(wrong).start()
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(MexlabError, match="no display to show"):
        PlayerProcess(Showing(film)).start()
    monkeypatch.setenv("DISPLAY", ":987")
    with pytest.raises(MexlabError, match="does not answer; DISPLAY :987"):
        PlayerProcess(Showing(film)).start()


def test_a_log_that_cannot_be_written_is_an_error_event(film, tmp_path):
    with PlayerProcess(offscreen(film)) as player:
        player.play(tmp_path / "absent" / "presentation.log", 0)
        error = await_event(player, "error")
        assert "cannot be written" in error.details["what"]
        assert await_event(player, "exit").details["code"] == 1


def test_the_player_ends_when_its_parent_is_killed(film):
    parent_code = f"""
        import time
        from pathlib import Path
        from stimuli.player.process import PlayerProcess, Showing
        with PlayerProcess(Showing(Path({str(film)!r}), offscreen=True)) as player:
            print(player._process.pid, flush=True)
            time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(parent_code)]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as parent:
        player = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    player.wait(timeout=10)


KEYS = """
    import sys
    from pathlib import Path
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication
    from stimuli.player.presenter import Presenter
    from stimuli.player.process import Showing
    app, said = QApplication([]), []
    def tell(event, at_host_ns=None, **details): said.append((event, details.get("by")))
    presenter = Presenter(Showing(Path(sys.argv[1]), offscreen=True), tell)
    presenter.window.place(app.primaryScreen(), (0, 0, 320, 180))
    assert QTest.qWaitForWindowExposed(presenter.window)
    presenter.open()
    for name in sys.argv[2:]:
        if name == "play":
            presenter.play(None, 0)
            QTest.qWait(300)
        elif name == "wait":
            QTest.qWait(2100)
        else:
            QTest.keyClick(presenter.window, getattr(Qt.Key, "Key_" + name))
    print([event for event, by in said], [by for event, by in said if by])
"""


@pytest.mark.parametrize(
    ("pressed", "events"),
    [
        ("A Space Space play P M P Escape Escape", "up ready film pause marker resume abort"),
        ("Space play A A", "up ready film abort"),
        ("Space play P A wait A", "up ready film pause"),
        ("Escape Space play", "up abort"),
    ],
)
def test_keys(film, pressed, events):
    command = [sys.executable, "-c", textwrap.dedent(KEYS), str(film), *pressed.split()]
    environ = environment(offscreen=True)
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    by = "participant" if "Escape" in pressed else "operator"
    aborted = [by] if "abort" in events else []
    assert done.stdout.strip() == f"{events.split()} {aborted}", done.stderr


def test_the_film_fills_the_screen_and_its_window(film, tmp_path):
    with virtual_screen(640, 480) as display:
        with PlayerProcess(Showing(film, language="es")) as player:
            instructions = screenshot(display, 640, 480)
            assert player.events.empty()  # nobody pressed the ready key
        assert instructions.max() > 200  # letters
        assert np.median(instructions) < 40  # on a dark ground
        with PlayerProcess(Showing(film, ready_key=False)) as player:
            player.play(tmp_path / "presentation.log", 0)
            await_event(player, "film")
            player.pause()
            await_event(player, "pause")
            whole = screenshot(display, 640, 480)
        with PlayerProcess(Showing(film, ready_key=False, window=(100, 50, 320, 180))) as player:
            player.play(tmp_path / "window.log", 0)
            await_event(player, "film")
            player.pause()
            await_event(player, "pause")
            window = screenshot(display, 640, 480)
    assert whole[:59].max() == whole[-59:].max() == 0  # 640x360 in the middle, black around it
    assert whole[62:-62].max(axis=2).min() > 20
    assert window[52:228, 102:418].max(axis=2).min() > 20


def test_probe_lists_displays_and_sound_outputs(monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM_PLUGIN_PATH", "/nowhere")
    with virtual_screen(640, 480):
        (display,) = probe().displays
    assert (display.index, display.width, display.height, display.primary) == (0, 640, 480, True)
    assert display.refresh_hz > 0
    assert len(probe(offscreen=True).displays) == 1
