"""Curves from a rate and an area.

Witnesses: scikit-learn's area with the probabilities as weights, a case worked by hand, the normal
model whose area is known in closed form, and invariances.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from sanzhixin.errors import DomainError
from sanzhixin.numerics.moment_matching import implied_auc, match_moments

POINTS = np.arange(500, 800, 3)


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(0.01, 0.99)), min_size=2, max_size=30))
def test_the_implied_area_is_that_of_cases_counted_by_their_probability(cases):
    points, prob = map(np.array, zip(*cases, strict=True))
    # Every loan once as a default, once as none, each weighed by its probability.
    area = roc_auc_score(
        np.repeat([1, 0], len(cases)),
        -np.concatenate([points, points]),
        sample_weight=np.concatenate([prob, 1 - prob]),
    )
    assert implied_auc(points, prob) == pytest.approx(area, abs=1e-12)


def test_the_area_of_two_loans_is_the_one_worked_by_hand():
    # Defaults .6 and .2, others .4 and .8: pairs .6 * .8 ordered, ties .6 * .4 and .2 * .8 halved.
    expected = (0.6 * 0.8 + (0.6 * 0.4 + 0.2 * 0.8) / 2) / (0.8 * 1.2)
    assert implied_auc([1, 2], [0.6, 0.2]) == pytest.approx(expected, rel=1e-14)


def test_the_curve_of_two_numbers_of_points_is_the_one_worked_by_hand():
    # Half of the loans each; the area of the test above with a mean of .4 has .6 and .2.
    area = implied_auc([1, 2], [0.6, 0.2])
    curve = match_moments([1, 2], rate=0.4, auc=area)
    np.testing.assert_allclose(curve.probability([1, 2]), [0.6, 0.2], rtol=1e-8)
    # One point is ln(.6/.4) - ln(.2/.8) = ln 6 of log-odds.
    assert curve.per_log_odds == pytest.approx(1 / math.log(6), rel=1e-8)


def test_normal_points_of_equal_spread_give_the_area_in_closed_form():
    # Defaults N(0, 1), others N(d, 1): log-odds fall by d a point and the area is Phi(d / sqrt 2).
    shift, rate = 1.2, 0.03
    grid = np.linspace(-7, 9, 4001)
    bad, good = (np.exp(-((grid - m) ** 2) / 2) for m in (0, shift))
    weights = rate * bad / bad.sum() + (1 - rate) * good / good.sum()
    area = 0.5 * (1 + math.erf(shift / 2))  # Phi(d / sqrt 2) = (1 + erf(d / 2)) / 2
    curve = match_moments(grid, rate=rate, auc=area, weights=weights)
    assert 1 / curve.per_log_odds == pytest.approx(shift, rel=1e-4)


@given(st.floats(0.001, 0.5), st.floats(0.52, 0.9))
def test_both_figures_are_met(rate, auc):
    curve = match_moments(POINTS, rate=rate, auc=auc)
    prob = curve.probability(POINTS)
    assert prob.mean() == pytest.approx(rate, rel=1e-9)
    assert implied_auc(POINTS, prob) == pytest.approx(auc, abs=1e-8)
    assert (np.diff(prob) <= 0).all()


def test_weights_are_frequencies_and_the_order_of_loans_does_not_matter():
    rng = np.random.default_rng(2)
    weights = rng.integers(1, 4, POINTS.size)
    once = match_moments(POINTS, rate=0.02, auc=0.7, weights=weights)
    twice = match_moments(rng.permutation(np.repeat(POINTS, weights)), rate=0.02, auc=0.7)
    np.testing.assert_allclose(
        [once.offset, once.per_log_odds], [twice.offset, twice.per_log_odds], rtol=1e-8
    )


@pytest.mark.parametrize(
    ("points", "auc"),
    [(POINTS, 0.999999), (POINTS, 0.3), ([600, 600], 0.7), ([], 0.7), (POINTS, float("nan"))],
    ids=["too well", "below one half", "all equal", "no loan", "not a number"],
)
def test_an_area_that_no_curve_has_is_refused(points, auc):
    with pytest.raises(DomainError, match="No curve over these points has an area"):
        match_moments(points, rate=0.405, auc=auc)


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, float("nan")])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(DomainError, match=r"rate=.* must lie strictly between 0 and 1"):
        match_moments(POINTS, rate=rate, auc=0.7)


def test_the_line_recovers_outcomes_drawn_from_it():
    rng = np.random.default_rng(4)
    points = rng.normal(650, 40, 200_000)
    prob = expit((560 - points) / 25)
    failed = rng.random(points.size) < prob
    curve = match_moments(points, rate=failed.mean(), auc=roc_auc_score(failed, -points))
    assert curve.per_log_odds == pytest.approx(25, rel=0.06)
    assert curve.offset == pytest.approx(560, abs=8)
