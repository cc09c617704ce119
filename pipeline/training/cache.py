"""From dataset folders to samples at the network's size, decoded once into a memory-mapped file.

Reads datasets; writes `values.npy` and `index.npz` into a folder of the training run's own, named
by a hash of what they are made of. Folds, seeds and processes share them. The folder goes when the
training ends: faces must not stay behind somewhere else when a participant withdraws or a dataset
is deleted, so nothing is cached in or beside the dataset.

One sample is
    flow, flow-strain    a clip, by its onset-to-apex flow; with frames "all", a frame's flow
    rgb                  a frame
    a model of sequences a clip, by its frames' flow or pictures
Frames are those from onset to offset, both included; all of a clip without them. The flow of a
clip's first frame leads from nowhere and is left out, unless there is no other.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mexlab.atomic import atomic_file
from mexlab.errors import InputError
from mexlab.progress import Progress
from mexlab.tables import FLOW_SIDE, matrix
from mexlab.vision.strain import optical_strain
from pipeline.form.dataset import Dataset, column
from pipeline.training.data import Samples, TrainingClips, places
from pipeline.training.models import CHANNELS, INPUT_SIDE

Rows = NDArray[np.int64]
_BATCH_FRAMES = 512  # decoded JPEG rows held at a time: about 10 MB


@dataclass(frozen=True)
class Kind:
    """What a sample is: `input` rgb, flow or flow-strain; of frames rather than of onset to apex;
    a clip's `sequence` rather than each alone, of `max_frames` at most."""

    input: str
    of_frames: bool = False
    sequence: bool = False
    max_frames: int = 32

    @classmethod
    def of(cls, input_: str, frames: str, sequence: bool, max_frames: int) -> "Kind":
        """As the settings of a run say it."""
        of_frames = input_ == "rgb" or sequence or frames == "all"
        return cls(input_, of_frames, sequence, max_frames if sequence else 0)

    @property
    def dtype(self) -> type[np.uint8] | type[np.float16]:
        return np.uint8 if self.input == "rgb" else np.float16


def cache_key(datasets: Sequence[Dataset], clips: TrainingClips, kind: Kind) -> str:
    """Hex SHA-256 of what the samples are made of: tables, the clips chosen, the kind."""
    made_of = {
        "datasets": [dataset.header.content_hash for dataset in datasets],
        "clips": column(clips.table, "clip_id"),
        "target": clips.target.tolist(),
        "kind": vars(kind),
    }
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()


def load_samples(
    datasets: Sequence[Dataset], clips: TrainingClips, kind: Kind, cache: Path
) -> Samples:
    """The samples, from `cache` if it holds these; else made, and others there removed."""
    folder = cache / cache_key(datasets, clips, kind)
    if not (folder / "index.npz").is_file():
        for other in cache.glob("[0-9a-f]" * 64):
            shutil.rmtree(other)
        folder.mkdir(parents=True)
        frame_clip = _write_values(datasets, clips, kind, folder / "values.npy")
        _write_index(frame_clip, clips, kind, folder / "index.npz")
    return open_samples(folder)


def open_samples(folder: Path) -> Samples:
    """What `load_samples` left in `folder`; a process that shares it reads no dataset."""
    with np.load(folder / "index.npz") as index:
        clip, target = index["clip"], index["target"]
        spans = index.get("spans")
    # "c": torch wants memory it may write to, and what is written goes nowhere.
    values = np.load(folder / "values.npy", mmap_mode="c")  # [frames, 28, 28, channels]
    return Samples(values.transpose(0, 3, 1, 2), clip, target, spans)


def decode_face(encoded: bytes | None) -> NDArray[np.uint8]:
    """A JPEG or PNG as uint8 RGB [3, 28, 28], each cell the mean of the pixels it covers."""
    found = np.frombuffer(encoded or b"\0", np.uint8)  # OpenCV raises for nothing at all
    image = cv2.imdecode(found, cv2.IMREAD_COLOR_RGB)
    if image is None:
        raise InputError("an image cannot be decoded", "frames", "restore or rebuild the dataset")
    small = cv2.resize(image, (INPUT_SIDE, INPUT_SIDE), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small.transpose(2, 0, 1), dtype=np.uint8)


def _write_values(
    datasets: Sequence[Dataset], clips: TrainingClips, kind: Kind, path: Path
) -> Rows:
    """Write `values.npy`; returns for each of its rows the row of its clip."""
    parts = [_apex_part(clips)] if not kind.of_frames else [*_parts(datasets, clips, kind)]
    frame_clip = np.concatenate([np.arange(0), *(part.clip for part in parts)])
    bare = np.setdiff1d(np.arange(len(clips.table)), frame_clip)
    _refuse(bare, "has no frame from its onset to its offset", datasets, clips)
    shape = (len(frame_clip), INPUT_SIDE, INPUT_SIDE, CHANNELS[kind.input])
    about = {"descr": np.dtype(kind.dtype).str, "fortran_order": False, "shape": shape}
    with (
        Progress("decoding", len(frame_clip), "samples") as bar,
        atomic_file(path) as temporary,
        temporary.open("wb") as file,  # not a memory map: on a full disk that is a bus error
    ):
        np.lib.format.write_array_header_1_0(file, about)
        row = 0
        for part in parts:
            for chunk in part.read(kind):
                # Else the loss would not be a number, and the learning rate be blamed for it.
                wrong = row + np.flatnonzero(~np.isfinite(chunk).all(axis=(1, 2, 3)))
                _refuse(frame_clip[wrong], "has a flow that is not finite", datasets, clips)
                file.write(np.ascontiguousarray(chunk.transpose(0, 2, 3, 1)).data)
                row += len(chunk)
                bar.advance(len(chunk))
    return frame_clip


def _refuse(wrong: Rows, what: str, datasets: Sequence[Dataset], clips: TrainingClips) -> None:
    """Raise InputError for the first of the clips in the rows `wrong`, if there are any."""
    for clip_id in column(clips.table.take(wrong), "clip_id")[:1]:
        raise InputError(f"clip {clip_id} {what}", places(datasets), "build the dataset again")


def _write_index(frame_clip: Rows, clips: TrainingClips, kind: Kind, path: Path) -> None:
    index: dict[str, Any] = {"clip": frame_clip}
    if kind.sequence:
        # A clip's frames follow one another in `values`.
        index["clip"], first, count = np.unique(frame_clip, return_index=True, return_counts=True)
        index["spans"] = np.stack([first, count], axis=1)
    with atomic_file(path) as temporary:
        np.savez(temporary, **index, target=clips.target[index["clip"]])


@dataclass(frozen=True)
class _Part:
    """One subject's frames, or with `dataset` None the clips themselves: `clip` int64[n] rows of
    the clips table, `kept` the rows to take of the table with images and flow."""

    clip: Rows
    kept: Rows
    table: pa.Table | None = None
    dataset: Dataset | None = None
    subject: str = ""

    def read(self, kind: Kind) -> Iterator[NDArray[Any]]:
        """[k, channels, 28, 28] at a time, in the order of `clip`."""
        if self.dataset is None:
            assert self.table is not None
            yield _flow(self.table["apex_flow"], kind)
            return
        name = "image" if kind.input == "rgb" else "flow"
        frames = self.dataset.frames(self.subject, [name])[name]
        for start in range(0, len(self.kept), _BATCH_FRAMES):
            chosen = frames.take(self.kept[start : start + _BATCH_FRAMES])
            yield _pictures(chosen) if kind.input == "rgb" else _flow(chosen, kind)


def _apex_part(clips: TrainingClips) -> _Part:
    rows = np.arange(len(clips.table))
    return _Part(rows, rows, table=clips.table)


def _parts(datasets: Sequence[Dataset], clips: TrainingClips, kind: Kind) -> Iterator[_Part]:
    rows = {name: row for row, name in enumerate(column(clips.table, "clip_id"))}
    for dataset in datasets:
        for subject in dataset.subjects:
            frames = dataset.frames(subject, ["clip_id", "frame"])
            clip, kept = _select_frames(frames, clips, rows, kind)
            if len(clip):
                yield _Part(clip, kept, dataset=dataset, subject=subject)


def _select_frames(
    frames: pa.Table, clips: TrainingClips, rows: dict[str, int], kind: Kind
) -> tuple[Rows, Rows]:
    """Rows of `frames` that are samples of a chosen clip, as (clip row, frame row), clip by clip.

    Onset and offset are inclusive; a clip without them gives all its frames.
    """
    onset = np.array([0 if n is None else n for n in column(clips.table, "onset")])
    beyond = np.iinfo(np.int64).max
    offset = np.array([beyond if n is None else n for n in column(clips.table, "offset")])
    clip = np.array([rows.get(name, -1) for name in column(frames, "clip_id")], dtype=np.int64)
    number = frames["frame"].to_numpy()
    inside = (clip >= 0) & (number >= onset[clip]) & (number <= offset[clip])
    moving = inside & (number > 0)
    if kind.input != "rgb":
        inside &= (number > 0) | ~np.isin(clip, clip[moving])
    kept = np.flatnonzero(inside)
    kept = kept[np.lexsort((number[kept], clip[kept]))]
    if kind.sequence:
        kept = np.concatenate([_thinned(own, kind.max_frames) for own in _by_clip(clip, kept)])
    return clip[kept], kept


def _by_clip(clip: Rows, kept: Rows) -> list[Rows]:
    ends = np.flatnonzero(np.diff(clip[kept])) + 1
    return np.split(kept, ends)


def _thinned(rows: Rows, most: int) -> Rows:
    """All of `rows`, or `most` of them evenly, the first and the last among them."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]


def _pictures(images: "pa.ChunkedArray[Any]") -> NDArray[np.uint8]:
    encoded = pc.struct_field(images, "bytes").to_pylist()
    with ThreadPoolExecutor() as pool:  # OpenCV lets go of the interpreter while it decodes
        return np.stack([*pool.map(decode_face, encoded)])


def _flow(flows: "pa.ChunkedArray[Any]", kind: Kind) -> NDArray[np.float16]:
    values = matrix(flows).reshape(-1, 2, FLOW_SIDE, FLOW_SIDE)
    if kind.input == "flow-strain":
        strain = optical_strain(values.astype(np.float32))
        values = np.concatenate([values, strain[:, None].astype(np.float16)], axis=1)
    return values
