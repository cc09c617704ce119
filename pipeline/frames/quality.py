"""How good a clip's pictures, its timing and its face are: the quality columns of both tables.

What is measured on pictures is measured on the crop's luma as recorded, before any denoising or
normalisation, so that it tells of the recording. What is seen in the face comes from the AU and
motion tables, and is None where they lack it.
"""

from collections.abc import Collection
from dataclasses import dataclass

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mexlab.timebase import NS_PER_S, ResamplingPlan, median_rate_hz
from mexlab.vision.video import Grey

BLACK, WHITE = 4, 251  # of 255: at or beyond, a sensor or an encoder has clipped
GAP_STEPS = 1.5  # a true step longer than so many asked steps is a gap

# A clip's rate is "slow" where its recorded frames lie further apart than this many asked steps in
# the median: at 20 fps, 55 ms or 18.2 recorded frames per second.
SLOW_STEPS = 1.1
# No row of an even recording that is not slow lies further than this from its tick: at 20 fps
# 27.5 ms. Where more than this share of a clip's rows does, frames were lost or came irregularly,
# and its rate is "jittery".
OFF_STEPS = SLOW_STEPS / 2
JITTERY_SHARE = 0.05


@dataclass(frozen=True)
class PictureQuality:
    """Of one picture: variance of the Laplacian in squared grey levels, mean luma, clipped share.

    The Laplacian's variance is the usual measure of focus (Pech-Pacheco et al., ICPR 2000); noise
    raises it too, and it compares pictures of one size and person only. The others are of 0 to 1.
    """

    sharpness: float
    exposure: float
    clipped: float


def picture_quality(luma: Grey) -> PictureQuality:
    """Of a crop's luma, uint8 (size, size)."""
    _, deviation = cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_16S))
    levels = cv2.calcHist([luma], [0], None, [256], [0, 256])[:, 0] / luma.size
    clipped = float(levels[: BLACK + 1].sum() + levels[WHITE:].sum())
    return PictureQuality(
        float(deviation[0, 0]) ** 2, float(levels @ np.arange(256)) / 255, clipped
    )


def over_clip(pictures: Collection[PictureQuality]) -> dict[str, float]:
    """The columns of a clip: median sharpness, mean exposure, and the most that is clipped.

    The worst picture's, since one that is blown out spoils the flow before and after it.
    """
    sharpness, exposure, clipped = np.array(
        [(each.sharpness, each.exposure, each.clipped) for each in pictures]
    ).T
    return {
        "sharpness": float(np.median(sharpness)),
        "exposure": float(exposure.mean()),
        "clipped": float(clipped.max()),
    }


@dataclass(frozen=True)
class Seen:
    """What was seen in a clip's exported frames.

    `face_score` is the analyzer's median; `head_turn_deg` the largest turn of the head from the
    clip's median pose; `blink` the share of frames within a blink.
    """

    face_score: float | None = None
    head_turn_deg: float | None = None
    blink: float | None = None


def seen(aus: pa.Table, blinks: NDArray[np.bool_] | None) -> Seen:
    """From the exported frames' rows of the AU table, and whether each is within a blink."""
    pose = aus.select(["pitch", "roll", "yaw"]).drop_null()
    return Seen(
        float(np.median(aus["score"].to_numpy())),
        _head_turn_deg(pose) if len(pose) else None,
        None if blinks is None else float(blinks.mean()),
    )


def _head_turn_deg(pose: pa.Table) -> float:
    angles = np.array([pose[name].to_numpy() for name in pose.schema.names], dtype=np.float64)
    # For the few degrees of a clip, pitch, roll and yaw add up like the sides of a box.
    turns = np.linalg.norm(angles - np.median(angles, axis=1, keepdims=True), axis=0)
    return float(turns.max())


@dataclass(frozen=True)
class Timing:
    """Of a clip: rows that show the frame before again, rows after a gap, and `rate`.

    `repeated` and `gap` are bool[rows]; `rate` is one of mexlab.tables.RATES.
    """

    repeated: NDArray[np.bool_]
    gap: NDArray[np.bool_]
    rate: str


def timing(times: ResamplingPlan, recorded_ns: NDArray[np.int64], fps: float | None) -> Timing:
    """`recorded_ns` are the times of all recorded frames from the clip's first to its last.

    With `fps` None every recorded frame was asked for, at the pace they have in the middle: such a
    clip is never slow, and rows are off by what their step differs from the median one.
    """
    steps = np.diff(times.t_ns, prepend=times.t_ns[:1]).astype(np.float64)
    recorded_step = NS_PER_S / (median_rate_hz(recorded_ns) or np.inf)
    asked = NS_PER_S / fps if fps else recorded_step
    repeated = np.diff(times.source_frame, prepend=-1) == 0
    gap = steps > GAP_STEPS * asked if asked else np.zeros(len(steps), dtype=bool)
    off = times.error_ns if fps else steps[1:] - asked
    if fps and (not recorded_step or recorded_step > SLOW_STEPS * asked):
        rate = "slow"
    elif len(off) and np.mean(np.abs(off) > OFF_STEPS * asked) > JITTERY_SHARE:
        rate = "jittery"
    else:
        rate = "ok"
    return Timing(repeated, gap, rate)
