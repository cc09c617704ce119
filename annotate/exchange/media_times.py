"""Frames of a recording as ELAN counts them: whole milliseconds of the media file.

ELAN puts an annotation where the film's player stands, so frame n lies at its time stamp in the
file (pts), which is not the session's clock. Reading takes the frame nearest to a time, so that
rounding to milliseconds, and a hand that was a few of them off, come back to the same frame.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mexlab.errors import InputError, StudyError
from mexlab.session import Session
from mexlab.timebase import NS_PER_MS, nearest

MIN_STEP_MS = 2  # so that a one-frame stretch can be 1 ms long and its end still be that frame


@dataclass(frozen=True)
class MediaTimes:
    """`ms` int64 (frames,): where each frame begins; `capture_ns` the same on the session clock."""

    ms: NDArray[np.int64]
    capture_ns: NDArray[np.int64]

    @classmethod
    def of(cls, session: Session) -> Self:
        """Of a session's frames.parquet. Raises InputError where frames are under 2 ms apart."""
        frames = session.frames()
        if not len(frames):
            raise StudyError("no frames", session.frames_path, "restore it from a copy")
        try:
            return cls.from_ns(frames["pts_ns"].to_numpy(), frames["capture_ns"].to_numpy())
        except InputError as error:
            raise InputError(error.what, session.frames_path, error.remedy) from error

    @classmethod
    def from_ns(cls, pts_ns: ArrayLike, capture_ns: ArrayLike) -> Self:
        """From int64 ns, strictly rising, at least one."""
        ms = np.round(np.asarray(pts_ns) / NS_PER_MS).astype(np.int64)
        if len(ms) > 1 and np.diff(ms).min() < MIN_STEP_MS:
            frame = int(np.diff(ms).argmin())
            what = f"frames {frame} and {frame + 1} are too close for ELAN's milliseconds"
            raise InputError(what, "frames", "use --format csv")
        return cls(ms, np.asarray(capture_ns, dtype=np.int64))

    def begin(self, frame: int) -> int:
        """ms at which a frame begins."""
        return int(self.ms[frame])

    def end(self, frame: int) -> int:
        """ms at which the next one does."""
        if frame + 1 < len(self.ms):
            return int(self.ms[frame + 1])
        step = int(np.median(np.diff(self.ms))) if len(self.ms) > 1 else MIN_STEP_MS
        return int(self.ms[frame]) + step

    def frame(self, ms: int) -> int:
        """The frame nearest to a time in the media file."""
        return int(nearest(self.ms, [ms])[0])

    def of_clock(self, t_ns: int) -> int:
        """ms in the media file of a time on the session's clock; before the first frame 0."""
        behind = np.interp(t_ns, self.capture_ns, self.ms)
        beyond = max(t_ns - int(self.capture_ns[-1]), 0) / NS_PER_MS
        return max(round(float(behind) + beyond), 0)
