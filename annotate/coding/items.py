"""What is to be coded: the first-ranked intervals of the sessions that may be looked at.

Reads study.toml, session.json, intervals, scenes and frames tables; writes nothing. Whatever is
random here (keys, order, padding) follows from the study's seed and stays the same for ever.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from annotate.coding.reading import capture_times, interval_rows, scene_bounds
from mexlab.consensus import ReviewSettings
from mexlab.errors import MexlabError
from mexlab.session import Session
from mexlab.study import Exclusion, Study
from mexlab.timebase import nearest, place_inside, seconds_to_ns

NEEDED = ("analysed",)  # scopes without which nobody looks at a face
KEY_DIGITS = 12


@dataclass(frozen=True)
class Item:
    """One interval to be coded. Only `key` may leave for a coder who is blind.

    `row` is the intervals table's row, column -> value. Items are equal by their key.
    """

    key: str
    session: Session = field(compare=False)
    row: Mapping[str, Any] = field(compare=False)

    @property
    def interval_id(self) -> str:
        return str(self.row["interval_id"])

    @property
    def scene(self) -> int:
        return int(self.row["scene"])

    @property
    def participant(self) -> str:
        return self.session.header.participant


@dataclass(frozen=True)
class Window:
    """The frames a coder looks at: first and last frame number of the recording, both inclusive."""

    first: int
    last: int

    def __contains__(self, frame: object) -> bool:
        return isinstance(frame, int) and self.first <= frame <= self.last

    def including(self, frames: Iterable[int]) -> "Window":
        """The window made wide enough for these frames."""
        wide = (self.first, self.last, *frames)
        return Window(min(wide), max(wide))


@dataclass(frozen=True)
class Suggestion:
    """The program's view of an interval; moments are frame numbers, None where nothing happened."""

    onset: int | None
    apex: int | None
    offset: int | None
    expressed: str
    kind: str


def draw(seed: int, *names: str) -> float:
    """A number in [0, 1) that depends on nothing but the seed and the names."""
    text = "\0".join((str(seed), *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7]) / (1 << 56)


def items_of(study: Study, settings: ReviewSettings) -> tuple[list[Item], list[Exclusion]]:
    """Every interval to be coded, by session and scene, and the sessions left out with the reason.

    Counted sessions of people who agreed to being analysed give their intervals of rank 1 up to
    `settings.ranks`.
    """
    counted, uncounted = study.counted_sessions()
    sessions, refused = study.consenting(counted, NEEDED)
    left_out = [*uncounted, *refused]
    found: list[Item] = []
    for session in sessions:
        try:
            items = list(_session_items(session, study.settings.seed, settings.ranks))
        except MexlabError as error:
            items, reason = [], str(error)
        else:
            reason = "no interval: no scene shows a face"
        if not items:
            left_out.append(Exclusion(session.header.participant, session.id, None, reason))
        found += items
    return found, left_out


def _session_items(session: Session, seed: int, ranks: int) -> Iterator[Item]:
    for row in interval_rows(session):
        if row["rank"] <= ranks:
            yield Item(item_key(session, str(row["interval_id"]), seed), session, row)


def item_key(session: Session, interval_id: str, seed: int) -> str:
    """An opaque name: 12 hex digits.

    The recording's hash is mixed in, since seed and id alone can be guessed.
    """
    secret = f"{seed} {session.header.recording_sha256}".encode()
    return hmac.new(secret, interval_id.encode(), hashlib.sha256).hexdigest()[:KEY_DIGITS]


def window_of(item: Item, coder: str, seed: int, settings: ReviewSettings) -> Window:
    """The interval widened by `padding_s` or more, split unevenly, each coder's split another one.

    So the suggested apex lies anywhere in the window, and coders do not agree merely by marking
    the middle. All windows are `window_s` + `padding_s` long, but where an interval is longer than
    `window_s`: how long an interval is tells what was found in it. A window stays in the scene, or,
    where that is shorter than `window_s`, in the recording. Raises TableError where frames or
    scenes cannot be read.
    """
    times = capture_times(item.session)
    start, end = _extent(item)
    shortest = seconds_to_ns(settings.window_s)
    extra = max(0, shortest - (end - start))
    padding = seconds_to_ns(settings.padding_s) + extra
    before = round(padding * draw(seed, "padding", coder, item.interval_id))
    low, high = scene_bounds(item.session)[item.scene]
    if high - low < shortest:
        low, high = place_inside((low + high - shortest) // 2, shortest, 0, int(times[-1]) + 1)
    start, end = place_inside(start - before, end - start + padding, low, high)
    # Not the frame nearest to the end: that may be the next scene's.
    first = min(int(np.searchsorted(times, start)), len(times) - 1)
    last = int(np.searchsorted(times, min(end, high - 1), side="right")) - 1
    return Window(first, max(first, last))


def _extent(item: Item) -> tuple[int, int]:
    """The interval, with the whole of a long expression around whose apex it was cut."""
    edges = [item.row[name] for name in ("start_ns", "end_ns", "onset_ns", "offset_ns")]
    known = [int(edge) for edge in edges if edge is not None]
    return min(known), max(known)


def suggestion_of(item: Item) -> Suggestion:
    """What the program found in the interval. Raises TableError where frames cannot be read."""
    times = capture_times(item.session)

    def frame(moment: str) -> int | None:
        at = item.row[moment]
        return None if at is None else int(nearest(times, np.array([at]))[0])

    return Suggestion(
        frame("onset_ns"),
        frame("apex_ns"),
        frame("offset_ns"),
        str(item.row["expressed"]),
        str(item.row["kind"]),
    )
