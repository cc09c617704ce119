"""Who the people of a dataset are, as far as it cannot point at one of them.

Each field is counted by itself, never crossed with another. A value that fewer than SMALLEST
people share is withheld, and so is the next smallest while the withheld are fewer than SMALLEST
together, since the total would give them away. One value that all share is withheld too: it would
tell that of everybody. Simulated participants are not people and are not counted.
"""

from collections import Counter
from collections.abc import Iterable

from mexlab.participants import Participant

SMALLEST = 5
WITHHELD = "withheld"
MISSING = "not recorded"

RULE = (
    f"Each field by itself; values of fewer than {SMALLEST} people are withheld, with the next "
    f"smallest where fewer than {SMALLEST} would be, and so is a value that all share."
)


def summary(people: Iterable[Participant]) -> dict[str, dict[str, int]]:
    """Field -> value -> number of people, small cells under `withheld`; {} without any field."""
    real = [person for person in people if not person.simulated]
    fields = sorted({field for person in real for field in person.demographics})
    return {
        field: let_out(Counter(_spoken(person.demographics.get(field)) for person in real))
        for field in fields
    }


def let_out(counts: Counter[str]) -> dict[str, int]:
    """The values that may be shown, by name, and how many people the others are."""
    shown = sorted(counts.items(), key=lambda item: (item[1], item[0]))
    withheld = 0
    while shown and (shown[0][1] < SMALLEST or 0 < withheld < SMALLEST):
        withheld += shown.pop(0)[1]
    if len(shown) == 1 and not withheld:
        withheld += shown.pop()[1]
    return dict(sorted(shown)) | ({WITHHELD: withheld} if withheld else {})


def _spoken(value: object) -> str:
    if value is None or value == "":
        return MISSING
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
