"""The agreement index of the FACS manual: 2 x the AUs both scored / all AUs either scored.

Ekman, P. & Friesen, W. V. (1978). Facial Action Coding System: the number of AUs on which two
coders agreed, times two, over the number scored by both together. It is pooled over intervals, and
over the pairs of several coders. Agreement that an AU is absent does not enter.
"""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from annotate.agreement.resample import Array, Statistic, summed


def index(present: NDArray[np.bool_], coded: NDArray[np.bool_]) -> Statistic:
    """The index as a statistic: `present` bool (intervals, coders, AUs), `coded` (intervals,
    coders) where a coder scored at all. nan where no AU was scored."""
    return summed(_terms(present, coded), lambda sums: sums[..., 0] / sums[..., 1])


def _terms(present: NDArray[np.bool_], coded: NDArray[np.bool_]) -> Array:
    terms = np.zeros((len(present), 2))
    for first, second in combinations(range(present.shape[1]), 2):
        a, b = present[:, first], present[:, second]
        both = coded[:, first] & coded[:, second]
        terms[:, 0] += np.where(both, 2 * (a & b).sum(axis=1), 0)
        terms[:, 1] += np.where(both, a.sum(axis=1) + b.sum(axis=1), 0)
    return terms
