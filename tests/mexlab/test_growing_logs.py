"""Logs that grow in place: what a torn write leaves, and what the reader makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mexlab.clock import SessionClock, host_ns
from mexlab.errors import TableError
from mexlab.events import append_event, read_events
from mexlab.rowlog import RowLog, read_rows

COLUMNS = ("frame", "capture_ns")
rows = st.lists(st.tuples(st.integers(0, 2**31), st.integers(-(2**62), 2**62)), max_size=20)


@given(rows=rows, cut=st.integers(0, 400))
def test_a_torn_log_gives_back_its_whole_rows(tmp_path_factory, rows, cut):
    path = tmp_path_factory.mktemp("log") / "frames.log"
    with RowLog(path, COLUMNS) as log:
        for row in rows:
            log.append(*row)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - cut] if cut < len(data) else b"")
    left = path.read_bytes().count(b"\n") - 1
    found = read_rows(path, COLUMNS)
    if left < 0:  # not even the line that names the columns
        assert found == {"frame": [], "capture_ns": []}
    else:
        assert list(zip(found["frame"], found["capture_ns"], strict=True)) == rows[:left]


def test_each_row_is_in_the_file_at_once(tmp_path):
    with RowLog(tmp_path / "a.log", COLUMNS) as log:
        log.append(0, 5)
        assert read_rows(log.path, COLUMNS) == {"frame": [0], "capture_ns": [5]}


def test_a_log_of_other_columns_is_refused(tmp_path):
    with RowLog(tmp_path / "a.log", ("media_ns",)):
        pass
    with pytest.raises(TableError, match="not the log"):
        read_rows(tmp_path / "a.log", COLUMNS)


def test_a_log_is_never_written_over(tmp_path):
    (tmp_path / "a.log").write_text("frame capture_ns\n0 1\n")
    with pytest.raises(FileExistsError):
        RowLog(tmp_path / "a.log", COLUMNS)


def test_rows_behind_a_damaged_one_are_not_read(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"frame capture_ns\n0 1\n\x00\x00\x00\n2 3\n")
    assert read_rows(path, COLUMNS) == {"frame": [0], "capture_ns": [1]}


def test_no_log_has_no_rows(tmp_path):
    assert read_rows(tmp_path / "none.log", COLUMNS) == {"frame": [], "capture_ns": []}


def test_events_are_lines_and_a_torn_one_is_passed_over(tmp_path):
    path = tmp_path / "events.jsonl"
    append_event(path, 5, "marker", note="tos ñ")
    with path.open("ab") as file:
        file.write(b'{"t_ns": 6, "ev\n')
    append_event(path, 7, "end")
    found = list(read_events(path))
    assert [(e["t_ns"], e["event"]) for e in found] == [(5, "marker"), (7, "end")]
    assert found[0]["note"] == "tos ñ"


def test_the_session_clock_counts_host_time_and_sees_a_set_wall_clock():
    from datetime import timedelta

    clock = SessionClock.start()
    before = host_ns() - clock.zero_ns
    assert before <= clock.now_ns() <= host_ns() - clock.zero_ns
    assert clock.wall_step_ns() == 0
    stepped = SessionClock(clock.zero_ns, clock.started_at - timedelta(hours=1))
    assert abs(stepped.wall_step_ns() - 3600 * 10**9) < 10**9
