"""A corpus's words for emotions as the seven, and as the three classes of MEGC2019.

Which words become negative is each corpus's own: repression does in CASME II, sadness and fear do
in SAMM and not in CASME II. A word without a class keeps its clip and gives it no label.
"""

import re

SEVEN = {
    "happiness": "happiness",
    "happy": "happiness",
    "sadness": "sadness",
    "sad": "sadness",
    "surprise": "surprise",
    "fear": "fear",
    "disgust": "disgust",
    "anger": "anger",
}

# What the seven become where a corpus says nothing else.
THREE = {
    "happiness": "positive",
    "happy": "positive",
    "surprise": "surprise",
    **dict.fromkeys(("sadness", "sad", "fear", "disgust", "anger"), "negative"),
}

# Corpora that were coded in three classes from the start.
VALENCE = {"positive": "positive", "negative": "negative", "surprise": "surprise"}

# Other words that corpora use, so that a misspelling is noticed.
OTHER_WORDS = ("others", "other", "repression", "contempt")

_UNIT = re.compile(r"(?:AU)?\s*([LRBTM]?)(\d{1,2})([A-E]?)", re.IGNORECASE)


def certain_aus(text: str) -> tuple[list[str], bool]:
    """The AUs a cell names beyond doubt (`4+L10` is AU04 AU10), and whether there was doubt.

    Alternatives (`12 or 15`), marks of doubt (`?`, the `(k)` of 4DME) and what is no AU are left
    out; sides and intensities too, since a table of AUs has no place for them.
    """
    names: list[str] = []
    doubt = False
    for part in re.split(r"[+,;&]", text):
        unit = _UNIT.fullmatch(part.strip())
        if unit and int(unit[2]):
            name = f"AU{int(unit[2]):02d}"
            names += [] if name in names else [name]
        else:
            doubt |= bool(part.strip())
    return sorted(names), doubt
