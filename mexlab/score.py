"""`mexlab score`: how well intervals agree with the truth of simulated participants.

Reads truth, scenes and intervals tables only, so that no stage judges itself. An event is a micro-
or macro-expression of the truth; what a scene is judged by is its first-ranked interval. Errors
are absolute, over the events whose interval names an apex (onset, offset), near or far.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from mexlab.errors import StudyError
from mexlab.session import Session
from mexlab.study import Study
from mexlab.timebase import NS_PER_MS

APEX_TOLERANCE_NS = 200 * NS_PER_MS  # |located - true apex| of an apex hit, the bound included
EXPRESSIONS = ("micro", "macro")

Row = Mapping[str, Any]
Movement = tuple[str, float]


@dataclass(frozen=True)
class EventScore:
    """One true expression against its scene's first-ranked interval.

    `movement` is its true kind and amplitude over the inter-ocular distance, to a thousandth;
    `interval_hit`: the interval holds the true apex. Errors in ms, None where it names no such
    moment. A scene without an interval row scores False and None throughout.
    """

    movement: Movement
    interval_hit: bool
    emotion_right: bool
    kind_right: bool
    onset_error_ms: float | None
    apex_error_ms: float | None
    offset_error_ms: float | None

    @property
    def apex_hit(self) -> bool:
        """The apex was named within the tolerance."""
        error = self.apex_error_ms
        return error is not None and error <= APEX_TOLERANCE_NS / NS_PER_MS


@dataclass(frozen=True)
class SessionScore:
    """One session: its events, and what was found where nothing was.

    `neutral_scenes` had no expression; `false_peaks` of them were given one first-ranked all the
    same. `other_false` are further-ranked intervals of a kind other than none, in any scene, away
    from every true apex. `evidence` counts the first-ranked intervals' grounds.
    """

    session: str
    events: tuple[EventScore, ...]
    neutral_scenes: int
    false_peaks: int
    other_false: int
    evidence: Mapping[str, int]


@dataclass(frozen=True)
class Score:
    """Counts and errors of one session or of all. Fractions of none and errors of none are None."""

    events: int
    interval_hits: int
    apex_hits: int
    apex_error_ms_median: float | None
    apex_error_ms_p90: float | None
    onset_error_ms_median: float | None
    offset_error_ms_median: float | None
    emotion_right: float | None
    kind_right: float | None
    neutral_scenes: int
    false_peaks: int
    other_false: int
    evidence: Mapping[str, int]

    @property
    def apex_hit_fraction(self) -> float | None:
        return self.apex_hits / self.events if self.events else None

    @property
    def false_per_empty_scene(self) -> float | None:
        """False events per scene without an event."""
        return self.false_peaks / self.neutral_scenes if self.neutral_scenes else None


def score_study(study: Study) -> list[SessionScore]:
    """Every counted session with a truth table, of people who agreed to being analysed.

    Raises StudyError where there is none, or one without intervals.
    """
    allowed, _ = study.consenting(study.counted_sessions()[0], ("analysed",))
    sessions = [session for session in allowed if session.truth_path.exists()]
    if not sessions:
        remedy = f"make some with: mexlab simulate {study.root} --participants 2 --seed 1"
        raise StudyError("no session with a known truth", study.sessions_path, remedy)
    for session in sessions:
        if not session.intervals_path.exists():
            remedy = f"run: annotate analyse {study.root}, then: annotate locate {study.root}"
            what = f"session {session.id} has no intervals"
            raise StudyError(what, session.intervals_path, remedy)
    return [score_session(session) for session in sessions]


def score_session(session: Session) -> SessionScore:
    """One session's intervals against its truth."""
    truth = [row for row in session.truth().to_pylist() if row["kind"] in EXPRESSIONS]
    intervals = session.intervals().to_pylist()
    first = {row["scene"]: row for row in intervals if row["rank"] == 1}
    expressive = {row["scene"] for row in truth}
    neutral = set(session.scenes()["scene"].to_pylist()) - expressive
    return SessionScore(
        session.id,
        tuple(score_event(event, first.get(event["scene"])) for event in truth),
        len(neutral),
        sum(row["kind"] != "none" for scene, row in first.items() if scene in neutral),
        sum(_is_false(row, truth) for row in intervals if row["rank"] != 1),
        dict(Counter(row["evidence"] for row in first.values())),
    )


def score_event(event: Row, interval: Row | None) -> EventScore:
    """A truth row against an intervals row (column -> value), or against nothing found."""
    movement = (event["kind"], round(float(event["amplitude_iod"]), 3))
    if interval is None:
        return EventScore(movement, False, False, False, None, None, None)
    return EventScore(
        movement,
        interval["start_ns"] <= event["apex_ns"] < interval["end_ns"],
        interval["expressed"] == event["emotion"],
        interval["kind"] == event["kind"],
        *(_error_ms(event, interval, moment) for moment in ("onset_ns", "apex_ns", "offset_ns")),
    )


def summary(sessions: Iterable[SessionScore]) -> Score:
    """All the sessions' events together: medians are over events, not over sessions' medians."""
    listed = list(sessions)
    events = [event for session in listed for event in session.events]
    apex = [event.apex_error_ms for event in events]
    evidence: Counter[str] = Counter()
    for session in listed:
        evidence.update(session.evidence)
    return Score(
        events=len(events),
        interval_hits=sum(event.interval_hit for event in events),
        apex_hits=sum(event.apex_hit for event in events),
        apex_error_ms_median=_percentile(apex, 50),
        apex_error_ms_p90=_percentile(apex, 90),
        onset_error_ms_median=_percentile([event.onset_error_ms for event in events], 50),
        offset_error_ms_median=_percentile([event.offset_error_ms for event in events], 50),
        emotion_right=_fraction([event.emotion_right for event in events]),
        kind_right=_fraction([event.kind_right for event in events]),
        neutral_scenes=sum(session.neutral_scenes for session in listed),
        false_peaks=sum(session.false_peaks for session in listed),
        other_false=sum(session.other_false for session in listed),
        evidence=dict(sorted(evidence.items())),
    )


def by_movement(sessions: Sequence[SessionScore]) -> dict[Movement, Score]:
    """The events of each kind and amplitude by themselves, all sessions together.

    Scenes without an event belong to none of them: each entry counts them all.
    """
    found = sorted({event.movement for session in sessions for event in session.events})

    def only(movement: Movement, session: SessionScore) -> SessionScore:
        events = tuple(event for event in session.events if event.movement == movement)
        return replace(session, events=events)

    return {movement: summary([only(movement, s) for s in sessions]) for movement in found}


def as_json(sessions: Sequence[SessionScore]) -> dict[str, Any]:
    """What `--json` prints: {tolerance_ms, sessions: {id: score}, movements, total: score}.

    A movement's score stands beside its kind and amplitude_iod.
    """
    return {
        "tolerance_ms": APEX_TOLERANCE_NS / NS_PER_MS,
        "sessions": {session.session: asdict(summary([session])) for session in sessions},
        "movements": [
            {
                "kind": kind,
                "amplitude_iod": amplitude,
                "apex_hit_fraction": score.apex_hit_fraction,
                "false_per_empty_scene": score.false_per_empty_scene,
                **asdict(score),
            }
            for (kind, amplitude), score in by_movement(sessions).items()
        ],
        "total": asdict(summary(sessions)),
    }


def _error_ms(event: Row, interval: Row, moment: str) -> float | None:
    found = interval[moment]
    return None if found is None else abs(found - event[moment]) / NS_PER_MS


def _is_false(interval: Row, truth: Sequence[Row]) -> bool:
    """Names an expression, but no true apex is within the tolerance of its own."""
    if interval["kind"] == "none" or interval["apex_ns"] is None:
        return False
    return all(abs(interval["apex_ns"] - row["apex_ns"]) > APEX_TOLERANCE_NS for row in truth)


def _percentile(values: Sequence[float | None], percent: float) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.percentile(known, percent)) if known else None


def _fraction(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None
