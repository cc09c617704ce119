"""A form being filled in: the order of its pages, where it goes on, and what stands on disk."""

import json

import pytest

from collector.form.filling import FIRST, SECOND, Filling, Given, begin, check_consent
from collector.form.items import face_items
from mexlab.consent import decide
from mexlab.errors import ConsentError, StudyError
from mexlab.session import Answer, SelfReport
from mexlab.tables import FRAMES, INTERVALS, SCENES
from tests.collector.desk_study import register, sat
from tests.collector.form_study import waiting


@pytest.fixture
def study(tmp_path):
    return waiting(tmp_path / "study", "P001")


@pytest.fixture
def session(study):
    return study.session("P001")


def step_of(filling, page, scene=1):
    about = [(s.page.id, s.about[0]) for s in filling.steps]
    return about.index((page, scene))


def test_every_page_for_every_scene_and_the_check_once(study, session):
    filling = begin(study, session, FIRST, "es")
    assert [s.about for s in filling.steps][:6] == [(1, None)] * 5 + [(2, None)]
    assert len(filling.steps) == 7 * 5 + 1
    check = step_of(filling, "attention", 0)
    assert [s.about[0] for s in filling.steps[check - 1 : check + 2]] == [4, 0, 5]


def test_scenes_come_in_the_order_seen(study):
    register(study, "P002")
    session = sat(study, "P002")
    SCENES.write(session.scenes_path, session.scenes().take([2, 0, 1, 3, 4, 5, 6]))
    filling = begin(study, session, FIRST, "es")
    assert list(dict.fromkeys(s.about[0] for s in filling.steps if s.item)) == list(range(1, 8))


def test_the_order_of_options_is_each_participants_own_and_logged(study):
    orders = set()
    for number in range(12):
        register(study, f"Q{number}")
        report = begin(study, sat(study, f"Q{number}"), FIRST, "es").report
        assert sorted(report.option_order) == ["emotion", "intensity"]
        order = report.option_order["emotion"]
        assert order[-2:] == ["other", "none"]
        assert len(set(order)) == 9
        orders.add(tuple(order))
    assert len(orders) > 6


def test_each_answer_is_on_disk_and_the_form_goes_on_behind_it(study, session):
    filling = begin(study, session, FIRST, "es")
    for number, step in enumerate(filling.steps):
        assert Filling.read(study, session, FIRST).next_step() == number
        filling.save(number, dict.fromkeys(step.answers))
        filling = Filling.read(study, session, FIRST)
    assert filling.next_step() == len(filling.steps)
    assert not filling.finished
    assert filling.finish().finished
    assert Filling.read(study, session, FIRST).finished


def test_a_form_begun_twice_is_the_same(study, session):
    first = begin(study, session, FIRST, "es").save(0, {"emotion": "fear", "emotion_text": None})
    assert begin(study, session, FIRST, "en").report == first.report


def test_changed_questions_are_not_asked_half_way(study, session):
    begin(study, session, FIRST, "es")
    path = study.instrument_path
    path.write_text(path.read_text("utf-8").replace('version = "1.0"', 'version = "9"'), "utf-8")
    assert begin(study, session, FIRST, "es").report.version == "1.0"
    register(study, "P002")
    assert begin(study, sat(study, "P002"), FIRST, "es").report.version == "9"


def test_an_answer_changed_replaces_the_one_before(study, session):
    filling = begin(study, session, FIRST, "es").save(0, {"emotion": "fear", "emotion_text": None})
    again = filling.save(0, {"emotion": "other", "emotion_text": "awe"})
    assert again.given(0) == {"emotion": "other", "emotion_text": "awe"}
    assert len([a for a in again.report.answers if a.question == "emotion"]) == 1


def test_an_answer_given_again_keeps_its_time(study, session):
    filling = begin(study, session, FIRST, "es").save(0, {"emotion": "fear", "emotion_text": None})
    assert filling.save(0, {"emotion": "fear"}).report is filling.report


def test_the_strongest_emotions_intensity_follows(study, session):
    filling = begin(study, session, FIRST, "es")
    page = step_of(filling, "intensities")
    rated = dict.fromkeys(filling.steps[page].answers, 1) | {"intensity_fear": 7}
    filling = filling.save(0, {"emotion": "fear", "emotion_text": None})
    assert "intensity" not in filling.given(0)
    filling = filling.save(page, rated)
    assert filling.report.answer(1, "intensity") == 7
    assert filling.save(0, {"emotion": "anger"}).report.answer(1, "intensity") == 1
    assert filling.save(0, {"emotion": "other"}).report.answer(1, "intensity") is None
    assert filling.save(page, {"intensity_fear": 8}).report.answer(1, "intensity") == 8


def test_what_is_read_from_a_page(study, session):
    step = begin(study, session, FIRST, "es").steps[3]
    assert step.page.id == "when"
    given = Given.read(step, {"moment": "9:59", "moment_sure": "2"})
    assert given.values == {"moment_sure": 2}
    assert given.amiss == {"moment": "after_the_end"}
    assert given.unread == {"moment_ns", "moment_how"}
    assert not given.may_go_on(reminded=True)
    nothing = Given.read(step, {})
    assert nothing.missing == ("moment_how",)  # how sure is optional
    assert not nothing.may_go_on(reminded=False)
    assert nothing.may_go_on(reminded=True)
    assert Given.skipped(step).values == {
        "moment_ns": None,
        "moment_how": None,
        "moment_sure": None,
    }


def test_a_report_from_elsewhere_is_left_alone(study, session):
    SelfReport("paper", "1", "es", (Answer(1, "emotion", "fear", "2026"),)).write(
        session.report_path
    )
    before = session.report_path.read_bytes()
    with pytest.raises(StudyError, match="report from elsewhere"):
        begin(study, session, FIRST, "es")
    assert session.report_path.read_bytes() == before


def test_consent_comes_first(study, session):
    check_consent(study, session, FIRST)
    study.save_participant(
        study.participant("P001").deciding(decide(("recorded", "shared"), "paper"))
    )
    check_consent(study, session, FIRST)
    with pytest.raises(ConsentError, match="no consent to being analysed"):
        check_consent(study, session, SECOND)
    study.withdraw("P001")
    with pytest.raises(ConsentError, match="no consent to being recorded"):
        check_consent(study, session, FIRST)


def test_a_damaged_report_is_not_begun_anew(study, session):
    begin(study, session, FIRST, "es")
    session.report_path.write_text("{")
    with pytest.raises(StudyError, match="damaged self-report"):
        begin(study, session, FIRST, "es")
    assert session.report_path.read_text() == "{"


# The own face


def write_intervals(session, *rows):
    full = [
        {
            "interval_id": name,
            "scene": scene,
            "target": "fear",
            "reported": None,
            "expressed": "fear",
            "start_ns": start,
            "end_ns": end,
            "onset_ns": start,
            "apex_ns": start,
            "offset_ns": end,
            "intensity": 1.0,
            "prominence": 1.0,
            "rank": rank,
            "evidence": "peak",
            "kind": kind,
            "duration_ms": 300.0,
            "from_report_ms": None,
        }
        for name, scene, start, end, rank, kind in rows
    ]
    session.analysis_path.mkdir(exist_ok=True)
    table = INTERVALS.build({name: [r[name] for r in full] for name in INTERVALS.schema.names})
    INTERVALS.write(session.intervals_path, table)


SECONDS = 10**9


def test_the_second_pass_asks_about_moments_and_keeps_apart(study, session):
    with pytest.raises(StudyError, match="no interval"):
        begin(study, session, SECOND, "es")
    times = [0, 70 * SECONDS]
    frames = {"frame": [0, 1], "capture_ns": [SECONDS, 71 * SECONDS], "pts_ns": times}
    FRAMES.write(session.frames_path, FRAMES.build({**frames, "dropped_before": [0, 0]}))
    begin(study, session, FIRST, "es")
    first = session.report_path.read_bytes()
    write_intervals(
        session,
        ("b", 2, 12 * SECONDS, 15 * SECONDS, 1, "micro"),
        ("a", 1, 3 * SECONDS, 6 * SECONDS, 1, "macro"),
        ("a2", 1, 7 * SECONDS, 9 * SECONDS, 2, "micro"),
        ("c", 3, 20 * SECONDS, 23 * SECONDS, 1, "none"),
    )
    filling = begin(study, session, SECOND, "es")
    assert [s.about for s in filling.steps] == [(1, "a"), (2, "b")]
    filling.save(0, {"emotion": "fear", "emotion_text": None})
    assert session.report_path.read_bytes() == first
    written = json.loads(session.second_report_path.read_text())
    assert written["intervals"] == {
        "a": [3 * SECONDS, 6 * SECONDS],
        "b": [12 * SECONDS, 15 * SECONDS],
    }
    assert {(a["interval"], a["question"], a["value"]) for a in written["answers"]} == {
        ("a", "emotion", "fear"),
        ("a", "emotion_text", None),
    }
    # The file's clock starts a second later than the session's; half a second is shown around.
    shown = face_items(session, filling.report.intervals)[0]
    assert (shown.start_ns, shown.end_ns) == (1_500_000_000, 5_500_000_000)


def test_intervals_located_anew_do_not_change_what_was_asked(study, session):
    FRAMES.write(
        session.frames_path,
        FRAMES.build(
            {"frame": [0], "capture_ns": [0], "pts_ns": [0], "dropped_before": [0]},
        ),
    )
    write_intervals(session, ("a", 1, 3 * SECONDS, 6 * SECONDS, 1, "macro"))
    begin(study, session, SECOND, "es")
    write_intervals(session, ("z", 1, 4 * SECONDS, 7 * SECONDS, 1, "macro"))
    assert [s.about for s in begin(study, session, SECOND, "es").steps] == [(1, "a")]
