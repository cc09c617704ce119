"""The face-centred part of the picture that is recorded, chosen once before the film.

    pictures ──> faces ──> one box with room to move ──> Crop ──> every frame, plane by plane

Pictures stay in YUV: cutting copies the part that is kept, plane by plane, and only a camera with
another layout or range than the recording's is converted, once and after the cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import av
import numpy as np
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from collector.cameras.base import Camera
from mexlab.model_files import find_landmarker
from mexlab.study import Study
from mexlab.vision.landmarker import Face, FaceLandmarker
from mexlab.vision.video import Image

MARGIN = 2.2  # side of the crop over the face's longer side: people lean, laugh and look away
SMALLEST_PX = 256  # a smaller crop saves nothing worth having
NEARLY_ALL = 0.85  # of the picture's area: cutting the rest away gains too little
LOOKED_AT = 9  # pictures a face is looked for in …
APART = 5  # … and every how many of the camera's, so that a blink or a nod does not decide

# What a recording without colour tags is taken for, and so the one form that all are written in.
RECORDED = "yuv420p"
# 8-bit layouts with a plane each for Y, U and V. Those with a j use the full range 0..255, as a
# webcam's MJPG does; the recording's Y is 16..235.
PLANAR = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p")


@dataclass(frozen=True)
class Crop:
    """A part of the picture in whole even px, so that a chroma sample is never cut in two."""

    x: int
    y: int
    width: int
    height: int


def choose_crop(faces: Sequence[Face | None], width: int, height: int) -> Crop | None:
    """The crop for a picture of `width` x `height` px, from the faces found in several of them.

    The square around the median face box, MARGIN times its longer side, moved and cut to stay
    inside the picture. None where fewer than half of the pictures show a face, or where it would
    be nearly the whole picture.
    """
    boxes = [(*face.mesh.min(axis=0), *face.mesh.max(axis=0)) for face in faces if face]
    if not boxes or len(boxes) < len(faces) / 2:
        return None
    left, top, right, bottom = np.median(np.array(boxes, np.float64), axis=0)
    side = max(MARGIN * max(right - left, bottom - top), SMALLEST_PX)
    x, across = _span((left + right) / 2, side, width)
    y, down = _span((top + bottom) / 2, side, height)
    if across * down >= NEARLY_ALL * width * height:
        return None
    return Crop(x, y, across, down)


def _span(centre: float, side: float, length: int) -> tuple[int, int]:
    """Start and size, both even, of a stretch around `centre` inside 0..length px."""
    size = min(-(-int(np.ceil(side)) // 2) * 2, length // 2 * 2)
    start = min(max(round(centre - size / 2), 0), length - size)
    return start // 2 * 2, size


def look_for_crop(study: Study, camera: Camera) -> Crop | None:
    """The crop for an opened camera, from its next pictures; None to record the whole picture."""
    with FaceLandmarker(find_landmarker(study.analysis.landmarker_model, study.root)) as landmarker:
        pictures = next_pictures(camera, LOOKED_AT, APART)
        faces = [landmarker.detect(picture) for picture in pictures]
    return choose_crop(faces, camera.width, camera.height)


def next_pictures(camera: Camera, count: int, apart: int) -> list[Image]:
    """Up to `count` RGB pictures, every `apart`-th that an opened camera gives."""
    pictures: list[Image] = []
    for number in range((count - 1) * apart + 1):
        frame = camera.read()
        if frame is None:
            break
        if number % apart == 0:
            pictures.append(frame.picture.to_ndarray(format="rgb24"))
    return pictures


def cropped(picture: av.VideoFrame, crop: Crop | None) -> av.VideoFrame:
    """The picture's part in `crop`, or all of it, as limited-range yuv420p with the same time.

    Itself where nothing needs doing. Raises ValueError where the crop does not fit inside.
    """
    if crop is None:
        return as_recorded(picture)
    if crop.x + crop.width > picture.width or crop.y + crop.height > picture.height:
        raise ValueError(f"{crop} does not fit into {picture.width}x{picture.height}")
    if picture.format.name not in PLANAR:
        picture = as_recorded(picture)
    part = av.VideoFrame(crop.width, crop.height, picture.format.name)
    for source, target in zip(picture.planes, part.planes, strict=True):
        across, down = picture.width // source.width, picture.height // source.height
        x, y = crop.x // across, crop.y // down
        rows = _rows(source)[y : y + target.height, x : x + target.width]
        _rows(target)[: target.height, : target.width] = rows
    part.color_range, part.colorspace = picture.color_range, picture.colorspace
    return _timed(as_recorded(part), picture)


def as_recorded(picture: av.VideoFrame) -> av.VideoFrame:
    """The whole picture as limited-range yuv420p with the same time; itself if it is that."""
    full = picture.format.name.startswith("yuvj") or picture.color_range == ColorRange.JPEG
    if picture.format.name == RECORDED and not full:
        return picture
    source = ColorRange.JPEG if full else ColorRange.UNSPECIFIED
    made = picture.reformat(
        format=RECORDED, src_color_range=source, dst_color_range=ColorRange.MPEG
    )
    return _timed(made, picture)


def _timed(made: av.VideoFrame, source: av.VideoFrame) -> av.VideoFrame:
    """`made` with the time of `source`, which may have none."""
    made.pts = source.pts
    if source.time_base:
        made.time_base = source.time_base
    return made


def _rows(plane: av.video.plane.VideoPlane) -> NDArray[np.uint8]:
    """uint8 (height or more, line size) view of a plane's bytes, padding included."""
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
