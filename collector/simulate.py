"""`mexlab simulate`: whole sessions of simulated participants, with the truth beside them.

Reads base faces from installed packages. Writes participants/ID.json and, per session, webcam.mp4,
frames, scenes and truth tables, report.json and session.json; each participant in a process of its
own. All but the wall-clock moments follows from the seed.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from collector.cameras.base import Camera
from collector.cameras.simulated import SimulatedCamera
from collector.simulator.faces import dealt_face, installed_faces
from collector.simulator.script import Event, Script, ScriptSettings, scene_order
from mexlab import __version__
from mexlab.consent import SCOPES, decide
from mexlab.emotions import EMOTIONS
from mexlab.errors import InputError, MexlabError
from mexlab.model_files import find_landmarker
from mexlab.parallel import Report, default_workers, for_each
from mexlab.participants import Participant
from mexlab.progress import Progress
from mexlab.session import Answer, SelfReport, Session, SessionHeader, file_sha256
from mexlab.study import Study
from mexlab.tables import FRAMES, SCENES, TRUTH
from mexlab.timebase import NS_PER_S, dropped_before
from mexlab.vision.landmarker import FaceLandmarker

RECORDING = "webcam.mp4"
TICKS = Fraction(1, 90_000)  # s; fine enough that variable frame times survive in the file
ENCODING = {
    "preset": "ultrafast",
    "crf": "20",
    "threads": "1",
}  # keeps more of a movement than slower ones
MOMENT_ERROR_S = 0.3  # standard deviation of a participant's memory of when they felt it
FULL_SCALE_IOD = 0.12  # an expression of this size is reported at intensity 8


@dataclass(frozen=True)
class Sitting:
    """One participant to simulate: number `index` = 0, 1, 2, … of this seed."""

    study: Path
    participant: str
    index: int
    seed: int
    settings: ScriptSettings


@dataclass(frozen=True)
class Sat:
    """What came of a sitting."""

    session: str
    base_face: str
    frames: int
    expressions: int
    blinks: int


def simulate_study(
    root: Path, participants: int, seed: int, settings: ScriptSettings, workers: int | None = None
) -> Iterator[Sat]:
    """Register and simulate `participants` people, several at a time; yields them as they finish.

    Everything that can be missing is looked for before anyone is registered.
    """
    settings.check()
    if participants < 1:
        raise InputError("nobody to simulate", "--participants", "ask for 1 or more")
    if seed < 0:
        raise InputError("a seed is not negative", "--seed", "give a whole number from 0 on")
    study = Study.open(root)
    installed_faces()
    find_landmarker(study.analysis.landmarker_model, root)
    sittings = [_registered(study, index, seed, settings) for index in range(participants)]
    frames = participants * round(len(EMOTIONS) * settings.scene_s * SimulatedCamera.fps)
    failed: list[MexlabError] = []
    absent = {
        sitting.participant: study.participant_path(sitting.participant) for sitting in sittings
    }
    with (
        _taken_back(absent),
        Progress("simulating", total=frames, unit="frames") as bar,
        closing(
            for_each(sittings, simulate_sitting, workers or default_workers(), bar)
        ) as outcomes,
    ):
        for sitting, outcome in outcomes:
            if isinstance(outcome, MexlabError):
                failed.append(outcome)
            else:
                del absent[sitting.participant]
                yield outcome
    if failed:
        raise failed[0]


@contextmanager
def _taken_back(absent: dict[str, Path]) -> Iterator[None]:
    """Whoever is still in `absent` at the end has no session, and is not registered any more."""
    try:
        yield
    finally:
        for path in absent.values():
            path.unlink(missing_ok=True)


def _registered(study: Study, index: int, seed: int, settings: ScriptSettings) -> Sitting:
    participant = Participant(study.next_participant_id(), simulated=True)
    study.save_participant(participant.deciding(decide(SCOPES, "simulated")))
    return Sitting(study.root, participant.participant, index, seed, settings)


def simulate_sitting(sitting: Sitting, report: Report) -> Sat:
    """One participant's session, from the first frame to session.json."""
    cv2.setNumThreads(1)  # a process for each participant is parallel enough
    study = Study.open(sitting.study)
    face = dealt_face(sitting.index)
    started_at = datetime.now(UTC)
    with (
        FaceLandmarker(find_landmarker(study.analysis.landmarker_model, study.root)) as landmarker,
        study.new_session(sitting.participant, started_at) as session,
    ):
        camera = SimulatedCamera(
            f"simulated:{sitting.seed}",
            face,
            (sitting.seed, sitting.index),
            scene_order(sitting.index, sitting.seed),
            sitting.settings,
            landmarker,
        )
        with camera:
            pts_ns = record(camera, session.root / RECORDING, report)
        _write_tables(session, camera.script, face.name, pts_ns)
        language = study.participant(sitting.participant).language
        memory = np.random.default_rng((sitting.seed, sitting.index, 1))
        answers = remembered(camera.script, started_at, memory)
        SelfReport("simulated", "1", language, answers).write(session.report_path)
        session.write_header(_header(sitting, session, camera, face.name, started_at))
        kinds = [event.kind for event in camera.script.events]
        return Sat(
            session.id,
            face.name,
            len(pts_ns),
            kinds.count(sitting.settings.kind),
            kinds.count("blink"),
        )


def record(camera: Camera, path: Path, report: Report) -> list[int]:
    """Encode an opened camera's frames to its end as H.264; the times in the file, ns from 0."""
    pts: list[int] = []
    with av.open(path, "w") as container:
        rate = round(camera.fps)
        stream: Any = container.add_stream("libx264", rate=rate, options=ENCODING)
        stream.width, stream.height, stream.pix_fmt = camera.width, camera.height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = TICKS
        stream.codec_context.gop_size = rate  # a key frame each second, for stepping about
        while (frame := camera.read()) is not None:
            frame.picture.pts = round(Fraction(frame.capture_ns, NS_PER_S) / TICKS)
            frame.picture.time_base = TICKS
            pts.append(frame.picture.pts)
            container.mux(stream.encode(frame.picture))
            report(1)
        container.mux(stream.encode(None))
    return [round((tick - pts[0]) * TICKS * NS_PER_S) for tick in pts]


def _write_tables(session: Session, script: Script, base_face: str, pts_ns: list[int]) -> None:
    frames = {
        "frame": np.arange(len(pts_ns)),
        "capture_ns": script.capture_ns,
        "pts_ns": pts_ns,
        "dropped_before": dropped_before(script.capture_ns),
    }
    FRAMES.write(session.frames_path, FRAMES.build(frames))
    scenes = {name: [getattr(s, name) for s in script.scenes] for name in SCENES.schema.names}
    SCENES.write(session.scenes_path, SCENES.build(scenes))
    columns = [name for name in TRUTH.schema.names if name != "base_face"]
    truth = {name: [getattr(event, name) for event in script.events] for name in columns}
    truth["base_face"] = [base_face] * len(script.events)
    TRUTH.write(session.truth_path, TRUTH.build(truth))


def remembered(
    script: Script, started_at: datetime, rng: np.random.Generator
) -> tuple[Answer, ...]:
    """The self-report: each scene's emotion and intensity, and about when it was strongest."""
    answers: list[Answer] = []
    # Answered after the last scene, one question every five seconds.
    at = started_at + timedelta(seconds=script.scenes[-1].end_ns / NS_PER_S)
    expressions = {e.scene: e for e in script.events if e.kind in ("micro", "macro")}
    for scene in script.scenes:
        event = expressions.get(scene.scene)
        given: dict[str, str | int] = {"emotion": scene.emotion, "intensity": 0}
        if event:
            error_ns = round(float(rng.normal(0, MOMENT_ERROR_S)) * NS_PER_S)
            moment = np.clip(
                event.apex_ns - scene.start_ns + error_ns, 0, scene.end_ns - scene.start_ns - 1
            )
            given |= {"intensity": _felt(event, rng), "moment_ns": int(moment)}
        for question, value in given.items():
            at += timedelta(seconds=5)
            stamp = at.isoformat(timespec="seconds")
            answers.append(Answer(scene.scene, question, value, stamp))
    return tuple(answers)


def _felt(event: Event, rng: np.random.Generator) -> int:
    """Intensity 1..8 of an expression, by its amplitude and a point or so of chance."""
    return int(np.clip(round(8 * event.amplitude_iod / FULL_SCALE_IOD + rng.normal(0, 1)), 1, 8))


def _header(
    sitting: Sitting,
    session: Session,
    camera: SimulatedCamera,
    base_face: str,
    started_at: datetime,
) -> SessionHeader:
    return SessionHeader(
        session=session.id,
        participant=sitting.participant,
        started_at=started_at.isoformat(),
        recording=RECORDING,
        recording_sha256=file_sha256(session.root / RECORDING),
        source="simulated",
        camera={
            "spec": camera.spec,
            "seed": sitting.seed,
            "index": sitting.index,
            "base_face": base_face,
            "width": camera.width,
            "height": camera.height,
            "fps": camera.fps,
        },
        software={"mexlab": __version__},
    )
