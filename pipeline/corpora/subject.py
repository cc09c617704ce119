"""One subject's clips from pictures to the two files of the dataset; runs in a worker process."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from mexlab.emotions import AUS
from mexlab.parallel import Report
from mexlab.timebase import NS_PER_MS, NS_PER_S, ResamplingPlan, native_plan, resampling_plan
from mexlab.vision.landmarker import FaceLandmarker
from mexlab.vision.video import Image
from pipeline.clips import ClipPlan
from pipeline.corpora.clip import CorpusClip, Note, RowProblem, Unused
from pipeline.corpora.pictures import Look, look, looked_at, one_size, picture
from pipeline.form.dataset import write_subject
from pipeline.frames.clip_rows import clip_row, clips_table, frame_rows
from pipeline.frames.making import Clip, Origin
from pipeline.frames.settings import BuildSettings

CODERS = 2  # at least: all these corpora were coded by two people or more
NO_SCORES = (None,) * len(AUS)


@dataclass(frozen=True)
class SubjectTask:
    """A subject to import; `estimate_apex` where the corpus codes none."""

    out: Path
    subject: str
    group: str
    source: str
    clips: tuple[CorpusClip, ...]
    estimate_apex: bool
    settings: BuildSettings
    model: Path


@dataclass
class SubjectOutcome:
    """What became of a subject's clips; sizes in px, one entry a clip used."""

    used: list[str] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    picture_px: list[tuple[int, int]] = field(default_factory=list)
    face_px: list[tuple[int, int]] = field(default_factory=list)
    repeated: int = 0


def import_subject(task: SubjectTask, report: Report) -> SubjectOutcome:
    """Import one subject; no file is written if no clip of it can be used."""
    cv2.setNumThreads(1)  # processes share the cores; and one thread gives one result
    outcome = SubjectOutcome()
    rows, frames = [], []
    with FaceLandmarker(task.model) as landmarker:
        for clip in task.clips:
            origin = _origin(task, clip)
            try:
                size = one_size(clip)
                made, looked = _made(clip, task, landmarker)
            except RowProblem as problem:
                outcome.unused.append(Unused(clip.row, clip.name, str(problem)))
                continue
            frames.append(frame_rows(made, origin, [NO_SCORES] * made.n_frames))
            rows.append(clip_row(made, origin))
            _remember(outcome, clip, made, size, looked)
            report(made.n_frames)
    if rows:
        write_subject(task.out, task.subject, clips_table(rows), frames)
    return outcome


def picked(clip: CorpusClip, fps: float | None) -> ResamplingPlan:
    """The clip's frames by time, from onset to the end of the offset frame; every one if None.

    Times are frame numbers over the corpus's rate: one clock for all clips of a recording.
    """
    numbers = np.array([number for number, _ in clip.frames], dtype=np.int64)
    capture = np.array([time_ns(int(number), clip.fps) for number in numbers], dtype=np.int64)
    start, end = span_ns(clip)
    if fps is None:
        plan = native_plan(capture, start, end)
    else:
        plan = resampling_plan(capture, start, end, fps)
    return ResamplingPlan(numbers[plan.source_frame], plan.t_ns, plan.error_ns)


def span_ns(clip: CorpusClip) -> tuple[int, int]:
    """[start_ns, end_ns): from the onset to the end of the offset frame."""
    return time_ns(clip.onset, clip.fps), time_ns(clip.offset + 1, clip.fps)


def time_ns(number: int, fps: float) -> int:
    """When a frame was taken, from its number."""
    return round(number * NS_PER_S / fps)


def largest_motion(clip: Clip, onset: int, numbers: Sequence[int]) -> int:
    """The frame whose flow from the onset is largest on average; of equals the earlier one."""
    motion = [float(np.linalg.norm(clip.flow(onset, n), axis=0).mean()) for n in numbers]
    return numbers[int(np.argmax(motion))]


def _made(clip: CorpusClip, task: SubjectTask, landmarker: FaceLandmarker) -> tuple[Clip, Look]:
    """The clip with all the pictures it needs taken."""
    settings = task.settings
    times = picked(clip, settings.fps)
    seen: dict[int, Image] = {number: picture(clip, number) for number in looked_at(clip)}
    looked = look(seen.values(), clip.cropped, landmarker, settings.size, settings.margin)
    numbers = [number for number, _ in clip.frames]
    there = np.array([time_ns(number, clip.fps) for number in numbers], dtype=np.int64)
    made = Clip(_plan(clip), times, looked.crop, settings, there)
    needed = {*times.source_frame.tolist(), clip.onset}
    needed |= set(numbers) if clip.apex is None else {clip.apex}
    for number in sorted(needed):
        made.take(number, seen[number] if number in seen else picture(clip, number))
    made.settle()
    apex = clip.apex
    if apex is None:
        apex = largest_motion(made, clip.onset, numbers)
        if task.estimate_apex:
            made.plan.interval["apex_ns"] = time_ns(apex, clip.fps)
    made.apex_pair = (clip.onset, apex)
    return made, looked


def _plan(clip: CorpusClip) -> ClipPlan:
    (onset, end), offset = span_ns(clip), time_ns(clip.offset, clip.fps)
    interval = {
        "scene": None,
        "target": None,
        "reported": clip.reported,
        "expressed": None,
        "start_ns": onset,
        "end_ns": end,
        "onset_ns": onset,
        "apex_ns": None if clip.apex is None else time_ns(clip.apex, clip.fps),
        "offset_ns": offset,
        "duration_ms": (offset - onset) / NS_PER_MS,
        "kind": clip.kind,
    }
    source = None if clip.label is None and clip.label3 is None else "coded"
    return ClipPlan(clip.clip_id, interval, clip.label, source, clip.label3, clip.emotion)


def _origin(task: SubjectTask, clip: CorpusClip) -> Origin:
    return Origin(
        subject=task.subject,
        group=task.group,
        source=task.source,
        session=None,
        modality=clip.modality,
        hz=clip.fps,
        coders=CODERS,
    )


def _remember(
    outcome: SubjectOutcome, clip: CorpusClip, made: Clip, size: tuple[int, int], looked: Look
) -> None:
    made.greys.clear()
    outcome.used.append(clip.clip_id)
    outcome.picture_px.append(size)
    outcome.face_px.append(looked.face_px)
    outcome.repeated += made.times.repeated
    if not looked.found:
        reason = "no face found in the cropped pictures: the distance of the eyes is a guess"
        outcome.notes.append(Note(clip.row, clip.name, reason))
