"""What others report, and beside which of our runs it may stand.

Only figures of the same case stand side by side: three classes, one subject left out at a time over
SMIC, CASME II and SAMM together (MEGC2019's composite evaluation). Everything else is marked as not
comparable, with the reason. The paper's own figures come from a split by frames; the figure beside
them is of IncepTR, a published network of the same hyper-parameters, by LOSO.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.training.report.read import Reported

HOW = "mixed, not said"  # protocol and seeds of the paper's rows
TWIN = "none published; IncepTR by LOSO: 0.753"
PAPER_NOTE = (
    "The paper's rows are not comparable: it mixes a frame-level split, which puts frames of one "
    "clip on both sides, with LOSO, and its F1, precision and recall cannot all be true of one set "
    "of predictions. The figure to measure by is that of IncepTR, a network of the same "
    "hyper-parameters, by LOSO."
)
PAPER_TABLE_2 = [
    ["paper, without optical flow", "60", "1 h 45 min 58 s", "0.2108", "0.9028", "0.8453", TWIN],
    ["paper, with optical flow", "100", "23 min 55 s", "0.0986", "0.90", "0.8556", TWIN],
]
PAPER_TABLE_2 = [[*row, HOW] for row in PAPER_TABLE_2]
PAPER_TABLE_3 = [
    ["paper", "0.1917", "0.9474", "60", "8 min 38 s", "13.3 %", "72.1 %", "–", "–", HOW]
]
PAPER_TABLE_4 = [
    [
        *("paper", TWIN, "none published; IncepTR by LOSO: 0.746", "0.8574", "0.8127", "0.8519"),
        *("0.8127", "0.2278", "0.2175", "0.8243", HOW),
    ]
]


@dataclass(frozen=True)
class Published:
    """A row of the literature; `why` says why it stands apart, empty where it is of the case."""

    name: str
    uf1: str
    uar: str
    why: str = ""


CASE = "MEGC2019 composite: 3 classes, LOSO over the 442 clips of SMIC, CASME II and SAMM"
CASE_CLIPS = 442
_CHOSEN = "chooses its epoch on the test subject"
_MER_CLIP = "CAS(ME)3, {} classes"
PUBLISHED = (
    Published("LBP-TOP", "0.588", "0.579"),
    Published("STSTNet", "0.735", "0.761"),
    Published("RCN", "0.743", "0.719"),
    Published("IncepTR", "0.753", "0.746"),
    Published("FeatRef", "0.784", "0.783"),
    Published("EMR", "0.789", "0.782"),
    Published("HTNet", "0.860", "0.848", f"the same clips and classes, but {_CHOSEN}"),
    Published("HTNet, SMIC", "0.805", "0.791", f"one set of the composite; {_CHOSEN}"),
    Published("HTNet, CASME II", "0.953", "0.952", f"one set of the composite; {_CHOSEN}"),
    Published("HTNet, SAMM", "0.813", "0.812", f"one set of the composite; {_CHOSEN}"),
    Published("MER-CLIP", "0.783", "–", _MER_CLIP.format(3)),
    Published("MER-CLIP", "0.654", "–", _MER_CLIP.format(4)),
    Published("MER-CLIP", "0.500", "–", _MER_CLIP.format(7)),
)


def comparable_rows(reported: Sequence[Reported]) -> list[list[str]]:
    """Published and own rows of CASE: name, UF1, UAR, seeds; own ones last."""
    rows = [[own.name, own.uf1, own.uar, "not said"] for own in PUBLISHED if not own.why]
    return rows + [_own(entry) for entry in reported if not why_apart(entry)]


def apart_rows(reported: Sequence[Reported]) -> list[list[str]]:
    """The others: name, UF1, UAR, seeds, why not comparable."""
    own = [[*_own(entry), why_apart(entry)] for entry in reported if why_apart(entry)]
    others = [[row.name, row.uf1, row.uar, "not said", row.why] for row in PUBLISHED if row.why]
    why = (
        "an F1 of a frame-level split mixed with LOSO; IncepTR, of the same "
        "hyper-parameters, reaches a UF1 of 0.753 by LOSO"
    )
    return [*own, *others, ["the paper, with flow", "F1 0.8556", "–", "not said", why]]


def why_apart(entry: Reported) -> str:
    """Why a run may not stand beside the figures of CASE; empty where it may."""
    settings = entry.settings
    sets = {"smic" if "smic" in name else name for name in entry.predictions.source}
    reasons = []
    if settings["shuffle_labels"]:
        reasons.append("labels shuffled")
    if settings["classes"] != 3:
        reasons.append(f"{settings['classes']} classes")
    if settings["protocol"] not in ("composite", "loso"):
        reasons.append(f"protocol {settings['protocol']}")
    if sets != {"smic", "casme2", "samm"}:
        reasons.append(f"tested on {', '.join(sorted(sets))}")
    elif (clips := len(set(entry.predictions.clip_id))) != CASE_CLIPS:
        reasons.append(f"{clips} of the {CASE_CLIPS} clips")
    return "; ".join(reasons)


def _own(entry: Reported) -> list[str]:
    scores = [entry.measure(key).told(3) for key in ("uf1", "uar")]
    return [entry.name, *scores, entry.seeds_told]
