"""Metrics against numbers worked out by hand, against torchmetrics, and their laws."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torchmetrics.functional.classification import (
    multiclass_auroc,
    multiclass_f1_score,
    multiclass_precision,
    multiclass_recall,
)

from pipeline.training.metrics import (
    Predictions,
    confusion_matrix,
    evaluate,
    f1_scores,
    one_vs_rest_auc,
    uar,
    uf1,
)

# truth 0 0 0 0 1 1 1 2 2 2, predicted 0 0 0 1 1 1 0 2 2 0
WORKED = np.array([[3, 1, 0], [1, 2, 0], [1, 0, 2]])


def _predictions(
    truth: list[int], predicted: list[int], classes: int = 3, folds: list[int] | None = None
) -> Predictions:
    count = len(truth)
    return Predictions(
        clip_id=[f"c{n}" for n in range(count)],
        subject=[f"P{fold}" for fold in folds or [0] * count],
        truth=np.array(truth),
        probabilities=np.eye(classes, dtype=np.float32)[predicted],
        fold=np.array(folds or [0] * count),
        seed=np.zeros(count, dtype=np.int64),
    )


counts_with_all_classes = arrays(np.int64, (3, 3), elements=st.integers(0, 20)).filter(
    lambda counts: (counts.sum(axis=1) > 0).all()
)


def test_worked_example() -> None:
    # F1: 2*3/(4+5), 2*2/(3+3), 2*2/(3+2); recall: 3/4, 2/3, 2/3
    np.testing.assert_allclose(f1_scores(WORKED), [6 / 9, 4 / 6, 4 / 5])
    assert uf1(WORKED) == pytest.approx((6 / 9 + 4 / 6 + 4 / 5) / 3)
    assert uar(WORKED) == pytest.approx((3 / 4 + 2 / 3 + 2 / 3) / 3)


def test_evaluation_of_the_worked_example() -> None:
    truth, predicted = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2], [0, 0, 0, 1, 1, 1, 0, 2, 2, 0]
    found = evaluate(_predictions(truth, predicted, folds=[0, 0, 1, 1, 0, 1, 1, 0, 0, 1]))
    assert found["confusion"] == WORKED.tolist()
    assert found["accuracy"] == pytest.approx(0.7)
    assert found["macro_recall"] == found["uar"]
    assert found["macro_precision"] == pytest.approx((3 / 5 + 2 / 3 + 1) / 3)
    assert found["weighted_f1"] == pytest.approx((4 * 6 / 9 + 3 * 4 / 6 + 3 * 4 / 5) / 10)
    assert found["mse"] == pytest.approx((1 + 1 + 4) / 10)
    assert found["mae"] == pytest.approx((1 + 1 + 2) / 10)
    spread = sum((t - np.mean(truth)) ** 2 for t in truth)
    assert found["r2"] == pytest.approx(1 - 6 / spread)
    assert found["folds"] == [
        {"subject": "P0", "n": 5, "correct": 5},
        {"subject": "P1", "n": 5, "correct": 2},
    ]


def test_rows_of_the_matrix_are_truth() -> None:
    counts = confusion_matrix(np.array([0, 0, 2]), np.array([1, 1, 2]), 3)
    assert counts.tolist() == [[0, 2, 0], [0, 0, 0], [0, 0, 1]]


def test_a_class_that_never_occurs_is_left_out() -> None:
    counts = np.array([[2, 0, 0], [0, 1, 1], [0, 0, 0]])
    assert math.isnan(f1_scores(counts)[2])
    assert uf1(counts) == pytest.approx((1 + 2 / 3) / 2)
    assert uar(counts) == pytest.approx((1 + 1 / 2) / 2)


def test_a_class_that_is_never_found_counts_as_zero() -> None:
    counts = np.array([[2, 0], [2, 0]])
    assert uf1(counts) == pytest.approx((2 * 2 / 6 + 0) / 2)
    assert evaluate(_predictions([0, 0, 1, 1], [0, 0, 0, 0], 2))["macro_precision"] == 0.25


def test_pooled_counts_are_not_the_mean_of_folds() -> None:
    """Two folds of one class each: the mean of folds would be 1/3, pooled it is 1."""
    found = evaluate(_predictions([0, 0, 1, 2], [0, 0, 1, 2], folds=[0, 0, 1, 2]))
    assert found["uf1"] == found["uar"] == 1


@given(counts_with_all_classes)
def test_scores_agree_with_torchmetrics(counts: np.ndarray) -> None:
    truth, predicted = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices((3, 3)))
    assert (confusion_matrix(truth, predicted, 3) == counts).all()
    found = evaluate(_predictions(truth.tolist(), predicted.tolist()))
    pair = torch.tensor(predicted), torch.tensor(truth)
    for key, score in (
        ("uf1", multiclass_f1_score),
        ("uar", multiclass_recall),
        ("macro_precision", multiclass_precision),
    ):
        assert found[key] == pytest.approx(float(score(*pair, 3, average="macro")), abs=1e-5)


@given(counts_with_all_classes, st.permutations(range(3)))
def test_names_of_classes_do_not_matter(counts: np.ndarray, order: list[int]) -> None:
    renamed = counts[np.ix_(order, order)]
    assert uf1(renamed) == pytest.approx(uf1(counts))
    assert uar(renamed) == pytest.approx(uar(counts))


@given(counts_with_all_classes)
def test_scores_lie_between_0_and_1_and_1_means_no_error(counts: np.ndarray) -> None:
    errors = counts.sum() - np.trace(counts)
    for score in (uf1(counts), uar(counts)):
        assert 0 <= score <= 1
        assert (score == 1) == (errors == 0)


@given(counts_with_all_classes, st.integers(2, 5))
def test_several_equal_seeds_change_nothing(counts: np.ndarray, seeds: int) -> None:
    assert uf1(counts * seeds) == pytest.approx(uf1(counts))


def test_auc_by_hand() -> None:
    truth = np.array([0, 0, 1, 1])
    scores = np.array([0.9, 0.4, 0.6, 0.2], dtype=np.float32)  # 3 of 4 pairs in order
    assert one_vs_rest_auc(truth, np.stack([scores, 1 - scores], axis=1)) == [0.75, 0.75]


def test_auc_of_a_class_that_never_occurs_is_none() -> None:
    chances = np.full((4, 3), 1 / 3, dtype=np.float32)
    assert one_vs_rest_auc(np.array([0, 0, 1, 1]), chances) == [0.5, 0.5, None]


@given(st.integers(0, 99))
def test_auc_agrees_with_torchmetrics(seed: int) -> None:
    chance = np.random.default_rng(seed)
    truth = np.concatenate([[0, 1, 2], chance.integers(0, 3, 20)])
    scores = chance.dirichlet([1, 1, 1], 23).astype(np.float32)
    expected = multiclass_auroc(torch.tensor(scores), torch.tensor(truth), 3, average=None)
    assert one_vs_rest_auc(truth, scores) == pytest.approx(expected.tolist())
