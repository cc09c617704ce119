"""Frames of a recording by number, wherever they lie in it, without decoding all before them.

Reads the recording and the times of its frames (frames.parquet). What a seek brings is believed
only where its time stamps say which frames they are, in an unbroken row from a key frame on;
where they do not, the recording is decoded from its first frame and counted. So frame n is always
the n-th picture in presentation order, as `mexlab.vision.video` counts them.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import av.error
import numpy as np
from numpy.typing import ArrayLike

from mexlab.errors import VideoError
from mexlab.timebase import NS_PER_S
from mexlab.vision.video import Frame, moving_pictures

SAME_NS = 100_000  # time stamps this near are of one frame; tables round to the nanosecond
NEAR_FRAMES = 64  # so far ahead it is quicker to go on decoding than to seek
# How far before a frame to look for a key frame: containers count it from different times.
STEPS_BACK_S = (0.0, 2.0, 12.0)


class FrameReader:
    """An open recording. Not for several threads at once; use as a context manager.

    `pts_ns` are the frames' time stamps in the file, int64[frames], as in frames.parquet.
    """

    def __init__(self, path: Path, pts_ns: ArrayLike) -> None:
        self.path = path
        times = np.asarray(pts_ns, dtype=np.int64)
        self._times = times - times[:1]
        self._next: int | None = None  # the frame that decoding on would give, where that is known
        self._first_pts: int | None = None
        self._pictures: Iterator[av.VideoFrame]
        if not path.is_file():
            raise VideoError("no such video", path, "check the path")
        try:
            self._open()
        except av.error.FFmpegError as error:
            raise self._broken(f"cannot be opened ({error.strerror})") from error
        self._scale = Fraction(self._stream.time_base or 1) * NS_PER_S

    def window(self, first: int, end: int) -> Iterator[Frame]:
        """Frames first, first + 1, … before `end`. Raises VideoError where they cannot be had."""
        if not 0 <= first <= end <= len(self._times):
            remedy = "give frames of this recording"
            raise VideoError(f"no frames {first} to {end}", self.path, remedy)
        if first == end:
            return
        try:
            frames = self._nearby(first, end) or self._sought(first, end)
            yield from frames or self._counted(first, end)
        except av.error.FFmpegError as error:
            self._next = None
            raise self._broken(f"cannot be decoded ({error.strerror})") from error

    def _nearby(self, first: int, end: int) -> list[Frame]:
        """By going on from where the reader stands; nothing where that is too far or unclear."""
        if self._next is None or not self._next <= first <= self._next + NEAR_FRAMES:
            return []
        return self._believed(first, end, self._next)

    def _sought(self, first: int, end: int) -> list[Frame]:
        """By a seek to a key frame before; nothing where none leads to an unbroken row."""
        if self._first_pts is None:
            self._restart()
            first_picture = next(self._pictures, None)
            if first_picture is None:
                raise self._broken("holds no picture")
            self._first_pts = first_picture.pts
        for back_s in STEPS_BACK_S:
            target_ns = max(0, int(self._times[first]) - round(back_s * NS_PER_S))
            pts = int(self._first_pts or 0) + int(target_ns / self._scale)
            try:
                self._container.seek(pts, stream=self._stream, backward=True)
            except av.error.FFmpegError:
                continue  # some containers cannot seek at all
            self._pictures = self._container.decode(self._stream)
            if frames := self._believed(first, end, None):
                return frames
        return []

    def _believed(self, first: int, end: int, expected: int | None) -> list[Frame]:
        """Frames [first, end) decoded from here on, or nothing where the row has a gap.

        Until a key frame has come (`expected` None) nothing counts: pictures shown before the key
        frame that a seek found may lean on ones that were never decoded.
        """
        self._next = None
        frames: list[Frame] = []
        for picture in self._pictures:
            number = self._number(picture.pts)
            if expected is None:
                if not picture.key_frame:
                    continue
                if number is None or number > first:
                    return []
                expected = number
            if number != expected or picture.is_corrupt:
                return []
            if number >= first:
                frames.append(Frame(number, int(self._times[number]), picture))
            expected += 1
            if expected == end:
                self._next = expected
                return frames
        return []

    def _counted(self, first: int, end: int) -> Iterator[Frame]:
        """By decoding from the first frame on."""
        self._restart()
        for count, picture in enumerate(islice(self._pictures, end)):
            if count >= first:
                yield Frame(count, int(self._times[count]), picture)
            if count == end - 1:
                return
        raise self._broken(f"ends before frame {end - 1}")

    def _number(self, pts: int | None) -> int | None:
        """Which frame has this time stamp."""
        if pts is None or self._first_pts is None:
            return None
        t_ns = round((pts - self._first_pts) * self._scale)
        row = int(np.searchsorted(self._times, t_ns - SAME_NS))
        same = row < len(self._times) and abs(int(self._times[row]) - t_ns) <= SAME_NS
        return row if same else None

    def _restart(self) -> None:
        """To before the first frame; opened anew, since not every container can seek there."""
        self._container.close()
        self._open()

    def _open(self) -> None:
        self._container = av.open(self.path)
        self._stream = moving_pictures(self._container, self.path)
        self._stream.thread_type = "AUTO"
        self._pictures = self._container.decode(self._stream)
        self._next = None

    def _broken(self, problem: str) -> VideoError:
        what = f"damaged or truncated video: {problem}"
        return VideoError(what, self.path, "copy it again, or repair it by re-encoding")

    def close(self) -> None:
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()
