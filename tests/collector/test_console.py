"""The operator's lines, and what each is taken for."""

import io
import time

from hypothesis import given
from hypothesis import strategies as st

from collector.console import Console, Order
from mexlab.timebase import NS_PER_S


def test_lines_become_orders_in_order():
    console = Console(io.StringIO("p\nm tos\n\nx\nm\na\na\n"))
    found = []
    until = time.monotonic() + 5
    while len(found) < 4 and time.monotonic() < until:
        order = console.next_order()
        found += [order] if order else []
    assert found == [Order("pause"), Order("marker", "tos"), Order("marker"), Order("abort")]


@given(gap_ns=st.integers(0, 10 * NS_PER_S))
def test_abort_takes_two_lines_within_two_seconds(gap_ns):
    console = Console(io.StringIO())
    assert console.understood("a", 7 * NS_PER_S) is None
    second = console.understood("a", 7 * NS_PER_S + gap_ns)
    assert (second == Order("abort")) == (gap_ns <= 2 * NS_PER_S)


def test_without_a_terminal_there_are_no_orders(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("a\na\n"))
    console = Console()
    assert not console.present
    assert console.next_order() is None
