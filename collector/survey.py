"""One pass over a recording: every frame's true time, and whether its pictures have colour.

Reads the video once from first to last frame, so that a truncated or damaged one is refused.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mexlab.errors import VideoError
from mexlab.progress import Progress
from mexlab.timebase import NS_PER_MS, NS_PER_S, Nanoseconds, dropped_before, median_rate_hz
from mexlab.vision.video import Frame, Video

GREY_FORMATS = ("gray", "ya", "mono")  # beginnings of FFmpeg's names for one-plane formats
SAMPLE_EVERY_NS = NS_PER_S // 2  # a picture looked at for colour
SAMPLE_SIDE_PX = 64
# Of 255. Codecs leave grey pictures within 2 of neutral; skin alone lies 10 and more away.
NEUTRAL_CHROMA = 4
COLOURLESS_PERCENTILE = 99
# Containers round times to a millisecond; what goes beyond that and a tenth of a step is no
# constant rate. The outermost twentieths are left to dropped frames.
ROUNDING_NS = NS_PER_MS
STEADY_FRACTION = 0.1


@dataclass(frozen=True)
class Survey:
    """`times_ns` int64[n], n >= 2, from the first frame. `grey`: no picture had colour."""

    times_ns: Nanoseconds
    grey: bool

    @property
    def rate_hz(self) -> float:
        """Frames per second from the median step."""
        return median_rate_hz(self.times_ns)

    @property
    def dropped_before(self) -> NDArray[np.int16]:
        """Frames lost before each frame, int16[n]."""
        return dropped_before(self.times_ns)

    @property
    def shown_until_ns(self) -> int:
        """Where the last frame ends, if it is shown for the median step."""
        return int(self.times_ns[-1]) + round(float(np.median(np.diff(self.times_ns))))

    @property
    def variable_rate(self) -> bool:
        """Whether the steps differ by more than a container's rounding and a few lost frames."""
        steps = np.diff(self.times_ns)
        low, middle, high = np.percentile(steps, [5, 50, 95])
        return bool(high - low > ROUNDING_NS + STEADY_FRACTION * middle)


def survey(video: Video, bar: Progress) -> Survey:
    """Decode every frame once. Raises VideoError for a damaged recording or a single picture."""
    times: list[int] = []
    grey, sampled_ns = True, -SAMPLE_EVERY_NS
    one_plane = video.pixel_format.startswith(GREY_FORMATS)
    for frame in video.frames():
        times.append(frame.t_ns)
        bar.advance()
        if grey and not one_plane and frame.t_ns - sampled_ns >= SAMPLE_EVERY_NS:
            grey, sampled_ns = colourless(frame), frame.t_ns
    if len(times) < 2:
        raise VideoError("a single picture is no recording", video.path, "give a video")
    return Survey(np.asarray(times, dtype=np.int64), grey)


def colourless(frame: Frame) -> bool:
    """Whether the picture's chroma is neutral throughout, as a small copy of it shows."""
    small = frame.picture.reformat(SAMPLE_SIDE_PX, SAMPLE_SIDE_PX, format="yuv444p")
    planes: NDArray[np.uint8] = small.to_ndarray()  # (3, side, side): y, u, v
    away = np.abs(planes[1:].astype(np.int16) - 128)
    return bool(np.percentile(away, COLOURLESS_PERCENTILE) <= NEUTRAL_CHROMA)
