"""The whole of a prediction: from a video or a camera to the folder that is left behind.

Nothing of the face stays but what lies in that folder: everything else is in a temporary folder
inside it that goes before it gets its name, or with it, whatever happens.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mexlab.progress import Progress
from mexlab.session import file_sha256
from mexlab.signals import ended_by_signals
from pipeline.predict.course import Course
from pipeline.predict.film import Film
from pipeline.predict.judge import Judge
from pipeline.predict.locating import CANDIDATES, SCENE_S, Located, locate
from pipeline.predict.look import Looked, look_at
from pipeline.predict.moments import Moments, moments_of
from pipeline.predict.outputs import VIDEO, Report, check_free, prediction_folder, write_outputs
from pipeline.predict.record import record

FEW_FACES = 0.5  # of the frames; below it a scene has no intervals
SLOW_HZ = 18.0  # at less, 20 Hz frames are used twice


@dataclass(frozen=True)
class Request:
    """What is asked for: either `video`, or `camera` for `seconds`."""

    run: Path
    out: Path
    video: Path | None = None
    camera: str | None = None
    seconds: float = 10.0
    analyzer: str = "landmarker"


def predict(request: Request) -> dict[str, Any]:
    """Make the prediction; returns what stands in prediction.json.

    Raises MexlabError for anything the user can put right, and leaves nothing behind then.
    """
    check_free(request.out)
    judge = Judge.of(request.run)
    with (
        ended_by_signals(),
        prediction_folder(request.out) as folder,
        TemporaryDirectory(prefix="work-", dir=folder) as work,
    ):
        video = request.video or record(str(request.camera), request.seconds, Path(work))
        sha256 = file_sha256(video)
        looked = look_at(video)
        located = locate(looked, sha256, request.analyzer, Path(work))
        moments = moments_of(looked, located, judge.settings)
        course = Course(looked, moments, judge)
        picture = _watch(course, folder / VIDEO)
        name = {"camera": request.camera} if request.camera else {"file": video.name}
        report = report_of(looked, located, moments, judge)
        source = {**name, "sha256": sha256}
        return write_outputs(folder, course, located, source, request.run, report, picture)


def _watch(course: Course, path: Path) -> tuple[int, int, int, int]:
    """Judge everything, drawing as it goes; where the picture stands in the video."""
    with Film(path, course) as film, Progress("judging", len(course.crops), "frames") as bar:
        for tick, picture in course.pictures(film.shrink):
            film.show(tick, picture)
            bar.advance()
        return film.picture_box


def report_of(looked: Looked, located: Located, moments: Moments, judge: Judge) -> Report:
    """What was left out and why, and what to know; the latter goes to stderr too."""
    report = Report(warnings=[*_warnings(looked, located, judge)])
    frames, faces = len(moments.ticks), int(moments.ticks.face.sum())
    if not faces:
        report.skip("everything", "no face in any frame")
    elif faces < frames:
        report.skip(f"{frames - faces} of {frames} frames", "no face in them")
    if 0 < faces < FEW_FACES * frames:
        report.skip("intervals of stretches", "less than half of their frames show a face")
    if len(looked.times_ns) == 1:
        report.skip("intervals", "a single frame shows no movement")
    elif moments.still_scenes:
        report.skip("intervals", "nothing moved more than the face at rest")
    if moments.faceless:
        report.skip(f"{moments.faceless} intervals", "no face at onset or apex")
    if moments.full_scenes:
        what = f"intervals beyond {CANDIDATES} in {SCENE_S / 60:g} minutes"
        report.skip(what, "only so many are kept, the clearest")
    for line in report.warnings:
        print(f"warning: {line}", file=sys.stderr)
    return report


def _warnings(looked: Looked, located: Located, judge: Judge) -> Iterator[str]:
    """What a reader of the prediction should know."""
    people = looked.people
    if judge.control:
        yield "a control, not a model: its training labels were permuted, its answers are chance"
    if people is None:
        yield "other faces were not looked for: no face-landmarker model"
    elif people.several:
        yield f"{people.most} faces at a time: the larger face was followed throughout"
    if people and people.followed and people.followed.tracks > 1:
        times = people.followed.tracks - 1
        yield f"lost from sight and found elsewhere ({times}): it is taken for one person's face"
    if located.analyzer == "landmarker":
        yield "intervals come from proxies of Action Units, not from FACS codes"
    if judge.assumed:
        yield "the run does not say how its faces were cut: the default settings were taken"
    if judge.settings.illumination != "off":
        yield "frames were judged without the normalised light of training; intervals with it"
    if 0 < looked.rate_hz < SLOW_HZ:
        yield f"{looked.rate_hz:.1f} frames a second: some frames stand for two"
