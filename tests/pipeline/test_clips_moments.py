"""From when to when a clip goes that coders have marked."""

import numpy as np
import pytest
from coded_session import DISGUST_SCENE, FOUND, decided, planned
from hypothesis import given
from hypothesis import strategies as st

from mexlab.errors import StudyError
from mexlab.kinds import kind_of
from mexlab.tables import INTERVALS
from pipeline.coded import Limits, holding
from tests.annotate.coded import code
from tests.annotate.coding_study import STEP_NS, study_to_code

S = 1_000_000_000
LIMITS = Limits()


@pytest.fixture
def session(tmp_path):
    return study_to_code(tmp_path / "study").session("P001")


def test_coders_moments_replace_the_located_ones(session):
    decided(session, DISGUST_SCENE)
    plan = planned(session)[0][DISGUST_SCENE]
    moments = [plan.interval[f"{name}_ns"] for name in ("onset", "apex", "offset")]
    assert moments == [frame * STEP_NS for frame in (360, 365, 370)]
    assert (plan.interval["kind"], plan.interval["duration_ms"]) == ("micro", 400.0)
    assert plan.apex_pair == (360, 365)
    assert plan.interval["expressed"] == "disgust"  # what the analyzer saw stays


def test_the_clip_moves_to_where_coders_saw_it(session):
    decided(session, DISGUST_SCENE, FOUND | {"onset": 450, "apex": 455, "offset": 463})
    interval = planned(session)[0][DISGUST_SCENE].interval
    end_ns = 463 * STEP_NS + S // 2
    assert (interval["start_ns"], interval["end_ns"]) == (end_ns - 2 * S, end_ns)
    assert interval["kind"] == "macro"


def test_a_moment_not_coded_stays_as_located_where_the_order_allows(session):
    decided(session, DISGUST_SCENE, {"verdict": "accept", "apex": 368, "emotion": "disgust"})
    plan = planned(session)[0][DISGUST_SCENE]
    kept = [plan.interval[f"{name}_ns"] for name in ("onset", "apex", "offset")]
    assert kept == [14.5 * S, 368 * STEP_NS, 15 * S]
    assert plan.apex_pair is None
    for coder in ("ana", "ben"):
        code(session, coder, f"{session.id}-s2-r1", {"apex": 400})
    plan = planned(session)[0][DISGUST_SCENE]
    kept = [plan.interval[f"{name}_ns"] for name in ("onset", "apex", "offset")]
    assert kept == [None, 400 * STEP_NS, None]
    assert (plan.interval["kind"], plan.interval["duration_ms"]) == ("uncertain", None)


@pytest.mark.parametrize(
    ("marks", "said"),
    [({"apex": 750, "offset": 760}, "frame 760 of 750"), ({"apex": 350}, "out of order")],
)
def test_moments_that_cannot_be_are_no_clip(session, marks, said):
    decided(session, DISGUST_SCENE, FOUND | marks)
    with pytest.raises(StudyError, match=said):
        planned(session)


@given(
    start=st.integers(0, 26 * S),
    length=st.integers(2 * S, 4 * S),
    onset=st.integers(0, 30 * S - 1),
    span=st.integers(0, 6 * S),
    apex_share=st.floats(0, 1),
)
def test_a_clip_holds_its_moments_and_keeps_the_limits(start, length, onset, span, apex_share):
    offset = min(onset + span, 30 * S - 1)
    apex = onset + round((offset - onset) * apex_share)
    moments = [onset, apex, offset]
    low, high = holding((start, start + length), moments, apex, (0, 30 * S), LIMITS)
    assert 0 <= low < high <= 30 * S
    assert length <= high - low <= 4 * S
    assert low <= apex < high
    if offset - onset < 4 * S:
        assert low <= onset <= offset < high
    if offset - onset < 3 * S:  # room for the padding on both sides
        assert low <= max(0, onset - S // 2)
        assert min(30 * S, offset + S // 2) <= high
    padded = start <= onset - S // 2 and offset + S // 2 <= start + length
    assert ((low, high) == (start, start + length)) or not padded


def test_a_code_beyond_a_short_scene_is_held_all_the_same():
    scene = (10 * S, 11 * S)
    assert holding(scene, [10 * S, 11 * S + S // 2], 10 * S, scene, LIMITS) == (
        10 * S,
        11 * S + S // 2 + 1,
    )


def test_limits_are_those_the_intervals_were_located_with(session):
    table = session.intervals()
    INTERVALS.write(session.intervals_path, table, {"settings": '{"max_s": 6, "threshold_z": 3.3}'})
    assert Limits.of(session) == Limits(max_s=6.0)
    INTERVALS.write(session.intervals_path, table)
    assert Limits.of(session) == LIMITS
    frame_ms = 1000 / np.float64(30)
    kinds = [kind_of(ms, frame_ms, LIMITS.micro_max_ms) for ms in (480.0, 490.0, 510.0, 520.0)]
    assert kinds == ["micro", "uncertain", "uncertain", "macro"]
