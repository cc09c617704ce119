"""Metrics against numbers worked out by hand, scikit-learn and torchmetrics, and their laws."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    mean_absolute_error,
    mean_squared_error,
    precision_score,
    r2_score,
    recall_score,
    roc_auc_score,
)
from sklearn.metrics import (
    roc_curve as sklearn_roc_curve,
)
from torchmetrics.functional.classification import multiclass_f1_score, multiclass_recall

from pipeline.training.metrics import (
    Predictions,
    confusion_matrix,
    evaluate,
    evaluate_sets,
    f1_scores,
    one_vs_rest_auc,
    roc_curve,
    spread_over_seeds,
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


@given(counts_with_all_classes)
def test_the_pooled_figures_are_torchmetrics_macro_averages(counts: np.ndarray) -> None:
    rows, columns = np.indices(counts.shape)
    truth, predicted = (
        torch.from_numpy(np.repeat(which.ravel(), counts.ravel())) for which in (rows, columns)
    )
    of = {"num_classes": len(counts), "average": "macro"}
    assert uf1(counts) == pytest.approx(
        float(multiclass_f1_score(predicted, truth, **of)), abs=1e-6
    )
    assert uar(counts) == pytest.approx(float(multiclass_recall(predicted, truth, **of)), abs=1e-6)


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


@st.composite
def random_predictions(draw: st.DrawFn) -> Predictions:
    """3 or 7 classes, 2-60 clips, coarse probabilities so that ties occur, 1-4 folds.

    A class may be missing, in the truth or among what is predicted; two occur in the truth.
    """
    classes = draw(st.sampled_from([3, 7]))
    count = draw(st.integers(2, 60))
    truth = draw(
        arrays(np.int64, count, elements=st.integers(0, classes - 1)).filter(
            lambda labels: len(set(labels.tolist())) > 1
        )
    )
    scores = draw(arrays(np.float32, (count, classes), elements=st.integers(1, 5)))
    folds = draw(arrays(np.int64, count, elements=st.integers(0, 3)))
    return Predictions(
        clip_id=[f"c{n}" for n in range(count)],
        subject=[f"P{fold}" for fold in folds],
        truth=truth,
        probabilities=scores / scores.sum(axis=1, keepdims=True),
        fold=folds,
        seed=np.zeros(count, np.int64),
        source=[f"set {fold % 2}" for fold in folds],
    )


@given(random_predictions())
def test_every_metric_equals_scikit_learn_s(given_: Predictions) -> None:
    found = evaluate(given_)
    truth, predicted = given_.truth, given_.predicted
    present = np.unique(truth)  # a class that occurs in no truth has no recall
    macro = {"labels": present, "average": "macro", "zero_division": 0}
    expected = {
        "uf1": f1_score(truth, predicted, **macro),
        "uar": recall_score(truth, predicted, **macro),
        "macro_recall": recall_score(truth, predicted, **macro),
        "macro_precision": precision_score(truth, predicted, **macro),
        "weighted_f1": f1_score(truth, predicted, average="weighted", zero_division=0),
        "accuracy": accuracy_score(truth, predicted),
        "mse": mean_squared_error(truth, predicted),
        "mae": mean_absolute_error(truth, predicted),
        "r2": r2_score(truth, predicted),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    for label, area in enumerate(found["auc"]):
        if label in present:
            scores = given_.probabilities[:, label]
            assert area == pytest.approx(roc_auc_score(truth == label, scores))
        else:
            assert area is None


@given(random_predictions())
def test_roc_curves_pass_through_scikit_learn_s_points(given_: Predictions) -> None:
    label = given_.truth[0]
    positive, scores = given_.truth == label, given_.probabilities[:, label]
    expected = sklearn_roc_curve(positive, scores, drop_intermediate=False)[:2]
    np.testing.assert_allclose(roc_curve(positive, scores), expected)


@given(random_predictions())
def test_each_set_is_scored_alone_and_all_together(given_: Predictions) -> None:
    entries = evaluate_sets(given_)
    assert sum(entry["n"] for entry in entries) == len(given_.truth)
    pooled = np.sum([entry["confusion"] for entry in entries], axis=0)
    assert pooled.tolist() == evaluate(given_)["confusion"]
    for entry in entries:
        rows = np.array(given_.source) == entry["set"]
        expected = accuracy_score(given_.truth[rows], given_.predicted[rows])
        assert entry["accuracy"] == pytest.approx(expected)


def test_spread_is_of_each_seed_s_pooled_scores() -> None:
    right, half = _predictions([0, 1], [0, 1], 2), _predictions([0, 1], [0, 0], 2)
    half.seed[:] = 1
    found = spread_over_seeds(Predictions.joined([right, half]))
    assert found["uar"]["mean"] == pytest.approx(0.75)
    assert found["uar"]["std"] == pytest.approx(0.5 / 2**0.5)
    assert spread_over_seeds(right)["uf1"] == {"mean": 1, "std": 0}


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
