"""What a file says of the intervals of one session, gathered mark by mark, nothing lost silently.

A file speaks of some fields only (a hand-made one perhaps of emotions alone). Of an interval that
it mentions, a field it speaks of and leaves empty is empty; other fields stay as they were.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from annotate.exchange.notation import parse_aus
from annotate.exchange.state import UNKNOWN, State, parse_state
from mexlab.codes import Value, fits_field
from mexlab.emotions import AUS
from mexlab.timebase import overlap_ns


@dataclass
class Incoming:
    """One interval's code as a file has it; `marks` field or AU -> value, None for empty."""

    interval_id: str
    marks: dict[str, Value]
    state: State | None = None
    given: set[str] = field(default_factory=set)

    @property
    def how(self) -> State:
        """The state, or that of a code made we do not know how."""
        return self.state or UNKNOWN


@dataclass(frozen=True)
class Stretch:
    """An interval of the session; [start, end) in the unit of the file."""

    interval_id: str
    start: int
    end: int


def best_match(start: int, end: int, stretches: Iterable[Stretch]) -> str | None:
    """The interval with the greatest overlap; None where none overlaps."""
    by_overlap = [(overlap_ns(start, end, s.start, s.end), s.interval_id) for s in stretches]
    most, name = max(by_overlap, key=lambda pair: pair[0], default=(0, ""))
    return name if most > 0 else None


class Gathered:
    """Collects marks; what cannot be taken goes to `problems`, one line each."""

    def __init__(self, covered: Sequence[str]) -> None:
        """`covered` are the fields and AUs the file speaks of."""
        self.problems: list[str] = []
        self._covered = covered
        self._codes: dict[str, Incoming] = {}

    def codes(self) -> list[Incoming]:
        """One for each interval mentioned."""
        return list(self._codes.values())

    def mention(self, interval_id: str) -> Incoming:
        """The code of an interval, made empty at its first mention."""
        made = Incoming(interval_id, dict.fromkeys(self._covered))
        return self._codes.setdefault(interval_id, made)

    def put(self, interval_id: str, name: str, value: Value, where: str) -> None:
        """Set a mark; a second, different value for it is a problem."""
        code = self.mention(interval_id)
        if not fits_field(name, value):
            self.problem(where, f"{value!r} is no {name}")
        elif name in code.given and code.marks[name] != value:
            what = f"{name} {value!r}, but {interval_id} has {name} {code.marks[name]!r} already"
            self.problem(where, what)
        else:
            code.marks[name] = value
            code.given.add(name)

    def put_text(self, interval_id: str, name: str, text: str, where: str) -> None:
        """Set what a person wrote; empty text is no mark. `name` "AUs" is all AUs at once."""
        self.mention(interval_id)
        word = text.strip()
        if name == "comment":
            if text:
                self.put(interval_id, name, text, where)
        elif name == "AUs":
            aus, strange = parse_aus(word)
            for part in strange:
                self.problem(where, f"{part!r} is no AU of the tables with an intensity A-E")
            for au, grade in aus.items():
                self.put(interval_id, au, grade, where)
        elif name in AUS:
            if word:
                self.put(interval_id, name, word.upper(), where)
        elif name == "state":
            self._put_state(interval_id, word, where)
        elif word:
            whole = int(word) if name == "confidence" and word.isdecimal() else word.lower()
            self.put(interval_id, name, whole, where)

    def _put_state(self, interval_id: str, text: str, where: str) -> None:
        state = parse_state(text)
        if state is None:
            self.problem(where, f"{text!r} is no state of a code")
        else:
            self.mention(interval_id).state = state

    def unmatched(self, where: str) -> None:
        self.problem(where, "overlaps no interval of the session")

    def problem(self, where: str, what: str) -> None:
        """Note what cannot be taken."""
        self.problems.append(f"{where}: not imported: {' '.join(what.split())}")
