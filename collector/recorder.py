"""The recorder: from a camera's frames to a growing video and a growing frame table.

    capture thread: camera.read() ──> bounded queue ──> writing thread: crop, encode, log a row
    session loop:   watch() about once a second: warnings, fsync, what is going wrong

Each frame carries the stamp the camera gave it right after the grab. What goes wrong in a thread
ends the recording and is kept in `failure`; what was written by then stays. Writes the session's
growing recording, frames.log and lines in events.jsonl.
"""

import queue
import shutil
import threading
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import av
import numpy as np

from collector.cameras.base import Camera, CameraFrame
from collector.framing import Crop, cropped
from collector.growing import GrowingVideo, ticks_to_ns, to_ticks
from mexlab.clock import SessionClock, host_ns
from mexlab.errors import VideoError
from mexlab.events import append_event
from mexlab.rowlog import RowLog
from mexlab.session import Session
from mexlab.tables import FRAMES
from mexlab.timebase import NS_PER_MS, NS_PER_S

QUEUE_FRAMES = 90  # three seconds at 30 fps: longer than an fsync on a slow disk
LOW_FPS = 28 / 30  # of the nominal rate; below it the room is too dark or the machine too slow
SILENT_NS = NS_PER_S  # without a frame for so long, somebody should know
GIVE_UP_NS = 10 * NS_PER_S  # without a frame for so long, the camera is gone
OTHER_SIZE_LIMIT = 30  # frames of another size in a row before the camera counts as changed
FLUSH_NS = NS_PER_S // 4  # read and thrown away before the first recorded frame
LONGEST_FLUSH_NS = 3 * NS_PER_S
STALE_NS = NS_PER_S // 2  # a stamp this far from the frame's arrival is no capture time
RATE_WINDOW_NS = 2 * NS_PER_S
DISK_RESERVE_BYTES = 200_000_000
# Set free on closing, so that a full disk still takes the tables and the header.
BALLAST, BALLAST_BYTES = ".ballast", 4_000_000
FRAME_COLUMNS = tuple(FRAMES.schema.names)


@dataclass
class Tally:
    """What happened to the frames so far; written by the threads, read by the session loop."""

    grabbed: int = 0
    written: int = 0
    dropped: int = 0  # between grab and file
    repeated: int = 0  # the same picture with a new stamp
    other_size: int = 0
    restamped: int = 0  # a stamp that cannot be, replaced by the frame's arrival
    lag_ns: list[int] = field(default_factory=list)  # from grab to written, for each frame

    def summary(self) -> dict[str, float]:
        """The numbers for session.json; grab-to-written percentiles in ms."""
        lag = np.percentile(self.lag_ns or [0], (50, 99, 100)) / NS_PER_MS
        names = ("grab_to_written_p50_ms", "grab_to_written_p99_ms", "grab_to_written_max_ms")
        counts = {
            "written": self.written,
            "dropped": self.dropped,
            "repeated": self.repeated,
            "other_size": self.other_size,
            "restamped": self.restamped,
        }
        return counts | {n: round(float(v), 2) for n, v in zip(names, lag, strict=True)}


class Recorder:
    """Records an opened camera into an open session's folder, from `start` to `stop`."""

    def __init__(
        self, camera: Camera, session: Session, clock: SessionClock, crop: Crop | None = None
    ) -> None:
        self.camera, self.session, self.clock = camera, session, clock
        # H.264 as everybody plays it has even sizes.
        odd = camera.width % 2 or camera.height % 2
        even = Crop(0, 0, camera.width // 2 * 2, camera.height // 2 * 2) if odd else None
        self.crop = crop or even
        self.tally = Tally()
        self.failure: Exception | None = None
        self._broken = False
        self._other_in_a_row = 0
        self._queue: queue.Queue[tuple[CameraFrame, int] | None] = queue.Queue(QUEUE_FRAMES)
        self._stopping = threading.Event()
        # Host ns of frames with a new picture: more than the window holds at any rate.
        self._arrivals: deque[int] = deque(maxlen=600)
        self._last_arrival = host_ns()
        self._lost = 0  # frames dropped since the last one that reached the queue
        self._checksum: int | None = None
        self._told: dict[str, int] = {}
        self._ballast = session.root / BALLAST
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Open the files and begin. Raises OSError where they cannot be made."""
        width = self.crop.width if self.crop else self.camera.width
        height = self.crop.height if self.crop else self.camera.height
        self._ballast.write_bytes(bytes(BALLAST_BYTES))
        path = self.session.growing_recording_path
        self._video = GrowingVideo(path, width, height, self.camera.fps)
        self._rows = RowLog(self.session.frame_log_path, FRAME_COLUMNS)
        self._last_arrival = host_ns()
        # Daemons: a driver that never returns from a grab must not keep the program alive.
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("capture", self._capture), ("write", self._write))
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Write what has been grabbed and close the files; what could not be written is lost."""
        self._stopping.set()
        if not self._threads:  # it never began
            self._ballast.unlink(missing_ok=True)
            return
        capture, write = self._threads
        capture.join(timeout=2)
        if capture.is_alive():  # the driver hangs in a grab; what was grabbed before counts
            self._queue.put(None)
        write.join()
        for step in (partial(self._ballast.unlink, missing_ok=True), self._video.close):
            try:
                step()
            except OSError as error:
                self._fail(error)
        self._rows.close()

    def fps(self) -> float:
        """Different pictures per second over the last two seconds."""
        since = host_ns() - RATE_WINDOW_NS
        return sum(at >= since for at in tuple(self._arrivals)) * NS_PER_S / RATE_WINDOW_NS

    def watch(self, remaining_s: float) -> Iterator[str]:
        """Call about once a second: syncs the files, yields what the operator must hear.

        `remaining_s` is how much longer the recording will last. Each warning is an event too, and
        comes again only after ten seconds.
        """
        if not self.failure:
            try:
                self._video.sync()
                self._rows.sync()
            except OSError as error:
                self._fail(error)
        for kind, message in self._troubles(remaining_s):
            now = self.clock.now_ns()
            if now - self._told.get(kind, -GIVE_UP_NS) >= GIVE_UP_NS:
                self._told[kind] = now
                self._note("warning", kind=kind, message=message)
                yield message

    def _troubles(self, remaining_s: float) -> Iterator[tuple[str, str]]:
        silent_ns = host_ns() - self._last_arrival
        if silent_ns > GIVE_UP_NS:
            remedy = "check the camera's cable; the session is kept as aborted"
            self._fail(VideoError("the camera gave no frame for 10 s", self.camera.spec, remedy))
        elif silent_ns > SILENT_NS:
            yield "silent", f"no frame from the camera for {silent_ns / NS_PER_S:.0f} s"
        elif self._arrivals and host_ns() - self._arrivals[0] > RATE_WINDOW_NS:
            rate = self.fps()
            if rate < LOW_FPS * self.camera.fps:
                remedy = "more light on the face, or fewer programs beside it"
                slow = f"{rate:.1f} pictures a second instead of {self.camera.fps:g}"
                yield "slow", f"{slow}: {remedy}"
        if self.tally.dropped:
            yield "dropped", f"{self.tally.dropped} frames dropped: the computer is too busy"
        step = self.clock.wall_step_ns()
        if step and "clock" not in self._told:
            message = f"the computer's wall clock was set by {step / NS_PER_S:+.1f} s; "
            yield "clock", message + "frame times keep to the monotonic clock"
        free = shutil.disk_usage(self.session.root).free
        written = self.session.growing_recording_path.stat().st_size
        # Twice: on closing, the finished video is written beside the growing one.
        rate_bytes = written / max(self.clock.now_ns() / NS_PER_S, 1)
        needed = DISK_RESERVE_BYTES + written + 2 * rate_bytes * remaining_s
        if free < needed:
            yield "disk", f"{free / 1e6:.0f} MB free on the disk, {needed / 1e6:.0f} MB needed"

    # The two threads

    def _capture(self) -> None:
        try:
            self._flush()
            while not self._stopping.is_set():
                frame = self.camera.read()
                if self._stopping.is_set():
                    break
                if frame is None:
                    remedy = "check its cable; what was recorded is kept"
                    self._fail(VideoError("the camera stopped", self.camera.spec, remedy))
                    break
                self._grabbed(frame, host_ns())
        except Exception as error:  # noqa: BLE001 - the session loop raises it when all is closed
            self._fail(error)
        finally:
            self._queue.put(None)

    def _flush(self) -> None:
        """Throw away what the driver queued while nobody read: it would be stamped late.

        Until a read has to wait for its frame again, at least FLUSH_NS, and not for ever.
        """
        begun = before = host_ns()
        waited = False
        while before - begun < FLUSH_NS or not (waited or before - begun > LONGEST_FLUSH_NS):
            if self._stopping.is_set() or self.camera.read() is None:
                break
            now = host_ns()
            waited, before = now - before > NS_PER_S / self.camera.fps / 2, now

    def _grabbed(self, frame: CameraFrame, now: int) -> None:
        self.tally.grabbed += 1
        self._last_arrival = now
        picture = frame.picture
        if (picture.width, picture.height) != (self.camera.width, self.camera.height):
            self._refuse_size(picture)
            return
        self._other_in_a_row = 0
        checksum = _checksum(picture)
        if checksum == self._checksum:
            self.tally.repeated += 1
        else:
            self._arrivals.append(now)
        self._checksum = checksum
        try:
            self._queue.put_nowait((frame, self._lost))
            self._lost = 0
        except queue.Full:
            self._lost += 1
            self.tally.dropped += 1

    def _refuse_size(self, picture: av.VideoFrame) -> None:
        """A frame of another size cannot be written: the camera was switched to another mode."""
        self.tally.other_size += 1
        self._other_in_a_row += 1
        self._lost += 1
        size = f"{picture.width}x{picture.height} instead of "
        size += f"{self.camera.width}x{self.camera.height}"
        if self.tally.other_size == 1:
            self._note("size", message=f"a frame of {size} was left out")
        if self._other_in_a_row >= OTHER_SIZE_LIMIT:
            remedy = "close other programs that use the camera; what was recorded is kept"
            self._fail(VideoError(f"the camera changed to {size}", self.camera.spec, remedy))
            self._stopping.set()

    def _write(self) -> None:
        number, first, last = 0, 0, -1
        while (item := self._queue.get()) is not None:
            frame, lost = item
            if self._broken:
                continue  # empty the queue, so that the capture thread comes to its end
            stamp = self._plausible(frame.capture_ns - self.clock.zero_ns, last)
            first = stamp if number == 0 else first
            ticks = to_ticks(stamp - first)
            try:
                self._video.write(cropped(frame.picture, self.crop), ticks)
                self._rows.append(number, stamp, ticks_to_ns(ticks), min(lost, 32767))
            except Exception as error:  # noqa: BLE001 - raised when all is closed
                self._broken = True
                self._fail(error)
                continue
            self.tally.lag_ns.append(host_ns() - frame.capture_ns)
            number, last = number + 1, stamp
            self.tally.written = number

    def _plausible(self, stamp: int, last: int) -> int:
        """The stamp, or now where it does not rise or lies far from now: the clock has stepped."""
        now = self.clock.now_ns()
        behind = (self._queue.qsize() + 1) * NS_PER_S / max(self.camera.fps, 1)
        if stamp > last and -STALE_NS <= now - stamp <= STALE_NS + behind:
            return stamp
        self.tally.restamped += 1
        if self.tally.restamped == 1:
            message = f"the camera's clock stepped by {(stamp - now) / NS_PER_S:+.2f} s: "
            self._note("steps", message=message + "frames carry their arrival instead")
        return max(now, last + NS_PER_MS)

    def _fail(self, error: Exception) -> None:
        self.failure = self.failure or error

    def _note(self, event: str, **details: object) -> None:
        try:
            append_event(self.session.events_path, self.clock.now_ns(), event, **details)
        except OSError as error:
            self._fail(error)


def _checksum(picture: av.VideoFrame) -> int:
    """Of the luma plane's bytes; noise makes two different pictures differ."""
    return zlib.crc32(picture.planes[0])
