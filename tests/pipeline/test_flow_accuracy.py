"""Flow against movements that are known exactly: how exact, which way, in which unit, mirrored."""

import cv2
import numpy as np
import pytest
from warps import SIDE, moved, pictures, truth

from mexlab.vision.flow import FLOW_METHODS, farneback, reduced, without_head_motion

AMPLITUDES = (0.4, 0.8)  # px
MOVES = 0.1  # px: what moves less is not counted
MEAN_ERROR_PX = {"farneback": 0.1, "dis": 0.13, "tv-l1": 0.12}
PICTURES = pictures()


@pytest.fixture(autouse=True)
def one_thread():
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(threads)


def error_px(name, picture, amplitude):
    true = truth(amplitude)
    found = FLOW_METHODS[name](PICTURES[picture], moved(PICTURES[picture], amplitude))
    moving = np.hypot(*true) > MOVES
    assert 0.05 < moving.mean() < 0.5
    assert np.hypot(*true).max() > 0.9 * amplitude
    return float(np.hypot(*(found - true))[moving].mean())


@pytest.mark.parametrize("amplitude", AMPLITUDES)
@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("name", ["farneback", "dis"])
def test_what_moves_by_less_than_a_pixel_is_measured(name, picture, amplitude):
    assert error_px(name, picture, amplitude) < MEAN_ERROR_PX[name]


def test_the_slow_method_measures_it_too():
    assert error_px("tv-l1", "face", 0.8) < MEAN_ERROR_PX["tv-l1"]


def test_every_method_is_held_to_a_figure():
    assert set(MEAN_ERROR_PX) == set(FLOW_METHODS)


@pytest.mark.parametrize("name", FLOW_METHODS)
def test_u_is_to_the_right_and_v_down_in_percent_of_the_eyes_distance(name):
    """The whole picture goes 1.5 px right and 0.6 px down; the eyes are 75 px apart."""
    first = PICTURES["grass"]
    matrix = np.array([[1, 0, 1.5], [0, 1, 0.6]])
    second = cv2.warpAffine(
        first, matrix, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    middle = reduced(FLOW_METHODS[name](first, second), iod_px=75.0)[:, 5:-5, 5:-5]
    assert middle.mean(axis=(1, 2)) == pytest.approx([2.0, 0.8], abs=0.06)


@pytest.mark.parametrize("amplitude", AMPLITUDES)
@pytest.mark.parametrize("picture", ["face", "fur", "grass"])
def test_a_mirrored_clip_gives_mirrored_flow_with_u_negated(picture, amplitude):
    """The same sums in another order of float32. Where a window holds little texture, at the
    border above all, the small difference is divided by a small number: a few pixels differ by
    more."""
    first, second = PICTURES[picture], moved(PICTURES[picture], amplitude)
    there = farneback(first, second)
    mirrored = farneback(first[:, ::-1].copy(), second[:, ::-1].copy())
    back = mirrored[:, :, ::-1] * np.array([-1, 1], np.float32)[:, None, None]
    away = np.abs(there - back)
    assert away.mean() < 1e-3
    assert np.percentile(away, 99) < 0.01
    assert np.percentile(away[:, 20:-20, 20:-20], 99.9) < 0.01
    assert np.abs(reduced(there, 75) - reduced(back.copy(), 75)).mean() < 1e-3
    assert np.abs(there[0]).max() > 0.3  # there is something to negate


@pytest.mark.parametrize("name", FLOW_METHODS)
def test_the_same_pictures_give_the_same_bytes(name):
    first, second = PICTURES["face"], moved(PICTURES["face"], 0.8)
    small = (slice(40, 140), slice(60, 160))
    pair = first[small].copy(), second[small].copy()
    FLOW_METHODS[name](PICTURES["grass"], PICTURES["fur"]) if name != "tv-l1" else None
    assert np.array_equal(FLOW_METHODS[name](*pair), FLOW_METHODS[name](*pair))


def head_motion(shift, turn, scale):
    """A similarity's flow on the stored grid, in percent of the eyes' distance."""
    y, x = np.mgrid[-1:1:28j, -1:1:28j]
    u = shift[0] + scale * x - turn * y
    v = shift[1] + scale * y + turn * x
    return np.stack([u, v]).astype(np.float32)


@pytest.mark.parametrize("motion", [((2, -1), 0, 0), ((0, 0), 1.5, 0), ((1, 1), -0.5, 2)])
def test_what_a_head_does_is_taken_and_an_expression_stays(motion):
    y, x = np.mgrid[:28, :28]
    expression = np.zeros((2, 28, 28), np.float32)
    expression[1] = -3 * np.exp(-((x - 9) ** 2 + (y - 9) ** 2) / 8)  # a brow goes up
    noise = np.random.default_rng(0).normal(0, 0.05, (2, 28, 28)).astype(np.float32)
    left = without_head_motion(expression + head_motion(*motion) + noise)
    face = np.hypot(*np.meshgrid(np.linspace(-1, 1, 28), np.linspace(-1, 1, 28))) < 0.7
    assert np.abs(left - expression)[:, face].max() < 0.35
    assert np.abs(left - expression)[:, face].mean() < 0.08
    assert left[1].min() < -2.6


def test_a_still_background_does_not_pass_for_a_still_head():
    """In the corners, as around a head, nothing moves."""
    flow = head_motion((2, 0), 0, 0)
    outside = np.hypot(*np.meshgrid(np.linspace(-1, 1, 28), np.linspace(-1, 1, 28))) > 0.8
    flow[:, outside] = 0
    assert np.abs(without_head_motion(flow)[:, ~outside]).max() < 0.01


def test_no_motion_at_all_stays_none():
    assert not without_head_motion(np.zeros((2, 28, 28), np.float32)).any()
