"""The second decode: every frame and interval cropped, measured and judged, in one pass.

Pictures are handed on in order, each as soon as its own curve is known a little ahead and the
intervals around it are judged: a few seconds' worth of small pictures is held, whatever the length
of the recording.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mexlab.vision.crop import FaceCrop
from mexlab.vision.video import Frame, Image
from pipeline.frames.decoding import decoded
from pipeline.predict.judge import BATCH, Judge
from pipeline.predict.look import Looked
from pipeline.predict.moments import Event, Moments
from pipeline.predict.samples import (
    REACH_TICKS,
    Sample,
    flow_sample,
    interval_samples,
    picture_sample,
)

AHEAD_TICKS = 40  # of the curves, known when a picture is handed on
WINDOW_TICKS = 20  # of a sequence that stands for its last frame
STRIDE_TICKS = 5  # a sequence is judged so often, and holds until the next

Shrink = Callable[[Frame], Image]


class Course:
    """A recording being judged; `chances` float32 (ticks, classes), NaN where there is no face."""

    def __init__(self, looked: Looked, moments: Moments, judge: Judge) -> None:
        self.looked, self.moments, self.judge = looked, moments, judge
        count = len(moments.ticks)
        self.chances = np.full((count, len(judge.classes)), np.nan, np.float32)
        self.crops: list[FaceCrop | None] = [None] * count
        kind = _Sequences if judge.kind.sequence else _Frames
        self._frames = kind(judge, self.chances)
        self._recent: deque[tuple[int, Frame]] = deque(maxlen=REACH_TICKS + 1)

    def pictures(self, shrink: Shrink) -> Iterator[tuple[int, Image]]:
        """(tick, picture made small by `shrink`) in order, when all about it is known."""
        ticks = self.moments.ticks
        by_source = _by_source(ticks.times.source_frame)
        waiting = _by_frame(self.moments.events)
        held: deque[tuple[int, Image]] = deque()
        wanted = sorted({*by_source, *waiting})
        for frame in decoded(self.looked.video.path, self.looked.times_ns, wanted):
            for event in waiting.pop(frame.index, ()):
                self._take(event, frame)
            for tick in by_source.get(frame.index, ()):
                self._frames.add(tick, self._sample(tick, frame))
                held.append((tick, shrink(frame)))
            while held and self._is_known(held[0][0]):
                yield held.popleft()
        self._frames.flush()
        yield from held

    def _is_known(self, tick: int) -> bool:
        if tick + AHEAD_TICKS >= self._frames.known:
            return False
        t_ns = int(self.moments.ticks.times.t_ns[tick])
        return all(e.chances is not None for e in self.moments.events if e.covers(t_ns))

    def _take(self, event: Event, frame: Frame) -> None:
        clip = event.clip
        clip.take(frame.index, frame)
        if frame.index == clip.last:
            clip.settle()
            event.chances = self.judge.interval(interval_samples(clip, self.judge.kind))
            clip.images.clear()
            clip.greys.clear()

    def _sample(self, tick: int, frame: Frame) -> Sample | None:
        ticks, kind = self.moments.ticks, self.judge.kind
        if not ticks.face[tick]:
            self._recent.clear()
            return None
        crop = self.crops[tick] = ticks.crop(tick)
        self._recent.append((tick, frame))
        if kind.input == "rgb":
            return picture_sample(crop, frame, ticks.settings)
        place = -2 if kind.of_frames and len(self._recent) > 1 else 0
        return flow_sample(crop, self._recent[place][1], frame, kind, ticks.settings)


@dataclass
class _Frames:
    """Frames judged one by one, in batches. `known` ticks have their final chances."""

    judge: Judge
    chances: NDArray[np.float32]
    known: int = 0
    waiting: list[tuple[int, Sample]] = field(default_factory=list)

    def add(self, tick: int, sample: Sample | None) -> None:
        if sample is not None:
            self.waiting.append((tick, sample))
        if len(self.waiting) == BATCH:
            self.flush()
        self.known = self.waiting[0][0] if self.waiting else tick + 1

    def flush(self) -> None:
        if self.waiting:
            ticks, samples = zip(*self.waiting, strict=True)
            self.chances[list(ticks)] = self.judge.frames(np.stack(samples))
            self.waiting.clear()


class _Sequences(_Frames):
    """The same where the network judges sequences: each frame by the second that leads up to it."""

    def __init__(self, judge: Judge, chances: NDArray[np.float32]) -> None:
        super().__init__(judge, chances)
        most = min(WINDOW_TICKS, judge.kind.max_frames)
        self._window: deque[Sample] = deque(maxlen=most)
        self._unjudged: list[int] = []

    def add(self, tick: int, sample: Sample | None) -> None:
        if sample is None:
            self.flush()
            self._window.clear()
        else:
            self._window.append(sample)
            self._unjudged.append(tick)
        if len(self._unjudged) == STRIDE_TICKS:
            self.flush()
        self.known = self._unjudged[0] if self._unjudged else tick + 1

    def flush(self) -> None:
        if self._unjudged:
            self.chances[self._unjudged] = self.judge.sequences([np.stack(self._window)])[0]
            self._unjudged.clear()


def _by_source(source_frame: NDArray[np.int64]) -> dict[int, list[int]]:
    """Recorded frame -> the ticks it stands for."""
    found: dict[int, list[int]] = {}
    for tick, index in enumerate(source_frame.tolist()):
        found.setdefault(index, []).append(tick)
    return found


def _by_frame(events: list[Event]) -> dict[int, list[Event]]:
    """Recorded frame -> the intervals that need it."""
    found: dict[int, list[Event]] = {}
    for event in events:
        for index in event.clip.needed:
            found.setdefault(index, []).append(event)
    return found
