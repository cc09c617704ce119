"""Scoring on tables made by hand, where every number can be counted."""

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from mexlab.commandline import Group
from mexlab.consent import SCOPES, decide
from mexlab.errors import StudyError
from mexlab.participants import Participant
from mexlab.score import by_movement, score_event, score_session, score_study, summary
from mexlab.score_cli import score
from mexlab.session import SessionHeader
from mexlab.study import Study
from mexlab.tables import INTERVALS, SCENES, TRUTH
from mexlab.timebase import NS_PER_MS, NS_PER_S

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def event(scene=1, emotion="fear", kind="micro", apex_ms=5_000):
    return {
        "scene": scene,
        "emotion": emotion,
        "kind": kind,
        "onset_ns": (apex_ms - 150) * NS_PER_MS,
        "apex_ns": apex_ms * NS_PER_MS,
        "offset_ns": (apex_ms + 200) * NS_PER_MS,
        "amplitude_iod": 0.06,
        "base_face": "someone",
    }


def interval(scene=1, rank=1, expressed="fear", kind="micro", apex_ms=5_000, span=(4.0, 6.0)):
    """An interval; with `apex_ms` None one that names no event."""
    moments = [None] * 3
    if apex_ms is not None:
        moments = [(apex_ms + off) * NS_PER_MS for off in (-120, 0, 250)]
    onset, apex, offset = moments
    return {
        "interval_id": f"{scene}-{rank}",
        "scene": scene,
        "target": "fear",
        "reported": None,
        "expressed": expressed,
        "start_ns": int(span[0] * NS_PER_S),
        "end_ns": int(span[1] * NS_PER_S),
        "onset_ns": onset,
        "apex_ns": apex,
        "offset_ns": offset,
        "intensity": 1.0,
        "prominence": 1.0,
        "rank": rank,
        "evidence": "none" if apex_ms is None else "peak",
        "kind": kind,
        "duration_ms": None,
        "from_report_ms": None,
    }


def nothing(scene, span=(4.0, 6.0)):
    return interval(scene, expressed="neutral", kind="none", apex_ms=None, span=span)


def columns(rows, schema):
    return {name: [row[name] for row in rows] for name in schema.names}


@pytest.fixture
def study(tmp_path):
    return Study.create(tmp_path / "study")


def add_session(study, truth, intervals, scenes=2):
    name = study.next_participant_id()
    study.save_participant(Participant(name, simulated=True).deciding(decide(SCOPES, "simulated")))
    with study.new_session(name, NOON) as session:
        header = SessionHeader(session.id, name, NOON.isoformat(), "a.mp4", "00", "simulated")
        session.write_header(header)
        shown = {
            "scene": range(1, scenes + 1),
            "emotion": ["fear"] * scenes,
            "start_ns": [k * 10 * NS_PER_S for k in range(scenes)],
            "end_ns": [(k + 1) * 10 * NS_PER_S for k in range(scenes)],
        }
        SCENES.write(session.scenes_path, SCENES.build(shown))
        if truth is not None:
            TRUTH.write(session.truth_path, TRUTH.build(columns(truth, TRUTH.schema)))
        if intervals is not None:
            table = INTERVALS.build(columns(intervals, INTERVALS.schema))
            INTERVALS.write(session.intervals_path, table)
        made = session.id
    return study.session(made)


def test_a_found_event_is_scored_by_its_distance():
    found = score_event(event(), interval(apex_ms=5_030))
    assert found.interval_hit
    assert found.apex_hit
    assert found.emotion_right
    assert found.kind_right
    assert (found.onset_error_ms, found.apex_error_ms, found.offset_error_ms) == (60, 30, 80)


@pytest.mark.parametrize(("off_ms", "hit"), [(0, True), (200, True), (-200, True), (201, False)])
def test_an_apex_hit_ends_at_the_tolerance(off_ms, hit):
    assert score_event(event(), interval(apex_ms=5_000 + off_ms)).apex_hit is hit


def test_an_interval_hit_is_half_open():
    assert score_event(event(), interval(span=(5.0, 7.0))).interval_hit
    assert not score_event(event(), interval(span=(3.0, 5.0))).interval_hit


def test_the_wrong_emotion_and_kind_are_wrong():
    found = score_event(event(), interval(expressed="surprise", kind="macro"))
    assert not found.emotion_right
    assert not found.kind_right


def test_an_event_without_apex_or_without_interval_is_a_miss():
    placed = score_event(event(), nothing(1))
    assert placed.interval_hit
    assert not placed.apex_hit
    assert placed.apex_error_ms is None
    missing = score_event(event(), None)
    assert not missing.interval_hit
    assert not missing.apex_hit


def test_blinks_and_turns_are_no_events_and_peaks_in_neutral_scenes_are_false(study):
    truth = [event(1), event(2, "neutral", "blink"), event(2, "neutral", "head-turn")]
    intervals = [interval(1), interval(2, apex_ms=15_000, span=(14.0, 16.0))]
    found = score_session(add_session(study, truth, intervals))
    assert len(found.events) == 1
    assert (found.neutral_scenes, found.false_peaks) == (1, 1)
    assert found.evidence == {"peak": 2}


def test_a_calm_neutral_scene_is_no_false_peak(study):
    session = add_session(study, [event(1)], [interval(1), nothing(2, (14.0, 16.0))])
    assert score_session(session).false_peaks == 0


def test_further_ranks_count_only_when_nothing_true_is_near(study):
    intervals = [
        interval(1),
        interval(1, rank=2, apex_ms=8_000),  # nothing there
        interval(1, rank=3, apex_ms=5_100),  # the same event again
        nothing(2, (14.0, 16.0)),
    ]
    assert score_session(add_session(study, [event(1)], intervals)).other_false == 1


def test_all_sessions_are_summed_over_events(study):
    add_session(study, [event(1)], [interval(1, apex_ms=5_010), nothing(2, (14.0, 16.0))])
    add_session(study, [event(1)], [interval(1, apex_ms=5_310, expressed="anger")])
    total = summary(score_study(study))
    assert (total.events, total.interval_hits, total.apex_hits) == (2, 2, 1)
    assert total.apex_error_ms_median == pytest.approx(160)
    assert total.apex_error_ms_p90 == pytest.approx(280)
    assert total.emotion_right == 0.5
    assert total.kind_right == 1.0
    assert total.evidence == {"none": 1, "peak": 2}


def test_real_sessions_are_left_alone(study):
    add_session(study, None, None)
    with pytest.raises(StudyError, match="mexlab simulate"):
        score_study(study)
    add_session(study, [event(1)], [interval(1)])
    assert len(score_study(study)) == 1


def test_a_session_that_is_not_located_is_named_with_its_remedy(study):
    add_session(study, [event(1)], None)
    with pytest.raises(StudyError, match="annotate locate"):
        score_study(study)


def run_score(*arguments):
    # The group is what turns an error into one line, as under the umbrella command.
    group = Group(commands={"score": score})
    return CliRunner().invoke(group, ["score", *arguments])


def test_the_command_prints_json_for_programs_and_a_table_for_people(study):
    session = add_session(study, [event(1)], [interval(1, apex_ms=5_012)])
    printed = json.loads(run_score(str(study.root), "--json").stdout)
    assert printed["tolerance_ms"] == 200
    assert printed["total"]["apex_error_ms_median"] == pytest.approx(12)
    assert printed["sessions"][session.id]["apex_hits"] == 1
    table = run_score(str(study.root)).stdout
    assert session.id in table
    assert "12 (12)" in table
    assert "1/1" in table


def test_the_command_ends_in_one_line_where_nothing_can_be_scored(study):
    result = run_score(str(study.root))
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: no session with a known truth")


def test_movements_are_told_by_kind_and_size(study):
    small = event(scene=1, apex_ms=5_000) | {"amplitude_iod": 0.015}
    large = event(scene=2, apex_ms=15_000)
    rows = [interval(1, apex_ms=5_020), interval(2, apex_ms=16_000), interval(3, apex_ms=25_000)]
    add_session(study, [small, large], rows, scenes=4)
    found = by_movement(score_study(study))
    assert list(found) == [("micro", 0.015), ("micro", 0.06)]
    assert found["micro", 0.015].apex_hit_fraction == 1
    assert found["micro", 0.06].apex_hit_fraction == 0
    assert found["micro", 0.06].false_per_empty_scene == 0.5  # scenes 3 and 4 had no event
