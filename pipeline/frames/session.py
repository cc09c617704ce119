"""Clips as rows of the clips and frames tables: a session's recording, its analyses and plans in.

The recording is decoded once. Frames are picked by time (mexlab.timebase), cropped by one
similarity transform per clip, stored beside their flow from the frame before. A clip is handed on
as soon as its last frame is decoded, so that what is held depends neither on the length of the
recording nor on the number of clips. Corpora bring their own pictures (pipeline.corpora) and share
what makes rows of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mexlab.emotions import AUS
from mexlab.parallel import Report
from mexlab.session import Session
from mexlab.tables import matrix
from mexlab.timebase import ResamplingPlan, median_rate_hz, native_plan, resampling_plan
from mexlab.vision.crop import face_crop
from pipeline.clips import ClipPlan
from pipeline.frames.analyses import Analyses
from pipeline.frames.clip_rows import clip_row, frame_rows
from pipeline.frames.decoding import decoded
from pipeline.frames.making import Clip, Origin
from pipeline.frames.quality import seen
from pipeline.frames.settings import BuildSettings


@dataclass(frozen=True)
class MadeClip:
    """A finished clip: its row of the clips table, its frames, how many of them serve two rows."""

    row: dict[str, Any]
    frames: pa.Table
    repeated: int


def session_clips(
    session: Session,
    analyzer: str,
    plans: Sequence[ClipPlan],
    settings: BuildSettings,
    group: str,
    source: str,
    report: Report,
) -> Iterator[MadeClip]:
    """The session's clips, each as soon as its last frame is decoded.

    A plan whose frames show no face gives no clip. `report` hears of every exported frame.
    """
    recorded = session.frames()
    capture_ns = recorded["capture_ns"].to_numpy()
    picked = [(plan, picked_frames(plan, capture_ns, settings)) for plan in plans]
    sources = [times.source_frame for _, times in picked]
    analyses = Analyses.of(session, analyzer, sources, len(recorded))
    origin = Origin(
        session.header.participant,
        group,
        source,
        session.id,
        session.header.modality,
        median_rate_hz(capture_ns),
    )
    wanted = _by_frame(
        clip for each in picked if (clip := _start(*each, capture_ns, analyses, settings))
    )
    pts_ns = recorded["pts_ns"].to_numpy()
    for frame in decoded(session.recording_path, pts_ns, sorted(wanted)):
        for clip in wanted.pop(frame.index):
            clip.take(frame.index, frame)
            if frame.index == clip.last:
                yield _made(clip, origin, analyses)
                report(clip.n_frames)


def frame_total(session: Session, plans: Sequence[ClipPlan], settings: BuildSettings) -> int:
    """How many frames these plans export."""
    capture_ns = session.frames()["capture_ns"].to_numpy()
    return sum(len(picked_frames(plan, capture_ns, settings).source_frame) for plan in plans)


def picked_frames(
    plan: ClipPlan, capture_ns: NDArray[np.int64], settings: BuildSettings
) -> ResamplingPlan:
    """The recorded frames that stand for the clip's, out of those captured at `capture_ns`."""
    start, end = plan.interval["start_ns"], plan.interval["end_ns"]
    if settings.fps is None:
        return native_plan(capture_ns, start, end)
    return resampling_plan(capture_ns, start, end, settings.fps)


def _start(
    plan: ClipPlan,
    times: ResamplingPlan,
    capture_ns: NDArray[np.int64],
    analyses: Analyses,
    settings: BuildSettings,
) -> Clip | None:
    """A clip with its crop, from the landmarks of its own frames; None if none shows a face."""
    source = times.source_frame
    landmarks = analyses.aus_of(np.unique(source))["landmarks"].drop_null()
    if not len(landmarks):
        return None
    crop = face_crop(matrix(landmarks).reshape(-1, 68, 2), settings.size, settings.margin)
    span = capture_ns[source[0] : source[-1] + 1].copy()  # not a view of all of them
    what_is_seen = seen(analyses.aus_of(source), analyses.blinks_of(source))
    return Clip(plan, times, crop, settings, span, plan.apex_pair, what_is_seen)


def _by_frame(clips: Iterable[Clip]) -> dict[int, list[Clip]]:
    """Source frame -> the clips that need it; nothing else holds a clip."""
    wanted: dict[int, list[Clip]] = {}
    for clip in clips:
        for index in clip.needed:
            wanted.setdefault(index, []).append(clip)
    return wanted


def _made(clip: Clip, origin: Origin, analyses: Analyses) -> MadeClip:
    clip.settle()
    scores = analyses.aus_of(clip.times.source_frame).select(AUS).to_pylist()
    aus = [[row[au] for au in AUS] for row in scores]
    rows = frame_rows(clip, origin, aus)
    return MadeClip(clip_row(clip, origin), rows, clip.times.repeated)
