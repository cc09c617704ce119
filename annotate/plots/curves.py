"""Curves over time as every figure draws them: emotions, summed AU scores, scenes, intervals."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator
from numpy.typing import NDArray

from annotate.plots.recording import Recording, Row
from mexlab.emotions import EMOTIONS
from mexlab.timebase import NS_PER_S

COLOURS = dict(
    zip(
        EMOTIONS,
        ("#8a8a8a", "#3b6fb6", "#e0a100", "#7b4ba3", "#4a9a4f", "#c8372d", "#e87ca0"),
        strict=True,
    )
)
INTENSITY_COLOUR = "#222222"
COLUMNS = 1500  # about as many as a figure has px
IN_MINUTES_FROM_S = 100
TICKS_S = (10, 15, 20, 30, 60, 120, 300, 600, 1200, 3600)
NARROW = 0.048  # a scene of a smaller share of the axis is named by its number alone


def clock(seconds: float, digits: int = 0) -> str:
    """m:ss, or h:mm:ss; `digits` after the point."""
    whole = round(seconds * 10**digits)
    minutes, rest = divmod(whole, 60 * 10**digits)
    width = 3 + digits if digits else 2
    tail = f"{rest / 10**digits:0{width}.{digits}f}"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def dense(frames: int) -> bool:
    """Whether so many frames are drawn as a median and a band."""
    return frames > 2 * COLUMNS


def draw_emotions(axes: Axes, recording: Recording, low_ns: int, high_ns: int) -> None:
    """The emotions that there are, in [low_ns, high_ns]; each a labelled line."""
    shown = (recording.t_ns >= low_ns) & (recording.t_ns <= high_ns)
    for emotion in recording.emotions:
        values = recording.scores()[emotion].to_numpy()[shown]
        _draw(axes, recording.t_ns[shown] / NS_PER_S, values, COLOURS[emotion], emotion)
    axes.set_ylim(0, 1)
    axes.set_ylabel("emotion score", fontsize=9)
    _frame(axes, low_ns, high_ns)


def draw_intensity(axes: Axes, recording: Recording, low_ns: int, high_ns: int) -> None:
    """The paper's intensity, the sum of the AU scores, in [low_ns, high_ns]."""
    shown = (recording.t_ns >= low_ns) & (recording.t_ns <= high_ns)
    values = recording.scores()["intensity"].to_numpy()[shown]
    _draw(axes, recording.t_ns[shown] / NS_PER_S, values, INTENSITY_COLOUR, "sum of AUs")
    axes.set_ylim(0, None)
    axes.set_ylabel("sum of AUs", fontsize=9)
    _frame(axes, low_ns, high_ns)


def label_time(axes: Axes, low_ns: int, high_ns: int) -> None:
    """Seconds for a short stretch, minutes and seconds for a long one."""
    axes.xaxis.set_major_locator(MaxNLocator(12))
    if high_ns - low_ns < IN_MINUTES_FROM_S * NS_PER_S:
        axes.set_xlabel("time, s", fontsize=9)
        return
    step_s = next(s for s in TICKS_S if s * 14 * NS_PER_S >= high_ns - low_ns or s == TICKS_S[-1])
    axes.xaxis.set_major_locator(MultipleLocator(step_s))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: clock(value)))
    axes.set_xlabel("time, m:ss", fontsize=9)


def mark_scenes(axes: Axes, scenes: list[Row]) -> None:
    """A line where each scene begins, its number and film target above it."""
    low, high = axes.get_xlim()
    for scene in scenes:
        start, end = (scene[name] / NS_PER_S for name in ("start_ns", "end_ns"))
        axes.axvline(start, color="#bbbbbb", lw=0.8, zorder=0)
        narrow = (end - start) / (high - low) < NARROW
        axes.text(
            np.clip((start + end) / 2, low, high),
            1.02,
            f"{scene['scene']}" if narrow else f"{scene['scene']} {scene['emotion']}",
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="bottom",
            fontsize=8.5,
            color="#444444",
        )


def mark_interval(axes: Axes, interval: Row, shade: float | None = None) -> None:
    """An interval as a shade, weaker where nothing happened, and a line at its apex."""
    if shade is None:
        shade = 0.05 if interval["kind"] == "none" else 0.14
    start, end = (interval[name] / NS_PER_S for name in ("start_ns", "end_ns"))
    axes.axvspan(start, end, color="black", alpha=shade, lw=0)
    if interval["apex_ns"] is not None:
        axes.axvline(interval["apex_ns"] / NS_PER_S, color="black", lw=0.9)


def _draw(
    axes: Axes, t_s: NDArray[np.float64], values: NDArray[np.floating], colour: str, name: str
) -> None:
    """A labelled line; where frames stand too close, their median, and a band of all of them."""
    several = -(-len(t_s) // COLUMNS)
    if not dense(len(t_s)):
        axes.plot(t_s, values, color=colour, lw=1.4, label=name)
        return
    whole = len(t_s) // several * several
    groups = np.ma.masked_invalid(values[:whole].reshape(-1, several))
    middle = np.ma.median(groups, axis=1).filled(np.nan)  # type: ignore[no-untyped-call]
    low, high = (np.ma.filled(side, np.nan) for side in (groups.min(axis=1), groups.max(axis=1)))
    at_s = t_s[:whole].reshape(-1, several).mean(axis=1)
    axes.fill_between(at_s, low, high, color=colour, alpha=0.3, lw=0)
    axes.plot(at_s, middle, color=colour, lw=1.2, label=name)


def _frame(axes: Axes, low_ns: int, high_ns: int) -> None:
    axes.set_xlim(low_ns / NS_PER_S, max(high_ns, low_ns + 1) / NS_PER_S)
    axes.tick_params(labelsize=8.5)
    axes.spines[["top", "right"]].set_visible(False)
