"""The example contact sheet of a dataset: a row a subject, a column an emotion, at the apex.

Only people who agreed to being shown (`excerpts`) are on it; where nobody did, there is no sheet.
Nobody is on it of an imported corpus: what may be shown of it is for its licence to say.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mexlab.atomic import atomic_file
from mexlab.emotions import EMOTIONS
from pipeline.form.header import DatasetHeader, frames_path
from pipeline.form.pictures import Pictures

SHEET = "contact-sheet.jpg"
MOST_SUBJECTS = 8
TILE_PX = 112
MARGIN_PX = 20  # for the names above and to the left
PAPER, INK = 255, (60, 60, 60)

Picture = NDArray[np.uint8]


def shown(header: DatasetHeader, subjects: Iterable[str]) -> list[str]:
    """Those of `subjects` who may be on the sheet, and find room there."""
    agreed = {name for name, who in header.subjects.items() if "excerpts" in (who.scopes or ())}
    return sorted(agreed & set(subjects))[:MOST_SUBJECTS]


def write_sheet(root: Path, header: DatasetHeader, clips: pa.Table) -> list[str]:
    """Write `contact-sheet.jpg`, or take away an old one; returns who is on it."""
    columns = ["clip_id", "subject", "label", "start_ns", "apex", "n_frames"]
    rows = clips.select(columns).to_pylist()
    subjects = shown(header, {row["subject"] for row in rows if row["label"] is not None})
    if not subjects:
        (root / SHEET).unlink(missing_ok=True)
        return []
    examples: dict[tuple[str, int], tuple[str, int]] = {}
    for row in sorted(rows, key=lambda row: (row["start_ns"], row["clip_id"])):
        if row["label"] is not None:
            frame = row["n_frames"] // 2 if row["apex"] is None else row["apex"]
            examples.setdefault((row["subject"], row["label"]), (row["clip_id"], frame))
    labels = sorted({label for subject, label in examples if subject in subjects})
    tiles = [_subject_tiles(root, subject, labels, examples) for subject in subjects]
    _, jpeg = cv2.imencode(".jpg", _page(tiles, subjects, [EMOTIONS[label] for label in labels]))
    with atomic_file(root / SHEET) as temporary:
        temporary.write_bytes(jpeg.tobytes())
    return subjects


def _subject_tiles(
    root: Path,
    subject: str,
    labels: Sequence[int],
    examples: dict[tuple[str, int], tuple[str, int]],
) -> list[Picture]:
    path = frames_path(root, subject)
    keys = pq.read_table(path, columns=["clip_id", "frame"]).to_pydict()
    row_of = {key: row for row, key in enumerate(zip(keys["clip_id"], keys["frame"], strict=True))}
    pictures = Pictures(path)
    blank = np.full((TILE_PX, TILE_PX, 3), PAPER, np.uint8)
    wanted = [row_of.get(examples.get((subject, label), ("", 0))) for label in labels]
    return [blank if row is None else _tile(pictures[row]) for row in wanted]


def _tile(picture: Picture) -> Picture:
    small = cv2.resize(picture, (TILE_PX, TILE_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2BGR), np.uint8)


def _page(
    tiles: Sequence[Sequence[Picture]], subjects: Sequence[str], emotions: Sequence[str]
) -> Picture:
    """The tiles on paper, BGR, with the emotions above and the subjects to their left."""
    faces = np.vstack([np.hstack(row) for row in tiles])
    page = cv2.copyMakeBorder(
        faces, MARGIN_PX, 0, TILE_PX, 0, cv2.BORDER_CONSTANT, value=(PAPER,) * 3
    )
    names = [(emotion, TILE_PX * (column + 1), 14) for column, emotion in enumerate(emotions)]
    middle = MARGIN_PX + TILE_PX // 2
    names += [(subject[:16], 2, middle + TILE_PX * row) for row, subject in enumerate(subjects)]
    for text, x, y in names:
        at = (x, y)
        cv2.putText(page, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, INK, 1, cv2.LINE_AA)
    return np.asarray(page, np.uint8)
