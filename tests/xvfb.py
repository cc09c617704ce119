"""A screen that nobody sees: an X server of its own for one test."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import av
import numpy as np
import pytest


@contextmanager
def virtual_screen(width: int = 1280, height: int = 720) -> Iterator[str]:
    """Start Xvfb on a free display number; its name, such as `:99`, is also DISPLAY meanwhile."""
    if not shutil.which("Xvfb"):
        pytest.skip("Xvfb is not installed")
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        [
            *("Xvfb", "-displayfd", str(write_end), "-nolisten", "tcp"),
            *("-screen", "0", f"{width}x{height}x24"),
        ],
        pass_fds=[write_end],
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    with os.fdopen(read_end) as answer, pytest.MonkeyPatch.context() as patch:
        try:
            name = f":{int(answer.readline())}"
            patch.setenv("DISPLAY", name)
            patch.delenv("WAYLAND_DISPLAY", raising=False)
            yield name
        finally:
            server.terminate()
            server.wait()


def screenshot(display: str, width: int, height: int, x: int = 0, y: int = 0) -> np.ndarray:
    """What is on that screen now: uint8 (height, width, 3), RGB."""
    options = {"video_size": f"{width}x{height}", "framerate": "30", "draw_mouse": "0"}
    with av.open(f"{display}+{x},{y}", format="x11grab", options=options) as grabbed:
        return next(grabbed.decode(video=0)).to_ndarray(format="rgb24")
