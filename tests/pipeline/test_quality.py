"""Quality columns answer to what they are named after, and to nothing else."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numbered_study import Recorded, study_of
from warps import pictures

from mexlab.timebase import native_plan, resampling_plan
from pipeline.cli import pipeline
from pipeline.form.dataset import Dataset
from pipeline.frames.quality import over_clip, picture_quality, timing
from tests.conftest import run_command
from tests.videos import even_times

FACE = pictures()["face"]
S = 1_000_000_000
SCENES = [(0.5, 2.5), (2.5, 4.5)]  # s
FRAMES = 145  # 4.8 s at 30 fps
SECOND = range(76, 133)  # frames inside the second scene


# One picture


def test_blur_lowers_sharpness_and_nothing_else():
    blurred = cv2.GaussianBlur(FACE, (0, 0), 2)
    sharp, soft = picture_quality(FACE), picture_quality(blurred)
    assert soft.sharpness < 0.2 * sharp.sharpness
    assert soft.exposure == pytest.approx(sharp.exposure, abs=0.01)
    assert sharp.sharpness == pytest.approx(cv2.Laplacian(FACE, cv2.CV_64F).var(), rel=1e-6)


@pytest.mark.parametrize("gain", [0.2, 0.5, 0.8])
def test_exposure_is_the_mean_luma(gain):
    dark = np.round(FACE * gain).astype(np.uint8)
    assert picture_quality(dark).exposure == pytest.approx(dark.mean() / 255, abs=1e-6)


def test_clipped_counts_black_and_white():
    picture = np.full((100, 100), 128, np.uint8)
    picture[:10] = 0
    picture[90:, :50] = 255
    assert picture_quality(picture).clipped == pytest.approx(0.15)


def test_the_worst_picture_of_a_clip_tells_what_is_clipped():
    plain, white = picture_quality(FACE), picture_quality(np.full_like(FACE, 255))
    clip = over_clip([plain] * 9 + [white])
    assert clip["clipped"] == 1.0
    assert clip["sharpness"] == plain.sharpness
    assert clip["exposure"] == pytest.approx(0.9 * plain.exposure + 0.1)


# Timing


def timed(capture_ns, fps, start=S, end=4 * S):
    capture = np.asarray(capture_ns, dtype=np.int64)
    plan = resampling_plan(capture, start, end, fps) if fps else native_plan(capture, start, end)
    low, high = plan.source_frame[0], plan.source_frame[-1]
    return timing(plan, capture[low : high + 1], fps)


@given(st.floats(18.3, 240), st.floats(0, 1), st.sampled_from([None, 20.0]))
def test_an_even_recording_of_the_rate_or_more_is_right(rate_hz, phase, fps):
    capture = np.round((np.arange(5 * rate_hz + 2) + phase) * S / rate_hz).astype(np.int64)
    when = timed(capture, fps)
    assert when.rate == "ok"
    if rate_hz > 40 or fps is None:  # else two steps are a gap, and half a step no other frame
        assert not when.gap.any()
        assert not when.repeated.any()


@given(st.floats(5, 18), st.floats(0, 1))
def test_an_even_recording_below_the_rate_is_slow_and_repeats(rate_hz, phase):
    capture = np.round((np.arange(5 * rate_hz + 2) + phase) * S / rate_hz).astype(np.int64)
    when = timed(capture, 20.0)
    assert when.rate == "slow"
    assert when.repeated.sum() >= 60 - 3 * rate_hz - 2
    assert timed(capture, None).rate == "ok"  # it claims no more than it has


def test_lost_frames_and_irregular_ones_are_jittery():
    even = np.arange(150) * S // 30
    lost = np.delete(even, range(60, 75))  # half a second of three
    assert (
        timed(lost, 20.0).rate == timed(np.delete(even, range(40, 80, 2)), None).rate == "jittery"
    )
    assert timed(lost, 20.0).gap.sum() == 1
    one = np.delete(even, 60)
    assert timed(one, 20.0).rate == "ok"


def test_the_first_row_is_neither_a_repeat_nor_a_gap():
    when = timed(np.array([0, 3 * S, 6 * S]), 20.0)
    assert not when.repeated[0]
    assert not when.gap[0]
    assert when.rate == "slow"


# Whole clips


def blurred(_, image):
    return cv2.GaussianBlur(image, (0, 0), 2)


def dark(_, image):
    return image // 3


def blown_out(_, image):
    return np.where(image > 100, 255, image).astype(np.uint8)


def turning():
    """The head turns by 12 degrees and back within the second scene."""
    pose = np.zeros((FRAMES, 3))
    pose[:, 2] = 5.0
    pose[100:106, 2] = 17.0
    return pose


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """(participant, scene) -> row of the clips table."""
    times = even_times(FRAMES, 30.0)
    late = np.sort(np.array(times) + np.random.default_rng(3).integers(0, 160, FRAMES))
    recordings = [
        Recorded("P001", times, SCENES),
        Recorded("P002", times, SCENES, changes=blurred),
        Recorded("P003", times, SCENES, changes=dark),
        Recorded("P004", times, SCENES, changes=blown_out),
        Recorded("P005", times, SCENES, pose=turning(), score=0.4),
        Recorded("P006", times, SCENES, blinks=range(SECOND.start, SECOND.start + 12)),
        Recorded("P007", even_times(58, 12.0), SCENES),
        Recorded("P008", np.unique(late).tolist(), SCENES),
    ]
    numbered = [
        Recorded(**{**recorded.__dict__, "first": 1000 * number})
        for number, recorded in enumerate(recordings)
    ]
    root = tmp_path_factory.mktemp("quality")
    study = study_of(root / "study", numbered)
    run_command(pipeline, "build-dataset", study.root, root / "out", "--size", 56, "--workers", 1)
    rows = Dataset.open(root / "out").clips().to_pylist()
    found = {(row["subject"], row["scene"]): row for row in rows}
    assert len(found) == 16
    return found


def test_a_blurred_recording(clips):
    assert clips["P002", 1]["sharpness"] < 0.3 * clips["P001", 1]["sharpness"]
    assert clips["P002", 1]["exposure"] == pytest.approx(clips["P001", 1]["exposure"], abs=0.05)


def test_a_dark_recording(clips):
    assert clips["P003", 2]["exposure"] < 0.5 * clips["P001", 2]["exposure"]


def test_an_overexposed_recording(clips):
    assert clips["P004", 1]["clipped"] > clips["P001", 1]["clipped"] + 0.1


def test_a_turned_head(clips):
    assert clips["P005", 1]["head_turn_deg"] == pytest.approx(0, abs=1e-6)
    assert clips["P005", 2]["head_turn_deg"] == pytest.approx(12, abs=1e-4)


def test_a_face_that_is_hardly_found(clips):
    assert clips["P005", 1]["face_score"] == pytest.approx(0.4)
    assert clips["P001", 1]["face_score"] == pytest.approx(0.9)


def test_a_blink_and_no_motion_table(clips):
    assert clips["P006", 1]["blink"] == 0
    assert clips["P006", 2]["blink"] == pytest.approx(12 / 60, abs=0.06)
    assert clips["P001", 2]["blink"] is None


def test_a_slow_and_a_jittery_recording(clips):
    rates = {subject: {clips[subject, scene]["rate"] for scene in (1, 2)} for subject, _ in clips}
    assert rates.pop("P007") == {"slow"}
    assert rates.pop("P008") == {"jittery"}
    assert set(map(frozenset, rates.values())) == {frozenset({"ok"})}
    assert clips["P007", 1]["repeated"] > 10
    assert clips["P001", 1]["repeated"] == 0
