"""A study whose participants have seen a short film of placeholders, made without a camera."""

import json

import pyarrow as pa

from mexlab.session import SessionHeader
from mexlab.study import Study
from mexlab.tables import SCENES
from stimuli.cli import stimuli
from tests.collector.desk_study import BEGUN, register
from tests.conftest import run_command

SCENE_S = 2


def with_film(root):
    """A study with compilation 1 built: seven scenes of two seconds."""
    study = Study.create(root)
    protocol = study.protocol_path.read_text(encoding="utf-8")
    study.protocol_path.write_text(protocol.replace("washout_s = 5.0", "washout_s = 0.5"))
    built = ("--placeholder", "--scene-s", SCENE_S, "--compilation", 1)
    run_command(stimuli, "build", root, *built)
    return study


def has_seen(study, name):
    """A session in which the film was shown from the first moment to the last."""
    register(study, name)
    film = json.loads(study.compilation_path(1).read_text())
    with study.new_session(name, BEGUN) as session:
        header = SessionHeader(
            session.id, name, BEGUN.isoformat(), "webcam.mp4", "00", "recorded", compilation=1
        )
        header.player["sha256"] = film["sha256"]
        session.write_header(header)
        rows = [[scene[column] for scene in film["scenes"]] for column in SCENES.schema.names]
        SCENES.write(session.scenes_path, pa.table(rows, schema=SCENES.schema))
    return study.session(session.id)
