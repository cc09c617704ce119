"""Which intervals become clips, and under which label: intervals, report and codes in, plans out.

The film's target, the participant's report, the analyzer's reading and the coders' codes stay
apart; the study's policy picks the label from one of them, and what is left out keeps its reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mexlab.consensus import ReviewSettings
from mexlab.emotions import EMOTIONS, LABELS3, label3_of
from mexlab.session import Session
from mexlab.study import Exclusion
from mexlab.study_settings import LabelSettings
from pipeline.coded import (
    NEUTRAL,
    NOT_CODED,
    Coding,
    Limits,
    apex_pair,
    as_coded,
    coded_emotion,
    codings,
    is_neutral,
)

REFUSED = {"reject": "coders found nothing expressed", "uncodable": "coders called it uncodable"}


@dataclass(frozen=True)
class ClipPlan:
    """One interval that becomes a clip; `interval` is its row of the intervals table.

    `label` is one of the seven emotions and `label3` one of the three classes, or None; `coded` is
    what people coded, in their own words, `coders` how many of them. `apex_pair` are the recorded
    frames of onset and apex where they are known to the frame.
    """

    clip_id: str
    interval: dict[str, Any]
    label: str | None
    label_source: str | None
    label3: str | None = None
    coded: str | None = None
    coders: int = 0
    apex_pair: tuple[int, int] | None = None


def plan_clips(
    session: Session, labels: LabelSettings, review: ReviewSettings
) -> tuple[list[ClipPlan], list[Exclusion]]:
    """The clips of a session by scene and rank, and what is left out with its reason.

    A scene's first-ranked interval may become a clip, and so may others that coders accepted. What
    was reported is read from the report itself: intervals located blind do not carry it. A session
    without intervals is left out as a whole. Raises MexlabError for a damaged table or file.
    """
    subject = session.header.participant
    if not session.intervals_path.exists():
        remedy = "no intervals yet: run annotate analyse, then annotate locate"
        return [], [Exclusion(subject, session.id, None, remedy)]
    capture_ns = session.frames()["capture_ns"].to_numpy()
    found = codings(session, capture_ns, labels, review)
    rows = session.intervals().to_pylist()
    report, limits = session.report(), Limits.of(session)
    plans: list[ClipPlan] = []
    left_out: list[Exclusion] = []
    for shown in session.scenes().to_pylist():
        scene, bounds = shown["scene"], (shown["start_ns"], shown["end_ns"])
        reported = report.answer(scene, "emotion") if report else None
        own = [row for row in rows if row["scene"] == scene and _is_candidate(row, found)]
        if not own:
            faceless = "no face in half of the scene's frames"
            left_out.append(Exclusion(subject, session.id, scene, faceless))
        for row in sorted(own, key=lambda row: int(row["rank"])):
            coding = found.get(row["interval_id"], NOT_CODED)
            coded = as_coded(row, coding.code, capture_ns, bounds, limits)
            coded["reported"] = reported if report else row["reported"]
            choice = _choice(coded, coding, report is not None, labels)
            reason = _reason_against(coded, coding, labels, review) or choice.reason
            if reason:
                said = reason if row["rank"] == 1 else f"interval of rank {row['rank']}: {reason}"
                left_out.append(Exclusion(subject, session.id, scene, said))
            else:
                plans.append(_plan(_clip_id(session, row), coded, coding, choice))
    return plans, left_out


def class3_of(label: str | None) -> str | None:
    """The three-class name of one of the seven emotions; None for neutral and for no label."""
    number = None if label is None else label3_of(label)
    return None if number is None else LABELS3[number]


@dataclass(frozen=True)
class _Choice:
    """The label that the policy chose and its source, both None where it found none.

    `reason` says why there is no clip, where that is so.
    """

    label: str | None = None
    source: str | None = None
    reason: str | None = None


def _is_candidate(row: Mapping[str, Any], found: Mapping[str, Coding]) -> bool:
    if row["rank"] == 1:
        return True
    return found.get(row["interval_id"], NOT_CODED).accepted is not None


def _clip_id(session: Session, row: Mapping[str, Any]) -> str:
    rank = "" if row["rank"] == 1 else f"-r{row['rank']}"
    return f"{session.id}-s{row['scene']}{rank}"


def _plan(clip_id: str, row: dict[str, Any], coding: Coding, choice: _Choice) -> ClipPlan:
    return ClipPlan(
        clip_id,
        row,
        choice.label,
        choice.source,
        class3_of(choice.label),
        coded_emotion(row, coding.code),
        coding.coders,
        apex_pair(coding.code, row),
    )


def _reason_against(
    row: Mapping[str, Any], coding: Coding, labels: LabelSettings, review: ReviewSettings
) -> str | None:
    """Why the interval becomes no clip, whatever its label."""
    reason = _coders_reason(row, coding, labels, review) if labels.asks_coders else None
    if reason:
        return reason
    if row["kind"] == "none" and row["target"] != NEUTRAL and row["evidence"] != "report":
        return "nothing happened: no movement above the neutral baseline, no reported moment"
    return None


def _coders_reason(
    row: Mapping[str, Any], coding: Coding, labels: LabelSettings, review: ReviewSettings
) -> str | None:
    code = coding.code
    if code is None and coding.differs and (labels.disagreement != "uncoded" or labels.needs_code):
        return f"coders differ in {', '.join(coding.differs)}, and no final code settles it"
    if code is None and labels.needs_code:
        return f"no final or agreed code: {coding.coders} of {review.coders} coders submitted one"
    if code and not code.codable and not is_neutral(row, code):
        return REFUSED[str(code.verdict)]
    return None


def _choice(
    row: Mapping[str, Any], coding: Coding, has_report: bool, labels: LabelSettings
) -> _Choice:
    """The label and where it comes from; none where policy and fallback find nothing."""
    coded, reported = coded_emotion(row, coding.code), row["reported"]
    if labels.policy == "coded":
        return _Choice(coded, "coded") if coded else _Choice(reason="coded without an emotion")
    from_report = labels.policy != "target" and has_report
    if from_report and reported not in EMOTIONS:
        reason = f"reported {reported or 'nothing'}, which is none of the seven emotions"
        return _Choice(reason=reason)
    first = _Choice(reported, "reported") if from_report else _Choice()
    if not from_report and (labels.policy == "target" or labels.fallback == "target"):
        first = _Choice(row["target"], "target")
    return _agreeing(first, coded) if labels.policy == "agreement" else first


def _agreeing(first: _Choice, coded: str | None) -> _Choice:
    if first.label is None:
        return _Choice(reason="no self-report that a code could agree with")
    if coded is None:
        return _Choice(reason="coded without an emotion")
    if coded != first.label:
        # The target is no more than what was shown: the reason says which of the two it was.
        return _Choice(reason=f"no agreement: {first.source} {first.label}, coded {coded}")
    return _Choice(coded, "agreement")
