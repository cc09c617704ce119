"""`python -m benchmarks.recording STUDY SECONDS [WIDTH HEIGHT]`: a session recorded without a film.

For whoever kills a recorder or takes its disk away. Prints the host time of session start when the
first frame is written; the pictures come from memory.
"""

import sys
import time
from pathlib import Path

from benchmarks.memory_camera import MemoryCamera
from collector.cameras.base import Camera
from collector.closing import close_session, film_details
from collector.openness import Lock
from collector.recorder import Recorder
from mexlab.clock import SessionClock
from mexlab.consent import SCOPES, decide
from mexlab.participants import Participant
from mexlab.rowlog import RowLog
from mexlab.session import Session, SessionHeader
from mexlab.study import Study
from mexlab.tables import PRESENTATION
from stimuli.compilation import FilmScene

FILM_HZ = 30
SCENE_NS = 10**9


def begin(study: Study, clock: SessionClock, participant: str = "P001") -> Session:
    """An open session of this process, with a film of one-second scenes in its header."""
    person = Participant(participant).deciding(decide(SCOPES, "paper"))
    study.save_participant(person)
    scenes = tuple(FilmScene(n, "neutral", (n - 1) * SCENE_NS, n * SCENE_NS) for n in range(1, 8))
    with study.new_session(participant, clock.started_at) as made:
        Lock.mine().write(made)
        made.write_header(
            SessionHeader(
                made.id,
                participant,
                clock.started_at.isoformat(),
                "webcam.mp4",
                "",
                "recorded",
                state="open",
                player={"film": film_details(scenes, FILM_HZ)},
            )
        )
    return Session(study.sessions_path / made.id)


def record(study: Study, seconds: float, camera: Camera) -> Recorder:
    """Record, "showing" a film frame thirty times a second; the session is closed at the end."""
    clock = SessionClock.start()
    session = begin(study, clock)
    with camera:
        recorder = Recorder(camera, session, clock)
        recorder.start()
        said = False
        with RowLog(session.presentation_log_path, tuple(PRESENTATION.schema.names)) as shown:
            start = clock.now_ns()
            number = 0
            while clock.now_ns() < seconds * 10**9 and not recorder.failure:
                due = start + number * 10**9 // FILM_HZ
                time.sleep(max(0, due - clock.now_ns()) / 10**9)
                now = clock.now_ns()
                shown.append(number, number * 10**9 // FILM_HZ, now, now)
                number += 1
                if number % FILM_HZ == 0:
                    for warning in recorder.watch(seconds):
                        print(warning, file=sys.stderr)
                if recorder.tally.written and not said:
                    print(clock.zero_ns, flush=True)
                    said = True
        recorder.stop()
    close_session(session, session.header, "aborted" if recorder.failure else "closed")
    return recorder


if __name__ == "__main__":
    folder, seconds, *size = sys.argv[1:]
    width, height = map(int, size or (320, 240))
    recorder = record(Study.open(Path(folder)), float(seconds), MemoryCamera(width, height))
    print(recorder.failure, recorder.tally.grabbed)
