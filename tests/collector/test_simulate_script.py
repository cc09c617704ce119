"""What happens in a simulated session, and when: pure, from a seed."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.simulator.script import (
    DURATIONS_S,
    FPS,
    Event,
    ScriptSettings,
    capture_times,
    scene_order,
    write_script,
)
from mexlab.emotions import EMOTIONS
from mexlab.errors import InputError
from mexlab.timebase import NS_PER_S, seconds_to_ns

SETTINGS = st.builds(
    ScriptSettings,
    kind=st.sampled_from(["micro", "macro"]),
    scene_s=st.floats(6, 12),
    blinks=st.integers(0, 2),
    head_turns=st.integers(0, 2),
)


def script_of(settings, seed=1):
    return write_script(settings, scene_order(0, seed), 0.12, np.random.default_rng(seed))


@given(SETTINGS, st.integers(0, 10_000))
def test_events_lie_in_their_scene_apart_from_each_other_and_as_long_as_they_may(settings, seed):
    script = script_of(settings, seed)
    for scene in script.scenes:
        events = [event for event in script.events if event.scene == scene.scene]
        for event in events:
            assert scene.start_ns <= event.onset_ns < event.apex_ns < event.offset_ns
            assert event.offset_ns <= scene.end_ns
            low, high = DURATIONS_S[event.kind]
            assert low <= (event.offset_ns - event.onset_ns) / NS_PER_S <= high + 1e-6
        for earlier, later in pairwise(events):
            assert later.onset_ns - earlier.offset_ns >= seconds_to_ns(0.15)
        kinds = sorted(event.kind for event in events if event.kind != "head-turn")
        expected = [] if scene.emotion == "neutral" else [settings.kind]
        assert kinds == sorted([*expected, *["blink"] * settings.blinks])
    turns = [event for event in script.events if event.kind == "head-turn"]
    assert len(turns) == settings.head_turns


@given(st.integers(0, 10_000))
def test_the_shortest_scenes_still_hold_the_longest_expressions_and_two_blinks(seed):
    script = script_of(ScriptSettings("macro", 0.1, scene_s=3.0, blinks=2), seed)
    assert len(script.events) == 6 + 14


def test_scenes_follow_each_other_and_hold_every_emotion_once():
    script = script_of(ScriptSettings(scene_s=3.7))
    assert [scene.scene for scene in script.scenes] == [1, 2, 3, 4, 5, 6, 7]
    assert sorted(scene.emotion for scene in script.scenes) == sorted(EMOTIONS)
    assert all(a.end_ns == b.start_ns for a, b in pairwise(script.scenes))
    assert script.scenes[0].start_ns == 0


def test_over_seven_participants_each_emotion_stands_once_in_each_place():
    orders = [scene_order(index, seed=5) for index in range(7)]
    for place in zip(*orders, strict=True):
        assert sorted(place) == sorted(EMOTIONS)
    assert scene_order(0, 5) != scene_order(0, 6)


@given(st.integers(0, 10_000))
def test_capture_times_rise_from_zero_and_jitter_around_the_even_ones(seed):
    times = capture_times(30 * NS_PER_S, np.random.default_rng(seed))
    assert len(times) == 900
    assert times[0] == 0
    assert np.all(np.diff(times) > 0)
    off = times / NS_PER_S - np.arange(900) / FPS
    assert 0.0003 < off.std() < 0.003
    assert np.abs(off).max() < 0.005


def test_an_event_rises_to_its_apex_and_falls_to_nothing():
    event = Event(1, "fear", "micro", 1_000, 2_000, 4_000, 0.06)
    assert event.level(1_000) == event.level(4_000) == event.level(0) == 0
    assert event.level(2_000) == 1
    assert event.level(1_500) == pytest.approx(0.5)
    assert event.level(3_000) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("wrong", "option"),
    [
        ({"amplitude_iod": 0.0}, "--amplitude"),
        ({"amplitude_iod": 0.21}, "--amplitude"),
        ({"amplitude_iod": float("nan")}, "--amplitude"),
        ({"scene_s": 2.9}, "--scene-s"),
        ({"blinks": -1}, "--blinks"),
        ({"blinks": 6}, "--blinks"),
        ({"head_turns": 8}, "--head-turns"),
        ({"head_turns": 1, "scene_s": 5.0}, "--head-turns"),
        ({"kind": "subtle"}, "--kind"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_option(wrong, option):
    with pytest.raises(InputError, match=option):
        ScriptSettings(**wrong).check()
