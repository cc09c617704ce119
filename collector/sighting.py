"""Which number of `stimuli.pattern` a camera's pictures show, wherever in them the screen may be.

The screen may be mirrored, turned, in perspective, blurred, small and under ambient light, because
nothing is looked for in the picture. Instead, each pixel's course through time is compared with
what the player showed:

    flashes at every delay of a grid ──> rough delay (which pixels, which sign: does not matter)
    bits at delays around it ──> finer delay, and for each bit the pixels that follow or oppose it
    their difference, against its two levels ──> bit: set, clear or unclear ──> number

Only the low bits change often enough to be recognised by their course; the rough delay is far
better than what they leave open. All this is done in stretches of a few seconds, because a mirror
held by hand sways: which pixels belong to a bit need not stay the same.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from mexlab.timebase import NS_PER_MS, NS_PER_S, Nanoseconds
from stimuli.pattern import BITS, CLEAR, bit_signs, flash_signs

NOTHING_SEEN = -1
Numbers = NDArray[np.int64]
Courses = NDArray[np.float32]  # (pixels, n): one pixel's course a row, mean 0 and length 1
Signs = NDArray[np.int8]  # (k, n): k sequences of +1 and -1

EARLIEST_NS, LATEST_NS = -200 * NS_PER_MS, 1000 * NS_PER_MS  # delays that are thought of
ROUGH_STEP_NS, FINE_STEP_NS = 10 * NS_PER_MS, 2 * NS_PER_MS
FINE_REACH_NS = 60 * NS_PER_MS
LOW_BITS = 5  # bits 0-4 and the parity are read
PERIOD = 1 << (LOW_BITS + 1)  # frames after which they repeat
REACH_FRAMES = 8  # a number further than this from what the rough delay expects was misread
BEST_PIXELS = 12  # that a correlation is averaged over: a smaller screen is not seen
LEAST_CORRELATION = 0.35
ALIKE = 0.7  # pixels of a bit follow it at least this well, relative to the best
LEAST_PICTURES = 60
LIVELY = 0.12  # a pixel's spread, relative to the best, from which it is looked at: saves time
STRETCH_S = 5.0
TREND_S = 3.0  # slower changes of brightness are the room's, not the pattern's


def number_in_pictures(
    pictures: NDArray[np.uint8], capture_ns: Nanoseconds, frame: Numbers, shown_ns: Nanoseconds
) -> Numbers | None:
    """int64[n]: the film frame in each of the pictures, uint8 (n, height, width), captured at
    `capture_ns`; NOTHING_SEEN where it is not clear. None where there is no pattern to be seen.

    `frame` and `shown_ns` int64[m] say what was shown when.
    """
    if len(shown_ns) < 2:
        return None
    # At every delay thought of, these pictures show the film.
    during = (capture_ns >= shown_ns[0] + LATEST_NS) & (capture_ns < shown_ns[-1] + EARLIEST_NS)
    if during.sum() < LEAST_PICTURES:
        return None
    capture = capture_ns[during]
    stretches = _stretches(pictures[during], capture)

    def number_at(delay_ns: int) -> Numbers:
        row = np.searchsorted(shown_ns, capture - delay_ns, side="right").clip(1) - 1
        number: Numbers = frame[row]
        return number

    def bits_at(delay_ns: int) -> Signs:
        number = number_at(delay_ns)
        return np.stack([bit_signs(number, bit) for bit in (*range(LOW_BITS), BITS)])

    def flashes_at(delay_ns: int) -> Signs:
        return flash_signs(number_at(delay_ns))[None]

    rough = _best_delay(stretches, range(EARLIEST_NS, LATEST_NS, ROUGH_STEP_NS), flashes_at)
    if rough is None:
        return None
    around = range(rough - FINE_REACH_NS, rough + FINE_REACH_NS + 1, FINE_STEP_NS)
    fine = _best_delay(stretches, around, bits_at)
    if fine is None:
        return None
    found = np.full(len(capture_ns), NOTHING_SEEN, dtype=np.int64)
    level = np.hstack([_bit_levels(*both) for both in _together(stretches, bits_at(fine))])
    found[during] = _numbers(level, number_at(fine))
    return found


def _stretches(pictures: NDArray[np.uint8], capture_ns: Nanoseconds) -> list[Courses]:
    """The livelier pixels' courses in each stretch, without slow trends."""
    seconds = float(capture_ns[-1] - capture_ns[0]) / NS_PER_S
    trend = round(TREND_S * len(pictures) / seconds)
    flat = pictures.reshape(len(pictures), -1)
    spread = flat[::4].std(axis=0, dtype=np.float32)
    flat = flat[:, spread >= LIVELY * np.sort(spread)[-BEST_PIXELS]]
    parts = np.array_split(flat, max(round(seconds / STRETCH_S), 1))
    return [_unit(part.T, trend) for part in parts]


def _unit(rows: NDArray[np.uint8], trend: int) -> Courses:
    """Rows less their moving mean over `trend` values, then of mean 0 and length 1."""
    level = np.ascontiguousarray(rows, dtype=np.float32)
    level -= uniform_filter1d(level, trend, axis=1, mode="nearest")
    level -= level.mean(axis=1, keepdims=True)
    length = np.linalg.norm(level, axis=1, keepdims=True)
    level /= np.where(length > 0, length, 1)
    return level


def _together(stretches: list[Courses], signs: Signs) -> list[tuple[Courses, Signs]]:
    """Each stretch with its part of the sequences."""
    ends = np.cumsum([courses.shape[1] for courses in stretches])
    return list(zip(stretches, np.split(signs, ends[:-1], axis=1), strict=True))


def _best_delay(
    stretches: list[Courses], delays_ns: Sequence[int], signs_at: Callable[[int], Signs]
) -> int | None:
    """The delay at which the best pixels follow the signs, (k, n) at a delay, most closely.

    None where even there some of the k sequences are not to be seen.
    """
    best, best_score = None, LEAST_CORRELATION
    for delay in delays_ns:
        scores = [_score(*both) for both in _together(stretches, signs_at(delay))]
        score = float(np.mean(scores))
        if score > best_score:
            best, best_score = delay, score
    return best


def _score(courses: Courses, signs: Signs) -> float:
    """How closely the best pixels follow that sequence which is followed least."""
    likeness = np.abs(_likeness(courses, signs))
    return float(np.partition(likeness, -BEST_PIXELS)[:, -BEST_PIXELS:].mean(axis=1).min())


def _likeness(courses: Courses, signs: Signs) -> NDArray[np.float32]:
    """float32 (k, pixels): correlation of each sequence with each pixel's course."""
    centred = signs - signs.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = (centred / np.where(length > 0, length, 1)).astype(np.float32)
    likeness: NDArray[np.float32] = unit @ courses.T
    return likeness


def _bit_levels(courses: Courses, bits: Signs) -> NDArray[np.float32]:
    """float32 (k, n): +1 where the bit's pixels are at their level for set, -1 for clear.

    Pixels that follow the bit less those that oppose it: what both share, such as daylight or an
    automatic exposure, cancels.
    """
    levels = np.zeros(bits.shape, dtype=np.float32)
    for level, signs, likeness in zip(levels, bits, _likeness(courses, bits), strict=True):
        size = np.abs(likeness)
        chosen = size >= ALIKE * np.sort(size)[-BEST_PIXELS:].mean()
        for way in (1, -1):
            group = chosen & (np.sign(likeness) == way)
            if group.any():
                level += way * courses[group].mean(axis=0)
        if np.ptp(signs):
            high, low = float(np.median(level[signs > 0])), float(np.median(level[signs < 0]))
            level[:] = 2 * (level - low) / max(high - low, 1e-9) - 1
    return levels


def _numbers(levels: NDArray[np.float32], expected: Numbers) -> Numbers:
    """Read levels (LOW_BITS and the parity, n) as the number nearest to the expected one."""
    value = levels[-1] > 0  # the parity of a Gray code is the number's lowest bit
    code = value.astype(np.int64)
    for bit in range(LOW_BITS):
        value = value ^ (levels[bit] > 0)
        code |= value.astype(np.int64) << (bit + 1)
    away = (code - expected + PERIOD // 2) % PERIOD - PERIOD // 2
    clear = (np.abs(levels).min(axis=0) >= CLEAR) & (np.abs(away) <= REACH_FRAMES)
    return np.where(clear, expected + away, NOTHING_SEEN)
