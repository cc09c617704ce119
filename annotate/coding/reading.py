"""Tables and coders' files as they are on disk, read again only where a file has changed.

A file is known by path, time of change and size: derived tables are replaced whole, coders' files
only grow. What comes back is shared: look, do not touch.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mexlab.codes import Act, Code, acts_of, coder_files
from mexlab.session import Session
from mexlab.tables import FRAMES, INTERVALS, SCENES

Stamp = tuple[Path, int, int]
Row = Mapping[str, Any]


def stamp(path: Path) -> Stamp:
    """What a file is known by; a missing one counts as empty."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return path, 0, 0
    return path, found.st_mtime_ns, found.st_size


def interval_rows(session: Session) -> tuple[Row, ...]:
    """The rows of the intervals table. Raises TableError where it is not there or damaged."""
    return _interval_rows(stamp(session.intervals_path))


def scene_bounds(session: Session) -> Mapping[int, tuple[int, int]]:
    """Scene -> [start_ns, end_ns)."""
    return _scene_bounds(stamp(session.scenes_path))


def capture_times(session: Session) -> NDArray[np.int64]:
    """capture_ns of every recorded frame, int64[frames]."""
    return _capture_times(stamp(session.frames_path))


def acts(session: Session, coder: str) -> Mapping[str, tuple[Act, ...]]:
    """interval_id -> what the coder did, oldest first. Raises StudyError for a damaged file."""
    return _acts(stamp(session.codes_path(coder)))


def codes_about(session: Session, interval_id: str) -> list[Code]:
    """Everybody's codes of one interval as they stand, by coder, submitted or not."""
    files = coder_files(session.review_path).values()
    codes = (_codes(stamp(path)) for path in files)
    return [mine[interval_id] for mine in codes if interval_id in mine]


def first_codes_about(session: Session, interval_id: str) -> list[Code]:
    """Everybody's codes of one interval as first submitted, by coder."""
    files = coder_files(session.review_path).values()
    firsts = (_first_codes(stamp(path)) for path in files)
    return [mine[interval_id] for mine in firsts if interval_id in mine]


def acts_about(session: Session, interval_id: str) -> Mapping[str, tuple[Act, ...]]:
    """Coder -> what was done about one interval, oldest first."""
    files = coder_files(session.review_path)
    return {coder: _acts(stamp(path)).get(interval_id, ()) for coder, path in files.items()}


@lru_cache(maxsize=4096)
def _interval_rows(file: Stamp) -> tuple[Row, ...]:
    return tuple(MappingProxyType(row) for row in INTERVALS.read(file[0]).to_pylist())


@lru_cache(maxsize=4096)
def _scene_bounds(file: Stamp) -> Mapping[int, tuple[int, int]]:
    rows = SCENES.read(file[0]).to_pylist()
    return {row["scene"]: (row["start_ns"], row["end_ns"]) for row in rows}


@lru_cache(maxsize=256)
def _capture_times(file: Stamp) -> NDArray[np.int64]:
    times = FRAMES.read(file[0], ["capture_ns"])["capture_ns"].to_numpy()
    times.flags.writeable = False
    return times


@lru_cache(maxsize=4096)
def _acts(file: Stamp) -> Mapping[str, tuple[Act, ...]]:
    return {name: tuple(done) for name, done in acts_of(file[0]).items()}


@lru_cache(maxsize=4096)
def _codes(file: Stamp) -> Mapping[str, Code]:
    return {name: Code.of(file[0].stem, done) for name, done in _acts(file).items()}


@lru_cache(maxsize=4096)
def _first_codes(file: Stamp) -> Mapping[str, Code]:
    firsts = {name: Code.first(file[0].stem, done) for name, done in _acts(file).items()}
    return {name: code for name, code in firsts.items() if code}
