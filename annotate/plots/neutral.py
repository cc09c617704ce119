"""The participant's own neutral face: its frames, the calmest of them, and a few to compare with.

Works on a recording's AU table and scenes. Without a neutral scene that shows a face, the whole
recording stands in for it.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from annotate.geometry import measures
from annotate.plots.recording import Recording
from mexlab.tables import matrix

REST_FRAMES = 8  # looked at for the unrest of a face at rest
CALM_FRAMES = 5  # a calm frame has calm neighbours
OPEN_LIDS = 0.75  # of the median aperture; what is less open is a blink on its way


def neutral_frames(recording: Recording) -> NDArray[np.int64]:
    """int64 (n,), n >= 1: frames with landmarks and open eyes in the neutral scenes."""
    neutral = np.zeros(len(recording.t_ns), dtype=bool)
    for scene in recording.scenes:
        if scene["emotion"] == "neutral":
            neutral |= recording.inside(scene["start_ns"], scene["end_ns"])
    seen = recording.face
    among = np.flatnonzero(seen & neutral if (seen & neutral).any() else seen)
    points = matrix(recording.scores()["landmarks"].take(among))
    lids = measures(points.reshape(-1, 68, 2).astype(np.float64))["AU05"]
    return np.asarray(among[lids >= OPEN_LIDS * np.median(lids)], dtype=np.int64)


def calmest_frame(recording: Recording) -> int:
    """The neutral frame nearest to the median face, its neighbours too.

    Scores and head pose count, each in its own spread.
    """
    among = neutral_frames(recording)
    aus = recording.scores()
    names = [*recording.units, *(n for n in ("pitch", "roll", "yaw") if aus[n].null_count == 0)]
    away = np.zeros(len(among))
    for name in names:
        values = aus[name].to_numpy().astype(np.float64)[among]
        distance = np.abs(values - np.nanmedian(values))
        away += np.nan_to_num(distance / max(float(np.nanmedian(distance)), 1e-3))
    return int(among[np.argmin(uniform_filter1d(away, CALM_FRAMES, mode="nearest"))])


def rest_frames(recording: Recording) -> list[int]:
    """A few neutral frames, spread evenly."""
    among = neutral_frames(recording)
    places = np.linspace(0, len(among) - 1, min(REST_FRAMES, len(among)))
    return [int(among[round(place)]) for place in places]
