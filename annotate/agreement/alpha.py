"""Krippendorff's alpha: any number of coders, missing values, four levels of measurement.

Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability. University of Pennsylvania:
the coincidence matrix o_ck of the values' pairs within each unit, a unit's pairs weighted by
1 / (m_u - 1); alpha = 1 - D_o / D_e = 1 - (n - 1) sum(o_ck d_ck) / sum(n_c n_k d_ck), with the
squared difference d_ck of the level. Where all values are the same, D_e is 0 and alpha undefined.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from annotate.agreement.resample import Array, Statistic, summed, value

LEVELS = ("nominal", "ordinal", "interval", "ratio")


def alpha(values: ArrayLike, level: str) -> float | None:
    """Alpha of float (units, coders), nan for missing; None where it is undefined."""
    ratings = np.asarray(values, dtype=np.float64)
    scale = np.unique(ratings[~np.isnan(ratings)])
    if not len(scale):
        return None
    index = np.searchsorted(scale, np.nan_to_num(ratings, nan=scale[0]))
    index = np.where(np.isnan(ratings), -1, index)
    return value(of(index, scale, level), len(ratings))


def of(index: NDArray[np.int64], scale: Array, level: str) -> Statistic:
    """Alpha as a statistic: `index` int (units, coders) into the rising `scale`, -1 missing."""
    pairs = coincidences(index, len(scale))
    return summed(pairs, lambda sums: alphas(sums, scale, level))


def coincidences(index: NDArray[np.int64], categories: int) -> Array:
    """float64 (units, C, C): each unit's ordered pairs of values, over its coders less one.

    `index` int (units, coders), -1 missing. A unit with fewer than two values pairs nothing.
    """
    found = (index[..., None] == np.arange(categories)).sum(axis=1).astype(np.float64)
    pairs = found[:, :, None] * found[:, None, :]
    pairs -= found[:, :, None] * np.eye(categories)
    others = found.sum(axis=1) - 1
    return np.asarray(pairs / np.where(others > 0, others, 1)[:, None, None])


def alphas(coincidence: Array, scale: Array, level: str) -> Array:
    """Alpha of each coincidence matrix, (…, C, C) -> (…); nan where undefined."""
    totals = coincidence.sum(axis=-1)
    difference = _difference(totals, scale, level)
    observed = (coincidence * difference).sum(axis=(-2, -1))
    expected = (totals[..., :, None] * totals[..., None, :] * difference).sum(axis=(-2, -1))
    pairable = totals.sum(axis=-1)
    return np.asarray(1 - (pairable - 1) * observed / np.where(expected > 0, expected, np.nan))


def _difference(totals: Array, scale: Array, level: str) -> Array:
    """Squared differences d_ck of the level, (…, C, C); only the ordinal one needs `totals`."""
    apart = scale[:, None] - scale[None, :]
    if level == "nominal":
        return np.asarray(apart != 0, dtype=np.float64)
    if level == "interval":
        return np.asarray(apart**2)
    if level == "ratio":
        total = scale[:, None] + scale[None, :]
        return np.asarray((apart / np.where(total != 0, total, 1)) ** 2)
    if level == "ordinal":
        # The ranks from c to k, the two ends by half: their middles' distance in ranks.
        middle = np.cumsum(totals, axis=-1) - totals / 2
        return np.asarray((middle[..., :, None] - middle[..., None, :]) ** 2)
    raise ValueError(f"no level {level!r}: {LEVELS}")
