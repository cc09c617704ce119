"""The face cut from YUV planes is the one cut from the whole picture in RGB."""

import cv2
import numpy as np
import pytest
from av import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from skimage import data

from mexlab.vision.crop import FaceCrop
from mexlab.vision.flow import farneback
from mexlab.vision.planes import PLANAR, face_of
from mexlab.vision.video import Frame, Video
from tests.videos import even_times, write_video

PHOTO = np.ascontiguousarray(data.astronaut()[:320, :400])
SIZE = 160


def crop(scale=0.8, angle=0.1, left=90.0, top=20.0):
    """A turned square: `scale` crop px a px of the recording."""
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return FaceCrop(np.column_stack([turn, turn @ (-left, -top)]), SIZE, 60.0)


def frame(pixel_format, space=Colorspace.ITU601, full=False, image=PHOTO):
    """One decoded frame as a camera's file would give it."""
    levels = ColorRange.JPEG if full else ColorRange.MPEG
    picture = VideoFrame.from_ndarray(image, format="rgb24").reformat(
        format=pixel_format, dst_colorspace=space, dst_color_range=levels
    )
    picture.colorspace, picture.color_range = space, levels
    return Frame(0, 0, picture)


def both(wanted, source):
    return face_of(wanted, source), face_of(wanted, source.rgb())


def assert_same(planes, rgb):
    """As near as two ways of rounding, at the same place to a fiftieth of a pixel."""
    for one, two in ((planes.bgr, rgb.bgr), (planes.luma, rgb.luma)):
        away = np.abs(one.astype(int) - two)
        assert one.shape == two.shape
        assert away.mean() < 2.5
        assert np.percentile(away, 99) < 10
    shift = farneback(planes.luma, rgb.luma)[:, 20:-20, 20:-20]
    assert np.abs(np.median(shift, axis=(1, 2))).max() < 0.02


@pytest.mark.parametrize("scale", [0.3, 0.6, 1.0, 2.2])
@pytest.mark.parametrize("pixel_format", [*PLANAR, "nv12", "rgb24", "yuv420p10le"])
def test_any_format_gives_the_same_face(pixel_format, scale):
    wanted = crop(scale, left=200 - 80 / scale, top=100 - 50 / scale)
    assert_same(*both(wanted, frame(pixel_format, full=pixel_format.startswith("yuvj"))))


@pytest.mark.parametrize("space", [Colorspace.ITU709, Colorspace.ITU601, Colorspace.BT2020])
@pytest.mark.parametrize("full", [False, True])
def test_the_files_own_colours_and_levels_count(space, full):
    planes, rgb = both(crop(), frame("yuv420p", space, full))
    assert_same(planes, rgb)
    plain = face_of(crop(), PHOTO)
    assert np.abs(planes.bgr.astype(int) - plain.bgr).mean() < 4


def test_other_levels_would_be_noticed():
    source = frame("yuv420p", full=True)
    right = face_of(crop(), source).luma.astype(int)
    source.picture.color_range = ColorRange.MPEG
    assert np.abs(face_of(crop(), source).luma - right).mean() > 4


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_recording_that_was_turned(tmp_path, rotation):
    path = write_video(tmp_path / "turned.mp4", even_times(2), rotation=rotation, size=(128, 96))
    source = next(iter(Video(path).frames()))
    wanted = FaceCrop(np.array([[0.9, 0, -10.0], [0, 0.9, -5.0]]), 80, 30.0)
    planes, rgb = both(wanted, source)
    assert np.abs(planes.luma.astype(int) - rgb.luma).mean() < 3
    assert np.abs(planes.bgr.astype(int) - rgb.bgr).mean() < 6
    assert rgb.bgr.std() > 20


def test_beyond_the_picture_its_edge_is_repeated():
    wanted = crop(1.0, 0.0, left=330, top=-40)
    planes, rgb = both(wanted, frame("yuv420p"))
    assert_same(planes, rgb)
    assert np.ptp(planes.luma[:35], axis=0).max() == 0


def test_luma_is_the_grey_of_the_colours():
    face = face_of(crop(), frame("yuv444p"))
    grey = cv2.cvtColor(face.bgr, cv2.COLOR_BGR2GRAY)
    assert np.abs(grey.astype(int) - face.luma).mean() < 1.0
