"""Trainees against gold answers, and a coder's drift over time. Reads only.

A gold answer is a code that an adjudicator submitted as "gold"; a trainee sees it among the other
codes that the submission reveals. What counts of a coder is the code at its first submission:
after that, everything was in sight.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from annotate.coding import reading
from annotate.coding.items import Item, items_of
from mexlab.codes import INTENSITIES, Code
from mexlab.consensus import Likeness, ReviewSettings, likeness
from mexlab.study import Study


@dataclass(frozen=True)
class Score:
    """How like some codes are to others. Shares, and None where there is nothing to compare.

    `compared` pairs of codes; `verdict`: the share that says the same of whether there is something
    to code. Over the pairs that do: `emotion`, `apex` (within [review] apex_ms), `apex_ms` (the
    median distance), `aus` (the mean FACS index).
    """

    compared: int
    verdict: float | None
    emotion: float | None
    apex: float | None
    apex_ms: float | None
    aus: float | None


@dataclass(frozen=True)
class DriftBlock:
    """Some successive submissions of a coder; `block` counts from 1, times are UTC.

    `score` is against gold or final codes, else against the other coders. `rejected` is the share
    that is not codable, `intensity` the mean of the AUs scored (A = 1 … E = 5), `aus_per_code`
    their number.
    """

    block: int
    first_at: str
    last_at: str
    codes: int
    score: Score
    rejected: float
    intensity: float | None
    aus_per_code: float | None


def training_score(study: Study, coder: str) -> Score:
    """A coder's first submissions against other people's gold answers."""
    settings = study.section("review", ReviewSettings)
    return score_of(
        [
            likeness(first, code, reading.capture_times(item.session))
            for item, first in first_submissions(study, settings, coder)
            for code in _others(item, coder)
            if code.submitted == "gold"
        ],
        settings,
    )


def drift(study: Study, coder: str) -> list[DriftBlock]:
    """Blocks of [review] drift_block submissions, in the order in which they were first made."""
    settings = study.section("review", ReviewSettings)
    done = first_submissions(study, settings, coder)
    size = settings.drift_block
    return [
        _block(number, done[start : start + size], coder, settings)
        for number, start in enumerate(range(0, len(done), size), start=1)
    ]


def first_submissions(
    study: Study, settings: ReviewSettings, coder: str
) -> list[tuple[Item, Code]]:
    """A coder's codes as first submitted, oldest first."""
    found = [
        (item, code)
        for item in items_of(study, settings)[0]
        for code in reading.first_codes_about(item.session, item.interval_id)
        if code.coder == coder
    ]
    return sorted(found, key=lambda pair: pair[1].submitted_at or "")


def score_of(pairs: Sequence[Likeness], settings: ReviewSettings) -> Score:
    """The pairs' likeness in one line."""
    apart = [pair.apex_ms for pair in pairs if pair.apex_ms is not None]
    return Score(
        len(pairs),
        _mean(pair.verdict for pair in pairs),
        _mean(pair.emotion for pair in pairs),
        _mean(ms <= settings.apex_ms for ms in apart),
        median(apart) if apart else None,
        _mean(pair.aus for pair in pairs),
    )


def _block(
    number: int, done: Sequence[tuple[Item, Code]], coder: str, settings: ReviewSettings
) -> DriftBlock:
    codes = [code for _, code in done]
    pairs = [
        likeness(code, reference, reading.capture_times(item.session))
        for item, code in done
        for reference in _references(item, coder)
    ]
    scored = [1 + INTENSITIES.index(value) for code in codes for value in code.aus.values()]
    return DriftBlock(
        number,
        codes[0].submitted_at or "",
        codes[-1].submitted_at or "",
        len(codes),
        score_of(pairs, settings),
        fmean(not code.codable for code in codes),
        _mean(scored),
        _mean(len(code.aus) for code in codes if code.codable),
    )


def _references(item: Item, coder: str) -> list[Code]:
    """What a code is held against: gold and final codes, else what others first submitted."""
    final = [code for code in _others(item, coder) if code.final]
    firsts = reading.first_codes_about(item.session, item.interval_id)
    return final or [code for code in firsts if code.coder != coder]


def _others(item: Item, coder: str) -> list[Code]:
    about = reading.codes_about(item.session, item.interval_id)
    return [code for code in about if code.submitted and code.coder != coder]


def _mean(values: Iterable[float | None]) -> float | None:
    known = [float(value) for value in values if value is not None]
    return fmean(known) if known else None
