"""The face of an item, held still: what motion magnification and the flow overlay are made from.

A stack is one crop a frame, uint8 (frames, SIDE, SIDE, 3) RGB, all by the same similarity
transform. Head movement is then taken out picture by picture, towards the first one, by tracking
corners with Lucas-Kanade optical flow and fitting one similarity transform to them robustly (most
of a face moves with the head; what expresses something is an outlier). That is right for seeing
movement and wrong for measuring it, so these views show; they never measure.

Magnification is the linear Eulerian kind of Wu et al. (2012, ACM Transactions on Graphics 31:4):
brightness at each place, smoothed in space, is band-passed in time and added back `factor` times.
The band is the difference of two Gaussians in time, of BAND_S.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from mexlab.timebase import NS_PER_S
from mexlab.vision.flow import FLOW_METHODS, grey
from mexlab.vision.video import Grey, Image

SIDE = 320  # px
BAND_S = (0.02, 0.5)  # standard deviations: quicker is noise, slower is the pose and the light
SPATIAL_SIDE = 80  # px of the picture that is band-passed: finer detail is noise
MOST_CHANGE = np.float32(60)  # grey levels added or taken away at most
FLOW_SIDE = 160  # px
ARROW_STEP_PX = 16
ARROW_GAIN, ARROW_MOST_PX = 5.0, 20.0  # px drawn for a px moved, and at most
FACE_AXES = (0.40, 0.47)  # of the ellipse in which arrows are drawn, in sides of the crop
LEAST_CORNERS = 8  # fewer say nothing of where the head is
LEAST_PX = 0.12  # a smaller movement draws no arrow
ARROW_COLOUR = (255, 214, 64)

Stack = NDArray[np.uint8]  # (frames, SIDE, SIDE, 3)


def held_still(stack: Stack) -> Stack:
    """The stack with the head's movement taken out, towards its first picture."""
    first = grey(stack[0])
    found: Any = cv2.goodFeaturesToTrack(first, maxCorners=160, qualityLevel=0.01, minDistance=8)
    if found is None or len(found) < LEAST_CORNERS:
        return stack
    corners = np.asarray(found, np.float32)
    return np.stack([stack[0], *(_moved_back(first, corners, image) for image in stack[1:])])


def _moved_back(first: Grey, corners: NDArray[np.float32], image: Image) -> Image:
    """`image` warped so that its head lies where that of `first` lay."""
    found, good, _ = cv2.calcOpticalFlowPyrLK(
        first, grey(image), corners, corners.copy(), winSize=(21, 21)
    )
    kept = np.asarray(good).ravel() == 1
    if np.count_nonzero(kept) < LEAST_CORNERS:
        return image
    matrix, _ = cv2.estimateAffinePartial2D(
        np.asarray(found)[kept], corners[kept], method=cv2.RANSAC, ransacReprojThreshold=0.5
    )
    if matrix is None:
        return image
    warped = cv2.warpAffine(
        image, matrix, image.shape[1::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, dtype=np.uint8)


def magnified(stack: Stack, t_ns: NDArray[np.int64], factor: float) -> Stack:
    """Movement made larger: `factor` 0 changes nothing. `t_ns` int64[frames]."""
    small = np.stack([_small(image) for image in stack])
    small -= small.mean(axis=(1, 2), keepdims=True)  # lamps flicker all over the picture
    step_s = float(np.median(np.diff(t_ns))) / NS_PER_S if len(t_ns) > 1 else 1.0
    quick, slow = (gaussian_filter1d(small, sigma / step_s, axis=0) for sigma in BAND_S)
    return np.stack(
        [
            _added(image, factor * band)
            for image, band in zip(stack, np.asarray(quick - slow), strict=True)
        ]
    )


def _small(image: Image) -> NDArray[np.float32]:
    reduced = cv2.resize(grey(image), (SPATIAL_SIDE, SPATIAL_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(reduced.astype(np.float32), (0, 0), 1.0), dtype=np.float32)


def _added(image: Image, change: NDArray[np.float32]) -> Image:
    # Large movements, for which the method is not made, bend towards a limit and stay a picture.
    bent = MOST_CHANGE * np.tanh(change / MOST_CHANGE)
    large = cv2.resize(bent, image.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    changed = np.clip(image + np.asarray(large)[..., None], 0, 255)
    return np.asarray(changed, dtype=np.uint8)


def with_flow(stack: Stack) -> Stack:
    """Each picture with arrows of how the face has moved since the first one."""
    first = _for_flow(stack[0])
    return np.stack([_arrows(image, first) for image in stack])


def _for_flow(image: Image) -> Grey:
    small = cv2.resize(grey(image), (FLOW_SIDE, FLOW_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def _arrows(image: Image, first: Grey) -> Image:
    field = FLOW_METHODS["farneback"](first, _for_flow(image))
    drawn = np.ascontiguousarray(image // 2 + image // 4)  # darker, so that the arrows stand out
    scale = SIDE / FLOW_SIDE
    for y in range(ARROW_STEP_PX // 2, SIDE, ARROW_STEP_PX):
        for x in range(ARROW_STEP_PX // 2, SIDE, ARROW_STEP_PX):
            u, v = (float(part[int(y / scale), int(x / scale)]) * scale for part in field)
            length = float(np.hypot(u, v))
            if length < LEAST_PX * scale or not _on_face(x, y):
                continue
            gain = min(ARROW_GAIN, ARROW_MOST_PX / length)
            tip = (round(x + gain * u), round(y + gain * v))
            cv2.arrowedLine(drawn, (x, y), tip, ARROW_COLOUR, 1, cv2.LINE_AA, tipLength=0.3)
    return drawn


def _on_face(x: int, y: int) -> bool:
    from_middle = ((x / SIDE - 0.5) / FACE_AXES[0], (y / SIDE - 0.5) / FACE_AXES[1])
    return float(np.hypot(*from_middle)) <= 1
