"""A dataset of random numbers in the real form, as large as asked: for speed, not for learning."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa

from mexlab.emotions import EMOTIONS, label3_of
from mexlab.tables import CLIP_FRAMES, CLIPS, FLOW_LENGTH
from mexlab.tablespec import TableSpec
from pipeline.form.card import write_card
from pipeline.form.dataset import Dataset, DatasetHeader, Subject, finish, write_subject
from pipeline.splits import loso

TEXT = {"kind": "micro", "rate": "ok", "modality": "colour"}


def write_random_dataset(root: Path, subjects: int, clips: int, frames: int = 1) -> Dataset:
    """`clips` clips of `frames` frames, dealt over `subjects`; every emotion but neutral."""
    chance = np.random.default_rng(0)
    picture = chance.integers(0, 255, (56, 56, 3)).astype(np.uint8)
    encoded = cv2.imencode(".jpg", picture)[1].tobytes()
    made = []
    for number, own in enumerate(np.array_split(np.arange(clips), subjects)):
        name = f"S{number:03d}"
        rows = [_clip(name, int(clip), frames, chance) for clip in own]
        table = _table(CLIPS, rows)
        shown = [_frame(row, frame, encoded) for row in rows for frame in range(frames)]
        write_subject(root, name, table, [_table(CLIP_FRAMES, shown)])
        made.append(table)
    every = pa.concat_tables(made)
    names = sorted(set(every["subject"].to_pylist()))
    header = DatasetHeader("private", {n: Subject(None, n) for n in names}, licence="random data")
    write_card(root, header, every)
    finish(root, header, loso(every))
    return Dataset.open(root)


def _clip(subject: str, clip: int, frames: int, chance: np.random.Generator) -> dict[str, Any]:
    emotion = EMOTIONS[1 + clip % 6]
    return {
        "clip_id": f"{subject}-{clip}",
        "subject": subject,
        "group": subject,
        "source": "random",
        "label": EMOTIONS.index(emotion),
        "label3": label3_of(emotion),
        "start_ns": 0,
        "end_ns": 10**9,
        "n_frames": frames,
        "apex_flow": chance.normal(size=FLOW_LENGTH).astype(np.float16),
    }


def _frame(clip: Mapping[str, Any], frame: int, encoded: bytes) -> dict[str, Any]:
    return {
        "clip_id": clip["clip_id"],
        "subject": clip["subject"],
        "frame": frame,
        "t_ns": frame * 50_000_000,
        "image": {"bytes": encoded, "path": f"{frame}.jpg"},
        "flow": np.zeros(FLOW_LENGTH, np.float16),
    }


def _table(spec: TableSpec, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows with nothing, zero or a plain word in the columns they leave out."""
    columns = {
        cell.name: [row[cell.name] if cell.name in row else _plain(cell) for row in rows]
        for cell in spec.schema
    }
    return spec.build(columns)


def _plain(cell: "pa.Field[Any]") -> Any:
    if cell.nullable:
        return None
    if pa.types.is_fixed_size_list(cell.type):
        return [0.0] * cell.type.list_size
    if pa.types.is_string(cell.type):
        return TEXT.get(cell.name, "")
    return pa.scalar(0).cast(cell.type).as_py()
