"""Whether the recorder keeps up: 60 s at 1280x720 and 30 fps with a film playing beside it.

    uv run python -m benchmarks.record [--seconds 60] [--width 1280 --height 720]

Prints frames dropped between grab and file, the time from grab to written (p50, p99, max) and the
recorder's share of one core, its threads alone: the camera's pictures are made before the clock
starts, the player is a process of its own.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil

from benchmarks.memory_camera import MemoryCamera, ramp
from collector.recorder import Recorder
from mexlab.clock import SessionClock
from mexlab.session import Session
from mexlab.study import Study
from stimuli.player.process import PlayerProcess, Showing

FILM_HZ = 30


@dataclass(frozen=True)
class Load:
    """One run. Times in ms, from grab to written; `core_share` is CPU time over wall time."""

    written: int
    dropped: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    core_share: float


def measure(root: Path, seconds: float, width: int, height: int) -> Load:
    """Record for `seconds` while a film of the same length plays offscreen."""
    film = write_film(root / "film.mp4", seconds + 2)
    study = Study.create(root / "study")
    clock = SessionClock.start()
    with study.new_session("B001", datetime.now(UTC)) as made:
        (made.root / "session.lock").touch()
    session = Session(study.sessions_path / made.id)
    with MemoryCamera(width, height) as camera, playing(film, session, clock):
        recorder = Recorder(camera, session, clock)
        recorder.start()
        until = time.monotonic() + seconds
        with thread_seconds() as spent:
            while time.monotonic() < until and not recorder.failure:
                time.sleep(1)
                for warning in recorder.watch(until - time.monotonic()):
                    print(f"warning: {warning}")
        recorder.stop()
    lag = np.percentile(recorder.tally.lag_ns, (50, 99, 100)) / 1e6
    tally = recorder.tally
    return Load(tally.written, tally.dropped, *map(float, lag), spent[0] / seconds)


@contextmanager
def thread_seconds() -> Iterator[list[float]]:
    """CPU seconds of this process' threads during the block: capture, writing and watching."""
    process, spent = psutil.Process(), [0.0]
    before = sum(process.cpu_times()[:2])
    yield spent
    spent[0] = sum(process.cpu_times()[:2]) - before


@contextmanager
def playing(film: Path, session: Session, clock: SessionClock) -> Iterator[None]:
    """The film in a player of its own, from the block's start."""
    showing = Showing(film=film, language="en", offscreen=True, ready_key=False)
    with PlayerProcess(showing) as player:
        while player.events.get(timeout=30).event != "ready":
            pass
        player.play(session.presentation_log_path, clock.zero_ns)
        yield


def write_film(path: Path, seconds: float) -> Path:
    """A moving picture of 1280x720, H.264."""
    with av.open(path, "w") as container:
        stream: Any = container.add_stream("libx264", rate=FILM_HZ, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        rng = np.random.default_rng(1)
        pictures = [ramp(rng, 1280, 720, 40 * number) for number in range(8)]
        for number in range(round(seconds * FILM_HZ)):
            frame = av.VideoFrame.from_ndarray(pictures[number % 8], format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=720)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        load = measure(Path(folder), options.seconds, options.width, options.height)
    print(f"{options.width}x{options.height}, {options.seconds:g} s")
    print(f"frames written {load.written}, dropped between grab and file {load.dropped}")
    lag = f"p50 {load.p50_ms:.1f}, p99 {load.p99_ms:.1f}, max {load.max_ms:.1f} ms"
    print(f"grab to written: {lag}")
    print(f"recorder: {load.core_share:.2f} of one core")


if __name__ == "__main__":
    main()
