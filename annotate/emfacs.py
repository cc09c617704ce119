"""Which Action Units make which emotion, after EMFACS (Friesen & Ekman 1983; Ekman et al. 2002).

The prototypes of the FACS Investigator's Guide, reduced to AUs the tables have. Used to name what
a face expressed; never a substitute for a coder's judgement.
"""

from collections.abc import Mapping

from mexlab.emotions import EMOTIONS

PROTOTYPES: Mapping[str, tuple[str, ...]] = {
    "sadness": ("AU01", "AU04", "AU15", "AU17"),
    "surprise": ("AU01", "AU02", "AU05", "AU26"),
    "fear": ("AU01", "AU02", "AU04", "AU05", "AU20", "AU25"),
    "disgust": ("AU09", "AU10", "AU17"),
    "anger": ("AU04", "AU05", "AU07", "AU23", "AU24"),
    "happiness": ("AU06", "AU12"),
}


def emotion_scores(aus: Mapping[str, float]) -> dict[str, float]:
    """Seven scores that sum to 1, from AU strengths in [0, 1].

    An emotion's strength is the mean of its prototype's AUs (those the analyzer has); neutral is
    1 minus the strongest. Strengths are squared, so that a full expression stands out from the
    others that share an AU with it, and divided by their sum.
    """
    strength = {}
    for emotion, units in PROTOTYPES.items():
        known = [aus[unit] for unit in units if unit in aus]
        strength[emotion] = sum(known) / len(known) if known else 0.0
    strength["neutral"] = 1 - max(strength.values())
    total = sum(value**2 for value in strength.values())
    return {emotion: strength[emotion] ** 2 / total for emotion in EMOTIONS}
