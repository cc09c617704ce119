"""How frames of a dataset are made: the settings of `build-dataset` and `import`, checked."""

from collections.abc import Collection
from dataclasses import dataclass

from mexlab.errors import InputError
from mexlab.timebase import NS_PER_S, seconds_to_ns
from mexlab.vision.flow import FLOW_METHODS
from pipeline.frames.encoding import IMAGE_FORMATS
from pipeline.frames.retouch import DENOISERS, ILLUMINATIONS


@dataclass(frozen=True)
class BuildSettings:
    """Recorded with every dataset. `fps` None keeps the recording's own frames.

    `denoise` and `illumination` change picture and flow alike; `remove_head_motion` the flow alone.
    `padding_s` None keeps the intervals as located, else a clip reaches so far before onset and
    after offset; clips shorter than `shortest_s` or longer than `longest_s` are left out.
    """

    fps: float | None = 20.0
    size: int = 224
    margin: float = 1.3
    flow: str = "farneback"
    image: str = "jpeg"
    denoise: str = "off"
    illumination: str = "off"
    remove_head_motion: bool = False
    padding_s: float | None = None
    shortest_s: float = 0.0
    longest_s: float | None = None

    def check(self) -> None:
        """Raise InputError for a value that no method has, or a pair that leaves nothing."""
        _known(self.flow, FLOW_METHODS, "flow method", "--flow")
        _known(self.image, IMAGE_FORMATS, "image format", "--image")
        _known(self.denoise, DENOISERS, "denoising", "--denoise")
        _known(self.illumination, ILLUMINATIONS, "illumination", "--illumination")
        if self.longest_s is not None and self.longest_s < self.shortest_s:
            what = (
                f"nothing is both {self.shortest_s:g} s or longer and {self.longest_s:g} s or less"
            )
            raise InputError(what, "--longest-s", "give more than --shortest-s")
        if self.padding_s is not None and self.padding_s < 0:
            raise InputError("padding cannot be negative", "--padding-s", "give 0 or more")

    def against_length(self, start_ns: int, end_ns: int) -> str | None:
        """Why a clip [start_ns, end_ns) is left out for its length; None where it is not."""
        length = end_ns - start_ns
        if length < seconds_to_ns(self.shortest_s):
            return f"{length / NS_PER_S:.2f} s is shorter than {self.shortest_s:g} s (--shortest-s)"
        if self.longest_s is not None and length > seconds_to_ns(self.longest_s):
            return f"{length / NS_PER_S:.2f} s is longer than {self.longest_s:g} s (--longest-s)"
        return None


def parse_fps(text: str) -> float | None:
    """Frames per second as a number, None for `native`. Raises InputError for anything else."""
    if text == "native":
        return None
    try:
        fps = float(text)
    except ValueError:
        fps = 0.0
    if not 1 <= fps <= 1000:
        raise InputError(f"{text!r} is not a frame rate", "--fps", "give a number or native")
    return fps


def _known(value: str, known: Collection[str], what: str, option: str) -> None:
    if value not in known:
        raise InputError(f"no {what} {value!r}", option, f"use one of: {', '.join(known)}")
