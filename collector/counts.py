"""The numbers of a methods section: who took part, what was shown to them, what they reported.

Counted are people with a recording that counts (`Study.counted_sessions`) who allow it, so nobody
who has withdrawn. Reads scenes, reports and their instruments; writes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collector.form.instrument import EMOTION, REPORTABLE, Page, Question, read_instrument
from collector.roster import Sitting, Standing
from mexlab.emotions import EMOTIONS
from mexlab.participants import GENDERS

MISSING = "missing"  # nothing on file, not even that it was not disclosed
STEPS = (
    "registered",
    "consented",
    "recorded",
    "reported",
    "analysed",
    "reviewed",
    "withdrawn",
)


@dataclass(frozen=True)
class Checks:
    """Attention checks: answered as asked, of those that came up in finished forms."""

    passed: int
    asked: int


@dataclass(frozen=True)
class Felt:
    """What people said of each film: `table[target][reported]`, and scenes without an emotion."""

    table: dict[str, dict[str, int]]
    unanswered: int
    reports: int


def counted(standings: Sequence[Standing]) -> list[Standing]:
    """Those with a recording that counts."""
    return [standing for standing in standings if standing.counted]


def completion(standings: Sequence[Standing]) -> dict[str, int]:
    """How many came how far, of everybody in the list; who withdrew is only that, and registered.

    `consented` is to being recorded.
    """
    present = [standing for standing in standings if not standing.withdrawn]
    numbers = (
        len(standings),
        sum(s.consented for s in present),
        sum(s.recorded for s in present),
        sum(s.reported.complete for s in present),
        sum(s.analysed for s in present),
        sum(s.reviewed for s in present),
        len(standings) - len(present),
    )
    return dict(zip(STEPS, numbers, strict=True))


def by(standings: Iterable[Standing], key: str, order: Sequence[str]) -> dict[str, int]:
    """People by a demographic: every value of `order`, then what else stands on file, then MISSING.

    The last two only where there are any.
    """
    found = Counter(str(s.person.demographics.get(key, MISSING)) for s in standings)
    others = sorted(set(found) - {*order, MISSING})
    missing = [MISSING] if found[MISSING] else []
    return {value: found[value] for value in (*order, *others, *missing)}


def genders(standings: Iterable[Standing]) -> dict[str, int]:
    """People by gender."""
    return by(standings, "gender", GENDERS)


def compilations(standings: Iterable[Standing], order: Iterable[int]) -> dict[int | None, int]:
    """Counted recordings by film compilation; None, where there are any, is not known."""
    found = Counter(s.session.header.compilation for who in standings for s in who.counted)
    named = sorted({*order, *(number for number in found if number is not None)})
    return {number: found[number] for number in (*named, *([None] if found[None] else []))}


def felt(standings: Iterable[Standing]) -> Felt:
    """The emotions reported, by what the film was meant to elicit; complete reports only."""
    table = {target: dict.fromkeys(REPORTABLE, 0) for target in EMOTIONS}
    unanswered = reports = 0
    for sitting in _complete_reports(standings):
        report = sitting.session.report()
        if report is None:
            continue
        reports += 1
        for scene in sitting.session.scenes().to_pylist():
            emotion = report.answer(scene["scene"], EMOTION)
            if emotion is None:
                unanswered += 1
            else:
                table[scene["emotion"]][str(emotion)] += 1
    return Felt(table, unanswered, reports)


def attention(standings: Iterable[Standing]) -> Checks:
    """The attention checks of complete reports; one passed over is not passed."""
    passed = asked = 0
    known: dict[bytes, list[tuple[Page, Question]]] = {}  # most forms ask the same
    for sitting in _complete_reports(standings):
        session, path = sitting.session, sitting.session.instrument_path
        report = session.report()
        if report is None or not path.exists():
            continue
        source = path.read_bytes()
        if source not in known:
            known[source] = [(p, q) for p, q in read_instrument(path).questions() if q.expected]
        for page, question in known[source]:
            # 0 is the whole sitting
            scenes = [0] if page.after_scene else session.scenes()["scene"].to_numpy().tolist()
            given = [str(report.answer(scene, question.id)) for scene in scenes]
            asked += len(given)
            passed += given.count(question.expected)
    return Checks(passed, asked)


def _complete_reports(standings: Iterable[Standing]) -> list[Sitting]:
    return [s for who in standings for s in who.counted if s.reported.complete]
