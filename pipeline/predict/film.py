"""The annotated video: the face with its crop, what the network says, curves and intervals.

    ┌───────────────────────┬───────────┐  picture with the crop's square │ the classes now
    │                       │           │
    ├───────────────────────┴───────────┤  curves around now, intervals shaded, onset/apex/offset
    ├───────────────────────────────────┤  the whole recording, its intervals, where now is
    └───────────────────────────────────┘
H.264 at 20 frames a second, yuv420p, its index in front: browsers play it.
"""

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
from pipeline.predict.moments import FRAME_HZ, Event

PICTURE_W, PICTURE_H = 640, 480  # at the most, px
SIDE_W = 300
CURVES_H, OVERVIEW_H, EDGE = 190, 34, 12
CURVES = (26, CURVES_H - 18)  # top and bottom of the curves in their strip
LEAST_H = 330  # of the picture's row: seven classes and the words below
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
        return [(self.title(event), COLOURS[self.name(event)]) for event in events[:2]]

    def _draw_curves(self, image: Image, tick: int) -> None:
        top, bottom = CURVES
        times, now = self.course.moments.ticks.times.t_ns, self._t_ns(tick)
        ahead_ns = round(AHEAD_TICKS / FRAME_HZ * NS_PER_S)
        axis = _Axis(now + ahead_ns - round(WINDOW_S * NS_PER_S), self.width)
        for event in self.course.moments.events:
            self._draw_event(image, event, axis)
        for share in (0, 0.5, 1):
            level = bottom - share * (bottom - top)
            line(image, np.array([[EDGE, level], [self.width - EDGE, level]]), FAINT)
        low, high = np.searchsorted(times, [axis.first_ns, now + ahead_ns])
        for row, name in enumerate(self.course.judge.classes):
            curve = bottom - self.course.chances[low:high, row] * (bottom - top)
            line(image, np.column_stack([axis.x(times[low:high]), curve]), COLOURS[name], 2)
        at = float(axis.x(now))
        line(image, np.array([[at, top - 6], [at, bottom + 4]]), INK)

    def _draw_event(self, image: Image, event: Event, axis: "_Axis") -> None:
        top, bottom = CURVES
        left, right = EDGE, self.width - EDGE
        start, end = (float(axis.x(event.row[name])) for name in ("start_ns", "end_ns"))
        if end < left or start > right:
            return
        start, end = max(start, left), min(end, right)
        colour = PALE if event.chances is None else COLOURS[self.name(event)]
        fill(image, (start, top, end, bottom), colour, SHADE)
        for moment in ("onset", "apex", "offset"):
            at = float(axis.x(event.row[f"{moment}_ns"]))
            if start <= at <= end:
                line(image, np.array([[at, top], [at, bottom]]), colour)
                if moment == "apex":
                    write(image, at - width_of(moment, 10) / 2, bottom + 3, moment, 10, PALE)
        if event.chances is not None:
            write(image, start + 3, 6, self.title(event), 12)

    def _draw_overview(self, image: Image, tick: int) -> None:
        top, bottom = 6, OVERVIEW_H - 14
        end_ns = self.course.looked.end_ns
        px = (self.width - 2 * EDGE) / end_ns
        fill(image, (EDGE, top, self.width - EDGE, bottom), FAINT)
        for event in self.course.moments.events:
            colour = PALE if event.chances is None else COLOURS[self.name(event)]
            box = (EDGE + event.row["start_ns"] * px, top, EDGE + event.row["end_ns"] * px, bottom)
            fill(image, box, colour, 0.5)
        at = EDGE + self._t_ns(tick) * px
        fill(image, (at - 1, top - 4, at + 1, bottom + 4), INK)

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


def corners(crop: FaceCrop) -> NDArray[np.float64]:
    """The crop's corners in px of the recording, (4, 2), clockwise from the face's upper left."""
    side = crop.size - 0.5
    square = np.array([[-0.5, -0.5], [side, -0.5], [side, side], [-0.5, side]])
    linear, offset = crop.matrix[:, :2], crop.matrix[:, 2]
    return np.asarray((square - offset) @ np.linalg.inv(linear).T)
