"""The frames of a recording that clips are made from, in order, without decoding all between them.

Clips lie minutes apart in a session of half an hour. Reads the recording and its frames table.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from mexlab.vision.seeking import NEAR_FRAMES, FrameReader
from mexlab.vision.video import Frame, Video

SEEKABLE = (".mp4", ".mov", ".m4v", ".mkv", ".webm")  # their time stamps say which frame is which
AT_ONCE = 16  # decoded frames held: some 50 MB of 1080p
BEFORE_FRAMES = 250  # what a seek may have to decode before the first frame wanted


def decoded(path: Path, pts_ns: ArrayLike, wanted: Sequence[int]) -> Iterator[Frame]:
    """The frames `wanted`, rising numbers; `pts_ns` are the time stamps of all that were recorded.

    The same pictures whether they were sought or counted. Raises VideoError where the recording is
    damaged before the last of them.
    """
    if not wanted:
        return
    runs, given = _runs(wanted), 0
    sought = sum(run[-1] - run[0] + BEFORE_FRAMES for run in runs)
    if path.suffix.lower() in SEEKABLE and 2 * sought < wanted[-1]:
        try:
            with _Seeker(path, pts_ns) as reader:
                for frame in chain.from_iterable(_from_run(reader, run) for run in runs):
                    yield frame
                    given += 1
        except _NotFoundError:
            pass
    yield from _counted(path, wanted[given:])


class _NotFoundError(Exception):
    """No seek leads to the frames."""


class _Seeker(FrameReader):
    """Gives up where frames cannot be sought: for many of them, one count serves all."""

    def _counted(self, first: int, end: int) -> Iterator[Frame]:
        raise _NotFoundError


def _counted(path: Path, wanted: Sequence[int]) -> Iterator[Frame]:
    asked = set(wanted)
    for frame in Video(path).frames() if wanted else ():
        if frame.index in asked:
            yield frame
        if frame.index == wanted[-1]:
            return


def _runs(wanted: Sequence[int]) -> list[list[int]]:
    """Split where it is quicker to seek than to decode what lies between."""
    numbers = np.asarray(wanted)
    cuts = np.flatnonzero(np.diff(numbers) > NEAR_FRAMES) + 1
    return [part.tolist() for part in np.split(numbers, cuts)]


def _from_run(reader: FrameReader, run: Sequence[int]) -> Iterator[Frame]:
    asked = set(run)
    for first in range(run[0], run[-1] + 1, AT_ONCE):
        for frame in reader.window(first, min(first + AT_ONCE, run[-1] + 1)):
            if frame.index in asked:
                yield frame
