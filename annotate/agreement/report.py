"""Every figure of agreement between a study's coders, for the command and for the page.

`agreement` reads the study and gives rows: what is judged (`of`), in which respect, by which
measure, between whom, the figure with its bootstrap interval, how many intervals it rests on, and
where it has no value, why.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from annotate.agreement import alpha, facs, icc, kappa, moments
from annotate.agreement.ratings import JUDGEMENTS, Ratings, ratings
from annotate.agreement.resample import Array, Resamples, Statistic, bounds, draw, summed, value
from mexlab.codes import MOMENTS
from mexlab.emotions import AUS, EMOTIONS
from mexlab.study import Study

OVERALL = "all"
RESAMPLES = 1000
SCALE = np.arange(6.0)  # of an AU: absent, A-E

NOTHING_SHARED = "no interval was judged by all the coders compared"
ONE_CATEGORY = "one category throughout: no telling from chance"
NO_AU = "nobody scored an AU"
NO_SPREAD = "no spread, or fewer than two intervals"


@dataclass(frozen=True)
class Figure:
    """One row. `value` None is undefined, for the reason `why`; `low`, `high` its 95 % interval.

    `of` is "all", an AU or an emotion; `respect` one of aus, verdict, emotion, presence, intensity,
    onset, apex, offset, span; `n` the intervals it rests on; `unit` "ms" or "".
    """

    of: str
    respect: str
    measure: str
    coders: tuple[str, ...]
    value: float | None
    low: float | None
    high: float | None
    n: int
    unit: str = ""
    why: str = ""


@dataclass(frozen=True)
class Agreement:
    """All rows, and what they rest on. `resampled`: participants or intervals, "" for neither.

    `unused`: AUs and emotions that nobody scored, hence without rows.
    """

    coders: tuple[str, ...]
    intervals: int
    participants: int
    blind: bool
    resamples: int
    resampled: str
    seed: int
    unused: tuple[str, ...]
    left_out: tuple[str, ...]
    figures: tuple[Figure, ...]


def agreement(
    study: Study,
    coders: Sequence[str] = (),
    blind: bool = True,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Agreement:
    """How far the study's coders agree. With 0 `resamples` no intervals are computed.

    `coders` () are all; `blind` counts only codes made blind. Raises InputError for an unknown
    coder, StudyError where there are not two.
    """
    found = ratings(study, coders, blind)
    drawn = draw(found.participants, resamples, seed) if resamples else None
    rows = _Rows(found, drawn)
    scored = [au for k, au in enumerate(AUS) if (found.intensity[..., k] > 0).any()]
    named = [emotion for k, emotion in enumerate(EMOTIONS) if (found.emotion == k).any()]
    figures = [*rows.overall()]
    for au in scored:
        figures += rows.of_au(au)
    for emotion in named:
        figures += rows.of_emotion(emotion)
    return Agreement(
        found.coders,
        len(found),
        len(set(found.participants)),
        blind,
        resamples,
        drawn.of if drawn else "",
        seed,
        tuple(name for name in (*AUS, *EMOTIONS) if name not in (*scored, *named)),
        found.left_out,
        tuple(figures),
    )


class _Rows:
    """Makes the rows of one set of ratings."""

    def __init__(self, found: Ratings, drawn: Resamples | None) -> None:
        self._found, self._drawn = found, drawn
        self._coded = ~np.isnan(found.intensity[..., 0])

    def overall(self) -> Iterator[Figure]:
        found = self._found
        yield self._index(OVERALL, found.intensity > 0)
        yield from self._categories(OVERALL, "emotion", found.emotion, len(EMOTIONS))
        yield from self._categories(OVERALL, "verdict", found.verdict, len(JUDGEMENTS))
        yield from self._times(OVERALL, np.ones(found.emotion.shape, dtype=bool))
        for position, moment in enumerate(MOMENTS):
            # From the interval's start: on the session's clock any two moments would correlate.
            after_start = found.moment_ms[..., position] - found.start_ms[:, None]
            yield from self._correlations(OVERALL, moment, after_start)

    def of_au(self, au: str) -> Iterator[Figure]:
        intensity = self._found.intensity[..., AUS.index(au)]
        yield self._index(au, (intensity > 0)[..., None])
        present = np.where(self._coded, intensity > 0, -1)
        yield from self._categories(au, "presence", present, 2)
        grade = np.where(self._coded, np.nan_to_num(intensity), -1).astype(np.int64)
        for level in alpha.LEVELS[1:]:
            statistic = alpha.of(grade, SCALE, level)
            yield self._figure(
                au, "intensity", f"alpha_{level}", statistic, _shared(grade), ONE_CATEGORY
            )
        yield from self._correlations(au, "intensity", intensity)
        yield from self._times(au, intensity > 0)

    def of_emotion(self, emotion: str) -> Iterator[Figure]:
        named = self._found.emotion
        this = np.where(named < 0, -1, named == EMOTIONS.index(emotion))
        yield from self._categories(emotion, "emotion", this, 2)
        yield from self._times(emotion, this == 1)

    def _index(self, of: str, present: NDArray[np.bool_]) -> Figure:
        statistic = facs.index(present, self._coded)
        n = int((self._coded.sum(axis=1) > 1).sum())
        return self._figure(of, "aus", "facs_index", statistic, n, NO_AU)

    def _categories(
        self, of: str, respect: str, values: NDArray[np.int64], categories: int
    ) -> Iterator[Figure]:
        pairs = alpha.coincidences(values, categories)
        shared = _shared(values)
        yield self._figure(of, respect, "agreement", _agreeing(pairs), shared, NOTHING_SHARED)
        for a, b in combinations(range(values.shape[1]), 2):
            first, second = values[:, a], values[:, b]
            statistic = kappa.cohen(first, second, categories)
            table = kappa.tables(first, second, categories).sum(axis=0)
            names = (self._found.coders[a], self._found.coders[b])
            yield self._figure(
                of, respect, "cohen_kappa", statistic, int(table.sum()), ONE_CATEGORY,
                coders=names, known=(kappa.cohen_kappa(table),),
            )  # fmt: skip
        counted = kappa.counts(values, categories)
        full = counted[counted.sum(axis=1) > 0]
        yield self._figure(
            of, respect, "fleiss_kappa", kappa.fleiss(counted, values.shape[1]), len(full),
            ONE_CATEGORY, known=(kappa.fleiss_kappa(full),),
        )  # fmt: skip
        nominal = alpha.of(values, np.arange(float(categories)), "nominal")
        yield self._figure(of, respect, "alpha_nominal", nominal, shared, ONE_CATEGORY)

    def _correlations(self, of: str, respect: str, values: Array) -> Iterator[Figure]:
        n = int((~np.isnan(values).any(axis=1)).sum())
        for form in ("2,1", "2,k"):
            name = f"icc_{form.replace(',', '_')}"
            yield self._figure(of, respect, name, icc.of(values, form), n, NO_SPREAD)

    def _times(self, of: str, where: NDArray[np.bool_]) -> Iterator[Figure]:
        times = np.where(where[..., None], self._found.moment_ms, np.nan)
        for position, moment in enumerate(MOMENTS):
            apart = moments.differences(times[..., position])
            for name, q in (("difference_median", 0.5), ("difference_p90", 0.9)):
                statistic = apart.quantile_of_size(q)
                yield self._figure(of, moment, name, statistic, apart.n, unit="ms")
            for a, b in combinations(range(times.shape[1]), 2):
                signed = moments.differences(times[:, [a, b], position])
                names = (self._found.coders[a], self._found.coders[b])
                yield self._figure(
                    of, moment, "bias", signed.mean(), signed.n, unit="ms", coders=names
                )
        spans = moments.overlaps(times[..., [0, 2]])
        yield self._figure(of, "span", "iou", spans.mean(), spans.n)

    def _figure(
        self,
        of: str,
        respect: str,
        measure: str,
        statistic: Statistic,
        n: int,
        undefined: str = NOTHING_SHARED,
        unit: str = "",
        coders: tuple[str, ...] = (),
        known: tuple[float | None] | None = None,
    ) -> Figure:
        """`known` is the figure where a library has computed it already."""
        names = coders or self._found.coders
        figure = known[0] if known else value(statistic, len(self._found))
        if n == 0 or figure is None:
            why = undefined if n else NOTHING_SHARED
            return Figure(of, respect, measure, names, None, None, None, n, unit, why)
        low, high = (self._drawn and bounds(statistic, self._drawn)) or (None, None)
        return Figure(of, respect, measure, names, figure, low, high, n, unit)


def _shared(values: NDArray[np.int64]) -> int:
    """Intervals that at least two coders judged."""
    return int(((values >= 0).sum(axis=1) > 1).sum())


def _agreeing(pairs: Array) -> Statistic:
    """The share of agreeing pairs of judgements, each interval's weighted as in alpha."""
    return summed(pairs, lambda sums: np.trace(sums, axis1=-2, axis2=-1) / sums.sum(axis=(-2, -1)))
