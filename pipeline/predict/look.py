"""The first decode of a recording: its frames' times, and who is seen in it.

Reads the video and, five times a second, its faces. What is no recording is refused here, before
anything slow begins: a photo, a sound file, a damaged video.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from mexlab.errors import ModelFileError, VideoError
from mexlab.model_files import find_landmarker
from mexlab.progress import Progress
from mexlab.timebase import NS_PER_S, median_rate_hz
from mexlab.vision.landmarker import FaceLandmarker
from mexlab.vision.video import Video, moving_pictures
from pipeline.predict.people import Box, People, face_box

LOOK_EVERY_NS = NS_PER_S // 5
MOST_FACES = 5
ONE_FRAME_NS = NS_PER_S // 20  # how long a recording of one frame lasts
STILL_FORMATS = ("image2", "_pipe", "ico")  # ends of FFmpeg's names for the forms of photos
STILL_BRANDS = ("mif1", "heic", "heix", "avif")  # of photos that lie in a film's container
TICKS_HZ = 90_000


@dataclass(frozen=True)
class Looked:
    """`times_ns` int64[n] of every frame from the first, `looks` int64[k] the frames looked at.

    `people` is None where no model was there to look for faces with.
    """

    video: Video
    times_ns: NDArray[np.int64]
    looks: NDArray[np.int64]
    people: People | None

    @property
    def rate_hz(self) -> float:
        """Frames per second; 0 for a single frame."""
        return median_rate_hz(self.times_ns)

    @property
    def end_ns(self) -> int:
        """Where the last frame ends, if it is shown for the median step."""
        steps = np.diff(self.times_ns)
        return int(self.times_ns[-1]) + (int(np.median(steps)) if len(steps) else ONE_FRAME_NS)


def look_at(path: Path) -> Looked:
    """Decode every frame once. Raises VideoError for a file that is no video."""
    refuse_other_media(path)
    video = Video(path)
    times: list[int] = []
    looks: list[int] = []
    faces: list[list[Box]] = []
    label = f"looking at {path.name}"
    with (
        Progress(label, video.frame_count_hint, "frames") as bar,
        _landmarker() as landmarker,
    ):
        for frame in video.frames():
            if landmarker and (not looks or frame.t_ns - times[looks[-1]] >= LOOK_EVERY_NS):
                found = landmarker.detect_all(frame.rgb())
                faces.append([face_box(face.mesh) for face in found])
                looks.append(frame.index)
            times.append(frame.t_ns)
            bar.advance()
    people = People.of(faces) if landmarker else None
    return Looked(video, np.array(times, np.int64), np.array(looks, np.int64), people)


def refuse_other_media(path: Path) -> None:
    """Raise VideoError for a photo and for sound, also sound with a picture of its cover."""
    if not path.is_file():
        what = "a folder, not a video" if path.is_dir() else "no such video"
        raise VideoError(what, path, "give a video file")
    try:
        with av.open(path) as container:
            brand = container.metadata.get("major_brand")
            if container.format.name.endswith(STILL_FORMATS) or brand in STILL_BRANDS:
                raise VideoError("a photo, not a video", path, "give a video of the face")
            moving_pictures(container, path)
    except av.error.FFmpegError as error:
        what = f"not a video ({error.strerror})"
        raise VideoError(what, path, "check that it plays, or copy it again") from error


def write_followed(looked: Looked, path: Path) -> None:
    """The recording with every face but the followed one under grey, frame for frame, upright.

    H.264 of near-lossless quality; times within a tick of 11 us.
    """
    assert looked.people is not None
    tick = Fraction(1, TICKS_HZ)
    width, height = (side - side % 2 for side in (looked.video.width, looked.video.height))
    label = "hiding the other faces"
    with Progress(label, len(looked.times_ns), "frames") as bar, av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=TICKS_HZ)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = tick
        stream.options = {"crf": "8", "preset": "superfast"}
        for frame in looked.video.frames():
            image = np.ascontiguousarray(frame.rgb()[:height, :width])
            after = int(np.searchsorted(looked.looks, frame.index, side="right"))
            looked.people.hide_others(image, (after - 1, after))
            made = av.VideoFrame.from_ndarray(image, format="rgb24")
            made.pts, made.time_base = round(frame.t_ns * TICKS_HZ / NS_PER_S), tick
            container.mux(stream.encode(made))
            bar.advance()
        container.mux(stream.encode())


@contextmanager
def _landmarker() -> Iterator[FaceLandmarker | None]:
    try:
        model = find_landmarker()
    except ModelFileError:  # another analyzer may do without it
        yield None
        return
    with FaceLandmarker(model, MOST_FACES) as opened:
        yield opened
