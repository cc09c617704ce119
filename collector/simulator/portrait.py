"""One simulated person: a base face framed, lit and slightly reshaped as the seed says.

The still is kept at twice the recording's size, so that sampling it bilinearly once per frame
moves it by fractions of a pixel without a visible loss of sharpness. Two participants on the same
base face differ in mirror side, size, tilt, proportions, colour and light.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from collector.simulator.faces import BaseFace
from collector.simulator.sampling import HEIGHT, OVER, WIDTH, Floats, resized, sampled, to_frame
from mexlab.errors import InputError
from mexlab.vision.crop import eye_centres, interocular_px
from mexlab.vision.landmarker import Face, FaceLandmarker
from mexlab.vision.video import Image


@dataclass(frozen=True)
class Portrait:
    """The clean still of one person, in 4:2:0 limited-range YUV at twice the recording's size.

    `luma` uint8 (2H, 2W); `chroma` uint8 (H, W, 2), u then v; `mesh` float32 (478, 2) the
    landmarker's points in px of the recording (H, W); `iod_px` the inter-ocular distance there.
    """

    base_face: str
    luma: NDArray[np.uint8]
    chroma: NDArray[np.uint8]
    mesh: Floats
    iod_px: float

    @property
    def lid_travel_iod(self) -> float:
        """How far the upper lids move when the eyes close, over the inter-ocular distance."""
        opening = np.linalg.norm(self.mesh[[159, 386]] - self.mesh[[145, 374]], axis=1)
        return float(opening.mean() / self.iod_px)


@dataclass(frozen=True)
class Identity:
    """What tells a person from others on the same base face; lengths over inter-ocular distance.

    `shape` are four strengths of `_reshaped`, `light` a brightness slope to the right and
    downwards, `gain` per RGB channel.
    """

    mirrored: bool
    iod_px: float
    eyes_px: tuple[float, float]
    tilt_deg: float
    shape: NDArray[np.float64]
    gain: NDArray[np.float64]
    gamma: float
    light: NDArray[np.float64]


def draw_identity(rng: np.random.Generator) -> Identity:
    """A person at random: the ranges stay where a base face still looks like a photograph."""
    return Identity(
        mirrored=bool(rng.random() < 0.5),
        iod_px=float(rng.uniform(92, 108)),
        eyes_px=(WIDTH / 2 + rng.uniform(-12, 12), HEIGHT * 0.43 + rng.uniform(-8, 8)),
        tilt_deg=float(rng.uniform(-2, 2)),
        shape=rng.uniform(-0.04, 0.04, 4),
        gain=1 + np.array([1, 0, -1]) * rng.uniform(-0.06, 0.06) + rng.uniform(-0.05, 0.05),
        gamma=float(rng.uniform(0.88, 1.15)),
        light=rng.uniform(-0.06, 0.06, 2),
    )


def make_portrait(face: BaseFace, rng: np.random.Generator, landmarker: FaceLandmarker) -> Portrait:
    """Frame, reshape and light a base face. Raises InputError where no face is found in it."""
    identity = draw_identity(rng)
    source = face.image()
    if identity.mirrored:
        source = np.ascontiguousarray(source[:, ::-1])
    large = _lit(_framed(source, _detect(source, face, landmarker), identity), identity)
    found = _detect(resized(large, WIDTH, HEIGHT, cv2.INTER_AREA), face, landmarker)
    # OpenCV's I420 is limited-range BT.601, what a yuv420p recording without tags is taken for.
    planes = np.asarray(cv2.cvtColor(large, cv2.COLOR_RGB2YUV_I420), dtype=np.uint8)
    luma, chroma = np.split(planes, [OVER * HEIGHT])
    u, v = chroma.reshape(2, HEIGHT, WIDTH)
    iod_px = float(interocular_px(found.landmarks))
    return Portrait(face.name, luma, np.stack([u, v], axis=-1), found.mesh, iod_px)


def _detect(image: Image, face: BaseFace, landmarker: FaceLandmarker) -> Face:
    found = landmarker.detect(image)
    if found is None:
        raise InputError("no face found in the still", face.path(), "install the package again")
    return found


def _framed(source: Image, found: Face, identity: Identity) -> Image:
    """The face upright at its place in the frame, uint8 (2H, 2W, 3), sampled once from `source`.

    Beyond the still's edges its border goes on, blurred more the farther out.
    """
    right, left = eye_centres(found.landmarks)
    dx, dy = left - right
    angle = np.arctan2(dy, dx) - np.radians(identity.tilt_deg)
    scale = float(np.hypot(dx, dy)) / identity.iod_px  # source px per recording px
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    rows, columns = np.mgrid[0 : HEIGHT * OVER, 0 : WIDTH * OVER]
    grid = np.stack([columns, rows], axis=-1)
    points = to_frame(grid.astype(np.float32)) - np.array(identity.eyes_px)
    points = _reshaped(points / identity.iod_px, identity.shape) * identity.iod_px
    where = (points @ turn.T + (right + left) / 2).astype(np.float32)
    sharp = sampled(source, where, cv2.INTER_CUBIC)
    everywhere = np.ones(source.shape[:2], np.uint8)
    inside = sampled(everywhere, where, cv2.INTER_NEAREST, cv2.BORDER_CONSTANT)
    if inside.all():
        return sharp
    small = resized(sharp, WIDTH // 8, HEIGHT // 8, cv2.INTER_AREA)
    blurred = cv2.resize(cv2.GaussianBlur(small, (0, 0), 5), (WIDTH * OVER, HEIGHT * OVER))
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    weight = np.clip(depth / (0.3 * identity.iod_px), 0, 1)[..., None]
    return np.asarray(sharp * weight + blurred * (1 - weight), dtype=np.uint8)


def _reshaped(points: NDArray[np.float64], shape: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mild proportions: jaw width, brow width, length of the mid face and of the lower face.

    `points` (..., 2) from the middle of the eyes, right and down, over inter-ocular distance.
    """
    u, v = points[..., 0], points[..., 1]
    near = np.exp(-(u**2 + (v - 0.4) ** 2) / (2 * 1.2**2))
    wider = shape[0] * np.exp(-(((v - 1.1) / 0.5) ** 2)) + shape[1] * np.exp(
        -(((v + 0.2) / 0.4) ** 2)
    )
    longer = shape[2] * np.exp(-(((v - 0.5) / 0.4) ** 2)) + shape[3] * np.exp(
        -(((v - 1.2) / 0.4) ** 2)
    )
    return np.stack([u * (1 + near * wider), v + near * longer], axis=-1)


def _lit(image: Image, identity: Identity) -> Image:
    """Colour cast, gamma and a slope of light; uint8 (2H, 2W, 3)."""
    height, width = image.shape[:2]
    across = np.linspace(-1, 1, width) * identity.light[0]
    down = np.linspace(-1, 1, height) * identity.light[1]
    light = (1 + across[None, :] + down[:, None])[..., None] * identity.gain
    lit = (image / 255.0) ** identity.gamma * light * 255
    return np.asarray(np.clip(lit, 0, 255), dtype=np.uint8)
