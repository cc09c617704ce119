"""How each region of the face moves, frame by frame: grey pictures and landmarks in, courses out.

Every picture is laid on a small crop by the landmarks that no expression moves, and its optical
flow is taken from a key picture a few frames back; keys are chained, so that the flow stays small
and its errors do not pile up frame by frame. What remains of the head (a shift, a turn, a nearing,
the nose's lead) is fitted to the flow itself and taken away: landmarks jitter more than the flow.
Action-Unit models were trained on large expressions and barely respond to micro ones; this does.

Courses are float32 (25,), in the order of COLUMNS: REGION_u, REGION_v of the ten regions, then how
the head itself went: right, down, nearer, rolled, turned; percent of the inter-ocular distance (for
the last three, the way of a point one distance off). u is positive to the image's right, v down.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from annotate.eyelids import aperture_iod
from annotate.regions import FaceMap, face_map
from mexlab.emotions import HEAD_WAYS, REGIONS
from mexlab.timebase import NS_PER_S
from mexlab.vision.crop import FaceCrop, eye_centres, similarity
from mexlab.vision.flow import farneback
from mexlab.vision.video import Grey

Array = NDArray[np.float64]
Course = NDArray[np.float32]  # (25,)

SIDE_PX, IOD_PX = 192, 72.0  # of the crop
EYES_Y_PX = 58.0
CELL_PX = 8  # flow is averaged over cells this wide
KEY_EVERY_S = 0.32  # from key to key
OPEN_LIDS = 0.85  # of the last key's: a key must not show a blink
KEY_LATEST_S = 3 * KEY_EVERY_S  # after which a key is taken even so
# Jaw line, nose bridge, eye corners: what lays a picture on the key's.
STABLE = np.r_[0:17, 27:31, 36, 39, 42, 45]
REGION_COLUMNS = tuple(f"{region}_{axis}" for region in REGIONS for axis in "uv")
COLUMNS = (*REGION_COLUMNS, *HEAD_WAYS)

_middle = (np.arange(SIDE_PX // CELL_PX) + 0.5) * CELL_PX - 0.5
_columns, _rows = np.meshgrid(_middle, _middle)
_X = ((_columns - (SIDE_PX - 1) / 2) / IOD_PX).ravel()
_Y = ((_rows - EYES_Y_PX) / IOD_PX).ravel()


@dataclass(frozen=True)
class _Key:
    """A picture to measure from: its crop and how it was cut, landmarks in it, map, course."""

    crop: Grey
    matrix: Array
    points: Array
    face: FaceMap
    course: Course


class KeySchedule:
    """Which frames become keys; depends on the landmarks alone, so that it can be replayed."""

    def __init__(self) -> None:
        self.frame: int | None = None
        self._t_ns = 0
        self._aperture = 0.0

    def take(self, frame: int, t_ns: int, aperture: float) -> bool:
        """Whether this frame, the next one with a face, becomes the key."""
        if self.frame is not None:
            age_s = (t_ns - self._t_ns) / NS_PER_S
            lids_open = aperture >= OPEN_LIDS * self._aperture
            if age_s < KEY_EVERY_S or not (lids_open or age_s >= KEY_LATEST_S):
                return False
        self.frame, self._t_ns, self._aperture = frame, t_ns, aperture
        return True


class MotionTracker:
    """Follows one recording; frames with a face are given in order."""

    def __init__(self) -> None:
        self._schedule = KeySchedule()
        self._key: _Key | None = None

    def follow(self, frame: int, t_ns: int, grey: Grey, landmarks: NDArray[np.float32]) -> Course:
        """The course at this frame. `grey` uint8 (height, width), `landmarks` (68, 2) px."""
        points = landmarks.astype(np.float64)
        course = np.zeros(len(COLUMNS), np.float32)
        if self._key is not None:
            course = self._key.course + self._moved(self._key, grey, points)
        if self._schedule.take(frame, t_ns, float(aperture_iod(points))):
            self._key = _key(grey, points, course)
        return course

    def resume(
        self,
        frames: NDArray[np.int64],
        t_ns: NDArray[np.int64],
        landmarks: NDArray[np.float32],
        courses: Course,
    ) -> int | None:
        """Replay frames already followed: `frames` (n,) with a face, their times `t_ns` (n,),
        `landmarks` (n, 68, 2), `courses` (n, 25). Returns the frame whose picture `restore` then
        wants."""
        apertures = aperture_iod(landmarks).tolist()
        for seen in zip(frames.tolist(), t_ns.tolist(), apertures, strict=True):
            self._schedule.take(*seen)
        if self._schedule.frame is None:
            return None
        at = int(np.searchsorted(frames, self._schedule.frame))
        self._waiting = landmarks[at].astype(np.float64), courses[at]
        return self._schedule.frame

    def restore(self, frame: int, grey: Grey) -> None:
        """The picture that `resume` asked for."""
        points, course = self._waiting
        self._key = _key(grey, points, course)

    @staticmethod
    def _moved(key: _Key, grey: Grey, points: Array) -> Course:
        """float32 (25,): how regions and head moved from the key to this picture."""
        matrix = similarity(points[STABLE], key.points[STABLE])
        cells = (SIDE_PX // CELL_PX,) * 2
        parts = [
            cv2.resize(part, cells, interpolation=cv2.INTER_AREA).ravel()
            for part in farneback(key.crop, _laid(grey, matrix))
        ]
        field = np.stack(parts).astype(np.float64) * (100 / IOD_PX)
        regions, head = key.face.split(field)
        return np.concatenate([regions.ravel(), _head(key.matrix, matrix, head)]).astype(np.float32)


def _head(before: Array, now: Array, rest: Array) -> Array:
    """float64 (5,): the head's way between two pictures, from the matrices that laid them on the
    crop and what of its movement was left in it."""
    right, down, growth, roll, nose, bowl, _ = rest
    middle = np.array([(SIDE_PX - 1) / 2, EYES_Y_PX])
    moved = middle + np.array([right, down]) * (IOD_PX / 100)
    start = np.linalg.solve(before[:, :2], middle - before[:, 2])
    end = np.linalg.solve(now[:, :2], moved - now[:, 2])
    size = np.hypot(*before[:, 0]), np.hypot(*now[:, 0])
    turned = np.arctan2(before[1, 0], before[0, 0]) - np.arctan2(now[1, 0], now[0, 0])
    way = (end - start) * (size[0] / IOD_PX * 100)
    return np.array(
        [*way, 100 * np.log(size[0] / size[1]) + growth, 100 * turned + roll, nose + bowl]
    )


def _key(grey: Grey, points: Array, course: Course) -> _Key:
    matrix = _upright(points)
    placed = points @ matrix[:, :2].T + matrix[:, 2]
    relative = (placed - ((SIDE_PX - 1) / 2, EYES_Y_PX)) / IOD_PX
    return _Key(_laid(grey, matrix), matrix, placed, face_map(relative, _X, _Y), course)


def _laid(grey: Grey, matrix: Array) -> Grey:
    """The crop, uint8 (SIDE_PX, SIDE_PX)."""
    return FaceCrop(matrix, SIDE_PX, IOD_PX).apply(grey)


def _upright(points: Array) -> Array:
    """(2, 3): recording px to crop px by the eyes alone."""
    right, left = eye_centres(points)
    eyes = np.stack([right, left])
    half = np.array([IOD_PX / 2, 0.0])
    middle = np.array([(SIDE_PX - 1) / 2, EYES_Y_PX])
    return similarity(eyes, np.stack([middle - half, middle + half]))
