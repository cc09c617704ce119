"""What a training costs: seconds, images, and the machine's CPU and memory, as in Table 3."""

import os
import sys
import time
from typing import Any

import psutil


class Cost:
    """Measures from its creation to `stop`, this process alone."""

    def __init__(self) -> None:
        self._images = 0
        self._wall_s, self._cpu_s = time.perf_counter(), time.process_time()

    def count(self, images: int) -> None:
        """Count samples trained on (forward and backward)."""
        self._images += images

    def stop(self) -> None:
        """Fix the two durations."""
        self._wall_s = time.perf_counter() - self._wall_s
        self._cpu_s = time.process_time() - self._cpu_s

    def measures(self) -> dict[str, Any]:
        """CPU and peak resident memory in percent of the whole machine, as the paper gives them."""
        peak = peak_memory_bytes()
        return {
            "train_seconds": self._wall_s,
            "images_per_second": self._images / self._wall_s,
            "cpu_percent": 100 * self._cpu_s / self._wall_s / (os.cpu_count() or 1),
            "memory_percent": 100 * peak / psutil.virtual_memory().total,
            "peak_memory_bytes": peak,
        }


def peak_memory_bytes() -> int:
    """The most resident memory this process has held so far."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux KiB
