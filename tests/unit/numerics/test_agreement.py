from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import f as f_distribution

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics import agreement
from sanzhixin.numerics.agreement import intraclass_correlation, krippendorff_alpha, separation

RTOL = 1e-10  # sums of a few hundred terms in double precision
METRICS = ["nominal", "ordinal", "interval"]

# Krippendorff (2011), section E: four observers, twelve units, 0 stands for a missing rating.
OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
)

# Shrout and Fleiss (1979), table 2: six targets, four judges.
TARGETS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
)


def counted(observers, n_categories=5):
    return np.stack([(observers == c).sum(axis=0) for c in range(1, n_categories + 1)], axis=1)


COUNTS = counted(OBSERVERS)


def listed_alpha(counts, metric):
    # Pair by pair over lists of ratings, after Krippendorff's definition of the distances.
    units = [np.repeat(np.arange(row.size), row) for row in counts if row.sum() > 1]
    pooled = np.concatenate(units)
    margins = np.bincount(pooled, minlength=counts.shape[1])

    def distance(c, k):
        if metric == "nominal":
            return float(c != k)
        if metric == "interval":
            return float(c - k) ** 2
        low, high = min(c, k), max(c, k)
        return (margins[low : high + 1].sum() - (margins[c] + margins[k]) / 2) ** 2 * (c != k)

    def mean(values):
        return sum(itertools.starmap(distance, itertools.permutations(values, 2)))

    observed = sum(mean(unit) / (unit.size - 1) for unit in units) / pooled.size
    expected = mean(pooled) / (pooled.size * (pooled.size - 1))
    return 1 - observed / expected if expected else np.nan


tables = arrays(
    np.int64, st.tuples(st.integers(3, 8), st.integers(2, 4)), elements=st.integers(0, 3)
)
compared = tables.filter(lambda table: (table.sum(axis=1) > 1).any())


@pytest.mark.parametrize(
    ("metric", "printed"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_agrees_with_the_example_of_krippendorff(metric, printed):
    # Witness: the printed results; half a unit of their last digit.
    assert krippendorff_alpha(COUNTS, metric).alpha == pytest.approx(printed, abs=5e-4)


def test_alpha_counts_the_units_and_ratings_of_the_example():
    # Witness: the paper, 11 pairable units with 40 values; unit 12 has one rating.
    found = krippendorff_alpha(COUNTS)
    assert (found.n_units, found.n_ratings) == (11, 40)


@settings(max_examples=60, deadline=None)
@given(compared, st.sampled_from(METRICS))
def test_alpha_agrees_with_the_list_of_all_pairs(counts, metric):
    # Witness: a second algorithm over all ordered pairs of ratings.
    found = krippendorff_alpha(counts, metric).alpha
    np.testing.assert_allclose(found, listed_alpha(counts, metric), rtol=RTOL, atol=1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_the_error_of_alpha_agrees_with_leaving_out_one_unit_after_another(metric):
    # Witness: the definition of the jackknife with the second algorithm; units repeat.
    counts = np.vstack([COUNTS[:11], COUNTS[:4]])
    without = [listed_alpha(np.delete(counts, u, axis=0), metric) for u in range(15)]
    error = np.sqrt(14 / 15 * ((without - np.mean(without)) ** 2).sum())
    found = krippendorff_alpha(counts, metric)
    np.testing.assert_allclose(found.standard_error, error, rtol=RTOL)


def test_alpha_of_two_raters_and_two_categories_has_a_closed_form():
    # Witness: Scott's pi with the correction (n - 1) / n; 10 units: 4 yes-yes, 3 no-no, 3 split.
    # p = 11/20; expected disagreement 2 * 11 * 9 / (20 * 19); observed 3/10.
    counts = [[2, 0]] * 4 + [[0, 2]] * 3 + [[1, 1]] * 3
    expected = 1 - 0.3 / (2 * 11 * 9 / 380)
    for metric in METRICS:
        assert krippendorff_alpha(counts, metric).alpha == pytest.approx(expected, rel=RTOL)


@given(compared, st.sampled_from(METRICS), st.randoms(use_true_random=False))
def test_the_order_of_units_does_not_matter(counts, metric, random):
    order = random.sample(range(len(counts)), len(counts))
    first, second = (krippendorff_alpha(table, metric) for table in (counts, counts[order]))
    np.testing.assert_allclose(
        [first.alpha, first.standard_error], [second.alpha, second.standard_error], rtol=1e-9
    )


@given(compared, st.sampled_from(METRICS))
def test_the_scale_may_be_turned_round(counts, metric):
    first, second = (krippendorff_alpha(table, metric).alpha for table in (counts, counts[:, ::-1]))
    np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-12)


@given(compared, st.permutations([0, 1, 2, 3]))
def test_nominal_alpha_does_not_know_the_order_of_categories(counts, order):
    padded = np.pad(counts, ((0, 0), (0, 4 - counts.shape[1])))
    first, second = (krippendorff_alpha(t, "nominal").alpha for t in (counts, padded[:, order]))
    np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-12)


@given(compared, st.sampled_from(["nominal", "ordinal"]))
def test_a_category_that_nobody_uses_changes_neither_nominal_nor_ordinal_alpha(counts, metric):
    wider = np.insert(counts, 1, 0, axis=1)
    first, second = (krippendorff_alpha(table, metric).alpha for table in (counts, wider))
    np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-12)


def test_units_with_one_rating_change_nothing():
    assert krippendorff_alpha(COUNTS) == krippendorff_alpha(COUNTS[:11])


def test_full_agreement_is_1_without_error():
    found = krippendorff_alpha([[3, 0], [0, 4], [2, 0], [0, 2]])
    assert (found.alpha, found.standard_error) == (1, 0)


@pytest.mark.parametrize("metric", METRICS)
def test_ratings_of_one_category_tell_nothing(metric):
    found = krippendorff_alpha([[0, 3], [0, 2]], metric)
    assert np.isnan([found.alpha, found.standard_error]).all()


def test_the_error_is_missing_where_one_unit_holds_all_that_varies():
    found = krippendorff_alpha([[3, 0], [2, 0], [1, 1]])
    assert np.isfinite(found.alpha)
    assert np.isnan(found.standard_error)


def test_one_unit_has_alpha_0_and_no_error():
    found = krippendorff_alpha([[2, 1, 3]])
    assert found.alpha == pytest.approx(0, abs=1e-12)
    assert np.isnan(found.standard_error)


@pytest.mark.parametrize("counts", [np.zeros((0, 5)), [[1, 0], [0, 1]], [[0, 0]]])
def test_alpha_without_a_pair_of_ratings_is_refused(counts):
    with pytest.raises(EvidenceError, match="No unit has two ratings"):
        krippendorff_alpha(counts)


@pytest.mark.parametrize("bad", [-1, 0.5, float("nan"), float("inf")])
def test_counts_that_count_nothing_are_refused(bad):
    with pytest.raises(DomainError, match=r"unit 1 are missing, negative or not whole \(1 such"):
        krippendorff_alpha([[1, 1], [bad, 2]])


def test_counts_of_one_dimension_are_refused():
    with pytest.raises(DomainError, match=r"counts has shape \(3,\), but \(n_units, n_categ"):
        krippendorff_alpha([1, 2, 3])


def test_an_unknown_metric_is_refused():
    with pytest.raises(DomainError, match="choose one of nominal, ordinal, interval"):
        krippendorff_alpha(COUNTS, "ratio")


@pytest.mark.slow
def test_the_error_of_alpha_is_the_spread_over_samples_of_units():
    # Witness: simulation; 300 samples of 200 units, spread known within 4 % (1 / sqrt(600)).
    rng = np.random.default_rng(11)
    found = []
    for _ in range(300):
        standing = rng.normal(size=(200, 1))
        ratings = np.digitize(standing + rng.normal(0, 0.8, (200, 4)), [-1.2, -0.4, 0.4, 1.2]) + 1
        found.append(krippendorff_alpha(counted(ratings.T)))
    spread = np.std([one.alpha for one in found])
    assert np.mean([one.standard_error for one in found]) == pytest.approx(spread, rel=0.13)


def stacked(table):
    return table.ravel(), np.repeat(np.arange(table.shape[0]), table.shape[1])


def test_icc_agrees_with_the_table_of_shrout_and_fleiss():
    # Witness: the printed mean squares 11.24 and 6.26, ICC(1,1) = .17, ICC(1,4) = .44.
    found = intraclass_correlation(*stacked(TARGETS))
    printed = [found.ms_between, found.ms_within, found.icc, found.icc_mean]
    np.testing.assert_allclose(printed, [11.24, 6.26, 0.17, 0.44], atol=0.005)
    assert (found.n_units, found.n_records, found.mean_count) == (6, 24, 4)


def test_the_interval_of_icc_agrees_with_the_one_printed_by_r():
    # Witness: R package psych, ICC(sf): Single_raters_absolute, bounds -.13 and .72.
    found = intraclass_correlation(*stacked(TARGETS))
    np.testing.assert_allclose([found.icc_lower, found.icc_upper], [-0.13, 0.72], atol=0.005)


def test_the_interval_of_icc_agrees_with_the_ratio_form():
    # Witness: the formula of the paper with F = MSB / MSW, bounds (F' - 1) / (F' + k - 1).
    found = intraclass_correlation(*stacked(TARGETS), level=0.9)
    ratio = found.ms_between / found.ms_within
    low, high = (
        ratio / f_distribution.ppf(0.95, 5, 18),
        ratio * f_distribution.ppf(0.95, 18, 5),
    )
    expected = [(low - 1) / (low + 3), (high - 1) / (high + 3)]
    np.testing.assert_allclose([found.icc_lower, found.icc_upper], expected, rtol=RTOL)


unequal = st.lists(
    st.lists(st.integers(1, 9), min_size=1, max_size=5), min_size=2, max_size=6
).filter(lambda groups: any(len(g) > 1 for g in groups))


@given(unequal)
def test_icc_with_unequal_numbers_agrees_with_projections(groups):
    # Witness: sums of squares by dense projections, k0 as the trace that makes MSB unbiased.
    y = np.concatenate(groups).astype(float)
    unit = np.repeat(np.arange(len(groups)), [len(g) for g in groups])
    design = (unit[:, None] == np.arange(len(groups))).astype(float)
    onto_units = design @ np.linalg.pinv(design)
    between = onto_units - 1 / y.size
    a, n = len(groups), y.size
    msb, msw = y @ between @ y / (a - 1), y @ (np.eye(n) - onto_units) @ y / (n - a)
    k0 = np.trace(design.T @ between @ design) / (a - 1)
    found = intraclass_correlation(y, unit)
    np.testing.assert_allclose(
        [found.ms_between, found.ms_within, found.mean_count], [msb, msw, k0], atol=1e-9
    )
    if msb + msw > 1e-9:
        np.testing.assert_allclose(found.icc, (msb - msw) / (msb + (k0 - 1) * msw), atol=1e-9)


@given(unequal, st.randoms(use_true_random=False), st.integers(-5, 5), st.integers(1, 4))
def test_icc_knows_neither_order_nor_labels_nor_unit_of_measure(groups, random, shift, scale):
    y = np.concatenate(groups).astype(float)
    unit = np.repeat(np.arange(len(groups)), [len(g) for g in groups])
    order = random.sample(range(y.size), y.size)
    labels = np.array([f"v{9 - u}" for u in unit])
    first = intraclass_correlation(y, unit)
    second = intraclass_correlation((scale * y + shift)[order], labels[order])
    np.testing.assert_allclose(
        [first.icc, first.icc_lower, first.icc_upper],
        [second.icc, second.icc_lower, second.icc_upper],
        atol=1e-8,
    )


def test_units_that_agree_in_themselves_have_icc_1():
    found = intraclass_correlation([0.1, 0.1, 0.1, 0.7, 0.7], [0, 0, 0, 1, 1])
    assert (found.icc, found.icc_lower, found.icc_upper, found.icc_mean) == (1, 1, 1, 1)


def test_units_with_equal_means_have_the_lowest_icc_and_no_reliability():
    # k0 = 2: the lowest value is -1 / (k0 - 1).
    found = intraclass_correlation([1, 3, 1, 3], [0, 0, 1, 1])
    assert (found.icc, found.icc_lower) == (-1, -1)
    assert np.isnan(found.icc_mean)


def test_equal_values_tell_nothing():
    found = intraclass_correlation([0.1] * 7, [0, 0, 0, 1, 1, 2, 2])
    got = [found.icc, found.icc_lower, found.icc_upper, found.icc_mean]
    assert np.isnan(got).all()


@pytest.mark.parametrize(("values", "unit"), [([], []), ([1, 2], [0, 0])])
def test_icc_of_fewer_than_two_units_is_refused(values, unit):
    with pytest.raises(EvidenceError, match="2 are needed at least"):
        intraclass_correlation(values, unit)


def test_icc_with_one_rating_of_each_unit_is_refused():
    with pytest.raises(EvidenceError, match="No unit has two ratings"):
        intraclass_correlation([1, 2, 3], [0, 1, 2])


def test_icc_refuses_missing_values_and_other_shapes():
    with pytest.raises(DomainError, match="values is missing or not finite in row 1"):
        intraclass_correlation([1, np.nan, 2], [0, 0, 1])
    with pytest.raises(DomainError, match=r"unit has shape \(2,\), but \(n_records,\)"):
        intraclass_correlation([1, 2, 3], [0, 1])
    with pytest.raises(DomainError, match="level=95 must lie strictly between 0 and 1"):
        intraclass_correlation([1, 2, 3], [0, 0, 1], level=95)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [[4] * 40, [2, 3, 4, 5, 6] * 8], ids=["equal", "unequal"])
def test_the_interval_of_icc_covers_the_truth(sizes):
    # Witness: simulation; 2,000 samples, coverage of .95 within .020 (four binomial errors);
    # with unequal numbers the interval is approximate and gets as much leeway again.
    rng = np.random.default_rng(5)
    unit = np.repeat(np.arange(len(sizes)), sizes)
    truth = 0.4
    hits = 0
    for _ in range(2000):
        y = np.sqrt(truth) * rng.normal(size=len(sizes))[unit]
        y += np.sqrt(1 - truth) * rng.normal(size=unit.size)
        found = intraclass_correlation(y, unit)
        hits += found.icc_lower <= truth <= found.icc_upper
    assert hits / 2000 == pytest.approx(0.95, abs=0.020 if len(set(sizes)) == 1 else 0.040)


def test_separation_agrees_with_the_example_worked_by_hand():
    # Witness: spread 1, mean square error .25, so G = 2 and 4 / 5.
    found = separation(1.0, [0.2, 0.3])
    assert (found.separation, found.reliability) == pytest.approx((2, 0.8), rel=RTOL)


@given(st.floats(0.01, 10), st.lists(st.floats(0.01, 10), min_size=1, max_size=9))
def test_the_two_forms_of_reliability_agree(true_variance, errors):
    # Witness: G^2 / (1 + G^2) against the share of variance.
    found = separation(true_variance, errors)
    squared = found.separation**2
    assert found.reliability == pytest.approx(squared / (1 + squared), rel=RTOL)


@pytest.mark.parametrize(
    ("true_variance", "errors", "expected"),
    [(0.0, [0.5], (0, 0)), (1.0, [0.0], (np.inf, 1)), (0.0, [0.0, 0.0], (np.nan, np.nan))],
    ids=["no spread", "no error", "neither"],
)
def test_separation_at_its_ends(true_variance, errors, expected):
    found = separation(true_variance, errors)
    np.testing.assert_equal([found.separation, found.reliability], expected)


@pytest.mark.parametrize(
    ("true_variance", "errors", "name"),
    [(-1, [1], "true_variance"), (np.nan, [1], "true_variance"), (1, [1, np.nan], "error_var")],
)
def test_separation_refuses_what_is_no_variance(true_variance, errors, name):
    with pytest.raises(DomainError, match=rf"{name}\w* holds .* a finite variance >= 0 is needed"):
        separation(true_variance, errors)


def test_separation_without_measures_is_refused():
    with pytest.raises(EvidenceError, match="0 rated units were given, 1 are needed"):
        separation(1.0, [])


@pytest.mark.parametrize("most", [1, 7, 10**6])
def test_rows_are_counted_as_numpy_counts_them(most):
    """Second witness: numpy's own sort of rows, for small counts and for those beyond 63 bits."""
    table = np.random.default_rng(most).integers(0, most + 1, (400, 5)).astype(float)
    for rows in (table, table[:1], np.repeat(table[:3], 9, axis=0)):
        wanted = np.unique(rows, axis=0, return_counts=True)
        found = agreement._patterns(rows)
        np.testing.assert_array_equal(found[0], wanted[0])
        np.testing.assert_array_equal(found[1], wanted[1])
