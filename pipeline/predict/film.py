"""The annotated video: the face with its crop, what the network says, curves and intervals.

    ┌───────────────────────┬───────────┐  picture with the crop's square │ the classes now
    │                       │           │
    ├───────────────────────┴───────────┤  intervals around now, one below another where they meet
    │                                   │  curves, from onset to offset shaded, apex marked
    ├───────────────────────────────────┤  the whole recording, its movements, where now is
    └───────────────────────────────────┘
H.264 at 20 frames a second, yuv420p, its index in front: browsers play it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from numpy.typing import ArrayLike, NDArray

from mexlab.timebase import NS_PER_S
from mexlab.vision.crop import FaceCrop
from mexlab.vision.video import Frame, Image, upright
from pipeline.predict.canvas import (
    COLOURS,
    FAINT,
    INK,
    PALE,
    PAPER,
    SHADE,
    Colour,
    fill,
    line,
    outline,
    width_of,
    write,
)
from pipeline.predict.course import AHEAD_TICKS, Course
from pipeline.predict.moments import FRAME_HZ, MOMENTS, Event

PICTURE_W, PICTURE_H = 640, 480  # at the most, px
SIDE_W = 300
CURVES_H, OVERVIEW_H, EDGE = 220, 34, 12
LANES, LANE_H = 3, 18  # bars of intervals that overlap
CURVES = (LANES * LANE_H + 8, CURVES_H - 18)  # top and bottom of the curves in their strip
LEAST_H = 350  # of the picture's row: seven classes and the words below
WINDOW_S = 8.0  # of the curves
GUESS = "a model's guess, not what was felt"


@dataclass(frozen=True)
class _Axis:
    """Time to px across the curves."""

    first_ns: int
    width: int

    def x(self, t_ns: ArrayLike) -> NDArray[np.float64]:
        px = (self.width - 2 * EDGE) / (WINDOW_S * NS_PER_S)
        return np.asarray(EDGE + (np.asarray(t_ns, np.int64) - self.first_ns) * px, np.float64)


class Film:
    """The video being written; use as a context manager. `show` takes ticks in order."""

    def __init__(self, path: Path, course: Course) -> None:
        video, self.course = course.looked.video, course
        self._lanes = lanes(course.moments.events)
        self.scale = min(PICTURE_W / video.width, PICTURE_H / video.height)
        self.picture_w = max(2, round(video.width * self.scale))
        self.picture_h = max(2, round(video.height * self.scale))
        self.width = PICTURE_W + SIDE_W
        self.row_h = max(LEAST_H, self.picture_h)
        height = self.row_h + CURVES_H + OVERVIEW_H
        self.height = height + height % 2
        self._container = av.open(path, "w", options={"movflags": "faststart"})
        stream = self._container.add_stream("libx264", rate=Fraction(FRAME_HZ))
        stream.width, stream.height, stream.pix_fmt = self.width, self.height, "yuv420p"
        stream.options = {"crf": "21", "preset": "veryfast"}
        self._stream = stream

    @property
    def picture_box(self) -> tuple[int, int, int, int]:
        """Left, top, width and height px of the face's picture in the video."""
        left, top = (PICTURE_W - self.picture_w) // 2, (self.row_h - self.picture_h) // 2
        return left, top, self.picture_w, self.picture_h

    def shrink(self, frame: Frame) -> Image:
        """The frame at the size it is shown, upright RGB."""
        turned = frame.picture.rotation % 180 != 0
        size = (self.picture_h, self.picture_w) if turned else (self.picture_w, self.picture_h)
        small = frame.picture.reformat(*size, format="rgb24").to_ndarray()
        return upright(small, int(frame.picture.rotation))

    def show(self, tick: int, picture: Image) -> None:
        """Draw and write one frame."""
        image = np.full((self.height, self.width, 3), PAPER, np.uint8)
        self._draw_picture(image, tick, picture)
        self._draw_classes(image, tick)
        self._draw_curves(image[self.row_h :], tick)
        self._draw_overview(image[self.row_h + CURVES_H :], tick)
        made = av.VideoFrame.from_ndarray(image, format="rgb24")
        made.pts = tick
        made.time_base = Fraction(1, int(FRAME_HZ))
        self._container.mux(self._stream.encode(made))

    def _draw_picture(self, image: Image, tick: int, picture: Image) -> None:
        left, top, width, height = self.picture_box
        image[: self.row_h, :PICTURE_W] = FAINT
        part = image[top : top + height, left : left + width]
        part[:] = picture
        crop = self.course.crops[tick]
        if crop:
            outline(part, corners(crop) * self.scale, (255, 255, 255))

    def _draw_classes(self, image: Image, tick: int) -> None:
        left, right = PICTURE_W + EDGE, self.width - EDGE
        t_s = self._t_ns(tick) / NS_PER_S
        write(image, left, EDGE, f"{t_s:.2f} s", 18)
        chances = self.course.chances[tick]
        for row, name in enumerate(self.course.judge.classes):
            top, chance = 46 + 29 * row, chances[row]
            write(image, left, top, name, 14)
            start = left + 92
            fill(image, (start, top + 3, right - 40, top + 15), FAINT)
            if np.isfinite(chance):
                reach = start + chance * (right - 40 - start)
                fill(image, (start, top + 3, reach, top + 15), COLOURS[name])
                write(image, right - 34, top, f"{chance:.2f}", 14, PALE)
        below = 52 + 29 * len(self.course.judge.classes)
        for row, (words, colour) in enumerate(self._now(tick)):
            fill(image, (left, below + 22 * row + 4, left + 10, below + 22 * row + 14), colour)
            write(image, left + 16, below + 22 * row, words)
        write(image, left, self.row_h - 22, GUESS, 11, PALE)

    def _now(self, tick: int) -> list[tuple[str, Colour]]:
        """Lines on what holds at this moment."""
        if not self.course.moments.ticks.face[tick]:
            return [("no face", PALE)]
        events = [e for e in self.course.moments.events if e.covers(self._t_ns(tick))]
        return [(self.title(event), COLOURS[self.name(event)]) for event in events[:LANES]]

    def _draw_curves(self, image: Image, tick: int) -> None:
        top, bottom = CURVES
        times, now = self.course.moments.ticks.times.t_ns, self._t_ns(tick)
        ahead_ns = round(AHEAD_TICKS / FRAME_HZ * NS_PER_S)
        axis = _Axis(now + ahead_ns - round(WINDOW_S * NS_PER_S), self.width)
        for event, lane in zip(self.course.moments.events, self._lanes, strict=True):
            self._draw_event(image, event, lane, axis)
        for share in (0, 0.5, 1):
            level = bottom - share * (bottom - top)
            line(image, np.array([[EDGE, level], [self.width - EDGE, level]]), FAINT)
            write(image, EDGE, level - 12, f"{share:g}", 9, PALE)
        low, high = np.searchsorted(times, [axis.first_ns, now + ahead_ns])
        for row, name in enumerate(self.course.judge.classes):
            curve = bottom - self.course.chances[low:high, row] * (bottom - top)
            line(image, np.column_stack([axis.x(times[low:high]), curve]), COLOURS[name], 2)
        at = float(axis.x(now))
        line(image, np.array([[at, 2], [at, bottom + 4]]), INK)

    def _draw_event(self, image: Image, event: Event, lane: int, axis: "_Axis") -> None:
        """Its bar with its title, and below it the movement, as far as they are in sight."""
        top, bottom = CURVES
        part = image[:, EDGE : self.width - EDGE]
        x = {name: float(axis.x(event.row[f"{name}_ns"])) - EDGE for name in MOMENTS}
        if x["end"] < 0 or x["start"] > part.shape[1]:
            return
        colour = self._colour(event)
        bar = part[:, max(0, round(x["start"])) : max(0, round(x["end"]))]
        fill(bar, (0, lane * LANE_H + 2, bar.shape[1], (lane + 1) * LANE_H), colour, 2 * SHADE)
        if event.chances is not None:
            write(bar, 4, lane * LANE_H + 3, self.title(event), 12)
        fill(part, (x["onset"], top, x["offset"], bottom), colour, SHADE)
        line(part, np.array([[x["apex"], top], [x["apex"], bottom]]), colour)
        write(part, x["apex"] - width_of("apex", 10) / 2, bottom + 3, "apex", 10, PALE)

    def _draw_overview(self, image: Image, tick: int) -> None:
        top, bottom = 6, OVERVIEW_H - 14
        px = (self.width - 2 * EDGE) / self.course.looked.end_ns
        fill(image, (EDGE, top, self.width - EDGE, bottom), FAINT)
        for event in self.course.moments.events:
            left, right = (EDGE + event.row[name] * px for name in ("onset_ns", "offset_ns"))
            fill(image, (left, top, max(right, left + 2), bottom), self._colour(event))
        at = EDGE + self._t_ns(tick) * px
        fill(image, (at - 1, top - 4, at + 1, bottom + 4), INK)

    def _colour(self, event: Event) -> Colour:
        return PALE if event.chances is None else COLOURS[self.name(event)]

    def name(self, event: Event) -> str:
        """The class a judged interval is taken for."""
        assert event.chances is not None
        return self.course.judge.classes[int(event.chances.argmax())]

    def title(self, event: Event) -> str:
        assert event.chances is not None
        return f"{event.row['kind']}: {self.name(event)} {event.chances.max():.2f}"

    def _t_ns(self, tick: int) -> int:
        return int(self.course.moments.ticks.times.t_ns[tick])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if kind is None:
            self._container.mux(self._stream.encode())
        self._container.close()


def lanes(events: Sequence[Event]) -> list[int]:
    """A lane for each event, in order of start: the first that is free, 0 to LANES - 1."""
    free_ns = [0] * LANES
    found = []
    for event in events:
        start_ns, end_ns = event.row["start_ns"], event.row["end_ns"]
        lane = next((n for n, until in enumerate(free_ns) if until <= start_ns), LANES - 1)
        free_ns[lane] = end_ns
        found.append(lane)
    return found


def corners(crop: FaceCrop) -> NDArray[np.float64]:
    """The crop's corners in px of the recording, (4, 2), clockwise from the face's upper left."""
    side = crop.size - 0.5
    square = np.array([[-0.5, -0.5], [side, -0.5], [side, side], [-0.5, side]])
    linear, offset = crop.matrix[:, :2], crop.matrix[:, 2]
    return np.asarray((square - offset) @ np.linalg.inv(linear).T)
