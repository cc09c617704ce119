"""Stills and excerpts of a film or a recording, made by ffmpeg when they are asked for.

Nothing is kept on disk: the last few stay in memory. Times are those of the file, in ns.
"""

import tempfile
from functools import lru_cache
from pathlib import Path

from mexlab.timebase import NS_PER_S
from stimuli.encoder import run, source, target

STILL_WIDTH_PX = 640
FACE_WIDTH_PX = 720


def still(path: Path, at_ns: int) -> bytes:
    """A JPEG of the picture shown then. Raises VideoError where there is none."""
    return _still(path, path.stat().st_mtime_ns, at_ns)


def excerpt(path: Path, start_ns: int, end_ns: int) -> bytes:
    """[start_ns, end_ns) as an MP4 that every browser plays, without sound."""
    return _excerpt(path, path.stat().st_mtime_ns, start_ns, end_ns)


@lru_cache(maxsize=64)
def _still(path: Path, _changed_ns: int, at_ns: int) -> bytes:
    picture = source(path, ss=at_ns / NS_PER_S).video.filter("scale", STILL_WIDTH_PX, -2)
    return _made(picture, path, ".jpg", {"frames:v": 1, "q:v": 4})


@lru_cache(maxsize=8)
def _excerpt(path: Path, _changed_ns: int, start_ns: int, end_ns: int) -> bytes:
    seconds = (end_ns - start_ns) / NS_PER_S
    film = source(path, ss=start_ns / NS_PER_S, t=seconds).video
    options = {"vcodec": "libx264", "pix_fmt": "yuv420p", "preset": "veryfast", "crf": 18}
    # A key frame every few frames: the participant steps back and forth.
    options |= {"g": 5, "movflags": "+faststart"}
    return _made(film.filter("scale", FACE_WIDTH_PX, -2), path, ".mp4", options)


def _made(stream: object, path: Path, suffix: str, options: dict[str, object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f"made{suffix}"
        run(stream.output(target(out), **options), path)  # type: ignore[attr-defined]
        return out.read_bytes()
