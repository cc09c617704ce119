"""`mexlab simulate` end to end: what lies in the study afterwards agrees with itself."""

import numpy as np
import pytest
from click.testing import CliRunner

from collector.simulate import simulate_study
from collector.simulate_cli import simulate
from collector.simulator.script import ScriptSettings
from mexlab.consent import SCOPES
from mexlab.errors import InputError, StudyError
from mexlab.session import file_sha256
from mexlab.study import Study
from mexlab.timebase import NS_PER_S
from mexlab.vision.video import Video

SHORT = ScriptSettings(amplitude_iod=0.06, scene_s=3.0, blinks=1)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The same participant simulated twice, by the command and by the function."""
    made = Study.create(tmp_path_factory.mktemp("simulated") / "study")
    arguments = [str(made.root), "--participants", "1", "--seed", "4", "--scene-s", "3"]
    result = CliRunner().invoke(simulate, [*arguments, "--blinks", "1"], catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stdout.startswith("P001-")
    assert len(list(simulate_study(made.root, 1, 4, SHORT, workers=1))) == 1
    return made


def test_a_session_is_whole(study):
    session = study.sessions()[0]
    header = session.header
    assert (header.source, header.state, header.modality) == ("simulated", "closed", "colour")
    assert header.recording_sha256 == file_sha256(session.recording_path)
    assert header.camera["base_face"] == session.truth()["base_face"][0].as_py()
    scenes = session.scenes().to_pylist()
    assert [scene["start_ns"] for scene in scenes] == [3 * k * NS_PER_S for k in range(7)]
    person = study.participant("P001")
    assert person.simulated
    assert person.scopes == SCOPES


def test_every_frame_stands_in_the_file_at_the_time_the_table_says(study):
    session = study.sessions()[0]
    frames = session.frames()
    in_file = [frame.t_ns for frame in Video(session.recording_path).frames()]
    assert frames["pts_ns"].to_pylist() == in_file
    assert len(in_file) == 630
    # The file counts in 1/90000 s: what is lost is at most half a tick.
    away = np.abs(frames["capture_ns"].to_numpy() - np.array(in_file))
    assert away.max() <= NS_PER_S / 90_000 / 2 + 1


def test_what_is_reported_follows_what_happened(study):
    session = study.sessions()[0]
    report = session.report()
    truth = {row["scene"]: row for row in session.truth().to_pylist() if row["kind"] == "micro"}
    assert report.instrument == "simulated"
    for scene in session.scenes().to_pylist():
        number = scene["scene"]
        assert report.answer(number, "emotion") == scene["emotion"]
        moment = report.answer(number, "moment_ns")
        if scene["emotion"] == "neutral":
            assert number not in truth
            assert moment is None
            assert report.answer(number, "intensity") == 0
        else:
            assert truth[number]["emotion"] == scene["emotion"]
            assert truth[number]["amplitude_iod"] == pytest.approx(0.06)
            assert abs(scene["start_ns"] + moment - truth[number]["apex_ns"]) < 1.5 * NS_PER_S
            assert 1 <= report.answer(number, "intensity") <= 8


def test_the_same_seed_gives_the_same_truth_times_and_recording(study):
    one, two = study.sessions()
    assert one.header.participant != two.header.participant
    assert one.truth().equals(two.truth())
    assert one.frames().equals(two.frames())
    assert one.header.recording_sha256 == two.header.recording_sha256


@pytest.mark.parametrize(
    ("participants", "seed", "settings", "option"),
    [
        (0, 1, SHORT, "--participants"),
        (1, -1, SHORT, "--seed"),
        (1, 1, ScriptSettings(amplitude_iod=0.3), "--amplitude"),
        (1, 1, ScriptSettings(scene_s=1.0), "--scene-s"),
    ],
)
def test_wrong_arguments_are_refused_before_anybody_is_registered(
    tmp_path, participants, seed, settings, option
):
    study = Study.create(tmp_path / "study")
    with pytest.raises(InputError, match=option):
        list(simulate_study(study.root, participants, seed, settings))
    assert study.participants() == []


def test_no_study_is_named_with_its_remedy(tmp_path):
    with pytest.raises(StudyError, match="mexlab new"):
        list(simulate_study(tmp_path / "none", 1, 1, SHORT))


def test_nobody_stays_registered_without_a_session(tmp_path):
    made = Study.create(tmp_path / "study")
    sittings = simulate_study(made.root, 3, 4, SHORT, workers=1)
    next(sittings)
    sittings.close()  # as Ctrl-C would
    assert [person.participant for person in made.participants()] == ["P001"]
    assert len(made.sessions()) == 1
