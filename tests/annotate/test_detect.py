import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.detect import LENGTHS_S, Detector, Head, kernel

HZ = 30.0
COURSES = 6


def raised_cosine(n, onset_s, duration_s, height):
    t = np.arange(n) / HZ - onset_s
    inside = (t > 0) & (t < duration_s)
    return np.where(inside, height * (0.5 - 0.5 * np.cos(2 * np.pi * t / duration_s)), 0.0)


def noisy(n, seed, drift=0.0):
    noise = np.random.default_rng(seed).normal(0, 1, (n, COURSES))
    return noise + drift * np.sin(np.arange(n) / n * np.pi)[:, None]


def found(courses, threshold=4.0, head=None):
    n = len(courses)
    head = np.zeros((n, 1)) if head is None else head
    way = Head(head, np.full(COURSES, 0.1))
    detector = Detector(courses, way, np.arange(n) < 240, np.ones(n, dtype=bool), 1 / HZ)
    return list(detector.movements(threshold))


@pytest.mark.parametrize("length_s", LENGTHS_S)
def test_a_kernel_ignores_constants_and_has_unit_energy(length_s):
    k = kernel(length_s, 1 / HZ)
    assert abs(k.sum()) < 1e-9
    assert np.isclose((k**2).sum(), 1)
    assert len(k) % 2 == 1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(9, 13), st.floats(0.3, 1.6))
def test_a_movement_of_some_courses_is_found_where_it_is(seed, onset_s, duration_s):
    courses = noisy(600, seed, drift=6.0)
    courses[:, 1] += raised_cosine(600, onset_s, duration_s, 14.0)
    courses[:, 4] -= raised_cosine(600, onset_s, duration_s, 14.0)
    best = found(courses)[0]
    assert abs(best.apex / HZ - (onset_s + duration_s / 2)) < 0.12
    assert best.onset <= best.apex <= best.offset
    assert set(np.argsort(-np.abs(best.direction))[:2]) == {1, 4}
    assert best.direction[1] > 0 > best.direction[4]


def test_noise_alone_gives_hardly_a_movement():
    assert sum(len(found(noisy(480, seed))) for seed in range(30)) <= 3


def test_a_movement_does_not_answer_again_beside_itself():
    courses = noisy(900, 2)
    courses[:, 0] += raised_cosine(900, 12, 0.5, 60.0) + raised_cosine(900, 20, 1.5, 30.0)
    assert sorted(round(m.apex / HZ, 1) for m in found(courses)) == pytest.approx(
        [12.25, 20.75], abs=0.1
    )


def test_movements_come_clearest_first_and_above_the_threshold():
    courses = noisy(900, 3)
    for onset, height in ((10, 14.0), (15, 40.0), (20, 24.0)):
        courses[:, 2] += raised_cosine(900, onset, 0.5, height)
    movements = found(courses)[:3]
    assert [round(m.apex / HZ) for m in movements] == [15, 20, 10]
    assert [m.z for m in found(courses, movements[1].z + 0.1)] == [movements[0].z]


def test_what_goes_with_the_head_is_noise():
    courses = noisy(600, 4) * 0.02
    leak = raised_cosine(600, 12, 1.2, 0.8)
    courses[:, 3] += leak
    assert found(courses)
    assert not found(courses, head=10 * leak[:, None])


def test_a_head_that_often_turns_is_not_taken_for_one_that_rests():
    """Its turns are what is usual for it, and leak all the same."""
    courses = noisy(1500, 6) * 0.02
    turns = sum(raised_cosine(1500, at, 1.2, 0.8) for at in range(9, 48, 2))
    courses[:, 3] += turns
    courses[:, 1] += raised_cosine(1500, 20.3, 0.4, 2.0)
    still, turning = found(courses, 6.0), found(courses, 6.0, head=15 * turns[:, None])
    assert len(still) > 10
    assert [round(movement.apex / HZ, 1) for movement in turning] == [20.5]
