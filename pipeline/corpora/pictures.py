"""Pictures of a clip: read, compared in size, and the one crop that all of them get."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image as Headers

from mexlab.vision.crop import FaceCrop, face_crop, interocular_px
from mexlab.vision.landmarker import FaceLandmarker
from mexlab.vision.video import Image
from pipeline.corpora.clip import CorpusClip, RowProblem

LOOKED_AT = 5  # pictures of a clip in which the face is sought; from onset to offset
# Between the eyes as a share of a cropped face's width, where no face is found in it: 62 of 135 mm,
# the distance of the pupils and the breadth of an adult's face.
EYES_OF_WIDTH = 0.46


@dataclass(frozen=True)
class Look:
    """How a clip is cropped, the face's width and height in px, and whether one was `found`."""

    crop: FaceCrop
    face_px: tuple[int, int]
    found: bool


def picture(clip: CorpusClip, number: int) -> Image:
    """One picture as uint8 RGB (height, width, 3). Raises RowProblem if it cannot be decoded."""
    assert clip.folder is not None
    name = dict(clip.frames)[number]
    encoded = np.frombuffer((clip.folder / name).read_bytes(), np.uint8)
    image = cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB) if len(encoded) else None
    if image is None:
        raise RowProblem(f"picture {name} cannot be read")
    return np.asarray(image, dtype=np.uint8)


def one_size(clip: CorpusClip) -> tuple[int, int]:
    """Width and height of all the clip's pictures, from their heads; RowProblem if they differ."""
    assert clip.folder is not None
    sizes: dict[str, tuple[int, int]] = {}
    for _, name in clip.frames:
        try:
            with Headers.open(clip.folder / name) as head:
                sizes[name] = head.size
        except OSError as error:
            raise RowProblem(f"picture {name} cannot be read") from error
    usual, _ = Counter(sizes.values()).most_common(1)[0]
    odd = next((name for name, size in sizes.items() if size != usual), None)
    if odd is not None:
        width, height = sizes[odd]
        raise RowProblem(f"{odd} is {width} x {height} px, others are {usual[0]} x {usual[1]}")
    return usual


def looked_at(clip: CorpusClip) -> list[int]:
    """Frame numbers spread from onset to offset, the same ones at any rate."""
    spread = np.linspace(0, len(clip.frames) - 1, min(LOOKED_AT, len(clip.frames)))
    return [clip.frames[index][0] for index in np.round(spread).astype(int)]


def look(
    images: Iterable[Image], cropped: bool, landmarker: FaceLandmarker, size: int, margin: float
) -> Look:
    """The clip's crop from the faces in `images`; a cropped picture is taken whole.

    Raises RowProblem if a picture that is not cropped shows no face.
    """
    pictures = list(images)
    faces = [face.landmarks for image in pictures if (face := landmarker.detect(image))]
    height, width = pictures[0].shape[:2]
    points = np.stack(faces) if faces else np.zeros((0, 68, 2), np.float32)
    if cropped:
        iod = float(np.median(interocular_px(points))) if faces else EYES_OF_WIDTH * width
        return Look(whole_picture(width, height, size, iod), (width, height), bool(faces))
    if not faces:
        raise RowProblem(f"no face found in {len(pictures)} pictures")
    extent = np.median(points.max(axis=1) - points.min(axis=1), axis=0)
    side = round(float(extent.max()) * margin)
    return Look(face_crop(points, size, margin), (side, side), True)


def whole_picture(width: int, height: int, size: int, iod_px: float) -> FaceCrop:
    """The whole picture in the middle of a square, its proportions kept, edges repeated beside."""
    scale = size / max(width, height)
    # Pixel centres: the middle of the picture is at (width - 1) / 2.
    offset = [(size - 1) / 2 - scale * (side - 1) / 2 for side in (width, height)]
    matrix = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]])
    return FaceCrop(matrix, size, iod_px * scale)
