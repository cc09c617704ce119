"""A clip in the making: its frames by time, its crop, and the pictures taken of it so far.

Recordings and corpora hand in decoded pictures by frame number; `pipeline.frames.clip_rows` makes
rows of what is kept of them here.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mexlab.tables import FLOW_SIDE
from mexlab.timebase import ResamplingPlan, nearest
from mexlab.vision.crop import FaceCrop
from mexlab.vision.flow import FLOW_METHODS, Flow, reduced, without_head_motion
from mexlab.vision.planes import FacePicture, face_of
from mexlab.vision.video import Frame, Grey, Image
from pipeline.clips import ClipPlan
from pipeline.frames.encoding import IMAGE_FORMATS
from pipeline.frames.quality import PictureQuality, Seen, Timing, picture_quality, timing
from pipeline.frames.retouch import DENOISERS, ILLUMINATIONS, mapped
from pipeline.frames.settings import BuildSettings


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
    """A clip whose pictures are being taken.

    `capture_ns` int64[recorded] are the times of the recorded frames from its first to its last;
    `apex_pair` the source frames of `apex_flow` where they are known to the frame, otherwise the
    rows of onset and apex are taken. What is kept is by source frame: the encoded picture, the luma
    that flow is taken from, the quality; `waiting` are pictures whose clip-wide mapping is known
    only when the last of them is there.
    """

    plan: ClipPlan
    times: ResamplingPlan
    crop: FaceCrop
    settings: BuildSettings
    capture_ns: NDArray[np.int64]
    apex_pair: tuple[int, int] | None = None
    seen: Seen = field(default_factory=Seen)
    images: dict[int, bytes] = field(default_factory=dict)
    greys: dict[int, Grey] = field(default_factory=dict)
    quality: dict[int, PictureQuality] = field(default_factory=dict)
    waiting: dict[int, FacePicture] = field(default_factory=dict)

    @property
    def n_frames(self) -> int:
        return len(self.times.source_frame)

    @property
    def needed(self) -> set[int]:
        """The source frames that the clip's rows are made from."""
        return {*self.times.source_frame.tolist(), *(self.apex_pair or ())}

    @cached_property
    def last(self) -> int:
        """The last of them."""
        return max(self.needed)

    @cached_property
    def timing(self) -> Timing:
        return timing(self.times, self.capture_ns, self.settings.fps)

    def row_of(self, moment: str) -> int | None:
        """Row number of the exported frame nearest to the onset, apex or offset."""
        at_ns = self.plan.interval[f"{moment}_ns"]
        if at_ns is None:
            return None
        # A frame used twice has two rows with one time: the first is meant.
        times, first_row = np.unique(self.times.t_ns, return_index=True)
        return int(first_row[nearest(times, [at_ns])[0]])

    def settle(self) -> None:
        """Give the clip's pictures the one mapping that all of them together ask for."""
        illumination = ILLUMINATIONS[self.settings.illumination]
        if illumination and self.waiting:
            levels = illumination(face.luma for face in self.waiting.values())
            for index, face in self.waiting.items():
                self._keep(index, mapped(face, levels))
            self.waiting.clear()

    def take(self, index: int, picture: Frame | Image) -> None:
        """Crop one source frame, or an upright RGB picture, and keep what rows are made from."""
        face = face_of(self.crop, picture)
        self.quality[index] = picture_quality(face.luma)
        denoise = DENOISERS[self.settings.denoise]
        face = denoise(face) if denoise else face
        if ILLUMINATIONS[self.settings.illumination]:
            self.waiting[index] = face
        else:
            self._keep(index, face)

    def _keep(self, index: int, face: FacePicture) -> None:
        self.images[index] = IMAGE_FORMATS[self.settings.image].encode(face.bgr)
        self.greys[index] = face.luma

    def flow(self, first: int, second: int) -> Flow:
        """Flow between two source frames, (2, 28, 28) percent of the inter-ocular distance.

        Zeros for one frame twice.
        """
        if first == second:
            return np.zeros((2, FLOW_SIDE, FLOW_SIDE), np.float32)
        field_px = FLOW_METHODS[self.settings.flow](self.greys[first], self.greys[second])
        flow = reduced(field_px, self.crop.iod_px)
        return without_head_motion(flow) if self.settings.remove_head_motion else flow
