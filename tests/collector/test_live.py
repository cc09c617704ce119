"""What another process sees of a recording, and what it can tell it."""

import json
import subprocess
import sys
import time

import pytest

from collector.console import Console
from collector.live import Board, OrderFile, give_order, is_running, read_live, start_run
from collector.openness import Lock
from mexlab.errors import StudyError
from mexlab.study import Study
from stimuli.cli import stimuli
from tests.conftest import run_command


@pytest.fixture
def study(tmp_path):
    return Study.create(tmp_path / "study")


def until(study, stage, seconds=60):
    """Wait for a stage; returns what is shown then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        live = read_live(study)
        if live and live.stage in (stage, "over"):
            return live
        time.sleep(0.05)
    raise AssertionError(f"no stage {stage}: {live}")


def test_before_the_first_recording_there_is_nothing(study):
    assert read_live(study) is None


def test_what_is_shown_is_read(study):
    board = Board(study, "P001", 3, Lock.mine())
    board.show(stage="film", session="P001-x", scene=2, fps=29.97, dropped=1)
    for number in range(9):
        board.warn(f"warning {number}")
    live = read_live(study)
    assert (live.participant, live.compilation, live.scene, live.fps) == ("P001", 3, 2, 29.97)
    assert live.warnings == tuple(f"warning {n}" for n in range(4, 9))
    assert is_running(live)
    board.over("the end", "closed")
    board.over("something later")
    assert (read_live(study).outcome, read_live(study).message) == ("closed", "the end")
    assert not is_running(read_live(study))


def test_a_process_that_is_gone_has_its_last_words(study):
    gone = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.DEVNULL)
    lock = Lock.of(gone.pid)
    gone.wait()
    Board(study, "P001", 1, lock).show(stage="camera")
    study.run_log_path.write_text("P001 sees\nerror: no camera; 0; plug it in\n\n")
    live = read_live(study)
    assert (live.stage, live.outcome) == ("over", "refused")
    assert live.message == "no camera; 0; plug it in"


def test_a_damaged_file_is_one_line(study):
    for text in ("{", "[]", json.dumps({"pid": "x"})):
        study.live_path.write_text(text)
        with pytest.raises(StudyError, match="damaged"):
            read_live(study)


def test_a_recording_that_cannot_write_it_goes_on(study):
    study.live_path.mkdir()
    Board(study, "P001", 1, Lock.mine()).show(stage="film")


def test_orders_come_once_and_old_ones_never(study):
    give_order(study, "abort")
    console = Console(file=OrderFile(study.orders_path))
    assert console.next_order() is None
    give_order(study, "p")
    give_order(study, "m sneezed\nabort")  # a note stays one line
    with study.orders_path.open("a") as file:
        file.write("abo")  # half written
    orders = [console.next_order() for _ in range(3)]
    assert [o and (o.do, o.note) for o in orders] == [
        ("pause", ""),
        ("marker", "sneezed abort"),
        None,
    ]
    with study.orders_path.open("a") as file:
        file.write("rt\n")
    assert console.next_order().do == "abort"


def test_a_run_that_is_refused_says_why(study):
    start_run(study, "P001", "0")
    live = until(study, "over")
    assert live.outcome == "refused"
    assert "mexlab stimuli build" in live.message


def shown(study, wanted):
    """What the board shows once it is so."""
    deadline = time.monotonic() + 30
    while not wanted(live := read_live(study)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return live


def test_a_run_is_watched_and_aborted_from_outside(study):
    run_command(stimuli, "build", study.root, "--placeholder", "--scene-s", 2, "--compilation", 1)
    start_run(study, "T001", "simulated", compilation=1, offscreen=True)
    live = until(study, "film")
    assert live.stage == "film"
    assert (live.participant, live.scenes) == ("T001", 7)
    with pytest.raises(StudyError, match="being recorded"):
        start_run(study, "T002", "simulated")
    give_order(study, "p")
    paused = shown(study, lambda live: live.paused)
    later = shown(study, lambda live: live.at > paused.at)
    assert later.paused
    assert abs(later.played_s - paused.played_s) < 0.3  # a pause is no part of the film
    give_order(study, "abort")
    live = until(study, "over")
    assert live.outcome == "aborted"
    assert live.session in live.message
    assert study.session(live.session).header.state == "aborted"
