"""The paper's Figure 4 from tables: peak frames with outline and AU bars, emotion curves.

Reads the recording, aus.parquet, scenes and intervals; writes PNG files into analysis/plots/.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mexlab.atomic import atomic_file
from mexlab.emotions import AUS, EMOTIONS
from mexlab.session import Session
from mexlab.tables import AU_TABLE
from mexlab.timebase import NS_PER_S, nearest
from mexlab.vision.video import Image, Video

# The 68 points as strokes: first, last, closed.
OUTLINE = (
    (0, 16, False),
    (17, 21, False),
    (22, 26, False),
    (27, 30, False),
    (31, 35, False),
    (36, 41, True),
    (42, 47, True),
    (48, 59, True),
    (60, 67, True),
)
STRONGEST = 8  # AU bars shown
COLOURS = dict(
    zip(
        EMOTIONS,
        ("#8a8a8a", "#3b6fb6", "#e0a100", "#7b4ba3", "#4a9a4f", "#c8372d", "#e87ca0"),
        strict=True,
    )
)


def plot_all(session: Session, analyzer: str) -> list[Path]:
    """One figure for the peak of each scene and one with the emotion curves of the recording."""
    aus = session.aus(analyzer)
    note = _note(AU_TABLE.metadata(session.aus_path(analyzer)), analyzer)
    intervals = [row for row in session.intervals().to_pylist() if row["rank"] == 1]
    t_ns = aus["t_ns"].to_numpy()
    at = {row["scene"]: int(nearest(t_ns, [_moment(row)])[0]) for row in intervals}
    pictures = Video(session.recording_path).pick(at.values())
    paths = []
    for row in intervals:
        frame = at[row["scene"]]
        figure = peak_figure(pictures[frame], aus, frame, row, note)
        paths.append(_save(figure, session.plots_path / f"peak-scene-{row['scene']}.png"))
    figure = emotion_figure(aus, session.scenes().to_pylist(), intervals, note)
    paths.append(_save(figure, session.plots_path / "emotions.png"))
    return paths


def peak_figure(
    picture: Image, aus: pa.Table, frame: int, interval: dict[str, Any], note: str
) -> Figure:
    """The frame with the face outlined in white, its strongest AUs, and the curves around it."""
    figure = Figure(figsize=(15, 4.6), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.25, 0.8, 1.6))
    row = aus.slice(frame, 1).to_pylist()[0]
    left.imshow(picture)
    left.set_axis_off()
    left.set_title(f"frame {frame}, {row['t_ns'] / NS_PER_S:.2f} s", fontsize=10)
    if row["landmarks"]:
        draw_outline(left, np.asarray(row["landmarks"]).reshape(68, 2))
    _au_bars(middle, row)
    _curves(right, aus, interval["start_ns"] - 2 * NS_PER_S, interval["end_ns"] + 2 * NS_PER_S)
    right.axvspan(
        interval["start_ns"] / NS_PER_S, interval["end_ns"] / NS_PER_S, color="#000000", alpha=0.08
    )
    for name in ("onset", "apex", "offset"):
        if interval[f"{name}_ns"] is not None:
            style = "-" if name == "apex" else ":"
            right.axvline(interval[f"{name}_ns"] / NS_PER_S, color="black", lw=1, ls=style)
    right.legend(
        fontsize=8, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.13), frameon=False
    )
    said = interval["reported"] or "nothing"
    figure.suptitle(
        f"scene {interval['scene']}: film {interval['target']}, reported {said}, "
        f"expressed {interval['expressed']} ({interval['kind']})",
        fontsize=12,
    )
    figure.supxlabel(note, fontsize=8, color="#666666")
    return figure


def emotion_figure(
    aus: pa.Table, scenes: list[dict[str, Any]], intervals: list[dict[str, Any]], note: str
) -> Figure:
    """The seven emotion curves over the whole recording; scenes named, intervals shaded."""
    figure = Figure(figsize=(16, 5), layout="constrained")
    axes = figure.subplots()
    _curves(axes, aus, None, None)
    for scene in scenes:
        axes.axvline(scene["start_ns"] / NS_PER_S, color="#bbbbbb", lw=0.8)
        middle = (scene["start_ns"] + scene["end_ns"]) / 2 / NS_PER_S
        axes.text(
            middle,
            1.01,
            f"{scene['scene']} {scene['emotion']}",
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="bottom",
            fontsize=8,
            color="#444444",
        )
    for interval in intervals:
        shade = 0.14 if interval["kind"] != "none" else 0.05
        axes.axvspan(
            interval["start_ns"] / NS_PER_S,
            interval["end_ns"] / NS_PER_S,
            color="black",
            alpha=shade,
        )
        if interval["apex_ns"] is not None:
            axes.axvline(interval["apex_ns"] / NS_PER_S, color="black", lw=0.9)
    axes.legend(ncols=7, loc="upper center", bbox_to_anchor=(0.5, -0.1), frameon=False, fontsize=9)
    figure.supxlabel(
        f"shaded: first-ranked intervals, line: apex. {note}", fontsize=8, color="#666666"
    )
    return figure


def draw_outline(axes: Axes, landmarks: NDArray[np.floating]) -> None:
    """The 68 landmarks, (68, 2) px, as white strokes."""
    for first, last, closed in OUTLINE:
        points = list(range(first, last + 1)) + ([first] if closed else [])
        axes.plot(landmarks[points, 0], landmarks[points, 1], color="white", lw=1.2)


def _au_bars(axes: Axes, row: dict[str, Any]) -> None:
    known = sorted(((row[au], au) for au in AUS if row[au] is not None), reverse=True)[:STRONGEST]
    axes.barh([au for _, au in known][::-1], [value for value, _ in known][::-1], color="#3b6fb6")
    axes.set_xlim(0, 1)
    total = "no face" if row["intensity"] is None else f"sum of all AUs {row['intensity']:.2f}"
    axes.set_title(f"strongest AUs, {total}", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)


def _curves(axes: Axes, aus: pa.Table, low_ns: int | None, high_ns: int | None) -> None:
    t_ns = aus["t_ns"].to_numpy()
    low_ns = t_ns[0] if low_ns is None else low_ns
    high_ns = t_ns[-1] if high_ns is None else high_ns
    inside = (t_ns >= low_ns) & (t_ns <= high_ns)
    for emotion in EMOTIONS:
        if aus[emotion].null_count < len(aus):
            values = aus[emotion].to_numpy()[inside]
            axes.plot(
                t_ns[inside] / NS_PER_S, values, color=COLOURS[emotion], lw=1.2, label=emotion
            )
    axes.set_xlim(max(low_ns, t_ns[0]) / NS_PER_S, min(high_ns, t_ns[-1]) / NS_PER_S)
    axes.set_ylim(0, 1)
    axes.set_xlabel("time, s", fontsize=9)
    axes.set_ylabel("emotion score", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)


def _moment(interval: dict[str, Any]) -> int:
    """The apex, or the middle of an interval in which nothing happened."""
    if interval["apex_ns"] is not None:
        return int(interval["apex_ns"])
    return int(interval["start_ns"] + interval["end_ns"]) // 2


def _note(metadata: dict[str, str], analyzer: str) -> str:
    proxy = metadata.get("kind") == "proxy"
    return f"analyzer: {analyzer}" + (" (AU proxies, not FACS coding)" if proxy else "")


def _save(figure: Figure, path: Path) -> Path:
    with atomic_file(path) as temporary:
        figure.savefig(temporary, dpi=110)
    return path
