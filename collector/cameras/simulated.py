"""A camera that plays a whole scripted session of a simulated participant, at once.

    still + seed ──> portrait ──┐
    seed ──> script (truth) ────┴──> renderer ──> frame at each capture time of the script

Everything follows from the seed: the same seed gives the same pixels. The one that plays as time
passes, in front of a real film, is in `performer`.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np

from collector.cameras.base import CameraFrame
from collector.simulator.faces import BaseFace
from collector.simulator.portrait import make_portrait
from collector.simulator.render import Renderer
from collector.simulator.sampling import HEIGHT, WIDTH
from collector.simulator.script import FPS, ScriptSettings, write_script
from mexlab.vision.landmarker import FaceLandmarker


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
    ) -> None:
        self.spec = spec
        settings.check()
        # One generator each, so that a change of one part leaves the others' numbers alone.
        identity, happening, drawing = np.random.default_rng(seed).spawn(3)
        self.portrait = make_portrait(face, identity, landmarker)
        self.script = write_script(settings, order, self.portrait.lid_travel_iod, happening)
        self._drawing = drawing
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
        return CameraFrame(self._renderer.frame(t_ns), t_ns)

    def description(self) -> dict[str, Any]:
        return {"backend": "simulated, at once", "base_face": self.portrait.base_face}

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()
