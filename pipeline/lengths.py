"""How much of a recording a clip shows, and which clips are left out for their length.

What is planned (`pipeline.clips`) reaches as far as the interval was located; settings of the build
may set another padding around the movement, and limits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from mexlab.session import Session
from mexlab.study import Exclusion
from mexlab.timebase import seconds_to_ns
from pipeline.clips import ClipPlan
from pipeline.frames.settings import BuildSettings


def fitted(
    session: Session, plans: Iterable[ClipPlan], settings: BuildSettings
) -> tuple[list[ClipPlan], list[Exclusion]]:
    """The plans with the padding asked for, and those left out for their length with the reason."""
    scenes = {
        row["scene"]: (row["start_ns"], row["end_ns"]) for row in session.scenes().to_pylist()
    }
    kept: list[ClipPlan] = []
    left_out: list[Exclusion] = []
    for plan in plans:
        scene = plan.interval["scene"]
        own = padded(plan.interval, scenes[scene], settings.padding_s)
        reason = settings.against_length(own["start_ns"], own["end_ns"])
        if reason:
            left_out.append(Exclusion(session.header.participant, session.id, scene, reason))
        else:
            kept.append(replace(plan, interval=own))
    return kept, left_out


def padded(
    interval: dict[str, Any], scene: Sequence[int], padding_s: float | None
) -> dict[str, Any]:
    """The interval reaching `padding_s` before its onset and after its offset, inside its scene.

    `scene` is [start_ns, end_ns); moments that lie outside it stay inside the interval. One without
    a movement, and all of them with None, are as they were located.
    """
    onset, offset = interval["onset_ns"], interval["offset_ns"]
    if padding_s is None or onset is None or offset is None:
        return interval
    padding, (low, high) = seconds_to_ns(padding_s), scene
    start = max(onset - padding, min(low, onset))
    end = min(offset + max(padding, 1), max(high, offset + 1))
    return {**interval, "start_ns": start, "end_ns": end}
