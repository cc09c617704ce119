"""What a participant said about each scene, from REPORT.csv (`scene,emotion,intensity,moment`).

emotion is one of the seven, other or none; intensity 0 to 8; moment mm:ss from the scene's start.
An empty cell is a question not answered. Becomes a `mexlab.session.SelfReport` (report.json).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from collector.scenes import SCENES_PER_COMPILATION, Scene
from collector.spreadsheet import Row, read_rows
from mexlab.emotions import EMOTIONS
from mexlab.errors import InputError
from mexlab.session import Answer, SelfReport
from mexlab.timebase import NS_PER_S, parse_moment

COLUMNS = ("scene", "emotion", "intensity", "moment")
REPORTABLE = (*EMOTIONS, "other", "none")
HIGHEST_INTENSITY = 8


@dataclass(frozen=True)
class SceneReport:
    """One row: what was answered about one scene, None where nothing was."""

    scene: int
    emotion: str | None
    intensity: int | None
    moment_ns: int | None


def read_report(path: Path, scenes: Sequence[Scene]) -> list[SceneReport]:
    """The rows of a REPORT.csv about these scenes, as they stand in their own file.

    Raises InputError for a scene that is not among them or comes twice, and for a moment after the
    scene's end. The end itself is possible: moments are rounded to the second.
    """
    known = {scene.scene: scene for scene in scenes}
    reports: dict[int, SceneReport] = {}
    for row in read_rows(path, COLUMNS):
        number = row.whole("scene", 1, SCENES_PER_COMPILATION)
        if number not in known:
            listed = ", ".join(str(scene) for scene in sorted(known))
            what = f"scene {number} is not in the recording"
            raise InputError(what, row.where, f"its scenes are: {listed}")
        if number in reports:
            what = f"scene {number} is reported twice"
            raise InputError(what, row.where, "keep one row a scene")
        reports[number] = _scene_report(row, known[number])
    return list(reports.values())


def self_report(reports: Sequence[SceneReport], language: str) -> SelfReport:
    """The answers in the stored form, dated now; a question not answered gives no Answer."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    answers = [
        Answer(report.scene, question, value, now)
        for report in reports
        for question, value in (
            ("emotion", report.emotion),
            ("intensity", report.intensity),
            ("moment_ns", report.moment_ns),
        )
        if value is not None
    ]
    return SelfReport("import", "1", language, tuple(answers))


def _scene_report(row: Row, scene: Scene) -> SceneReport:
    answered = row.optional
    return SceneReport(
        scene.scene,
        row.one_of("emotion", REPORTABLE) if answered("emotion") else None,
        row.whole("intensity", 0, HIGHEST_INTENSITY) if answered("intensity") else None,
        _moment_ns(row, scene) if answered("moment") else None,
    )


def _moment_ns(row: Row, scene: Scene) -> int:
    text = row.text("moment")
    moment_ns = parse_moment(text, row.where)
    length_ns = scene.end_ns - scene.start_ns
    if moment_ns > length_ns:
        raise InputError(
            f"moment {text} is impossible: scene {scene.scene} lasts {length_ns / NS_PER_S:g} s",
            row.where,
            "count mm:ss from the start of the scene",
        )
    return moment_ns
