"""Clips as rows of the clips and frames tables; one session's recording, AUs and plans in.

The recording is decoded once. Frames are picked by time (mexlab.timebase), cropped by one
similarity transform per clip, kept as JPEG beside their flow from the frame before. Corpora bring
their own pictures (pipeline.corpora) and share what makes rows of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mexlab.emotions import AUS, LABELS3, label_of
from mexlab.errors import InputError
from mexlab.parallel import Report
from mexlab.session import Session
from mexlab.tables import CLIP_FRAMES, CLIPS, FLOW_LENGTH, matrix
from mexlab.timebase import (
    NS_PER_MS,
    ResamplingPlan,
    median_rate_hz,
    native_plan,
    nearest,
    resampling_plan,
)
from mexlab.vision.crop import FaceCrop, face_crop
from mexlab.vision.flow import FLOW_METHODS, grey, reduced
from mexlab.vision.video import Grey, Image, Video
from pipeline.clips import ClipPlan

FLOW_STEP_MS = 50.0  # consecutive flow is scaled to this step
JPEG_QUALITY = 95


@dataclass(frozen=True)
class BuildSettings:
    """How frames are made. `fps` None keeps the recording's own frames."""

    fps: float | None = 20.0
    size: int = 224
    margin: float = 1.3
    flow: str = "farneback"


def parse_fps(text: str) -> float | None:
    """Frames per second as a number, None for `native`. Raises InputError for anything else."""
    if text == "native":
        return None
    try:
        fps = float(text)
    except ValueError:
        fps = 0.0
    if not 1 <= fps <= 1000:
        raise InputError(f"{text!r} is not a frame rate", "--fps", "give a number or native")
    return fps


@dataclass(frozen=True)
class Origin:
    """Where clips come from: columns that are the same for all clips of a recording."""

    subject: str
    group: str
    source: str
    session: str | None
    modality: str
    hz: float
    coders: int = 0


@dataclass
class Clip:
    """A clip in the making: its frames by time, its crop, and what has been decoded so far.

    `apex_pair` are the source frames of `apex_flow` where they are known to the frame; otherwise
    the rows of onset and apex are taken.
    """

    plan: ClipPlan
    times: ResamplingPlan
    crop: FaceCrop
    apex_pair: tuple[int, int] | None = None
    jpegs: dict[int, bytes] = field(default_factory=dict)
    greys: dict[int, Grey] = field(default_factory=dict)

    @property
    def n_frames(self) -> int:
        return len(self.times.source_frame)

    def row_of(self, moment: str) -> int | None:
        """Row number of the exported frame nearest to the onset, apex or offset."""
        at_ns = self.plan.interval[f"{moment}_ns"]
        if at_ns is None:
            return None
        # A frame used twice has two rows with one time: the first is meant.
        times, first_row = np.unique(self.times.t_ns, return_index=True)
        return int(first_row[nearest(times, [at_ns])[0]])


def session_rows(
    session: Session,
    analyzer: str,
    plans: list[ClipPlan],
    settings: BuildSettings,
    group: str,
    source: str,
    report: Report,
) -> tuple[pa.Table, pa.Table, int]:
    """Clips table, frames table and the number of frames that serve two rows.

    A plan whose frames show no face gives no clip. `report` hears of every exported frame.
    """
    capture_ns = session.frames()["capture_ns"].to_numpy()
    aus = session.aus(analyzer)
    clips = [clip for plan in plans if (clip := _start(plan, capture_ns, aus, settings))]
    wanted: dict[int, list[Clip]] = {}
    for clip in clips:
        for frame in {*clip.times.source_frame.tolist(), *(clip.apex_pair or ())}:
            wanted.setdefault(frame, []).append(clip)
    for index, image in _decoded(session, wanted):
        for clip in wanted[index]:
            take(clip, index, image)
    origin = Origin(
        session.header.participant,
        group,
        source,
        session.id,
        session.header.modality,
        median_rate_hz(capture_ns),
    )
    clip_rows, rows = [], []
    for clip in clips:
        scores = aus.select(AUS).take(clip.times.source_frame).to_pylist()
        rows.append(frame_rows(clip, origin, [[row[au] for au in AUS] for row in scores], settings))
        clip_rows.append(clip_row(clip, origin, settings))
        report(clip.n_frames)
        clip.greys.clear()
    frames = pa.concat_tables(rows) if rows else CLIP_FRAMES.empty()
    return clips_table(clip_rows), frames, sum(clip.times.repeated for clip in clips)


def clips_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows of `clip_row` as a table."""
    return CLIPS.build({name: [row[name] for row in rows] for name in CLIPS.schema.names})


def frame_total(session: Session, plans: list[ClipPlan], settings: BuildSettings) -> int:
    """How many frames these plans export."""
    capture_ns = session.frames()["capture_ns"].to_numpy()
    return sum(len(_times(plan, capture_ns, settings).source_frame) for plan in plans)


def _times(
    plan: ClipPlan, capture_ns: NDArray[np.int64], settings: BuildSettings
) -> ResamplingPlan:
    start, end = plan.interval["start_ns"], plan.interval["end_ns"]
    if settings.fps is None:
        return native_plan(capture_ns, start, end)
    return resampling_plan(capture_ns, start, end, settings.fps)


def _start(
    plan: ClipPlan, capture_ns: NDArray[np.int64], aus: pa.Table, settings: BuildSettings
) -> Clip | None:
    """A clip with its crop, from the landmarks of its own frames; None if none shows a face."""
    times = _times(plan, capture_ns, settings)
    rows = aus.take(np.unique(times.source_frame))
    landmarks = matrix(rows["landmarks"].drop_null()).reshape(-1, 68, 2)
    if not len(landmarks):
        return None
    crop = face_crop(landmarks, settings.size, settings.margin)
    return Clip(plan, times, crop, plan.apex_pair)


def _decoded(session: Session, wanted: dict[int, list[Clip]]) -> Iterator[tuple[int, Image]]:
    last = max(wanted, default=-1)
    for frame in Video(session.recording_path).frames() if wanted else ():
        if frame.index in wanted:
            yield frame.index, frame.rgb()
        if frame.index == last:
            return


def take(clip: Clip, index: int, image: Image) -> None:
    """Crop one decoded source frame and keep it as JPEG, and grey for the flow."""
    face = clip.crop.apply(image)
    _, jpeg = cv2.imencode(
        ".jpg", cv2.cvtColor(face, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY)
    )
    clip.jpegs[index] = jpeg.tobytes()
    clip.greys[index] = grey(face)


def flow_between(clip: Clip, first: int, second: int, method: str) -> NDArray[np.float32]:
    """Flow between two source frames, (2, 28, 28) percent of the inter-ocular distance.

    Zeros for one frame twice.
    """
    if first == second:
        return np.zeros((2, 28, 28), np.float32)
    field_px = FLOW_METHODS[method](clip.greys[first], clip.greys[second])
    return reduced(field_px, clip.crop.iod_px)


def _steps_ms(clip: Clip) -> NDArray[np.float64]:
    return np.diff(clip.times.t_ns, prepend=clip.times.t_ns[:1]) / NS_PER_MS


def frame_rows(
    clip: Clip, origin: Origin, aus: Sequence[Sequence[float | None]], settings: BuildSettings
) -> pa.Table:
    """The clip's rows of the frames table; `aus` are the scores of each exported frame."""
    steps_ms = _steps_ms(clip)
    source = clip.times.source_frame
    flows = np.zeros((clip.n_frames, FLOW_LENGTH), np.float16)
    for row in range(1, clip.n_frames):
        if steps_ms[row] > 0:
            scale = FLOW_STEP_MS / steps_ms[row]
            pair = int(source[row - 1]), int(source[row])
            flows[row] = (flow_between(clip, *pair, settings.flow) * scale).ravel()
    label = None if clip.plan.label is None else label_of(clip.plan.label)
    return CLIP_FRAMES.build(
        {
            "clip_id": [clip.plan.clip_id] * clip.n_frames,
            "subject": [origin.subject] * clip.n_frames,
            "frame": np.arange(clip.n_frames),
            "t_ns": clip.times.t_ns,
            "step_ms": steps_ms,
            "source_frame": source,
            "source_error_ms": clip.times.error_ns / NS_PER_MS,
            "label": [label] * clip.n_frames,
            "image": [
                {"bytes": clip.jpegs[int(index)], "path": f"{clip.plan.clip_id}-{row:03d}.jpg"}
                for row, index in enumerate(source)
            ],
            "flow": list(flows),
            "aus": list(aus),
        }
    )


def apex_pair(clip: Clip) -> tuple[int, int]:
    """The source frames that `apex_flow` leads from and to."""
    if clip.apex_pair is not None:
        return clip.apex_pair
    onset, apex = clip.row_of("onset"), clip.row_of("apex")
    if onset is None or apex is None:
        first, second = 0, clip.n_frames // 2
    else:
        # An onset that falls on the apex's own row would give a flow of nothing.
        first, second = min(onset, max(apex - 1, 0)), apex
    return int(clip.times.source_frame[first]), int(clip.times.source_frame[second])


def clip_row(clip: Clip, origin: Origin, settings: BuildSettings) -> dict[str, Any]:
    """The clip's row of the clips table."""
    interval = clip.plan.interval
    flow = flow_between(clip, *apex_pair(clip), settings.flow)
    label, label3 = clip.plan.label, clip.plan.label3
    return {
        "clip_id": clip.plan.clip_id,
        "subject": origin.subject,
        "group": origin.group,
        "source": origin.source,
        "session": origin.session,
        "scene": interval["scene"],
        "label": None if label is None else label_of(label),
        "label3": None if label3 is None else LABELS3.index(label3),
        "label_source": clip.plan.label_source,
        "target": interval["target"],
        "reported": interval["reported"],
        "expressed": interval["expressed"],
        "coded": clip.plan.coded,
        "start_ns": interval["start_ns"],
        "end_ns": interval["end_ns"],
        "onset": clip.row_of("onset"),
        "apex": clip.row_of("apex"),
        "offset": clip.row_of("offset"),
        "n_frames": clip.n_frames,
        "duration_ms": interval["duration_ms"],
        "kind": interval["kind"],
        "source_hz": origin.hz,
        "modality": origin.modality,
        "coders": clip.plan.coders or origin.coders,
        "apex_flow": flow.ravel().astype(np.float16),
    }
