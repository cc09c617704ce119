"""Finding movements in the courses of a face: matched filters over all of it, strongest first.

An expression rises and falls roughly like a raised cosine. Every course is correlated with raised
cosines of several lengths, each minus its own mean, so that slow drift answers nothing; the answers
are measured in the noise of the person's own rest and taken together over the face, whichever
regions an expression moves and in whichever direction. What goes with a movement of the head counts
as noise. Arrays are float64, (n,) or (n, courses), on an even grid.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import correlate1d, maximum_filter1d

from annotate.eyelids import MAD_TO_SD, noise_sd
from annotate.peaks import trace
from annotate.signals import Array, Mask

LENGTHS_S = (0.2, 0.3, 0.45, 0.7, 1.0, 1.5, 2.2, 3.2, 4.5)  # onset to offset of what is sought
# The part of a normal distribution's answers nearer to 0 than 30 % of them, in deviations: of a
# recording full of events the smaller answers still are noise.
CALM_PART, CALM_SD = 0.3, 0.385
ENOUGH = 8  # filters that rest must hold for its answers alone to tell the noise


@dataclass(frozen=True)
class Movement:
    """A movement: grid positions (they may fall between samples) and how clear it is.

    `z` is the root mean square of the courses' answers in standard deviations of rest; `direction`
    float64 (courses,) says which courses moved and which way, in those deviations. `held` is one
    that was found by its level (`annotate.held`), and may still last where the recording ends.
    """

    onset: float
    apex: float
    offset: float
    z: float
    direction: Array
    held: bool = False


def kernel(length_s: float, step_s: float) -> Array:
    """A raised cosine of this length amid as much rest, zero mean, unit energy; odd length."""
    half = max(1, round(length_s / step_s))
    t = np.arange(-half, half + 1) * step_s
    hump = np.where(np.abs(t) < length_s / 2, 0.5 + 0.5 * np.cos(2 * np.pi * t / length_s), 0.0)
    hump -= hump.mean()
    return np.asarray(hump / np.linalg.norm(hump))


@dataclass(frozen=True)
class Head:
    """The head's way float64 (n, h), how much of it may `leak` (c,) into each course, and how many
    standard deviations of its own usual sway leave nothing."""

    way: Array
    leak: Array
    quiet_z: float = 3.0


class Detector:
    """Seeks movements in `courses` (n, c); `baseline` marks rest, `usable` where a face is."""

    def __init__(
        self,
        courses: Array,
        head: Head,
        baseline: Mask,
        usable: Mask,
        step_s: float,
    ):
        self._courses = courses.copy()
        self._usable = usable.copy()
        self._step_s = step_s
        self._kernels = [kernel(length, step_s) for length in LENGTHS_S]
        self._noise = self._noises(baseline, usable)
        swings = [_Swing.of(head, k) for k in self._kernels]
        self._leak = [swing.beyond[:, None] * head.leak for swing in swings]
        self._most_leaked = [swing.all[:, None] * head.leak for swing in swings]
        self._z = np.zeros((len(LENGTHS_S), len(courses)))
        self._answer(0, len(courses))

    def movements(self, threshold: float) -> Iterator[Movement]:
        """Movements with z >= threshold, clearest first.

        Each is then bridged by a straight line and what it touched is answered anew, so that it
        does not answer again at the filters' flanks. Apexes lie on usable samples; an onset or
        offset may lie elsewhere.
        """
        while True:
            z = np.where(self._usable, self._z, -np.inf)
            length, at = np.unravel_index(int(np.argmax(z)), z.shape)
            if not z[length, at] >= threshold:
                return
            found = self._traced(int(length), int(at))
            if not self._goes_with_head(int(length), int(at), threshold):
                yield found
            self._take_away(found, int(at), int(length))

    def _noises(self, baseline: Mask, usable: Mask) -> list[Array]:
        """(c,) for each filter: the answers' standard deviation at rest.

        A short rest holds too few independent answers to the long filters; there the calm part of
        the whole recording counts as well, but for no more than noise grows with the length: a face
        that never rests is all movement.
        """
        fast = np.array([noise_sd(course[baseline]) for course in self._courses.T])
        noises: list[Array] = []
        for row, template in enumerate(self._kernels):
            answers = correlate1d(self._courses, template, axis=0, mode="nearest")
            rest = answers[baseline]
            noise = np.median(np.abs(rest - np.median(rest, axis=0)), axis=0) * MAD_TO_SD
            if noises and np.count_nonzero(baseline) < ENOUGH * len(template):
                calm = np.quantile(np.abs(answers[usable]), CALM_PART, axis=0) / CALM_SD
                most = noises[-1] * (LENGTHS_S[row] / LENGTHS_S[row - 1])
                noise = np.maximum(noise, np.minimum(calm, most))
            noises.append(np.maximum(noise, np.maximum(fast, 1e-9)))
        return noises

    def _answer(self, first: int, end: int) -> None:
        """Answer samples first … end - 1, as the courses are now."""
        for row, template in enumerate(self._kernels):
            answers, low = self._answers(template, first, end)
            noise = np.hypot(self._noise[row], self._leak[row][low:end])
            self._z[row, low:end] = np.sqrt(np.mean((answers / noise) ** 2, axis=1))

    def _answers(self, template: Array, first: int, end: int) -> tuple[Array, int]:
        """Answers to one filter for samples first … end - 1, and `first`."""
        half = len(template) // 2
        low, high = max(0, first - half), min(len(self._courses), end + half)
        found = correlate1d(self._courses[low:high], template, axis=0, mode="nearest")
        return found[first - low : end - low], first

    def _goes_with_head(self, length: int, at: int, threshold: float) -> bool:
        """Whether no course moved more than what may leak into it, and the others not enough."""
        answers, _ = self._answers(self._kernels[length], at, at + 1)
        leaked = self._most_leaked[length][at]
        could, free = leaked > 0, leaked <= 0
        own = np.abs(answers[0]) / self._noise[length]
        alone = np.sqrt(np.sum(own[free] ** 2) / len(own))
        return bool(np.all(np.abs(answers[0][could]) < leaked[could]) and alone < threshold)

    def _traced(self, length: int, at: int) -> Movement:
        answers, _ = self._answers(self._kernels[length], at, at + 1)
        noise = np.hypot(self._noise[length], self._leak[length][at])
        direction = answers[0] / noise
        course = self._courses @ (direction / noise) / np.linalg.norm(direction)
        onset, apex, offset = trace(course, at, LENGTHS_S[length], self._step_s)
        return Movement(onset, apex, offset, float(self._z[length, at]), direction)

    def _take_away(self, found: Movement, at: int, length: int) -> None:
        reach = max(2, round(LENGTHS_S[length] / self._step_s / 2))
        first = max(0, min(at - reach, int(found.onset)))
        last = min(len(self._courses) - 1, max(at + reach, int(np.ceil(found.offset))))
        way = np.linspace(0, 1, last - first + 1)[:, None]
        start, end = self._courses[first], self._courses[last]
        self._courses[first : last + 1] = start + way * (end - start)
        self._usable[first : last + 1] = False
        half = max(len(k) for k in self._kernels) // 2
        self._answer(max(0, first - half), min(len(self._courses), last + half + 1))


@dataclass(frozen=True)
class _Swing:
    """How much the head moves at a filter's length, float64 (n,): `all` of it, and what is `beyond`
    its own usual sway, each the largest within the filter's reach: what leaks of a turn does not
    answer just where the turn does."""

    all: Array
    beyond: Array

    @classmethod
    def of(cls, head: Head, template: Array) -> "_Swing":
        answers = np.abs(correlate1d(head.way, template, axis=0, mode="nearest"))
        usual = head.quiet_z * np.median(answers, axis=0) * MAD_TO_SD

        def largest(ways: Array) -> Array:
            return np.asarray(maximum_filter1d(np.linalg.norm(ways, axis=1), len(template)))

        return cls(largest(answers), largest(np.maximum(answers - usual, 0.0)))
