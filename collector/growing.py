"""An H.264 recording that grows in place and survives `kill -9`, and how it becomes a finished one.

While it grows it is a fragmented MP4 with a fragment for each frame: whatever is on the disk plays,
but for the last frame. Times are in ticks of 1/90000 s from the first frame, so that the true,
variable frame times are kept. `finish` makes an ordinary MP4 of it, which can be sought in.
"""

import errno
import io
import os
import shutil
import struct
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import av.error

from mexlab.atomic import atomic_file
from mexlab.timebase import NS_PER_S

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

TICK = Fraction(1, 90_000)  # s
TICK_NS = TICK * NS_PER_S
# One thread and the fastest preset leave the cores to film and camera, and keep more of a movement
# than slower presets; zerolatency keeps no frame back in the encoder.
ENCODING = {"preset": "ultrafast", "tune": "zerolatency", "crf": "20", "threads": "1"}
FRAGMENTED = {"movflags": "frag_every_frame+empty_moov+default_base_moof", "flush_packets": "1"}
BUFFER_BYTES = 1 << 20  # more than a key frame: one system call a fragment, rarely torn
TORN_BYTES = 8_000_000  # more than a fragment, a single frame, can have
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def to_ticks(ns: int) -> int:
    """The nearest tick."""
    return round(ns / TICK_NS)


def ticks_to_ns(ticks: int) -> int:
    """The nearest nanosecond."""
    return round(ticks * TICK_NS)


class WholeWrites(io.FileIO):
    """A file that writes all it is given: FFmpeg takes a short write for a whole one."""

    def write(self, data: "Buffer", /) -> int:
        rest = memoryview(data)
        while rest:
            rest = rest[super().write(rest) :]
        return memoryview(data).nbytes


class GrowingVideo:
    """Encodes yuv420p or yuvj420p pictures of one size into a new file."""

    def __init__(self, path: Path, width: int, height: int, fps: float) -> None:
        self.path = path
        self._file = WholeWrites(path, "xb")
        self._container = av.open(
            self._file, "w", format="mp4", options=FRAGMENTED, buffer_size=BUFFER_BYTES
        )
        rate = Fraction(fps).limit_denominator(1001)
        self._stream: Any = self._container.add_stream("libx264", rate=rate, options=ENCODING)
        self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = self._stream.codec_context.time_base = TICK
        self._stream.codec_context.gop_size = round(fps)  # a key frame each second, for seeking

    def write(self, picture: av.VideoFrame, ticks: int) -> None:
        """Append one picture. Raises OSError where the disk is full or the file may not grow."""
        picture.pts, picture.time_base = ticks, TICK
        self._container.mux(self._stream.encode(picture))

    def sync(self) -> None:
        """Wait until what was written is on the disk itself."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Write what is still held back. Raises OSError as `write` does; closing twice is nothing.

        The file is closed in any case, and what stands in it stays.
        """
        if self._file.closed:
            return
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
        finally:
            self._file.close()


def finish(growing: Path, final: Path) -> None:
    """Make an ordinary MP4 of a growing one, which may have been torn anywhere, and remove it.

    Where the disk has no room for both, the growing file itself takes the name: it plays too.
    Without one whole frame there is nothing to make, and the growing file stays.
    """
    if not keep_whole_boxes(growing):
        return
    try:
        _remux(growing, final)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        growing.replace(final)
    else:
        growing.unlink()


def packet_ticks(path: Path) -> list[int]:
    """Ticks of the frames in a recording, in order, without decoding them."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        scale = Fraction(stream.time_base) / TICK
        ticks = [round(p.pts * scale) for p in container.demux(stream) if p.pts is not None]
    return sorted(ticks)


def keep_whole_boxes(path: Path) -> int:
    """Cut a fragmented MP4 after its last whole fragment; the number of fragments kept.

    A fragment is a moof box and the mdat box behind it (ISO/IEC 14496-12). Where more goes than one
    torn fragment can hold, the disk has damaged it: a copy of all stays beside it, as .damaged.mp4.
    """
    size = path.stat().st_size
    whole = fragments = place = 0
    with path.open("r+b") as file:
        while place + 8 <= size:
            file.seek(place)
            length, kind = struct.unpack(">I4s", file.read(8))
            if length == 1 and place + 16 <= size:  # a 64-bit length stands behind the type
                length = struct.unpack(">Q", file.read(8))[0]
            place += length
            if length < 8 or place > size:
                break
            if kind in (b"moov", b"mdat"):
                whole = place
            fragments += kind == b"mdat"
        if size - whole > TORN_BYTES:
            shutil.copyfile(path, path.with_suffix(".damaged.mp4"))
        file.truncate(whole)
    return fragments


def _remux(growing: Path, final: Path) -> None:
    with (
        atomic_file(final) as temporary,
        av.open(growing) as source,
        av.open(temporary, "w", options={"movflags": "faststart"}) as target,
    ):
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.pts is not None:
                packet.stream = copy
                target.mux(packet)
