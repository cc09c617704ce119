"""What moved in a face between a neutral frame and another one, region by region.

Works on pictures, landmarks and tables in memory. Both frames stand in one crop; before the flow
between them is measured, the second is laid on the first by the eye corners and the nose bridge,
and what the face still does as a whole is taken off the field: what is left moved in the face.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from annotate.geometry import RIGID
from annotate.plots.face import Points, face_area, mask_of, regions_of
from annotate.plots.neutral import neutral_frames, rest_frames
from annotate.plots.recording import Recording, Row
from mexlab.emotions import REGIONS
from mexlab.vision.crop import FaceCrop, face_crop, similarity
from mexlab.vision.flow import Flow, farneback, grey
from mexlab.vision.video import Image

FLOW_PX = 224  # side of the crop in which flow is measured
SHOWN_TIMES = 2  # the crop shown is so many times larger
MARGIN = 1.3
REST_QUANTILE = 0.99
DRAGGED = 1 / 3
# Percent of the inter-ocular distance; less is not called a change, however calm the face at rest.
LEAST_FLOW, LEAST_TRACKED = 0.5, 0.2
HEAD_SHARE = 0.6  # of the face, the calmest part: by it the head's motion is judged

Vector = tuple[float, float]  # right, down; percent of the inter-ocular distance


@dataclass(frozen=True)
class Change:
    """One expression against the neutral face, in a crop of 448 px.

    Pictures uint8 (448, 448, 3), landmarks (68, 2) px of the crop; `flow` float32 (2, 224, 224),
    percent of the inter-ocular distance, lies on the neutral picture; `to_expression` float64
    (2, 3) takes px of the neutral picture to where the head has gone in the other.
    """

    neutral_frame: int
    frame: int
    neutral: Image
    expression: Image
    neutral_landmarks: Points
    landmarks: Points
    flow: Flow
    to_expression: NDArray[np.float64]

    def region_means(self) -> dict[str, Vector]:
        """Region -> mean flow in it."""
        means = {}
        for region, polygon in regions_of(self.neutral_landmarks / SHOWN_TIMES).items():
            inside = mask_of(polygon, FLOW_PX)
            u, v = (float(part[inside].mean()) if inside.any() else 0.0 for part in self.flow)
            means[region] = (u, v)
        return means


@dataclass(frozen=True)
class RegionMotion:
    """How far each region moved, and how far it goes at rest; `source` says who measured it."""

    source: str
    moved: Mapping[str, Vector]
    rest: Mapping[str, float]

    def length(self, region: str) -> float:
        return float(np.hypot(*self.moved[region]))

    @property
    def changed(self) -> tuple[str, ...]:
        """The regions that moved further than they go at rest.

        Neighbours are dragged along, and flow smears: what moved less than a third as far as the
        region that moved most is not counted.
        """
        least = DRAGGED * max(self.length(name) for name in REGIONS)
        return tuple(n for n in REGIONS if self.length(n) > max(self.rest[n], least))


def change_between(
    recording: Recording, pictures: Mapping[int, Image], neutral: int, frame: int
) -> Change:
    """Compare two frames that show a face."""
    points = [recording.landmarks(number) for number in (neutral, frame)]
    crop = _roomy_crop(np.stack([p for p in points if p is not None]))
    first, second = (crop.apply(pictures[number]) for number in (neutral, frame))
    still, moved = (crop.points(p) for p in points if p is not None)
    to_expression = similarity(still[list(RIGID)], moved[list(RIGID)])
    laid = cv2.warpAffine(
        second,
        to_expression,
        second.shape[1::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    field = farneback(_small(first), _small(np.asarray(laid, np.uint8)))
    field = _without_head(field, mask_of(face_area(still / SHOWN_TIMES), FLOW_PX))
    percent = np.asarray(field * (100 * SHOWN_TIMES / crop.iod_px), dtype=np.float32)
    return Change(neutral, frame, first, second, still, moved, percent, to_expression)


def region_motion(
    recording: Recording, interval: Row, change: Change, flow_rest: Mapping[str, float]
) -> RegionMotion:
    """By the motion track, where it knows both moments; else by the flow between the frames.

    The track follows a face from picture to picture, so that over minutes it drifts: what it says
    counts from the onset on, or from the interval's start where nothing happened.
    """
    onset = interval["onset_ns"] if interval["onset_ns"] is not None else interval["start_ns"]
    since = min(recording.face_near(onset), max(change.frame - 1, 0))
    moved = _tracked(recording, since, change.frame)
    if moved is None:
        return RegionMotion("flow between the two frames", change.region_means(), flow_rest)
    source = "motion track, since the onset" if interval["apex_ns"] is not None else "motion track"
    return RegionMotion(source, moved, _tracked_rest(recording, change.frame - since))


def flow_at_rest(
    recording: Recording, pictures: Mapping[int, Image], neutral: int
) -> dict[str, float]:
    """Region -> how far flow says it goes from the neutral frame to others of the face at rest."""
    lengths: dict[str, list[float]] = {region: [] for region in REGIONS}
    for frame in rest_frames(recording):
        change = change_between(recording, pictures, neutral, frame)
        for region, vector in change.region_means().items():
            lengths[region].append(float(np.hypot(*vector)))
    return {region: _most(np.array(values), LEAST_FLOW) for region, values in lengths.items()}


def _tracked(recording: Recording, since: int, frame: int) -> dict[str, Vector] | None:
    if recording.motion is None:
        return None
    before, now = (recording.motion.slice(k, 1).to_pylist()[0] for k in (since, frame))
    names = [f"{region}_{axis}" for region in REGIONS for axis in "uv"]
    if any(row[name] is None for row in (before, now) for name in names):
        return None
    step = {name: now[name] - before[name] for name in names}
    return {region: (step[f"{region}_u"], step[f"{region}_v"]) for region in REGIONS}


def _tracked_rest(recording: Recording, lag: int) -> dict[str, float]:
    """Region -> how far it goes within `lag` frames of the face at rest, blinks left out."""
    motion = recording.motion
    assert motion is not None
    among = neutral_frames(recording)
    awake = ~np.asarray(motion["blink"].to_numpy(zero_copy_only=False), dtype=bool)
    among = among[awake[among]] if awake[among].any() else among
    later = among[np.isin(among - lag, among)]
    rest = {}
    for region in REGIONS:
        course = np.stack([motion[f"{region}_{axis}"].to_numpy() for axis in "uv"])
        step = course[:, later] - course[:, later - lag]
        if not len(later):  # no rest is as long: how far it goes from its middle
            step = course[:, among] - np.nanmedian(course[:, among], axis=1, keepdims=True)
        length = np.hypot(*step)
        rest[region] = _most(length[np.isfinite(length)], LEAST_TRACKED)
    return rest


def _most(lengths: NDArray[np.floating], least: float) -> float:
    most = float(np.quantile(lengths, REST_QUANTILE)) if len(lengths) else 0.0
    return max(most, least)


def _small(picture: Image) -> NDArray[np.uint8]:
    small = cv2.resize(grey(picture), (FLOW_PX, FLOW_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def _roomy_crop(points: Points) -> FaceCrop:
    """The usual crop of two faces (2, 68, 2), wide enough to hold both."""
    size = FLOW_PX * SHOWN_TIMES
    crop = face_crop(points, size, MARGIN)
    reach = float(np.abs(crop.points(points) - (size - 1) / 2).max()) / (size / 2)
    # With one face it reaches 1 / MARGIN of the way to the edge: as much room for two.
    return face_crop(points, size, MARGIN * max(1.0, reach * MARGIN))


def _without_head(field: Flow, face: NDArray[np.bool_]) -> Flow:
    """Take the face's common turn, growth and shift off a field.

    Fitted on the face, then again and again on the calmer part of it, so that a moving mouth does
    not count as the head.
    """
    y, x = np.nonzero(face)
    points = np.stack([x, y], axis=1)[::7].astype(np.float64)
    moved = points + field[:, y, x].T[::7]
    matrix = similarity(points, moved)
    for _ in range(5):
        error = np.hypot(*(points @ matrix[:, :2].T + matrix[:, 2] - moved).T)
        kept = error <= np.quantile(error, HEAD_SHARE)
        matrix = similarity(points[kept], moved[kept])
    rows, columns = np.indices(field.shape[1:], dtype=np.float64)
    common_u = matrix[0, 0] * columns + matrix[0, 1] * rows + matrix[0, 2] - columns
    common_v = matrix[1, 0] * columns + matrix[1, 1] * rows + matrix[1, 2] - rows
    return np.asarray(field - np.stack([common_u, common_v]), dtype=np.float32)
