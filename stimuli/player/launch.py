"""How the player's process is started, and its ways of failing as one line with the remedy.

No Qt here: this is the parent's side.
"""

import os
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from mexlab.errors import InputError, MexlabError

# What cv2 sets when it is imported: its own Qt plugins, which are not the player's.
FOREIGN = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR", "QT_PLUGIN_PATH")
XCB_PACKAGES = (
    "libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 "
    "libxcb-shape0 libxcb-util1 libxcb-xkb1 libxkbcommon-x11-0"
)
WHEEL_PACKAGES = "libegl1 libgl1 libglib2.0-0 libfontconfig1 libdbus-1-3 libxkbcommon0 libpulse0"
UNEXPECTED = "report this, with what stands above it"


class PlayerError(MexlabError):
    """The player cannot show a film, or ended without being asked."""


def command(*arguments: str) -> list[str]:
    """The player as a process of this same Python, whatever the working folder."""
    return [sys.executable, "-P", "-m", "stimuli.player", *arguments]


def environment(
    environ: Mapping[str, str] = os.environ, offscreen: bool = False, platform: str = sys.platform
) -> dict[str, str]:
    """This process's environment without another Qt's paths, with Qt set up for even timing."""
    given = {name: value for name, value in environ.items() if name not in FOREIGN}
    root = str(Path(__file__).resolve().parents[2])
    given["PYTHONPATH"] = os.pathsep.join(filter(None, [root, given.get("PYTHONPATH", "")]))
    given["QT_MEDIA_BACKEND"] = "ffmpeg"  # the same decoder on the three systems
    given["QT_FFMPEG_DECODING_HW_DEVICE_TYPES"] = ","  # none: drivers differ, and 720p is cheap
    if platform.startswith("linux"):
        # Qt converts pictures on OpenGL if it can; where that is software, 14 ms instead of 2.5 ms.
        given["QT_XCB_GL_INTEGRATION"] = "none"
    if offscreen:
        given["QT_QPA_PLATFORM"] = "offscreen"
    return given


def check_display(
    offscreen: bool, environ: Mapping[str, str] = os.environ, platform: str = sys.platform
) -> None:
    """Raise InputError where there is no display to open a window on."""
    needed = platform.startswith("linux") and not offscreen
    if needed and not any(
        environ.get(n) for n in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        remedy = "start it in a desktop session, or rehearse with --offscreen"
        raise InputError("no display to show the film on", "DISPLAY is not set", remedy)


def explain(code: int, noise: str) -> PlayerError:
    """Why the player ended with this exit code, from the last lines of its standard error."""
    missing = re.search(r"(\S+\.so[.\d]*): cannot open shared object file", noise)
    if missing:
        remedy = f"install it: apt install {WHEEL_PACKAGES} {XCB_PACKAGES}"
        return PlayerError("Qt lacks a system library", missing[1], remedy)
    refused = re.search(r"could not connect to display ?(\S*)", noise)
    if refused:
        remedy = "start it in a desktop session, or rehearse with --offscreen"
        return PlayerError("the display does not answer", f"DISPLAY {refused[1]}", remedy)
    if "xcb-cursor" in noise:  # Qt says so for a display that does not answer, too
        remedy = f"install them: apt install {XCB_PACKAGES}"
        return PlayerError("Qt lacks system libraries for windows", "libxcb-cursor", remedy)
    if "Could not load the Qt platform plugin" in noise or "no Qt platform plugin" in noise:
        remedy = f"install its libraries: apt install {XCB_PACKAGES}"
        return PlayerError("Qt cannot open windows here", "Qt platform plugin", remedy)
    if "No module named 'PySide6'" in noise:
        return PlayerError("PySide6 is not installed", sys.executable, "run: uv sync")
    where = noise.strip().rsplit("\n", 1)[-1] or "no message"
    return PlayerError(f"the player ended with {_ending(code)}", where, UNEXPECTED)


def _ending(code: int) -> str:
    if code < 0 and -code in set(signal.Signals):
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
