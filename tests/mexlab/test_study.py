from datetime import UTC, datetime

import pytest

from mexlab.consent import SCOPES, decide, granted_scopes, missing_scopes, parse_scopes
from mexlab.errors import InputError, MexlabError, StudyError
from mexlab.participants import Participant
from mexlab.session import Answer, SelfReport, Session, SessionHeader
from mexlab.study import Study

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def study(tmp_path):
    return Study.create(tmp_path / "study")


def add_session(study, participant="P001", when=NOON, state="closed"):
    with study.new_session(participant, when) as session:
        (session.root / "webcam.mp4").write_bytes(b"film")
        session.write_header(
            SessionHeader(
                session.id,
                participant,
                when.isoformat(),
                "webcam.mp4",
                "00",
                "imported",
                state=state,
            )
        )
        made = session.id
    return study.session(made)


def register(study, participant="P001", scopes=SCOPES):
    study.save_participant(Participant(participant).deciding(decide(scopes, "paper")))


def test_a_new_study_opens_with_its_defaults(study):
    assert study.settings.languages == ("es", "en")
    assert study.labels.policy == "reported"
    assert study.analysis.analyzer == "py-feat"
    assert study.sessions() == study.participants() == []


def test_a_study_is_not_made_over_something(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="there is something already"):
        Study.create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_no_such_study_names_the_remedy(tmp_path):
    with pytest.raises(StudyError, match=r"no such study.*mexlab new"):
        Study.open(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("schema_version = 2", "newer than 1"),
        ("title = 'x'", "no schema_version"),
        ("schema_version = 1\nstaton = 1", "unknown setting 'staton'"),
        ("schema_version = 1\nstation = 'one'", "not int"),
        ("schema_version = 1\nstation = 0", "between 1 and 99"),
        ("schema_version = 1\nsessions = 'first'", "last, all"),
        ("schema_version = ", "not valid TOML"),
    ],
)
def test_wrong_settings_are_named(study, text, message):
    study.settings_path.write_text(text)
    with pytest.raises(MexlabError, match=message):
        Study.open(study.root)


@pytest.mark.parametrize("name", ["../P001", "P 1", "", "a/b", "C:x", ".hidden", "x" * 33, "ñ"])
def test_an_id_that_is_no_plain_name_is_refused(study, name):
    with pytest.raises(InputError, match="not a plain name"):
        study.participant_path(name)


def test_each_station_hands_out_its_own_block(study):
    assert study.next_participant_id() == "P001"
    register(study)
    assert study.next_participant_id() == "P002"
    study.settings_path.write_text("schema_version = 1\nstation = 2")
    assert Study.open(study.root).next_participant_id() == "P1001"


def test_ids_that_differ_only_in_case_are_refused(study):
    register(study, "P001")
    with pytest.raises(InputError, match="upper and lower case"):
        register(study, "p001")


def test_the_last_complete_session_counts(study):
    add_session(study, when=NOON)
    later = add_session(study, when=NOON.replace(hour=13))
    broken = add_session(study, when=NOON.replace(hour=14), state="aborted")
    counted, left_out = study.counted_sessions()
    assert [session.id for session in counted] == [later.id]
    assert {exclusion.session for exclusion in left_out} == {"P001-20261123T120000", broken.id}
    study.settings_path.write_text("schema_version = 1\nsessions = 'all'")
    assert len(Study.open(study.root).counted_sessions()[0]) == 2


def test_two_sessions_in_one_second_get_two_names(study):
    assert add_session(study).id == "P001-20261123T120000"
    assert add_session(study).id == "P001-20261123T120001"


def test_a_session_that_fails_leaves_nothing(study):
    with pytest.raises(RuntimeError), study.new_session("P001", NOON) as session:
        (session.root / "webcam.mp4").write_bytes(b"film")
        raise RuntimeError
    assert list(study.sessions_path.iterdir()) == []


def test_missing_consent_means_no(study):
    session = add_session(study)
    allowed, refused = study.consenting([session], ["analysed"])
    assert not allowed
    assert "no consent to being analysed" in str(refused[0])
    register(study, scopes=("analysed",))
    assert study.consenting([session], ["analysed"])[0] == [session]
    assert study.consenting([session], ["analysed", "shared"])[0] == []


def test_the_latest_decision_counts():
    decisions = decide(SCOPES, "paper") + decide(("recorded",), "e-mail")
    assert granted_scopes(decisions) == ("recorded",)
    assert missing_scopes(decisions, ("recorded", "shared")) == ("shared",)


def test_scopes_are_read_from_all_none_or_a_list():
    assert parse_scopes("all") == SCOPES
    assert parse_scopes("none") == ()
    assert parse_scopes("recorded, analysed") == ("recorded", "analysed")
    with pytest.raises(InputError, match="no consent scope 'everything'"):
        parse_scopes("everything")


def test_participants_keep_every_decision(study):
    register(study)
    again = study.participant("P001").deciding(decide(("recorded",), "paper"))
    study.save_participant(again)
    read = study.participant("P001")
    assert len(read.consents) == 2 * len(SCOPES)
    assert read.scopes == ("recorded",)


def test_a_renamed_participant_file_is_refused(study):
    register(study)
    path = study.participant_path("P001")
    path.rename(path.with_name("P009.json"))
    with pytest.raises(StudyError, match="holds participant 'P001'"):
        study.participant("P009")


def test_a_newer_session_header_is_refused(study):
    session = add_session(study)
    text = session.header_path.read_text().replace('"schema_version": 1', '"schema_version": 9')
    session.header_path.write_text(text)
    with pytest.raises(StudyError, match="version 9 is newer than 1"):
        _ = Session(session.root).header


def test_the_last_answer_to_a_question_counts(tmp_path):
    answers = (Answer(1, "emotion", "fear", "t1"), Answer(1, "emotion", "anger", "t2"))
    SelfReport("film", "1", "es", answers).write(tmp_path / "report.json")
    read = SelfReport.read(tmp_path / "report.json")
    assert read.answer(1, "emotion") == "anger"
    assert read.answer(2, "emotion") is None
    (tmp_path / "report.json").write_text('{"answers": [{"scene": 1}]}')
    with pytest.raises(StudyError, match="damaged self-report"):
        SelfReport.read(tmp_path / "report.json")
