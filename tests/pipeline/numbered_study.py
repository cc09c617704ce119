"""A study whose recordings carry their frame numbers, with tables written here and no analyzer.

The strip of `stimuli.pattern` fills the middle of each picture; the "face" stands around it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from mexlab.consent import SCOPES, decide
from mexlab.participants import Participant
from mexlab.session import Session, SessionHeader, file_sha256
from mexlab.study import Study
from mexlab.tables import AU_TABLE, FRAMES, INTERVALS, MOTION, SCENES
from mexlab.timebase import NS_PER_MS, NS_PER_S, dropped_before
from stimuli.pattern import draw_strip
from tests.annotate.synthetic import still_face

SIDE = 96  # of the recordings, in px
STRIP = (8, 24, 80, 48)  # x, y, width, height
EMOTIONS_SHOWN = ("neutral", "happiness", "disgust", "surprise", "anger")


@dataclass(frozen=True)
class Recorded:
    """A session to write: times of its frames in ms, [start_s, end_s) of its scenes and intervals.

    `first` is the number on its first frame; `changes` turns each RGB picture into another one.
    """

    participant: str
    times_ms: Sequence[int]
    intervals_s: Sequence[tuple[float, float]]
    suffix: str = ".mp4"
    first: int = 0
    changes: Callable[[int, np.ndarray], np.ndarray] | None = None
    pose: np.ndarray | None = None  # (frames, 3) degrees: pitch, roll, yaw
    blinks: Sequence[int] | None = None  # frames; None writes no motion table
    score: float = 0.9
    moments_s: tuple[float, float, float] | None = None  # onset, apex, offset after each start


def study_of(root: Path, recordings: Sequence[Recorded]) -> Study:
    """A study of these sessions, every participant consenting to everything."""
    study = Study.create(root)
    for day, recorded in enumerate(recordings, start=1):
        study.save_participant(Participant(recorded.participant).deciding(decide(SCOPES, "paper")))
        with study.new_session(
            recorded.participant, datetime(2026, 11, day, tzinfo=UTC)
        ) as session:
            write_session(session, recorded)
    return study


def write_session(session: Session, recorded: Recorded) -> None:
    name = f"webcam{recorded.suffix}"
    write_recording(session.root / name, recorded)
    digest = file_sha256(session.root / name)
    session.write_header(
        SessionHeader(session.id, recorded.participant, "", name, digest, "imported")
    )
    times = np.array(recorded.times_ms, dtype=np.int64) * NS_PER_MS
    stamps = {
        "capture_ns": times,
        "pts_ns": times - times[0],
        "dropped_before": dropped_before(times),
    }
    FRAMES.write(session.frames_path, FRAMES.build({"frame": np.arange(len(times)), **stamps}))
    write_scenes(session, recorded)
    write_analyses(session, recorded, times)


def write_recording(path: Path, recorded: Recorded) -> None:
    """Variable frame rate, frames that lean on later ones, few key frames."""
    chance = np.random.default_rng([recorded.first, len(recorded.times_ms)])
    ground = cv2.resize(chance.integers(60, 180, (6, 6, 3)).astype(np.uint8), (SIDE, SIDE))
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=1000)
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.options = {"preset": "superfast", "crf": "16", "bf": "2", "g": "120"}
        for index, time_ms in enumerate(recorded.times_ms):
            luma = np.zeros((SIDE, SIDE), np.uint8)
            draw_strip(luma, recorded.first + index, STRIP)
            image = np.where(luma[..., None] > 0, luma[..., None], ground)
            image = recorded.changes(index, image) if recorded.changes else image
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts = int(time_ms - recorded.times_ms[0])
            frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def write_scenes(session: Session, recorded: Recorded) -> None:
    rows: list[dict[str, Any]] = []
    for scene, (start_s, end_s) in enumerate(recorded.intervals_s, start=1):
        start_ns, end_ns = (round(at * NS_PER_S) for at in (start_s, end_s))
        emotion = EMOTIONS_SHOWN[(scene - 1) % len(EMOTIONS_SHOWN)]
        moments = recorded.moments_s or (None, None, None)
        at = [None if m is None else start_ns + round(m * NS_PER_S) for m in moments]
        rows.append(
            {
                "interval_id": f"{session.id}-s{scene}-r1",
                "scene": scene,
                "target": emotion,
                "expressed": emotion,
                "start_ns": start_ns,
                "end_ns": end_ns,
                **dict(zip(("onset_ns", "apex_ns", "offset_ns"), at, strict=True)),
                "intensity": 1.0,
                "prominence": 1.0,
                "rank": 1,
                "evidence": "peak",
                "kind": "macro",
            }
        )
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    metadata = {"analyzer": "landmarker"}
    INTERVALS.write(session.intervals_path, INTERVALS.build(columns), metadata)
    bounds = {name: columns[name] for name in ("scene", "start_ns", "end_ns")}
    SCENES.write(session.scenes_path, SCENES.build({**bounds, "emotion": columns["target"]}))


def write_analyses(session: Session, recorded: Recorded, times: np.ndarray) -> None:
    count = len(times)
    pose = np.zeros((count, 3)) if recorded.pose is None else recorded.pose
    face = still_face()
    # The square on the landmarks, times the margin, is the whole picture.
    low, high = face.min(axis=0), face.max(axis=0)
    side = float((high - low).max()) * 1.3
    points = (face - (low + high) / 2) * SIDE / side + (SIDE - 1) / 2
    columns = {
        "frame": np.arange(count),
        "t_ns": times,
        "face": np.ones(count, dtype=bool),
        "score": np.full(count, recorded.score),
        **dict(zip(("pitch", "roll", "yaw"), pose.T, strict=True)),
        "AU12": np.linspace(0, 1, count),
        "landmarks": [points.ravel()] * count,
    }
    AU_TABLE.write(session.aus_path("landmarker"), AU_TABLE.build(columns), {"kind": "proxy"})
    if recorded.blinks is not None:
        blink = np.isin(np.arange(count), recorded.blinks)
        motion = {"frame": np.arange(count), "t_ns": times, "blink": blink}
        MOTION.write(session.motion_path, MOTION.build(motion))
