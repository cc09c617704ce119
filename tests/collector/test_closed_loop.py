"""The closed loop: player, screen, camera, recorder and calibration agree on the film frame."""

from benchmarks.closed_loop import closed_loop
from tests.xvfb import virtual_screen


def test_the_tables_know_the_film_frame_in_each_recorded_picture(tmp_path):
    with virtual_screen(640, 360):
        loop = closed_loop(tmp_path, 60.0)
    print(loop)  # pytest -s shows both errors: of the tables, and of "start + elapsed"
    assert loop.shown >= 1790
    assert len(loop.tables) + loop.unclear >= 1790
    assert loop.within_one(loop.tables) >= 0.99
    assert loop.within_one(loop.elapsed) < loop.within_one(loop.tables)
