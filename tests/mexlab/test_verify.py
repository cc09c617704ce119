"""`mexlab verify` on a real study, damaged in one way at a time."""

import json
import shutil

import pyarrow.parquet as pq
import pytest

from mexlab.errors import InputError
from mexlab.study import Study
from mexlab.tables import SCENES
from mexlab.verify import verify_path


@pytest.fixture
def study(located_study, tmp_path):
    shutil.copytree(located_study.root, tmp_path / "study")
    return Study.open(tmp_path / "study")


def problems(study):
    return "\n".join(verify_path(study.root)[0])


def edit_json(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_whole_study_has_no_problem(study):
    found, checked = verify_path(study.root)
    assert found == []
    assert checked > 20


def change_recording(study):
    with study.session("R001").recording_path.open("ab") as file:
        file.write(b"x")


def lose_recording(study):
    study.session("R001").recording_path.unlink()


def damage_a_table(study):
    study.session("R001").intervals_path.write_bytes(b"rubbish")


def newer_table(study):
    path = study.session("R001").scenes_path
    table = pq.read_table(path)
    metadata = dict(table.schema.metadata) | {b"mexlab.schema_version": b"7"}
    pq.write_table(table.replace_schema_metadata(metadata), path)


def overlapping_scenes(study):
    path = study.session("R001").scenes_path
    rows = SCENES.read(path).to_pylist()
    rows[1]["start_ns"] -= 10**9
    SCENES.write(path, SCENES.build({name: [r[name] for r in rows] for name in rows[0]}))


def shifted_times(study):
    session = study.session("R002")
    path = session.aus_path("landmarker")
    shutil.copy(study.session("R003").aus_path("landmarker"), path)


def shifted_motion(study):
    shutil.copy(study.session("R001").motion_path, study.session("R002").motion_path)


def foreign_code(study):
    path = study.session("R001").codes_path("ana")
    path.parent.mkdir()
    path.write_text('{"act": "set", "interval_id": "x", "field": "apex", "value": "soon"}\n')


def copied_session(study):
    folder = study.session("R001").root
    copy = folder.with_name(folder.name[:-1] + "9")
    shutil.copytree(folder, copy)
    edit_json(copy / "session.json", session=copy.name)


def renamed_session(study):
    folder = study.session("R001").root
    folder.rename(folder.with_name("R001-renamed"))


def second_participant_file(study):
    path = study.participant_path("R001")
    edit_json(shutil.copy(path, path.with_name("R001 (copy).json")), language="en")


def withdrawn(study):
    edit_json(study.participant_path("R001"), consents=[])


def lost_participant(study):
    study.participant_path("R001").unlink()


def unfinished(study):
    edit_json(study.session("R001").header_path, state="open")


def foreign_scope(study):
    path = study.participant_path("R001")
    decisions = json.loads(path.read_text())["consents"]
    decisions.append(decisions[0] | {"scope": "everything"})
    edit_json(path, consents=decisions)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (change_recording, "recording changed since the session closed"),
        (lose_recording, "no recording"),
        (damage_a_table, "damaged intervals table"),
        (newer_table, "version 7 is newer than 1"),
        (overlapping_scenes, "scenes 1 and 2 overlap"),
        (shifted_times, "times differ from frames.parquet"),
        (shifted_motion, "motion.parquet; analyse again"),
        (foreign_code, "damaged coder's file"),
        (copied_session, "same recording as session"),
        (renamed_session, "rename the folder"),
        (second_participant_file, "a second file of participant r001"),
        (withdrawn, "without consent to being recorded"),
        (lost_participant, "R001 is not registered"),
        (unfinished, "session is open"),
        (foreign_scope, "unknown consent scope 'everything'"),
    ],
)
def test_each_damage_is_named(study, damage, message):
    damage(study)
    assert message in problems(study)


def test_neither_study_nor_dataset_is_refused(tmp_path):
    with pytest.raises(InputError, match="neither a study nor a dataset"):
        verify_path(tmp_path)
