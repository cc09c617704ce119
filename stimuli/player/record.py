"""Which film frame was on the screen when: the rows of the growing presentation log.

Reads a film's frame times, by its packets and without decoding; writes `presentation.log`
(`mexlab.rowlog`). A film frame's number is that of the frame nearest to the media time the player
gives, so that the player's rounding to microseconds and a variable rate do no harm, and frames
that the player skipped are simply absent.
"""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from mexlab.errors import VideoError
from mexlab.rowlog import RowLog

COLUMNS = ("stimulus_frame", "media_ns", "shown_ns", "delivered_ns")
NS_PER_US = 1000


@dataclass(frozen=True)
class FrameTimes:
    """A film's frame times, int64 ns from the start of the file as Qt counts, rising.

    That is from its first stream's first time: 0 for the first frame unless sound precedes it.
    """

    file_ns: NDArray[np.int64]

    @classmethod
    def read(cls, film: Path) -> "FrameTimes":
        """Raises VideoError for a file that is missing or is no film."""
        remedy = "give a film that plays, or build it again with: mexlab stimuli build STUDY"
        try:
            with av.open(str(film)) as container:
                streams = container.streams.video
                if not streams:
                    raise VideoError("a film without pictures", film, remedy)
                base, start_ns = streams[0].time_base, (container.start_time or 0) * NS_PER_US
                packets = (p for p in container.demux(streams[0]) if not p.is_discard)
                ticks = sorted(p.pts for p in packets if p.pts is not None)
        except (av.error.FFmpegError, OSError) as error:
            what = f"the film cannot be read ({getattr(error, 'strerror', error)})"
            raise VideoError(what, film, remedy) from error
        if not ticks:
            raise VideoError("a film without pictures", film, remedy)
        return cls(np.array([round(tick * base * 10**9) - start_ns for tick in ticks], np.int64))

    def __len__(self) -> int:
        return len(self.file_ns)

    def nearest(self, file_ns: int) -> int:
        """Number of the frame whose time is nearest, 0-based."""
        after = int(np.searchsorted(self.file_ns, file_ns))
        candidates = [n for n in (after - 1, after) if 0 <= n < len(self)]
        return min(candidates, key=lambda n: abs(int(self.file_ns[n]) - file_ns))

    def media_ns(self, number: int) -> int:
        """Time of a frame from the film's first frame."""
        return int(self.file_ns[number] - self.file_ns[0])


class Record:
    """Counts and logs the pictures that came onto the screen; `path` None logs nothing."""

    def __init__(self, times: FrameTimes, path: Path | None, zero_ns: int) -> None:
        self.times, self.zero_ns = times, zero_ns
        self._log = RowLog(path, COLUMNS) if path else None
        self._numbers: set[int] = set()
        self._last: tuple[int, int] | None = None  # film frame, shown_ns

    def shown(self, start_us: int, delivered_ns: int, shown_ns: int) -> None:
        """One picture with its media time as the player gives it; the others on the host clock.

        The picture that is on the screen already, delivered once more, makes no row.
        Raises OSError where the disk is full.
        """
        number = self.times.nearest(start_us * NS_PER_US)
        if self._last and self._last[0] == number:
            return
        if self._last:
            shown_ns = max(shown_ns, self._last[1] + 1)
        self._last = number, shown_ns
        self._numbers.add(number)
        if self._log:
            media_ns = self.times.media_ns(number)
            self._log.append(number, media_ns, shown_ns - self.zero_ns, delivered_ns - self.zero_ns)

    def counts(self) -> dict[str, int]:
        """How many of the film's frames were on the screen, and how many it has."""
        return {"frames_shown": len(self._numbers), "frames_expected": len(self.times)}

    def close(self) -> None:
        """Everything on the disk itself."""
        if self._log:
            self._log.sync()
            self._log.close()
            self._log = None
