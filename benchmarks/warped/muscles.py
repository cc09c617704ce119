"""Muscles that pull a face's mesh: each AU as pulls towards where the muscle is attached.

A reading of the FACS manual in the manner of Waters' vector muscles (1987): around its insertion a
pull moves the skin towards the attachment, fading to nothing at an elliptic border. Lengths are
inter-ocular distances in canonical face coordinates (`benchmarks.warped.stills.FaceFrame`); "out"
is away from the midline. Mesh indices stand as (picture's left, picture's right).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.warped.stills import Floats

Pair = tuple[tuple[int, ...], tuple[int, ...]]

INNER_BROW: Pair = ((55, 107), (285, 336))
OUTER_BROW: Pair = ((70, 46), (300, 276))
UPPER_LID: Pair = ((159,), (386,))
LOWER_LID: Pair = ((145,), (374,))
CHEEK: Pair = ((118, 50), (347, 280))
WING: Pair = ((129,), (358,))
CORNER: Pair = ((61,), (291,))
LIP_ABOVE: Pair = ((37, 40), (267, 270))
LIP_BELOW: Pair = ((84, 181), (314, 405))
CHIN: Pair = ((200, 199), (200, 199))
JAW: Pair = ((152, 175), (152, 175))


@dataclass(frozen=True)
class Pull:
    """From `insertion` (out, down) is where the attachment lies; `reach` across and along."""

    insertion: Pair
    out: float
    down: float
    reach: tuple[float, float]
    strength: float


MUSCLES: Mapping[str, tuple[Pull, ...]] = {
    "AU01": (Pull(INNER_BROW, -0.05, -0.9, (0.45, 0.5), 1.0),),
    "AU02": (Pull(OUTER_BROW, 0.1, -0.9, (0.5, 0.5), 1.0),),
    "AU04": (Pull(INNER_BROW, -0.3, 0.45, (0.6, 0.42), 0.9),),
    "AU05": (Pull(UPPER_LID, 0.0, -0.6, (0.34, 0.16), 0.3),),
    "AU06": (Pull(CHEEK, 0.15, -0.5, (0.5, 0.42), 0.6), Pull(LOWER_LID, 0, -0.5, (0.35, 0.2), 0.2)),
    "AU07": (
        Pull(LOWER_LID, -0.15, -0.5, (0.36, 0.18), 0.35),
        Pull(UPPER_LID, 0, 0.5, (0.32, 0.14), 0.12),
    ),
    "AU09": (
        Pull(WING, 0.0, -0.6, (0.32, 0.45), 0.95),
        Pull(INNER_BROW, -0.2, 0.5, (0.4, 0.35), 0.45),
    ),
    "AU10": (Pull(LIP_ABOVE, 0.08, -0.6, (0.42, 0.34), 0.75),),
    "AU12": (Pull(CORNER, 0.55, -0.55, (0.52, 0.46), 1.1),),
    "AU15": (Pull(CORNER, 0.12, 0.6, (0.42, 0.36), 0.9),),
    "AU17": (Pull(CHIN, 0.0, -0.6, (0.5, 0.36), 0.4),),
    "AU20": (Pull(CORNER, 0.7, 0.08, (0.52, 0.4), 0.9),),
    "AU23": (
        Pull(CORNER, -0.5, 0.0, (0.42, 0.3), 0.8),
        Pull(LIP_BELOW, 0.0, -0.5, (0.4, 0.25), 0.2),
    ),
    "AU26": (
        Pull(JAW, 0.0, 0.9, (1.2, 0.62), 0.5),
        Pull(LIP_BELOW, 0.0, 0.9, (0.5, 0.36), 0.4),
    ),
}

# Prototype strengths after the FACS investigator's guide, by emotion.
EXPRESSIONS: Mapping[str, Mapping[str, float]] = {
    "sadness": {"AU01": 1.0, "AU04": 0.5, "AU15": 0.9, "AU17": 0.5},
    "surprise": {"AU01": 0.9, "AU02": 0.9, "AU05": 0.8, "AU26": 0.8},
    "fear": {"AU01": 0.9, "AU02": 0.5, "AU04": 0.6, "AU05": 1.0, "AU20": 0.9},
    "disgust": {"AU09": 1.0, "AU10": 0.8, "AU17": 0.5},
    "anger": {"AU04": 1.0, "AU05": 0.4, "AU07": 0.9, "AU23": 0.8},
    "happiness": {"AU06": 0.8, "AU12": 1.0},
}

# What an amplitude is measured on, and what drifts as one when a face is idle.
AREAS: Mapping[str, tuple[int, ...]] = {
    "brow_right": (46, 53, 52, 65, 55, 70, 63, 105, 66, 107),
    "brow_left": (276, 283, 282, 295, 285, 300, 293, 334, 296, 336),
    "eye_right": (246, 161, 160, 159, 158, 157, 163, 144, 145, 153, 154),
    "eye_left": (466, 388, 387, 386, 385, 384, 390, 373, 374, 380, 381),
    "nose": (1, 2, 98, 327, 129, 358, 64, 294, 48, 278),
    "cheek_right": (50, 101, 118, 117, 205, 36, 187),
    "cheek_left": (280, 330, 347, 346, 425, 266, 411),
    "mouth_right": (61, 40, 91, 146, 185, 39, 181),
    "mouth_left": (291, 270, 321, 375, 409, 269, 405),
    "jaw": (152, 199, 200, 175, 18, 148, 377, 176, 400),
}


def pulled(mesh: Floats, pull: Pull, side: int) -> Floats:
    """Canonical displacement (n, 2) of canonical mesh (n, 2); side 0 is the picture's left."""
    insertion = mesh[list(pull.insertion[side])].mean(axis=0)
    outwards = (-1, 1)[side]
    lever = np.array([pull.out * outwards, pull.down])
    away = (mesh - insertion) / pull.reach
    near = np.cos(np.pi / 2 * np.minimum(np.hypot(away[:, 0], away[:, 1]), 1)) ** 2
    towards = insertion + lever - mesh
    way = near[:, None] * pull.strength * towards / np.linalg.norm(lever)
    return np.asarray(way, dtype=np.float64)


def expression(mesh: Floats, emotion: str, amplitude: float, rng: np.random.Generator) -> Floats:
    """Displacement (n, 2) of one person's `emotion`: its AUs and sides not quite equally strong.

    Scaled so that the most moved area's landmarks move `amplitude` on average.
    """
    moved = np.zeros_like(mesh)
    for unit, strength in EXPRESSIONS[emotion].items():
        for side in (0, 1):
            chance = strength * rng.uniform(0.75, 1.25) * rng.uniform(0.9, 1.1)
            moved += chance * sum(pulled(mesh, pull, side) for pull in MUSCLES[unit])
    return moved * (amplitude / most_moved(moved)[1])


def most_moved(moved: Floats) -> tuple[str, float]:
    """The area whose landmarks move farthest on average, and how far."""
    lengths = np.hypot(moved[:, 0], moved[:, 1])
    means = {area: float(lengths[list(points)].mean()) for area, points in AREAS.items()}
    area = max(means, key=lambda name: means[name])
    return area, means[area]


def drifts(mesh: Floats) -> NDArray[np.float64]:
    """(2 * areas, n, 2): each area drifting one unit right, then down, fading around it."""
    fields = []
    for points in AREAS.values():
        area = mesh[list(points)]
        away = np.min(np.linalg.norm(mesh[:, None] - area[None], axis=2), axis=1)
        near = np.cos(np.pi / 2 * np.minimum(away / 0.3, 1)) ** 2
        fields += [near[:, None] * np.array(unit) for unit in ((1.0, 0.0), (0.0, 1.0))]
    return np.array(fields)
