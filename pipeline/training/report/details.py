"""Tables about single runs: the leak report, each class, each set, each test subject."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.training.metrics import recalls
from pipeline.training.report.read import Reported
from pipeline.training.report.sheets import Sheet
from pipeline.training.report.spread import NBSP, Spread

LEAK_HEAD = (
    *("run", "A sample", "UF1, LOSO", "UF1, frame-level", "Difference"),
    *("UAR, LOSO", "UAR, frame-level", "Difference", "Seeds"),
)
LEAK_NOTE = (
    "The same network, trained once more on samples dealt at random to training and test, as in "
    "much published work: one face is then on both sides, and where a sample is a frame, frames of "
    "one clip are too. What it gains over LOSO is how well it knows these people again, not how "
    "well it reads faces. LOSO judges clips, the other split the samples dealt to its test. Counts "
    "of all seeds are pooled; ± is the standard deviation of the seeds' own figures."
)


def leak_sheet(reported: Sequence[Reported]) -> Sheet | None:
    """The frame-level split beside LOSO, in one row always; None where no run has measured it."""
    rows = [[entry.name, *leak_row(entry)] for entry in reported if entry.leak is not None]
    if not rows:
        return None
    return Sheet("Leak report: a frame-level split beside LOSO", LEAK_NOTE, LEAK_HEAD, rows)


def leak_row(entry: Reported) -> list[str]:
    """Cells of one run that has a leak report."""
    assert entry.leak is not None
    apart, together = entry.leak["loso"], entry.leak["frame_level"]
    cells = ["a frame" if entry.kind.of_frames and not entry.kind.sequence else "a clip"]
    for key in ("uf1", "uar"):
        cells += [
            _with_deviation(apart[key], [own[key] for own in entry.measures]),
            _with_deviation(together[key], _of_seeds(together, key)),
            f"{together[key] - apart[key]:+.4f}",
        ]
    return [*cells, entry.seeds_told]


def class_sheet(entry: Reported) -> Sheet:
    """Clips, recall and AUC of each class."""
    counts = [np.array(own["confusion"]) for own in entry.measures]
    rows = []
    for index, name in enumerate(entry.metrics["classes"]):
        found = [float(recalls(own)[index]) for own in counts]
        recall = Spread.of(None if np.isnan(value) else value for value in found)
        area = Spread.of(own["auc"][index] for own in entry.measures)
        rows.append([name, str(counts[0][index].sum()), recall.told(3), area.told(3)])
    note = f"AUC: the class against all others. {entry.seeds_told.capitalize()}."
    return Sheet("Each class", note, ("class", "Clips", "Recall", "AUC"), rows)


def set_sheet(entry: Reported) -> Sheet | None:
    """UF1 and UAR of each set of a composite; None where there is one set."""
    first = entry.sets[0]
    if len(first) < 2:
        return None
    rows = []
    for place, own in enumerate(first):
        scores = [
            Spread.of(seed[place][key] for seed in entry.sets).told(3)
            for key in ("uf1", "uar", "accuracy")
        ]
        rows.append([own["set"], str(own["n"]), *scores])
    note = f"Each set alone, from its own pooled counts. {entry.seeds_told.capitalize()}."
    return Sheet("Each set", note, ("set", "Clips", "UF1", "UAR", "Accuracy"), rows)


def subject_sheet(entry: Reported) -> Sheet:
    """Clips and the share judged right of each fold's test subjects."""
    rows = []
    for place, fold in enumerate(entry.measures[0]["folds"]):
        folds = [own["folds"][place] for own in entry.measures]
        right = Spread.of(own["correct"] for own in folds)
        share = Spread.of(own["correct"] / own["n"] for own in folds)
        told = str(folds[0]["correct"]) if len(folds) == 1 else right.told(1)
        rows.append([fold["subject"], str(fold["n"]), told, share.told(2)])
    rows.sort()
    note = f"People of one group are tested together. {entry.seeds_told.capitalize()}."
    return Sheet("Each test subject", note, ("test subject", "Clips", "Right", "Share"), rows)


def _of_seeds(split: dict[str, Any], key: str) -> list[float]:
    """Each seed's figure, where the run has kept it."""
    return [float(own[key]) for own in split.get("by_seed", [])]


def _with_deviation(pooled: float, of_seeds: Sequence[float]) -> str:
    deviation = Spread.of(of_seeds).deviation if of_seeds else None
    return f"{pooled:.4f}" if deviation is None else f"{pooled:.4f} ±{NBSP}{deviation:.4f}"
