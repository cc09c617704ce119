"""A figure over seeds: its mean and standard deviation, and how they are written."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

NBSP = "\N{NO-BREAK SPACE}"  # a narrow column breaks before the deviation, not in it


@dataclass(frozen=True)
class Spread:
    """One value a seed; a seed without a value (an AUC that cannot be had) is left out."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float | None]) -> "Spread":
        return cls(tuple(value for value in values if value is not None))

    @property
    def mean(self) -> float:
        return float(np.mean(self.values))

    @property
    def deviation(self) -> float | None:
        """Of the sample (n - 1); None for a single value, which has none."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else None

    def told(self, digits: int = 4) -> str:
        """`0.7531 ± 0.0120`, `0.7531` for one seed, `–` for none."""
        if not self.values:
            return "–"
        mean = f"{self.mean:.{digits}f}"
        return mean if self.deviation is None else f"{mean} ±{NBSP}{self.deviation:.{digits}f}"


def seeds_told(count: int) -> str:
    """`one seed` or `5 seeds`."""
    return "one seed" if count == 1 else f"{count} seeds"
