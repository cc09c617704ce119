"""A study whose recordings carry their frame numbers in the picture: one at a constant rate, one at
a varying one. Tables are written by hand; nothing is analysed."""

import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from fractions import Fraction

import av
import numpy as np

from annotate.app.server import build_app
from mexlab.consent import SCOPES, decide
from mexlab.emotions import AUS, EMOTIONS
from mexlab.participants import Participant
from mexlab.session import SessionHeader, file_sha256
from mexlab.study import Study
from mexlab.tables import AU_TABLE, FRAMES, INTERVALS, SCENES
from mexlab.timebase import NS_PER_S, dropped_before
from mexlab.vision.video import Video
from mexlab.web.listening import Access, listening
from mexlab.web.serving import http_server
from stimuli.pattern import decode, draw_strip
from tests.annotate.synthetic import still_face

SIZE = (320, 180)
STRIP = (16, 12, 288, 80)  # where the number stands in the picture: x, y, width, height in px
TICK = Fraction(1, 90_000)
SCENE_FRAMES = 150
WORDS = ("neutral", "sadness", "surprise", "fear", "disgust", "anger", "happiness")


def constant(count, hz=30.0):
    """Times in s."""
    return np.arange(count) / hz


def varying(count, seed=3):
    """Times in s with steps between 20 and 120 ms."""
    steps = np.random.default_rng(seed).choice([0.02, 0.033, 0.04, 0.05, 0.12], count - 1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def write_coded(path, times_s, codec="libx264", size=SIZE, rotation=0, tick=TICK, **options):
    """A recording in which each picture carries its number."""
    with av.open(path, "w") as container:
        quick = {"preset": "ultrafast"} if codec == "libx264" else {}
        stream = container.add_stream(codec, rate=30, options={**quick, **options})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.time_base = stream.codec_context.time_base = tick
        if rotation:
            stream.set_display_rotation(rotation)
        for number, t_s in enumerate(times_s):
            luma = np.full((size[1] * 3 // 2, size[0]), 128, np.uint8)
            luma[: size[1]] = 90 + number % 40
            draw_strip(luma[: size[1]], number, strip_box(size))
            frame = av.VideoFrame.from_ndarray(luma, format="yuv420p")
            frame.pts, frame.time_base = round(t_s / tick), tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def strip_box(size):
    """The strip's place in a picture of this size."""
    x, y = size[0] / SIZE[0], size[1] / SIZE[1]
    return tuple(round(v * f) for v, f in zip(STRIP, (x, y, x, y), strict=True))


def number_in(image):
    """The number an RGB picture carries, whatever its size; None where it is not clear."""
    luma = image.mean(axis=2).astype(np.uint8)
    return decode(luma, strip_box((luma.shape[1], luma.shape[0])))


def coded_session(study, participant, times_s, scenes, name="webcam.mp4", analysed=True, **options):
    """A session whose scenes of SCENE_FRAMES frames have one interval each, in their middle."""
    study.save_participant(Participant(participant).deciding(decide(SCOPES, "test")))
    with study.new_session(participant, datetime(2026, 11, 23, 10, 15, tzinfo=UTC)) as session:
        recording = write_coded(session.root / name, times_s, **options)
        pts = np.array([frame.t_ns for frame in Video(recording).frames()])
        capture = pts + 400_000_000  # the camera began after the session's clock
        columns = {"frame": np.arange(len(pts)), "capture_ns": capture, "pts_ns": pts}
        columns["dropped_before"] = dropped_before(capture)
        FRAMES.write(session.frames_path, FRAMES.build(columns))
        bounds = [(k * SCENE_FRAMES, (k + 1) * SCENE_FRAMES) for k in range(len(scenes))]
        edges = np.append(capture, capture[-1] + NS_PER_S // 30)
        starts, ends = ([int(edges[frame]) for frame in side] for side in zip(*bounds, strict=True))
        SCENES.write(
            session.scenes_path,
            SCENES.build(
                {
                    "scene": np.arange(1, len(scenes) + 1),
                    "emotion": scenes,
                    "start_ns": starts,
                    "end_ns": ends,
                }
            ),
        )
        session.analysis_path.mkdir()
        INTERVALS.write(session.intervals_path, intervals(session.id, scenes, bounds, capture))
        if analysed:
            name_of = study.analysis.analyzer
            session.analyzer_path(name_of).mkdir()
            AU_TABLE.write(session.aus_path(name_of), aus(capture))
        header = SessionHeader(
            session.id, participant, "", name, file_sha256(recording), "imported"
        )
        session.write_header(header)


def intervals(session_id, scenes, bounds, capture):
    """One first-ranked interval a scene; in neutral ones nothing was found."""
    rows = {}
    for scene, (emotion, (first, _)) in enumerate(zip(scenes, bounds, strict=True), 1):
        at = [int(capture[first + frames]) for frames in (40, 60, 66, 72, 110)]
        none = emotion == "neutral"
        row = {
            "interval_id": f"{session_id}-{scene}-1",
            "scene": scene,
            "target": emotion,
            "reported": "happiness" if emotion == "fear" else emotion,
            "expressed": emotion,
            "start_ns": at[0],
            "end_ns": at[4],
            "onset_ns": None if none else at[1],
            "apex_ns": None if none else at[2],
            "offset_ns": None if none else at[3],
            "intensity": 1.0,
            "prominence": 8.0,
            "rank": 1,
            "evidence": "none" if none else "peak",
            "kind": "none" if none else "micro",
            "duration_ms": None if none else 400.0,
        }
        for name, value in row.items():
            rows.setdefault(name, []).append(value)
    return INTERVALS.build(rows)


def aus(capture, seed=1):
    """A calm face in every frame, a hump of everything in the middle of each scene."""
    rng, count = np.random.default_rng(seed), len(capture)
    phase = np.arange(count) % SCENE_FRAMES
    hump = np.exp(-((phase - 66) ** 2) / 40)
    face = (still_face() * 0.3 + np.array([64.0, 50.0])).ravel()
    columns = {name: np.clip(0.1 + 0.5 * hump + rng.normal(0, 0.01, count), 0, 1) for name in AUS}
    emotions = {name: np.clip(0.1 + 0.1 * hump, 0, 1) for name in EMOTIONS}
    return AU_TABLE.build(
        {
            "frame": np.arange(count),
            "t_ns": capture,
            "face": np.ones(count, dtype=bool),
            "score": np.ones(count),
            "intensity": np.sum(list(columns.values()), axis=0),
            "landmarks": list(np.repeat(face[None], count, axis=0).astype(np.float32)),
            **columns,
            **emotions,
        }
    )


def coded_study(root, settings=""):
    """Two recordings of five scenes: one at a constant rate, one at a varying one."""
    study = Study.create(root)
    if settings:
        path = study.settings_path
        path.write_text(path.read_text(encoding="utf-8") + settings, encoding="utf-8")
        study = Study.open(root)
    count = 5 * SCENE_FRAMES
    coded_session(study, "P001", constant(count), WORDS[:5])
    coded_session(study, "P002", varying(count), WORDS[2:7])
    return study


@contextmanager
def served(study, coder=None, host="127.0.0.1", token=None):
    """The address of a server of the study's review pages on this computer."""
    taken = listening("127.0.0.1", 0)
    port = taken.getsockname()[1]
    server = http_server(build_app(study, Access(host, port, token), coder))
    thread = threading.Thread(target=server.run, args=([taken],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
