"""The tables a prediction writes: frames and intervals, with a column of probability a class.

Times are int64 nanoseconds from the recording's first frame; intervals are half-open. The column
`source_frame` and the frames of an interval are 0-based numbers of the recording. The crop is a
square, turned clockwise by `crop_angle_deg`, in px of the upright recording.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mexlab.tables import INTERVAL_KINDS
from mexlab.tablespec import TableSpec, columns, one_of, ordered, start_before_end, unique
from mexlab.timebase import NS_PER_MS
from mexlab.vision.crop import FaceCrop
from pipeline.predict.course import Course
from pipeline.predict.film import corners
from pipeline.predict.moments import MOMENTS, Event

_CROP = ("crop_x", "crop_y", "crop_side", "crop_angle_deg")


def frames_spec(classes: Sequence[str]) -> TableSpec:
    """frames.parquet: one row an exported frame."""
    fields = columns(
        ("frame", pa.int32()),
        ("t_ns", pa.int64()),
        ("source_frame", pa.int32()),
        ("source_error_ms", pa.float32()),
        ("face", pa.bool_()),
        (" ".join(f"p_{name}?" for name in classes), pa.float32()),
        (" ".join(f"{name}?" for name in _CROP), pa.float32()),
    )
    return TableSpec("predicted_frames", pa.schema(fields))


def intervals_spec(classes: Sequence[str]) -> TableSpec:
    """intervals.parquet: one row an interval in which something moved, earliest first."""
    fields = columns(
        ("interval_id", pa.string()),
        (" ".join(f"{moment}_ns" for moment in MOMENTS), pa.int64()),
        (" ".join(f"{moment}_frame" for moment in MOMENTS), pa.int32()),
        ("kind predicted", pa.string()),
        ("duration_ms prominence", pa.float32()),
        (" ".join(f"p_{name}" for name in classes), pa.float32()),
    )
    checks = (
        unique("interval_id"),
        start_before_end,
        ordered("onset_ns", "apex_ns", "offset_ns"),
        one_of("kind", INTERVAL_KINDS),
        one_of("predicted", classes),
    )
    return TableSpec("predicted_intervals", pa.schema(fields), checks)


def frames_table(course: Course) -> pa.Table:
    """What was judged of every exported frame."""
    ticks, classes = course.moments.ticks, course.judge.classes
    squares = np.array([_square(crop) for crop in course.crops], np.float32)
    values = {
        "frame": np.arange(len(ticks)),
        "t_ns": ticks.times.t_ns,
        "source_frame": ticks.times.source_frame,
        "source_error_ms": ticks.times.error_ns / NS_PER_MS,
        "face": ticks.face,
        **{f"p_{name}": course.chances[:, row] for row, name in enumerate(classes)},
        **dict(zip(_CROP, squares.T, strict=True)),
    }
    return frames_spec(classes).build(values)


def intervals_table(events: Sequence[Event], classes: Sequence[str]) -> pa.Table:
    """What was judged of every interval."""
    rows = [interval_row(number, event, classes) for number, event in enumerate(events, start=1)]
    spec = intervals_spec(classes)
    return spec.build({name: [row[name] for row in rows] for name in spec.schema.names})


def interval_row(number: int, event: Event, classes: Sequence[str]) -> dict[str, object]:
    """One interval; its name counts from 1 in order of time."""
    assert event.chances is not None
    return {
        "interval_id": f"i{number:03d}",
        **{f"{moment}_ns": event.row[f"{moment}_ns"] for moment in MOMENTS},
        **{f"{moment}_frame": event.frames[moment] for moment in MOMENTS},
        "kind": event.row["kind"],
        "predicted": classes[int(event.chances.argmax())],
        "duration_ms": event.row["duration_ms"],
        "prominence": event.row["prominence"],
        **{f"p_{name}": float(p) for name, p in zip(classes, event.chances, strict=True)},
    }


def _square(crop: FaceCrop | None) -> NDArray[np.float64]:
    """Middle x and y, side, angle; NaN without a face."""
    if crop is None:
        return np.full(4, np.nan)
    square = corners(crop)
    top = square[1] - square[0]
    angle = np.degrees(np.arctan2(top[1], top[0]))
    return np.array([*square.mean(axis=0), np.hypot(*top), angle])
