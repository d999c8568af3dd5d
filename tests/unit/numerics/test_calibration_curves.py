"""Curves over points.

Witnesses: scikit-learn's isotonic regression, cases worked by hand, the venn-abers definition tried
loan by loan, a direct maximisation of the likelihood, and invariances.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.calibration_curves import (
    fit_beta_curve,
    fit_isotonic_blocks,
    venn_abers_bounds,
)
from sanzhixin.numerics.intervals import jeffreys_interval

LOANS = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=40)


def isotonic(points, failed, weights=None):
    fit = IsotonicRegression(increasing=False).fit(points, failed, sample_weight=weights)
    return fit.predict(points)


@given(LOANS)
def test_the_rates_are_those_of_scikit_learn(loans):
    points, failed = map(np.array, zip(*loans, strict=True))
    blocks = fit_isotonic_blocks(points, failed)
    expected = isotonic(points.astype(float), failed.astype(float))
    np.testing.assert_allclose(blocks.rate[blocks.place(points)], expected, atol=1e-12)
    assert (np.diff(blocks.rate) < 0).all()
    assert blocks.loans.sum() == len(loans)
    assert blocks.defaults.sum() == failed.sum()


def test_blocks_and_bounds_are_those_worked_by_hand():
    # Rates 1/2, 1, 0 at 1, 2, 3: the first two are pooled to 3 of 4.
    blocks = fit_isotonic_blocks([1, 1, 2, 2, 3, 3], [1, 0, 1, 1, 0, 0])
    assert (blocks.starts.tolist(), blocks.rate.tolist()) == ([1, 3], [0.75, 0])
    assert (blocks.defaults.tolist(), blocks.loans.tolist()) == ([3, 0], [4, 2])
    own = jeffreys_interval([3, 0], [4, 2])
    assert blocks.lower.tolist() == own.lower.tolist()
    assert blocks.upper.tolist() == np.minimum.accumulate(own.upper).tolist()


def test_bounds_never_rise_with_the_points():
    # A block of two loans has a wide band beside one of many.
    points = np.repeat([1, 2, 3], [500, 2, 400])
    failed = np.concatenate([np.arange(500) < 50, [False, False], np.arange(400) < 0])
    blocks = fit_isotonic_blocks(points, failed)
    assert (np.diff(blocks.lower) <= 0).all()
    assert (np.diff(blocks.upper) <= 0).all()
    assert (blocks.lower <= blocks.rate).all()
    assert (blocks.rate <= blocks.upper).all()


@given(LOANS, st.integers(0, 2**32 - 1))
def test_weights_are_frequencies_and_order_does_not_matter(loans, seed):
    points, failed = map(np.array, zip(*loans, strict=True))
    rng = np.random.default_rng(seed)
    weights = rng.integers(0, 3, len(loans))
    if not weights.sum():
        return
    rows = rng.permutation(np.repeat(np.arange(len(loans)), weights))
    once = fit_isotonic_blocks(points, failed, weights)
    again = fit_isotonic_blocks(points[rows], failed[rows])
    for name in ("starts", "defaults", "loans", "rate", "lower", "upper"):
        np.testing.assert_allclose(getattr(once, name), getattr(again, name), rtol=1e-12)


def test_points_below_all_loans_have_the_rate_of_the_worst_block():
    blocks = fit_isotonic_blocks([5, 6], [1, 0])
    assert blocks.place([0, 5, 5.5, 6, 99]).tolist() == [0, 0, 0, 1, 1]


# Beta calibration.


def test_the_beta_curve_has_the_largest_likelihood_of_its_kind():
    rng = np.random.default_rng(61)
    points = rng.integers(0, 101, 3000)
    failed = rng.random(3000) < 0.6 * (1 - points / 100) ** 3 + 0.01
    curve = fit_beta_curve(points, failed, lowest=0, highest=100)
    share = (points + 0.5) / 101

    def loss(parameters):
        c, a, b = parameters
        log_odds = c - a * np.log(share) + b * np.log1p(-share)
        return np.sum(np.logaddexp(0, log_odds) - failed * log_odds)

    found = minimize(loss, [0.0, 1.0, 1.0], bounds=[(None, None), (0, None), (0, None)], tol=1e-12)
    np.testing.assert_allclose(curve.fit.coef, found.x * [1, -1, -1], atol=2e-3)
    assert loss(curve.fit.coef * [1, -1, -1]) <= found.fun + 1e-6
    assert curve.probability(points).mean() == pytest.approx(failed.mean(), rel=1e-9)


def test_the_beta_curve_never_rises_even_where_the_data_do():
    # Default is rarest in the middle, so one of the bends is held at 0.
    points = np.repeat(np.arange(11), 100)
    failed = np.tile(np.arange(100), 11) < np.repeat((np.arange(11) - 4) ** 2 + 2, 100)
    prob = fit_beta_curve(points, failed, lowest=0, highest=10).probability(np.arange(11))
    assert (np.diff(prob) <= 1e-15).all()


def test_the_design_of_the_curve_is_the_one_worked_by_hand():
    # Ends 0 and 3: shares 1/8 and 7/8 of the range of four.
    curve = fit_beta_curve([0, 1, 2, 3] * 5, [1, 0, 0, 0] * 4 + [0, 1, 0, 0], lowest=0, highest=3)
    expected = [[1, np.log(1 / 8), np.log(8 / 7)], [1, np.log(7 / 8), np.log(8)]]
    np.testing.assert_allclose(curve.design([0, 3]), expected, rtol=1e-12)
    np.testing.assert_allclose(curve.design([-5, 9]), expected, rtol=1e-12)  # held at the ends


def test_points_beyond_the_ends_are_refused_in_fitting():
    with pytest.raises(DomainError, match="Points lie outside 0 to 3"):
        fit_beta_curve([0, 4], [1, 0], lowest=0, highest=3)


def test_outcomes_of_one_kind_make_no_beta_curve():
    with pytest.raises(EvidenceError):
        fit_beta_curve([0, 1], [0, 0], lowest=0, highest=3)


# Venn-Abers.


@given(LOANS, st.lists(st.integers(-1, 9), min_size=1, max_size=4))
def test_the_bounds_are_those_of_either_outcome_tried(loans, at):
    points, failed = map(np.array, zip(*loans, strict=True))
    band = venn_abers_bounds(points, failed, at)
    for k, new in enumerate(at):
        for bound, outcome in ((band.lower, 0), (band.upper, 1)):
            more = np.append(points, new).astype(float)
            expected = isotonic(more, np.append(failed, outcome).astype(float))[-1]
            assert bound[k] == pytest.approx(expected, abs=1e-12)
    assert (band.lower <= band.upper).all()


def test_one_loan_more_moves_a_small_block_far_and_a_large_one_little():
    few, many = (
        venn_abers_bounds(np.repeat([1, 2], n), np.repeat([1, 0], n), [2]) for n in (2, 200)
    )
    assert (few.upper - few.lower).item() == pytest.approx(1 / 3, rel=1e-12)  # 0 or 1 of 3
    assert (many.upper - many.lower).item() == pytest.approx(1 / 201, rel=1e-12)


# Refusals.


@pytest.mark.parametrize("fit", [fit_isotonic_blocks, lambda *a: venn_abers_bounds(*a[:2], [1])])
@pytest.mark.parametrize(
    ("points", "failed", "words"),
    [
        ([1, 2], [0], "points has shape"),
        ([], [], "shape"),
        ([1, np.nan], [0, 1], "points"),
        ([1, 2], [0, 3], "3"),
    ],
)
def test_data_of_another_form_are_refused(fit, points, failed, words):
    with pytest.raises(DomainError, match=words):
        fit(points, failed)


def test_negative_weights_are_refused():
    with pytest.raises(DomainError, match=r"negative|below 0"):
        fit_isotonic_blocks([1, 2], [0, 1], [1, -1])
