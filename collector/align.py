"""Where the film's scenes lie on the session's clock, from what the player says it showed when.

Pure: presentation rows and measured scene boundaries in, scenes out. A scene begins when its first
film frame was shown and ends when the first frame after it was; both plus the calibrated delay
from screen to camera, since frames carry their capture times. Never "start + elapsed": a player
that stalls makes that wrong by seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mexlab.timebase import NS_PER_S
from stimuli.compilation import FilmScene

END_SLACK_NS = NS_PER_S // 2  # a scene may end so long after the last frame, recorded or shown


@dataclass(frozen=True)
class Aligned:
    """`scenes` were shown and recorded whole, [start_ns, end_ns) on the session's clock; `cut`
    are the numbers of those that began and did not reach their end."""

    scenes: tuple[FilmScene, ...]
    cut: tuple[int, ...]


def align_scenes(
    film: Sequence[FilmScene],
    media_ns: ArrayLike,
    shown_ns: ArrayLike,
    capture_ns: ArrayLike,
    frame_ns: int,
    delay_ns: int = 0,
) -> Aligned:
    """Scenes on the session's clock.

    `media_ns` and `shown_ns` int64[n] are the presentation, in the order shown; `capture_ns`
    int64[m] the recorded frames; `frame_ns` the film's step; `delay_ns` from screen to camera.
    """
    media, shown = (np.asarray(a, dtype=np.int64) for a in (media_ns, shown_ns))
    capture = np.asarray(capture_ns, dtype=np.int64)
    whole: list[FilmScene] = []
    cut: list[int] = []
    for scene in film:
        # Half a frame: media times are rounded to microseconds.
        begun = media >= scene.start_ns - frame_ns // 2
        over = media >= scene.end_ns - frame_ns // 2
        first = int(np.argmax(begun)) if begun.any() else None
        if first is None or over[first]:
            continue  # not one frame of it was shown
        # Nothing follows the film's last scene: its last frame stands for one step.
        end = int(shown[np.argmax(over)]) if over.any() else int(shown[-1]) + frame_ns
        start, end = int(shown[first]) + delay_ns, end + delay_ns
        shown_whole = bool(over.any()) or media[-1] + frame_ns >= scene.end_ns - END_SLACK_NS
        last = int(capture[-1]) if len(capture) else -1
        if not shown_whole or end > last + END_SLACK_NS or start < int(capture[0]):
            cut.append(scene.scene)
        else:
            whole.append(FilmScene(scene.scene, scene.emotion, start, end))
    return Aligned(tuple(whole), tuple(cut))
