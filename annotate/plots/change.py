"""The paper's Figures 22 and 23: a neutral frame beside an expression, and what moved between.

One figure a scene: the calmest frame of the neutral scene; the apex of the scene's first interval
in the same crop, the regions that changed marked; the flow field between the two; and how far each
region moved against its own unrest at rest.
"""

from collections.abc import Collection, Iterator, Mapping

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from annotate.plots.base import SHOWS_A_FACE, SMALL, Drawn, spaced
from annotate.plots.face import face_area, mask_of, regions_of, shaded
from annotate.plots.moved import (
    FLOW_PX,
    SHOWN_TIMES,
    Change,
    RegionMotion,
    change_between,
    flow_at_rest,
    region_motion,
)
from annotate.plots.neutral import calmest_frame, rest_frames
from annotate.plots.recording import (
    LANDMARKS,
    LOCATED,
    MOTION_TRACK,
    NEUTRAL_SCENE,
    SCORES,
    Recording,
    Row,
    headline,
)
from mexlab.emotions import REGIONS
from mexlab.timebase import NS_PER_S
from mexlab.vision.video import Image

MARKED = "#ff9e2c"
ARROW_STEP_PX = 11  # between arrows, px of the flow field
EDGE_PX = 7  # beside the outline flow belongs to face and background alike
KEYS_PERCENT = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)  # what the scale's arrow may stand for


class ChangePlot:
    name = "change"
    needs = (SCORES, LANDMARKS, LOCATED)
    uses = (NEUTRAL_SCENE, MOTION_TRACK)

    def frames(self, recording: Recording) -> Collection[int]:
        peaks = [recording.peak_frame(row) for row in recording.intervals]
        return [calmest_frame(recording), *peaks, *rest_frames(recording)]

    def kept(self, recording: Recording, picture: Image) -> Image:
        return picture

    def draw(self, recording: Recording, pictures: Mapping[int, Image]) -> Iterator[Drawn]:
        neutral = calmest_frame(recording)
        flow_rest = flow_at_rest(recording, pictures, neutral)
        for row in recording.intervals:
            change = change_between(recording, pictures, neutral, recording.peak_frame(row))
            motion = region_motion(recording, row, change, flow_rest)
            figure = change_figure(recording, row, change, motion)
            yield f"change-scene-{row['scene']}.png", figure


def change_figure(
    recording: Recording, interval: Row, change: Change, motion: RegionMotion
) -> Figure:
    """One scene."""
    figure = spaced(Figure(figsize=(16, 5.4), layout="constrained"))
    first, second, third, fourth = figure.subplots(1, 4, width_ratios=(1, 1, 1, 0.8))
    said = interval["expressed"] if interval["apex_ns"] is not None else "nothing happened"
    _picture(first, change.neutral, "neutral" + _at(recording, change.neutral_frame))
    _picture(second, change.expression, said + _at(recording, change.frame))
    _mark_regions(second, change, motion.changed)
    _picture(third, change.expression, "flow from neutral, head motion removed")
    _draw_arrows(third, change)
    _draw_bars(fourth, motion)
    figure.suptitle(headline(interval), fontsize=13)
    figure.supxlabel(
        f"orange: moved further than at rest, not just dragged along ({motion.source}); left and "
        f"right are the participant's. {recording.stamp}; {SHOWS_A_FACE}",
        **SMALL,
    )
    return figure


def _at(recording: Recording, frame: int) -> str:
    return f", frame {frame}, {recording.t_ns[frame] / NS_PER_S:.2f} s"


def _picture(axes: Axes, picture: Image, title: str) -> None:
    axes.imshow(picture)
    axes.set_axis_off()
    axes.set_title(title, fontsize=10)


def _mark_regions(axes: Axes, change: Change, changed: Collection[str]) -> None:
    for region, polygon in regions_of(change.landmarks).items():
        if region in changed:
            axes.add_patch(Polygon(polygon, facecolor=MARKED, alpha=0.18, lw=0))
            axes.add_patch(Polygon(polygon, fill=False, edgecolor=MARKED, lw=2))
        else:
            axes.add_patch(Polygon(polygon, fill=False, edgecolor="white", lw=0.7, alpha=0.7))


def _draw_arrows(axes: Axes, change: Change) -> None:
    """The field as arrows where the skin is in the expression's picture, with their scale."""
    face = mask_of(face_area(change.neutral_landmarks / SHOWN_TIMES), FLOW_PX)
    face = cv2.erode(face.astype(np.uint8), np.ones((2 * EDGE_PX + 1,) * 2)).astype(bool)
    first = ARROW_STEP_PX // 2
    grid = np.nonzero(face[first::ARROW_STEP_PX, first::ARROW_STEP_PX])
    y, x = np.stack(grid) * ARROW_STEP_PX + first
    u, v = change.flow[:, y, x]
    matrix = change.to_expression
    where = np.stack([x, y], axis=1) * SHOWN_TIMES @ matrix[:, :2].T + matrix[:, 2]
    largest = float(np.quantile(np.hypot(u, v), 0.98)) if len(u) else 0.0
    # A face at rest keeps short arrows: the scale's arrow never stands for less than 1 %.
    key = min(KEYS_PERCENT, key=lambda percent: abs(np.log(percent / max(largest, 1.0))))
    px_per_percent = 1.6 * ARROW_STEP_PX * SHOWN_TIMES / key  # of the crop shown
    field = axes.quiver(
        *where.T, u * px_per_percent, v * px_per_percent, angles="xy", scale_units="xy", scale=1,
        color=MARKED, width=0.006, headwidth=3.6, headlength=4, headaxislength=3.6, minlength=0.6,
        **shaded(1.0),
    )  # fmt: skip
    axes.quiverkey(
        field, 0.08, -0.045, key * px_per_percent, f"{key:g} % of inter-ocular distance",
        labelpos="E", coordinates="axes", fontproperties={"size": 9},
    )  # fmt: skip


def _draw_bars(axes: Axes, motion: RegionMotion) -> None:
    """How far each region moved; the stroke is as far as it goes at rest."""
    names = REGIONS[::-1]
    lengths = [motion.length(name) for name in names]
    colours = [MARKED if name in motion.changed else "#b8b8b8" for name in names]
    axes.barh([name.replace("_", " ") for name in names], lengths, color=colours)
    for row, name in enumerate(names):
        axes.plot([motion.rest[name]] * 2, [row - 0.4, row + 0.4], color="black", lw=1.4)
    axes.set_xlim(0, 1.1 * max(*lengths, *motion.rest.values()))
    axes.set_title("motion by region (stroke: most at rest)", fontsize=10)
    axes.set_xlabel("percent of inter-ocular distance", fontsize=9)
    axes.tick_params(labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)
