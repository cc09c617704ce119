import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.peaks import candidates, kernel, trace
from annotate.signals import noise_sd

HZ = 30.0


def raised_cosine(n, onset_s, duration_s, height):
    t = np.arange(n) / HZ - onset_s
    inside = (t > 0) & (t < duration_s)
    return np.where(inside, height * (0.5 - 0.5 * np.cos(2 * np.pi * t / duration_s)), 0.0)


def noisy(n, seed, drift=0.0):
    noise = np.random.default_rng(seed).normal(0, 1, n)
    return noise + drift * np.sin(np.arange(n) / n * np.pi)


@pytest.mark.parametrize("length_s", [0.2, 0.45, 2.2])
def test_a_kernel_ignores_constants_and_has_unit_energy(length_s):
    k = kernel(length_s, 1 / HZ)
    assert abs(k.sum()) < 1e-9
    assert np.isclose((k**2).sum(), 1)
    assert len(k) % 2 == 1


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(9, 13), st.floats(0.3, 1.6))
def test_a_movement_is_found_where_it_is(seed, onset_s, duration_s):
    signal = noisy(600, seed, drift=6.0) + raised_cosine(600, onset_s, duration_s, 14.0)
    baseline = np.arange(600) < 240
    best = candidates([signal], baseline, ~baseline, 1 / HZ, 6.0)[0]
    assert abs(best.apex / HZ - (onset_s + duration_s / 2)) < 0.12
    assert best.onset <= best.apex <= best.offset


def test_noise_alone_gives_few_movements():
    found = 0
    for seed in range(40):
        baseline = np.arange(480) < 240
        found += len(candidates([noisy(480, seed)], baseline, ~baseline, 1 / HZ, 6.0))
    assert found <= 2


def test_the_clearest_view_names_the_movement():
    quiet = noisy(600, 1)
    moving = noisy(600, 2) + raised_cosine(600, 12, 0.5, 20.0)
    baseline = np.arange(600) < 240
    assert candidates([quiet, moving], baseline, ~baseline, 1 / HZ, 6.0)[0].signal == 1


def test_nothing_is_sought_outside_the_usable_samples():
    signal = noisy(600, 3) + raised_cosine(600, 12, 0.5, 20.0)
    usable = np.arange(600) > 450
    assert candidates([signal], np.arange(600) < 240, usable, 1 / HZ, 6.0) == []


@pytest.mark.parametrize("duration_s", [0.3, 0.5, 1.0, 2.0])
def test_onset_and_offset_follow_from_half_height(duration_s):
    clean = raised_cosine(600, 10.0, duration_s, 1.0)
    onset, apex, offset = trace(
        clean, round((10 + duration_s / 2) * HZ), duration_s, 1 / HZ, 0, 599
    )
    assert apex / HZ == pytest.approx(10 + duration_s / 2, abs=0.02)
    # The three-point smoothing widens the shortest movements by about a frame.
    assert onset / HZ == pytest.approx(10.0, abs=0.05)
    assert offset / HZ == pytest.approx(10 + duration_s, abs=0.05)


@given(st.integers(0, 10**6), st.floats(0.01, 100))
@settings(max_examples=20, deadline=None)
def test_fast_noise_is_measured_under_drift(seed, scale):
    noise = np.random.default_rng(seed).normal(0, scale, 2000)
    assert noise_sd(noise + np.linspace(0, 50 * scale, 2000)) == pytest.approx(scale, rel=0.15)
