"""Expressions held longer than any filter of `annotate.detect`: by the level of the AU intensity.

AU scores are levels and do not drift with the head, so a smile of eight seconds, which is all rest
to a filter that sees changes, stands out against the person's rest as the paper's measure, the sum
of the AU scores, says.
"""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from annotate.detect import Movement
from annotate.eyelids import MAD_TO_SD
from annotate.interval_settings import IntervalSettings
from annotate.peaks import trace
from annotate.signals import Mask, Signals

SMOOTHED_S = 0.25  # a held level does not hang on single frames
NAME = "AU sum"


def held_expression(signals: Signals, inside: Mask, settings: IntervalSettings) -> Movement | None:
    """The highest held level `inside` a scene, if it is at least `held_intensity` (sum of AU
    scores) and `threshold_z` standard deviations of rest above the rest; what does not last
    `held_shortest_s` is for the filters. It begins and ends at the latest where no face is seen:
    what lies on the other side need not be one expression."""
    usable = np.flatnonzero(inside & signals.valid)
    if not len(usable):
        return None
    level = gaussian_filter1d(signals.intensity, SMOOTHED_S / signals.step_s)
    rest = level[signals.baseline]
    sd = max(float(np.median(np.abs(rest - np.median(rest)))) * MAD_TO_SD, 1e-3)
    top = int(usable[np.argmax(level[usable])])
    if level[top] < max(settings.held_intensity, settings.threshold_z * sd):
        return None
    first, end = stretch(signals.valid, top)
    traced = trace(
        level[first:end], top - first, settings.held_shortest_s, signals.step_s, rest=0.0
    )
    onset, apex, offset = (first + at for at in traced)
    if (offset - onset) * signals.step_s < settings.held_shortest_s:
        return None
    apex = float(np.clip(apex, usable[0], usable[-1]))
    z = float(level[top]) / sd
    direction = np.array([z * (name == NAME) for name in signals.names])
    return Movement(min(onset, apex), apex, max(offset, apex), z, direction, held=True)


def stretch(valid: Mask, at: int) -> tuple[int, int]:
    """The run of true samples around `at`, half-open."""
    gaps = np.flatnonzero(~valid)
    after = int(np.searchsorted(gaps, at))
    first = int(gaps[after - 1]) + 1 if after else 0
    return first, int(gaps[after]) if after < len(gaps) else len(valid)


def is_same(one: Movement, other: Movement) -> bool:
    """Whether two movements overlap by more than half of what they span together."""
    common = min(one.offset, other.offset) - max(one.onset, other.onset)
    together = max(one.offset, other.offset) - min(one.onset, other.onset)
    return common > together / 2
