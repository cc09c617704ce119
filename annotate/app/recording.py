"""A recording as the review pages show it: pictures by frame number, true times, landmarks.

Reads the recording, frames.parquet and, where there is one, the AU table. One reader a recording
stays open, used by one thread at a time.
"""

import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mexlab.session import Session
from mexlab.tables import AU_TABLE
from mexlab.vision.crop import Points
from mexlab.vision.seeking import FrameReader
from mexlab.vision.video import Frame, Image, upright

HEIGHT_PX = 720  # of the whole picture as it is sent; more is not seen in the page
JPEG_QUALITY = 85
LANDMARK_VALUES = 136


class Recording:
    """An open session. `t_ns` int64[frames] are capture times on the session's clock."""

    def __init__(self, session: Session, analyzer: str) -> None:
        self.session, self.analyzer = session, analyzer
        frames = session.frames()
        self.t_ns: NDArray[np.int64] = frames["capture_ns"].to_numpy()
        self._pts_ns = frames["pts_ns"].to_numpy()
        self._reader: FrameReader | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.t_ns)

    def whole(self, first: int, end: int) -> list[Image]:
        """Frames [first, end) upright, no higher than HEIGHT_PX."""
        with self._lock:
            return [_lowered(frame) for frame in self._window(first, end)]

    def full(self, first: int, end: int) -> list[Frame]:
        """Frames [first, end) as they were recorded."""
        with self._lock:
            return list(self._window(first, end))

    def _window(self, first: int, end: int) -> Iterator[Frame]:
        if self._reader is None:
            self._reader = FrameReader(self.session.recording_path, self._pts_ns)
        return self._reader.window(first, end)

    @property
    def analysed(self) -> bool:
        return self.session.aus_path(self.analyzer).is_file()

    @property
    def stamp(self) -> tuple[int, ...]:
        """Changes when the tables that these pages show are made again."""
        session = self.session
        paths = (session.aus_path(self.analyzer), session.motion_path, session.scenes_path)
        return tuple(path.stat().st_mtime_ns if path.is_file() else 0 for path in paths)

    def seen(self, columns: Sequence[str]) -> pa.Table | None:
        """Columns of the AU table; None where this recording has not been analysed."""
        path = self.session.aus_path(self.analyzer)
        return AU_TABLE.read(path, columns) if self.analysed else None

    def landmarks(self, first: int, end: int) -> Points | None:
        """float32 (faces, 68, 2) of the frames [first, end) that show a face; None without any."""
        if not self.analysed:
            return None
        known, points = _landmarks(self.session.aus_path(self.analyzer), self.stamp)
        rows = np.cumsum(known) - 1
        wanted = rows[first:end][known[first:end]]
        return points[wanted] if len(wanted) else None

    def close(self) -> None:
        """Close the file; whoever still asks for pictures opens it again."""
        with self._lock:
            if self._reader is not None:
                self._reader.close()
            self._reader = None


@lru_cache(maxsize=4)
def _landmarks(path: Path, _stamp: tuple[int, ...]) -> tuple[NDArray[np.bool_], Points]:
    """Which frames have landmarks, bool[frames], and theirs, float32 (faces, 68, 2)."""
    column: Any = AU_TABLE.read(path, ("landmarks",))["landmarks"].combine_chunks()
    known = column.is_valid().to_numpy(zero_copy_only=False)
    values = column.drop_null().flatten().to_numpy(zero_copy_only=False)
    return known, values.reshape(int(known.sum()), LANDMARK_VALUES // 2, 2)


def jpeg(image: Image) -> bytes:
    """An RGB picture as JPEG, without any metadata."""
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return encoded.tobytes()


def _lowered(frame: Frame) -> Image:
    """Scaled before it is turned to RGB, which is quicker than after."""
    picture, turned = frame.picture, int(frame.picture.rotation) % 180 != 0
    height = picture.width if turned else picture.height
    if height <= HEIGHT_PX:
        return frame.rgb()
    width_px, height_px = (
        max(2, round(side * HEIGHT_PX / height / 2) * 2) for side in (picture.width, picture.height)
    )
    small = picture.reformat(width_px, height_px, "rgb24").to_ndarray()
    return upright(small, int(picture.rotation))
