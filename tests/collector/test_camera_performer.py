"""The live simulated participant: frames as time passes, events in the film's scenes, the truth."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from collector.cameras.base import Performer, camera_from_spec
from mexlab.clock import host_ns
from mexlab.errors import VideoError
from mexlab.timebase import NS_PER_S
from mexlab.vision.landmarker import FaceLandmarker
from stimuli.compilation import FilmScene

ORDER = ("fear", "neutral", "happiness")


def scenes(length_s, gap_s=0.5, order=ORDER):
    """Scenes with a washout before each."""
    made = []
    for number, emotion in enumerate(order):
        start = round((number * (length_s + gap_s) + gap_s) * NS_PER_S)
        made.append(FilmScene(number + 1, emotion, start, start + round(length_s * NS_PER_S)))
    return tuple(made)


@pytest.fixture(scope="module")
def performer():
    with camera_from_spec("simulated:4") as camera:
        yield camera


def test_it_is_a_performer_and_a_plain_camera_is_none(performer, tmp_path):
    assert isinstance(performer, Performer)
    assert isinstance(camera_from_spec("faulty:dim@1:simulated"), Performer)
    assert not isinstance(camera_from_spec("0"), Performer)
    assert not isinstance(camera_from_spec("faulty:dim@1:0"), Performer)


def test_frames_come_when_due_on_the_host_clock_and_skip_what_was_missed(performer):
    stamps = []
    for _ in range(6):
        frame = performer.read()
        stamps.append(frame.capture_ns)
        assert frame.capture_ns <= host_ns()
        assert frame.picture.format.name == "yuv420p"
    steps = np.diff(stamps) / NS_PER_S * performer.fps
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-3)
    assert np.all(steps >= 0.999)
    asleep_until = host_ns() + NS_PER_S // 4
    while host_ns() < asleep_until:
        pass
    assert performer.read().capture_ns >= asleep_until - NS_PER_S / 30


def test_each_emotional_scene_has_one_expression_and_no_event_lies_in_a_washout(performer):
    film, zero = scenes(6.0), host_ns()
    performer.film_starts(zero + 1000, film)
    truth = performer.truth(zero).to_pylist()
    by_scene = {scene.scene: scene for scene in film}
    for event in truth:
        scene = by_scene[event["scene"]]
        assert scene.start_ns + 1000 <= event["onset_ns"] < event["offset_ns"]
        assert event["offset_ns"] <= scene.end_ns + 1000
        assert event["base_face"] == performer.base_face
    shown = [(e["scene"], e["emotion"]) for e in truth if e["kind"] == "micro"]
    assert shown == [(1, "fear"), (3, "happiness")]
    assert sum(event["kind"] == "blink" for event in truth) == 6


def test_the_truth_leaves_out_what_was_not_over_when_the_recording_ended(performer):
    zero = host_ns()
    performer.film_starts(zero, scenes(6.0))
    every = performer.truth(zero).to_pylist()
    limit = every[2]["offset_ns"]
    kept = performer.truth(zero, until_ns=limit).to_pylist()
    assert kept == [event for event in every if event["offset_ns"] <= limit]
    assert 0 < len(kept) < len(every)


def test_short_scenes_hold_an_expression_without_blinks(performer):
    zero = host_ns()
    performer.film_starts(zero, scenes(1.5))
    assert [e["kind"] for e in performer.truth(zero).to_pylist()] == ["micro", "micro"]


def test_the_face_moves_at_the_apex_that_the_truth_tells(performer):
    zero = host_ns()
    performer.film_starts(zero, scenes(1.2, gap_s=0.2, order=("happiness",)))
    (event,) = performer.truth(zero).to_pylist()
    from mexlab.model_files import find_landmarker

    pictures = {}
    while (frame := performer.read()).capture_ns - zero < event["offset_ns"] + 40_000_000:
        pictures[frame.capture_ns - zero] = frame.picture.to_ndarray(format="rgb24")
    with FaceLandmarker(find_landmarker()) as landmarker:
        apex, rest = (
            landmarker.detect(pictures[min(pictures, key=lambda t: abs(t - event[name]))]).mesh
            for name in ("apex_ns", "onset_ns")
        )
    mouth = [61, 291]
    assert np.linalg.norm(apex[mouth] - rest[mouth], axis=1).max() > 2.5


def test_answers_cover_the_scenes_seen_and_come_after_them(performer):
    started = datetime.now(UTC) - timedelta(seconds=1)
    performer.film_starts(host_ns() - 3 * NS_PER_S, scenes(1.5, order=("neutral", "anger", "fear")))
    performer.read()
    answers = performer.answers(started)
    assert {answer.scene for answer in answers} == {1, 2}
    emotions = [answer.value for answer in answers if answer.question == "emotion"]
    assert emotions == ["neutral", "anger"]
    moment = next(answer for answer in answers if answer.question == "moment_ns")
    assert 0 <= moment.value < 1.5 * NS_PER_S
    assert all(answer.answered_at > started.isoformat() for answer in answers)


def test_closed_it_gives_nothing_and_cannot_be_told_of_a_film():
    camera = camera_from_spec("simulated")
    assert camera.read() is None
    with pytest.raises(VideoError, match="closed"):
        camera.film_starts(0, scenes(2.0))
