"""The numbered pictures: what is drawn is read back, what is not clear is not guessed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mexlab.errors import InputError
from mexlab.vision.video import Video
from stimuli import pattern

SIZE = (320, 180)
BOX = pattern.strip_box(*SIZE)
NUMBERS = st.integers(0, pattern.NUMBERS - 1)


@given(number=NUMBERS, width=st.integers(60, 400), height=st.integers(60, 300))
def test_a_drawn_number_is_read_at_any_size(number, width, height):
    picture = pattern.draw(number, width, height)
    assert picture.shape == (height, width)
    assert pattern.decode(picture, pattern.strip_box(width, height)) == number


@given(number=NUMBERS, gain=st.floats(0.15, 1), ambient=st.floats(0, 30), seed=st.integers(0, 99))
def test_dim_pictures_with_ambient_light_and_noise_are_read(number, gain, ambient, seed):
    noise = np.random.default_rng(seed).normal(0, 3, SIZE[::-1])
    seen = (pattern.draw(number, *SIZE) * gain + ambient + noise).clip(0, 255).astype(np.uint8)
    assert pattern.decode(seen, BOX) == number


@given(number=NUMBERS, share=st.floats(0, 1))
def test_an_exposure_across_a_change_reads_as_either_or_as_unclear(number, share):
    now, then = (pattern.draw(n, *SIZE).astype(float) for n in (number, number + 1))
    mixed = (now * (1 - share) + then * share).astype(np.uint8)
    assert pattern.decode(mixed, BOX) in (number, (number + 1) % pattern.NUMBERS, None)


def test_half_and_half_is_unclear():
    halves = (pattern.draw(7, *SIZE).astype(int) + pattern.draw(8, *SIZE)) // 2
    assert pattern.decode(halves.astype(np.uint8), BOX) is None


@given(number=NUMBERS, cell=st.integers(1, pattern.BITS + 1))
def test_one_turned_cell_fails_the_parity(number, cell):
    picture = pattern.draw(number, *SIZE)
    x, y, width, height = BOX
    row, column = divmod(cell, pattern.COLUMNS)
    left, right = (x + c * width // pattern.COLUMNS for c in (column, column + 1))
    top, bottom = (y + r * height // pattern.ROWS for r in (2 * row, 2 * row + 2))
    picture[top:bottom, left:right] = picture[top:bottom, left:right][::-1]
    assert pattern.decode(picture, BOX) is None


def test_a_picture_without_a_strip_has_no_number():
    grey = np.full(SIZE[::-1], 90, dtype=np.uint8)
    assert pattern.decode(grey, BOX) is None


@given(number=NUMBERS)
def test_the_mean_brightness_never_changes(number):
    means = [pattern.draw(n, 320, 160).mean() for n in (number, 0)]
    assert means[0] == pytest.approx(means[1], abs=0.5)


def test_the_flashes_resemble_themselves_at_no_other_delay():
    signs = pattern.FLASHES.astype(int)
    likeness = [int(signs @ np.roll(signs, shift)) for shift in range(len(signs))]
    assert likeness == [127] + [-1] * 126


def test_a_strip_can_be_drawn_onto_another_picture():
    picture = np.full((200, 300), 60, dtype=np.uint8)
    pattern.draw_strip(picture, 4321, (20, 10, 160, 48))
    assert pattern.decode(picture, (20, 10, 160, 48)) == 4321
    assert (picture[70:] == 60).all()
    with pytest.raises(InputError, match="no room"):
        pattern.draw_strip(picture, 1, (0, 0, 20, 10))


def test_every_frame_of_the_film_carries_its_number(tmp_path):
    film = tmp_path / "film.mp4"
    assert pattern.write_film(film, 3, 23, *SIZE) == 69
    frames = list(Video(film).frames())
    shown = [pattern.decode(f.picture.to_ndarray()[: SIZE[1]], BOX) for f in frames]
    assert shown == list(range(69))
    steps = np.diff([frame.t_ns for frame in frames])
    assert np.abs(steps - 1e9 / 23).max() < 1e5
    assert [f.index for f in frames if f.picture.key_frame] == [0, 23, 46]
    assert list(tmp_path.iterdir()) == [film]


def test_a_film_that_cannot_be_is_refused(tmp_path):
    with pytest.raises(InputError, match="no pattern film"):
        pattern.write_film(tmp_path / "film.mp4", 0, 23)
    assert not list(tmp_path.iterdir())
