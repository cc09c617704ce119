"""What a clip file is, as far as cutting a scene from it needs to know."""

from dataclasses import dataclass
from pathlib import Path

import av
import av.error

from mexlab.errors import VideoError


@dataclass(frozen=True)
class ClipFacts:
    """A clip's length on its own clock, in s, and whether it has sound."""

    length_s: float
    sound: bool


def probe(path: Path) -> ClipFacts:
    """Open a clip and decode its first picture. Raises VideoError for what is not a video."""
    remedy = "check that it plays, or convert it, for instance to H.264 in MP4"
    if not path.is_file():
        raise VideoError("no such clip", path, "put it there, or correct the name")
    try:
        with av.open(path) as container:
            films = [s for s in container.streams.video if not s.disposition & _COVER]
            if not films:
                raise VideoError("there is no video in this clip", path, "give a video file")
            stream = films[0]
            if stream.codec_context is None:
                raise VideoError("a codec that is not known here", path, remedy)
            if next(container.decode(stream), None) is None:
                raise VideoError("a video without a picture", path, remedy)
            return ClipFacts(_length_s(container, stream), bool(_heard(container)))
    except av.error.FFmpegError as error:
        what = f"not a video, or one that cannot be decoded ({error.strerror})"
        raise VideoError(what, path, remedy) from error


_COVER = av.stream.Disposition.attached_pic


def _heard(container: "av.container.InputContainer") -> list["av.AudioStream"]:
    return [stream for stream in container.streams.audio if stream.codec_context is not None]


def _length_s(container: "av.container.InputContainer", stream: "av.VideoStream") -> float:
    """Until the end of its pictures, counted from where the container starts."""
    begins_s = float(container.start_time or 0) / float(av.time_base)
    if stream.duration:
        first = stream.start_time or 0
        return float((first + stream.duration) * stream.time_base) - begins_s
    if container.duration:
        return float(container.duration) / float(av.time_base)
    container.seek(0)
    ends = [p.pts + (p.duration or 0) for p in container.demux(stream) if p.pts is not None]
    return float(max(ends, default=0) * stream.time_base) - begins_s
