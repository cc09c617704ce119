"""Where the scenes of a built film stand, measured by decoding it.

Reads a film; every picture is compared with the washout picture itself. A scene that starts grey,
black or faded in lacks the fixation cross, and is told from the washout by it.
"""

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import av
import numpy as np

from mexlab.timebase import NS_PER_S
from mexlab.vision.video import Video
from stimuli.washout import GREY, Luma, washout_picture

# Absolute differences of luma. Encoding leaves 2 in the grey; a missing cross is 110 away.
CROSS_TOLERANCE = 40.0  # mean over the cross
BOX_TOLERANCE = 15.0  # mean over the square it stands in
GREY_TOLERANCE = 6.0  # nearly everywhere else


@dataclass(frozen=True)
class MeasuredFilm:
    """A film's frame count, length, and scenes as half-open ranges of frames and of ns."""

    frames: int
    duration_ns: int
    scene_frames: tuple[tuple[int, int], ...]
    scenes_ns: tuple[tuple[int, int], ...]


def measure_film(path: Path) -> MeasuredFilm:
    """Decode the film and find the runs of pictures that are not the washout.

    The last frame is shown as long as the one before it. Raises VideoError for a damaged film.
    """
    video = Video(path)
    looks_like = WashoutDetector(video.width, video.height)
    times: list[int] = []
    is_washout: list[bool] = []
    for frame in video.frames():
        times.append(frame.t_ns)
        is_washout.append(looks_like(_luma(frame.picture)))
    rate = video.nominal_hz
    times.append(round(len(times) * NS_PER_S / rate) if rate else times[-1])
    runs: list[tuple[int, int]] = []
    first = 0
    for washout, group in groupby(is_washout):
        end = first + sum(1 for _ in group)
        if not washout:
            runs.append((first, end))
        first = end
    bounds = tuple((times[start], times[end]) for start, end in runs)
    return MeasuredFilm(len(is_washout), times[-1], tuple(runs), bounds)


class WashoutDetector:
    """Whether a picture's luma, uint8 (height, width), is the washout's."""

    def __init__(self, width: int, height: int) -> None:
        picture = washout_picture(width, height)
        self._cross = np.nonzero(picture != GREY)
        rows, columns = self._cross
        self._box = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        self._inside = picture[self._box].astype(np.int16)
        self._black = picture[self._cross].astype(np.int16)

    def __call__(self, luma: Luma) -> bool:
        if np.abs(luma[self._cross] - self._black).mean() > CROSS_TOLERANCE:
            return False
        if np.abs(luma[self._box] - self._inside).mean() > BOX_TOLERANCE:
            return False
        sparse = np.abs(luma[::4, ::4].astype(np.int16) - GREY)  # the cross is under 1 % of it
        return bool(np.percentile(sparse, 98) <= GREY_TOLERANCE)


def _luma(picture: "av.VideoFrame") -> Luma:
    plane = picture.planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return rows[: picture.height, : picture.width]
