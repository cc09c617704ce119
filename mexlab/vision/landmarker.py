"""MediaPipe's face landmarker: 478 landmarks, 52 blendshapes and the head's pose of a face.

IMAGE mode: each frame is judged alone, since VIDEO mode smooths over time and would flatten a
micro-expression. `mexlab.model_files` knows where the model file lies.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mexlab.errors import ModelFileError
from mexlab.model_files import LANDMARKER_URL
from mexlab.vision.video import Image

# The 68 points of the iBUG/dlib convention among MediaPipe's 478, in the 68 points' order:
# jaw 0-16, brows 17-26, nose 27-35, eyes 36-47, outer lips 48-59, inner lips 60-67.
# fmt: off
MESH_TO_68 = np.array([
    127, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 356,
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
    168, 197, 5, 4, 98, 97, 2, 326, 327,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,
    78, 82, 13, 312, 308, 317, 14, 87,
])
# fmt: on


@dataclass(frozen=True)
class Face:
    """What the landmarker saw: `mesh` float32 (478, 2) in px of the picture, `blendshapes` by
    name in [0, 1], `pitch` `roll` `yaw` in degrees (chin up, head tilted to the image's right and
    face turned to the image's right are positive)."""

    mesh: NDArray[np.float32]
    blendshapes: dict[str, float]
    pitch: float
    roll: float
    yaw: float

    @property
    def landmarks(self) -> NDArray[np.float32]:
        """float32 (68, 2) px: the 68 points of the iBUG convention."""
        return np.asarray(self.mesh[MESH_TO_68], dtype=np.float32)


class FaceLandmarker:
    """Opens the model, to see so many `faces` at the most in a picture.

    Use as a context manager, since MediaPipe wants to be closed.
    """

    def __init__(self, model: Path, faces: int = 1) -> None:
        import mediapipe as mp
        from mediapipe.tasks.python import BaseOptions
        from mediapipe.tasks.python.vision import FaceLandmarker as Task
        from mediapipe.tasks.python.vision import FaceLandmarkerOptions, RunningMode

        self._image: Any = mp.Image
        self._format: Any = mp.ImageFormat.SRGB
        options = FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_buffer=model.read_bytes()),
            running_mode=RunningMode.IMAGE,
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
            num_faces=faces,
        )
        try:
            with _native_stderr_closed():
                self._task: Any = Task.create_from_options(options)
                self.detect(np.zeros((64, 64, 3), np.uint8))
        except (RuntimeError, ValueError) as error:
            raise ModelFileError(
                "not a face-landmarker model", model, f"download {LANDMARKER_URL} to that place"
            ) from error

    def detect(self, image: Image) -> Face | None:
        """The face in an RGB picture, or None. `image` is uint8 (height, width, 3)."""
        return next(iter(self.detect_all(image)), None)

    def detect_all(self, image: Image) -> list[Face]:
        """The faces in an RGB picture uint8 (height, width, 3), in MediaPipe's order."""
        result = self._task.detect(self._image(image_format=self._format, data=image))
        seen = zip(
            result.face_landmarks,
            result.face_blendshapes,
            result.facial_transformation_matrixes,
            strict=True,
        )
        height, width = image.shape[:2]
        faces = []
        for points, shapes, pose in seen:
            mesh = np.array([(p.x * width, p.y * height) for p in points], np.float32)
            scores = {shape.category_name: float(shape.score) for shape in shapes}
            faces.append(Face(mesh, scores, *_pose(pose)))
        return faces

    def close(self) -> None:
        self._task.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def _native_stderr_closed() -> Iterator[None]:
    """MediaPipe's C++ prints warnings of no use to anybody when it starts."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nothing:  # noqa: PTH123 - a device, not a path of ours
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _pose(matrix: NDArray[np.float32]) -> tuple[float, float, float]:
    """Pitch, roll, yaw in degrees from the 4 x 4 canonical-face-to-camera matrix.

    Rotation = Rz(roll) Ry(yaw) Rx(pitch) in MediaPipe's frame (x right, y up, z to the viewer).
    """
    r = np.asarray(matrix, dtype=np.float64)[:3, :3]
    r = r / np.linalg.norm(r, axis=0)
    pitch = -np.arctan2(r[2, 1], r[2, 2])
    yaw = np.arcsin(np.clip(-r[2, 0], -1, 1))
    roll = -np.arctan2(r[1, 0], r[0, 0])
    return float(np.degrees(pitch)), float(np.degrees(roll)), float(np.degrees(yaw))
