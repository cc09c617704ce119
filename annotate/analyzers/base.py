"""What an analyzer is: pictures in, one observation a picture out.

A new analyzer is a new file beside this one with a class of this shape, and a line in `registry`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from mexlab.vision.video import Image

Kind = Literal["facs", "proxy"]  # proxy: columns named like AUs that no FACS model produced


@dataclass(frozen=True)
class Observation:
    """One face in one picture.

    `score` in [0, 1]; `box` x, y, width, height px; `aus` AU name -> [0, 1], absent where the
    analyzer has none; `emotions` emotion -> [0, 1], or empty; angles in degrees; `landmarks`
    float32 (68, 2) px of the upright recording, None where the analyzer has none.
    """

    score: float
    box: tuple[float, float, float, float]
    aus: Mapping[str, float]
    emotions: Mapping[str, float]
    pitch: float
    roll: float
    yaw: float
    landmarks: NDArray[np.float32] | None


class Analyzer(Protocol):
    """A tool that scores faces. `chunk` is how many pictures it likes at once."""

    name: str
    kind: Kind
    chunk: int

    def provenance(self) -> dict[str, Any]:
        """Tool, versions, weight hashes and settings, for provenance.json."""
        ...

    def observe(self, images: Sequence[Image], first: int) -> list[Observation | None]:
        """One observation a picture, None where there is no face; `first` numbers the first one."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None: ...
