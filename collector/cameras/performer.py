"""A live camera in front of a simulated participant: `simulated` or `simulated:SEED`.

    opened: breathes and sways ──> told that the film starts: one event a scene ──> breathes on

A whole session can be rehearsed with it: it gives pictures as time passes, is told the film's
scenes, and knows afterwards what truly happened and what it would answer. Who it is and what it
does in which scene follow from the seed; when, from the film.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa

from collector.cameras.base import CameraFrame
from collector.simulate import remembered
from collector.simulator.faces import dealt_face
from collector.simulator.portrait import make_portrait
from collector.simulator.render import Renderer
from collector.simulator.sampling import HEIGHT, WIDTH
from collector.simulator.script import FPS, Event, Scene, Script, ScriptSettings, write_events
from mexlab.clock import host_ns
from mexlab.emotions import EMOTIONS
from mexlab.errors import InputError, VideoError
from mexlab.model_files import find_landmarker
from mexlab.session import Answer
from mexlab.tables import TRUTH
from mexlab.timebase import NS_PER_S
from mexlab.vision.landmarker import FaceLandmarker

if TYPE_CHECKING:
    from stimuli.compilation import FilmScene

SETTINGS = ScriptSettings()
BLINKING_S = 3.0  # a shorter scene has no room for blinks beside its expression
FRAME_NS = NS_PER_S / FPS


class SimulatedPerformer:
    """A camera and a `Performer` in one; times inside count from the moment it was opened."""

    width, height, fps, modality = WIDTH, HEIGHT, FPS, "colour"

    def __init__(self, spec: str, seed: int) -> None:
        self.spec, self.seed = spec, seed
        self._face = dealt_face(seed)
        # One generator each, so that a change of one part leaves the others' numbers alone.
        self._identity, self._happening, self._drawing = np.random.default_rng(seed).spawn(3)
        self._renderer: Renderer | None = None
        self._scenes: tuple[Scene, ...] = ()
        self._events: tuple[Event, ...] = ()
        self._zero_ns = 0
        self._next = 0

    @property
    def base_face(self) -> str:
        return self._face.name

    def open(self) -> None:
        """Draw the person and work out how each emotion moves the face. Raises MexlabError."""
        with FaceLandmarker(find_landmarker()) as landmarker:
            portrait = make_portrait(self._face, self._identity, landmarker)
        renderer = Renderer(portrait, (), self._drawing)
        for emotion in set(EMOTIONS) - {"neutral"}:
            renderer.learn(emotion, SETTINGS.amplitude_iod)
        renderer.frame(0)  # the first is slow, and no camera shows it
        self._renderer = renderer
        self._zero_ns = host_ns()
        self._next = 0

    def close(self) -> None:
        self._renderer = None

    def read(self) -> CameraFrame | None:
        """The next frame, when it is due; where drawing fell behind, the one due after now.

        Stamped with the moment it shows, which is when it is due. None once closed.
        """
        renderer = self._renderer
        if renderer is None:
            return None
        passed = int((host_ns() - self._zero_ns) / FRAME_NS)
        number = max(self._next, passed)
        self._next = number + 1
        due = round(number * FRAME_NS)
        picture = renderer.frame(due)
        time.sleep(max(0, self._zero_ns + due - host_ns()) / NS_PER_S)
        return CameraFrame(picture, self._zero_ns + due)

    def description(self) -> dict[str, Any]:
        return {"backend": "simulated", "seed": self.seed, "base_face": self.base_face}

    def film_starts(self, host_ns: int, scenes: "Sequence[FilmScene]") -> None:
        """From now on, play one event in each scene of the film that began at `host_ns`."""
        if self._renderer is None:
            raise VideoError("the simulated camera is closed", self.spec, "open it first")
        begun = host_ns - self._zero_ns
        played = tuple(
            Scene(s.scene, s.emotion, begun + s.start_ns, begun + s.end_ns) for s in scenes
        )
        shortest = min(scene.end_ns - scene.start_ns for scene in played) / NS_PER_S
        blinks = SETTINGS.blinks if shortest >= BLINKING_S else 0
        settings = ScriptSettings(blinks=blinks)
        lids = self._renderer.portrait.lid_travel_iod
        self._events = write_events(settings, played, lids, self._happening)
        self._scenes = played
        self._renderer.perform(self._events)

    def truth(self, zero_ns: int, until_ns: int | None = None) -> pa.Table:
        """TRUTH rows in session time; with `until_ns`, only what was over by then."""
        shift = self._zero_ns - zero_ns
        limit = None if until_ns is None else until_ns - shift
        events = [e for e in self._events if limit is None or e.offset_ns <= limit]
        columns: dict[str, Any] = {
            name: [getattr(event, name) for event in events]
            for name in ("scene", "emotion", "kind", "amplitude_iod")
        }
        for name in ("onset_ns", "apex_ns", "offset_ns"):
            columns[name] = [getattr(event, name) + shift for event in events]
        return TRUTH.build({**columns, "base_face": [self.base_face] * len(events)})

    def answers(self, started_at: datetime) -> tuple[Answer, ...]:
        """The self-report on the scenes that had begun by the last picture given."""
        last = (self._next - 1) * FRAME_NS
        seen = tuple(scene for scene in self._scenes if scene.start_ns < last)
        if not seen:
            return ()
        # Their ends on the wall clock, since the session began at a wall-clock time.
        opened_at = datetime.now(UTC).timestamp() - (host_ns() - self._zero_ns) / NS_PER_S
        shift = round((opened_at - started_at.timestamp()) * NS_PER_S)
        moved = tuple(Scene(s.scene, s.emotion, s.start_ns + shift, s.end_ns + shift) for s in seen)
        events = tuple(_later(event, shift) for event in self._events)
        script = Script(moved, events, np.zeros(0, np.int64))
        return remembered(script, started_at, np.random.default_rng((self.seed, 1)))

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()


def _later(event: Event, by_ns: int) -> Event:
    times = (event.onset_ns + by_ns, event.apex_ns + by_ns, event.offset_ns + by_ns)
    return Event(event.scene, event.emotion, event.kind, *times, event.amplitude_iod)


def from_spec(spec: str, _: object = None) -> SimulatedPerformer:
    """`simulated` or `simulated:SEED`. Raises InputError for a seed that is none."""
    given = spec.partition(":")[2]
    if given and not given.isdecimal():
        raise InputError(f"seed {given!r} is not a whole number", "--camera", "write simulated:7")
    return SimulatedPerformer(spec, int(given or 0))
