"""Who records, who crashed: the lock of an open session."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from collector.openness import Lock, is_live, open_sessions, refuse_if_open
from mexlab.errors import StudyError
from mexlab.session import Session, SessionHeader
from mexlab.study import Study


@pytest.fixture
def study(tmp_path):
    return Study.create(tmp_path / "study")


def opened(study, lock, state="open"):
    with study.new_session("P001", datetime(2026, 11, 24, 9, tzinfo=UTC)) as made:
        lock.write(made)
        made.write_header(
            SessionHeader(made.id, "P001", "", "webcam.mp4", "", "recorded", state=state)
        )
    return Session(study.sessions_path / made.id)


def test_my_own_session_is_live_and_nobody_may_open_another(study):
    session = opened(study, Lock.mine())
    assert is_live(session)
    with pytest.raises(StudyError, match=r"being recorded.*P001-.*wait"):
        refuse_if_open(study)


def test_a_dead_process_left_it_open(study):
    done = subprocess.Popen([sys.executable, "-c", "pass"])
    mine = Lock.mine()
    lock = Lock(mine.host, done.pid, mine.created)
    done.wait()
    session = opened(study, lock)
    assert not is_live(session)
    with pytest.raises(StudyError, match=r"crash left.*collector recover"):
        refuse_if_open(study)


def test_a_later_process_with_the_same_number_is_not_the_recorder(study):
    mine = Lock.mine()
    assert not is_live(opened(study, Lock(mine.host, mine.pid, mine.created - 3600)))


def test_another_computers_session_is_live_while_its_files_change(study):
    session = opened(study, Lock("the-other-laptop", os.getpid(), 0.0))
    assert is_live(session)
    for path in session.root.iterdir():
        os.utime(path, (1, 1))
    assert not is_live(session)


def test_a_torn_lock_is_a_crash(study):
    session = opened(study, Lock.mine())
    session.lock_path.write_text('{"host"')
    assert not is_live(session)
    assert [s.id for s in open_sessions(study)] == [session.id]


def test_closed_sessions_are_not_open(study):
    session = opened(study, Lock.mine(), state="closed")
    session.lock_path.unlink()
    assert open_sessions(study) == []
    refuse_if_open(study)
