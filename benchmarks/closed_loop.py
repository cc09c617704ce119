"""The whole loop without a camera: does the recording know which film frame was on the screen?

    uv run python -m benchmarks.closed_loop [--seconds 60]

A film whose frames carry their number is played by the real player on a virtual screen (Xvfb) and
recorded from that screen by the real recorder at 30 fps; the film is paused once. Then the number
in each recorded picture is compared with the film frame that the tables say was on the screen at
its capture time, less the calibrated delay; and with what "start + elapsed" would say.
"""

import argparse
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.recording import begin
from collector.calibrate import Calibration, calibrate
from collector.cameras.base import CameraSettings, camera_from_spec
from collector.closing import close_session
from collector.recorder import Recorder
from mexlab.clock import SessionClock, host_ns
from mexlab.session import Session
from mexlab.study import Study
from mexlab.timebase import NS_PER_MS, NS_PER_S
from mexlab.vision.video import Video
from stimuli.pattern import decode, strip_box, write_film
from stimuli.player.process import PlayerProcess, Showing
from tests.xvfb import virtual_screen

WIDTH, HEIGHT, FILM_HZ = 640, 360, 30
REGION = f"screen:0,0,{WIDTH},{HEIGHT}"
CALIBRATION_S = 8.0
PAUSE_S = 0.5


@dataclass(frozen=True)
class Loop:
    """Film frames by which each recorded picture of the film was missed, by either method.

    `tables` and `elapsed` int64[n]; `unclear` pictures show two film frames at once.
    """

    delay_ms: float
    tables: NDArray[np.int64]
    elapsed: NDArray[np.int64]
    unclear: int
    shown: int
    dropped: int

    def within_one(self, errors: NDArray[np.int64]) -> float:
        """Share of all pictures of the film, the unclear ones counted as missed."""
        return float((np.abs(errors) <= 1).sum()) / (len(errors) + self.unclear)

    def __str__(self) -> str:
        lines = [
            f"calibrated delay {self.delay_ms:.1f} ms; {self.shown} film frames shown; "
            f"{len(self.tables)} pictures with a clear number, {self.unclear} unclear, "
            f"{self.dropped} dropped"
        ]
        for name, errors in (("tables", self.tables), ("start + elapsed", self.elapsed)):
            low, middle, high = np.percentile(errors, (0, 50, 100))
            lines.append(
                f"{name}: within one frame {100 * self.within_one(errors):.2f} %, "
                f"error {low:+.0f} .. {high:+.0f} frames, median {middle:+.0f}"
            )
        return "\n".join(lines)


def closed_loop(root: Path, seconds: float) -> Loop:
    """Calibrate, record, compare. DISPLAY must name a screen of at least 640x360 px."""
    study = Study.create(root / "study")
    window = (0, 0, WIDTH, HEIGHT)
    found = calibrate(study, REGION, seconds=CALIBRATION_S, window=window, ready_key=False)
    film = root / "film.mp4"
    write_film(film, seconds, FILM_HZ, WIDTH, HEIGHT)
    session, played_ns, dropped = recorded(study, film, found, seconds / 3)
    numbers = numbers_seen(session)
    capture = session.frames()["capture_ns"].to_numpy()
    said = session.film_frames()
    during = said >= 0
    clear = during & (numbers >= 0)
    elapsed = (capture - found.delay_ns - played_ns) * FILM_HZ // NS_PER_S
    return Loop(
        found.delay_ns / NS_PER_MS,
        (said - numbers)[clear],
        (elapsed - numbers)[clear],
        int((during & (numbers < 0)).sum()),
        len(session.presentation()),
        dropped,
    )


def recorded(
    study: Study, film: Path, calibration: Calibration, pause_after_s: float
) -> tuple[Session, int, int]:
    """The closed session, when the film was asked to play (session time), frames dropped.

    The operator pauses the film once, for a moment.
    """
    clock = SessionClock.start()
    session = begin(study, clock)
    showing = Showing(film=film, ready_key=False, window=(0, 0, WIDTH, HEIGHT))
    camera = camera_from_spec(REGION, CameraSettings(fps=30))
    with camera, PlayerProcess(showing) as player:
        while player.events.get(timeout=60).event != "ready":
            continue
        recorder = Recorder(camera, session, clock)
        recorder.start()
        played_ns = host_ns() - clock.zero_ns
        player.play(session.presentation_log_path, clock.zero_ns)
        for order, wait_s in ((player.pause, pause_after_s), (player.resume, PAUSE_S)):
            time.sleep(wait_s)
            order()
        while player.events.get(timeout=600).event not in ("end", "exit"):
            continue
        recorder.stop()
    close_session(session, replace(session.header, sync=asdict(calibration)), "closed")
    return session, played_ns, recorder.tally.dropped


def numbers_seen(session: Session) -> NDArray[np.int64]:
    """The number in each recorded picture, -1 where it is unclear: int64[frames]."""
    box = strip_box(WIDTH, HEIGHT)
    found = []
    for frame in Video(session.recording_path).frames():
        number = decode(frame.picture.to_ndarray(format="gray"), box)
        found.append(-1 if number is None else number)
    return np.array(found, dtype=np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, virtual_screen(WIDTH, HEIGHT):
        print(closed_loop(Path(folder), options.seconds))


if __name__ == "__main__":
    main()
