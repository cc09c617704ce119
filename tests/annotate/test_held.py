import numpy as np
import pytest

from annotate.detect import Movement
from annotate.held import held_expression, is_same
from annotate.interval_settings import IntervalSettings
from annotate.signals import signals_of
from mexlab.timebase import NS_PER_S
from tests.annotate.synthetic import au_table

REST = [(0, 8 * NS_PER_S)]
SMILE = {"AU06": 0.4, "AU12": 0.6}


def smiling(start_s, seconds, **given):
    """Eight seconds of rest, then a scene of twelve with a smile held from `start_s` on."""
    steps = [(start_s + 0.25 * k, 0.5, SMILE) for k in range(round(4 * seconds))]
    return signals_of(au_table(20, steps, **given), None, REST, IntervalSettings())


def found(signals, least=0.5):
    inside = signals.t_ns >= 8 * NS_PER_S
    return held_expression(signals, inside, IntervalSettings(held_intensity=least, threshold_z=4.0))


def test_a_smile_of_eight_seconds_is_one_movement_from_rise_to_fall():
    signals = smiling(10, 8)
    held = found(signals)
    assert held.onset * signals.step_s == pytest.approx(10.0, abs=0.5)
    assert held.offset * signals.step_s == pytest.approx(18.2, abs=0.5)
    assert held.onset < held.apex < held.offset


def test_a_smile_that_lasts_to_the_end_ends_there():
    signals = smiling(12, 20)
    assert found(signals).offset == pytest.approx(len(signals.t_ns) - 1, abs=8)


def test_a_smile_does_not_reach_through_the_time_in_which_no_face_is_seen():
    signals = smiling(10, 9, hidden=((13.0, 17.0),))
    held = found(signals)
    seen = signals.valid[round(held.onset) : round(held.offset) + 1]
    assert seen.all()
    assert held.onset < held.apex < held.offset


def test_a_face_at_rest_a_short_smile_and_a_faint_one_are_not_held():
    assert found(signals_of(au_table(20), None, REST, IntervalSettings())) is None
    assert (
        found(signals_of(au_table(20, [(12, 0.3, SMILE)]), None, REST, IntervalSettings())) is None
    )
    assert found(smiling(10, 8), least=2.0) is None


def test_movements_are_the_same_if_they_overlap_by_most():
    def movement(onset, offset):
        return Movement(onset, (onset + offset) / 2, offset, 5.0, np.zeros(1))

    assert is_same(movement(10, 40), movement(12, 44))
    assert not is_same(movement(10, 40), movement(12, 20))
    assert not is_same(movement(10, 20), movement(30, 40))


def test_the_smile_of_the_real_video_is_its_scenes_interval(located_study):
    rows = located_study.session("R001").intervals().to_pylist()
    smile = next(row for row in rows if row["scene"] == 3 and row["rank"] == 1)
    assert (smile["kind"], smile["expressed"]) == ("macro", "happiness")
    assert smile["onset_ns"] < 12 * NS_PER_S < 16 * NS_PER_S < smile["apex_ns"]
