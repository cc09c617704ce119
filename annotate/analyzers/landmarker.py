"""The `landmarker` analyzer: MediaPipe's blendshapes as proxies of Action Units.

Blendshapes are an animator's controls, not FACS: a column AU12 here is "the mouth smiles as
MediaPipe sees it". Where blendshapes do not respond (AU06, AU09) or a distance says it better
(AU25), landmark geometry stands in, in units of the inter-ocular distance. There is no proxy for
AU11 and AU23: null.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from annotate.analyzers.base import Kind, Observation
from annotate.emfacs import emotion_scores
from mexlab.model_files import model_digest
from mexlab.vision.crop import interocular_px
from mexlab.vision.landmarker import Face, FaceLandmarker
from mexlab.vision.video import Image

# AU -> the blendshapes whose mean stands for it.
BLENDSHAPES: Mapping[str, tuple[str, ...]] = {
    "AU01": ("browInnerUp",),
    "AU02": ("browOuterUpLeft", "browOuterUpRight"),
    "AU04": ("browDownLeft", "browDownRight"),
    "AU05": ("eyeWideLeft", "eyeWideRight"),
    "AU07": ("eyeSquintLeft", "eyeSquintRight"),
    "AU10": ("mouthUpperUpLeft", "mouthUpperUpRight"),
    "AU12": ("mouthSmileLeft", "mouthSmileRight"),
    "AU14": ("mouthDimpleLeft", "mouthDimpleRight"),
    "AU15": ("mouthFrownLeft", "mouthFrownRight"),
    "AU17": ("mouthShrugLower",),
    "AU20": ("mouthStretchLeft", "mouthStretchRight"),
    "AU24": ("mouthPressLeft", "mouthPressRight"),
    "AU26": ("jawOpen",),
    "AU28": ("mouthRollLower", "mouthRollUpper"),
    "AU43": ("eyeBlinkLeft", "eyeBlinkRight"),
}

# AU -> (mesh point pairs, mean distance at rest, at full strength), in inter-ocular distances.
GEOMETRY: Mapping[str, tuple[tuple[tuple[int, int], ...], float, float]] = {
    "AU06": (((118, 33), (347, 263)), 0.34, 0.22),  # cheek to outer eye corner shortens
    "AU09": (((129, 133), (358, 362)), 0.60, 0.45),  # nostril wing to inner eye corner shortens
    "AU25": (((13, 14),), 0.02, 0.25),  # inner lips part
}

UNITS_OF_MEASURE = {
    "blendshapes": {au: list(names) for au, names in BLENDSHAPES.items()},
    "geometry_iod": {
        au: {"pairs": [list(pair) for pair in pairs], "rest": rest, "full": full}
        for au, (pairs, rest, full) in GEOMETRY.items()
    },
}


class LandmarkerAnalyzer:
    """MediaPipe face landmarker behind the analyzer interface; one picture at a time."""

    name = "landmarker"
    kind: Kind = "proxy"
    chunk = 1

    def __init__(self, model: Path) -> None:
        self._model = model
        self._landmarker = FaceLandmarker(model)

    def provenance(self) -> dict[str, Any]:
        return {
            "tool": "MediaPipe face landmarker",
            "version": version("mediapipe"),
            "model_sha256": model_digest(self._model),
            "note": "AU columns are proxies from blendshapes and landmark distances, not FACS",
            "mapping": UNITS_OF_MEASURE,
        }

    def observe(self, images: Sequence[Image], first: int) -> list[Observation | None]:
        faces = (self._landmarker.detect(image) for image in images)
        return [_observation(face) if face else None for face in faces]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._landmarker.close()


def _observation(face: Face) -> Observation:
    """MediaPipe's task gives no detection score: a face is 1."""
    low, high = face.mesh.min(axis=0), face.mesh.max(axis=0)
    aus = au_proxies(face.mesh, face.landmarks, face.blendshapes)
    return Observation(
        score=1.0,
        box=(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])),
        aus=aus,
        emotions=emotion_scores(aus),
        pitch=face.pitch,
        roll=face.roll,
        yaw=face.yaw,
        landmarks=face.landmarks,
    )


def au_proxies(
    mesh: NDArray[np.float32], landmarks: NDArray[np.float32], blendshapes: Mapping[str, float]
) -> dict[str, float]:
    """AU name -> [0, 1] from mesh (478, 2) px, landmarks (68, 2) px and blendshapes by name."""
    aus = {
        au: sum(blendshapes[name] for name in names) / len(names)
        for au, names in BLENDSHAPES.items()
    }
    iod = float(interocular_px(landmarks))
    for au, (pairs, rest, full) in GEOMETRY.items():
        lengths = [np.hypot(*(mesh[a] - mesh[b])) / iod for a, b in pairs]
        strength = (float(np.mean(lengths)) - rest) / (full - rest)
        aus[au] = min(max(strength, 0.0), 1.0)
    return aus
