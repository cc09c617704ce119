"""Every table that passes from one stage to the next: its columns and its checks.

Times are int64 nanoseconds on the session's clock; intervals are half-open, [start_ns, end_ns).
A trailing ? marks a column that may hold nulls. `mexlab.tablespec` reads and writes them.
"""

from typing import Any

import numpy as np
import pyarrow as pa

from mexlab.emotions import AUS, EMOTIONS, HEAD_WAYS, REGIONS
from mexlab.tablespec import (
    TableSpec,
    columns,
    counts_from_zero,
    one_of,
    ordered,
    rising,
    start_before_end,
    unique,
    within,
)

FLOW_SIDE = 28  # side of the reduced flow fields, in cells
FLOW_LENGTH = 2 * FLOW_SIDE * FLOW_SIDE

_i8, _i16, _i32, _i64 = pa.int8(), pa.int16(), pa.int32(), pa.int64()
_f16, _f32, _str, _bool = pa.float16(), pa.float32(), pa.string(), pa.bool_()
IMAGE = pa.struct([pa.field("bytes", pa.binary()), pa.field("path", pa.string())])


INTERVAL_KINDS = ("micro", "macro", "uncertain", "none")
EVIDENCE = ("peak", "report", "both", "none")
TRUTH_KINDS = ("micro", "macro", "blink", "head-turn")
ROLES = ("train", "val", "test")
RATES = ("ok", "slow", "jittery")  # what the recording's timing is worth for a clip's frame rate

FRAMES = TableSpec(
    "frames",
    pa.schema(
        columns(("frame", _i32), ("capture_ns pts_ns", _i64), ("dropped_before", _i16)),
    ),
    (counts_from_zero("frame"), rising("capture_ns"), rising("pts_ns")),
)

PRESENTATION = TableSpec(
    "presentation",
    pa.schema(columns(("stimulus_frame", _i32), ("media_ns shown_ns delivered_ns?", _i64))),
    (rising("shown_ns"),),
)

SCENES = TableSpec(
    "scenes",
    pa.schema(columns(("scene", _i8), ("emotion", _str), ("start_ns end_ns", _i64))),
    (start_before_end, unique("scene"), one_of("emotion", EMOTIONS)),
)

AU_TABLE = TableSpec(
    "aus",
    pa.schema(
        columns(
            ("frame", _i32),
            ("t_ns", _i64),
            ("face", _bool),
            ("score", _f32),
            ("box_x? box_y? box_w? box_h?", _f32),
            (" ".join(f"{au}?" for au in AUS), _f32),
            (" ".join(f"{emotion}?" for emotion in EMOTIONS), _f32),
            ("intensity? pitch? roll? yaw?", _f32),
            ("landmarks?", pa.list_(_f32, 136)),
        )
    ),
    (counts_from_zero("frame"), rising("t_ns"), within(AUS, 0, 1), within(EMOTIONS, 0, 1)),
)

MOTION = TableSpec(
    "motion",
    pa.schema(
        columns(
            ("frame", _i32),
            ("t_ns", _i64),
            (" ".join(f"{region}_{axis}?" for region in REGIONS for axis in "uv"), _f32),
            ("blink", _bool),
            (" ".join(f"{way}?" for way in HEAD_WAYS), _f32),  # what was taken from the regions
        )
    ),
    (counts_from_zero("frame"), rising("t_ns")),
    version=2,
)

INTERVALS = TableSpec(
    "intervals",
    pa.schema(
        columns(
            ("interval_id", _str),
            ("scene", _i8),
            ("target reported? expressed", _str),
            ("start_ns end_ns onset_ns? apex_ns? offset_ns?", _i64),
            ("intensity prominence", _f32),
            ("rank", _i8),
            ("evidence kind", _str),
            ("duration_ms? from_report_ms?", _f32),  # apex after the moment reported, if one was
        )
    ),
    (
        unique("interval_id"),
        start_before_end,
        one_of("expressed", EMOTIONS),
        one_of("kind", INTERVAL_KINDS),
        one_of("evidence", EVIDENCE),
        ordered("onset_ns", "apex_ns", "offset_ns"),
    ),
    version=2,
)

TRUTH = TableSpec(
    "truth",
    pa.schema(
        columns(
            ("scene", _i8),
            ("emotion", _str),
            ("onset_ns apex_ns offset_ns", _i64),
            ("kind", _str),
            ("amplitude_iod", _f32),
            ("base_face", _str),
        )
    ),
    (one_of("kind", TRUTH_KINDS), ordered("onset_ns", "apex_ns", "offset_ns")),
)

CLIPS = TableSpec(
    "clips",
    pa.schema(
        columns(
            ("clip_id subject group source session?", _str),
            ("scene? label? label3?", _i8),
            ("label_source? target? reported? expressed? coded?", _str),
            ("start_ns end_ns", _i64),
            ("onset? apex? offset? n_frames", _i16),
            ("duration_ms?", _f32),
            ("kind", _str),
            ("source_hz", _f32),
            ("modality", _str),
            ("coders", _i8),
            ("apex_flow", pa.list_(_f16, FLOW_LENGTH)),
            ("face_score? sharpness exposure clipped head_turn_deg? blink?", _f32),
            ("repeated gaps", _i16),
            ("rate", _str),
        )
    ),
    (
        unique("clip_id"),
        start_before_end,
        ordered("onset", "apex", "offset"),
        one_of("rate", RATES),
    ),
    version=2,
)

CLIP_FRAMES = TableSpec(
    "clip_frames",
    pa.schema(
        columns(
            ("clip_id subject", _str),
            ("frame", _i16),
            ("t_ns", _i64),
            ("step_ms", _f32),
            ("source_frame", _i32),
            ("source_error_ms", _f32),
            ("label?", _i8),
            ("image", IMAGE),
            ("flow", pa.list_(_f16, FLOW_LENGTH)),
            ("aus", pa.list_(_f32, len(AUS))),
            ("repeated gap", _bool),
        )
    ),
    version=2,
)

SPLITS = TableSpec(
    "splits",
    pa.schema(
        columns(("protocol", _str), ("fold", _i16), ("clip_id subject role", _str)),
    ),
    (one_of("role", ROLES),),
)

ALL_TABLES = (
    FRAMES,
    PRESENTATION,
    SCENES,
    AU_TABLE,
    MOTION,
    INTERVALS,
    TRUTH,
    CLIPS,
    CLIP_FRAMES,
    SPLITS,
)


def matrix(column: "pa.ChunkedArray[Any]") -> "np.ndarray[Any, Any]":
    """A fixed-size list column without nulls as an array (rows, length), dtype of its items."""
    values: Any = column.combine_chunks()
    items = values.flatten().to_numpy(zero_copy_only=False)
    return np.asarray(items).reshape(len(column), column.type.list_size)
