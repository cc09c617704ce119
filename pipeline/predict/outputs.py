"""What a prediction leaves behind, as one folder that appears whole or not at all.

frames.parquet     one row an exported 20 Hz frame     annotated.mp4   to watch
intervals.parquet  one row an interval                 prediction.json  all there is to know of it
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mexlab.atomic import atomic_folder, write_json
from mexlab.errors import InputError
from mexlab.timebase import NS_PER_S
from pipeline.predict.course import Course
from pipeline.predict.locating import Located
from pipeline.predict.moments import CROP_REACH_NS, FRAME_HZ
from pipeline.predict.samples import REACH_TICKS
from pipeline.predict.tables import (
    frames_spec,
    frames_table,
    interval_row,
    intervals_spec,
    intervals_table,
)

SCHEMA_VERSION = 1
FRAMES, INTERVALS = "frames.parquet", "intervals.parquet"
VIDEO, SUMMARY = "annotated.mp4", "prediction.json"
ALL = {FRAMES, INTERVALS, VIDEO, SUMMARY}
SOFTWARE = ("mexlab", "torch", "numpy", "av", "opencv-python", "mediapipe")
NOTE = (
    "A model's guess from movements of the face, not what the person felt. Probabilities of single "
    "frames say little where nothing moves: read the intervals. The model's honest scores stand in "
    "the run's metrics.json."
)


@dataclass
class Report:
    """What was left out and what a reader should know, gathered on the way."""

    skipped: list[dict[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def skip(self, what: str, reason: str) -> None:
        self.skipped.append({"what": what, "reason": reason})


@contextmanager
def prediction_folder(out: Path) -> Iterator[Path]:
    """A folder that becomes `out`. Raises InputError where `out` holds anything else."""
    check_free(out)
    with atomic_folder(out) as folder:
        yield folder


def check_free(out: Path) -> None:
    """Raise InputError unless `out` is nothing, an empty folder or an earlier prediction alone."""
    if not out.exists():
        return
    found = {path.name for path in out.iterdir()} if out.is_dir() else {out.name}
    if found - ALL or (found and SUMMARY not in found):
        raise InputError("something other than a prediction is there", out, "choose another --out")


def write_outputs(
    folder: Path,
    course: Course,
    located: Located,
    source: Mapping[str, Any],
    run: Path,
    report: Report,
    picture: tuple[int, int, int, int],
) -> dict[str, Any]:
    """The two tables and prediction.json; returns what is in the latter."""
    classes, events = course.judge.classes, course.moments.events
    frames_spec(classes).write(folder / FRAMES, frames_table(course))
    intervals_spec(classes).write(folder / INTERVALS, intervals_table(events, classes))
    values = {
        "schema_version": SCHEMA_VERSION,
        "note": NOTE,
        "run": {
            "name": run.resolve().name,
            "checkpoint_sha256": course.judge.sha256,
            **course.judge.about,
            "scores": course.judge.scores,
        },
        "video": {**source, **_video(course)},
        "annotated": {"fps": FRAME_HZ, "picture": picture},
        "analysis": {"analyzer": located.analyzer, "rest": located.baseline},
        "conditioning": _conditioning(course),
        "people": _people(course),
        "counts": {
            "frames": len(course.moments.ticks),
            "frames_with_face": int(course.moments.ticks.face.sum()),
            "intervals": len(events),
        },
        "single_frame": _single_frame(course),
        "intervals": [interval_row(n, event, classes) for n, event in enumerate(events, start=1)],
        "skipped": report.skipped,
        "warnings": report.warnings,
        "software": {name: version(name) for name in SOFTWARE},
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_json(folder / SUMMARY, values)
    return values


def _single_frame(course: Course) -> dict[str, float] | None:
    """The one prediction of a recording of one frame with a face."""
    if len(course.chances) != 1 or not course.moments.ticks.face[0]:
        return None
    return dict(zip(course.judge.classes, course.chances[0].tolist(), strict=True))


def _video(course: Course) -> dict[str, Any]:
    looked = course.looked
    return {
        "width": looked.video.width,
        "height": looked.video.height,
        "fps": round(looked.rate_hz, 3),
        "frames": len(looked.times_ns),
        "seconds": round(looked.end_ns / NS_PER_S, 3),
    }


def _conditioning(course: Course) -> dict[str, Any]:
    kind = course.judge.kind
    frame = {
        "rgb": "its own picture",
        "frame": "flow from the frame before, scaled to 50 ms",
        "apex": f"flow from the frame {REACH_TICKS / FRAME_HZ:g} s before, as if it was an apex",
    }["rgb" if kind.input == "rgb" else "frame" if kind.of_frames else "apex"]
    return {
        "fps": FRAME_HZ,
        "interval_crop": "one for an interval, from its own frames' landmarks",
        "frame_crop": f"from the landmarks within {CROP_REACH_NS / NS_PER_S:g} s",
        "frame_sample": f"the second that leads up to it: {frame}" if kind.sequence else frame,
        "settings": asdict(course.judge.settings),
    }


def _people(course: Course) -> dict[str, Any]:
    people = course.looked.people
    if people is None:
        return {"looked_for": False}
    chosen = people.followed
    return {
        "looked_for": True,
        "most_at_a_time": people.most,
        "followed": "the larger face throughout" if people.several else "the only face at a time",
        "tracks": 0 if chosen is None else chosen.tracks,
        "height_px": None if chosen is None else round(chosen.height_px, 1),
        "others_height_px": sorted((round(p.height_px, 1) for p in people.others), reverse=True),
    }
