"""What happens in a simulated session, and when: scenes, expressions, blinks, head turns, frames.

Pure: settings and a random generator in, the truth out. Times are int64 ns since session start,
which is the first frame; scenes are half-open and follow each other without a gap.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mexlab.emotions import EMOTIONS
from mexlab.errors import InputError
from mexlab.timebase import NS_PER_MS, NS_PER_S, Nanoseconds, seconds_to_ns

# Whole durations in s; 0.5 s is where a micro-expression ends (Yan et al. 2013).
DURATIONS_S = {
    "micro": (0.2, 0.5),
    "macro": (0.7, 2.0),
    "blink": (0.1, 0.3),
    "head-turn": (1.0, 1.6),
}
# Part of the duration from onset to apex: eyes close faster than they open.
RISE = {"micro": (0.35, 0.5), "macro": (0.3, 0.5), "blink": (0.3, 0.4), "head-turn": (0.4, 0.6)}
AMPLITUDES_IOD = {"micro": 0.06, "macro": 0.10}
HEAD_TURN_IOD = 0.10
FPS = 30.0
JITTER_S = 0.0012  # standard deviation of a frame's capture time around its even place
CLOCK_OFF = 2e-5  # the camera's clock against the host's, as crystals are
APART_S = 0.15  # between two events, so that each is seen for itself


@dataclass(frozen=True)
class ScriptSettings:
    """`kind` micro or macro; `amplitude_iod` the largest landmark's way over inter-ocular distance.

    `blinks` in each scene, `head_turns` in the whole session.
    """

    kind: str = "micro"
    amplitude_iod: float = AMPLITUDES_IOD["micro"]
    scene_s: float = 8.0
    blinks: int = 2
    head_turns: int = 0

    def check(self) -> None:
        """Raise InputError for a setting that no face or scene can hold."""
        if self.kind not in AMPLITUDES_IOD:
            raise InputError(f"no kind {self.kind!r}", "--kind", "use micro or macro")
        limits = (
            ("--amplitude", 0 < self.amplitude_iod <= 0.2, "choose more than 0, up to 0.2"),
            ("--scene-s", 3 <= self.scene_s <= 600, "choose 3 to 600 seconds"),
            (
                "--blinks",
                0 <= self.blinks <= self.scene_s / 1.5,
                "choose at most two in three seconds",
            ),
            (
                "--head-turns",
                0 <= self.head_turns <= len(EMOTIONS)
                and (not self.head_turns or self.scene_s >= 6),
                f"choose 0 to {len(EMOTIONS)}, in scenes of 6 s or more",
            ),
        )
        for option, holds, remedy in limits:
            if not holds:
                raise InputError("out of range", option, remedy)


@dataclass(frozen=True)
class Scene:
    """Scene 1..7 of [start_ns, end_ns) with the emotion its film aims at."""

    scene: int
    emotion: str
    start_ns: int
    end_ns: int


@dataclass(frozen=True)
class Event:
    """One movement: it leaves rest at onset, is largest at apex, and rests again at offset.

    `kind` is one of `mexlab.tables.TRUTH_KINDS`; blinks and head turns have emotion neutral.
    """

    scene: int
    emotion: str
    kind: str
    onset_ns: int
    apex_ns: int
    offset_ns: int
    amplitude_iod: float

    def level(self, t_ns: int) -> float:
        """How far it has gone, 0 at rest to 1 at the apex: half a raised cosine each way."""
        if not self.onset_ns < t_ns < self.offset_ns:
            return 0.0
        edge = self.onset_ns if t_ns <= self.apex_ns else self.offset_ns
        return float(0.5 - 0.5 * np.cos(np.pi * (t_ns - edge) / (self.apex_ns - edge)))


@dataclass(frozen=True)
class Script:
    """A session's scenes, events by onset, and true capture times int64[frames], the first 0."""

    scenes: tuple[Scene, ...]
    events: tuple[Event, ...]
    capture_ns: Nanoseconds


def write_script(
    settings: ScriptSettings, order: Sequence[str], lid_travel_iod: float, rng: np.random.Generator
) -> Script:
    """One session: a scene for each emotion of `order`, without gaps, and what happens in them."""
    length = seconds_to_ns(settings.scene_s)
    scenes = tuple(
        Scene(number, emotion, (number - 1) * length, number * length)
        for number, emotion in enumerate(order, start=1)
    )
    events = write_events(settings, scenes, lid_travel_iod, rng)
    return Script(scenes, events, capture_times(scenes[-1].end_ns, rng))


def write_events(
    settings: ScriptSettings,
    scenes: Sequence[Scene],
    lid_travel_iod: float,
    rng: np.random.Generator,
) -> tuple[Event, ...]:
    """An expression in each scene but the neutral one, of any scenes; nothing between scenes.

    Blinks and head turns keep clear of the expressions and of each other.
    """
    turning = {int(scene) for scene in rng.permutation(len(scenes))[: settings.head_turns] + 1}
    events: list[Event] = []
    for scene in scenes:
        wanted = [("blink", "neutral", lid_travel_iod)] * settings.blinks
        if scene.scene in turning:
            wanted.insert(0, ("head-turn", "neutral", HEAD_TURN_IOD))
        if scene.emotion != "neutral":
            wanted.insert(0, (settings.kind, scene.emotion, settings.amplitude_iod))
        placed: list[Event] = []
        for kind, emotion, amplitude in wanted:
            placed.append(_placed(scene, kind, emotion, amplitude, placed, rng))
        events += sorted(placed, key=lambda event: event.onset_ns)
    return tuple(events)


def scene_order(index: int, seed: int) -> list[str]:
    """The emotions in participant number `index`'s order: a row of a seeded Latin square.

    Over seven participants in a row each emotion stands once in each place.
    """
    shuffled = np.random.default_rng(seed).permutation(len(EMOTIONS))
    return [EMOTIONS[int(emotion)] for emotion in np.roll(shuffled, -index)]


def capture_times(end_ns: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """True times of the frames up to the end: 30 fps by a clock a little off, each jittered."""
    count = round(end_ns / NS_PER_S * FPS)
    even = np.arange(count) * (1 + rng.uniform(-CLOCK_OFF, CLOCK_OFF)) / FPS
    # Cut at three deviations: times must rise, and 6 * 1.2 ms is far below one step.
    jitter = np.clip(rng.normal(0, JITTER_S, count), -3 * JITTER_S, 3 * JITTER_S)
    jitter[0] = 0
    return np.asarray(np.round((even + jitter) * NS_PER_S), dtype=np.int64)


def _placed(
    scene: Scene,
    kind: str,
    emotion: str,
    amplitude_iod: float,
    taken: Sequence[Event],
    rng: np.random.Generator,
) -> Event:
    """An event of random length at a random free place; expressions away from the scene's ends."""
    length = seconds_to_ns(float(rng.uniform(*DURATIONS_S[kind])))
    rise = round(length * float(rng.uniform(*RISE[kind])))
    margin = (
        min(seconds_to_ns(1.2), (scene.end_ns - scene.start_ns) // 6) if emotion != "neutral" else 0
    )
    gap = seconds_to_ns(APART_S)
    onsets = np.arange(scene.start_ns + margin, scene.end_ns - margin - length + 1, NS_PER_MS)
    for event in taken:
        before = onsets + length + gap <= event.onset_ns
        onsets = onsets[before | (onsets >= event.offset_ns + gap)]
    if not len(onsets):
        what = f"no room for another {kind} in scene {scene.scene}"
        raise InputError(what, "--blinks, --head-turns", "choose fewer or longer scenes")
    onset = int(rng.choice(onsets))
    return Event(scene.scene, emotion, kind, onset, onset + rise, onset + length, amplitude_iod)
