"""Where the scenes of a recording stand: from SCENES.csv or from a compilation's boundaries.

Reads SCENES.csv (`scene,emotion,start_s,end_s`; seconds from the first frame) or
stimuli/compilation-N.json (`{"scenes": [{"scene", "emotion", "start_ns", "end_ns"}]}`; measured,
from the compilation's start). Intervals are half-open, [start_ns, end_ns).
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isfinite
from pathlib import Path

import numpy as np

from collector.spreadsheet import Row, read_rows
from mexlab.emotions import EMOTIONS
from mexlab.errors import InputError
from mexlab.study import Study
from mexlab.timebase import NS_PER_S, Nanoseconds, seconds_to_ns

COLUMNS = ("scene", "emotion", "start_s", "end_s")
SCENES_PER_COMPILATION = 7
END_TOLERANCE_NS = NS_PER_S // 2  # how far after the last frame a scene may end


@dataclass(frozen=True)
class Scene:
    """One scene on the recording's clock; `where` names the row it was read from."""

    scene: int
    emotion: str
    start_ns: int
    end_ns: int
    where: str


def read_scenes(path: Path) -> list[Scene]:
    """The scenes of a SCENES.csv by start. Raises InputError for what cannot be, with its row."""
    return in_order(_scene(row) for row in read_rows(path, COLUMNS))


def compilation_scenes(study: Study, number: int, starts_at_s: float) -> list[Scene]:
    """The measured scenes of a built compilation that began `starts_at_s` into the recording."""
    path = study.compilation_path(number)
    if not path.is_file():
        raise InputError(
            "this compilation is not built", path, "give the scenes with --scenes SCENES.csv"
        )
    if not isfinite(starts_at_s):
        raise InputError(f"{starts_at_s} is not a time", "--starts-at", "give seconds, like 12.5")
    shift_ns = seconds_to_ns(starts_at_s)
    try:
        measured = json.loads(path.read_text(encoding="utf-8"))["scenes"]
        return in_order(
            Scene(
                int(scene["scene"]),
                str(scene["emotion"]),
                int(scene["start_ns"]) + shift_ns,
                int(scene["end_ns"]) + shift_ns,
                f"{path} scene {scene['scene']}",
            )
            for scene in measured
        )
    except (ValueError, KeyError, TypeError) as error:
        remedy = "build the compilation again, or give the scenes with --scenes SCENES.csv"
        raise InputError("damaged compilation file", path, remedy) from error


def in_order(scenes: Iterable[Scene]) -> list[Scene]:
    """Sorted by start. Raises InputError for inverted, negative, repeated or overlapping scenes."""
    ordered = sorted(scenes, key=lambda scene: scene.start_ns)
    numbers = Counter(scene.scene for scene in ordered)
    for scene in ordered:
        if numbers[scene.scene] > 1:
            what = f"scene {scene.scene} stands there {numbers[scene.scene]} times"
            raise InputError(what, scene.where, "number each scene once")
        if scene.end_ns <= scene.start_ns:
            what = f"scene {scene.scene} ends at {_s(scene.end_ns)}, not after {_s(scene.start_ns)}"
            raise InputError(what, scene.where, "write start_s before end_s")
        if scene.start_ns < 0:
            what = f"scene {scene.scene} starts at {_s(scene.start_ns)}, before the recording"
            raise InputError(what, scene.where, "count seconds from the first frame")
    for before, after in pairwise(ordered):
        if after.start_ns < before.end_ns:
            what = f"scene {after.scene} starts at {_s(after.start_ns)}, before scene "
            what += f"{before.scene} ends at {_s(before.end_ns)}"
            raise InputError(what, after.where, "scenes may touch, not overlap")
    return ordered


def fit_scenes(scenes: Sequence[Scene], times_ns: Nanoseconds, shown_until_ns: int) -> list[Scene]:
    """The scenes as far as the recording shows them.

    `times_ns` int64[n], n >= 1, are the frames' times; the last is shown until `shown_until_ns`. A
    scene may end up to 0.5 s after the last frame's time and is cut to `shown_until_ns`. Raises
    InputError for one that starts after the last frame, ends later than that, or shows no frame.
    """
    last_ns = int(times_ns[-1])
    for scene in scenes:
        if scene.start_ns > last_ns or scene.end_ns > last_ns + END_TOLERANCE_NS:
            late = scene.start_ns > last_ns
            edge = f"starts at {_s(scene.start_ns)}" if late else f"ends at {_s(scene.end_ns)}"
            what = f"scene {scene.scene} {edge}, the recording's last frame is at {_s(last_ns)}"
            raise InputError(what, scene.where, "correct the time, or give the right recording")
        start, end = np.searchsorted(times_ns, [scene.start_ns, scene.end_ns])
        if start == end:
            what = f"scene {scene.scene} has no recorded frame in it"
            raise InputError(what, scene.where, "correct its times")
    return [replace(s, end_ns=min(s.end_ns, shown_until_ns)) for s in scenes]


def remarks(written: Sequence[Scene], fitted: Sequence[Scene]) -> list[str]:
    """What the person who imports should know: scenes cut at the end, emotions shown twice."""
    lines = [
        f"scene {before.scene} is cut from {_s(before.end_ns)} to {_s(after.end_ns)}, "
        "the end of the recording"
        for before, after in zip(written, fitted, strict=True)
        if after.end_ns < before.end_ns
    ]
    counts = Counter(scene.emotion for scene in written)
    lines += [f"{n} scenes of {emotion}" for emotion, n in counts.items() if n > 1]
    return lines


def _scene(row: Row) -> Scene:
    return Scene(
        row.whole("scene", 1, SCENES_PER_COMPILATION),
        row.one_of("emotion", EMOTIONS),
        row.seconds_as_ns("start_s"),
        row.seconds_as_ns("end_s"),
        row.where,
    )


def _s(time_ns: int) -> str:
    return f"{time_ns / NS_PER_S:g} s"
