"""One session's clips as rows: recording, AU table and clip plans in, clips and frames out.

The recording is decoded once. Frames are picked by time (mexlab.timebase), cropped by one
similarity transform per clip, kept as JPEG beside their flow from the frame before.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mexlab.emotions import AUS, label3_of, label_of
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


@dataclass
class Clip:
    """A clip in the making: its frames by time, its crop, and what has been decoded so far."""

    plan: ClipPlan
    times: ResamplingPlan
    crop: FaceCrop
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
        for frame in set(clip.times.source_frame.tolist()):
            wanted.setdefault(frame, []).append(clip)
    for index, image in _decoded(session, wanted):
        for clip in wanted[index]:
            _take(clip, index, image)
    clip_rows, frame_rows = [], []
    for clip in clips:
        rows = _frame_rows(clip, session.header.participant, aus, settings)
        frame_rows.append(rows)
        clip_rows.append(
            _clip_row(clip, session, settings, group, source, median_rate_hz(capture_ns))
        )
        report(clip.n_frames)
        clip.greys.clear()
    columns = {name: [row[name] for row in clip_rows] for name in CLIPS.schema.names}
    frames = pa.concat_tables(frame_rows) if frame_rows else CLIP_FRAMES.empty()
    return CLIPS.build(columns), frames, sum(clip.times.repeated for clip in clips)


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
    return Clip(plan, times, face_crop(landmarks, settings.size, settings.margin))


def _decoded(session: Session, wanted: dict[int, list[Clip]]) -> Iterator[tuple[int, Image]]:
    last = max(wanted, default=-1)
    for frame in Video(session.recording_path).frames() if wanted else ():
        if frame.index in wanted:
            yield frame.index, frame.rgb()
        if frame.index == last:
            return


def _take(clip: Clip, index: int, image: Image) -> None:
    face = clip.crop.apply(image)
    _, jpeg = cv2.imencode(
        ".jpg", cv2.cvtColor(face, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY)
    )
    clip.jpegs[index] = jpeg.tobytes()
    clip.greys[index] = grey(face)


def _flow(clip: Clip, first_row: int, second_row: int, method: str) -> NDArray[np.float32]:
    """Flow between two rows, (2, 28, 28) percent of the inter-ocular distance; 0 for one frame."""
    first, second = (int(clip.times.source_frame[row]) for row in (first_row, second_row))
    if first == second:
        return np.zeros((2, 28, 28), np.float32)
    field_px = FLOW_METHODS[method](clip.greys[first], clip.greys[second])
    return reduced(field_px, clip.crop.iod_px)


def _steps_ms(clip: Clip) -> NDArray[np.float64]:
    return np.diff(clip.times.t_ns, prepend=clip.times.t_ns[:1]) / NS_PER_MS


def _frame_rows(clip: Clip, subject: str, aus: pa.Table, settings: BuildSettings) -> pa.Table:
    steps_ms = _steps_ms(clip)
    flows = np.zeros((clip.n_frames, FLOW_LENGTH), np.float16)
    for row in range(1, clip.n_frames):
        if steps_ms[row] > 0:
            scale = FLOW_STEP_MS / steps_ms[row]
            flows[row] = (_flow(clip, row - 1, row, settings.flow) * scale).ravel()
    source = clip.times.source_frame
    scores = aus.select(AUS).take(source)
    label = None if clip.plan.label is None else label_of(clip.plan.label)
    return CLIP_FRAMES.build(
        {
            "clip_id": [clip.plan.clip_id] * clip.n_frames,
            "subject": [subject] * clip.n_frames,
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
            "aus": [[row[au] for au in AUS] for row in scores.to_pylist()],
        }
    )


def _clip_row(
    clip: Clip, session: Session, settings: BuildSettings, group: str, source: str, hz: float
) -> dict[str, Any]:
    interval = clip.plan.interval
    onset, apex, offset = (clip.row_of(moment) for moment in ("onset", "apex", "offset"))
    if onset is None or apex is None:
        first, second = 0, clip.n_frames // 2
    else:
        # An onset that falls on the apex's own row would give a flow of nothing.
        first, second = min(onset, max(apex - 1, 0)), apex
    label = clip.plan.label
    return {
        "clip_id": clip.plan.clip_id,
        "subject": session.header.participant,
        "group": group,
        "source": source,
        "session": session.id,
        "scene": interval["scene"],
        "label": None if label is None else label_of(label),
        "label3": None if label is None else label3_of(label),
        "label_source": clip.plan.label_source,
        "target": interval["target"],
        "reported": interval["reported"],
        "expressed": interval["expressed"],
        "coded": None,
        "start_ns": interval["start_ns"],
        "end_ns": interval["end_ns"],
        "onset": onset,
        "apex": apex,
        "offset": offset,
        "n_frames": clip.n_frames,
        "duration_ms": interval["duration_ms"],
        "kind": interval["kind"],
        "source_hz": hz,
        "modality": session.header.modality,
        "coders": 0,
        "apex_flow": _flow(clip, first, second, settings.flow).ravel().astype(np.float16),
    }
