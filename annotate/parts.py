"""What an analysis has finished so far: a folder of parts, so that a killed one goes on.

A part holds the rows of the aus table and the courses of `annotate.motion` for PART_FRAMES frames
(the last one for fewer) and appears whole or not at all. The folder says what the parts were made
from and with; parts made otherwise are thrown away.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from annotate.motion import COLUMNS
from mexlab.atomic import atomic_file, write_json
from mexlab.errors import MexlabError, StudyError

PART_FRAMES = 128  # a multiple of every analyzer's chunk, so that resuming changes no batch
SECONDS = b"seconds"  # in a part's metadata: how long it took


class Parts:
    """The parts of one session and analyzer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._joined = False

    @classmethod
    @contextmanager
    def held(cls, folder: Path, identity: dict[str, Any]) -> Iterator[Self]:
        """The parts made with this identity, for one process at a time.

        They go when they are joined, and with a mistake in the recording, since going on would
        meet it again; anything else leaves them. Raises StudyError where another process has them.
        """
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            remedy = "wait until that ends"
            raise StudyError("another process is analysing this", folder.parent, remedy) from None
        parts = cls(folder)
        of_no_use = True
        try:
            parts._begin(identity)
            yield parts
            of_no_use = parts._joined
        except MexlabError:
            raise
        except BaseException:
            of_no_use = False
            raise
        finally:
            lock.release()
            if of_no_use:
                shutil.rmtree(folder, ignore_errors=True)

    def _begin(self, identity: dict[str, Any]) -> None:
        made_with = self.folder / "identity.json"
        try:
            same = json.loads(made_with.read_text(encoding="utf-8")) == identity
        except (FileNotFoundError, ValueError):
            same = False
        kept = set(self.paths) if same else set()
        for path in self.folder.glob("part-*.parquet"):
            if path not in kept:  # made otherwise, or behind a gap that a killed removal left
                path.unlink()
        if not same:
            write_json(made_with, identity)

    @property
    def paths(self) -> list[Path]:
        """The parts in order, up to the first that is missing."""
        paths = (self.folder / f"part-{number:05}.parquet" for number in range(100_000))
        found = []
        for path in paths:
            if not path.is_file():
                break
            found.append(path)
        return found

    @property
    def frames(self) -> int:
        """How many frames are done."""
        return sum(int(pq.read_metadata(path).num_rows) for path in self.paths)

    @property
    def seconds(self) -> float:
        """How long they took together."""
        return sum(float(pq.read_schema(path).metadata[SECONDS]) for path in self.paths)

    def add(self, aus: pa.Table, courses: list[NDArray[np.float32] | None], seconds: float) -> None:
        """The next part: rows of the aus table, and the course (25,) or None of each frame."""
        empty = np.full(len(COLUMNS), np.nan, np.float32)
        stacked = np.stack([empty if course is None else course for course in courses])
        for name, values in zip(COLUMNS, stacked.T, strict=True):
            aus = aus.append_column(name, pa.array(values, from_pandas=True))
        aus = aus.replace_schema_metadata({SECONDS: f"{seconds:.3f}".encode()})
        with atomic_file(self.folder / f"part-{len(self.paths):05}.parquet") as temporary:
            pq.write_table(aus, temporary, compression="zstd")

    def tables(self, names: list[str]) -> Iterator[pa.Table]:
        """These columns, part by part."""
        for path in self.paths:
            yield pq.read_table(path, columns=names)

    def courses(self) -> NDArray[np.float32]:
        """float32 (frames, 25), NaN where there is none."""
        parts = [
            np.stack([table[name].to_numpy() for name in COLUMNS], axis=1)
            for table in self.tables(list(COLUMNS))
        ]
        return np.concatenate(parts) if parts else np.empty((0, len(COLUMNS)), np.float32)

    def joined(self) -> None:
        """Their table is written: they may go."""
        self._joined = True
