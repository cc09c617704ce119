"""Drawing on a picture: smooth lines by OpenCV, words by a font, each word's picture made once."""

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from mexlab.installed import package_file
from mexlab.vision.video import Image

Colour = tuple[int, int, int]

FONT = package_file("matplotlib", "mpl-data", "fonts", "ttf", "DejaVuSans.ttf")
PAPER, INK, PALE, FAINT = (255, 255, 255), (33, 37, 41), (108, 117, 125), (222, 226, 230)
SHADE = 0.16  # how much of a colour an interval's ground has

# Okabe and Ito (2008): told apart by colour-blind eyes too.
COLOURS: dict[str, Colour] = {
    "neutral": (110, 110, 110), "sadness": (0, 114, 178), "surprise": (230, 159, 0),
    "fear": (204, 121, 167), "disgust": (0, 158, 115), "anger": (213, 94, 0),
    "happiness": (86, 180, 233), "positive": (0, 158, 115), "negative": (213, 94, 0),
}  # fmt: skip
_SUBPIXEL_BITS = 4


def line(image: Image, points: NDArray[np.floating], colour: Colour, width: int = 1) -> None:
    """A smooth line through points (n, 2) px; it breaks where one is NaN."""
    there = np.isfinite(points).all(axis=1)
    for part in np.split(np.arange(len(points)), np.flatnonzero(np.diff(there)) + 1):
        if len(part) and there[part[0]]:
            fixed = np.round(points[part] * (1 << _SUBPIXEL_BITS)).astype(np.int32)
            cv2.polylines(image, [fixed], False, colour, width, cv2.LINE_AA, _SUBPIXEL_BITS)


def outline(image: Image, corners: NDArray[np.floating], colour: Colour, width: int = 2) -> None:
    """The closed line through corners (n, 2) px."""
    line(image, np.concatenate([corners, corners[:1]]), colour, width)


def fill(image: Image, box: Sequence[float], colour: Colour, share: float = 1.0) -> None:
    """Colour in (left, top, right, bottom) px, mixed with what is there by `share`."""
    height, width = image.shape[:2]
    left, right = (int(np.clip(round(x), 0, width)) for x in (box[0], box[2]))
    top, bottom = (int(np.clip(round(y), 0, height)) for y in (box[1], box[3]))
    part = image[top:bottom, left:right]
    part[:] = np.round(part * (1 - share) + np.array(colour) * share)


def write(
    image: Image, left: float, top: float, text: str, size: int = 14, colour: Colour = INK
) -> int:
    """Words with their upper left corner there; cut at the border. Returns their width in px."""
    mask = _word(text, size)
    x, y = round(left), round(top)
    below, right = max(y + mask.shape[0], 0), max(x + mask.shape[1], 0)
    part = image[max(y, 0) : below, max(x, 0) : right]
    seen = mask[max(-y, 0) :, max(-x, 0) :][: part.shape[0], : part.shape[1], None]
    part[:] = np.round(part * (1 - seen) + np.array(colour) * seen)
    return int(mask.shape[1])


def width_of(text: str, size: int = 14) -> int:
    """Of words, in px."""
    return int(_word(text, size).shape[1])


@lru_cache(maxsize=1024)
def _word(text: str, size: int) -> NDArray[np.float32]:
    font = ImageFont.truetype(str(FONT), size)
    right = max(1, int(np.ceil(font.getlength(text))))
    picture = Pillow.new("L", (right, round(1.35 * size)))
    ImageDraw.Draw(picture).text((0, 0), text, fill=255, font=font)
    return np.asarray(np.asarray(picture) / 255, np.float32)
