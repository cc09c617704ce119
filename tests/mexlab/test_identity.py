"""Whose face it is and what that person agreed to cannot be changed by a slip in a file."""

import json
import shutil

import pytest

from mexlab.consent import SCOPES, decide
from mexlab.errors import StudyError
from mexlab.participants import Participant
from mexlab.session import Session
from mexlab.study import Study
from mexlab.verify import verify_path


@pytest.fixture
def study(located_study, tmp_path):
    shutil.copytree(located_study.root, tmp_path / "study")
    return Study.open(tmp_path / "study")


def edit(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def header_of(study, participant="R001"):
    return next(study.sessions_path.glob(f"{participant}-*")) / "session.json"


@pytest.mark.parametrize(
    "changes",
    [
        {"participant": "R002"},
        {"session": "R001-20200101T000000"},
        {"recording": "../../other/webcam.mp4"},
        {"recording": None},
        {"participant": 5},
        {"started_at": None},
        {"modality": "purple"},
        {"state": "lost"},
        {"colour": "blue"},
    ],
    ids=str,
)
def test_a_session_header_that_cannot_be_is_refused_and_verified(study, changes):
    path = header_of(study)
    edit(path, **changes)
    with pytest.raises(StudyError) as error:
        _ = Session(path.parent).header
    assert str(path) in str(error.value)
    assert any(str(path) in problem for problem in verify_path(study.root)[0])


@pytest.mark.parametrize(
    "changes",
    [
        {"consents": [{"scope": "recorded", "granted": "no", "at": "", "how": "paper"}]},
        {"consents": [{"scope": ["recorded"], "granted": True, "at": "", "how": "paper"}]},
        {"demographics": []},
        {"simulated": "x"},
        {"language": 3},
    ],
    ids=str,
)
def test_a_participant_file_that_cannot_be_is_refused(study, changes):
    edit(study.participant_path("R001"), **changes)
    with pytest.raises(StudyError, match="not a participant file"):
        study.participant("R001")


@pytest.mark.parametrize(
    "answer",
    [
        {"question": "moment_ns", "value": "abc"},
        {"question": "moment_ns", "value": -5},
        {"question": "moment_ns", "value": True},
        {"question": "emotion", "value": "joy"},
        {"question": "intensity", "value": 9},
        {"scene": "one", "question": "emotion", "value": "fear"},
    ],
    ids=str,
)
def test_an_answer_that_cannot_be_is_refused(study, answer):
    session = study.session("R001")
    whole = {"scene": 1, "answered_at": "now"} | answer
    report = {"instrument": "x", "version": "1", "language": "en", "answers": [whole]}
    session.report_path.write_text(json.dumps(report))
    with pytest.raises(StudyError, match="damaged self-report"):
        session.report()


def test_a_real_recording_does_not_inherit_a_simulated_participants_consent(study):
    simulated = Participant("R001", simulated=True).deciding(decide(SCOPES, "simulated"))
    study.save_participant(simulated)
    allowed, refused = study.consenting([study.session("R001")], ("analysed",))
    assert allowed == []
    assert "real recording under a simulated participant" in str(refused[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[interval]\nmin_s = 2.0", r"unknown table \[interval\]"),
        ("[intervals]\nthreshold_z = nan", "finite"),
        ("[intervals]\nmin_s = inf", "finite"),
        ("[intervals]\nmin_s = 5.0", "min_s 5 is above max_s 4"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path, text, message):
    from annotate.interval_settings import IntervalSettings

    study = Study.create(tmp_path / "study")
    study.settings_path.write_text(f"schema_version = 1\n{text}\n")
    with pytest.raises(Exception, match=message):
        Study.open(study.root).section("intervals", IntervalSettings)


def test_a_study_can_be_made_in_the_folder_one_stands_in(tmp_path, monkeypatch):
    from pathlib import Path

    monkeypatch.chdir(tmp_path)
    Study.create(Path())
    assert (tmp_path / "study.toml").exists()
