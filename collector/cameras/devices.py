"""Why a webcam did not open, in one line: none there, no permission, or in use by another."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mexlab.errors import VideoError

TRIED = 4  # device numbers looked at on systems without device files


def not_opened(
    spec: str,
    platform: str,
    capture: Callable[..., Any],
    api: int,
    folder: Path = Path("/dev"),
) -> VideoError:
    """The error for a camera that does not open; says which cameras were looked for and found."""
    if platform == "linux":
        return _on_linux(spec, folder)
    numbers = [number for number in range(TRIED) if _opens(capture, number, api)]
    if int(spec) in numbers:
        return VideoError("the camera is in use", spec, "close other programs that use it")
    found = ", ".join(str(number) for number in numbers) or "none"
    what = f"no camera {spec}; looked for numbers 0 to {TRIED - 1}, found {found}"
    allow = {
        "darwin": "allow the camera in System Settings, Privacy & Security, or plug one in",
        "win32": "allow the camera in Settings, Privacy, close other programs, or plug one in",
    }
    return VideoError(what, "--camera", allow.get(platform, "plug one in"))


def _on_linux(spec: str, folder: Path) -> VideoError:
    path = folder / f"video{spec}" if spec.isdecimal() else Path(spec)
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        remedy = "sudo usermod -aG video $USER, then log in again"
        return VideoError("no permission to use the camera", path, remedy)
    if path.exists():
        remedy = "close other programs that use it; some devices have a second one without pictures"
        return VideoError("the camera does not open: busy, or no camera", path, remedy)
    found = ", ".join(str(other) for other in sorted(folder.glob("video*"))) or "none"
    what = f"no camera {spec}; looked for {path}, found {found}"
    return VideoError(what, "--camera", "plug one in, or rehearse with --camera simulated")


def _opens(capture: Callable[..., Any], number: int, api: int) -> bool:
    tried = capture(number, api)
    opened = bool(tried.isOpened())
    tried.release()
    return opened
