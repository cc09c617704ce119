"""The `openface` analyzer: what OpenFace 2 made of a recording, read from its CSV file.

OpenFace scores AU intensities from 0 to 5; here they are in [0, 1]. It has no emotions, and its
AU45, the blink, is no AU43. Where the file lacks pose or landmarks the table has nulls.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as pacsv

from annotate.analyzers.base import Kind, Observation
from mexlab.emotions import AUS
from mexlab.errors import InputError
from mexlab.vision.video import Image

MAX_INTENSITY = 5.0
NEEDED = ("frame", "confidence", "success")
POSE = ("pose_Rx", "pose_Ry", "pose_Rz")
POINTS = tuple(f"{axis}_{n}" for n in range(68) for axis in "xy")

Columns = Mapping[str, NDArray[np.float64]]


class OpenFaceAnalyzer:
    """Answers from the file, frame by frame; the pictures only say how large they are."""

    name = "openface"
    kind: Kind = "facs"
    chunk = 16

    def __init__(self, csv: Path, frames: int | None = None) -> None:
        """Read `csv` whole. Raises InputError if it is none of OpenFace's or of other frames."""
        self._csv = csv
        self._columns = _one_row_a_frame(read_openface(csv), csv)
        if frames is not None and frames != len(self):
            raise self._disagreement(frames)

    def __len__(self) -> int:
        return len(self._columns["frame"])

    def provenance(self) -> dict[str, Any]:
        return {
            "tool": "OpenFace 2",
            "version": "not said in the file",
            "csv": self._csv.name,
            "csv_sha256": hashlib.sha256(self._csv.read_bytes()).hexdigest(),
            "settings": {"intensity": f"AU_r / {MAX_INTENSITY:g}", "face": "most confident"},
        }

    def observe(self, images: Sequence[Image], first: int) -> list[Observation | None]:
        if first + len(images) > len(self):
            raise self._disagreement(first + len(images))
        return [self._observation(first + n, image) for n, image in enumerate(images)]

    def _observation(self, frame: int, image: Image) -> Observation | None:
        row = {name: float(column[frame]) for name, column in self._columns.items()}
        if not row["success"]:
            return None
        points = self._points(row, image, frame)
        return Observation(
            score=min(max(row["confidence"], 0.0), 1.0),
            box=_box(points),
            aus=_aus(row),
            emotions={},
            **_pose(row),
            landmarks=points,
        )

    def _points(
        self, row: Mapping[str, float], image: Image, frame: int
    ) -> NDArray[np.float32] | None:
        """float32 (68, 2) px, or None; outside the picture they are of another recording."""
        if POINTS[0] not in row:
            return None
        points = np.array([row[name] for name in POINTS], dtype=np.float32).reshape(68, 2)
        height, width = image.shape[:2]
        x, y = points.mean(axis=0)
        if not (0 <= x < width and 0 <= y < height):
            what = f"the face of frame {frame + 1} lies outside the {width}x{height} picture"
            raise InputError(what, self._csv, "give the file of this recording, at its full size")
        return points

    def _disagreement(self, frames: int) -> InputError:
        what = f"OpenFace saw {len(self)} frames, the recording has {frames} or more"
        if frames < len(self):
            what = f"OpenFace saw {len(self)} frames, the recording has {frames}"
        return InputError(what, self._csv, "give the CSV file made from this very recording")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        pass


def read_openface(path: Path) -> dict[str, NDArray[np.float64]]:
    """The columns of an OpenFace CSV file that we use, by name without the spaces before it.

    Raises InputError for a file that is not there, no CSV, without the needed columns, or with
    a cell that is no number.
    """
    if not path.is_file():
        raise InputError("no such CSV file", path, "check the path")
    try:
        table = pacsv.read_csv(path)
    except pa.ArrowInvalid as error:
        raise InputError(f"not a CSV file: {error}", path, "give a file OpenFace wrote") from error
    table = table.rename_columns([name.strip() for name in table.column_names])
    intensities = [f"{au}_r" for au in AUS if f"{au}_r" in table.column_names]
    missing = [name for name in NEEDED if name not in table.column_names]
    if missing or not intensities:
        what = f"not an OpenFace file: no column {(missing or ['AU01_r'])[0]!r}"
        remedy = "give what OpenFace 2's FeatureExtraction writes, with its AUs (-aus)"
        raise InputError(what, path, remedy)
    wanted = [*NEEDED, *intensities]
    for optional in (POSE, POINTS):
        if set(optional) <= set(table.column_names):
            wanted += optional
    return {name: _numbers(table[name], name, path) for name in wanted}


def _numbers(column: "pa.ChunkedArray[Any]", name: str, path: Path) -> NDArray[np.float64]:
    try:
        return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    except pa.ArrowInvalid as error:
        what = f"column {name!r} holds something that is no number"
        raise InputError(what, path, "give the file as OpenFace wrote it") from error


def _one_row_a_frame(columns: Columns, path: Path) -> dict[str, NDArray[np.float64]]:
    """Rows in the frames' order; of several faces in a frame the most confident one's.

    OpenFace counts frames from 1 and writes a row also where it saw no face.
    """
    order = np.lexsort((-columns["confidence"], columns["frame"]))
    frames, first = np.unique(columns["frame"][order], return_index=True)
    gaps = np.flatnonzero(frames != np.arange(1, len(frames) + 1))
    if len(gaps) or not len(frames):
        what = f"frame {gaps[0] + 1} is missing" if len(gaps) else "no rows"
        raise InputError(what, path, "give the whole file, with every frame counted from 1")
    return {name: column[order][first] for name, column in columns.items()}


def _aus(row: Mapping[str, float]) -> dict[str, float]:
    scores = {au: row.get(f"{au}_r", np.nan) / MAX_INTENSITY for au in AUS}
    return {au: min(max(score, 0.0), 1.0) for au, score in scores.items() if np.isfinite(score)}


def _pose(row: Mapping[str, float]) -> dict[str, float]:
    """OpenFace's rotations in radians, in a frame with y down and z away from the camera: a face
    looking down, or turned to the image's left, is positive; so is a tilt to the image's right.
    """
    down, left, tilt = np.degrees([row.get(name, np.nan) for name in POSE]).tolist()
    return {"pitch": -down, "yaw": -left, "roll": tilt}


def _box(points: NDArray[np.float32] | None) -> tuple[float, float, float, float]:
    """x, y, width and height px around the landmarks; NaN without them."""
    if points is None:
        return (np.nan, np.nan, np.nan, np.nan)
    left, top = points.min(axis=0).tolist()
    right, bottom = points.max(axis=0).tolist()
    return left, top, right - left, bottom - top
