"""What every figure of agreement must do, whatever the codes."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annotate.agreement import alpha, facs, icc, kappa, moments
from annotate.agreement.resample import Resamples, bounds, draw, quantile, summed, value
from mexlab.codes import Code
from mexlab.consensus import au_index
from mexlab.emotions import AUS

CATEGORIES = 4


def codes(coders, missing=True):
    low = -1 if missing else 0
    return st.integers(2, 12).flatmap(
        lambda n: arrays(np.int64, (n, coders), elements=st.integers(low, CATEGORIES - 1))
    )


def floats(values):
    return np.where(values < 0, np.nan, values.astype(float))


def kappa_of(first, second):
    return kappa.cohen_kappa(kappa.tables(first, second, CATEGORIES).sum(axis=0))


@given(codes(2))
def test_cohen_kappa_is_the_same_either_way_round(values):
    one, other = kappa_of(*values.T), kappa_of(*values.T[::-1])
    assert one == other or one == pytest.approx(other, abs=1e-12)


@given(codes(3), st.permutations([0, 1, 2]), st.sampled_from(alpha.LEVELS))
def test_alpha_does_not_know_the_order_of_coders(values, order, level):
    one, other = alpha.alpha(floats(values), level), alpha.alpha(floats(values[:, order]), level)
    assert one == other or one == pytest.approx(other, abs=1e-12)


@given(codes(3), st.permutations(range(CATEGORIES)))
def test_names_of_categories_do_not_matter(values, names):
    renamed = np.where(values < 0, -1, np.array(names)[values])
    for figure in (
        lambda v: alpha.alpha(floats(v), "nominal"),
        lambda v: kappa_of(v[:, 0], v[:, 1]),
        lambda v: value(kappa.fleiss(kappa.counts(v, CATEGORIES), 3), len(v)),
    ):
        one, other = figure(values), figure(renamed)
        assert one == other or one == pytest.approx(other, abs=1e-12)


@given(codes(1, missing=False), st.integers(2, 4))
def test_coders_who_agree_throughout_reach_1(values, coders):
    assume(len(np.unique(values)) > 1)
    same = np.repeat(values, coders, axis=1)
    for level in alpha.LEVELS:
        assert alpha.alpha(same, level) == pytest.approx(1)
    assert kappa_of(same[:, 0], same[:, 1]) == pytest.approx(1)
    assert kappa.fleiss_kappa(kappa.counts(same, CATEGORIES)) == pytest.approx(1)
    assert icc.icc(same, "2,1") == pytest.approx(1)
    assert icc.icc(same, "2,k") == pytest.approx(1)


def test_ratings_that_are_all_one_fraction_have_no_icc():
    assert all(icc.icc(np.full((7, 3), 100 / 3), form) is None for form in icc.FORMS)


@pytest.mark.parametrize("used", range(3))
def test_one_category_throughout_has_no_value(used):
    same = np.full((5, 2), used)
    assert kappa_of(*same.T) is None
    assert kappa.fleiss_kappa(kappa.counts(same, CATEGORIES)) is None
    assert value(kappa.cohen(*same.T, CATEGORIES), 5) is None
    assert value(kappa.fleiss(kappa.counts(same, CATEGORIES), 2), 5) is None
    assert all(alpha.alpha(same, level) is None for level in alpha.LEVELS)
    assert all(icc.icc(same, form) is None for form in icc.FORMS)


def test_nothing_shared_has_no_value():
    apart = np.array([[0, -1], [-1, 1]])
    assert kappa_of(*apart.T) is None
    assert all(alpha.alpha(floats(apart), level) is None for level in alpha.LEVELS)
    assert icc.icc(floats(apart), "2,1") is None


def test_chance_agreement_is_near_0():
    values = np.random.default_rng(1).integers(0, CATEGORIES, (20_000, 3))
    figures = [alpha.alpha(values, level) for level in alpha.LEVELS]
    figures += [kappa_of(values[:, 0], values[:, 1])]
    figures += [kappa.fleiss_kappa(kappa.counts(values, CATEGORIES))]
    figures += [icc.icc(values, "2,1")]
    assert np.abs(figures).max() < 0.03


@given(codes(2, missing=False))
def test_alpha_of_two_coders_is_scotts_pi_with_its_small_sample_correction(values):
    # Krippendorff 2011: alpha = 1 - (1 - 1/n)(1 - p_o)/(1 - p_e), n values in all, p_e by the
    # pooled shares of the categories (Scott 1955).
    share = np.bincount(values.ravel()) / values.size
    assume((share < 1).all())
    observed, expected = (values[:, 0] == values[:, 1]).mean(), (share**2).sum()
    by_hand = 1 - (1 - 1 / values.size) * (1 - observed) / (1 - expected)
    assert alpha.alpha(values, "nominal") == pytest.approx(by_hand, abs=1e-12)
    pi = (observed - expected) / (1 - expected)
    assert kappa.fleiss_kappa(kappa.counts(values, CATEGORIES)) == pytest.approx(pi, abs=1e-12)


@given(codes(2), st.data())
def test_the_arrays_and_the_libraries_say_the_same_of_every_resample(values, data):
    n = len(values)
    weights = data.draw(arrays(np.int64, (3, n), elements=st.integers(0, 3)))
    by_arrays = kappa.cohen(*values.T, CATEGORIES)(weights.astype(float))
    counted = kappa.counts(values, CATEGORIES)
    fleiss = kappa.fleiss(counted, 2)(weights.astype(float))
    for row, one, other in zip(weights, by_arrays, fleiss, strict=True):
        again = np.repeat(values, row, axis=0)
        expected = kappa_of(*again.T)
        assert np.isnan(one) if expected is None else one == pytest.approx(expected)
        full = np.repeat(counted, row, axis=0)
        expected = kappa.fleiss_kappa(full[full.sum(axis=1) > 0])
        assert np.isnan(other) if expected is None else other == pytest.approx(expected)


@given(codes(3), st.data(), st.sampled_from(alpha.LEVELS))
def test_a_resample_is_what_its_intervals_repeated_would_be(values, data, level):
    row = data.draw(arrays(np.int64, len(values), elements=st.integers(0, 3)))
    scale = np.arange(float(CATEGORIES))
    one = alpha.of(values, scale, level)(row[None].astype(float))[0]
    expected = alpha.alpha(floats(np.repeat(values, row, axis=0)), level)
    assert np.isnan(one) if expected is None else one == pytest.approx(expected)
    one = icc.of(floats(values), "2,1")(row[None].astype(float))[0]
    expected = icc.icc(floats(np.repeat(values, row, axis=0)), "2,1")
    assert np.isnan(one) if expected is None else one == pytest.approx(expected, abs=1e-9)


@given(
    arrays(np.float64, st.integers(1, 9), elements=st.integers(-5, 5).map(float)),
    st.floats(0, 1),
    st.data(),
)
def test_a_quantile_of_a_resample_is_numpys(values, q, data):
    row = data.draw(arrays(np.int64, len(values), elements=st.integers(0, 3)))
    found = quantile(values, np.arange(len(values)), q)(row[None].astype(float))[0]
    if row.sum():
        assert found == pytest.approx(np.quantile(np.repeat(values, row), q))
    else:
        assert np.isnan(found)


@given(arrays(np.bool_, st.tuples(st.integers(1, 6), st.just(2), st.just(5))))
def test_the_facs_index_is_twice_the_agreed_over_all(present):
    agreed = (present[:, 0] & present[:, 1]).sum()
    scored = present.sum()
    found = value(facs.index(present, np.ones(present.shape[:2], dtype=bool)), len(present))
    assert found is None if scored == 0 else found == pytest.approx(2 * agreed / scored)


SCORED = st.dictionaries(st.sampled_from(AUS[:5]), st.just("C"))


@given(SCORED, SCORED)
def test_the_index_of_one_interval_is_that_of_the_review_pages(first, second):
    present = np.array([[[au in aus for au in AUS] for aus in (first, second)]])
    found = value(facs.index(present, np.ones((1, 2), dtype=bool)), 1)
    assert found == au_index(Code("i", "anna", aus=first), Code("i", "ben", aus=second))


def test_an_interval_that_one_coder_did_not_score_does_not_enter_the_index():
    present = np.array([[[True, True], [True, False]], [[True, True], [False, False]]])
    coded = np.array([[True, True], [True, False]])
    assert value(facs.index(present, coded), 2) == pytest.approx(2 / 3)


def test_differences_of_moments_by_hand():
    times = np.array([[100.0, 90.0], [50.0, 80.0], [10.0, np.nan]])
    apart = moments.differences(times)
    assert (apart.n, value(apart.mean(), 3)) == (2, -10.0)
    assert value(apart.quantile_of_size(0.5), 3) == 20.0
    assert value(apart.quantile_of_size(0.9), 3) == pytest.approx(28.0)
    assert value(moments.differences(times[:, ::-1]).mean(), 3) == 10.0


@pytest.mark.parametrize(
    ("first", "second", "share"),
    [
        ((0, 100), (0, 100), 1.0),
        ((0, 100), (50, 150), 1 / 3),
        ((0, 100), (100, 200), 0.0),
        ((0, 100), (200, 300), 0.0),
        ((0, 100), (25, 75), 0.5),
        ((40, 40), (40, 40), 1.0),
        ((40, 40), (41, 41), 0.0),
    ],
)
def test_overlap_of_spans(first, second, share):
    for pair in ([first, second], [second, first]):
        found = moments.overlaps(np.array([pair], dtype=float))
        assert found.values == pytest.approx([share])


def test_a_span_that_ends_before_it_begins_is_missing():
    assert moments.overlaps(np.array([[[10.0, 5.0], [0.0, 20.0]]])).n == 0


def test_the_interval_of_a_mean_holds_the_truth_as_often_as_it_says():
    # 100 samples of 60 normal values: about 95 of their 95 % intervals hold the mean, 0.
    rng = np.random.default_rng(0)
    held = 0
    for seed in range(100):
        values = rng.normal(size=60)
        mean = summed(np.column_stack([values, np.ones(60)]), lambda s: s[..., 0] / s[..., 1])
        low, high = bounds(mean, draw([str(k) for k in range(60)], 400, seed))
        held += low <= 0 <= high
    assert 88 <= held <= 99


def test_faces_are_drawn_whole_where_there_are_enough_of_them():
    faces = np.repeat([f"P{k}" for k in range(6)], 4)
    drawn = draw(faces, 50, 0)
    assert drawn.of == "participants"
    assert (drawn.weights.sum(axis=1) == 24).all()
    assert (drawn.weights.reshape(50, 6, 4) == drawn.weights.reshape(50, 6, 4)[..., :1]).all()
    assert draw(faces[:16], 50, 0).of == "intervals"
    assert (draw(faces, 50, 0).weights == drawn.weights).all()
    assert (draw(faces, 50, 1).weights != drawn.weights).any()


def test_no_interval_from_a_few_lucky_resamples():
    mostly_undefined = Resamples(np.repeat([[0.0], [1.0]], [20, 80], axis=0), "intervals")
    statistic = summed(np.ones((1, 1)), lambda sums: sums[..., 0] / sums[..., 0])
    assert bounds(statistic, mostly_undefined) is None
