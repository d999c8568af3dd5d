"""How well points part defaults from other loans.

Witnesses: scikit-learn for areas and curves, scipy for the distance of Kolmogorov and Smirnov, for
Somers' D and for the exact bound, every pair of loans for DeLong's error, our paired comparison by
ranks as a second algorithm, six loans worked by hand, and simulated coverage.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, ks_2samp, mannwhitneyu, somersd
from sklearn.metrics import roc_auc_score, roc_curve

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.calibration_checks import compare_auc
from sanzhixin.numerics.discrimination import (
    accuracy_ratio,
    auc_fall_test,
    estimate_auc,
    find_largest_gap,
    rank_curve,
)

LOANS = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=4, max_size=40).filter(
    lambda loans: 2 <= sum(bad for _, bad in loans) <= len(loans) - 2
)


def arrays(loans):
    return (np.array(column) for column in zip(*loans, strict=True))


def drawn(size=400, gap=0.8, seed=0, step=None):
    random = np.random.default_rng(seed)
    failed = random.random(size) < 0.2
    points = random.normal(size=size) - gap * failed
    return (points if step is None else np.round(points / step)), failed


# Six loans: points 1 to 6, defaults at 1, 2 and 4.
SIX = np.arange(1, 7), np.array([1, 1, 0, 1, 0, 0])


def test_six_loans_are_those_worked_by_hand():
    # Of the nine pairs, (4, 3) alone is out of order. Defaults are right of 1, 1 and 2/3 of the
    # others, with variance 1/27; the others of 2/3, 1 and 1 of the defaults: 1/27 too, so the
    # variance is 2/81.
    found = estimate_auc(*SIX)
    assert found.auc == 8 / 9
    assert found.gini == pytest.approx(7 / 9, rel=1e-15)
    assert found.se == pytest.approx(np.sqrt(2) / 9, rel=1e-12)
    # logit(8/9) = log 8, and s / (A (1 - A)) = .157135 * 81 / 8 = 1.590990; two equal parts of two
    # degrees of freedom each make four, whose quantile is 2.776445: 4.417296 either way.
    bounds = 1 / (1 + np.exp(-np.log(8) + np.array([1, -1]) * 4.417296))
    assert (found.low, found.high) == pytest.approx(bounds, rel=1e-5)
    assert (found.n_loans, found.n_defaults) == (6, 3)


def test_the_curves_of_six_loans_are_those_worked_by_hand():
    curve = rank_curve(*SIX)
    thirds = np.array([0, 1, 2, 2, 3, 3, 3]) / 3
    np.testing.assert_array_equal(curve.share_defaults, thirds)
    np.testing.assert_array_equal(curve.share_others, np.array([0, 0, 0, 1, 1, 2, 3]) / 3)
    np.testing.assert_allclose(curve.share_loans, np.arange(7) / 6, rtol=1e-15)
    np.testing.assert_array_equal(curve.points, [np.nan, 1, 2, 3, 4, 5, 6])
    gap = find_largest_gap(curve)
    assert (gap.distance, gap.points, gap.sign) == (pytest.approx(2 / 3), 2.0, 1)


@given(LOANS)
def test_area_and_distance_are_those_of_scikit_learn_and_scipy(loans):
    points, failed = arrays(loans)
    assert estimate_auc(points, failed).auc == pytest.approx(
        roc_auc_score(~failed, points), abs=1e-12
    )
    gap = find_largest_gap(rank_curve(points, failed))
    theirs = ks_2samp(points[failed], points[~failed], method="asymp")
    assert gap.distance == pytest.approx(theirs.statistic, abs=1e-12)
    if gap.distance:
        below = np.mean(points[failed] <= gap.points) - np.mean(points[~failed] <= gap.points)
        assert gap.sign * gap.distance == pytest.approx(below, abs=1e-12)


@given(LOANS)
def test_the_error_is_that_of_every_pair_and_of_the_paired_comparison(loans):
    points, failed = arrays(loans)
    bad, good = points[failed], points[~failed]
    right = (bad[:, np.newaxis] < good) + 0.5 * (bad[:, np.newaxis] == good)
    of_bad, of_good = right.mean(axis=1), right.mean(axis=0)
    variance = np.var(of_bad, ddof=1) / bad.size + np.var(of_good, ddof=1) / good.size
    found = estimate_auc(points, failed)
    assert found.se == pytest.approx(np.sqrt(variance), abs=1e-9)
    paired = compare_auc(points, points, failed)
    assert (found.auc, found.se) == pytest.approx((paired.first, paired.first_se), abs=1e-9)


@given(LOANS)
def test_gini_is_somers_d_and_the_accuracy_ratio(loans):
    points, failed = arrays(loans)
    assume(np.unique(points).size > 1)
    gini = estimate_auc(points, failed).gini
    assert gini == pytest.approx(-somersd(failed.astype(int), points).statistic, abs=1e-12)
    assert gini == pytest.approx(accuracy_ratio(rank_curve(points, failed)), abs=1e-12)


def test_the_area_is_that_of_mann_and_whitney():
    points, failed = drawn(step=0.5)
    u = mannwhitneyu(points[~failed], points[failed]).statistic
    expected = u / (failed.sum() * (~failed).sum())
    assert estimate_auc(points, failed).auc == pytest.approx(expected, rel=1e-14)


def test_the_curve_is_that_of_scikit_learn():
    points, failed = drawn(step=0.25)
    others, defaults, _ = roc_curve(failed, -points, drop_intermediate=False)
    curve = rank_curve(points, failed)
    np.testing.assert_allclose(curve.share_others, others, atol=1e-14)
    np.testing.assert_allclose(curve.share_defaults, defaults, atol=1e-14)


@given(LOANS, st.permutations(range(40)))
def test_the_order_of_the_loans_changes_no_bit(loans, order):
    points, failed = arrays(loans)
    kept = [place for place in order if place < failed.size]
    assert estimate_auc(points[kept], failed[kept]) == estimate_auc(points, failed)


@given(LOANS)
def test_points_turned_round_mirror_the_area_and_its_interval(loans):
    points, failed = arrays(loans)
    one, other = estimate_auc(points, failed), estimate_auc(-points, failed)
    assert one.auc == pytest.approx(1 - other.auc, abs=1e-12)
    assert one.low == pytest.approx(1 - other.high, abs=1e-9, nan_ok=True)


@given(LOANS)
def test_the_interval_holds_the_area_and_stays_within_0_and_1(loans):
    found = estimate_auc(*arrays(loans))
    if not np.isnan(found.low):
        assert 0 <= found.low <= found.auc <= found.high <= 1


@pytest.mark.parametrize(("bad", "good"), [(1, 1), (1, 9), (3, 5), (20, 4)])
def test_the_bound_at_an_area_of_1_is_that_of_as_many_pairs_in_order(bad, good):
    failed = np.arange(bad + good) < bad
    found = estimate_auc(np.arange(bad + good), failed)
    pairs = min(bad, good)
    expected = binomtest(pairs, pairs).proportion_ci(0.95, method="exact").low
    assert (found.auc, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(expected, rel=1e-12)
    mirrored = estimate_auc(-np.arange(bad + good), failed)
    assert (mirrored.auc, mirrored.low) == (0.0, 0.0)
    assert mirrored.high == pytest.approx(1 - expected, rel=1e-12)


def test_one_default_gives_an_area_without_an_error():
    found = estimate_auc([2, 1, 3], [1, 0, 0])
    assert found.auc == 0.5
    assert np.isnan([found.se, found.low, found.high]).all()


def test_equal_points_tell_nothing():
    found = estimate_auc([5, 5, 5, 5], [1, 1, 0, 0])
    assert (found.auc, found.se) == (0.5, 0.0)
    assert np.isnan([found.low, found.high]).all()
    assert find_largest_gap(rank_curve([5, 5], [1, 0])).sign == 0
    assert accuracy_ratio(rank_curve([5, 5], [1, 0])) == 0


def test_points_that_rank_the_wrong_way_have_a_negative_sign():
    gap = find_largest_gap(rank_curve([1, 2, 3, 4], [0, 0, 1, 1]))
    assert (gap.distance, gap.points, gap.sign) == (1.0, 2.0, -1)


def test_the_fall_is_measured_in_errors_of_the_present_area():
    # (.95 - 8/9) / (sqrt(2) / 9) = .388909; the normal tail beyond it is .348671.
    found = estimate_auc(*SIX)
    assert auc_fall_test(found, 0.95) == pytest.approx(0.348671, abs=1e-6)
    assert auc_fall_test(found, found.auc) == 0.5
    assert np.isnan(auc_fall_test(estimate_auc([1, 2], [1, 0]), 0.9))


@pytest.mark.parametrize(
    ("points", "failed", "code"),
    [
        ([1, 2], [1], "shape_differs"),
        ([], [], "shape_differs"),
        ([1, np.nan], [1, 0], "not_finite"),
        ([1, 2], [1, 2], "outcome_not_binary"),
        ([1, 2], [1, np.nan], "outcome_not_binary"),
        ([1, 2], [1, 1], "ranking_one_class"),
        ([1, 2], [0, 0], "ranking_one_class"),
    ],
)
def test_what_cannot_be_ranked_is_refused(points, failed, code):
    for method in (estimate_auc, rank_curve):
        with pytest.raises((DomainError, EvidenceError)) as caught:
            method(points, failed)
        assert caught.value.code == code


@pytest.mark.parametrize("level", [0, 1, -0.5, np.nan])
def test_levels_and_earlier_areas_lie_between_0_and_1(level):
    with pytest.raises(DomainError, match="level"):
        estimate_auc(*SIX, level=level)
    with pytest.raises(DomainError, match="initial"):
        auc_fall_test(estimate_auc(*SIX), level)


def covered(n_bad, gap, months, seed):
    """Months in which the interval holds the area of two normal laws."""
    from scipy.stats import norm

    random = np.random.default_rng(seed)
    truth = norm.cdf(gap / np.sqrt(2))
    failed = np.arange(300) < n_bad
    held = 0
    for _ in range(months):
        found = estimate_auc(random.normal(size=300) - gap * failed, failed)
        held += found.low <= truth <= found.high
    return held


def test_the_interval_of_ten_defaults_covers_as_often_as_it_says():
    assert covered(10, 1.0, 300, seed=1) >= binom.ppf(0.001, 300, 0.94)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_bad", "gap", "share"),
    [
        (10, 0.3, 0.955),
        (10, 1.0, 0.945),
        (10, 2.0, 0.91),
        (60, 0.3, 0.95),
        (60, 1.0, 0.95),
        (60, 2.0, 0.945),
    ],
)
def test_the_interval_covers_as_often_as_its_docstring_says(n_bad, gap, share):
    held = covered(n_bad, gap, 4000, seed=3)
    assert binom.ppf(0.001, 4000, share - 0.01) <= held <= binom.ppf(0.999, 4000, share + 0.01)


@pytest.mark.slow
def test_a_million_loans_take_a_second():
    points, failed = drawn(1_000_000)
    start = time.perf_counter()
    estimate_auc(np.round(points * 100), failed)
    assert time.perf_counter() - start < 1
