"""One participant's session of a warped face: recording, tables and header, in its own process."""

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.warped.render import Rendering
from benchmarks.warped.script import FPS, Happening, Script, Settings, write_script
from benchmarks.warped.stills import HEIGHT, STILLS, WIDTH, Person, make_person
from mexlab import __version__
from mexlab.model_files import find_landmarker
from mexlab.parallel import Report
from mexlab.session import Session, SessionHeader, file_sha256
from mexlab.study import Study
from mexlab.tables import FRAMES, SCENES, TRUTH
from mexlab.timebase import NS_PER_S, dropped_before
from mexlab.vision.landmarker import FaceLandmarker

RECORDING = "webcam.mp4"
TICKS = Fraction(1, 90_000)  # s; variable frame times survive in the file
ENCODING = {"preset": "superfast", "crf": "20", "threads": "1"}


@dataclass(frozen=True)
class Sitting:
    """Participant number `index` = 0, 1, 2, … of the study made from `seed`."""

    study: Path
    participant: str
    index: int
    seed: int
    settings: Settings


def sit(sitting: Sitting, report: Report) -> str:
    """Make the session; its id. `report` hears of each frame."""
    cv2.setNumThreads(1)
    study = Study.open(sitting.study)
    who = np.random.default_rng((sitting.seed, sitting.index, 1))
    still = STILLS[(sitting.index + sitting.seed) % len(STILLS)]
    with FaceLandmarker(find_landmarker(study.analysis.landmarker_model, study.root)) as landmarker:
        person = make_person(still, who, landmarker)
    script = write_script(sitting.settings, sitting.index, sitting.seed)
    moves = np.random.default_rng((sitting.seed, sitting.index, 2))
    rendering = Rendering(person, script, sitting.settings, moves)
    started_at = datetime.now(UTC)
    with study.new_session(sitting.participant, started_at) as session:
        pts_ns = record(rendering, session.root / RECORDING, report)
        _write_tables(session, person, script, pts_ns, sitting.settings)
        session.write_header(_header(sitting, session, person, started_at))
        return session.id


def record(rendering: Rendering, path: Path, report: Report) -> NDArray[np.int64]:
    """Encode every frame at its own time as H.264; the times in the file, ns from 0."""
    ticks = np.round(rendering.script.capture_ns / (NS_PER_S * float(TICKS))).astype(np.int64)
    with av.open(path, "w") as container:
        stream: Any = container.add_stream("libx264", rate=round(FPS), options=ENCODING)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = stream.codec_context.time_base = TICKS
        stream.codec_context.gop_size = round(FPS)
        for number, tick in enumerate(ticks):
            picture = av.VideoFrame.from_ndarray(rendering.frame(number), format="rgb24")
            picture.pts, picture.time_base = int(tick), TICKS
            container.mux(stream.encode(picture))
            report(1)
        container.mux(stream.encode(None))
    return np.array([round(int(tick) * TICKS * NS_PER_S) for tick in ticks], dtype=np.int64)


def _write_tables(
    session: Session,
    person: Person,
    script: Script,
    pts_ns: NDArray[np.int64],
    settings: Settings,
) -> None:
    frames = {
        "frame": np.arange(len(pts_ns)),
        "capture_ns": script.capture_ns,
        "pts_ns": pts_ns,
        "dropped_before": dropped_before(script.capture_ns),
    }
    FRAMES.write(session.frames_path, FRAMES.build(frames))
    scenes = {name: [getattr(s, name) for s in script.scenes] for name in SCENES.schema.names}
    SCENES.write(session.scenes_path, SCENES.build(scenes))
    same = ("scene", "emotion", "kind", "onset_ns", "apex_ns", "offset_ns")
    truth = {name: [getattr(h, name) for h in script.happenings] for name in same}
    truth["amplitude_iod"] = [_amplitude(h, person, settings) for h in script.happenings]
    truth["base_face"] = [person.base_face] * len(script.happenings)
    TRUTH.write(session.truth_path, TRUTH.build(truth))


def _amplitude(happening: Happening, person: Person, settings: Settings) -> float:
    """How far what moves most goes, over the inter-ocular distance."""
    if happening.kind == "blink":
        gap = np.linalg.norm(person.mesh[[159, 386]] - person.mesh[[145, 374]], axis=1).mean()
        return float(happening.size * gap / person.frame.iod_px)
    if happening.kind == "head-turn":
        return float(abs(np.sin(happening.size)))  # the face stands about one distance forward
    return settings.amplitude_iod


def _header(
    sitting: Sitting, session: Session, person: Person, started_at: datetime
) -> SessionHeader:
    return SessionHeader(
        session=session.id,
        participant=sitting.participant,
        started_at=started_at.isoformat(),
        recording=RECORDING,
        recording_sha256=file_sha256(session.root / RECORDING),
        source="simulated",
        camera={
            "spec": f"warped:{sitting.seed}",
            "seed": sitting.seed,
            "index": sitting.index,
            "base_face": person.base_face,
            "width": WIDTH,
            "height": HEIGHT,
            "fps": FPS,
        },
        software={"mexlab": __version__},
    )
