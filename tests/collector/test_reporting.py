"""Which sessions have a form to fill in, and how far each has come."""

import pytest

from collector.form.filling import FIRST, SECOND, begin
from collector.reporting import reportable, standing
from mexlab.study import Study
from mexlab.tables import INTERVALS, SCENES
from tests.collector.desk_study import filled_in, from_elsewhere, register, sat


@pytest.fixture
def study(tmp_path):
    return Study.create(tmp_path / "study")


def states(study, form=FIRST):
    return {one.person.participant: one.state for one in reportable(study, form)}


def suggest(session, kind="micro"):
    """One interval of the face, in the first scene."""
    row = dict.fromkeys(INTERVALS.schema.names)
    words = {"interval_id": "i1", "target": "fear", "expressed": "fear", "evidence": "peak"}
    times = {"start_ns": 10**9, "end_ns": 4 * 10**9}
    row |= words | times | {"scene": 1, "rank": 1, "kind": kind, "intensity": 1, "prominence": 1}
    session.analysis_path.mkdir()
    table = INTERVALS.build({name: [value] for name, value in row.items()})
    INTERVALS.write(session.intervals_path, table)


def test_newest_first_with_the_page_that_comes_next(study):
    for later_s, name in enumerate(("P001", "P002", "P003")):
        register(study, name)
        sat(study, name, later_s=later_s)
    filled_in(study, study.session("P001"), ["fear"] * 7)
    filling = begin(study, study.session("P002"), FIRST, "es")
    for number in range(3):
        filling = filling.save(number, dict.fromkeys(filling.steps[number].answers))
    found = [(o.person.participant, o.state, o.page, o.pages) for o in reportable(study, FIRST)]
    pages = len(filling.steps)
    assert pages > 4
    assert found == [
        ("P003", "not begun", 0, 0),
        ("P002", "begun", 4, pages),
        ("P001", "finished", 0, 0),
    ]


def test_a_form_whose_last_page_was_answered_but_not_handed_in_is_at_its_last_page(study):
    register(study, "P001")
    filling = filled_in(study, sat(study, "P001"), ["fear"] * 7, finish=False)
    (one,) = reportable(study, FIRST)
    assert (one.state, one.page) == ("begun", len(filling.steps))


def test_those_who_may_not_be_asked_or_have_answered_elsewhere_are_left_out(study):
    register(study, "P001", granted=("analysed",))
    register(study, "P002", granted=None)
    register(study, "P003")
    register(study, "T001", simulated=True)
    for name in ("P001", "P002", "P003", "P004"):  # P004 is not registered
        sat(study, name)
    sat(study, "T001", source="simulated")
    from_elsewhere(study.session("P003"), scene1="fear")
    assert reportable(study, FIRST) == []
    register(study, "P004")
    assert states(study) == {"P004": "not begun"}


def test_broken_off_sessions_are_asked_about_where_a_scene_was_seen(study):
    register(study, "P001")
    seen, unseen = (sat(study, "P001", state="aborted", later_s=s) for s in (0, 60))
    SCENES.write(unseen.scenes_path, SCENES.empty())
    sat(study, "P001", state="open", later_s=120)
    assert [one.session.id for one in reportable(study, FIRST)] == [seen.id]


def test_of_several_complete_sessions_the_one_that_counts_is_asked_about(study):
    register(study, "P001")
    _, last = (sat(study, "P001", later_s=s) for s in (0, 60))
    assert [one.session.id for one in reportable(study, FIRST)] == [last.id]


def test_somebody_who_withdrew_is_shown_as_that(study):
    register(study, "P001")
    session = sat(study, "P001")
    begin(study, session, FIRST, "es")
    study.withdraw("P001")
    (one,) = reportable(study, FIRST)
    assert one.state == "withdrawn"
    assert one.withdrawn


def test_a_damaged_report_hides_no_other(study):
    for name in ("P001", "P002"):
        register(study, name)
        begin(study, sat(study, name), FIRST, "es")
    study.session("P001").report_path.write_text("{")
    assert states(study) == {"P001": "damaged", "P002": "begun"}
    assert "damaged" in standing(study, study.session("P001"), FIRST).problem.what


def test_the_second_pass_waits_for_intervals_and_wants_more_consent(study):
    register(study, "P001", granted=("recorded",))
    register(study, "P002")
    register(study, "P003")
    register(study, "P004")
    for name in ("P001", "P002", "P003", "P004"):
        sat(study, name)
    suggest(study.session("P003"))
    suggest(study.session("P004"), kind="none")
    wanted = {"P002": "waiting", "P003": "not begun", "P004": "waiting"}
    assert states(study, SECOND) == wanted
    assert set(states(study, FIRST)) == {"P001", "P002", "P003", "P004"}
