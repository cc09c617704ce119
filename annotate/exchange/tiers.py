"""Which tiers hold a coder's codes in an ELAN file, and what the annotations on them say.

CODER/interval     aligned; the interval that was coded, its value the interval's id
CODER/expression   aligned, within it; from the onset frame to the offset frame
CODER/onset, CODER/apex, CODER/offset
                   aligned, within it; one frame. Apex always; onset and offset where the two make
                   no stretch, one being missing or the offset lying before the onset
CODER/emotion, CODER/AUs, CODER/verdict, CODER/confidence, CODER/comment, CODER/state
                   one value for the interval each

An annotation ends where its last frame begins, as the recording's durations do, or a frame later
for single frames. ELAN allows no overlap within a tier: codes of overlapping intervals go on to
CODER.2/interval and so forth.
"""

import re
from dataclasses import dataclass

INTERVAL = "interval"
SPANS = ("expression", "onset", "apex", "offset")
VALUES = ("emotion", "AUs", "verdict", "confidence", "comment", "state")
KINDS = (INTERVAL, *SPANS, *VALUES)
# What people call them who make their own files.
ALSO = {"au": "AUs", "facs": "AUs", "comments": "comment", "notes": "comment", "note": "comment"}

_LANE = re.compile(r"(?P<coder>.*?)(?:\.(?P<lane>\d+))?")


@dataclass(frozen=True)
class TierName:
    """`coder` "" for a tier that names none."""

    coder: str
    kind: str
    lane: int = 1

    def __str__(self) -> str:
        lane = f".{self.lane}" if self.lane > 1 else ""
        return f"{self.coder}{lane}/{self.kind}"

    @classmethod
    def parse(cls, text: str) -> "TierName | None":
        """Of a tier's id; None where it is no tier of codes."""
        prefix, _, last = text.strip().rpartition("/")
        kind = _KIND.get(last.strip().lower())
        match = _LANE.fullmatch(prefix)
        if kind is None or match is None:
            return None
        return cls(match["coder"], kind, int(match["lane"] or 1))


_KIND = {kind.lower(): kind for kind in KINDS} | ALSO
