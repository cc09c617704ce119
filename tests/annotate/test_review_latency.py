"""The benchmark of the review page runs, on little; its figures are for a quiet machine."""

import numpy as np

from benchmarks.review_latency import MOST_MS, latencies_ms, long_study, opened


def test_a_key_press_is_on_the_screen_soon_after(tmp_path):
    study = long_study(tmp_path / "study", 0.2, (320, 180))
    with opened(study) as page:
        took = latencies_ms(page, 24)
    assert len(took) == 24
    assert min(took) > 0
    assert np.median(took) < 3 * MOST_MS
