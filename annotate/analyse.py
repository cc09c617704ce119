"""A recording through an analyzer, decoded once: aus.parquet and motion.parquet come out.

Reads the video, frames.parquet and the scenes. Frames are decoded, scored and followed in small
chunks, so memory does not grow with the recording; what is done lies in parts on disk, so that an
interrupted analysis goes on where it was. Tables and provenance appear when the last frame is done.
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

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from annotate.analyzers.base import Analyzer, Observation
from annotate.analyzers.registry import open_analyzer
from annotate.interval_settings import IntervalSettings
from annotate.motion import COLUMNS, Course, MotionTracker
from annotate.motion_table import MOTION_VERSION, motion_table
from annotate.parts import PART_FRAMES, Parts
from mexlab.atomic import atomic_folder, write_json
from mexlab.emotions import AUS, EMOTIONS
from mexlab.errors import StudyError, TableError
from mexlab.parallel import Report
from mexlab.session import Session
from mexlab.study import Study
from mexlab.tables import AU_TABLE, FRAMES, MOTION, matrix
from mexlab.vision.crop import interocular_px
from mexlab.vision.video import Frame, Video

Seen = tuple[Observation | None, Course | None]  # of one frame


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
    """Score and follow every frame of a session; write its tables and provenance.json.

    A result made from the same recording by the same analyzer, version and model is kept as it is.
    Raises StudyError where frames.parquet and the recording disagree.
    """
    cv2.setNumThreads(1)  # sessions are what runs side by side
    study = Study.open(task.study)
    session = study.session(task.session)
    frames = FRAMES.rows(session.frames_path)
    session.scenes()  # what is needed at the end must be there at the beginning
    with open_analyzer(task.analyzer, study, task.csv, frames) as analyzer:
        identity = {
            "analyzer": analyzer.name,
            "kind": analyzer.kind,
            "recording_sha256": session.header.recording_sha256,
            "motion_version": MOTION_VERSION,
            **analyzer.provenance(),
        }
        kept = _kept(session, analyzer.name, identity)
        if kept:
            report(kept.frames)
            return kept
        with Parts.held(session.parts_path(analyzer.name), identity) as parts:
            _add_parts(session, analyzer, parts, report)
            settings = study.section("intervals", IntervalSettings)
            return _finish(session, analyzer, identity, parts, settings)


def _kept(session: Session, analyzer: str, identity: dict[str, Any]) -> Analysed | None:
    """What an earlier analysis left, if it is whole and was made the same way."""
    try:
        found = json.loads(session.provenance_path(analyzer).read_text(encoding="utf-8"))
        whole = len(session.aus(analyzer)) == found["frames"] == FRAMES.rows(session.frames_path)
        if found["followed"]:
            made_from = MOTION.metadata(session.motion_path).get("recording_sha256")
            whole = whole and made_from == identity["recording_sha256"]
            whole = whole and len(session.motion()) == found["frames"]
        if not whole or {key: found.get(key) for key in identity} != identity:
            return None
        return Analysed(session.id, found["frames"], found["faces"], found["seconds"], fresh=False)
    except (FileNotFoundError, ValueError, KeyError, TypeError, TableError):
        return None  # derived data: made again


def _add_parts(session: Session, analyzer: Analyzer, parts: Parts, report: Report) -> None:
    """Add the parts that are not there yet."""
    capture_ns = session.frames()["capture_ns"].to_numpy()
    done = parts.frames
    report(done)
    everything = observations(session.recording_path, capture_ns, analyzer, parts)
    for seen in _chunks(everything, PART_FRAMES):
        started = time.monotonic()
        rows = list(_reported(seen, report))
        times = capture_ns[done : done + len(rows)]
        if len(times) < len(rows):
            raise _disagreement(session, len(capture_ns), "more")
        aus = au_rows(done, times, [observation for observation, _ in rows])
        parts.add(aus, [course for _, course in rows], time.monotonic() - started)
        done += len(rows)
    if done < len(capture_ns):
        raise _disagreement(session, len(capture_ns), f"only {done}")


def _reported(seen: Iterator[Seen], report: Report) -> Iterator[Seen]:
    while some := list(islice(seen, 32)):
        yield from some
        report(len(some))


def observations(
    recording: Path, capture_ns: NDArray[np.int64], analyzer: Analyzer, parts: Parts
) -> Iterator[Seen]:
    """What is seen in each frame behind those of `parts`, in order.

    No more than `analyzer.chunk` pictures are held.
    """
    tracker = MotionTracker()
    first = parts.frames
    wanted = _resume(tracker, parts)
    frames = Video(recording).frames()
    for frame in islice(frames, first):
        if frame.index == wanted:
            tracker.restore(frame.index, frame.grey())
    while chunk := list(islice(frames, analyzer.chunk)):
        seen = analyzer.observe([frame.rgb() for frame in chunk], chunk[0].index)
        for frame, observation in zip(chunk, seen, strict=True):
            t_ns = int(capture_ns[min(frame.index, len(capture_ns) - 1)])
            yield observation, _course(tracker, frame, t_ns, observation)


def _course(
    tracker: MotionTracker, frame: Frame, t_ns: int, observation: Observation | None
) -> Course | None:
    """How the face moved up to this frame; None where its landmarks cannot be believed."""
    points = None if observation is None else observation.landmarks
    if points is None or not (np.isfinite(points).all() and interocular_px(points) >= 1):
        return None
    return tracker.follow(frame.index, t_ns, frame.grey(), points)


def _resume(tracker: MotionTracker, parts: Parts) -> int | None:
    """Bring the tracker to where the parts end; the frame it wants to see again."""
    frames, times = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    points = [np.empty((0, 136), np.float32)]
    for table in parts.tables(["frame", "t_ns", "landmarks", COLUMNS[0]]):
        followed = table.filter(table[COLUMNS[0]].is_valid())
        frames.append(followed["frame"].to_numpy().astype(np.int64))
        times.append(followed["t_ns"].to_numpy())
        points.append(matrix(followed["landmarks"]))
    known = np.concatenate(frames)
    landmarks = np.concatenate(points).reshape(-1, 68, 2)
    return tracker.resume(known, np.concatenate(times), landmarks, parts.courses()[known])


def _finish(
    session: Session,
    analyzer: Analyzer,
    identity: dict[str, Any],
    parts: Parts,
    settings: IntervalSettings,
) -> Analysed:
    """Join the parts: motion.parquet, then aus.parquet with its provenance."""
    courses = parts.courses()
    frames, followed = len(courses), int(np.isfinite(courses[:, 0]).sum())
    if followed:
        about = {"analyzer": analyzer.name, "recording_sha256": identity["recording_sha256"]}
        MOTION.write(session.motion_path, motion_table(session, parts, courses, settings), about)
    faces = 0
    seconds = round(parts.seconds, 3)
    with atomic_folder(session.analyzer_path(analyzer.name)) as folder:
        with AU_TABLE.writer(
            folder / "aus.parquet", {"kind": analyzer.kind}, compression="zstd"
        ) as writer:
            for table in parts.tables(AU_TABLE.schema.names):
                writer.write_table(table.cast(AU_TABLE.schema))
                faces += int(np.count_nonzero(table["face"].to_numpy()))
        write_json(
            folder / "provenance.json",
            {
                **identity,
                "frames": frames,
                "faces": faces,
                "followed": followed,
                "seconds": seconds,
                "machine": f"{platform.system()} {platform.machine()}",
                "software": {
                    name: version(name) for name in ("mexlab", "av", "numpy", "opencv-python")
                },
            },
        )
    parts.joined()
    return Analysed(session.id, frames, faces, seconds)


def au_rows(first: int, t_ns: NDArray[np.int64], rows: Sequence[Observation | None]) -> pa.Table:
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
    # NaN, where an analyzer knows nothing, is null here: hence from_pandas.
    arrays = [pa.array(columns[f.name], type=f.type, from_pandas=True) for f in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _chunks(items: Iterator[Any], size: int) -> Iterator[Iterator[Any]]:
    """The items in runs of `size`, each to be used up before the next."""
    for item in items:
        yield _joined(item, islice(items, size - 1))


def _joined(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _disagreement(session: Session, expected: int, found: str) -> StudyError:
    return StudyError(
        f"frames.parquet lists {expected} frames, the recording has {found}",
        session.recording_path,
        "restore the session's files from a copy",
    )
