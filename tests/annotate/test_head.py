import numpy as np

from annotate.head import without_head
from tests.annotate.test_detect import HZ, raised_cosine


def test_what_goes_with_the_head_is_taken_away_and_the_own_movement_kept():
    rng = np.random.default_rng(0)
    n = 1200
    t = np.arange(n) / HZ
    head = np.column_stack([5 * np.sin(1.9 * t), 4 * np.sin(1.3 * t + 1)])
    own = raised_cosine(n, 20, 0.5, 1.0)
    courses = np.column_stack([0.3 * head[:, 0] + own, 0.2 * head[:, 1] - 0.1 * head[:, 0]])
    courses += rng.normal(0, 0.02, courses.shape)
    left = without_head(courses, head, np.ones(n, dtype=bool), 1 / HZ)
    quiet = (t < 19) | (t > 22)
    assert courses[quiet].std(axis=0).min() > 0.6
    assert left[quiet].std(axis=0).max() < 0.06
    assert left[:, 0].max() > 0.8
