"""By how much numbers and pictures differ between two datasets, in clips that were cut alike.

Reads clips and frames tables of both, one subject at a time. Every column counts that is neither a
key nor compared cell by cell: flow, apex_flow, images, AUs, and the times of the frames.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mexlab.errors import TableError
from mexlab.tables import CLIP_FRAMES, CLIPS, IMAGE
from pipeline.form.dataset import Dataset, column

_KEYS = ("clip_id", "subject", "frame", "label")  # label follows the clip's
_FLOW = "% of the inter-ocular distance"
_UNITS = {"flow": _FLOW, "apex_flow": _FLOW, "image": "grey levels", "source_frame": "frames"}
_SUFFIXES = {"_ns": "ns", "_ms": "ms", "_hz": "Hz", "_px": "px", "_deg": "deg"}


@dataclass(frozen=True)
class Gap:
    """One column that differs: the largest absolute difference, and where.

    `frame` is None for a column of the clips table; `largest` is None where the two cannot be
    subtracted: one has a value and the other none, words differ, pictures differ in size.
    """

    column: str
    unit: str
    clips: int
    largest: float | None
    clip_id: str
    frame: int | None


Found = tuple[float, str, int | None]  # difference (inf: not to be subtracted), clip_id, frame


def largest_gaps(
    a: tuple[Dataset, pa.Table],
    b: tuple[Dataset, pa.Table],
    cut_alike: Mapping[str, str],
    same_moments: Collection[str],
) -> list[Gap]:
    """The columns that differ, in the tables' order. Each side is a dataset and its clips table.

    Frames are compared in the clips `cut_alike` (clip_id -> subject), what the clips table holds
    in those with the `same_moments` too: its flow leads from onset to apex.
    """
    found: dict[str, list[Found]] = {}
    nested = [cell.name for cell in CLIPS.schema if pa.types.is_nested(cell.type)]
    one, two = (_ordered(clips.select(["clip_id", *nested]), same_moments) for _, clips in (a, b))
    _gather(found, one, two, nested)
    names = [name for name in CLIP_FRAMES.schema.names if name not in _KEYS]
    for subject in sorted(set(cut_alike.values())):
        own = [clip_id for clip_id, name in cut_alike.items() if name == subject]
        one, two = (_ordered(dataset.frames(subject), own) for dataset, _ in (a, b))
        _gather(found, one, two, names)
    return [_gap(name, found[name]) for name in (*nested, *names) if name in found]


def _ordered(table: pa.Table, clip_ids: Collection[str]) -> pa.Table:
    """The rows of these clips, by clip and, where there are any, frame number."""
    chosen = table.filter(pc.is_in(table["clip_id"], pa.array(clip_ids, pa.string())))
    keys = [name for name in ("clip_id", "frame") if name in chosen.schema.names]
    return chosen.take(pc.sort_indices(chosen.select(keys), [(key, "ascending") for key in keys]))


def _gather(found: dict[str, list[Found]], one: pa.Table, two: pa.Table, names: list[str]) -> None:
    """Add to `found`, under each column, every row of both tables whose cells differ.

    Raises TableError where the two do not have the same clips and frames.
    """
    rows_one, rows_two = _row_keys(one), _row_keys(two)
    if rows_one != rows_two:
        (clip_id, _), *_ = sorted(set(rows_one) ^ set(rows_two)) or [*rows_one, *rows_two]
        what = f"n_frames and the frames of clip {clip_id} do not agree"
        raise TableError(what, "frames", "build the dataset again")
    for name in names:
        if not one[name].equals(two[name]):
            for row, gap in _differences(one[name], two[name]):
                found.setdefault(name, []).append((gap, *rows_one[row]))


def _row_keys(table: pa.Table) -> list[tuple[str, int | None]]:
    clip_ids = column(table, "clip_id")
    frames = column(table, "frame") if "frame" in table.schema.names else [None] * len(clip_ids)
    return list(zip(clip_ids, frames, strict=True))


def _differences(one: Any, two: Any) -> Iterator[tuple[int, float]]:
    """Rows whose cells differ, with the largest absolute difference inside the cell."""
    if one.type == IMAGE:
        for row, (x, y) in enumerate(zip(one, two, strict=True)):
            if x != y:  # 0 where other bytes, or another path, show the same
                yield row, _picture_gap(x["bytes"].as_py(), y["bytes"].as_py())
        return
    if pa.types.is_string(one.type):
        cells = zip(one.to_pylist(), two.to_pylist(), strict=True)
        yield from ((row, np.inf) for row, (x, y) in enumerate(cells) if x != y)
        return
    x, y = _numbers(one), _numbers(two)
    gaps = np.where(np.isnan(x) & np.isnan(y), 0.0, np.abs(x - y))
    largest = np.where(np.isnan(gaps), np.inf, gaps).max(axis=1)
    yield from ((int(row), float(largest[row])) for row in np.flatnonzero(largest))


def _picture_gap(one: bytes, two: bytes) -> float:
    """Largest difference in grey levels; inf for pictures of two sizes, or not readable."""
    x, y = (
        cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) for data in (one, two)
    )
    if x is None or y is None or x.shape != y.shape:
        return float("inf")
    return float(np.abs(x.astype(np.int16) - y.astype(np.int16)).max())


def _numbers(cells: Any) -> NDArray[np.float64]:
    """float64 (rows, values a cell), NaN where there is none."""
    values = cells.combine_chunks()
    if pa.types.is_fixed_size_list(values.type):
        width = values.type.list_size
        items = values.flatten().to_numpy(zero_copy_only=False)
        return np.asarray(items, dtype=np.float64).reshape(len(values), width)
    numbers = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return np.asarray(numbers, dtype=np.float64).reshape(-1, 1)


def _gap(name: str, rows: list[Found]) -> Gap:
    largest, clip_id, frame = max(rows, key=lambda row: row[0])
    suffix = next((unit for end, unit in _SUFFIXES.items() if name.endswith(end)), "")
    return Gap(
        column=name,
        unit=_UNITS.get(name, suffix),
        clips=len({clip for _, clip, _ in rows}),
        largest=None if np.isinf(largest) else largest,
        clip_id=clip_id,
        frame=frame,
    )
