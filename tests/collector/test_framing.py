"""Where the recorded part of the picture is chosen, and how it is cut out."""

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange
from hypothesis import given
from hypothesis import strategies as st

from collector.framing import NEARLY_ALL, SMALLEST_PX, Crop, choose_crop, cropped
from mexlab.vision.landmarker import Face


def face(x, y, width, height):
    """A face whose landmarks fill this box."""
    corners = np.array([[x, y], [x + width, y + height]], np.float32)
    return Face(corners, {}, 0, 0, 0)


def noise(width, height, layout="yuv420p", seed=0):
    luma = np.random.default_rng(seed).integers(16, 236, (height * 3 // 2, width), dtype=np.uint8)
    made = av.VideoFrame.from_ndarray(luma, format="yuv420p")
    return made if layout == "yuv420p" else made.reformat(format=layout)


def planes(picture):
    """The three planes as arrays without their padding."""
    return [
        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        for plane in picture.planes
    ]


def test_the_crop_is_a_square_around_the_median_face_with_room_to_move():
    faces = [face(600, 250, 180, 200), face(604, 252, 180, 204), face(900, 600, 20, 20)]
    crop = choose_crop(faces, 1280, 720)
    assert crop.width == crop.height == pytest.approx(2.2 * 204, abs=2)
    assert crop.x + crop.width / 2 == pytest.approx(694, abs=2)
    assert crop.y + crop.height / 2 == pytest.approx(354, abs=2)


@given(
    st.integers(2, 1400),
    st.integers(2, 900),
    st.floats(-100, 1400),
    st.floats(-100, 900),
    st.floats(1, 600),
)
def test_any_crop_lies_inside_in_even_px_and_leaves_something_away(width, height, x, y, size):
    crop = choose_crop([face(x, y, size * 0.8, size)], width, height)
    if crop is not None:
        assert all(value % 2 == 0 for value in (crop.x, crop.y, crop.width, crop.height))
        assert 0 <= crop.x <= crop.x + crop.width <= width
        assert 0 <= crop.y <= crop.y + crop.height <= height
        assert crop.width >= min(SMALLEST_PX, width - 1)
        assert crop.width * crop.height < NEARLY_ALL * width * height


def test_no_crop_without_a_face_in_half_of_the_pictures_or_where_it_is_nearly_all():
    found = face(300, 200, 100, 120)
    assert choose_crop([], 640, 480) is None
    assert choose_crop([None, None, found], 640, 480) is None
    assert choose_crop([None, found], 640, 480) is not None
    assert choose_crop([face(200, 100, 220, 300)], 640, 480) is None


@pytest.mark.parametrize("layout", ["yuv420p", "yuv422p", "yuvj420p"])
def test_a_crop_is_the_planes_cut_to_the_pixel(layout):
    whole = noise(320, 240, layout)
    whole.pts = 77
    crop = Crop(34, 18, 130, 98)
    part = cropped(whole, crop)
    assert (part.format.name, part.width, part.height, part.pts) == ("yuv420p", 130, 98, 77)
    luma = planes(whole)[0][18:116, 34:164]
    if layout == "yuvj420p":
        assert np.abs(planes(part)[0] - (16 + luma * (219 / 255))).max() <= 1.5
        return
    np.testing.assert_array_equal(planes(part)[0], luma)
    if layout == "yuv420p":
        for at in (1, 2):
            np.testing.assert_array_equal(planes(part)[at], planes(whole)[at][9:58, 17:82])


def test_the_whole_of_a_recordable_picture_is_itself_and_other_layouts_are_converted():
    whole = noise(64, 48)
    assert cropped(whole, None) is whole
    other = noise(64, 48, "nv12")
    np.testing.assert_array_equal(planes(cropped(other, None))[0], planes(whole)[0])
    np.testing.assert_array_equal(
        planes(cropped(other, Crop(8, 8, 16, 16)))[0], planes(whole)[0][8:24, 8:24]
    )


def test_a_full_range_picture_keeps_its_brightness_however_it_says_its_range():
    grey = np.full((72, 64), 255, np.uint8)
    grey[48:] = 128
    by_name = av.VideoFrame.from_ndarray(grey, format="yuvj420p")
    by_tag = av.VideoFrame.from_ndarray(grey, format="yuv420p")
    by_tag.color_range = ColorRange.JPEG
    for picture in (by_name, by_tag):
        assert set(np.unique(planes(cropped(picture, None))[0])) == {235}
        assert set(np.unique(planes(cropped(picture, Crop(0, 0, 32, 32)))[0])) == {235}
        assert cropped(picture, Crop(0, 0, 32, 32)).to_ndarray(format="rgb24").min() == 255


def test_a_crop_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        cropped(noise(64, 48), Crop(40, 0, 32, 32))
