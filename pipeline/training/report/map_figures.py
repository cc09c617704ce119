"""Maps as pictures: the mean of each class over a drawn face, and over the faces of single clips.

A mean map belongs to nobody, so it lies over a few lines that stand for a face as datasets crop it:
upright, the landmarks' square in the middle of a margin of 1.3.
"""

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from numpy.typing import NDArray

from pipeline.training.explain import Maps
from pipeline.training.report.maps import Explained

INK = "#30343c"
TILE_INCHES = 1.75
HEAT = "YlOrRd"
HALF = 0.5
PALE_LEVEL = -160  # a face under a map is drawn pale, as if this grey level were black

Map = NDArray[np.float32]

# Where a face's parts are in the crop, from 0 to 1: (x, y) of the middle, width, height. Landmarks
# reach from brows to chin, so that the crop ends in the forehead.
OUTLINE = ((0.5, 0.39), 0.72, 0.98)
EYES = (((0.335, 0.265), 0.14, 0.055), ((0.665, 0.265), 0.14, 0.055))
MOUTH = ((0.5, 0.645), 0.23, 0.085)
BROWS = (((0.2, 0.17), (0.3, 0.125), (0.41, 0.155)), ((0.59, 0.155), (0.7, 0.125), (0.8, 0.17)))
NOSE = ((0.5, 0.27), (0.45, 0.49), (0.5, 0.525), (0.55, 0.49))


def draw_means(explained: Explained, classes: list[str]) -> Figure:
    """A column a class; Grad-CAM above, attention rollout below where there is one."""
    methods: list[tuple[str, Maps]] = [("Grad-CAM", explained.cam)]
    methods += [] if explained.rollout is None else [("rollout", explained.rollout)]
    figure = Figure(
        figsize=(TILE_INCHES * len(classes) + 0.9, (TILE_INCHES + 0.3) * len(methods)),
        layout="constrained",
    )
    grid = figure.subplots(len(methods), len(classes), squeeze=False)
    for row, (method, maps) in enumerate(methods):
        for index, name in enumerate(classes):
            axes, mean = grid[row, index], explained.mean(maps, index)
            count = int((explained.target == index).sum())
            clips = "1 clip" if count == 1 else f"{count} clips"
            _bare(axes, f"{name}, {clips}" if row == 0 else "")
            if mean is None:
                axes.text(0.5, 0.5, "none\njudged right", ha="center", va="center", color=INK)
                continue
            image = axes.imshow(
                mean, cmap=HEAT, vmin=0, vmax=1, extent=(0, 1, 1, 0), interpolation="bilinear"
            )
            draw_face(axes)
        grid[row, 0].set_ylabel(method)
    figure.colorbar(image, ax=grid, label="mean map", shrink=0.9, ticks=[0, 0.5, 1])
    return figure


def draw_faces(explained: Explained, classes: list[str]) -> Figure:
    """For each class that has one, a clip's face at its apex: as it is, and with its map on it."""
    figure = Figure(
        figsize=(TILE_INCHES * len(explained.shown) + 0.2, 2 * TILE_INCHES + 0.5),
        layout="constrained",
    )
    grid = figure.subplots(2, len(explained.shown), squeeze=False)
    for place, (index, shown) in enumerate(sorted(explained.shown.items())):
        grey = cv2.cvtColor(shown.picture, cv2.COLOR_RGB2GRAY)
        above, below = grid[:, place]
        above.imshow(grey, cmap="gray", vmin=0, vmax=255)
        below.imshow(grey, cmap="gray", vmin=PALE_LEVEL, vmax=255)
        _bare(above, f"{classes[index]}, {shown.subject}")
        _bare(below, "" if shown.map.any() else "an empty map")
        _draw_heat(below, shown.map, grey.shape)
    return figure


def _draw_heat(axes: Axes, found: Map, shape: tuple[int, ...]) -> None:
    """A map laid over a face of (height, width), the clearer the higher; a line at one half."""
    large = cv2.resize(found, shape[::-1], interpolation=cv2.INTER_LINEAR)
    axes.imshow(large, cmap=HEAT, vmin=0, vmax=1, alpha=0.75 * np.clip(large, 0, 1))
    if large.max() > HALF:
        axes.contour(large, levels=[HALF], colors=INK, linewidths=0.8)


def draw_face(axes: Axes) -> None:
    """A few lines in a square from 0 to 1, y downwards."""
    for middle, width, height in (OUTLINE, *EYES, MOUTH):
        axes.add_patch(Ellipse(middle, width, height, fill=False, color=INK, lw=1.1, alpha=0.8))
    for points in (*BROWS, NOSE):
        x, y = zip(*points, strict=True)
        axes.plot(x, y, color=INK, lw=1.1, alpha=0.8)
    axes.set(xlim=(0, 1), ylim=(1, 0))


def _bare(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize="small")
    axes.set(xticks=[], yticks=[], aspect="equal")
    axes.set_facecolor("#f4f4f2")
