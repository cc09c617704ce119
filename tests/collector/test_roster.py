"""Where each participant stands, read from what lies on disk."""

import pytest

from collector.form.filling import FIRST, begin
from collector.roster import Reported, real, roster
from mexlab.emotions import EMOTIONS
from mexlab.study import Study
from tests.collector.desk_study import analysed, filled_in, from_elsewhere, register, reviewed, sat


@pytest.fixture
def study(tmp_path):
    return Study.create(tmp_path / "study")


def standing(study, name="P001"):
    (found,) = roster(study, [study.participant(name)])
    return found


def test_nothing_yet(study):
    register(study, "P001", None)
    found = standing(study)
    assert (found.decided, found.consented, found.recorded, found.withdrawn) == (False,) * 3 + (
        None,
    )
    assert (found.analysed, found.reviewed, found.shown) == (False, False, None)
    assert found.reported == Reported()


def test_the_way_through(study):
    register(study, "P001", None)
    assert standing(study).next_step == "consent"
    register(study, "P001", ("recorded",))
    assert standing(study).next_step == "run"
    session = sat(study, "P001")
    assert (standing(study).recorded, standing(study).next_step) == (True, "self-report")
    filled_in(study, session, EMOTIONS)
    found = standing(study)
    assert found.reported == Reported(begun=True, finished=True)
    assert (found.next_step, found.analysed, found.reviewed) == ("", False, False)
    analysed(session)
    assert (standing(study).analysed, standing(study).reviewed) == (True, False)
    reviewed(session)
    assert standing(study).reviewed


def test_no_to_recording_leaves_nothing_to_do(study):
    register(study, "P001", ("analysed", "shared"))
    found = standing(study)
    assert (found.decided, found.consented, found.next_step) == (True, False, "")


def test_a_form_half_filled_in_says_how_far(study):
    register(study, "P001")
    filling = begin(study, sat(study, "P001"), FIRST, "es")
    for number in range(4):
        filling.save(number, dict.fromkeys(filling.steps[number].answers))
        filling = type(filling).read(study, filling.session, FIRST)
    found = standing(study).reported
    assert (found.begun, found.complete, found.page) == (True, False, 4)
    assert found.pages == len(filling.steps) > 4


def test_a_report_from_elsewhere_is_complete(study):
    register(study, "P001")
    from_elsewhere(sat(study, "P001"), scene1="fear")
    found = standing(study)
    assert (found.reported.elsewhere, found.reported.complete, found.next_step) == (True, True, "")


def test_the_sitting_that_counts_is_shown(study):
    register(study, "P001")
    first = sat(study, "P001")
    sat(study, "P001", state="aborted", later_s=60)
    found = standing(study)
    assert [sitting.state for sitting in found.sittings] == ["closed", "aborted"]
    assert [sitting.counts for sitting in found.sittings] == [True, False]
    assert found.shown is not None
    assert found.shown.session.id == first.id
    assert [sitting.session.id for sitting in found.counted] == [first.id]


def test_one_that_does_not_count_is_shown_where_there_is_no_other(study):
    register(study, "P001")
    sat(study, "P001", state="aborted")
    found = standing(study)
    assert found.shown is not None
    assert (found.shown.state, found.recorded, found.next_step) == ("aborted", False, "run")


def test_withdrawal_has_its_date_and_uncounts(study):
    register(study, "P001")
    sat(study, "P001")
    assert standing(study).counted
    at = study.withdraw("P001").consents[-1].at
    found = standing(study)
    assert (found.withdrawn, found.counted, found.next_step) == (at, (), "")


def test_half_written_results_do_not_count(study):
    register(study, "P001")
    session = sat(study, "P001")
    (session.analysis_path / ".landmarker.1.tmp").mkdir(parents=True)
    (session.analysis_path / ".landmarker.1.tmp" / "aus.parquet").touch()
    session.motion_path.touch()
    session.review_path.mkdir()
    (session.review_path / ".ana.1.tmp.jsonl").touch()
    assert (standing(study).analysed, standing(study).reviewed) == (False, False)


def test_people_keep_their_order_and_their_sessions(study):
    for name in ("P001", "P002"):
        register(study, name)
    register(study, "S001", simulated=True)
    sat(study, "P002")
    people = [study.participant(name) for name in ("S001", "P002", "P001")]
    found = roster(study, people)
    assert [s.person.participant for s in found] == ["S001", "P002", "P001"]
    assert [s.recorded for s in found] == [False, True, False]
    assert [s.person.participant for s in real(found)] == ["P002", "P001"]


def test_a_damaged_report_stands_there_as_one(study):
    register(study, "P001")
    session = sat(study, "P001")
    filled_in(study, session, EMOTIONS)
    session.report_path.write_text("{")
    assert standing(study).reported == Reported(begun=True, damaged=True)
    assert not standing(study).reported.complete
