"""Which intervals become clips, and under which label: intervals and self-report in, plans out.

The film's target, the participant's report and the analyzer's reading stay apart; the study's
policy picks the label from one of them, and what is left out keeps its reason.
"""

from dataclasses import dataclass
from typing import Any

from mexlab.emotions import EMOTIONS, LABELS3, label3_of
from mexlab.errors import InputError
from mexlab.session import Session
from mexlab.study import Exclusion, LabelSettings, Study

NEUTRAL = "neutral"
BUILT_POLICIES = ("reported", "target")


@dataclass(frozen=True)
class ClipPlan:
    """One interval that becomes a clip; `interval` is its row of the intervals table.

    `label` is one of the seven emotions and `label3` one of the three classes, or None; `coded` is
    what people coded, in their own words.
    """

    clip_id: str
    interval: dict[str, Any]
    label: str | None
    label_source: str | None
    label3: str | None = None
    coded: str | None = None


def label_settings(study: Study) -> LabelSettings:
    """[labels] of study.toml. Raises InputError for a policy that needs coders' decisions."""
    settings = study.labels
    if settings.policy not in BUILT_POLICIES:
        raise InputError(
            f"label policy {settings.policy!r} needs coders' decisions, which no review has given",
            f"{study.settings_path} [labels]",
            f"use one of: {', '.join(BUILT_POLICIES)}",
        )
    return settings


def plan_clips(session: Session, labels: LabelSettings) -> tuple[list[ClipPlan], list[Exclusion]]:
    """The clips of a session, one a scene at most, and the scenes left out with their reasons.

    What was reported is read from the report itself: intervals located blind do not carry it. A
    session without intervals is left out as a whole.
    """
    subject = session.header.participant
    if not session.intervals_path.exists():
        remedy = "no intervals yet: run annotate analyse, then annotate locate"
        return [], [Exclusion(subject, session.id, None, remedy)]
    first: dict[int, dict[str, Any]] = {
        row["scene"]: row for row in session.intervals().to_pylist() if row["rank"] == 1
    }
    report = session.report()
    has_report = report is not None
    plans: list[ClipPlan] = []
    left_out: list[Exclusion] = []
    for scene in (shown["scene"] for shown in session.scenes().to_pylist()):
        row = first.get(scene)
        if row and report:
            row["reported"] = report.answer(scene, "emotion")
        reason = _reason_against(row, has_report, labels)
        if row is None or reason:
            left_out.append(Exclusion(subject, session.id, scene, reason or ""))
            continue
        label, label_source = _label(row, has_report, labels)
        clip_id = f"{session.id}-s{scene}"
        plans.append(ClipPlan(clip_id, row, label, label_source, class3_of(label)))
    return plans, left_out


def class3_of(label: str | None) -> str | None:
    """The three-class name of one of the seven emotions; None for neutral and for no label."""
    number = None if label is None else label3_of(label)
    return None if number is None else LABELS3[number]


def _reason_against(
    row: dict[str, Any] | None, has_report: bool, labels: LabelSettings
) -> str | None:
    if row is None:
        return "no face in half of the scene's frames"
    if row["kind"] == "none" and row["target"] != NEUTRAL and row["evidence"] != "report":
        return "nothing happened: no movement above the neutral baseline, no reported moment"
    if labels.policy == "reported" and has_report and row["reported"] not in EMOTIONS:
        return f"reported {row['reported'] or 'nothing'}, which is none of the seven emotions"
    return None


def _label(
    row: dict[str, Any], has_report: bool, labels: LabelSettings
) -> tuple[str | None, str | None]:
    """The label and where it comes from; none where the policy finds nothing."""
    if labels.policy == "reported" and has_report:
        return row["reported"], "reported"
    if labels.policy == "target" or labels.fallback == "target":
        return row["target"], "target"
    return None, None
