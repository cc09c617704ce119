"""What of the head's movement remains in the courses of the face, taken away as far as it can be.

The head's way (n, h) comes with the motion table: how the whole face moved in the picture, in the
courses' unit. It is measured on the flow: landmarks shift with raised brows and wrinkled noses.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

Array = NDArray[np.float64]

FAST_S, SLOW_S = 0.06, 1.0  # between these the head's leak is learned
STEPS = 8


def without_head(courses: Array, head: Array, calm: NDArray[np.bool_], step_s: float) -> Array:
    """The courses (n, c) less what goes with the head's way (n, h).

    Learned by robust least squares (Geman & McClure's weights) on the calm samples, where both
    are faster than posture and slower than jitter.
    """
    moved, way = _band(courses, step_s)[calm], _band(head, step_s)[calm]
    part = np.zeros((way.shape[1], courses.shape[1]))
    ridge = 1e-6 * np.eye(way.shape[1])
    for column, course in enumerate(moved.T):
        weight = np.ones(len(course))
        for _ in range(STEPS):
            weighted = way * weight[:, None]
            part[:, column] = np.linalg.solve(weighted.T @ way + ridge, weighted.T @ course)
            off = np.abs(course - way @ part[:, column])
            weight = (1 + (off / (3 * np.median(off) + 1e-9)) ** 2) ** -2
    return courses - gaussian_filter1d(head, FAST_S / step_s, axis=0) @ part


def _band(values: Array, step_s: float) -> Array:
    fast = gaussian_filter1d(values, FAST_S / step_s, axis=0)
    return np.asarray(fast - gaussian_filter1d(values, SLOW_S / step_s, axis=0))
