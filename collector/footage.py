"""`collector record`: a plain video of what a camera sees, with no study, participant or film.

    camera ──> recorder ──> .OUT.building/ (grows, survives kill -9) ──finish──> OUT

The recorder is the sessions' own, so frames keep their true times and trouble is told alike. It
writes beside OUT under a hidden name, and OUT appears whole. A simulated participant acts while
it is filmed.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from collector.cameras.base import Camera, Performer
from collector.growing import TICK, finish, packet_ticks
from collector.recorder import Recorder
from mexlab.atomic import work_folder
from mexlab.clock import SessionClock, host_ns
from mexlab.emotions import EMOTIONS
from mexlab.errors import InputError, MexlabError, VideoError
from mexlab.session import Session
from mexlab.signals import undisturbed
from mexlab.timebase import NS_PER_S, seconds_to_ns
from stimuli.compilation import FilmScene

SUFFIX = ".mp4"
ACTED_SCENE_S = 2.0  # a simulated participant needs as much for one expression
ACTED = tuple(emotion for emotion in EMOTIONS if emotion != "neutral")
POLL_S = 0.02
WATCH_NS = NS_PER_S

Say = Callable[[str], None]


@dataclass(frozen=True)
class Footage:
    """A finished recording; `seconds` from its first frame to its last."""

    path: Path
    frames: int
    seconds: float

    @classmethod
    def of(cls, path: Path) -> Self:
        """What lies there, from the packets' times."""
        ticks = packet_ticks(path)
        return cls(path, len(ticks), float((ticks[-1] - ticks[0]) * TICK))

    def __str__(self) -> str:
        fps = (self.frames - 1) / self.seconds if self.seconds else 0.0
        return f"{self.path}: {self.frames} frames, {self.seconds:.1f} s, {fps:.1f} fps"


def record_video(out: Path, camera: Camera, seconds: float, say: Say) -> Footage:
    """Record for `seconds` from the first frame; Ctrl-C ends it early and keeps what there is.

    Raises MexlabError where nothing can be recorded, and where the recording broke off: what was
    recorded until then is kept at `out`, and the error says so.
    """
    if out.suffix.lower() != SUFFIX:
        raise InputError("a recording is an MP4", out, f"give it a name that ends in {SUFFIX}")
    if out.exists():
        raise InputError("something is there already", out, "choose another name")
    with work_folder(out) as work, TemporaryDirectory(prefix=".", dir=work) as folder, camera:
        session = Session(Path(folder))
        recorder = Recorder(camera, session, SessionClock.start())
        interrupted = False
        try:
            recorder.start()
            _follow(recorder, seconds, say)
        except KeyboardInterrupt:
            interrupted = True
        finally:
            with undisturbed():
                recorder.stop()
                made = _finished(session, out)
    if recorder.failure:
        raise _broken_off(recorder.failure, camera, out, made)
    if made is None:  # ended before the first frame
        raise KeyboardInterrupt
    if interrupted:
        say("ended early; what was recorded is kept")
    return made


def _follow(recorder: Recorder, seconds: float, say: Say) -> None:
    """The flat loop: until `seconds` are recorded or something has failed."""
    begun, watched = None, host_ns()
    while not recorder.failure:
        now = host_ns()
        if begun is None and recorder.tally.written:
            begun = now
            say(f"recording for {seconds:g} s")
            if isinstance(recorder.camera, Performer) and (scenes := acted_scenes(seconds)):
                recorder.camera.film_starts(now, scenes)
        passed_s = 0.0 if begun is None else (now - begun) / NS_PER_S
        if passed_s >= seconds:
            return
        if now - watched >= WATCH_NS:
            watched = now
            for warning in recorder.watch(seconds - passed_s):
                say(f"warning: {warning}")
        time.sleep(POLL_S)


def acted_scenes(seconds: float) -> tuple[FilmScene, ...]:
    """As many scenes as fit, one emotion after the other; none in less than ACTED_SCENE_S."""
    count = int(seconds // ACTED_SCENE_S)
    edges = [seconds_to_ns(seconds * n / count) for n in range(count + 1)] if count else []
    return tuple(
        FilmScene(n + 1, ACTED[n % len(ACTED)], start, end)
        for n, (start, end) in enumerate(pairwise(edges))
    )


def _finished(session: Session, out: Path) -> Footage | None:
    """The recording at its place, or None where there is not one whole frame."""
    if session.growing_recording_path.exists():
        finish(session.growing_recording_path, out)
    return Footage.of(out) if out.exists() else None


def _broken_off(failure: Exception, camera: Camera, out: Path, made: Footage | None) -> Exception:
    """What ended the recording, in one line that says what is kept; a bug stays what it is."""
    kept = f"; kept until then: {made}" if made else "; nothing was recorded"
    if isinstance(failure, MexlabError):
        remedy = "check the camera with: collector check"
        return VideoError(failure.what, failure.where, remedy + kept)
    if isinstance(failure, OSError):
        what, where = failure.strerror or str(failure), failure.filename or out
        remedy = f"see that the disk has room and that {camera.spec} is connected"
        return VideoError(what, where, remedy + kept)
    failure.add_note(kept.lstrip("; "))
    return failure
