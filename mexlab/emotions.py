"""The emotions, Action Units and facial regions, in the order every table keeps.

Emotions follow the paper's order and spelling; three classes follow MEGC2019, where neutral has
no place. AU names are FACS numbers padded to two digits.
"""

from typing import Final

EMOTIONS: Final = ("neutral", "sadness", "surprise", "fear", "disgust", "anger", "happiness")
LABELS3: Final = ("positive", "negative", "surprise")

_LABEL3: Final = {
    "happiness": 0,
    "sadness": 1,
    "fear": 1,
    "disgust": 1,
    "anger": 1,
    "surprise": 2,
}

AU_NUMBERS: Final = (1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 17, 20, 23, 24, 25, 26, 28, 43)
AUS: Final = tuple(f"AU{number:02d}" for number in AU_NUMBERS)

REGIONS: Final = (
    "brow_left",
    "brow_right",
    "eye_left",
    "eye_right",
    "nose",
    "cheek_left",
    "cheek_right",
    "mouth_left",
    "mouth_right",
    "jaw",
)
HEAD_WAYS: Final = ("head_right", "head_down", "head_nearer", "head_rolled", "head_turned")


def label_of(emotion: str) -> int:
    """Class 0..6 of one of the seven emotions."""
    return EMOTIONS.index(emotion)


def label3_of(emotion: str) -> int | None:
    """Class 0..2 (positive, negative, surprise); None for neutral."""
    return _LABEL3.get(emotion)


def class_names(classes: int) -> tuple[str, ...]:
    """Names of the 3 or the 7 classes, in label order."""
    return {3: LABELS3, 7: EMOTIONS}[classes]
