"""Whose face is followed, and that the others' are hidden and the followed one never is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.predict.people import GREY, People


def box(x: float, y: float, side: float) -> np.ndarray:
    return np.array([x, y, x + side, y + side], float)


def seen(*looks: list[np.ndarray]) -> People:
    return People.of(looks)


def test_the_larger_face_is_followed_whatever_order_they_come_in() -> None:
    people = seen(*([box(10, 10, 40), box(200, 10, 80)][:: (-1) ** look] for look in range(6)))
    assert people.several
    assert len(people.persons) == 2
    assert people.followed is not None
    assert people.followed.height_px == 80
    assert [person.height_px for person in people.others] == [40]


def test_who_comes_closer_for_a_moment_does_not_take_over() -> None:
    there = box(10, 10, 60)
    people = seen(*([there, box(300, 10, 90)] if look == 3 else [there] for look in range(9)))
    assert people.followed is not None
    assert sorted(people.followed.boxes) == list(range(9))


def test_two_who_cross_sizes_stay_the_two_they_are() -> None:
    sizes = [(60 - 2 * look, 50 + 2 * look) for look in range(10)]
    people = seen(*([box(0, 0, a), box(300, 0, b)] for a, b in sizes))
    assert len(people.persons) == 2
    assert people.followed is not None
    assert {round(left[0]) for left in people.followed.boxes.values()} == {300}


def test_a_face_lost_and_found_nearby_is_the_same_person() -> None:
    people = seen([box(0, 0, 50)], [], [], [box(20, 5, 55)])
    assert len(people.persons) == 1
    assert not people.several


@pytest.mark.parametrize("turned", [False, True])
def test_two_who_swap_places_stay_the_two_they_are(turned: bool) -> None:
    """They meet half-way, where only the nearer one is seen."""
    looks = []
    for step in range(-10, 11):
        nearer, further = box(300 + 24 * step - 40, 0, 80), box(300 - 24 * step - 30, 10, 60)
        both = [further, nearer] if turned else [nearer, further]
        looks.append([nearer] if step == 0 else both)
    people = seen(*looks)
    assert [person.tracks for person in people.persons] == [1, 1]
    assert people.followed is not None
    assert {int(one[2] - one[0]) for one in people.followed.boxes.values()} == {80}
    assert {int(one[2] - one[0]) for one in people.others[0].boxes.values()} == {60}


def test_who_leans_out_and_comes_back_elsewhere_is_not_hidden_for_a_passer_by() -> None:
    main, back, passing = box(10, 10, 60), box(200, 20, 55), box(330, 10, 40)
    people = seen([main], [main, passing], [], [], [back], [back], [back, passing])
    assert people.several
    assert people.followed is not None
    assert people.followed.tracks == 2
    assert sorted(people.followed.boxes) == [0, 1, 4, 5, 6]
    image = np.zeros((120, 420, 3), np.uint8)
    people.hide_others(image, (5, 6))
    assert (image[20:75, 200:255] == 0).all()
    assert (image[10:50, 330:370] == GREY).all()


def test_who_is_seen_in_pieces_is_followed_before_a_smaller_face_that_stays() -> None:
    """The pieces together take up more of the recording, though each alone takes up less."""
    pieces = [box(150 * look, 0, 60) for look in range(6)]
    people = seen(*([piece, box(0, 200, 38)] for piece in pieces))
    assert people.followed is not None
    assert people.followed.height_px == 60
    assert len(people.followed.boxes) == people.followed.tracks == 6


def test_one_face_seen_twice_is_one() -> None:
    assert not seen([box(0, 0, 50), box(4, 4, 48)]).several


def test_nobody() -> None:
    people = seen([], [])
    assert people.followed is None
    assert people.most == 0


@given(
    st.lists(st.tuples(st.integers(0, 150), st.integers(0, 80), st.integers(8, 60)), max_size=5),
    st.integers(0, 30),
)
def test_the_followed_face_is_never_hidden(others: list[tuple[int, int, int]], shift: int) -> None:
    main = box(60 + shift, 20, 62)
    people = seen(*([main, *(box(*other) for other in others)] for _ in range(2)))
    image = np.full((140, 220, 3), 7, np.uint8)
    people.hide_others(image, (0, 1))
    assert people.followed is not None
    left, top, right, bottom = people.followed.boxes[0].astype(int)
    assert (image[max(top, 0) : bottom, left:right] == 7).all()


@pytest.mark.parametrize("looks", [(0, 1), (1, 2)])
def test_who_was_there_at_either_look_is_hidden(looks: tuple[int, int]) -> None:
    main, other = box(0, 0, 60), box(130, 30, 40)
    people = seen([main], [main, other], [main])
    image = np.zeros((120, 220, 3), np.uint8)
    people.hide_others(image, looks)
    assert (image[30:70, 130:170] == GREY).all()
    assert (image[:60, :60] == 0).all()
