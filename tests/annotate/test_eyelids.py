import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.eyelids import aperture_iod, blinks, is_blink, noise_sd
from annotate.interval_settings import IntervalSettings
from annotate.motion import REGION_COLUMNS
from tests.annotate.synthetic import still_face


@given(st.integers(0, 10**6), st.floats(0.01, 100))
@settings(max_examples=20, deadline=None)
def test_fast_noise_is_measured_under_drift(seed, scale):
    noise = np.random.default_rng(seed).normal(0, scale, 2000)
    assert noise_sd(noise + np.linspace(0, 50 * scale, 2000)) == pytest.approx(scale, rel=0.15)


def test_the_aperture_is_over_the_inter_ocular_distance():
    face = still_face()
    assert aperture_iod(np.stack([face, 3 * face])) == pytest.approx([0.16, 0.16])


def test_a_blink_is_marked_and_narrower_eyes_are_not():
    aperture = np.full(300, 0.16) + np.random.default_rng(0).normal(0, 0.002, 300)
    aperture[100:104] = 0.03
    aperture[200:204] = 0.13
    marked = np.flatnonzero(blinks(aperture, 1 / 30, IntervalSettings()))
    assert marked[0] == 97
    assert marked[-1] == 106


def way(**moved):
    return dict.fromkeys(REGION_COLUMNS, 0.1) | moved


def test_lids_that_go_down_alone_are_a_blink():
    assert is_blink(way(eye_left_v=9.0, eye_right_v=8.0, brow_left_v=3.0), 0.6)
    assert not is_blink(way(eye_left_v=-9.0, eye_right_v=-8.0), 0.6)  # eyes that widen
    assert not is_blink(way(eye_left_v=9.0, eye_right_v=-8.0), 0.6)
    assert not is_blink(way(eye_left_v=3.0, eye_right_v=3.0, mouth_left_v=6.0), 0.6)
