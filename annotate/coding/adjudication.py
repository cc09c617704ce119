"""Where coders disagree, what settles it, and the history of every decision.

An adjudicator looks at an item's disagreement after `CodingDesk.act(item, "unblind")`, which logs
it, and gives a third opinion: a code of their own, submitted as "final" or "gold". Codes here carry
the interval's own id: they are not for a coder who is blind. Reads intervals, frames and coders'
files; writes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from annotate.coding import reading
from annotate.coding.items import Item, items_of
from mexlab.codes import Act, Code, standing
from mexlab.consensus import ReviewSettings, differences, final_code
from mexlab.study import Study


@dataclass(frozen=True)
class Disagreement:
    """An interval with two or more submitted codes that differ.

    `codes` side by side, by coder, the final one not among them. `reasons`: some of
    `mexlab.consensus.DIFFERENCES`. `final`: the adjudicator's code, once there is one.
    """

    item: Item
    codes: tuple[Code, ...]
    reasons: tuple[str, ...]
    final: Code | None


@dataclass(frozen=True)
class Entry:
    """One act in the history of an interval's code; `stands` False: undone, or an undo."""

    coder: str
    act: Act
    stands: bool


def disagreements(study: Study, settled: bool = False) -> list[Disagreement]:
    """Every interval on which coders differ; those with a final code only if `settled`."""
    settings = study.section("review", ReviewSettings)
    items, _ = items_of(study, settings)
    found = (disagreement(item, settings) for item in items)
    return [each for each in found if each and (settled or each.final is None)]


def disagreement(item: Item, settings: ReviewSettings) -> Disagreement | None:
    """In what the submitted codes of an item differ; None where there are not two, or they agree.

    Raises StudyError for a damaged coder's file.
    """
    codes = submitted(item)
    opinions = [code for code in codes if not code.final]
    if len(opinions) < 2:
        return None
    times = reading.capture_times(item.session)
    reasons = differences(opinions, times, settings)
    if not reasons:
        return None
    final = final_code([code for code in codes if code.final], times, settings)
    return Disagreement(item, tuple(opinions), reasons, final)


def final_of(item: Item, settings: ReviewSettings) -> Code | None:
    """The code that counts: the final one, or what the coders agree on (`mexlab.consensus`)."""
    codes = submitted(item)
    return final_code(codes, reading.capture_times(item.session), settings) if codes else None


def submitted(item: Item) -> list[Code]:
    """Every submitted code of an item, by coder."""
    return [c for c in reading.codes_about(item.session, item.interval_id) if c.submitted]


def history(item: Item) -> list[Entry]:
    """Who did what and when about an item, all coders together, oldest first."""
    entries = [
        entry
        for coder, done in reading.acts_about(item.session, item.interval_id).items()
        for entry in _entries(coder, done)
    ]
    return sorted(entries, key=lambda entry: entry.act.at)


def _entries(coder: str, done: Sequence[Act]) -> Iterator[Entry]:
    left = {id(act) for act in standing(done)}
    for act in done:
        yield Entry(coder, act, id(act) in left or act.act in ("shown", "unblind"))
