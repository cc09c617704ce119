"""Filters made from the columns that a dataset has, and the clips that a query lets through.

A column of words, or of few whole numbers with a meaning, is chosen from; a number has a lowest and
a highest value. In addresses: `?label=anger&sharpness.min=3&split=loso 2&role=test&q=P001`. An
empty cell is chosen by EMPTY and lies in no range.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import pyarrow as pa

from mexlab.emotions import EMOTIONS, LABELS3
from pipeline.app.reading import Clips, Row, Side

EMPTY = "-"
FIRST = ("subject", "label", "label3", "kind", "label_source", "source", "modality", "rate")
KNOWN = ("target", "reported", "expressed", "coded", "scene", "group")  # behind the first
HIDDEN = {"clip_id", "session", "start_ns", "end_ns", "onset", "apex", "offset"}
NAMED: Mapping[str, Sequence[str]] = {"label": EMOTIONS, "label3": LABELS3}
OF_THE_PAGE = {"q", "split", "role", "by", "page"}  # parameters that are no columns
MOST_WORDS = 200  # values of one column that can still be chosen from


@dataclass(frozen=True)
class Choice:
    """A column to choose a value of; `values` with how many clips have them."""

    name: str
    values: Sequence[tuple[str, int]]
    chosen: str

    def lets(self, row: Row) -> bool:
        return not self.chosen or word(self.name, row.get(self.name)) == self.chosen


@dataclass(frozen=True)
class Range:
    """A column of numbers from `low` to `high`; `least` and `most` as they were asked for."""

    name: str
    low: float
    high: float
    least: str
    most: str

    def lets(self, row: Row) -> bool:
        least, most = number(self.least), number(self.most)
        value = row.get(self.name)
        if least is None and most is None:
            return True
        if value is None or value != value:
            return False
        # Cells are float32: what is shown rounded and typed back is meant.
        slack = 1e-6 * max(1.0, abs(float(value)))
        return (least is None or value >= least - slack) and (most is None or value <= most + slack)

    @property
    def amiss(self) -> bool:
        """Whether something was typed that is no number."""
        return any(text and number(text) is None for text in (self.least, self.most))


@dataclass(frozen=True)
class Filters:
    """What can be chosen, and what is. `splits` are (protocol and fold, its clips)."""

    choices: Sequence[Choice]
    ranges: Sequence[Range]
    splits: Sequence[str]
    roles: Sequence[str]
    split: str
    role: str
    text: str

    @property
    def active(self) -> bool:
        """Whether anything is left out."""
        ranges = any(r.least or r.most for r in self.ranges)
        return ranges or any(c.chosen for c in self.choices) or any((self.role, self.text))

    def rows(self, clips: Clips) -> list[Row]:
        """The clips that are let through, in the dataset's order."""
        return [row for row in clips.rows if self._lets(row, clips.sides)]

    def _lets(self, row: Row, sides: Mapping[str, Sequence[Side]]) -> bool:
        wanted = self.text.casefold()
        return (
            all(choice.lets(row) for choice in self.choices)
            and all(span.lets(row) for span in self.ranges)
            and wanted in f"{row['clip_id']} {row.get('session') or ''}".casefold()
            and (not self.role or self._on_side(sides.get(row["clip_id"], ())))
        )

    def _on_side(self, sides: Sequence[Side]) -> bool:
        return any(s.role == self.role and self.split in ("", split_name(s)) for s in sides)


def filters(clips: Clips, query: Mapping[str, str]) -> Filters:
    """The filters of a dataset's columns, set as a page's address says."""
    choices: list[Choice] = []
    ranges: list[Range] = []
    for name, kind in zip(clips.schema.names, clips.schema.types, strict=True):
        values = [row[name] for row in clips.rows]
        # Where nobody shares a group with another, it is the subject once more.
        same = name == "group" and values == [row["subject"] for row in clips.rows]
        if same or name in HIDDEN | OF_THE_PAGE:
            continue
        if name in (*FIRST, *KNOWN) or not _is_number(kind):
            choices += _choice(name, values, query)
        else:
            ranges += _range(name, values, query)
    order = {name: place for place, name in enumerate((*FIRST, *KNOWN))}
    choices.sort(key=lambda choice: order.get(choice.name, len(order)))
    sides = [side for held in clips.sides.values() for side in held]
    return Filters(
        choices,
        ranges,
        [_named(fold) for fold in sorted({(side.protocol, side.fold) for side in sides})],
        sorted({side.role for side in sides}, key=("train", "val", "test").index),
        query.get("split", ""),
        query.get("role", "") or ("test" if query.get("split") else ""),
        query.get("q", "").strip(),
    )


def word(name: str, value: Any) -> str:
    """A cell as it is chosen by."""
    if value is None:
        return EMPTY
    if name in NAMED and 0 <= int(value) < len(NAMED[name]):
        return NAMED[name][int(value)]
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def number(text: str) -> float | None:
    """What was typed, with a decimal point or comma; None for no number."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if isfinite(value) else None


def split_name(side: Side) -> str:
    return _named((side.protocol, side.fold))


def _named(fold: tuple[str, int]) -> str:
    return f"{fold[0]} {fold[1]}"


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _choice(name: str, values: Sequence[Any], query: Mapping[str, str]) -> list[Choice]:
    """None for a column that has the same in every clip, unless it is asked for."""
    counted = Counter(word(name, value) for value in values)
    chosen = query.get(name, "")
    if (len(counted) < 2 and not chosen) or len(counted) > MOST_WORDS:
        return []
    return [Choice(name, sorted(counted.items(), key=_place(name)), chosen)]


def _place(name: str) -> Callable[[tuple[str, int]], Any]:
    """Classes in their order, numbers by size, words by letters; the empty one last."""

    def place(item: tuple[str, int]) -> Any:
        value = item[0]
        known = NAMED.get(name, ())
        at = known.index(value) if value in known else len(known)
        return value == EMPTY, at, int(value) if value.isdecimal() else 0, value

    return place


def _range(name: str, values: Sequence[Any], query: Mapping[str, str]) -> list[Range]:
    known = [float(value) for value in values if value is not None and value == value]
    least, most = (query.get(f"{name}.{end}", "").strip() for end in ("min", "max"))
    if not known or (min(known) == max(known) and not (least or most)):
        return []
    return [Range(name, min(known), max(known), least, most)]
