"""A recording through an analyzer: the video and frames.parquet in, aus.parquet out.

Frames are decoded, scored and written in small chunks, so memory does not grow with the recording.
The table and its provenance appear together, when the last frame is scored.
"""

import json
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from annotate.analyzers.base import Analyzer, Observation
from annotate.analyzers.registry import open_analyzer
from mexlab.atomic import atomic_folder, write_json
from mexlab.emotions import AUS, EMOTIONS
from mexlab.errors import StudyError, TableError
from mexlab.parallel import Report
from mexlab.session import Session
from mexlab.study import Study
from mexlab.tables import AU_TABLE, FRAMES
from mexlab.vision.video import Video

ROW_GROUP = 256  # rows kept in memory before they go to disk


@dataclass(frozen=True)
class AnalyseTask:
    """One session to analyse; picklable, for a worker process."""

    study: Path
    session: str
    analyzer: str
    csv: Path | None = None  # what another tool made of the recording, for the analyzer to read


@dataclass(frozen=True)
class Analysed:
    """What came of it: rows written, frames with a face, seconds; `fresh` False if it was there."""

    session: str
    frames: int
    faces: int
    seconds: float
    fresh: bool = True


def analyse_session(task: AnalyseTask, report: Report) -> Analysed:
    """Score every frame of a session and write aus.parquet and provenance.json.

    A result made from the same recording by the same analyzer, version and model is kept as it is.
    Raises StudyError where frames.parquet and the recording disagree.
    """
    study = Study.open(task.study)
    session = study.session(task.session)
    with open_analyzer(task.analyzer, study) as analyzer:
        identity = {
            "analyzer": analyzer.name,
            "kind": analyzer.kind,
            "recording_sha256": session.header.recording_sha256,
            **analyzer.provenance(),
        }
        kept = _kept(session, analyzer.name, identity)
        if kept:
            report(kept.frames)
            return kept
        return _analyse(session, analyzer, identity, report)


def _kept(session: Session, analyzer: str, identity: dict[str, Any]) -> Analysed | None:
    """What an earlier analysis left, if it is whole and was made the same way."""
    try:
        found = json.loads(session.provenance_path(analyzer).read_text(encoding="utf-8"))
        whole = len(session.aus(analyzer)) == found["frames"] == FRAMES.rows(session.frames_path)
        if not whole or {key: found.get(key) for key in identity} != identity:
            return None
        return Analysed(session.id, found["frames"], found["faces"], found["seconds"], fresh=False)
    except (FileNotFoundError, ValueError, KeyError, TypeError, TableError):
        return None  # derived data: made again


def _analyse(
    session: Session, analyzer: Analyzer, identity: dict[str, Any], report: Report
) -> Analysed:
    capture_ns = session.frames()["capture_ns"].to_numpy()
    started = time.monotonic()
    written = faces = 0
    with atomic_folder(session.analyzer_path(analyzer.name)) as folder:
        with AU_TABLE.writer(folder / "aus.parquet", {"kind": analyzer.kind}) as writer:
            for rows in _chunks(observations(session.recording_path, analyzer), ROW_GROUP):
                times = capture_ns[written : written + len(rows)]
                if len(times) < len(rows):
                    raise _disagreement(session, len(capture_ns), "more")
                writer.write_table(au_rows(written, times, rows))
                written += len(rows)
                faces += sum(row is not None for row in rows)
                report(len(rows))
        if written < len(capture_ns):
            raise _disagreement(session, len(capture_ns), f"only {written}")
        seconds = round(time.monotonic() - started, 3)
        write_json(
            folder / "provenance.json",
            {
                **identity,
                "frames": written,
                "faces": faces,
                "seconds": seconds,
                "machine": f"{platform.system()} {platform.machine()}",
                "software": {name: version(name) for name in ("mexlab", "av", "numpy")},
            },
        )
    return Analysed(session.id, written, faces, seconds)


def observations(recording: Path, analyzer: Analyzer) -> Iterator[Observation | None]:
    """One observation a frame, in order, with no more than `analyzer.chunk` pictures held."""
    for frames in _chunks(Video(recording).frames(), analyzer.chunk):
        yield from analyzer.observe([frame.rgb() for frame in frames], frames[0].index)


def au_rows(
    first: int, t_ns: "np.ndarray[Any, np.dtype[np.int64]]", rows: Sequence[Observation | None]
) -> pa.Table:
    """Rows of the aus table for frames first, first + 1, …; nulls where there is no face."""
    columns: dict[str, Any] = {
        "frame": np.arange(first, first + len(rows), dtype=np.int32),
        "t_ns": t_ns,
        "face": [row is not None for row in rows],
        "score": [row.score if row else 0.0 for row in rows],
        "landmarks": [
            None if row is None or row.landmarks is None else row.landmarks.ravel() for row in rows
        ],
    }
    for position, name in enumerate(("box_x", "box_y", "box_w", "box_h")):
        columns[name] = [row.box[position] if row else None for row in rows]
    for au in AUS:
        columns[au] = [row.aus.get(au) if row else None for row in rows]
    for emotion in EMOTIONS:
        columns[emotion] = [row.emotions.get(emotion) if row else None for row in rows]
    for angle in ("pitch", "roll", "yaw"):
        columns[angle] = [getattr(row, angle) if row else None for row in rows]
    columns["intensity"] = [sum(row.aus.values()) if row else None for row in rows]
    schema = AU_TABLE.schema
    arrays = [pa.array(columns[field.name], type=field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _chunks(items: "Iterator[Any]", size: int) -> Iterator[list[Any]]:
    while chunk := list(islice(items, size)):
        yield chunk


def _disagreement(session: Session, expected: int, found: str) -> StudyError:
    return StudyError(
        f"frames.parquet lists {expected} frames, the recording has {found}",
        session.recording_path,
        "restore the session's files from a copy",
    )
