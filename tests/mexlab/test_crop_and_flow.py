import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mexlab.vision.crop import eye_centres, face_crop, interocular_px
from mexlab.vision.flow import FLOW_METHODS, farneback, reduced
from tests.annotate.synthetic import still_face

FACE = still_face()


def texture(seed=0, side=224):
    noise = np.random.default_rng(seed).integers(0, 255, (side, side)).astype(np.float32)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 4), None, 0, 255, cv2.NORM_MINMAX).astype(
        np.uint8
    )


def shifted(image, dx, dy):
    matrix = np.array([[1, 0, dx], [0, 1, dy]], dtype=np.float64)
    return cv2.warpAffine(image, matrix, image.shape[::-1], borderMode=cv2.BORDER_REFLECT)


@given(st.floats(-40, 40), st.floats(0.3, 3), st.integers(64, 256))
def test_the_crop_is_upright_centred_and_holds_the_face(angle_deg, scale, size):
    angle = np.radians(angle_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    face = scale * FACE @ turn.T + 100
    crop = face_crop(np.stack([face] * 3), size=size, margin=1.3)
    placed = crop.points(face)
    right, left = eye_centres(placed)
    assert right[1] == pytest.approx(left[1], abs=1e-6)
    assert right[0] < left[0]
    low, high = placed.min(axis=0), placed.max(axis=0)
    assert (high - low).max() == pytest.approx(size / 1.3)
    assert (low + high) / 2 == pytest.approx((size - 1) / 2)
    assert crop.iod_px == pytest.approx(interocular_px(placed))


def test_one_frame_that_jumps_does_not_move_the_crop():
    calm = face_crop(np.stack([FACE] * 5))
    jumping = face_crop(np.stack([FACE] * 4 + [FACE + 60]))
    assert np.allclose(calm.matrix, jumping.matrix)


@pytest.mark.parametrize("scale", [0.6, 1.0, 2.5])
def test_the_picture_lands_where_the_points_do(scale):
    face = FACE * scale
    image = np.zeros((int(500 * scale), int(700 * scale), 3), np.uint8)
    x, y = face[30]  # the nose tip
    cv2.circle(image, (round(x), round(y)), max(3, round(4 * scale)), (255, 255, 255), -1)
    crop = face_crop(face[None], size=160)
    bright = np.argwhere(crop.apply(image)[..., 0] > 120).mean(axis=0)[::-1]
    assert bright == pytest.approx(crop.points(face[30]), abs=1.0)


@settings(max_examples=12)
@given(st.floats(-2.5, 2.5), st.floats(-2.5, 2.5))
def test_flow_has_its_sign_and_unit(dx, dy):
    field = reduced(farneback(texture(), shifted(texture(), dx, dy)), iod_px=100.0)
    assert field.shape == (2, 28, 28)
    middle = field[:, 6:-6, 6:-6].mean(axis=(1, 2))
    assert middle == pytest.approx([dx, dy], abs=0.15)  # 1 px of 100 px is one percent


def test_a_horizontal_flip_negates_u():
    first, second = texture(), shifted(texture(), 1.5, 0.8)
    plain = reduced(farneback(first, second), 100.0)
    mirrored = reduced(farneback(first[:, ::-1].copy(), second[:, ::-1].copy()), 100.0)
    inner = (slice(None), slice(6, -6), slice(6, -6))
    back = mirrored[:, :, ::-1] * np.array([-1, 1])[:, None, None]
    assert np.abs(back[inner] - plain[inner]).mean() < 0.05


@pytest.mark.parametrize("name", FLOW_METHODS)
def test_a_still_picture_has_no_flow(name):
    field = FLOW_METHODS[name](texture(), texture())
    assert np.abs(field[:, 8:-8, 8:-8]).max() < 0.01  # at the border a window sees half a picture
