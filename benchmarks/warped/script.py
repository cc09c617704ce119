"""What happens in a session of warped faces, and when; pure, from settings and a seed.

Expressions, blinks, head turns, frame times and slow drifts draw from generators of their own, so
that two studies of one seed differ only in what their settings say. Times are int64 ns since the
first frame.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mexlab.emotions import EMOTIONS
from mexlab.errors import InputError
from mexlab.timebase import NS_PER_S, seconds_to_ns

FPS = 30.0
JITTER_S = 0.003  # standard deviation; cut at 9 ms, so that times rise
DROP_CHANCE = 0.004  # a frame
DURATIONS_S = {
    "micro": (0.2, 0.5),
    "macro": (1.0, 2.0),
    "blink": (0.14, 0.36),
    "head-turn": (1.0, 1.8),
}
MARGIN_S = {"micro": 0.8, "macro": 0.6, "blink": 0.0, "head-turn": 0.2}  # from a scene's ends
APART_S = {"blink": 0.1, "head-turn": 0.2}  # from what else happens
PROFILES = ("gamma", "plateau", "cosine")
SCENES = 7


@dataclass(frozen=True)
class Settings:
    """`blinks` a scene, `head_turns` a session; `empty_fraction` of scenes have no expression.

    Half of the empty scenes are labelled neutral, the first always. `idle_iod` is the standard
    deviation of an idle area's drift, `noise` that of a pixel's luma (0 with idle 0: a still head).
    """

    kind: str = "micro"
    amplitude_iod: float = 0.06
    scene_s: float = 8.0
    blinks: int = 0
    head_turns: int = 0
    empty_fraction: float = 0.5
    idle_iod: float = 0.002
    noise: float = 1.5

    def check(self) -> None:
        """Raise InputError for what no scene can hold."""
        shortest = 2.5 if self.kind == "micro" else 4.0
        limits = (
            ("--kind", self.kind in ("micro", "macro"), "use micro or macro"),
            ("--amplitude", 0 < self.amplitude_iod <= 0.15, "choose more than 0, up to 0.15"),
            ("--scene-s", self.scene_s >= shortest, f"choose {shortest:g} seconds or more"),
            ("--blinks", 0 <= self.blinks <= self.scene_s / 2, "choose at most one in two seconds"),
            ("--head-turns", 0 <= self.head_turns <= SCENES, f"choose 0 to {SCENES}"),
            ("--empty-fraction", 1 / SCENES <= self.empty_fraction <= 1, "choose 1/7 to 1"),
        )
        for option, holds, remedy in limits:
            if not holds:
                raise InputError("out of range", option, remedy)


@dataclass(frozen=True)
class Scene:
    """[start_ns, end_ns) under the film's label; `shown` is the emotion expressed, or None."""

    scene: int
    emotion: str
    shown: str | None
    start_ns: int
    end_ns: int


@dataclass(frozen=True)
class Happening:
    """An expression, blink or head turn; `size` is 0-1 closure of a blink, or a turn's radians."""

    scene: int
    emotion: str
    kind: str
    profile: str
    onset_ns: int
    apex_ns: int
    offset_ns: int
    size: float = 1.0

    def level(self, t_ns: int) -> float:
        """0 at onset and offset, 1 at the apex."""
        if not self.onset_ns < t_ns < self.offset_ns:
            return 0.0
        length = self.offset_ns - self.onset_ns
        x, peak = (t_ns - self.onset_ns) / length, (self.apex_ns - self.onset_ns) / length
        return _SHAPES[self.profile](x, peak)


def _gamma(x: float, peak: float) -> float:
    """Quick rise and slower fall, as of a gamma density, but ending: x^a (1-x)^b."""
    a = 1.2
    return float((x / peak) ** a * ((1 - x) / (1 - peak)) ** (a * (1 - peak) / peak))


def _plateau(x: float, peak: float) -> float:
    """Smooth rise, a slightly domed hold around the apex, smooth fall."""
    edge = x / peak if x < peak else (1 - x) / (1 - peak)
    s = min(edge / 0.75, 1.0)
    return float(0.92 * s * s * (3 - 2 * s) + 0.08 * np.sin(np.pi / 2 * edge))


def _cosine(x: float, peak: float) -> float:
    edge = x / peak if x < peak else (1 - x) / (1 - peak)
    return float(0.5 - 0.5 * np.cos(np.pi * edge))


_SHAPES: dict[str, Callable[[float, float], float]] = {
    "gamma": _gamma,
    "plateau": _plateau,
    "cosine": _cosine,
}
RISE = {"gamma": (0.27, 0.4), "plateau": (0.4, 0.55), "cosine": (0.35, 0.6)}


@dataclass(frozen=True)
class Script:
    """A session: its scenes, what happens by onset, and capture times int64[frames]."""

    scenes: tuple[Scene, ...]
    happenings: tuple[Happening, ...]
    capture_ns: NDArray[np.int64]


def write_script(settings: Settings, index: int, seed: int) -> Script:
    """Session number `index` = 0, 1, 2, … of a study."""

    def draws(stream: int) -> np.random.Generator:
        return np.random.default_rng((seed, index, stream))

    scenes = _scenes(settings, index, draws(10))
    expressions, blinks, turning = draws(11), draws(12), draws(13)
    turns = {int(n) + 1 for n in turning.permutation(SCENES)[: settings.head_turns]}
    happenings: list[Happening] = []
    for scene in scenes:
        placed: list[Happening] = []
        if scene.shown:
            profile = PROFILES[int(expressions.integers(3))]
            placed.append(_placed(scene, settings.kind, profile, placed, expressions))
        if scene.scene in turns:
            placed.append(_placed(scene, "head-turn", "cosine", placed, turning))
        for _ in range(settings.blinks):
            placed.append(_placed(scene, "blink", "gamma", placed, blinks))
        happenings += sorted(placed, key=lambda happening: happening.onset_ns)
    return Script(scenes, tuple(happenings), _capture_times(scenes[-1].end_ns, draws(14)))


def _scenes(settings: Settings, index: int, rng: np.random.Generator) -> tuple[Scene, ...]:
    """The first neutral; over the sessions the empty ones come to their fraction, half neutral."""
    empties = _share(SCENES * settings.empty_fraction, index, 1, SCENES)
    neutral = _share(SCENES * settings.empty_fraction / 2, index, 1, empties)
    order = [str(emotion) for emotion in rng.permutation(EMOTIONS[1:])]
    empty = [0, *(1 + rng.permutation(SCENES - 1))[: empties - 1]]
    unlabelled = {0, *(int(n) for n in empty[1:neutral])}
    length = seconds_to_ns(settings.scene_s)
    scenes = []
    for n, emotion in enumerate(["neutral", *order]):
        label = "neutral" if n in unlabelled else emotion
        shown = None if n in empty else emotion
        scenes.append(Scene(n + 1, label, shown, n * length, (n + 1) * length))
    return tuple(scenes)


def _share(each: float, index: int, low: int, high: int) -> int:
    """Whole numbers whose sum over the indices keeps to `each` a session."""
    return int(
        np.clip(np.floor(each * (index + 1) + 0.5) - np.floor(each * index + 0.5), low, high)
    )


def _placed(
    scene: Scene, kind: str, profile: str, taken: Sequence[Happening], rng: np.random.Generator
) -> Happening:
    """Of random length at a random place, clear of what is there already."""
    length = seconds_to_ns(float(rng.uniform(*DURATIONS_S[kind])))
    rise = round(length * float(rng.uniform(*RISE[profile])))
    size = float(rng.uniform(0.85, 1)) if kind == "blink" else 1.0
    if kind == "head-turn":
        size = float(np.radians(rng.uniform(6, 12)) * rng.choice([-1, 1]))
    margin, gap = seconds_to_ns(MARGIN_S[kind]), seconds_to_ns(APART_S.get(kind, 0))
    for _ in range(500):
        onset = int(rng.integers(scene.start_ns + margin, scene.end_ns - margin - length + 1))
        if all(
            onset + length + gap <= other.onset_ns or onset >= other.offset_ns + gap
            for other in taken
        ):
            emotion = scene.shown or "neutral"
            shown = emotion if kind in ("micro", "macro") else "neutral"
            apex, offset = onset + rise, onset + length
            return Happening(scene.scene, shown, kind, profile, onset, apex, offset, size)
    raise InputError(f"no room for a {kind}", f"scene {scene.scene}", "choose longer scenes")


def _capture_times(end_ns: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """True frame times, the first 0: 30 fps by a crystal, jittered; now and then one is missing."""
    count = round(end_ns / NS_PER_S * FPS)
    jitter = np.clip(rng.normal(0, JITTER_S, count), -3 * JITTER_S, 3 * JITTER_S)
    times = np.arange(count) / FPS * (1 + rng.uniform(-5e-5, 5e-5)) + jitter
    kept = rng.random(count) >= DROP_CHANCE
    kept[[0, -1]] = True
    times[0] = 0
    return np.asarray(np.round(times[kept] * NS_PER_S), dtype=np.int64)
