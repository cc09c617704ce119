"""Where in each scene the face moved most: aus.parquet, scenes and self-report in, intervals out.

Every scene with a face in at least half of its frames gets ranked intervals, the first of which is
the paper's: 2-4 s around the peak of intensity. Where nothing rises above the participant's own
neutral noise, the scene has one interval of kind none. Intervals are half-open [start_ns, end_ns)
and lie inside their scene.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from annotate.detect import Detector, Head, Movement
from annotate.emfacs import PROTOTYPES
from annotate.eyelids import is_blink
from annotate.held import held_expression, is_same
from annotate.interval_settings import IntervalSettings
from annotate.motion import REGION_COLUMNS
from annotate.motion_table import motion_beside
from annotate.peaks import grid_to_ns
from annotate.signals import LEAST_REST_S, Array, Signals, signals_of
from mexlab.errors import StudyError
from mexlab.kinds import kind_of
from mexlab.session import Session
from mexlab.tables import INTERVALS
from mexlab.timebase import NS_PER_MS, NS_PER_S, place_inside, seconds_to_ns

NEUTRAL = "neutral"


@dataclass(frozen=True)
class Scene:
    """One scene with what the participant said of it; `moment_ns` on the session clock."""

    number: int
    target: str
    start_ns: int
    end_ns: int
    reported: str | None = None
    moment_ns: int | None = None


def locate_session(
    session: Session, analyzer: str, settings: IntervalSettings, blind: bool
) -> pa.Table:
    """Locate and write intervals.parquet; returns the table (no row for a scene without a face)."""
    if not session.aus_path(analyzer).exists():
        remedy = "run: annotate analyse STUDY, or name another --analyzer"
        raise StudyError(f"not analysed by {analyzer}", session.root, remedy)
    aus = session.aus(analyzer)
    motion = motion_beside(session, aus)
    scenes = scenes_of(session, blind)
    neutral = [(s.start_ns, s.end_ns) for s in scenes if s.target == NEUTRAL]
    signals = signals_of(aus, motion, neutral, settings)
    rows: list[dict[str, Any]] = []
    if signals:
        found = list(movements(signals, settings))
        for scene in scenes:
            if _face_fraction(aus, scene) >= settings.min_face_fraction:
                rows += _scene_rows(session.id, scene, signals, found, settings)
    columns = {name: [row[name] for row in rows] for name in INTERVALS.schema.names}
    table = INTERVALS.build(columns)
    at_rest = signals is not None and signals.at_rest
    baseline = "neutral scene" if at_rest else "calm half of the recording"
    INTERVALS.write(
        session.intervals_path,
        table,
        {
            "analyzer": analyzer,
            "baseline": baseline,
            "blind": json.dumps(blind),
            "settings": json.dumps(asdict(settings)),
        },
    )
    return table


def scenes_of(session: Session, blind: bool) -> list[Scene]:
    """The session's scenes with the self-report beside them; `blind` leaves the report out."""
    report = None if blind else session.report()
    scenes = []
    for row in session.scenes().to_pylist():
        scene = Scene(row["scene"], row["emotion"], row["start_ns"], row["end_ns"])
        if report:
            reported = report.answer(scene.number, "emotion")
            moment = report.answer(scene.number, "moment_ns")
            scene = Scene(
                scene.number,
                scene.target,
                scene.start_ns,
                scene.end_ns,
                str(reported) if reported is not None else None,
                scene.start_ns + int(moment) if moment is not None else None,
            )
        scenes.append(scene)
    return scenes


def _face_fraction(aus: pa.Table, scene: Scene) -> float:
    t_ns = aus["t_ns"].to_numpy()
    inside = (t_ns >= scene.start_ns) & (t_ns < scene.end_ns)
    face = aus["face"].to_numpy(zero_copy_only=False)
    return float(face[inside].mean()) if inside.any() else 0.0


def movements(signals: Signals, settings: IntervalSettings) -> Iterator[Movement]:
    """Every movement of the recording that stands out, clearest first; blinks left out."""
    if np.count_nonzero(signals.baseline) * signals.step_s < LEAST_REST_S:
        return
    leak = np.array([settings.head_leak * (name in REGION_COLUMNS) for name in signals.names])
    head = Head(signals.head, leak, settings.head_quiet_z)
    detector = Detector(signals.courses, head, signals.baseline, signals.valid, signals.step_s)
    for movement in detector.movements(settings.threshold_z):
        way = dict(zip(signals.names, movement.direction.tolist(), strict=True))
        if not ("eye_left_v" in way and is_blink(way, settings.lids_share)):
            yield movement


def _scene_rows(
    session_id: str,
    scene: Scene,
    signals: Signals,
    movements: Sequence[Movement],
    settings: IntervalSettings,
) -> list[dict[str, Any]]:
    inside = (signals.t_ns >= scene.start_ns) & (signals.t_ns < scene.end_ns)
    found = [m for m in movements if _apex_inside(m, scene, signals)]
    held = held_expression(signals, inside, settings)
    if held and not any(is_same(held, movement) for movement in found):
        found.append(held)
    found.sort(key=lambda movement: -_weight(movement, scene, signals, settings))
    rows = [
        _event_row(candidate, scene, signals, settings)
        for candidate in found[: settings.candidates]
    ] or [_quiet_row(scene, signals, settings)]
    return [
        {
            "interval_id": f"{session_id}-s{scene.number}-r{rank}",
            "scene": scene.number,
            "target": scene.target,
            "reported": scene.reported,
            "rank": rank,
            **row,
        }
        for rank, row in enumerate(rows, start=1)
    ]


def _apex_inside(movement: Movement, scene: Scene, signals: Signals) -> bool:
    return scene.start_ns <= grid_to_ns(movement.apex, signals.t_ns) < scene.end_ns


def _weight(
    candidate: Movement, scene: Scene, signals: Signals, settings: IntervalSettings
) -> float:
    """Clearness of a candidate, up to doubled where the participant placed the moment."""
    if scene.moment_ns is None or settings.report_window_s == 0:
        return candidate.z
    apex_ns = grid_to_ns(candidate.apex, signals.t_ns)
    away = (apex_ns - scene.moment_ns) / (settings.report_window_s * NS_PER_S)
    return candidate.z * (1 + float(np.exp(-0.5 * (2 * away) ** 2)))


def _event_row(
    candidate: Movement, scene: Scene, signals: Signals, settings: IntervalSettings
) -> dict[str, Any]:
    onset, apex, offset = (
        int(np.clip(grid_to_ns(at, signals.t_ns), scene.start_ns, scene.end_ns - 1))
        for at in (candidate.onset, candidate.apex, candidate.offset)
    )
    length = float(
        np.clip(
            (offset - onset) / NS_PER_S + 2 * settings.padding_s, settings.min_s, settings.max_s
        )
    )
    middle = (onset + offset) // 2 if length < settings.max_s else apex
    start, end = _place(middle, length, scene)
    away = None if scene.moment_ns is None else apex - scene.moment_ns
    duration_ms = (offset - onset) / NS_PER_MS
    reported = away is not None and abs(away) <= settings.report_window_s * NS_PER_S
    return {
        "expressed": expressed(signals, candidate),
        "start_ns": start,
        "end_ns": end,
        "onset_ns": onset,
        "apex_ns": apex,
        "offset_ns": offset,
        "intensity": float(
            np.interp(candidate.apex, np.arange(len(signals.t_ns)), signals.intensity)
        ),
        "prominence": candidate.z,
        "evidence": "both" if reported else "peak",
        "from_report_ms": None if away is None else away / NS_PER_MS,
        "kind": kind_of(duration_ms, signals.step_s * 1000, settings.micro_max_ms),
        "duration_ms": duration_ms,
    }


def _quiet_row(scene: Scene, signals: Signals, settings: IntervalSettings) -> dict[str, Any]:
    """The interval of a scene in which nothing happened: at the reported moment, or the calmest."""
    length = settings.min_s
    middle = scene.moment_ns
    if middle is None:
        middle = _calmest(scene, signals, length)
    start, end = _place(middle, length, scene)
    here = (signals.t_ns >= start) & (signals.t_ns < end)
    return {
        "expressed": NEUTRAL,
        "start_ns": start,
        "end_ns": end,
        "onset_ns": None,
        "apex_ns": None,
        "offset_ns": None,
        "intensity": float(signals.intensity[here].mean()) if here.any() else 0.0,
        "prominence": 0.0,
        "evidence": "none" if scene.moment_ns is None else "report",
        "from_report_ms": None,
        "kind": "none",
        "duration_ms": None,
    }


def _calmest(scene: Scene, signals: Signals, length_s: float) -> int:
    """Middle of the stretch of `length_s` whose summed movement varies least and shows a face."""
    inside = np.flatnonzero((signals.t_ns >= scene.start_ns) & (signals.t_ns < scene.end_ns))
    if not len(inside):  # a scene shorter than a frame
        return (scene.start_ns + scene.end_ns) // 2
    unrest = np.abs(np.gradient(signals.courses, axis=0)).mean(axis=1)
    unrest = np.where(signals.valid, unrest, unrest.max())[inside]
    window = min(len(inside), max(1, round(length_s / signals.step_s)))
    sums = np.convolve(unrest, np.ones(window), mode="valid")
    first = inside[int(np.argmin(sums))]
    return int(signals.t_ns[first]) + seconds_to_ns(window * signals.step_s / 2)


def expressed(signals: Signals, candidate: Movement) -> str:
    """The emotion whose AU prototype points most along the movement from rest to apex.

    The rises of a prototype's AUs, summed over the square root of their number: the projection on
    the prototype's direction among AUs.
    """
    rises = rises_at(signals, candidate)

    def along(name: str) -> float:
        members = [rises[au] for au in PROTOTYPES[name] if au in rises]
        return float(np.sum(members) / np.sqrt(len(members)))

    return max(PROTOTYPES, key=along)


def rises_at(signals: Signals, candidate: Movement) -> dict[str, float]:
    """AU -> how far it moved from onset and offset to the apex, in its noise; fell is negative.

    Of an AU's channels the one that moved more counts: scores of some AUs hardly respond. What is
    held is measured from the person's rest, in the channels that do not drift.
    """
    positions = np.arange(len(signals.t_ns))

    def at(z: Array, where: float) -> float:
        return float(np.interp([where - 1, where, where + 1], positions, z).mean())

    found: dict[str, float] = {}
    for channel in signals.channels:
        if candidate.held and channel.source == "motion":
            continue
        rise = at(channel.z, candidate.apex)
        if not candidate.held:
            rise -= (at(channel.z, candidate.onset) + at(channel.z, candidate.offset)) / 2
        found[channel.au] = max(found.get(channel.au, 0.0), rise, key=abs)
    return found


def _place(middle_ns: int, length_s: float, scene: Scene) -> tuple[int, int]:
    length = seconds_to_ns(length_s)
    return place_inside(middle_ns - length // 2, length, scene.start_ns, scene.end_ns)
