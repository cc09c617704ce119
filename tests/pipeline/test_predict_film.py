"""The annotated video: words stay inside the picture, intervals that overlap stand apart."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from located_video import Case, located_case
from random_run import write_run

from mexlab.vision.video import Video
from pipeline.predict.canvas import write
from pipeline.predict.course import Course
from pipeline.predict.film import CURVES, LANE_H, LANES, PICTURE_W, Film, lanes
from pipeline.predict.judge import Judge
from pipeline.predict.moments import moments_of

OVERLAPPING_MS = [(0, 300, 500, 700, 2000), (400, 1500, 1700, 1900, 2800)]


@pytest.mark.parametrize("at", [(-90, 5), (-10, -5), (200, 5), (5, -40), (5, 200), (90, 85)])
def test_words_are_cut_at_the_border(at: tuple[int, int]) -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    write(image, *at, "apex apex", 14, (255, 255, 255))
    assert image.any() == (at in {(-10, -5), (90, 85)})


def test_overlapping_intervals_have_lanes_of_their_own() -> None:
    def event(start: int, end: int) -> SimpleNamespace:
        return SimpleNamespace(row={"start_ns": start, "end_ns": end})

    starts = [(0, 20), (5, 25), (10, 30), (20, 40), (22, 42), (26, 46), (60, 80)]
    assert lanes([event(*own) for own in starts]) == [0, 1, 2, 0, 2, 1, 0]


@pytest.fixture(scope="module")
def overlapping(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return located_case(tmp_path_factory.mktemp("case"), 90, OVERLAPPING_MS)


def test_the_titles_of_two_overlapping_intervals_are_not_over_one_another(
    overlapping: Case, tmp_path: Path
) -> None:
    judge = Judge.of(write_run(tmp_path / "run", classes=3))
    moments = moments_of(overlapping.looked, overlapping.located, judge.settings)
    course = Course(overlapping.looked, moments, judge)
    with Film(tmp_path / "film.mp4", course) as film:
        for tick, picture in course.pictures(film.shrink):
            film.show(tick, picture)
        row_h = film.row_h
    images = [frame.rgb() for frame in Video(tmp_path / "film.mp4").frames()]
    assert len(images) == 60
    shown = images[30][row_h:]  # 1.5 s: both are in sight
    coloured = np.ptp(shown.astype(int), axis=2) > 12
    bars = [coloured[lane * LANE_H + 4 : (lane + 1) * LANE_H - 2] for lane in range(LANES)]
    across = [np.flatnonzero(bar.mean(axis=0) > 0.5) for bar in bars]
    assert len(across[0]) == pytest.approx(229, abs=4)  # 2 s of 8 on 916 px
    assert across[1][0] - across[0][0] == pytest.approx(46, abs=4)  # 400 ms later
    assert len(across[2]) == 0
    movement = coloured[CURVES[0] + 4]  # no curve comes up here
    assert movement.sum() < 1.2 * 2 * 46  # two of 400 ms, and nothing else
    assert movement.sum() > 0.7 * 2 * 46
    assert images[30].shape[1] > PICTURE_W
