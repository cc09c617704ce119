"""Contact sheets of a recording, as the paper's Figures 24 and 25: a picture every five seconds.

Under each picture its time and a strip of the five seconds from it on, in the colours of the
films' targets: where the colour changes, a scene begins. Located events stand on it in black.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from annotate.plots.base import SHOWS_A_FACE, Drawn, spaced
from annotate.plots.curves import COLOURS, clock
from annotate.plots.recording import LOCATED, SCORES, Recording, Row
from mexlab.emotions import EMOTIONS
from mexlab.timebase import NS_PER_S, nearest
from mexlab.vision.video import Image

STEP_NS = 5 * NS_PER_S
COLUMNS, ROWS = 6, 5
CELL_INCH, LEAST_INCH = 2.65, 9.0
NAMED = 2  # so many scenes beginning within five seconds have room for their names
PICTURE_PX = 290  # longer side kept of a picture
ROOM = 0.45  # around the face, in its box's height; the box ends at the brows


class SheetPlot:
    name = "sheet"
    needs: tuple[str, ...] = ()
    uses = (SCORES, LOCATED)

    def frames(self, recording: Recording) -> Collection[int]:
        return [frame for frame, _ in steps(recording)]

    def kept(self, recording: Recording, picture: Image) -> Image:
        x0, y0, x1, y1 = view(recording, picture)
        part = picture[y0:y1, x0:x1]
        scale = min(1.0, PICTURE_PX / max(part.shape[:2]))
        size = (round(part.shape[1] * scale), round(part.shape[0] * scale))
        return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    def draw(self, recording: Recording, pictures: Mapping[int, Image]) -> Iterator[Drawn]:
        cells = steps(recording)
        sheets = [cells[k : k + COLUMNS * ROWS] for k in range(0, len(cells), COLUMNS * ROWS)]
        for number, sheet in enumerate(sheets, start=1):
            which = f" (sheet {number} of {len(sheets)})" if len(sheets) > 1 else ""
            figure = sheet_figure(recording, pictures, sheet, which)
            yield f"sheet-{number}.png", figure


def steps(recording: Recording) -> list[tuple[int, int]]:
    """(frame, time) every five seconds from the first frame on; the frame nearest to the time."""
    times = np.arange(recording.t_ns[0], recording.t_ns[-1] + 1, STEP_NS)
    return list(zip(nearest(recording.t_ns, times).tolist(), times.tolist(), strict=True))


def view(recording: Recording, picture: Image) -> tuple[int, int, int, int]:
    """Left, top, right, bottom in px of the part shown: one for the whole recording.

    It holds the face wherever it went, so that it seems to move as much as it did; without a face,
    the whole picture.
    """
    height, width = picture.shape[:2]
    aus = recording.aus
    if aus is None or aus["box_x"].null_count == len(aus):
        return 0, 0, width, height
    x, y, w, h = (aus[f"box_{k}"].drop_null().to_numpy() for k in "xywh")
    room = ROOM * float(np.median(h))
    low = np.percentile(x, 2) - 0.6 * room, np.percentile(y, 2) - room
    high = np.percentile(x + w, 98) + 0.6 * room, np.percentile(y + h, 98) + 0.4 * room
    x0, y0 = (int(np.clip(value, 0, None)) for value in low)
    return x0, y0, int(min(high[0], width)), int(min(high[1], height))


def sheet_figure(
    recording: Recording,
    pictures: Mapping[int, Image],
    cells: Sequence[tuple[int, int]],
    which: str,
) -> Figure:
    """One page of cells (frame, time in ns)."""
    height, width = next(iter(pictures.values())).shape[:2]
    columns = min(len(cells), COLUMNS)
    rows = -(-len(cells) // columns)
    wide = max(columns * CELL_INCH, LEAST_INCH)
    tall = rows * (CELL_INCH * height / width + 0.45) + 1.2
    figure = spaced(Figure(figsize=(wide, tall), layout="constrained"))
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for axes, (frame, t_ns) in zip(grid, cells, strict=False):
        axes.imshow(pictures[frame], extent=(0, 1, 0, height / width))
        _strip(axes, recording, t_ns)
    first, last = cells[0][1] / NS_PER_S, cells[-1][1] / NS_PER_S
    figure.suptitle(f"{recording.session.id}, {clock(first)} to {clock(last)}{which}", fontsize=13)
    _legend(figure, recording)
    return figure


def _strip(axes: Axes, recording: Recording, t_ns: int) -> None:
    """Under a picture [0, 1] wide: time, five seconds of scenes and events, names of new scenes."""
    for scene in recording.scenes:
        axes.add_patch(_span(scene, t_ns, recording, -0.055, 0.045, COLOURS[scene["emotion"]]))
    for interval in recording.intervals:
        if interval["kind"] != "none":
            axes.add_patch(_span(interval, t_ns, recording, -0.055, 0.02, "black"))
    axes.text(0, -0.075, clock(t_ns / NS_PER_S), fontsize=10, va="top", ha="left")
    begins = [s for s in recording.scenes if t_ns <= s["start_ns"] < t_ns + STEP_NS]
    for scene in begins:
        x = (scene["start_ns"] - t_ns) / STEP_NS
        axes.plot([x, x], [-0.075, 0.0], color="black", lw=1.4, clip_on=False)
    if begins:
        names = [f"{s['scene']} {s['emotion']}" for s in begins]
        named = names if len(begins) <= NAMED else [str(s["scene"]) for s in begins]
        axes.text(1, -0.08, f"scene {', '.join(named)}", fontsize=8.5, va="top", ha="right",
                  color="#444444")  # fmt: skip
    axes.set_ylim(-0.17, None)
    axes.set_xlim(0, 1)


def _span(
    row: Row, t_ns: int, recording: Recording, bottom: float, height: float, colour: str
) -> Rectangle:
    end = min(t_ns + STEP_NS, int(recording.t_ns[-1]))
    low, high = np.clip([row["start_ns"], row["end_ns"]], t_ns, max(end, t_ns))
    left, right = (low - t_ns) / STEP_NS, (high - t_ns) / STEP_NS
    return Rectangle((left, bottom), right - left, height, color=colour, lw=0, clip_on=False)


def _legend(figure: Figure, recording: Recording) -> None:
    targets = [e for e in EMOTIONS if any(s["emotion"] == e for s in recording.scenes)]
    handles = [Patch(color=COLOURS[emotion], label=f"film: {emotion}") for emotion in targets]
    if any(interval["kind"] != "none" for interval in recording.intervals):
        handles.append(Patch(color="black", label="first-ranked interval with an event"))
    figure.legend(handles=handles, loc="outside lower center", frameon=False,
                  ncols=8 if figure.get_figwidth() > 12 else 4,
                  fontsize=9, title=f"{recording.stamp}; {SHOWS_A_FACE}",
                  title_fontproperties={"size": 8})  # fmt: skip
