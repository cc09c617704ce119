"""The host's monotonic clock, and a session's own clock counted from it.

All processes of one computer share the host clock: on Linux it is CLOCK_MONOTONIC, on Windows the
performance counter (`time.monotonic` ticks in 16 ms there), on macOS mach_absolute_time. It never
steps; the wall clock may, and only names the session.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from mexlab.timebase import NS_PER_S

STEP_NS = NS_PER_S  # more than this between wall clock and host clock is a step, not a drift


def host_ns() -> int:
    """Now on the host's monotonic clock, int64 ns from an arbitrary moment."""
    return time.perf_counter_ns()


@dataclass(frozen=True)
class SessionClock:
    """Session time 0: the same moment on the host clock and on the wall clock."""

    zero_ns: int
    started_at: datetime

    @classmethod
    def start(cls) -> Self:
        """A session clock that starts now."""
        return cls(host_ns(), datetime.now(UTC))

    def now_ns(self) -> int:
        """Session time now, int64 ns."""
        return host_ns() - self.zero_ns

    def wall_step_ns(self) -> int:
        """How far the wall clock has been set forward (+) or back (-) since the start, else 0."""
        since = datetime.now(UTC) - self.started_at
        step = round(since.total_seconds() * NS_PER_S) - self.now_ns()
        return step if abs(step) > STEP_NS else 0
