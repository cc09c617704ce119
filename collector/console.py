"""The operator's terminal during a session: one line of state, and orders typed as whole lines,
since not every terminal gives keys.

p            pause, and go on again
m NOTE       a marker with a note, at the moment of Enter
a, a         abort: twice within two seconds
abort        the same at once

The operator's pages give the same orders through a file (`collector.live`).
"""

import queue
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO

from collector.live import OrderFile
from mexlab.clock import host_ns
from mexlab.timebase import NS_PER_S

PLAIN_INTERVAL_S = 30.0  # between two lines of state where the output is no terminal
HELP = "p: pause or go on · m NOTE: marker · a twice: abort"
TWICE_NS = 2 * NS_PER_S


@dataclass(frozen=True)
class Order:
    """What the operator wants: `do` is pause, marker or abort."""

    do: str
    note: str = ""


class Console:
    """Reads orders from a terminal in a thread of its own; `next_order` never waits."""

    def __init__(self, lines: TextIO | None = None, file: OrderFile | None = None) -> None:
        self._file = file
        self._orders: queue.Queue[Order] = queue.Queue()
        self._armed_at = -TWICE_NS
        lines = lines or (sys.stdin if sys.stdin is not None and sys.stdin.isatty() else None)
        self.present = lines is not None
        if lines is not None:
            threading.Thread(target=self._take, args=(lines,), daemon=True).start()

    def next_order(self) -> Order | None:
        """The oldest order not yet given out, or None."""
        self._take(self._file.lines() if self._file else ())
        try:
            return self._orders.get_nowait()
        except queue.Empty:
            return None

    def _take(self, lines: Iterable[str]) -> None:
        for line in lines:
            order = self.understood(line, host_ns())
            if order:
                self._orders.put(order)

    def understood(self, line: str, now_ns: int) -> Order | None:
        """The order a line gives, typed at `now_ns`; None for one that gives none (yet)."""
        word, _, rest = line.strip().partition(" ")
        if word == "a":
            twice, self._armed_at = now_ns - self._armed_at <= TWICE_NS, now_ns
            return Order("abort") if twice else None
        marker = Order("marker", rest.strip())
        known = {"p": Order("pause"), "m": marker, "abort": Order("abort")}
        return known.get(word)


class Status:
    """How it goes, in one line on stderr: written over on a terminal, now and then elsewhere."""

    def __init__(self) -> None:
        self._over = sys.stderr.isatty()
        self._shown_at = time.monotonic()

    def show(self, line: str) -> None:
        if self._over:
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - self._shown_at >= PLAIN_INTERVAL_S:
            self._shown_at = time.monotonic()
            print(line, file=sys.stderr, flush=True)

    def done(self) -> None:
        """Leave the line."""
        if self._over:
            print(file=sys.stderr)
