"""The player's keys, by Qt's names, and the rule that an abort needs two presses.

The participant has two: ready and stop. The rest are the operator's.
"""

from dataclasses import dataclass, field

from mexlab.timebase import NS_PER_S

READY = "Space"
STOP = "Escape"  # the participant's: one press ends the film, at any moment
PAUSE = "P"  # and resume
MARKER = "M"
ABORT = "A"

TWICE_WITHIN_NS = 2 * NS_PER_S


@dataclass
class Twice:
    """Says yes to the second of two presses within `within_ns`; the first only arms it."""

    within_ns: int = TWICE_WITHIN_NS
    _armed_ns: int | None = field(default=None, init=False)

    def press(self, at_ns: int) -> bool:
        """Whether this press, at `at_ns` on the host clock, is the second one in time."""
        if self._armed_ns is not None and at_ns - self._armed_ns <= self.within_ns:
            self._armed_ns = None
            return True
        self._armed_ns = at_ns
        return False
