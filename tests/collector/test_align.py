"""Scenes on the session's clock, from a presentation that stalls, skips and breaks off."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from collector.align import align_scenes
from stimuli.compilation import FilmScene

MS = 10**6
SECOND = 10**9
STEP = SECOND // 30
FILM = [
    FilmScene(1, "neutral", 1 * SECOND, 3 * SECOND),
    FilmScene(2, "fear", 4 * SECOND, 6 * SECOND),
]
MEDIA = np.arange(180, dtype=np.int64) * SECOND // 30 // 1000 * 1000  # six seconds, rounded to us
CAPTURE = np.arange(400, dtype=np.int64) * STEP


def test_an_even_presentation_gives_the_films_scenes_shifted():
    shown = MEDIA + 2 * SECOND
    found = align_scenes(FILM, MEDIA, shown, CAPTURE, STEP, delay_ns=50 * MS)
    assert found.cut == ()
    for scene, film in zip(found.scenes, FILM, strict=True):
        assert (scene.scene, scene.emotion) == (film.scene, film.emotion)
        assert abs(scene.start_ns - (film.start_ns + 2 * SECOND + 50 * MS)) <= MS
        assert abs(scene.end_ns - (film.end_ns + 2 * SECOND + 50 * MS)) <= MS


@given(at=st.integers(1, 178), stall_ms=st.integers(0, 3000))
def test_a_stall_moves_what_comes_after_it_and_nothing_before(at, stall_ms):
    shown = MEDIA + 2 * SECOND
    shown[at:] += stall_ms * MS
    found = align_scenes(FILM, MEDIA, shown, CAPTURE, STEP)
    assert len(found.scenes) == 2
    for scene, film in zip(found.scenes, FILM, strict=True):
        for time, media in ((scene.start_ns, film.start_ns), (scene.end_ns, film.end_ns)):
            late = stall_ms * MS if media >= MEDIA[at] - MS and media < 6 * SECOND else 0
            late = stall_ms * MS if media == 6 * SECOND else late
            assert abs(time - (media + 2 * SECOND + late)) <= MS


@given(skipped=st.sets(st.integers(0, 179), max_size=60))
def test_frames_the_player_skipped_cost_no_more_than_their_own_time(skipped):
    kept = np.array([n for n in range(180) if n not in skipped])
    found = align_scenes(FILM, MEDIA[kept], MEDIA[kept] + SECOND, CAPTURE, STEP)
    for scene in found.scenes:
        film = FILM[scene.scene - 1]
        first = kept[MEDIA[kept] >= film.start_ns - MS][0]
        assert scene.start_ns == MEDIA[first] + SECOND
        assert scene.start_ns < scene.end_ns <= 8 * SECOND


def test_a_scene_broken_off_is_cut_and_one_never_begun_is_not_named():
    within_second = MEDIA < 5 * SECOND
    found = align_scenes(FILM, MEDIA[within_second], MEDIA[within_second], CAPTURE, STEP)
    assert ([s.scene for s in found.scenes], found.cut) == ([1], (2,))
    within_first = MEDIA < 2 * SECOND
    found = align_scenes(FILM, MEDIA[within_first], MEDIA[within_first], CAPTURE, STEP)
    assert (found.scenes, found.cut) == ((), (1,))


def test_a_scene_after_the_cameras_end_is_cut():
    found = align_scenes(FILM, MEDIA, MEDIA, CAPTURE[CAPTURE < 5 * SECOND], STEP)
    assert ([s.scene for s in found.scenes], found.cut) == ([1], (2,))


def test_nothing_shown_is_nothing_aligned():
    found = align_scenes(FILM, [], [], CAPTURE, STEP)
    assert (found.scenes, found.cut) == ((), ())
