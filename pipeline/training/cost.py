"""What a training costs: seconds, images, and the machine's CPU and memory, as in Table 3."""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import psutil


@dataclass(frozen=True)
class Cost:
    """Of one network's training, in the process that did it (that ended it, if one was killed).

    `images` samples went forward and backward in `wall_s` seconds, with `cpu_s` seconds of
    processor time; `peak_bytes` is the most memory the process held.
    """

    images: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_bytes: int = 0

    @classmethod
    def total(cls, parts: Sequence[Self]) -> Self:
        """Of several trainings: sums, and the highest peak."""
        return cls(
            sum(part.images for part in parts),
            sum(part.wall_s for part in parts),
            sum(part.cpu_s for part in parts),
            max((part.peak_bytes for part in parts), default=0),
        )

    def measures(self) -> dict[str, Any]:
        """CPU and peak resident memory in percent of the whole machine, as the paper gives them.

        Of one training process: where folds ran side by side, each took this much.
        """
        return {
            "train_seconds": self.wall_s,
            "images_per_second": self.images / max(self.wall_s, 1e-9),
            "cpu_percent": 100 * self.cpu_s / max(self.wall_s, 1e-9) / (os.cpu_count() or 1),
            "memory_percent": 100 * self.peak_bytes / psutil.virtual_memory().total,
            "peak_memory_bytes": self.peak_bytes,
        }


class Meter:
    """Measures from its creation to `read`, this process alone."""

    def __init__(self) -> None:
        self._wall_s, self._cpu_s = time.perf_counter(), time.process_time()

    def read(self, images: int) -> Cost:
        """The cost so far, of `images` samples trained on."""
        wall_s, cpu_s = time.perf_counter() - self._wall_s, time.process_time() - self._cpu_s
        return Cost(images, wall_s, cpu_s, peak_memory_bytes())


def peak_memory_bytes() -> int:
    """The most resident memory this process has held so far."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux KiB
