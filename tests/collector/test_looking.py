"""A pre-flight look as a process of its own, also where that process misbehaves."""

import sys

import pytest

from collector.finding import FAIL, OK
from collector.live import Board
from collector.looking import look, printed, read_look
from collector.openness import Lock
from mexlab.errors import StudyError
from mexlab.study import Study


@pytest.fixture
def study(tmp_path):
    return Study.create(tmp_path / "study")


def test_a_simulated_camera_is_looked_through(study):
    found = look(study, "simulated:1", offscreen=True)
    assert found.picture.startswith(b"\x89PNG")
    assert found.value("rate", "nominal_fps") == 30
    assert 0 < found.value("light", "brightness") < 1
    assert {f.name for f in found.verdicts(OK)} >= {"camera", "light", "face size", "display"}


def test_a_camera_that_is_not_there_is_a_finding(study):
    found = look(study, "/dev/none", offscreen=True)
    assert found.worst == FAIL
    assert [f.name for f in found.verdicts(FAIL)] == ["camera"]
    assert (found.picture, found.value("rate", "fps")) == (None, None)


def test_what_the_command_refuses_is_said_in_its_own_words(study):
    with pytest.raises(StudyError, match="no camera '--nonsense'; --camera; use one of"):
        look(study, "--nonsense", offscreen=True)


def test_while_a_recording_runs_the_camera_is_left_alone(study):
    Board(study, "P001", 1, Lock.mine()).show()
    with pytest.raises(StudyError, match=r"P001 is being recorded.*camera is busy"):
        look(study, "simulated", offscreen=True)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('Traceback\\nKeyError: 1')", "ended with status 1: KeyError: 1"),
        ("import os; os._exit(9)", "ended with status 9; collector check"),
        ("print('not json')", "its answer cannot be read"),
        ("print('{\"findings\": [{}]}')", "its answer cannot be read"),
        ("print('[]')", "its answer cannot be read"),
        ("import time; time.sleep(30)", "no answer within 1 s"),
    ],
)
def test_a_process_that_misbehaves_is_one_line(program, said):
    with pytest.raises(StudyError) as caught:
        read_look(printed([sys.executable, "-c", program], 1.0), "0", True, None)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
