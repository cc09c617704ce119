"""Curves, Action Units and intervals as one page for the browser: zoom, and times under the mouse.

The page holds its own plotly and asks the network for nothing. It shows no face.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from annotate.plots.base import Drawn
from annotate.plots.curves import COLOURS, INTENSITY_COLOUR, clock
from annotate.plots.recording import (
    EMOTION_SCORES,
    LOCATED,
    MOTION_TRACK,
    SCORES,
    Recording,
    Row,
)
from mexlab.emotions import REGIONS
from mexlab.timebase import NS_PER_MS, NS_PER_S
from mexlab.vision.video import Image

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEAT_COLUMNS = 3000  # more frames than that are shown by the largest of a few
# Of the numbers on a date axis plotly takes those of two or four digits for years: so times count
# from the second day of 1970, and lengths have a fraction.
DAY_MS = 86_400_000
NO_YEAR_MS = 0.0005
APEX_COLOUR = "#f08a00"
GAP = 0.035  # between two panels, of the page's height


@dataclass(frozen=True)
class Panel:
    """One row of the page: its axis title, its height in px, its traces without their axes.

    `time` names its time axis: x of the curves, x2 of the heat maps; hovering stays on one.
    """

    title: str
    height_px: int
    traces: list[dict[str, Any]]
    axis: dict[str, Any]
    time: str = "x"


class InteractivePlot:
    name = "interactive"
    needs = (SCORES,)
    uses = (EMOTION_SCORES, LOCATED, MOTION_TRACK)

    def frames(self, recording: Recording) -> Collection[int]:
        return ()

    def kept(self, recording: Recording, picture: Image) -> Image:
        return picture

    def draw(self, recording: Recording, pictures: Mapping[int, Image]) -> Iterator[Drawn]:
        yield "interactive.html", page_of(recording)


def page_of(recording: Recording) -> str:
    """The whole page as HTML."""
    figure = interactive_figure(recording)
    chart = figure.to_html(
        full_html=False,
        include_plotlyjs=True,
        config={
            "displaylogo": False,
            "responsive": True,
            "modeBarButtonsToRemove": ["select2d", "lasso2d"],
        },
    )
    title = escape(recording.session.id)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        "<style>body{margin:0 1rem;font-family:sans-serif}</style></head>"
        f"<body>{chart}</body></html>\n"
    )


def interactive_figure(recording: Recording) -> "Figure":
    """Panels one above the other on one time axis; hovering names time, frame and every value."""
    import plotly.graph_objects as go

    panels = list(_panels(recording))
    height = sum(panel.height_px for panel in panels)
    share = (1 - GAP * (len(panels) - 1)) / height
    layout: dict[str, Any] = {}
    traces: list[dict[str, Any]] = []
    top = 1.0
    for number, panel in enumerate(panels, start=1):
        suffix = "" if number == 1 else str(number)
        bottom = max(top - panel.height_px * share, 0.0)
        layout[f"yaxis{suffix}"] = {
            "domain": [bottom, top], "title": {"text": panel.title}, "fixedrange": True,
            "anchor": panel.time, **panel.axis,
        }  # fmt: skip
        traces += [{**trace, "xaxis": panel.time, "yaxis": f"y{suffix}"} for trace in panel.traces]
        layout[panel.time.replace("x", "xaxis")] = _time_axis(recording, f"y{suffix}")
        top = bottom - GAP
    layout["xaxis2"] |= {"matches": "x", "title": {"text": "time, m:ss"}}
    figure = go.Figure(traces)
    figure.update_layout(
        height=height + 190,
        template="plotly_white",
        title={"text": f"{recording.session.id}<br><sub>{escape(recording.note)}</sub>"},
        hovermode="x unified",
        hoversubplots="axis",
        barmode="overlay",
        margin={"l": 80, "r": 30, "t": 110, "b": 60},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1, "xanchor": "right"},
        shapes=[*_scene_lines(recording.scenes), *_apex_lines(recording.intervals)],
        **layout,
    )
    return figure


def _panels(recording: Recording) -> Iterator[Panel]:
    t_ms = _date_ms(recording.t_ns)
    aus = recording.scores()
    lines = [
        _line(t_ms, aus[emotion].to_numpy(), emotion, COLOURS[emotion])
        for emotion in recording.emotions
    ]
    if lines:
        yield Panel("emotion score", 300, lines, {"range": [0, 1]})
    total = _line(t_ms, aus["intensity"].to_numpy(), "sum of AUs", INTENSITY_COLOUR)
    total |= {
        "showlegend": False,
        "customdata": recording.scores()["frame"].to_numpy(),
        "hovertemplate": "%{y:.2f}, frame %{customdata}",
    }
    yield Panel("sum of AUs", 120, [total], {"rangemode": "tozero"})
    strip = _strip(recording)
    yield Panel("", 70, strip, {
        "range": [-0.5, 1.5], "tickvals": [0, 1], "ticktext": ["intervals", "scenes"],
        "showgrid": False, "zeroline": False,
    })  # fmt: skip
    scores = np.stack([aus[unit].to_numpy() for unit in recording.units])
    yield _heat(t_ms, scores, recording.units, "AU score", 15 * len(recording.units) + 40)
    if recording.motion is not None:
        far = np.stack([
            np.hypot(*(recording.motion[f"{region}_{axis}"].to_numpy() for axis in "uv"))
            for region in REGIONS
        ])  # fmt: skip
        names = [region.replace("_", " ") for region in REGIONS]
        yield _heat(t_ms, far, names, "motion, % IOD", 200)


def _line(
    t_ms: NDArray[np.float64], values: NDArray[np.floating], name: str, colour: str
) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines", "name": name, "x": t_ms, "y": values,
        "line": {"color": colour, "width": 1.2}, "hovertemplate": "%{y:.2f}",
    }  # fmt: skip


def _heat(
    t_ms: NDArray[np.float64],
    values: NDArray[np.floating],
    names: Sequence[str],
    unit: str,
    height_px: int,
) -> Panel:
    """Rows over time; where there are too many frames, a column is the largest of several."""
    several = -(-len(t_ms) // HEAT_COLUMNS)
    starts = np.arange(0, len(t_ms), several)
    largest = np.fmax.reduceat(values, starts, axis=1).astype(np.float32)
    heat = {
        "type": "heatmap", "x": t_ms[starts], "y": list(names)[::-1], "z": largest[::-1],
        "colorscale": "Blues", "showscale": False, "zmin": 0,
        "zmax": float(np.nanquantile(largest, 0.998)) or 1.0, "name": unit,
        "hovertemplate": "%{y} %{z:.2f}",
    }  # fmt: skip
    rows = {"type": "category", "tickfont": {"size": 10}}
    return Panel(unit, height_px, [heat], rows, "x2")


def _strip(recording: Recording) -> list[dict[str, Any]]:
    """Scenes in their film's colour and first-ranked intervals, each a bar that says what it is."""
    bars = [
        _bar(scene, 1, COLOURS[scene["emotion"]], f"{scene['scene']} {scene['emotion']}",
             f"scene {scene['scene']}: film {scene['emotion']}, {_times(scene)}")
        for scene in recording.scenes
    ]  # fmt: skip
    for row in recording.intervals:
        reported = f", reported {row['reported']}" if row["reported"] else ""
        events = [
            f"{name} {clock(row[f'{name}_ns'] / NS_PER_S, 3)}"
            for name in ("onset", "apex", "offset")
            if row[f"{name}_ns"] is not None
        ]
        said = f"scene {row['scene']}: {row['kind']}, expressed {row['expressed']}{reported}"
        colour = "#b5b5b5" if row["kind"] == "none" else "#222222"
        bars.append(_bar(row, 0, colour, "", "<br>".join([said, _times(row), *events])))
    return bars


def _bar(row: Row, y: int, colour: str, text: str, hover: str) -> dict[str, Any]:
    return {
        "type": "bar", "orientation": "h", "y": [y], "width": [0.72],
        "base": [_date_ms(row["start_ns"])],
        "x": [(row["end_ns"] - row["start_ns"]) / NS_PER_MS + NO_YEAR_MS],
        "marker": {"color": colour}, "text": [text], "textposition": "inside",
        "insidetextanchor": "middle", "constraintext": "both", "textangle": 0,
        "showlegend": False, "name": "", "customdata": [hover],
        "hovertemplate": "%{customdata}<extra></extra>",
    }  # fmt: skip


def _times(row: Row) -> str:
    start, end = (clock(row[name] / NS_PER_S, 3) for name in ("start_ns", "end_ns"))
    return f"{start} to {end}"


def _time_axis(recording: Recording, anchor: str) -> dict[str, Any]:
    """Milliseconds since the first frame, written as a clock at every zoom."""
    low, high = (_date_ms(int(recording.t_ns[k])) for k in (0, -1))
    return {
        "type": "date", "range": [low, high], "anchor": anchor,
        "hoverformat": "%H:%M:%S.%L", "showspikes": True, "spikemode": "across",
        "spikethickness": 1, "spikecolor": "#888888", "spikedash": "solid",
        "tickformatstops": [
            {"dtickrange": [None, 1000], "value": "%-M:%S.%L"},
            {"dtickrange": [1000, None], "value": "%-M:%S"},
        ],
    }  # fmt: skip


def _scene_lines(scenes: list[Row]) -> list[dict[str, Any]]:
    return [_vertical(scene["start_ns"], "#bbbbbb", "solid") for scene in scenes]


def _apex_lines(intervals: list[Row]) -> list[dict[str, Any]]:
    apexes = [row["apex_ns"] for row in intervals if row["apex_ns"] is not None]
    return [_vertical(apex, APEX_COLOUR, "dot") for apex in apexes]


def _vertical(t_ns: int, colour: str, dash: str) -> dict[str, Any]:
    x = _date_ms(t_ns)
    return {
        "type": "line", "xref": "x", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1,
        "line": {"color": colour, "width": 1, "dash": dash}, "layer": "above",
    }  # fmt: skip


@overload
def _date_ms(t_ns: int) -> float: ...
@overload
def _date_ms(t_ns: NDArray[np.int64]) -> NDArray[np.float64]: ...
def _date_ms(t_ns: int | NDArray[np.int64]) -> float | NDArray[np.float64]:
    """Times of the recording as milliseconds on a date axis."""
    return t_ns / NS_PER_MS + DAY_MS
