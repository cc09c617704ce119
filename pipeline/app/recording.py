"""Pictures of the recordings that a dataset's frames were taken from, by frame number, as JPEG.

Reads the recording and frames.parquet; one reader a recording stays open, for one thread at a time.
"""

import threading
from collections.abc import Sequence
from pathlib import Path

import cv2

from mexlab.errors import VideoError
from mexlab.session import Session
from mexlab.vision.seeking import FrameReader
from mexlab.vision.video import Image
from mexlab.web.once import OnceCache

HEIGHT_PX = 540  # of a picture as it is sent; more is not seen beside the clip
JPEG_QUALITY = 88
OPEN_RECORDINGS = 3
NEAR_FRAMES = 64  # frames so near to each other are decoded in one go


class Recordings:
    """Recordings of one server; several threads may ask."""

    def __init__(self) -> None:
        self._open: OnceCache[_Recording] = OnceCache(
            OPEN_RECORDINGS, lambda _: 1, lambda recording: recording.close()
        )

    def pictures(self, session: Session, frames: Sequence[int]) -> list[bytes]:
        """Those frames, in that order. Raises VideoError where the recording has no such."""
        path = session.recording_path
        recording = self._open.get(path, lambda: _Recording(path, session))
        return recording.pictures(frames)


class _Recording:
    def __init__(self, path: Path, session: Session) -> None:
        self._path = path
        self._pts_ns = session.frames()["pts_ns"].to_numpy()
        self._reader: FrameReader | None = None
        self._lock = threading.Lock()

    def pictures(self, frames: Sequence[int]) -> list[bytes]:
        if not frames or min(frames) < 0 or max(frames) >= len(self._pts_ns):
            remedy = "give the study that the dataset was built from"
            raise VideoError("the recording has no such frame", self._path.name, remedy)
        with self._lock:
            if self._reader is None:
                self._reader = FrameReader(self._path, self._pts_ns)
            found: dict[int, bytes] = {}
            for first, end in _runs(sorted(set(frames))):
                for frame in self._reader.window(first, end):
                    if frame.index in frames:
                        found[frame.index] = _jpeg(frame.rgb())
        return [found[frame] for frame in frames]

    def close(self) -> None:
        """Close the file; whoever still asks for pictures opens it again."""
        with self._lock:
            if self._reader is not None:
                self._reader.close()
            self._reader = None


def _runs(frames: Sequence[int]) -> list[tuple[int, int]]:
    """[first, end) of what is decoded in one go; `frames` rise."""
    runs = [(frames[0], frames[0] + 1)]
    for frame in frames[1:]:
        first, end = runs[-1]
        if frame - end < NEAR_FRAMES:
            runs[-1] = (first, frame + 1)
        else:
            runs.append((frame, frame + 1))
    return runs


def _jpeg(image: Image) -> bytes:
    height, width = image.shape[:2]
    if height > HEIGHT_PX:
        size = (round(width * HEIGHT_PX / height), HEIGHT_PX)
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    else:
        small = image
    bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return encoded.tobytes()
