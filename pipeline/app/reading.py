"""A dataset as the explorer reads it: clips, splits and frames, whatever columns they have.

Older and newer datasets, and those of other makers in the same form, differ in columns; only
`clip_id` and `subject` must be there. What is damaged is named and the rest is shown. Everything
is read when asked for, and again when its file has changed.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mexlab.errors import InputError, MexlabError, TableError
from mexlab.web.once import OnceCache
from pipeline.app.frames import FramesFile, named, stamp_of
from pipeline.form.dataset import Dataset, clips_path, frames_path

NEEDED = ("clip_id", "subject")
PICTURE_BYTES = 200_000_000  # encoded pictures kept in memory, all clips together
OPEN_FILES = 24  # frames files whose rows are known

Row = dict[str, Any]


@dataclass(frozen=True)
class Side:
    """Where a clip is in one fold of a split."""

    protocol: str
    fold: int
    role: str


@dataclass(frozen=True)
class Clips:
    """Every clip that can be read, as rows by subject and place; `damaged` names the rest."""

    schema: pa.Schema
    rows: Sequence[Row]
    sides: Mapping[str, Sequence[Side]]
    damaged: Sequence[MexlabError]
    by_id: Mapping[str, Row] = field(default_factory=dict)


class OpenDataset:
    """A dataset folder; several threads may ask. Raises InputError where there is none."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.header = Dataset.open(root).header
        self._clips: OnceCache[Clips] = OnceCache(1, lambda _: 1)
        self._files: OnceCache[FramesFile] = OnceCache(OPEN_FILES, lambda _: 1)
        self._pictures: OnceCache[list[bytes]] = OnceCache(
            PICTURE_BYTES, lambda pictures: sum(map(len, pictures))
        )

    @property
    def name(self) -> str:
        return self.root.resolve().name

    def clips(self) -> Clips:
        """Every clip and where it stands in the splits."""
        paths = sorted((self.root / "clips").glob("*.parquet"))
        stamps = tuple((path.name, *stamp_of(path)) for path in (*paths, self._splits_path))
        return self._clips.get(stamps, lambda: self._read_clips(paths))

    def clip(self, clip_id: str) -> Row:
        """One clip's row. Raises InputError for no such clip."""
        row = self.clips().by_id.get(clip_id)
        if row is None:
            raise InputError("no such clip in this dataset", clip_id, "go back to the clips")
        return row

    def frames(self, clip: Row) -> FramesFile:
        """The file of a clip's frames. Raises TableError where it is damaged."""
        path = frames_path(self.root, clip["subject"])
        return self._files.get((path, stamp_of(path)), lambda: FramesFile(path))

    def pictures(self, clip: Row) -> list[bytes]:
        """A clip's pictures, encoded as they lie in the dataset."""
        file = self.frames(clip)
        key = (file.path, stamp_of(file.path), clip["clip_id"])
        return self._pictures.get(key, lambda: _pictures(file, clip["clip_id"]))

    def picture(self, clip: Row) -> bytes:
        """The clip's apex, or its middle where it has none."""
        file = self.frames(clip)
        last = file.count(clip["clip_id"]) - 1
        at = min(max(last, 0), clip.get("apex") or max(last, 0) // 2)
        return _pictures(file, clip["clip_id"], slice(at, at + 1))[0]

    def apex_flow(self, clip: Row) -> "pa.Scalar[Any] | None":
        """The flow from onset to apex, where the dataset has one."""
        path = clips_path(self.root, clip["subject"])
        with named(path):
            if "apex_flow" not in pq.read_schema(path).names:
                return None
            wanted = pc.field("clip_id") == clip["clip_id"]
            table = pq.read_table(path, columns=["apex_flow"], filters=wanted)
        return table["apex_flow"][0] if len(table) else None

    @cached_property
    def sheet(self) -> Mapping[str, Mapping[str, str]]:
        """clip_id -> row of the corpus's own annotations, in its own words; of an import alone."""
        path = self.root / "annotations.csv"
        if not path.is_file():
            return {}
        with path.open(encoding="utf-8", newline="") as file:
            return {row["clip_id"]: row for row in csv.DictReader(file) if row.get("clip_id")}

    @property
    def _splits_path(self) -> Path:
        return self.root / "splits.parquet"

    def _read_clips(self, paths: Sequence[Path]) -> Clips:
        tables: list[pa.Table] = []
        damaged: list[MexlabError] = []
        for path in paths:
            try:
                tables.append(_flat(path))
            except TableError as error:
                damaged.append(error)
        table = pa.concat_tables(tables, promote_options="permissive") if tables else pa.table({})
        sides: Mapping[str, Sequence[Side]] = {}
        try:
            sides = _sides(self._splits_path)
        except TableError as error:
            damaged.append(error)
        rows = table.to_pylist()
        return Clips(table.schema, rows, sides, damaged, {row["clip_id"]: row for row in rows})


def _flat(path: Path) -> pa.Table:
    """A subject's clips without the columns that are lists."""
    with named(path):
        schema = pq.read_schema(path)
        flat = [cell.name for cell in schema if not pa.types.is_nested(cell.type)]
        table = pq.read_table(path, columns=flat).replace_schema_metadata(None)
    if missing := [name for name in NEEDED if name not in flat]:
        where = f"{path.parent.name}/{path.name}"
        raise TableError(f"no column {missing[0]!r}", where, "build the dataset again")
    return table


def _sides(path: Path) -> Mapping[str, Sequence[Side]]:
    if not path.is_file():
        return {}
    with named(path):
        table = pq.read_table(path, columns=["protocol", "fold", "clip_id", "role"])
    found: dict[str, list[Side]] = defaultdict(list)
    for row in table.to_pylist():
        found[row["clip_id"]].append(Side(row["protocol"], row["fold"], row["role"]))
    return found


def _pictures(file: FramesFile, clip_id: str, frames: slice = slice(None)) -> list[bytes]:
    column: Any = file.rows(clip_id, ("image.bytes",), frames)["image"]
    return [picture["bytes"] or b"" for picture in column.to_pylist()]
