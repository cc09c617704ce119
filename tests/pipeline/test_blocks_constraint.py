"""Equations 33-36 on a pattern that moves by a known amount."""

import numpy as np
import pytest

from pipeline.training.blocks.constraint import (
    brightness_change,
    constraint,
    derivatives,
    taylor,
)
from tests.pipeline.by_hand import Array

INSIDE = (slice(4, -4), slice(4, -4))


def _pattern(u: float, v: float) -> Array:
    """Waves of 20 px and more, 48 x 64, moved by u to the right and v down."""
    y, x = np.indices((48, 64), dtype=np.float64)
    x, y = x - u, y - v
    return np.sin(2 * np.pi * (x + 0.3 * y) / 24) + 0.7 * np.cos(2 * np.pi * (y - 0.2 * x) / 20)


def _still(value: float) -> Array:
    return np.full((48, 64), value)


@pytest.mark.parametrize(("u", "v"), [(0.3, -0.2), (1.5, 0.8), (0.0, 0.0)])
def test_brightness_moves_and_stays_the_same(u: float, v: float) -> None:
    """Equation 33 holds for the true flow, and for no other."""
    first, second = _pattern(0, 0), _pattern(u, v)
    true = brightness_change(first, second, _still(u), _still(v))[INSIDE]
    assert np.abs(true).max() < 2e-3
    wrong = brightness_change(first, second, _still(u + 0.5), _still(v))[INSIDE]
    assert np.abs(wrong).max() > 0.05


def test_constraint_is_zero_for_the_true_flow_alone() -> None:
    """Equation 36; what is left is of second order in the movement."""
    u, v = 0.3, -0.2
    by = derivatives(_pattern(0, 0), _pattern(u, v))
    true = np.abs(constraint(by, _still(u), _still(v))[INSIDE]).mean()
    still = np.abs(constraint(by, _still(0), _still(0))[INSIDE]).mean()
    swapped = np.abs(constraint(by, _still(v), _still(u))[INSIDE]).mean()
    mirrored = np.abs(constraint(by, _still(-u), _still(v))[INSIDE]).mean()
    assert true < 0.05 * min(still, swapped, mirrored)


def test_constraint_finds_the_flow_by_least_squares() -> None:
    u, v = 0.35, 0.15
    by = derivatives(_pattern(0, 0), _pattern(u, v))
    slopes = np.stack([by.x[INSIDE].ravel(), by.y[INSIDE].ravel()], axis=1)
    found, *_ = np.linalg.lstsq(slopes, -by.t[INSIDE].ravel(), rcond=None)
    # Central differences flatten waves this long by a few percent.
    assert found == pytest.approx([u, v], rel=0.05)


def test_equations_by_hand_pixel_by_pixel() -> None:
    rng = np.random.default_rng(2)
    first, second, u, v = rng.normal(size=(4, 6, 7))
    by = derivatives(first, second)
    for y in range(1, 5):
        for x in range(1, 6):
            mean = (first + second) / 2
            i_x = (mean[y, x + 1] - mean[y, x - 1]) / 2
            i_y = (mean[y + 1, x] - mean[y - 1, x]) / 2
            i_t = second[y, x] - first[y, x]
            assert [by.x[y, x], by.y[y, x], by.t[y, x]] == pytest.approx([i_x, i_y, i_t], abs=1e-5)
            left = i_x * u[y, x] + i_y * v[y, x] + i_t
            assert constraint(by, u, v)[y, x] == pytest.approx(left, abs=1e-5)  # eq. 36
            assert taylor(first, by, u, v)[y, x] == pytest.approx(first[y, x] + left, abs=1e-5)


def test_taylor_s_error_shrinks_with_the_square_of_the_movement() -> None:
    """Equation 34: what it leaves out, epsilon, is of second order."""
    first = _pattern(0, 0)

    def left_out(step: float) -> float:
        by = derivatives(first, first)  # at t; the pattern itself does not change there
        moved = _pattern(-step, 0)  # I(x + step)
        return float(np.abs(taylor(first, by, _still(step), _still(0)) - moved)[INSIDE].max())

    assert left_out(2.0) / left_out(1.0) == pytest.approx(4, rel=0.35)
