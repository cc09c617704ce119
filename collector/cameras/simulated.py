"""A camera in front of a simulated participant: `simulated` or `simulated:SEED`.

    still + seed ──> portrait ──┐
    seed ──> script (truth) ────┼──> renderer ──> frame at each capture time of the script
    pace: at once, or as time passes

Everything but the waiting follows from the seed: the same seed gives the same pixels.
"""

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import numpy as np

from collector.cameras.base import CameraFrame
from collector.simulator.faces import BaseFace, dealt_face
from collector.simulator.portrait import make_portrait
from collector.simulator.render import Renderer
from collector.simulator.sampling import HEIGHT, WIDTH
from collector.simulator.script import FPS, ScriptSettings, scene_order, write_script
from mexlab.errors import InputError
from mexlab.model_files import find_landmarker
from mexlab.timebase import NS_PER_S
from mexlab.vision.landmarker import FaceLandmarker

Pace = Callable[[int], None]  # waits until this many ns after the first frame


def at_once(_: int) -> None:
    """No waiting: frames as fast as they can be drawn."""


def real_time() -> Pace:
    """As time passes: the first frame now, each later one when its capture time has come."""
    started: list[int] = []

    def wait(t_ns: int) -> None:
        started[:] = started or [time.monotonic_ns() - t_ns]
        time.sleep(max(0, started[0] + t_ns - time.monotonic_ns()) / NS_PER_S)

    return wait


class SimulatedCamera:
    """Plays one scripted session and ends. `script` holds the truth; nobody who locates reads it.

    `seed` may be several whole numbers, as numpy's SeedSequence takes them; `order` the emotions of
    the scenes; `model` the landmarker's model file.
    """

    width, height, fps, modality = WIDTH, HEIGHT, FPS, "colour"

    def __init__(
        self,
        spec: str,
        face: BaseFace,
        seed: int | Sequence[int],
        order: Sequence[str],
        settings: ScriptSettings,
        landmarker: FaceLandmarker,
        pace: Pace = at_once,
    ) -> None:
        self.spec = spec
        settings.check()
        # One generator each, so that a change of one part leaves the others' numbers alone.
        identity, happening, drawing = np.random.default_rng(seed).spawn(3)
        self.portrait = make_portrait(face, identity, landmarker)
        self.script = write_script(settings, order, self.portrait.lid_travel_iod, happening)
        self._drawing, self._pace = drawing, pace
        self._renderer: Renderer | None = None
        self._next = 0

    def open(self) -> None:
        """Make the displacement fields. Once closed, a camera does not play again."""
        self._renderer = Renderer(self.portrait, self.script.events, self._drawing)

    def close(self) -> None:
        self._renderer = None
        self._next = len(self.script.capture_ns)

    def read(self) -> CameraFrame | None:
        """The next frame of the script; None after its last one."""
        if self._next >= len(self.script.capture_ns) or self._renderer is None:
            return None
        t_ns = int(self.script.capture_ns[self._next])
        self._next += 1
        self._pace(t_ns)
        return CameraFrame(self._renderer.frame(t_ns), t_ns)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()


def from_spec(spec: str) -> SimulatedCamera:
    """`simulated` or `simulated:SEED`: a participant of the default settings, in real time."""
    _, _, given = spec.partition(":")
    if given and not given.isdecimal():
        raise InputError(f"seed {given!r} is not a whole number", "--camera", "write simulated:7")
    seed = int(given or 0)
    with FaceLandmarker(find_landmarker()) as landmarker:
        return SimulatedCamera(
            spec,
            dealt_face(seed),
            seed,
            scene_order(0, seed),
            ScriptSettings(),
            landmarker,
            real_time(),
        )
