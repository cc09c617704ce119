import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mexlab.errors import InputError, TimeError
from mexlab.timebase import (
    NS_PER_S,
    align,
    dropped_before,
    median_rate_hz,
    native_plan,
    nearest,
    overlap_ns,
    parse_moment,
    place_inside,
    resampling_plan,
)

rising = st.lists(st.integers(1, 10**9), min_size=1, max_size=60).map(np.cumsum)


@given(rising, st.lists(st.integers(-(10**9), 10**11), min_size=1, max_size=20))
def test_nearest_is_the_nearest_and_the_earlier_of_two(times, targets):
    for target, index in zip(targets, nearest(times, targets), strict=True):
        distance = np.abs(times - target)
        assert index == np.flatnonzero(distance == distance.min())[0]


def test_a_tie_goes_to_the_earlier_frame():
    assert nearest([0, 10, 20], [5, 15, 16]).tolist() == [0, 1, 2]


@pytest.mark.parametrize("times", [[], [0, 0], [0, 10, 5]])
def test_times_that_do_not_rise_are_refused(times):
    with pytest.raises(TimeError):
        nearest(times, [1])


def test_align_refuses_what_is_beyond_the_tolerance():
    assert align([0, 100], [4, 97], 4).tolist() == [0, 1]
    with pytest.raises(TimeError, match="row 1"):
        align([0, 100], [4, 50], 4)


@given(
    rising,
    st.integers(0, 10**9),
    st.integers(1, 5 * NS_PER_S),
    st.sampled_from([20.0, 23.976, 60.0]),
)
def test_the_plan_takes_the_nearest_recorded_frame_at_every_tick(times, start, length, rate):
    plan = resampling_plan(times, start, start + length, rate)
    ticks = [round(start + k * NS_PER_S / rate) for k in range(len(plan.t_ns) + 1)]
    assert ticks[len(plan.t_ns) - 1] < start + length <= ticks[-1] + 1
    for tick, source, error in zip(ticks, plan.source_frame, plan.error_ns, strict=False):
        assert abs(int(error)) == np.abs(times - tick).min()
        assert times[source] - tick == error


def test_thirty_frames_a_second_become_twenty():
    capture = np.round(np.arange(90) * NS_PER_S / 30).astype(np.int64)
    plan = resampling_plan(capture, 0, 2 * NS_PER_S, 20.0)
    assert len(plan.source_frame) == 40
    assert plan.source_frame[:5].tolist() == [0, 1, 3, 4, 6]
    assert plan.repeated == 0


def test_a_slow_camera_repeats_frames_and_the_plan_says_so():
    capture = (np.arange(20) * NS_PER_S / 10).astype(np.int64)
    assert resampling_plan(capture, 0, NS_PER_S, 20.0).repeated == 10


def test_the_native_plan_keeps_the_half_open_interval():
    plan = native_plan([0, 10, 20, 30], 10, 30)
    assert plan.source_frame.tolist() == [1, 2]
    assert plan.error_ns.tolist() == [0, 0]


def test_dropped_frames_are_counted_from_the_gaps():
    assert dropped_before([0, 33, 66, 165, 198]).tolist() == [0, 0, 0, 2, 0]
    assert dropped_before([0]).tolist() == [0]


def test_the_median_rate_ignores_a_gap():
    assert median_rate_hz([0, 50_000_000, 100_000_000, 900_000_000]) == 20.0
    assert median_rate_hz([5]) == 0.0


@given(st.integers(-1000, 1000), st.integers(1, 500), st.integers(-300, 300), st.integers(1, 800))
def test_a_placed_interval_lies_inside_and_keeps_its_length_where_it_can(start, length, low, size):
    placed_start, placed_end = place_inside(start, length, low, low + size)
    assert low <= placed_start < placed_end <= low + size
    assert placed_end - placed_start == min(length, size)
    if low <= start and start + length <= low + size:
        assert placed_start == start


def test_touching_intervals_do_not_overlap():
    assert overlap_ns(0, 10, 10, 20) == 0
    assert overlap_ns(0, 10, 4, 6) == 2


@pytest.mark.parametrize(("text", "seconds"), [("00:05", 5), ("1:05.5", 65.5), ("12:00", 720)])
def test_moments_are_minutes_and_seconds(text, seconds):
    assert parse_moment(text, "here") == seconds * NS_PER_S


@pytest.mark.parametrize("text", ["5", "00:60", "-1:00", "1:5", "1:05,5", "soon", "00:05:00"])
def test_other_moments_are_refused(text):
    with pytest.raises(InputError, match="mm:ss"):
        parse_moment(text, "here")
