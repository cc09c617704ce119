"""What coders' decisions make of clips: which there are, and under which label."""

import pytest
from coded_session import DISGUST_SCENE, FOUND, HAPPY_SCENE, NEUTRAL_SCENE, decided, planned

from mexlab.consensus import ReviewSettings
from mexlab.session import Answer, SelfReport
from mexlab.study_settings import LabelSettings
from mexlab.tables import INTERVALS
from pipeline.clips import plan_clips
from tests.annotate.coding_study import STEP_NS, study_to_code

S = 1_000_000_000


@pytest.fixture
def study(tmp_path):
    return study_to_code(tmp_path / "study")


@pytest.fixture
def session(study):
    return study.session("P001")


def reported(session, **emotions):
    """`s2="fear"`: the answer about scene 2."""
    answers = tuple(Answer(int(k[1:]), "emotion", v, "now") for k, v in emotions.items())
    SelfReport("test", "1", "en", answers).write(session.report_path)


# Which intervals


def test_without_codes_every_located_interval_is_a_clip_as_before(session):
    plans, reasons = planned(session)
    assert not reasons
    assert {(p.label_source, p.coded, p.coders, p.apex_pair) for p in plans.values()} == {
        ("target", None, 0, None)
    }
    assert [p.interval for p in plans.values()] == session.intervals().to_pylist()


@pytest.mark.parametrize("verdict", ["reject", "uncodable"])
def test_what_coders_refuse_is_a_clip_only_where_all_located_are(session, verdict):
    decided(session, DISGUST_SCENE, {"verdict": verdict})
    assert DISGUST_SCENE in planned(session)[0]
    word = {"reject": "nothing expressed", "uncodable": "uncodable"}[verdict]
    for intervals, others in (("not-rejected", {1, 3}), ("accepted", set())):
        plans, reasons = planned(session, intervals=intervals)
        assert set(plans) == others
        assert word in reasons[DISGUST_SCENE]


def test_accepted_wants_a_final_or_agreed_code(session):
    decided(session, DISGUST_SCENE)
    decided(session, HAPPY_SCENE, FOUND | {"emotion": "happiness"}, coders=("ana",))
    plans, reasons = planned(session, intervals="accepted")
    assert set(plans) == {DISGUST_SCENE}
    assert reasons[HAPPY_SCENE] == "no final or agreed code: 1 of 2 coders submitted one"
    assert "0 of 2" in reasons[NEUTRAL_SCENE]
    assert set(planned(session, coders=1, intervals="accepted")[0]) == {DISGUST_SCENE, HAPPY_SCENE}


def test_an_open_code_counts_for_nothing(session):
    decided(session, DISGUST_SCENE, submit=None)
    plans, _ = planned(session)
    assert (plans[DISGUST_SCENE].coded, plans[DISGUST_SCENE].coders) == (None, 0)
    assert set(planned(session, policy="coded")[0]) == set()


def test_nothing_expressed_in_the_neutral_scene_is_neutral_and_not_rejected(session):
    """Movements found there and rejected are neutral faces, the very thing the scene is for."""
    row = session.intervals().to_pylist()[0]
    moved = row | {f"{name}_ns": 5 * S for name in ("onset", "apex", "offset")}
    moved |= {"kind": "micro", "duration_ms": 0.0}
    columns = {name: [moved[name]] for name in row}
    INTERVALS.write(session.intervals_path, INTERVALS.build(columns))
    decided(session, NEUTRAL_SCENE, {"verdict": "reject"})
    for how in ({"policy": "coded"}, {"policy": "agreement"}, {"intervals": "accepted"}):
        plan = planned(session, **how)[0][NEUTRAL_SCENE]
        assert (plan.label, plan.coded, plan.coders) == ("neutral", "neutral", 2)
        assert (plan.interval["kind"], plan.interval["apex_ns"]) == ("none", None)
        assert plan.interval["duration_ms"] is None


def test_what_the_program_missed_and_coders_found_is_a_clip(study, session):
    rows = session.intervals().to_pylist()
    nothing = dict.fromkeys(("onset_ns", "apex_ns", "offset_ns")) | {"kind": "none"}
    rows[1] |= nothing | {"evidence": "none"}
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    INTERVALS.write(session.intervals_path, INTERVALS.build(columns))
    assert "nothing happened" in planned(session)[1][DISGUST_SCENE]
    decided(session, DISGUST_SCENE)
    plan = planned(session)[0][DISGUST_SCENE]
    assert (plan.interval["kind"], plan.interval["apex_ns"]) == ("micro", 365 * STEP_NS)


def test_further_intervals_of_a_scene_come_in_when_coders_accept_them(session):
    rows = session.intervals().to_pylist()
    second = rows[1] | {"interval_id": f"{session.id}-s2-r2", "rank": 2}
    rows.append(second | {"start_ns": 17 * S, "end_ns": 19 * S})
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    INTERVALS.write(session.intervals_path, INTERVALS.build(columns))
    assert len(planned(session)[0]) == 3
    marks = FOUND | {"onset": 440, "apex": 445, "offset": 450, "emotion": "anger"}
    decided(session, DISGUST_SCENE, marks, rank=2)
    plans, _ = plan_clips(session, LabelSettings(), ReviewSettings())
    names = [f"{session.id}-{name}" for name in ("s1", "s2", "s2-r2", "s3")]
    assert [plan.clip_id for plan in plans] == names
    assert plans[2].coded == "anger"
    _, left_out = plan_clips(session, LabelSettings(policy="agreement"), ReviewSettings())
    assert [e.reason for e in left_out if "rank 2" in e.reason] == [
        "interval of rank 2: no agreement: target disgust, coded anger"
    ]


# Which label


def test_coded_labels_come_from_the_agreed_code(session):
    reported(session, s2="fear")
    decided(session, DISGUST_SCENE, FOUND | {"emotion": "anger"})
    plans, reasons = planned(session, policy="coded")
    plan = plans[DISGUST_SCENE]
    assert (plan.label, plan.label3, plan.label_source) == ("anger", "negative", "coded")
    assert (plan.coded, plan.coders, plan.interval["reported"]) == ("anger", 2, "fear")
    assert set(reasons) == {NEUTRAL_SCENE, HAPPY_SCENE}


def test_the_final_code_settles_what_coders_differ_in(session):
    decided(session, DISGUST_SCENE, coders=("ana",))
    decided(session, DISGUST_SCENE, FOUND | {"emotion": "anger"}, coders=("ben",))
    _, reasons = planned(session, policy="coded")
    assert reasons[DISGUST_SCENE] == "coders differ in emotion, and no final code settles it"
    decided(session, DISGUST_SCENE, FOUND | {"emotion": "fear"}, coders=("cleo",), submit="final")
    plan = planned(session, policy="coded")[0][DISGUST_SCENE]
    assert (plan.label, plan.coders) == ("fear", 3)


@pytest.mark.parametrize(
    ("disagreement", "not_rejected", "label"),
    [("leave-out", False, None), ("uncoded", True, None), ("first", True, "disgust")],
)
def test_a_disagreement_is_dealt_with_as_the_study_says(session, disagreement, not_rejected, label):
    decided(session, DISGUST_SCENE, coders=("zoe",))
    decided(session, DISGUST_SCENE, FOUND | {"emotion": "anger"}, coders=("ben",))
    decided(session, DISGUST_SCENE, coders=("zoe",))  # a correction after the other had submitted
    kept, reasons = planned(session, intervals="not-rejected", disagreement=disagreement)
    assert (DISGUST_SCENE in kept) is not_rejected
    assert ("differ in emotion" in reasons.get(DISGUST_SCENE, "")) is not not_rejected
    coded, _ = planned(session, policy="coded", disagreement=disagreement)
    assert (coded[DISGUST_SCENE].label if DISGUST_SCENE in coded else None) == label
    # Where nobody asks coders, their differing leaves nothing out.
    assert DISGUST_SCENE in planned(session, disagreement=disagreement)[0]


def test_agreement_keeps_what_was_coded_as_reported(session):
    reported(session, s1="neutral", s2="disgust", s3="fear")
    decided(session, NEUTRAL_SCENE, {"verdict": "reject"})
    decided(session, DISGUST_SCENE)
    decided(session, HAPPY_SCENE, FOUND | {"emotion": "happiness"})
    plans, reasons = planned(session, policy="agreement")
    assert {s: (p.label, p.label_source) for s, p in plans.items()} == {
        NEUTRAL_SCENE: ("neutral", "agreement"),
        DISGUST_SCENE: ("disgust", "agreement"),
    }
    assert reasons == {HAPPY_SCENE: "no agreement: reported fear, coded happiness"}


def test_agreement_is_with_the_target_where_nothing_was_reported(session):
    decided(session, DISGUST_SCENE)
    decided(session, HAPPY_SCENE, FOUND | {"emotion": "anger"})
    plans, reasons = planned(session, policy="agreement")
    assert plans[DISGUST_SCENE].label == "disgust"
    assert reasons[HAPPY_SCENE] == "no agreement: target happiness, coded anger"
    _, reasons = planned(session, policy="agreement", fallback="none")
    assert reasons[DISGUST_SCENE] == "no self-report that a code could agree with"


def test_a_report_of_something_else_agrees_with_no_code(session):
    reported(session, s2="other")
    decided(session, DISGUST_SCENE)
    _, reasons = planned(session, policy="agreement")
    assert "reported other" in reasons[DISGUST_SCENE]


def test_an_accepted_code_without_an_emotion_gives_no_label(session):
    decided(session, DISGUST_SCENE, {"verdict": "accept", "apex": 365})
    for policy in ("coded", "agreement"):
        assert planned(session, policy=policy)[1][DISGUST_SCENE] == "coded without an emotion"


def test_one_decision_changes_only_that_subjects_clips(study):
    def all_plans():
        how = LabelSettings(intervals="not-rejected"), ReviewSettings(coders=1)
        return {s.header.participant: plan_clips(s, *how) for s in study.sessions()}

    before = all_plans()
    decided(study.session("P002"), DISGUST_SCENE, coders=("ana",))
    after = all_plans()
    assert after["P001"] == before["P001"]
    changed = [a != b for a, b in zip(after["P002"][0], before["P002"][0], strict=True)]
    assert changed == [False, True, False]
