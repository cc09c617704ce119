"""Intraclass correlations: how much of the spread of ratings is between what was rated.

Shrout, P. E. & Fleiss, J. L. (1979). Intraclass correlations: uses in assessing rater reliability.
Psychol. Bull. 86, 420-428: mean squares of targets BMS, judges JMS, error EMS and within WMS of n
targets by k judges. ICC(2,1) is for one judge of many, judges counted as random; ICC(2,k) for the
mean of the k judges. They need every target rated by every judge; the others are left out.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from annotate.agreement.resample import Array, Statistic, summed, value

ROUNDING = 1e-12  # differences of squares below this share of them are rounding
FORMS = ("1,1", "2,1", "3,1", "1,k", "2,k", "3,k")


def icc(ratings: ArrayLike, form: str) -> float | None:
    """An ICC of float (targets, judges), nan for missing; None where it is undefined.

    That is with fewer than two complete targets or judges, or where the estimated total variance
    is not positive, as when all ratings are one and the same.
    """
    array = np.asarray(ratings, dtype=np.float64)
    return value(of(array, form), len(array))


def of(ratings: Array, form: str) -> Statistic:
    """An ICC as a statistic over targets."""
    judges = ratings.shape[1]
    return summed(_terms(ratings), lambda sums: _forms(sums, judges)[form])


def _terms(ratings: Array) -> Array:
    """What a target adds: itself, its squares, the square of its sum, each judge's rating."""
    complete: NDArray[np.bool_] = np.asarray(~np.isnan(ratings).any(axis=1))
    centre = np.median(ratings[complete]) if complete.any() else 0.0
    near = np.where(complete[:, None], ratings - centre, 0)  # so that squares lose no digits
    return np.column_stack([complete, (near**2).sum(axis=1), near.sum(axis=1) ** 2, near])


def _forms(sums: Array, k: int) -> Mapping[str, Array]:
    """The six ICCs from the sums over targets, (…, 3 + judges)."""
    n, squares, target_squares, judges = sums[..., 0], sums[..., 1], sums[..., 2], sums[..., 3:]
    n = np.where(n > 1, n, np.nan)
    middle = judges.sum(axis=-1) ** 2 / (n * k)
    total, targets = squares - middle, target_squares / k - middle
    judged = (judges**2).sum(axis=-1) / n - middle
    # Sums of squares are not negative; rounding may say so, and noise must not be divided by.
    floor = ROUNDING * squares
    targets, judged, error = (
        np.where(part > floor, part, 0.0) for part in (targets, judged, total - targets - judged)
    )
    bms, jms = targets / (n - 1), judged / (k - 1)
    ems, wms = error / ((n - 1) * (k - 1)), (judged + error) / (n * (k - 1))
    spread = bms + jms + ems
    return {
        "1,1": _share(bms - wms, bms + (k - 1) * wms, spread),
        "2,1": _share(bms - ems, bms + (k - 1) * ems + k * (jms - ems) / n, spread),
        "3,1": _share(bms - ems, bms + (k - 1) * ems, spread),
        "1,k": _share(bms - wms, bms, spread),
        "2,k": _share(bms - ems, bms + (jms - ems) / n, spread),
        "3,k": _share(bms - ems, bms, spread),
    }


def _share(part: Array, whole: Array, spread: Array) -> Array:
    return part / np.where(whole > ROUNDING * spread, whole, np.nan)
