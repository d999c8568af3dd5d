from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.logistic import fit_logistic

POINTS = [
    *(510, 540, 560, 580, 600, 620, 640, 650, 660, 680),
    *(700, 720, 740, 760, 780, 800, 820, 840, 860, 900),
]
DEFAULTED = [1, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0]
WEIGHTS = [1, 2, 1, 3, 1, 1, 2, 1, 4, 1, 1, 2, 1, 1, 1, 3, 1, 1, 2, 1]
SECOND = [0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0]


def test_agrees_with_statsmodels_on_one_covariate():
    # statsmodels 0.15.0: GLM(y, add_constant(x), family=Binomial()).fit(tol=1e-15,
    # tol_criterion="params"), then params, cov_params(), llf.
    fit = fit_logistic(POINTS, DEFAULTED)
    np.testing.assert_allclose(fit.coef, [7.224160798167888, -0.011560888823804917], rtol=1e-10)
    np.testing.assert_allclose(
        fit.covariance,
        [
            [15.916103621057704, -0.023605678207958],
            [-0.023605678207958, 3.565932038611176e-05],
        ],
        rtol=1e-8,
    )
    np.testing.assert_allclose(fit.log_likelihood, -10.349924820065565, rtol=1e-12)


def test_agrees_with_statsmodels_on_two_weighted_covariates():
    # As above with freq_weights.
    fit = fit_logistic(np.column_stack([POINTS, SECOND]), DEFAULTED, WEIGHTS)
    np.testing.assert_allclose(
        fit.coef, [11.054442983497792, -0.01709696322748713, -0.9540189753589536], rtol=1e-10
    )
    np.testing.assert_allclose(
        np.sqrt(np.diag(fit.covariance)),
        np.sqrt([18.940633146261874, 4.2726257724993226e-05, 0.9621559818868107]),
        rtol=1e-8,
    )
    np.testing.assert_allclose(fit.log_likelihood, -13.385869520308225, rtol=1e-12)


def simulated(loans, seed):
    rng = np.random.default_rng(seed)
    points = rng.integers(500, 900, loans)
    return points, rng.random(loans) < expit(6 - 0.012 * points)


def test_agrees_with_scikit_learn():
    points, defaulted = simulated(3000, seed=5)
    x = (points[:, np.newaxis] - 700) / 100
    fit = fit_logistic(x, defaulted)
    other = LogisticRegression(C=np.inf, tol=1e-12, solver="newton-cholesky", max_iter=1000)
    other.fit(x, defaulted)
    np.testing.assert_allclose(fit.coef, [*other.intercept_, *other.coef_[0]], rtol=1e-8)


def test_a_two_by_two_table_has_a_closed_form():
    # 10 of 100 defaults at x = 0 and 20 of 50 at x = 1: log(10/90), log(20/30) - log(10/90);
    # variances are sums of the reciprocal counts.
    fit = fit_logistic([0, 0, 1, 1], [1, 0, 1, 0], [10, 90, 20, 30])
    np.testing.assert_allclose(fit.coef, [np.log(1 / 9), np.log(6)], rtol=1e-12)
    np.testing.assert_allclose(
        np.diag(fit.covariance), [1 / 10 + 1 / 90, 1 / 10 + 1 / 90 + 1 / 20 + 1 / 30], rtol=1e-10
    )


def test_firth_on_a_two_by_two_table_adds_one_half_to_each_cell():
    # The model is saturated, so Firth's estimate is that of the counts plus 1/2, even when a cell
    # is empty.
    fit = fit_logistic([0, 0, 1, 1], [1, 0, 1, 0], [0, 40, 8, 12], firth=True)
    np.testing.assert_allclose(
        fit.coef, [np.log(0.5 / 40.5), np.log(8.5 / 12.5) - np.log(0.5 / 40.5)], rtol=1e-9
    )


def test_firth_maximises_the_penalised_likelihood():
    # Second algorithm: the objective written out and handed to a general optimiser.
    x = (np.array(POINTS) - 700) / 100
    y = np.array(DEFAULTED)
    design = np.column_stack([np.ones_like(x), x])

    def objective(beta):
        prob = expit(design @ beta)
        information = design.T @ ((prob * (1 - prob))[:, np.newaxis] * design)
        likelihood = y @ np.log(prob) + (1 - y) @ np.log(1 - prob)
        return -(likelihood + 0.5 * np.linalg.slogdet(information)[1])

    best = minimize(objective, [0.0, 0.0], method="BFGS", options={"gtol": 1e-9})
    fit = fit_logistic(x, y, firth=True)
    np.testing.assert_allclose(fit.coef, best.x, rtol=1e-5)
    np.testing.assert_allclose(fit.log_likelihood, -best.fun, rtol=1e-10)


def test_the_mean_probability_is_the_observed_rate_even_when_defaults_are_rare():
    rng = np.random.default_rng(3)
    points = rng.integers(400, 1000, 100_000)
    defaulted = np.zeros(100_000, dtype=bool)
    defaulted[np.argsort(points + rng.normal(0, 200, 100_000))[:12]] = True
    fit = fit_logistic(points, defaulted)
    mean = expit(fit.coef[0] + fit.coef[1] * points).mean()
    assert abs(mean - 12 / 100_000) <= 1e-9
    assert fit.converged


def test_the_result_tells_how_the_iteration_ended():
    done = fit_logistic(POINTS, DEFAULTED)
    assert done.converged
    assert done.last_change <= 1e-10
    assert 1 < done.iterations < 20
    cut = fit_logistic(POINTS, DEFAULTED, max_iterations=1)
    assert (cut.converged, cut.iterations) == (False, 1)
    assert cut.last_change > 1e-10


@settings(deadline=None)
@given(st.integers(0, 10_000), st.floats(-900, 900), st.floats(0.01, 100))
def test_moving_and_stretching_the_points_moves_the_coefficients_alike(seed, shift, scale):
    points, defaulted = simulated(400, seed)
    plain = fit_logistic(points, defaulted)
    moved = fit_logistic(points * scale + shift, defaulted)
    np.testing.assert_allclose(moved.coef[1] * scale, plain.coef[1], rtol=1e-6)
    np.testing.assert_allclose(
        moved.coef[0] + moved.coef[1] * shift, plain.coef[0], rtol=1e-6, atol=1e-8
    )


@pytest.mark.parametrize("firth", [False, True])
def test_weight_two_is_the_row_given_twice_and_weight_zero_the_row_left_out(firth):
    weights = np.array([2, 0, 1, 3] * 5)
    by_weight = fit_logistic(POINTS, DEFAULTED, weights, firth=firth)
    repeated = fit_logistic(np.repeat(POINTS, weights), np.repeat(DEFAULTED, weights), firth=firth)
    np.testing.assert_allclose(by_weight.coef, repeated.coef, rtol=1e-9)
    np.testing.assert_allclose(by_weight.covariance, repeated.covariance, rtol=1e-8)


def test_the_order_of_the_rows_does_not_matter():
    order = np.random.default_rng(1).permutation(20)
    shuffled = fit_logistic(np.array(POINTS)[order], np.array(DEFAULTED)[order])
    np.testing.assert_allclose(shuffled.coef, fit_logistic(POINTS, DEFAULTED).coef, rtol=1e-10)


SEPARATED = {
    "complete": ([1, 2, 3, 4], [1, 1, 0, 0]),
    "upward": ([1, 2, 3, 4], [0, 0, 1, 1]),
    "touching at one value": ([1, 2, 2, 3], [1, 1, 0, 0]),
    "defaults at the edge only": ([1, 1, 1, 2, 3], [1, 0, 0, 0, 0]),
    "by a sum of two": ([[0, 0], [1, 0], [0, 1], [1, 1]], [0, 0, 0, 1]),
    "large points": ([800, 810, 820, 870], [1, 1, 0, 0]),
}


@pytest.mark.parametrize(("x", "y"), SEPARATED.values(), ids=SEPARATED.keys())
def test_separation_is_refused_with_the_way_out(x, y):
    with pytest.raises(EvidenceError, match="use firth=True") as caught:
        fit_logistic(x, y)
    assert caught.value.code == "outcomes_separated"


@pytest.mark.parametrize(("x", "y"), SEPARATED.values(), ids=SEPARATED.keys())
def test_firth_gives_finite_coefficients_under_separation(x, y):
    fit = fit_logistic(x, y, firth=True)
    assert fit.converged
    assert np.isfinite(fit.coef).all()
    assert (np.diag(fit.covariance) > 0).all()


def test_a_steep_slope_without_separation_is_no_separation():
    # One exchanged pair between two far groups: the maximum is finite.
    x = [*range(20), *range(100, 120)]
    y = [1] * 19 + [0] + [1] + [0] * 19
    assert fit_logistic(x, y).converged


BAD = {
    "no default": (([1, 2, 3], [0, 0, 0]), EvidenceError, "0 defaults in 3 loans"),
    "all default": (([1, 2], [1, 1]), EvidenceError, "2 defaults in 2 loans"),
    "no loan": (([], []), EvidenceError, "0 defaults in 0 loans"),
    "one loan": (([5], [1]), EvidenceError, "1 defaults in 1 loans"),
    "weights leave one class": (
        ([1, 2, 3], [1, 0, 0], [0, 1, 1]),
        EvidenceError,
        "0 defaults in 2 loans",
    ),
    "equal points": (([700] * 4, [0, 1, 0, 1]), DomainError, "Covariate 0 is constant"),
    "equal large points": (([0.1 + 1e9] * 4, [0, 1, 0, 1]), DomainError, "Covariate 0"),
    "copied covariate": (
        ([[1, 2], [2, 4], [3, 6], [4, 8]], [0, 1, 0, 1]),
        DomainError,
        "Covariate 1 is constant or follows",
    ),
    "missing points": (([1, np.nan, 3], [0, 1, 0]), DomainError, "x is missing .* in row 1"),
    "missing outcome": (([1, 2], [0, np.nan]), DomainError, "defaulted is missing"),
    "infinite weight": (([1, 2], [0, 1], [1, np.inf]), DomainError, "weights is missing or not"),
    "outcome of two": (([1, 2, 3], [0, 1, 2]), DomainError, "defaulted holds 2"),
    "negative weight": (([1, 2], [0, 1], [1, -1]), DomainError, "weight in row 1 is negative"),
    "too few outcomes": (([1, 2, 3], [0, 1]), DomainError, r"x has shape \(3, 1\)"),
    "table of outcomes": (([1, 2], [[0, 1], [1, 0]]), DomainError, "defaulted has shape"),
    "too many weights": (([1, 2], [0, 1], [1, 1, 1]), DomainError, "weights has shape"),
}


@pytest.mark.parametrize(("arguments", "family", "words"), BAD.values(), ids=BAD.keys())
def test_data_outside_the_domain_are_refused(arguments, family, words):
    with pytest.raises(family, match=words):
        fit_logistic(*arguments)
