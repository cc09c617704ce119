import numpy as np
import pytest

from annotate.peaks import trace
from tests.annotate.test_detect import HZ, raised_cosine


@pytest.mark.parametrize("duration_s", [0.3, 0.5, 1.0, 2.0])
def test_onset_and_offset_follow_from_half_height(duration_s):
    clean = raised_cosine(600, 10.0, duration_s, 1.0)
    onset, apex, offset = trace(clean, round((10 + duration_s / 2) * HZ), duration_s, 1 / HZ)
    assert apex / HZ == pytest.approx(10 + duration_s / 2, abs=0.02)
    # The three-point smoothing widens the shortest movements by about a frame.
    assert onset / HZ == pytest.approx(10.0, abs=0.05)
    assert offset / HZ == pytest.approx(10 + duration_s, abs=0.05)


def test_the_apex_of_a_held_expression_is_near_the_middle_of_its_top():
    hump = raised_cosine(600, 10.0, 1.5, 1.0)
    held = np.minimum(hump, 0.7) + np.random.default_rng(1).normal(0, 0.02, 600)
    apexes = [trace(held, at, 1.5, 1 / HZ)[1] / HZ for at in (318, 322, 327)]
    assert apexes == pytest.approx([10.75] * 3, abs=0.15)
