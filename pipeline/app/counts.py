"""How many clips there are of each emotion and subject, of those that a filter lets through."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mexlab.emotions import EMOTIONS, LABELS3
from pipeline.app.facets import EMPTY, word
from pipeline.app.reading import Row

WAYS = ("label", "label3", "coded", "reported", "expressed", "target", "kind")


@dataclass(frozen=True)
class Counts:
    """A line a subject, a column a value of `by`; `number[subject, value]` clips."""

    by: str
    ways: Sequence[str]
    subjects: Sequence[str]
    values: Sequence[str]
    number: Mapping[tuple[str, str], int]

    def of_subject(self, subject: str) -> int:
        return sum(self.number.get((subject, value), 0) for value in self.values)

    def of_value(self, value: str) -> int:
        return sum(self.number.get((subject, value), 0) for subject in self.subjects)


def counts(rows: Sequence[Row], by: str) -> Counts:
    """By the column asked for; by the first of WAYS that says something, for any other."""
    ways = [name for name in WAYS if any(row.get(name) is not None for row in rows)]
    by = by if by in ways else next(iter(ways), "kind")
    number = Counter((str(row["subject"]), word(by, row.get(by))) for row in rows)
    found = {value for _, value in number}
    known = [name for name in (*EMOTIONS, *LABELS3) if name in found]
    others = sorted(found - {*known, EMPTY})
    values = [*dict.fromkeys(known), *others, *([EMPTY] if EMPTY in found else [])]
    return Counts(by, ways, sorted({subject for subject, _ in number}), values, number)
