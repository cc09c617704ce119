"""One sitting: from the first recorded frame to the closed session, on one clock.

    recorder ──frames──> session folder <──presentation── player
         └── warnings ──> the flat loop <── events ──┘ <── operator's terminal

Whatever ends it (the film's end, the participant, the operator, a camera that stops, a full disk,
a signal), the recorder is stopped, the files are closed and the header says how it ended.
"""

import platform
import queue
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import Any

from collector.calibrate import Calibration
from collector.cameras.base import Camera, Performer
from collector.closing import Closed, close_session, film_details
from collector.console import HELP, Console, Status
from collector.framing import Crop
from collector.live import Board
from collector.openness import Lock
from collector.recorder import Recorder
from mexlab import __version__
from mexlab.clock import SessionClock, host_ns
from mexlab.errors import VideoError
from mexlab.events import append_event
from mexlab.participants import Participant
from mexlab.session import SelfReport, Session, SessionHeader
from mexlab.signals import undisturbed
from mexlab.study import Study
from mexlab.tables import TRUTH
from mexlab.timebase import NS_PER_S
from stimuli.compilation import Compilation
from stimuli.player.process import PlayerEvent, PlayerProcess

RECORDING = "webcam.mp4"
FIRST_FRAME_S = 5.0  # how long the film waits for the first recorded frame
TAIL_S = 0.5  # recorded after the film's last frame, for the delay from screen to camera
WATCH_S = 1.0
ANSWER_NS = 2 * NS_PER_S  # how long the player has to answer an abort
WORDS_NS = 5 * NS_PER_S  # the last words stay on the screen for so long
MOST_SHOWN = 0.95  # of the film's frames; below it the computer is too slow for the film

Say = Callable[[str], None]


class Sitting:
    """From the first recorded frame to the closed session."""

    def __init__(
        self,
        study: Study,
        person: Participant,
        compilation: Compilation,
        camera: Camera,
        crop: Crop | None,
        player: PlayerProcess,
        calibration: Calibration | None,
        console: Console,
        board: Board,
        say: Say,
    ) -> None:
        self.compilation, self.camera, self.player, self.say = compilation, camera, player, say
        self.performer = camera if isinstance(camera, Performer) else None
        self.person = person
        self.clock = SessionClock.start()
        self.session, self.header = _begun(study, self, crop, calibration)
        self.recorder = Recorder(camera, self.session, self.clock, crop)
        self.abort_by_ns: int | None = None  # host clock: when an abort counts without an answer
        self.console, self.board, self.status = console, board, Status()
        self.film_started_ns: int | None = None  # host clock
        self.shown: dict[str, Any] = {}  # what the player says it did
        self.paused = False
        self.pauses: list[list[int]] = []  # session time, [start_ns, end_ns)
        self._log_size = 0

    def hold(self) -> Closed:
        """Record while the film plays, then close. Raises what broke off the recording, if so."""
        state, reason = "aborted", "interrupted"
        closed = None
        try:
            self.recorder.start()
            self._await_first_frame()
            if not self.recorder.failure:
                self.player.play(self.session.presentation_log_path, self.clock.zero_ns)
                if self.console.present:
                    self.say(HELP)
                state, reason = self._follow()
        except KeyboardInterrupt:
            self.say("interrupted")
        finally:
            self.status.done()
            self.board.show(stage="closing")
            self.say("closing the session, please wait")
            with undisturbed():
                closed = self._close(state, reason)
                if closed is None:
                    shutil.rmtree(self.session.root)
        if self.recorder.failure:
            if closed:
                self.say(f"kept: {closed}")
            raise self.recorder.failure
        if closed is None:
            remedy = "check the camera with: collector check"
            raise VideoError("not a frame was recorded", self.camera.spec, remedy)
        self._take_leave(closed)
        return closed

    def _await_first_frame(self) -> None:
        until = host_ns() + round(FIRST_FRAME_S * NS_PER_S)
        while not self.recorder.tally.written and not self.recorder.failure:
            if host_ns() > until:
                remedy = "check the camera with: collector check"
                raise VideoError("the camera gives no frame", self.camera.spec, remedy)
            time.sleep(0.01)

    def _follow(self) -> tuple[str, str]:
        """The flat loop: until the film is over, or something ends it. State and reason."""
        watched = 0
        while True:
            if self.recorder.failure:
                return "aborted", str(self.recorder.failure)
            if host_ns() - watched > WATCH_S * NS_PER_S:
                watched = host_ns()
                self._watch()
            self._obey()
            if self.abort_by_ns is not None and host_ns() > self.abort_by_ns:
                return "aborted", "by the operator; the player did not answer"
            event = self._next_event()
            if event is None:
                continue
            self._note(event.event, event.host_ns, **event.details)
            if event.event == "film":
                self.film_started_ns = event.host_ns
                if self.performer:
                    self.performer.film_starts(event.host_ns, self.compilation.scenes)
            elif event.event in ("pause", "resume"):
                self._count_pause(event)
            elif event.event == "end":
                self.shown = event.details
                time.sleep(TAIL_S)
                return "closed", "the film ended"
            elif event.event == "abort":
                return "aborted", f"by the {event.details.get('by', 'operator')}"
            elif event.event in ("error", "exit"):
                what = event.details.get("what", "the player ended before the film")
                self.say(f"warning: {what}")
                return "aborted", what

    def _count_pause(self, event: PlayerEvent) -> None:
        """Pauses stand in the header: a scene with one in it shows a still picture for so long."""
        self.paused = event.event == "pause"
        at = event.host_ns - self.clock.zero_ns
        if self.paused:
            self.pauses.append([at, at])
        elif self.pauses:
            self.pauses[-1][1] = at

    def _next_event(self) -> PlayerEvent | None:
        try:
            return self.player.events.get(timeout=0.1)
        except queue.Empty:
            return None

    def _watch(self) -> None:
        played = self._played_ns()
        remaining = max(self.compilation.duration_ns - played, 0) / NS_PER_S
        scene = sum(s.start_ns <= played for s in self.compilation.scenes)
        fps, dropped = self.recorder.fps(), self.recorder.tally.dropped
        film_s = self.compilation.duration_ns / NS_PER_S
        self.status.show(
            f"{played / NS_PER_S:.0f} of {film_s:.0f} s, scene {scene} of "
            f"{len(self.compilation.scenes)}, {fps:.1f} pictures a second, {dropped} dropped"
        )
        self.board.show(
            stage="film",
            session=self.session.id,
            scene=scene,
            scenes=len(self.compilation.scenes),
            played_s=played / NS_PER_S,
            film_s=film_s,
            fps=fps,
            dropped=dropped,
            paused=self.paused,
        )
        for warning in (*self.recorder.watch(remaining), *self._film_warnings()):
            self.say(f"\awarning: {warning}")
            self.board.warn(warning)

    def _played_ns(self) -> int:
        """How much of the film was shown: the time since it began, less the pauses."""
        if self.film_started_ns is None:
            return 0
        now = host_ns()
        paused = sum(end - start for start, end in self.pauses)
        if self.paused and self.pauses:  # the last one has no end yet
            paused += now - self.clock.zero_ns - self.pauses[-1][0]
        return now - self.film_started_ns - paused

    def _film_warnings(self) -> Iterator[str]:
        """A film that stands still although nobody paused it, once a second while it does."""
        log = self.session.presentation_log_path
        size = log.stat().st_size if log.exists() else 0
        stands = size == self._log_size and self.film_started_ns is not None and not self.paused
        self._log_size = size
        if stands:
            self._note("warning", host_ns(), kind="film", message="the film stands still")
            yield "the film stands still: check sound output and screen, or abort with a and a"

    def _obey(self) -> None:
        order = self.console.next_order()
        if order is None:
            return
        if order.do == "marker":
            self.player.marker(order.note)
        elif order.do == "abort":
            self.abort_by_ns = host_ns() + ANSWER_NS
            self.player.abort()
        elif self.paused:
            self.player.resume()
        else:
            self.player.pause()

    def _note(self, event: str, at_host_ns: int, **details: Any) -> None:
        append_event(self.session.events_path, at_host_ns - self.clock.zero_ns, event, **details)

    def _close(self, state: str, reason: str) -> Closed | None:
        """Whatever happened: files closed, header written, the simulated person's part added."""
        if state == "aborted":
            self.player.abort()
        self.recorder.stop()
        if self.recorder.failure:
            state = "aborted"
        with suppress(OSError):  # a full disk: the header says it too, in the ballast's room
            self._note("stop", host_ns(), state=state, reason=reason)
        header = replace(
            self.header,
            camera={**self.header.camera, "recorder": self.recorder.tally.summary()},
            player={**self.header.player, **self.shown, "ended": reason, "pauses": self.pauses},
        )
        closed = close_session(self.session, header, state)
        if closed and self.performer and self.film_started_ns is not None:
            last = int(self.session.frames()["capture_ns"][-1].as_py())
            truth = self.performer.truth(self.clock.zero_ns, until_ns=last)
            TRUTH.write(self.session.truth_path, truth)
            answers = self.performer.answers(self.clock.started_at)
            report = SelfReport("simulated", "1", self.person.language, answers)
            report.write(self.session.report_path)
        return closed

    def _take_leave(self, closed: Closed) -> None:
        """Say what came of it, and leave the closing clip or the last words on the screen."""
        self.board.over(str(closed), closed.state)
        shown, expected = (self.shown.get(f"frames_{n}", 0) for n in ("shown", "expected"))
        if closed.state == "closed" and shown < MOST_SHOWN * expected:
            self.say(f"warning: the player showed only {shown} of {expected} film frames")
        for start, end in self.pauses:
            self.say(f"the film was paused for {(end - start) / NS_PER_S:.1f} s")
        until = host_ns() + (0 if self.player.showing.offscreen else WORDS_NS)
        with suppress(KeyboardInterrupt):
            over = closed.state != "closed"
            while not over or host_ns() < until:
                event = self._next_event()
                over = over or (event is not None and event.event in ("closed", "exit"))


def _begun(
    study: Study, sitting: Sitting, crop: Crop | None, calibration: Calibration | None
) -> tuple[Session, SessionHeader]:
    """The session's folder with its lock and an open header."""
    camera, film = sitting.camera, sitting.compilation
    if sitting.performer:
        study.save_participant(sitting.person)
    with study.new_session(sitting.person.participant, sitting.clock.started_at) as made:
        header = SessionHeader(
            session=made.id,
            participant=sitting.person.participant,
            started_at=sitting.clock.started_at.isoformat(),
            recording=RECORDING,
            recording_sha256="",
            source="simulated" if sitting.performer else "recorded",
            modality=camera.modality,
            state="open",
            compilation=film.number,
            camera={
                "spec": camera.spec,
                "width": camera.width,
                "height": camera.height,
                "fps": camera.fps,
                "crop": asdict(crop) if crop else None,
                **camera.description(),
            },
            player={
                "sha256": film.sha256,
                "placeholder": film.placeholder,
                "film": film_details(film.scenes, film.fps),
            },
            sync=asdict(calibration) if calibration else {},
            software={
                "mexlab": __version__,
                "python": platform.python_version(),
                "system": platform.platform(),
                **{name: version(name) for name in ("av", "opencv-python", "pyside6")},
            },
        )
        if sitting.performer:
            header.camera["base_face"] = sitting.performer.base_face
        Lock.mine().write(made)
        made.write_header(header)
    session = Session(study.sessions_path / header.session)
    append_event(session.events_path, 0, "start", compilation=film.number, camera=camera.spec)
    return session, header
