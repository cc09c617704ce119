"""`collector calibrate`: measures the delay from screen to camera, with a mirror and no more.

    pattern film ──> player ──> screen ~~ mirror ~~> camera ──> small pictures ─┐
                       └── presentation log ────────────────────────────────────┴──> delay

The film and the log are temporary. Writes STUDY/calibrations/….json, one file for each computer,
camera and display. A session takes over the one that is of its own computer, camera and display,
and no other: laptops' studies are merged by copying them together.
"""

import hashlib
import json
import platform
import queue
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from collector.cameras.base import Camera, CameraSettings, Performer, camera_from_spec
from collector.delay import REMEDY, Delay, estimate_delay
from mexlab.atomic import write_json
from mexlab.errors import InputError, MexlabError, StudyError, TimeError, VideoError
from mexlab.rowlog import read_rows
from mexlab.settings import from_mapping
from mexlab.study import Study
from mexlab.tables import PRESENTATION
from mexlab.timebase import NS_PER_MS
from stimuli.pattern import write_film
from stimuli.player.launch import PlayerError
from stimuli.player.process import PlayerEvent, PlayerProcess, PlayerSettings, Showing

FILM_S = 20.0
FILM_SIZE = (640, 360)  # px: the player enlarges it, and the cells stay large
PICTURE_WIDTH = 160  # px: what is kept of a picture
FIRST_PICTURE_S = 5.0
INSTRUCTIONS = """\
The screen will show a flickering pattern for {seconds:g} seconds, and the camera must see it:
hold a hand mirror before the camera so that it sees the screen, or turn it to the screen.
The larger the screen in the picture the better; dim the lamps; hold the mirror still."""


@dataclass(frozen=True)
class Calibration:
    """A measured delay and what it holds for. Its dict is what a session keeps as `sync`.

    See `collector.delay.Delay` for the measured values; `measured_at` is in ISO 8601, UTC.
    """

    delay_ns: int
    jitter_ms: float
    drift_ms_per_min: float
    support: float
    within_ms: float
    read: int
    pictures: int
    camera: str
    display: int
    host: str
    measured_at: str

    def __str__(self) -> str:
        return (
            f"delay from screen to camera {self.delay_ns / NS_PER_MS:.1f} ms "
            f"(within {self.within_ms:.1f} ms; {self.support:.0%} of {self.read} pictures agree), "
            f"jitter {self.jitter_ms:.1f} ms, drift {self.drift_ms_per_min:.0f} ms a minute; "
            f"for camera {self.camera} and display {self.display} of {self.host}"
        )


def calibrate(
    study: Study,
    camera_spec: str,
    *,
    display: int | None = None,
    offscreen: bool = False,
    window: tuple[int, int, int, int] | None = None,
    ready_key: bool = True,
    seconds: float = FILM_S,
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
) -> Calibration:
    """Measure and store. `display` None means that of study.toml.

    Raises MexlabError where the camera or the player fail, the operator stops it, or the pattern
    was not seen well enough; then what was stored before stays.
    """
    camera = camera_from_spec(camera_spec, study.section("camera", CameraSettings))
    if isinstance(camera, Performer):
        remedy = "name a camera that can see the screen"
        raise InputError("a simulated participant sees no screen", camera_spec, remedy)
    display = study.section("player", PlayerSettings).display if display is None else display
    with TemporaryDirectory(prefix="mexlab-calibrate-") as folder, camera:
        film = Path(folder, "pattern.mp4")
        write_film(film, seconds, width=FILM_SIZE[0], height=FILM_SIZE[1])
        showing = Showing(
            film=film,
            log=film.with_suffix(".log"),
            language=study.settings.languages[0],
            display=display,
            offscreen=offscreen,
            ready_key=ready_key and not offscreen,
            window=window,
        )
        say(INSTRUCTIONS.format(seconds=seconds))
        delay = _measured(camera, showing, say)
    return _stored(study, delay, camera_spec, display)


def _measured(camera: Camera, showing: Showing, say: Callable[[str], None]) -> Delay:
    """Play the film before the open camera."""
    with Watching(camera) as watching, PlayerProcess(showing) as player:
        _play(player, watching, say)
    assert showing.log
    shown = read_rows(showing.log, tuple(PRESENTATION.schema.names))
    if not watching.capture_ns or not shown["shown_ns"]:
        raise TimeError("the camera did not see the pattern", camera.spec, REMEDY)
    pictures = np.stack(watching.pictures)
    frame, shown_ns = shown["stimulus_frame"], shown["shown_ns"]
    return estimate_delay(pictures, watching.capture_ns, frame, shown_ns, camera.spec)


def latest_calibration(
    study: Study, camera_spec: str, display: int | None = None
) -> Calibration | None:
    """The last calibration of this computer with this camera and display, None if there is none.

    `display` None means that of study.toml. Raises StudyError for a damaged file.
    """
    display = study.section("player", PlayerSettings).display if display is None else display
    path = calibration_path(study, platform.node(), camera_spec, display)
    if not path.is_file():
        return None
    try:
        return from_mapping(Calibration, json.loads(path.read_text(encoding="utf-8")), path)
    except (ValueError, AttributeError, InputError) as error:
        what = f"damaged calibration: {getattr(error, 'what', error)}"
        raise StudyError(what, path, f"run again: collector calibrate {study.root}") from error


def calibration_path(study: Study, host: str, camera_spec: str, display: int) -> Path:
    """A file name for people, and a digest, since names are shortened to safe letters."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", f"{host}-{camera_spec}-{display}").strip("-")[:60]
    digest = hashlib.sha256(f"{host}\n{camera_spec}\n{display}".encode()).hexdigest()[:10]
    return study.calibrations_path / f"{name}-{digest}.json"


def _stored(study: Study, delay: Delay, camera_spec: str, display: int) -> Calibration:
    made = Calibration(
        **asdict(delay),
        camera=camera_spec,
        display=display,
        host=platform.node(),
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_json(calibration_path(study, made.host, camera_spec, display), asdict(made))
    return made


def _play(player: PlayerProcess, watching: "Watching", say: Callable[[str], None]) -> None:
    """The film from the ready key to its end."""
    watching.await_picture()
    if player.showing.ready_key:
        say("press the space bar when the camera sees the screen")
    while True:
        watching.check()
        try:
            event = player.events.get(timeout=0.2)
        except queue.Empty:
            continue
        if event.event == "ready":
            watching.keeps = True
            player.play(zero_ns=0)  # its rows are in host time, as the pictures' stamps
        elif event.event == "end":
            return
        elif event.event in ("abort", "error", "exit"):
            raise _broken_off(event)


def _broken_off(event: PlayerEvent) -> MexlabError:
    if event.event == "abort":
        return InputError("stopped before the end", "calibration film", "run it again to measure")
    told = event.details
    where, remedy = told.get("where", "player"), told.get("remedy", "try again")
    return PlayerError(told.get("what", "the player ended"), where, remedy)


class Watching:
    """Reads an open camera in a thread, and keeps small pictures from when `keeps` is set.

    Always reading: what a driver queued while nobody read would come late, with late stamps.
    """

    def __init__(self, camera: Camera) -> None:
        self.keeps = False
        self.pictures: list[NDArray[np.uint8]] = []  # (height, PICTURE_WIDTH), luma
        self.capture_ns: list[int] = []
        self._camera = camera
        self._failure: MexlabError | None = None
        self._first, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def check(self) -> None:
        """Raise what ended the camera's pictures, if they have ended."""
        if self._failure:
            raise self._failure

    def await_picture(self) -> None:
        """Wait for the first picture. Raises VideoError where none comes."""
        if not self._first.wait(FIRST_PICTURE_S):
            self.check()
            remedy = "check the camera with: collector check"
            raise VideoError("the camera gives no picture", self._camera.spec, remedy)

    def _read(self) -> None:
        try:
            while not self._stopping.is_set():
                frame = self._camera.read()
                if frame is None:
                    remedy = "check its cable and run it again"
                    raise VideoError("the camera stopped", self._camera.spec, remedy)
                if self.keeps:
                    high = round(PICTURE_WIDTH * frame.picture.height / frame.picture.width)
                    small = frame.picture.reformat(
                        PICTURE_WIDTH, high, format="gray", interpolation="AREA"
                    )
                    self.pictures.append(small.to_ndarray())
                    self.capture_ns.append(frame.capture_ns)
                self._first.set()
        except MexlabError as error:
            self._failure = error
            self._first.set()

    def __enter__(self) -> "Watching":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(FIRST_PICTURE_S)
