"""Agreement on categories corrected for chance: Cohen's kappa of two coders, Fleiss' of several.

Categories are int codes 0, 1, 2, …; -1 is missing. Kappa is (p_o - p_e) / (1 - p_e), the observed
agreement beyond that expected by chance. Where only one category occurs, p_e is 1 and kappa has no
value: None, or nan in an array. The figures are scikit-learn's and statsmodels'; the functions on
arrays do the same for thousands of resamples at once, and tests hold them to each other.

Cohen, J. (1960). A coefficient of agreement for nominal scales. Educ. Psychol. Meas. 20, 37-46.
Fleiss, J. L. (1971). Measuring nominal scale agreement among many raters. Psychol. Bull. 76,
378-382.
"""

import numpy as np
from numpy.typing import NDArray

from annotate.agreement.resample import Array, Statistic, summed

Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


def tables(first: Codes, second: Codes, categories: int) -> Array:
    """float64 (intervals, C, C): 1 at [first's category, second's], all 0 where one is missing."""
    both = np.flatnonzero((first >= 0) & (second >= 0))
    found = np.zeros((len(first), categories, categories))
    found[both, first[both], second[both]] = 1
    return found


def cohen_kappa(table: Array) -> float | None:
    """Cohen's kappa of a table of counts or proportions (C, C); rows are the first coder."""
    from sklearn.metrics import cohen_kappa_score

    rows, columns = np.nonzero(table)
    if not len(set(rows) | set(columns)) > 1:
        return None
    return float(cohen_kappa_score(rows, columns, sample_weight=table[rows, columns]))


def cohen_kappas(sums: Array) -> Array:
    """Cohen's kappa of each table, (…, C, C) -> (…); nan where undefined."""
    share = sums / sums.sum(axis=(-2, -1), keepdims=True)
    observed = np.trace(share, axis1=-2, axis2=-1)
    expected = (share.sum(axis=-1) * share.sum(axis=-2)).sum(axis=-1)
    return _beyond_chance(observed, expected)


def cohen(first: Codes, second: Codes, categories: int) -> Statistic:
    """Cohen's kappa as a statistic over intervals."""
    return summed(tables(first, second, categories), cohen_kappas)


def counts(values: Codes, categories: int) -> Array:
    """float64 (intervals, C): how many coders chose each category.

    `values` int (intervals, coders). Fleiss' kappa wants every interval coded by all; the others
    have a row of 0.
    """
    complete: Mask = np.asarray((values >= 0).all(axis=1))
    chosen = (values[..., None] == np.arange(categories)).sum(axis=1)
    return np.where(complete[:, None], chosen, 0).astype(np.float64)


def fleiss_kappa(counted: Array) -> float | None:
    """Fleiss' kappa of counts (intervals, C), the same number of coders in every row."""
    from statsmodels.stats.inter_rater import fleiss_kappa as of

    if not (counted.sum(axis=0) > 0).sum() > 1:
        return None
    return float(of(counted))


def fleiss_kappas(sums: Array, coders: int) -> Array:
    """Fleiss' kappa from sums over intervals, (…, 2 + C) -> (…); nan where undefined.

    The sums are: intervals, their agreeing pairs of coders as a share of all pairs (Fleiss 1971,
    eq. 2), and how often each category was chosen.
    """
    observed = sums[..., 1] / sums[..., 0]
    share = sums[..., 2:] / (coders * sums[..., :1])
    return _beyond_chance(observed, (share**2).sum(axis=-1))


def fleiss(counted: Array, coders: int) -> Statistic:
    """Fleiss' kappa as a statistic over intervals; rows of 0 do not count."""
    there = counted.sum(axis=1) > 0
    agreeing = (counted * (counted - 1)).sum(axis=1) / (coders * (coders - 1))
    terms = np.column_stack([there, np.where(there, agreeing, 0), counted])
    return summed(terms, lambda sums: fleiss_kappas(sums, coders))


def _beyond_chance(observed: Array, expected: Array) -> Array:
    # With one category the shares are 1 up to rounding, hence not == 1.
    room = np.where(1 - expected > 1e-12, 1 - expected, np.nan)
    return (observed - expected) / room
