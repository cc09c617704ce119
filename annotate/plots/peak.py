"""The paper's Figure 4, left: the frame at each scene's peak, the face outlined in white.

Beside it the strongest Action Units with the sum of all, and the curves around the interval.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from annotate.plots.base import SHOWS_A_FACE, SMALL, Drawn, spaced
from annotate.plots.curves import draw_emotions, draw_intensity, label_time, mark_interval
from annotate.plots.face import Points, draw_outline
from annotate.plots.recording import (
    EMOTION_SCORES,
    LANDMARKS,
    LOCATED,
    SCORES,
    Recording,
    Row,
    headline,
)
from mexlab.timebase import NS_PER_S
from mexlab.vision.video import Image

STRONGEST = 10  # AU bars shown
AROUND_NS = 2 * NS_PER_S  # curves go on for this long before and after the interval
VIEW = 2.0  # side of the part of the picture shown, in longer sides of the face's box


class PeakPlot:
    name = "peak"
    needs = (SCORES, LOCATED)
    uses = (EMOTION_SCORES, LANDMARKS)

    def frames(self, recording: Recording) -> Collection[int]:
        return [recording.peak_frame(row) for row in recording.intervals]

    def kept(self, recording: Recording, picture: Image) -> Image:
        return picture

    def draw(self, recording: Recording, pictures: Mapping[int, Image]) -> Iterator[Drawn]:
        for row in recording.intervals:
            frame = recording.peak_frame(row)
            figure = peak_figure(pictures[frame], recording, frame, row)
            yield f"peak-scene-{row['scene']}.png", figure


def peak_figure(picture: Image, recording: Recording, frame: int, interval: Row) -> Figure:
    """One scene: picture, AU bars, curves."""
    figure = spaced(Figure(figsize=(16, 5.6), layout="constrained"))
    parts: Any = figure.subfigures(1, 3, width_ratios=(1.15, 0.75, 1.9))
    left, middle, right = parts
    row = recording.scores().slice(frame, 1).to_pylist()[0]
    said = "apex" if interval["apex_ns"] is not None else "middle"
    _picture(left.subplots(), picture, recording.landmarks(frame), row, said)
    _au_bars(middle.subplots(), row)
    _curves(right, recording, interval)
    figure.suptitle(headline(interval), fontsize=13)
    figure.supxlabel(f"{recording.stamp}; {SHOWS_A_FACE}", **SMALL)
    return figure


def _picture(axes: Axes, picture: Image, landmarks: Points | None, row: Row, said: str) -> None:
    axes.imshow(picture, interpolation="antialiased")
    axes.set_axis_off()
    where = f"frame {row['frame']}, {row['t_ns'] / NS_PER_S:.2f} s ({said})"
    axes.set_title(where, fontsize=10)
    if landmarks is None:
        return
    draw_outline(axes, landmarks)
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    half = VIEW * (high - low).max() / 2
    height, width = picture.shape[:2]
    x, y = (low + high) / 2
    axes.set_xlim(max(x - half, -0.5), min(x + half, width - 0.5))
    axes.set_ylim(min(y + half, height - 0.5), max(y - 1.15 * half, -0.5))


def _au_bars(axes: Axes, row: Row) -> None:
    scored = {name: value for name, value in row.items() if name.startswith("AU")}
    known = sorted(((v, au) for au, v in scored.items() if v is not None), reverse=True)
    strongest = known[:STRONGEST][::-1]
    bars = axes.barh([au for _, au in strongest], [v for v, _ in strongest], color="#3b6fb6")
    axes.bar_label(bars, fmt="%.2f", padding=3, fontsize=8.5, color="#444444")
    axes.set_xlim(0, 1.12)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.tick_params(labelsize=9)
    total = "no face" if row["intensity"] is None else f"sum of all {row['intensity']:.2f}"
    axes.set_title(f"strongest AUs; {total}", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)


def _curves(figure: SubFigure, recording: Recording, interval: Row) -> None:
    low = max(interval["start_ns"] - AROUND_NS, int(recording.t_ns[0]))
    high = min(interval["end_ns"] + AROUND_NS, int(recording.t_ns[-1]))
    if recording.emotions:
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2.6, 1))
        draw_emotions(top, recording, low, high)
        figure.legend(*top.get_legend_handles_labels(), ncols=4, loc="outside upper center",
                      frameon=False, fontsize=9)  # fmt: skip
    else:
        top = bottom = figure.subplots()
    draw_intensity(bottom, recording, low, high)
    label_time(bottom, low, high)
    for axes in {top, bottom}:
        mark_interval(axes, interval, shade=0.08)
        for name in ("onset_ns", "offset_ns"):
            if interval[name] is not None:
                axes.axvline(interval[name] / NS_PER_S, color="black", lw=0.9, ls=":")
    names = "shaded: the interval; line: apex; dotted: onset, offset"
    bottom.set_xlabel(f"{bottom.get_xlabel()}   ({names})", fontsize=9)
