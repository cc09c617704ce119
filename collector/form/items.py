"""What a form asks about: the scenes of the film in the order seen, or moments of the own face.

Reads the scenes and intervals of a session and the film it was shown; writes nothing.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mexlab.errors import MexlabError
from mexlab.session import Session
from mexlab.study import Study
from mexlab.tables import PRESENTATION
from stimuli.compilation import Compilation

NS_PER_MS = 1_000_000
JITTER_NS = 100_000_000  # of a film that keeps time; nobody names a moment more exactly
SEEN_AROUND_NS = 500_000_000  # of the own face, before and after the interval


@dataclass(frozen=True)
class Item:
    """A scene, or an interval of the recording; `length_ns` is how long it lasted in the session.

    [start_ns, end_ns) of `source` shows it: of the film by its media time, or of the recording.
    `source` is None where there is nothing to show. `shown_path` tells when each film frame was on
    the screen; a film that was paused took longer than it lasts.
    """

    scene: int
    interval: str | None
    length_ns: int
    source: Path | None
    start_ns: int
    end_ns: int
    shown_path: Path | None = None

    @property
    def lasts_ns(self) -> int:
        """How long it is for whoever watches it."""
        return self.end_ns - self.start_ns

    def in_session(self, offset_ns: int) -> int:
        """From the scene's start in the film to the same from its start in the session."""
        media, shown = self._shown()
        start, then = np.interp(np.array([0, offset_ns]) + self.start_ns, media, shown)
        return min(_moved(offset_ns, float(then - start)), self.length_ns)

    def in_film(self, offset_ns: int) -> int:
        """The way back, to the millisecond that people can read."""
        media, shown = self._shown()
        start = float(np.interp(self.start_ns, media, shown))
        found = float(np.interp(start + offset_ns, shown, media)) - self.start_ns
        return _moved(offset_ns, round(found / NS_PER_MS) * NS_PER_MS)

    def _shown(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Film time and the time it was shown, both rising; the same where nothing was logged."""
        if self.shown_path is None:
            whole = np.array([self.start_ns, self.end_ns], dtype=np.float64)
            return whole, whole
        rows = PRESENTATION.read(self.shown_path)
        media, shown = rows["media_ns"].to_numpy(), rows["shown_ns"].to_numpy()
        rising = np.flatnonzero(np.diff(media, prepend=media[0] - 1) > 0)
        return media[rising].astype(np.float64), shown[rising].astype(np.float64)


def _moved(offset_ns: int, found_ns: float) -> int:
    """The other clock's time where the film stood still; else what was said stays to the letter."""
    return round(found_ns) if abs(found_ns - offset_ns) > JITTER_NS else offset_ns


def film_scenes(study: Study, session: Session) -> tuple[Item, ...]:
    """The scenes in the order seen, with the part of the film that shows each.

    A film that is not on this computer, or is no longer the one that was shown, shows nothing.
    """
    film = _film_shown(study, session)
    parts = {scene.scene: scene for scene in film.scenes} if film else {}
    items = []
    for scene in sorted(session.scenes().to_pylist(), key=lambda row: row["start_ns"]):
        number, length_ns = scene["scene"], scene["end_ns"] - scene["start_ns"]
        if film and number in parts:
            part, log = parts[number], session.presentation_path
            shown = (film.film, part.start_ns, part.end_ns, log if log.exists() else None)
            items.append(Item(number, None, length_ns, *shown))
        else:
            items.append(Item(number, None, length_ns, None, 0, length_ns))
    return tuple(items)


def face_intervals(session: Session) -> dict[str, list[int]]:
    """The first interval of each scene in which something happened: its id, [start_ns, end_ns)."""
    rows = session.intervals().to_pylist() if session.intervals_path.exists() else []
    found = [row for row in rows if row["rank"] == 1 and row["kind"] != "none"]
    found.sort(key=lambda row: row["start_ns"])
    return {row["interval_id"]: [row["start_ns"], row["end_ns"]] for row in found}


def face_items(session: Session, intervals: dict[str, list[int]]) -> tuple[Item, ...]:
    """The moments of the own face that a form was begun with."""
    scenes = session.scenes().to_pylist()
    frames = session.frames()
    captured, stored = frames["capture_ns"].to_numpy(), frames["pts_ns"].to_numpy()
    items = []
    for name, (start_ns, end_ns) in intervals.items():
        middle = (start_ns + end_ns) // 2
        scene = next((s["scene"] for s in scenes if s["start_ns"] <= middle < s["end_ns"]), 0)
        # The file's clock starts with its first frame, the session's before it.
        around = np.interp([start_ns - SEEN_AROUND_NS, end_ns + SEEN_AROUND_NS], captured, stored)
        shown = int(around[0]), int(around[1])
        items.append(Item(scene, name, end_ns - start_ns, session.recording_path, *shown))
    return tuple(items)


def _film_shown(study: Study, session: Session) -> Compilation | None:
    number, shown = session.header.compilation, session.header.player.get("sha256")
    if number is None or not study.compilation_path(number).is_file():
        return None
    try:
        film = Compilation.read(study.compilation_path(number))
    except MexlabError:
        return None  # `mexlab stimuli check` says what is wrong; the form can do without
    return film if film.sha256 == shown and film.film.is_file() else None
