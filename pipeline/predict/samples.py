"""What the network is shown of a frame and of an interval: the samples it was trained on.

An interval's are those that `pipeline.training.cache` makes of a clip. A frame by itself has none
of these where the network knows onset-to-apex flow; it is then taken for the apex of a movement
that began REACH_S before it.
"""

import numpy as np
from numpy.typing import NDArray

from mexlab.emotions import AUS
from mexlab.tables import FLOW_SIDE, matrix
from mexlab.timebase import NS_PER_MS
from mexlab.vision.crop import FaceCrop
from mexlab.vision.flow import FLOW_METHODS, reduced, without_head_motion
from mexlab.vision.planes import face_of
from mexlab.vision.strain import optical_strain
from mexlab.vision.video import Frame
from pipeline.form.dataset import column
from pipeline.frames.clip_rows import FLOW_STEP_MS, apex_pair, frame_rows
from pipeline.frames.encoding import IMAGE_FORMATS
from pipeline.frames.making import Clip, Origin
from pipeline.frames.retouch import DENOISERS
from pipeline.frames.settings import BuildSettings
from pipeline.training.cache import Kind, decode_face

Sample = NDArray[np.float32]  # (channels, 28, 28), not normalised

REACH_TICKS = 5  # 0.25 s: onset to apex of a micro-expression of half a second, the longest
NOBODY = Origin("", "", "", None, "", 0.0)


def interval_samples(clip: Clip, kind: Kind) -> NDArray[np.float32]:
    """(n, channels, 28, 28) of a clip whose pictures are all taken; n is 1 for onset to apex."""
    if not kind.of_frames:
        flow = clip.flow(*apex_pair(clip))
        return _as_stored(flow, kind)[None]
    kept = _frames(clip, kind)
    rows = frame_rows(clip, NOBODY, [[None] * len(AUS)] * clip.n_frames).take(kept)
    if kind.input == "rgb":
        pictures = [decode_face(image["bytes"]) for image in column(rows, "image")]
        return np.stack(pictures).astype(np.float32)
    flows = matrix(rows["flow"]).reshape(-1, 2, FLOW_SIDE, FLOW_SIDE)
    return np.stack([_as_stored(flow, kind) for flow in flows])


def _frames(clip: Clip, kind: Kind) -> NDArray[np.int64]:
    """Rows of the clip: from onset to offset; of flow not the first, which leads from nowhere."""
    onset, offset = clip.row_of("onset"), clip.row_of("offset")
    rows = np.arange(0 if onset is None else onset, clip.n_frames if offset is None else offset + 1)
    if kind.input != "rgb" and (rows > 0).any():
        rows = rows[rows > 0]
    if kind.sequence and len(rows) > kind.max_frames:
        rows = rows[np.linspace(0, len(rows) - 1, kind.max_frames).round().astype(np.int64)]
    return rows


def picture_sample(crop: FaceCrop, frame: Frame, settings: BuildSettings) -> Sample:
    """RGB of one frame, by way of the picture a dataset would hold."""
    face = face_of(crop, frame)
    denoise = DENOISERS[settings.denoise]
    encoded = IMAGE_FORMATS[settings.image].encode((denoise(face) if denoise else face).bgr)
    return decode_face(encoded).astype(np.float32)


def flow_sample(
    crop: FaceCrop, before: Frame, frame: Frame, kind: Kind, settings: BuildSettings
) -> Sample:
    """Flow between two frames in one crop; from frame to frame it is scaled to 50 ms."""
    if before.index == frame.index:
        return _as_stored(np.zeros((2, FLOW_SIDE, FLOW_SIDE), np.float32), kind)
    denoise = DENOISERS[settings.denoise]
    faces = [face_of(crop, each) for each in (before, frame)]
    lumas = [(denoise(face) if denoise else face).luma for face in faces]
    flow = reduced(FLOW_METHODS[settings.flow](*lumas), crop.iod_px)
    if settings.remove_head_motion:
        flow = without_head_motion(flow)
    if kind.of_frames:
        flow = flow * (FLOW_STEP_MS / ((frame.t_ns - before.t_ns) / NS_PER_MS))
    return _as_stored(flow, kind)


def _as_stored(flow: NDArray[np.floating], kind: Kind) -> Sample:
    """In the precision of a dataset, with the strain where the network knows it."""
    values = flow.astype(np.float16)
    if kind.input == "flow-strain":
        strain = optical_strain(values.astype(np.float32)).astype(np.float16)
        values = np.concatenate([values, strain[None]])
    return values.astype(np.float32)
