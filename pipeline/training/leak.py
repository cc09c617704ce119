"""How much a frame-level split flatters: the one place where such a split exists.

The same network is trained once more with samples dealt at random to training and test, so that
frames of one clip and one face are on both sides, as in much published work. What it then scores
says how well it knows these people again. It is written beside the run's LOSO figures, into one
file, and is nowhere without them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mexlab.errors import InputError
from pipeline.training.metrics import Counts, Predictions, confusion_matrix, uar, uf1
from pipeline.training.settings import TrainSettings

Rows = NDArray[np.int64]
TEST_SHARE = 0.2  # as in the 80/20 splits of the literature


def check_leak_report(settings: TrainSettings) -> None:
    """Raise InputError for a protocol whose figures are no twin to show it beside."""
    if settings.protocol not in ("loso", "composite"):
        what = f"a leak report beside {settings.protocol}"
        raise InputError(what, "--leak-report", "use --protocol loso, which it is shown beside")


def deal_samples(samples: int, seed: int, share: float = TEST_SHARE) -> tuple[Rows, Rows]:
    """Rows of samples in two parts, both rising: the rest, and `share` of them (to test on).

    Without regard to clip or subject.
    """
    order = np.random.default_rng(seed).permutation(samples)
    tested = max(1, round(share * samples))
    return np.sort(order[tested:]), np.sort(order[:tested])


def leak_report(
    truth: NDArray[np.int64], chances: Sequence[NDArray[np.float32]], loso: Predictions
) -> dict[str, Any]:
    """`leak.json`: `truth` int64[samples]; `chances` of each seed's tested samples."""
    classes = loso.probabilities.shape[1]
    by_seed = []
    for seed, own in enumerate(chances):
        _, tested = deal_samples(len(truth), seed)
        by_seed.append(confusion_matrix(truth[tested], own.argmax(axis=1), classes))
    counts = confusion_matrix(loso.truth, loso.predicted, classes)
    apart, together = _scores(counts), _scores(np.sum(by_seed, axis=0))
    return {
        "loso": {**apart, "judged": "clips of subjects nobody trained on"},
        "frame_level": {
            **together,
            "by_seed": [_scores(own) for own in by_seed],
            "judged": f"{TEST_SHARE:.0%} of the samples, dealt at random",
        },
        "uf1_difference": together["uf1"] - apart["uf1"],
        "uar_difference": together["uar"] - apart["uar"],
    }


def _scores(counts: Counts) -> dict[str, Any]:
    total = int(counts.sum())
    accuracy = float(np.trace(counts) / total)
    return {"uf1": uf1(counts), "uar": uar(counts), "accuracy": accuracy, "n": total}
