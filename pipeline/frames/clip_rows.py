"""Rows of the clips and frames tables from a clip whose pictures have all been taken."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mexlab.emotions import LABELS3, label_of
from mexlab.tables import CLIP_FRAMES, CLIPS, FLOW_LENGTH
from mexlab.timebase import NS_PER_MS
from pipeline.frames.encoding import IMAGE_FORMATS
from pipeline.frames.making import Clip, Origin
from pipeline.frames.quality import over_clip

FLOW_STEP_MS = 50.0  # consecutive flow is scaled to this step


def clips_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows of `clip_row` as a table."""
    return CLIPS.build({name: [row[name] for row in rows] for name in CLIPS.schema.names})


def frame_rows(clip: Clip, origin: Origin, aus: Sequence[Sequence[float | None]]) -> pa.Table:
    """The clip's rows of the frames table; `aus` are the scores of each exported frame."""
    steps_ms = np.diff(clip.times.t_ns, prepend=clip.times.t_ns[:1]) / NS_PER_MS
    label = None if clip.plan.label is None else label_of(clip.plan.label)
    suffix, when = IMAGE_FORMATS[clip.settings.image].suffix, clip.timing
    return CLIP_FRAMES.build(
        {
            "clip_id": [clip.plan.clip_id] * clip.n_frames,
            "subject": [origin.subject] * clip.n_frames,
            "frame": np.arange(clip.n_frames),
            "t_ns": clip.times.t_ns,
            "step_ms": steps_ms,
            "source_frame": clip.times.source_frame,
            "source_error_ms": clip.times.error_ns / NS_PER_MS,
            "label": [label] * clip.n_frames,
            "image": [
                {"bytes": clip.images[int(index)], "path": f"{clip.plan.clip_id}-{row:03d}{suffix}"}
                for row, index in enumerate(clip.times.source_frame)
            ],
            "flow": list(_consecutive(clip, steps_ms)),
            "aus": list(aus),
            "repeated": when.repeated,
            "gap": when.gap,
        }
    )


def _consecutive(clip: Clip, steps_ms: NDArray[np.float64]) -> NDArray[np.float16]:
    """Flow of each row from the row before, per FLOW_STEP_MS, (rows, 1568); zeros for the first."""
    source = clip.times.source_frame.tolist()
    flows = np.zeros((clip.n_frames, FLOW_LENGTH), np.float16)
    for row in np.flatnonzero(steps_ms > 0):
        flow = clip.flow(source[row - 1], source[row])
        flows[row] = (flow * (FLOW_STEP_MS / steps_ms[row])).ravel()
    return flows


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


def clip_row(clip: Clip, origin: Origin) -> dict[str, Any]:
    """The clip's row of the clips table."""
    interval = clip.plan.interval
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
        "apex_flow": clip.flow(*apex_pair(clip)).ravel().astype(np.float16),
        **_quality(clip),
    }


def _quality(clip: Clip) -> dict[str, Any]:
    when = clip.timing
    exported = [clip.quality[int(index)] for index in np.unique(clip.times.source_frame)]
    return {
        "face_score": clip.seen.face_score,
        **over_clip(exported),
        "head_turn_deg": clip.seen.head_turn_deg,
        "blink": clip.seen.blink,
        "repeated": int(when.repeated.sum()),
        "gaps": int(when.gap.sum()),
        "rate": when.rate,
    }
