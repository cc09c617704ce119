"""Where the face moved, as `annotate` finds it: in a study that lives as long as the prediction.

Makes a study with one participant and one session in a folder that is thrown away afterwards,
runs `annotate analyse` and `annotate locate --blind` on it, and hands its tables on. The session's
recording is a link to the video, so that no copy of the face is made; only where other faces have
to be hidden does a second recording lie there, for as long as it is needed.

The participant agrees to being recorded and analysed and to nothing else. There is no neutral
scene: the calm half of the recording is the rest from which movements are told.
"""

import os
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from mexlab import __version__
from mexlab.atomic import write_text
from mexlab.consent import decide
from mexlab.participants import Participant
from mexlab.session import Session, SessionHeader, file_sha256
from mexlab.study import Study
from mexlab.tables import FRAMES, INTERVALS, SCENES
from mexlab.timebase import dropped_before, seconds_to_ns
from pipeline.predict.look import Looked, write_followed
from pipeline.predict.stages import run_stage

PERSON = "P001"
SCOPES = ("recorded", "analysed")
NOT_NEUTRAL = "surprise"  # a scene must have an emotion; blind, this one is not looked at
SCENE_S = 300.0  # at the most; locating ranks a scene's movements, and cuts what goes beyond it
CANDIDATES = 50  # the most it may keep of a scene


@dataclass(frozen=True)
class Located:
    """A session that was analysed and located. `baseline` says what its rest was."""

    session: Session
    analyzer: str
    baseline: str


def locate(looked: Looked, sha256: str, analyzer: str, work: Path) -> Located:
    """Analyse and locate the recording in `work`, which must be thrown away afterwards."""
    study = new_study(work / "study")
    session = session_of(study, looked, sha256)
    run_stage(["annotate", "analyse", study.root, "--analyzer", analyzer, "--workers", "1"])
    run_stage(["annotate", "locate", study.root, "--analyzer", analyzer, "--blind"])
    about = INTERVALS.metadata(session.intervals_path)
    return Located(session, analyzer, about.get("baseline", ""))


def new_study(root: Path) -> Study:
    """A study that keeps every movement of a scene, with the one participant."""
    study = Study.create(root)
    text = study.settings_path.read_text(encoding="utf-8")
    text, changed = re.subn(r"(?m)^candidates = \d+", f"candidates = {CANDIDATES}", text)
    assert changed == 1, "the study template has one line `candidates`"
    write_text(study.settings_path, text)
    study = Study.open(root)
    study.save_participant(Participant(PERSON).deciding(decide(SCOPES, "predict")))
    return study


def session_of(study: Study, looked: Looked, sha256: str) -> Session:
    """The recording as a session; where several faces are seen, one that shows the followed one."""
    now = datetime.now(UTC)
    hidden = looked.people is not None and looked.people.several
    with study.new_session(PERSON, now) as made:
        suffix = ".mp4" if hidden else looked.video.path.suffix.lower()
        recording = made.root / f"webcam{suffix}"
        if hidden:
            write_followed(looked, recording)
            sha256 = file_sha256(recording)
        else:
            _link(looked.video.path.resolve(), recording)
        _write_tables(made, looked)
        header = SessionHeader(
            made.id,
            PERSON,
            now.isoformat(timespec="milliseconds"),
            recording.name,
            sha256,
            "imported",
            software={"mexlab": __version__},
        )
        made.write_header(header)
    return Session(study.sessions_path / header.session)


def _link(source: Path, target: Path) -> None:
    try:
        target.symlink_to(source)
    except OSError:  # Windows lets not everybody make links
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)


def _write_tables(session: Session, looked: Looked) -> None:
    frames = {
        "frame": np.arange(len(looked.times_ns)),
        "capture_ns": looked.times_ns,
        "pts_ns": looked.times_ns,
        "dropped_before": dropped_before(looked.times_ns),
    }
    FRAMES.write(session.frames_path, FRAMES.build(frames))
    last_ns = int(looked.times_ns[-1])
    count = last_ns // seconds_to_ns(SCENE_S) + 1
    starts = np.arange(count) * last_ns // count  # of equal length: a sliver would cut a movement
    scenes = {
        "scene": np.arange(1, len(starts) + 1),
        "emotion": [NOT_NEUTRAL] * len(starts),
        "start_ns": starts,
        "end_ns": [*starts[1:], looked.end_ns],
    }
    SCENES.write(session.scenes_path, SCENES.build(scenes))
