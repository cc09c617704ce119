import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mexlab.vision.strain import optical_strain

Y, X = np.mgrid[:28, :28].astype(np.float32)
RATE = st.floats(-2, 2, allow_subnormal=False)


@given(RATE, RATE, RATE, RATE, RATE, RATE)
def test_a_linear_field_has_the_strain_of_its_formula(a, b, c, d, shift_u, shift_v):
    flow = np.stack([a * X + b * Y + shift_u, c * X + d * Y + shift_v])
    strain = optical_strain(flow)
    assert strain.shape == (28, 28)
    assert strain.dtype == np.float32
    expected = np.sqrt(a**2 + d**2 + 2 * ((b + c) / 2) ** 2)
    assert strain == pytest.approx(np.full((28, 28), expected), abs=1e-4)


def test_shifts_and_small_turns_do_not_strain():
    assert not optical_strain(np.full((2, 28, 28), 3.0)).any()
    turn = 0.02
    assert optical_strain(np.stack([-turn * Y, turn * X])).max() < 1e-6


def test_one_stretched_spot_is_found_where_it_is():
    u = np.zeros((28, 28), np.float32)
    u[10, 12:] = 1.0
    strain = optical_strain(np.stack([u, np.zeros_like(u)]))
    assert strain[10, 11] == strain[10, 12] == pytest.approx(0.5)
    assert not strain[:8].any()


@given(st.integers(1, 3), st.integers(1, 3))
def test_any_number_of_fields_at_once(clips, frames):
    flow = np.random.default_rng(0).normal(size=(clips, frames, 2, 9, 7)).astype(np.float16)
    strain = optical_strain(flow)
    assert strain.shape == (clips, frames, 9, 7)
    assert np.array_equal(strain[-1, 0], optical_strain(flow[-1, 0]))


def test_a_mirrored_field_has_mirrored_strain():
    flow = np.random.default_rng(1).normal(size=(2, 28, 28)).astype(np.float32)
    mirrored = flow[:, :, ::-1] * np.array([-1, 1], np.float32)[:, None, None]
    assert optical_strain(mirrored) == pytest.approx(optical_strain(flow)[:, ::-1], abs=1e-6)
