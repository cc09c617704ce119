"""Pictures that carry their own number, to find out which one was on the screen when.

    +--------------+--------------+   flashes: a checkerboard of two by two large fields (two above,
    |    flash     |   inverse    |   two below the strip) that turns over by a known sequence
    +--------------+--------------+
    |  W b13 b12 b11 b10 b9 b8 b7 |   strip: white reference and bits 13-7 of the Gray code,
    |  K  inverse of the row above|   each above its inverse,
    |  b6 b5 b4 b3 b2 b1 b0 p     |   bits 6-0 and parity
    |     inverse of the row above|
    +--------------+--------------+
    |   inverse    |    flash     |
    +--------------+--------------+

Each field stands beside its inverse, so that the mean brightness never changes (a camera's
automatic exposure stays calm) and a bit is a difference, whatever the ambient light. The Gray code
changes in one bit from frame to frame, so that a picture exposed across a change reads as one of
the two or as unclear, never as a third number. The flashes follow a maximum-length sequence, which
resembles itself at no other delay. Drawing and reading are plain numpy; `write_film` makes H.264.
"""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from mexlab.atomic import atomic_file
from mexlab.errors import InputError
from mexlab.progress import Progress

Luma = NDArray[np.uint8]  # (height, width)
Box = tuple[int, int, int, int]  # x, y, width, height in px

WHITE, BLACK, GREY = 235, 16, 126  # video range: what a decoder shows as full white and black
BITS = 14
NUMBERS = 1 << BITS  # the number starts again from 0 here: after 9 minutes at 30 fps
GROUP_FRAMES = 4  # the flash fields hold for so many frames
FILM_FPS = 23  # shares no divisor with a camera's rate, so that the phase between them wanders
CLEAR = 0.4  # a bit counts if its difference is this share of white's minus black's
ROWS, COLUMNS = 4, 8
_MARGIN = 0.05  # quiet grey beside the strip, of the picture's width


def gray_code(number: NDArray[np.int64]) -> NDArray[np.int64]:
    """The Gray code of whole numbers >= 0, elementwise."""
    return number ^ (number >> 1)


def bit_signs(number: NDArray[np.int64], bit: int) -> NDArray[np.int8]:
    """+1 where the cell of this bit is white, else -1; `bit` BITS is the parity. int8[n].

    The parity of a number's Gray code is the number's own lowest bit.
    """
    value = number & 1 if bit == BITS else gray_code(number % NUMBERS) >> bit & 1
    return (2 * value - 1).astype(np.int8)


def _flash_sequence() -> NDArray[np.int8]:
    """The maximum-length sequence of x^7 + x^6 + 1, 127 signs."""
    state, signs = 1, []
    for _ in range(127):
        signs.append(2 * (state & 1) - 1)
        state = state >> 1 | ((state ^ state >> 1) & 1) << 6
    return np.array(signs, dtype=np.int8)


FLASHES = _flash_sequence()


def flash_signs(number: NDArray[np.int64]) -> NDArray[np.int8]:
    """+1 where the upper left flash field of these frames is white, else -1. int8[n]."""
    return FLASHES[number // GROUP_FRAMES % len(FLASHES)]


def draw(frame_number: int, width: int, height: int) -> Luma:
    """The picture of one number: uint8 (height, width) in video range, 16 black to 235 white."""
    picture = np.full((height, width), GREY, dtype=np.uint8)
    lit = flash_signs(np.array([frame_number]))[0] > 0
    x, y, strip_width, strip_height = strip_box(width, height)
    middle, below = width // 2, y + strip_height
    for rows, first in ((slice(0, y), lit), (slice(below, height), not lit)):
        picture[rows, :middle] = WHITE if first else BLACK
        picture[rows, middle:] = BLACK if first else WHITE
    draw_strip(picture, frame_number, (x, y, strip_width, strip_height))
    return picture


def strip_box(width: int, height: int) -> Box:
    """Where `draw` puts the strip in a picture of this size."""
    margin = round(width * _MARGIN)
    return margin, round(height * 0.25), width - 2 * margin, round(height * 0.5)


def draw_strip(picture: Luma, frame_number: int, box: Box) -> None:
    """Draw only the strip, onto any picture of at least 4 x 4 px a cell, in place."""
    x, y, width, height = box
    if width < 4 * COLUMNS or height < 4 * ROWS:
        raise InputError(f"no room for a frame number in {width}x{height} px", "box", "enlarge it")
    signs = _cell_signs(frame_number)
    for (row, column), sign in np.ndenumerate(signs):
        top, bottom = y + row * height // ROWS, y + (row + 1) * height // ROWS
        left, right = x + column * width // COLUMNS, x + (column + 1) * width // COLUMNS
        picture[top:bottom, left:right] = WHITE if sign > 0 else BLACK


def decode(luma: Luma, box: Box) -> int | None:
    """The number in a picture whose strip lies exactly in `box`; None where it is not clear.

    Any range of brightness will do. The box may be a scaled image of the one that was drawn.
    """
    contrast = _cell_contrasts(luma, box)
    reference = contrast[0]
    if reference < 8 or np.abs(contrast).min() < CLEAR * reference:
        return None
    bits = contrast[1:] > 0
    code = int("".join("1" if bit else "0" for bit in bits[:BITS]), 2)
    if code.bit_count() % 2 != bits[BITS]:
        return None
    number = code
    while code := code >> 1:
        number ^= code
    return number


def _cell_signs(frame_number: int) -> NDArray[np.int8]:
    """int8 (ROWS, COLUMNS): the cells in their places, inverses below."""
    number = np.array([frame_number])
    bits = [bit_signs(number, bit)[0] for bit in (*range(BITS - 1, -1, -1), BITS)]
    upper = np.array([1, *bits], dtype=np.int8).reshape(ROWS // 2, COLUMNS)
    return np.stack([upper, -upper], axis=1).reshape(ROWS, COLUMNS)


def _cell_contrasts(luma: Luma, box: Box) -> NDArray[np.float64]:
    """float64[BITS + 2]: cell minus inverse, over the middle half of each cell."""
    x, y, width, height = box
    means = np.empty((ROWS, COLUMNS))
    for row, column in np.ndindex(ROWS, COLUMNS):
        top, left = y + (row + 0.25) * height / ROWS, x + (column + 0.25) * width / COLUMNS
        bottom, right = top + height / ROWS / 2, left + width / COLUMNS / 2
        rows = slice(round(top), max(round(bottom), round(top) + 1))
        columns = slice(round(left), max(round(right), round(left) + 1))
        means[row, column] = luma[rows, columns].mean()
    pairs = means.reshape(ROWS // 2, 2, COLUMNS)
    return (pairs[:, 0] - pairs[:, 1]).ravel()


def write_film(
    path: Path, seconds: float, fps: float = FILM_FPS, width: int = 1280, height: int = 720
) -> int:
    """Write a silent H.264 film of the numbers 0, 1, 2 …; returns how many. Even sizes in px."""
    rate = Fraction(fps).limit_denominator(1001)
    count = round(seconds * rate)
    if count < 1 or count > NUMBERS or width % 2 or height % 2:
        what = f"no pattern film of {count} frames, {width}x{height} px"
        raise InputError(what, path, f"choose 1 to {NUMBERS} frames and even sizes")
    with (
        atomic_file(path) as temporary,
        av.open(temporary, "w") as container,
        Progress("drawing the pattern", count, "frames") as progress,
    ):
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "12", "preset": "veryfast", "tune": "fastdecode"}
        stream.gop_size = max(round(rate), 1)
        for number in range(count):
            frame = _as_yuv(draw(number, width, height))
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
            progress.advance()
        container.mux(stream.encode())
    return count


def _as_yuv(luma: Luma) -> av.VideoFrame:
    height, width = luma.shape
    colours = np.full((height // 2, width), 128, dtype=np.uint8)
    return av.VideoFrame.from_ndarray(np.vstack([luma, colours]), format="yuv420p")
