"""A recording as frames with their true times, decoded once from first to last.

Frame n is the n-th picture in presentation order; its time is its presentation timestamp minus
the first one's, in int64 nanoseconds. A recording that ends before its own index says, or breaks
off in a decoding error, raises VideoError.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
from av.stream import Disposition
from numpy.typing import NDArray

from mexlab.errors import VideoError
from mexlab.timebase import NS_PER_S

Image = NDArray[np.uint8]  # (height, width, 3) RGB, upright
Grey = NDArray[np.uint8]  # (height, width)

# Pixel formats whose first plane is 8-bit luma.
LUMA_FIRST = (
    "yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray",
)  # fmt: skip
# Containers round their durations; what may be missing at the end before it counts as cut off.
END_SLACK_S = 0.5
END_SLACK_FRACTION = 0.05


@dataclass(frozen=True)
class Frame:
    """One decoded frame: its number, its time from the first frame, and the picture."""

    index: int
    t_ns: int
    picture: "av.VideoFrame"

    def rgb(self) -> Image:
        """uint8 (height, width, 3), turned upright by the container's rotation."""
        return upright(self.picture.to_ndarray(format="rgb24"), int(self.picture.rotation))

    def grey(self) -> Grey:
        """uint8 (height, width): the luma as it was recorded, upright."""
        if self.picture.format.name in LUMA_FIRST:
            plane = self.picture.planes[0]
            rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
            luma = rows[:, : plane.width]
        else:
            luma = self.picture.to_ndarray(format="gray")
        return upright(luma, int(self.picture.rotation))


def upright(image: NDArray[np.uint8], rotation_deg: int) -> NDArray[np.uint8]:
    """Turn an image counter-clockwise by a multiple of 90 degrees, as display matrices count."""
    return np.ascontiguousarray(np.rot90(image, round(rotation_deg / 90) % 4))


def moving_pictures(container: "av.container.InputContainer", path: Path) -> "av.VideoStream":
    """The video stream of a file; a cover picture, as music and some phones' films have, is none.

    Raises VideoError where there is none.
    """
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    sound = bool(container.streams.audio)
    what = "sound without a picture" if sound else "there is no video in this file"
    raise VideoError(what, path, "give a video file")


class Video:
    """A video file; `width` and `height` are those of the upright picture, in px."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise VideoError("no such video", path, "check the path")
        try:
            with av.open(path) as container:
                stream = moving_pictures(container, path)
                # The display matrix arrives with the first decoded picture.
                first = next(container.decode(stream), None)
                if first is None:
                    raise VideoError("a video without a frame", path, "check it in a player")
                self.codec = str(stream.codec_context.name)
                self.pixel_format = str(first.format.name)
                self.rotation = int(first.rotation)
                turned = self.rotation % 180 != 0
                self.width = first.height if turned else first.width
                self.height = first.width if turned else first.height
                self.nominal_hz = float(stream.average_rate or 0)
                self.frame_count_hint = int(stream.frames) or self._guess_count(container, stream)
                self.created_at = dict(container.metadata).get("creation_time")
        except av.error.FFmpegError as error:
            raise VideoError(
                f"not a video, or cut off before it can be opened ({error.strerror})",
                path,
                "check that it plays, or copy it again",
            ) from error

    def frames(self) -> Iterator[Frame]:
        """Every frame in order. Raises VideoError where the recording is cut off or damaged."""
        count = packets = 0
        last_pts = -1
        last_ns = -1
        first_pts: int | None = None
        with av.open(self.path) as container:
            stream = moving_pictures(container, self.path)
            stream.thread_type = "AUTO"
            scale = Fraction(stream.time_base) * NS_PER_S
            try:
                for packet in container.demux(stream):
                    if packet.size:
                        packets += 1
                        last_pts = max(last_pts, packet.pts or 0)
                    for picture in packet.decode():
                        if picture.pts is None:
                            raise self._broken(count, "has no time stamp")
                        first_pts = picture.pts if first_pts is None else first_pts
                        t_ns = round((picture.pts - first_pts) * scale)
                        if t_ns <= last_ns:
                            raise self._broken(count, "is not later than the frame before it")
                        yield Frame(count, t_ns, picture)
                        count, last_ns = count + 1, t_ns
            except av.error.FFmpegError as error:
                raise self._broken(count, f"cannot be decoded ({error.strerror})") from error
            # AVI counts the frames a camera dropped, and delivers nothing for them.
            in_order = last_pts + 1 if container.format.name == "avi" else packets
            self._check_end(stream, container, in_order, last_ns)

    def pick(self, indices: Collection[int]) -> dict[int, Image]:
        """The pictures of these frames, decoding no further than the last of them."""
        wanted = set(indices)
        found: dict[int, Image] = {}
        for frame in self.frames() if wanted else ():
            if frame.index in wanted:
                found[frame.index] = frame.rgb()
                if len(found) == len(wanted):
                    break
        return found

    def _guess_count(
        self, container: "av.container.InputContainer", stream: "av.VideoStream"
    ) -> int | None:
        seconds = self._stated_seconds(container, stream)
        return round(seconds * self.nominal_hz) if seconds and self.nominal_hz else None

    @staticmethod
    def _stated_seconds(
        container: "av.container.InputContainer", stream: "av.VideoStream"
    ) -> float | None:
        """How long the file says its video is; None where only a guess from its size exists."""
        if "DURATION" in stream.metadata:  # Matroska, per stream
            hours, minutes, seconds = stream.metadata["DURATION"].split(":")
            return float(hours) * 3600 + float(minutes) * 60 + float(seconds)
        indexed = container.format.name.split(",")[0] in ("matroska", "mov", "avi")
        if indexed and container.duration and len(container.streams) == 1:
            return float(container.duration / av.time_base)
        return None

    def _check_end(
        self,
        stream: "av.VideoStream",
        container: "av.container.InputContainer",
        packets: int,
        last_ns: int,
    ) -> None:
        if stream.frames:
            cut_off = packets < stream.frames
            stated = f"{packets} of {stream.frames} frames are there"
        else:
            seconds = self._stated_seconds(container, stream)
            if not seconds:
                return
            missing = seconds - last_ns / NS_PER_S
            cut_off = missing > max(END_SLACK_S, END_SLACK_FRACTION * seconds)
            stated = f"it ends {missing:.1f} s before its stated {seconds:.1f} s"
        if cut_off:
            raise VideoError(f"truncated video: {stated}", self.path, "copy it again")

    def _broken(self, frame: int, problem: str) -> VideoError:
        return VideoError(
            f"damaged or truncated video: frame {frame} {problem}",
            self.path,
            "copy it again, or repair it by re-encoding",
        )
