"""The paper's Figure 4, right: the seven emotion curves over the whole recording.

Below them the summed AU scores, the paper's intensity; scenes named, intervals shaded.
"""

from collections.abc import Collection, Iterator, Mapping

from matplotlib.figure import Figure

from annotate.plots.base import SMALL, Drawn, spaced
from annotate.plots.curves import (
    dense,
    draw_emotions,
    draw_intensity,
    label_time,
    mark_interval,
    mark_scenes,
)
from annotate.plots.recording import EMOTION_SCORES, LOCATED, SCORES, Recording
from mexlab.vision.video import Image

LEGEND = "shaded: first-ranked interval of the scene (faint: nothing happened); line: its apex"


class EmotionsPlot:
    name = "emotions"
    needs = (SCORES,)
    uses = (EMOTION_SCORES, LOCATED)

    def frames(self, recording: Recording) -> Collection[int]:
        return ()

    def kept(self, recording: Recording, picture: Image) -> Image:
        return picture

    def draw(self, recording: Recording, pictures: Mapping[int, Image]) -> Iterator[Drawn]:
        yield "emotions.png", emotion_figure(recording)


def emotion_figure(recording: Recording) -> Figure:
    """Curves of the whole recording; without emotion scores, the summed AU scores alone."""
    low, high = int(recording.t_ns[0]), int(recording.t_ns[-1])
    if recording.emotions:
        figure = spaced(Figure(figsize=(16, 6.2), layout="constrained"))
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.1))
        draw_emotions(top, recording, low, high)
        figure.legend(*top.get_legend_handles_labels(), ncols=7, loc="outside upper center",
                      frameon=False, fontsize=9.5)  # fmt: skip
    else:
        figure = spaced(Figure(figsize=(16, 3.6), layout="constrained"))
        top = bottom = figure.subplots()
    draw_intensity(bottom, recording, low, high)
    label_time(bottom, low, high)
    mark_scenes(top, recording.scenes)
    for axes in {top, bottom}:
        for interval in recording.intervals:
            mark_interval(axes, interval)
    said = f"{LEGEND}. " if recording.intervals else ""
    if dense(len(recording.t_ns)):
        said += "Curves: median of neighbouring frames; pale: all of them. "
    figure.supxlabel(f"{said}{recording.stamp}", **SMALL)
    return figure
