from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.logistic import fit_firth_held, fit_logistic

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


# Signs


def correlated(seed, loans=400):
    """Correlated covariates of different scale, some of which have the sign not asked for."""
    rng = np.random.default_rng([6, seed])
    n_covariates = int(rng.integers(2, 9))
    mixed = rng.normal(size=(n_covariates, n_covariates)) + 1.5
    x = rng.normal(size=(loans, n_covariates)) @ mixed * rng.choice([0.1, 1, 30], n_covariates)
    slopes = rng.normal(0.2, 0.5, n_covariates) / x.std(axis=0)
    defaulted = rng.random(loans) < expit(-1.5 + (x - x.mean(axis=0)) @ slopes)
    return x, defaulted, rng.choice([-1, 0, 1, 1], n_covariates)


def score_of(fit, x, defaulted):
    """Gradient of the log-likelihood, per standard deviation of each covariate."""
    design = np.column_stack([np.ones(len(x)), x])
    residual = defaulted - expit(design @ fit.coef)
    return design.T @ residual / np.append(1, x.std(axis=0))


@pytest.mark.parametrize("seed", range(20))
def test_slopes_under_signs_reach_the_likelihood_of_a_bounded_optimiser(seed):
    x, defaulted, signs = correlated(seed)
    design = np.column_stack([np.ones(len(x)), (x - x.mean(axis=0)) / x.std(axis=0)])

    def objective(beta):
        log_odds = design @ beta
        value = np.logaddexp(0, log_odds).sum() - log_odds[defaulted].sum()
        return value, design.T @ (expit(log_odds) - defaulted)

    bounds = [(None, None), *[(0 if s > 0 else None, 0 if s < 0 else None) for s in signs]]
    other = minimize(
        objective,
        np.zeros(design.shape[1]),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 10_000, "maxfun": 100_000, "maxcor": 30},
    )
    fit = fit_logistic(x, defaulted, signs=signs)
    assert fit.converged
    np.testing.assert_allclose(fit.log_likelihood, -other.fun, rtol=1e-10)


@pytest.mark.parametrize("seed", range(20))
def test_slopes_under_signs_satisfy_the_conditions_of_karush_kuhn_and_tucker(seed):
    # Free slopes have no gradient; a held slope would only rise in likelihood against its sign.
    x, defaulted, signs = correlated(seed)
    fit = fit_logistic(x, defaulted, signs=signs)
    signs, score = np.append(0, signs), score_of(fit, x, defaulted)
    assert (signs * fit.coef >= 0).all()
    assert np.abs(score[~fit.held]).max() <= 1e-8
    assert (signs * score)[fit.held].max(initial=0.0) <= 1e-8


def test_the_random_problems_hold_slopes_of_both_signs_and_leave_others():
    fits = [(fit_logistic(x, y, signs=s), s) for x, y, s in map(correlated, range(20))]
    held = np.concatenate([signs[fit.held[1:]] for fit, signs in fits])
    assert {-1, 1} == set(held.tolist())
    assert 10 < held.size < sum(signs.size for _, signs in fits) - 30


@pytest.mark.parametrize("seed", [0, 2, 4, 9, 11])
def test_a_held_slope_is_left_out_of_the_model(seed):
    x, defaulted, signs = correlated(seed)
    fit = fit_logistic(x, defaulted, signs=signs)
    without = fit_logistic(x[:, ~fit.held[1:]], defaulted)
    assert fit.held.any()
    assert not fit.held[0]
    assert (fit.coef[fit.held] == 0).all()
    assert (fit.covariance[fit.held] == 0).all()
    assert (fit.covariance[:, fit.held] == 0).all()
    np.testing.assert_allclose(fit.coef[~fit.held], without.coef, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(
        fit.covariance[np.ix_(~fit.held, ~fit.held)], without.covariance, rtol=1e-6, atol=1e-12
    )


@pytest.mark.parametrize("seed", range(5))
def test_signs_that_the_slopes_have_anyway_change_nothing(seed):
    x, defaulted, _ = correlated(seed)
    plain = fit_logistic(x, defaulted)
    fit = fit_logistic(x, defaulted, signs=np.sign(plain.coef[1:]))
    assert not fit.held.any()
    np.testing.assert_allclose(fit.coef, plain.coef, rtol=1e-9)
    np.testing.assert_allclose(fit.covariance, plain.covariance, rtol=1e-7)


def test_free_signs_are_no_signs():
    x, defaulted, signs = correlated(1)
    plain = fit_logistic(x, defaulted)
    fit = fit_logistic(x, defaulted, signs=np.zeros_like(signs))
    assert not fit.held.any()
    np.testing.assert_array_equal(fit.coef, plain.coef)


@pytest.mark.parametrize("seed", range(5))
def test_covariates_turned_round_with_their_signs_turn_the_slopes(seed):
    x, defaulted, signs = correlated(seed)
    there, back = fit_logistic(x, defaulted, signs=signs), fit_logistic(-x, defaulted, signs=-signs)
    np.testing.assert_array_equal(back.held, there.held)
    np.testing.assert_allclose(back.coef[1:], -there.coef[1:], rtol=1e-8)
    np.testing.assert_allclose(back.coef[0], there.coef[0], rtol=1e-8)


@pytest.mark.parametrize("sign", [-1, 0, 1])
def test_the_only_slope_is_held_where_its_sign_forbids_it(sign):
    # 10 of 100 defaults at x = 0 and 20 of 50 at x = 1, slope ln 6; without it ln(30 / 120), whose
    # variance is 1/30 + 1/120.
    fit = fit_logistic([0, 0, 1, 1], [1, 0, 1, 0], [10, 90, 20, 30], signs=[sign])
    is_held = sign == -1
    expected = [np.log(1 / 4), 0] if is_held else [np.log(1 / 9), np.log(6)]
    np.testing.assert_allclose(fit.coef, expected, rtol=1e-10)
    assert fit.held.tolist() == [False, is_held]
    if is_held:
        np.testing.assert_allclose(fit.covariance, [[1 / 24, 0], [0, 0]], rtol=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_twenty_covariates_that_all_go_against_their_sign_are_all_held(seed):
    rng = np.random.default_rng([7, seed])
    x = rng.normal(size=(500, 20))
    defaulted = rng.random(500) < expit(-1 + x.sum(axis=1) / 2)
    fit = fit_logistic(x, defaulted, signs=[-1] * 20)
    rate = defaulted.mean()
    assert fit.held[1:].all()
    np.testing.assert_allclose(fit.coef, [np.log(rate / (1 - rate)), *[0] * 20], rtol=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_thirty_correlated_covariates_under_signs_satisfy_the_conditions_too(seed):
    rng = np.random.default_rng([9, seed])
    x = rng.normal(size=(1000, 30)) + 2 * rng.normal(size=(1000, 1))
    defaulted = rng.random(1000) < expit(-2 + x @ rng.normal(0, 0.3, 30))
    fit = fit_logistic(x, defaulted, signs=[1] * 30)
    score = score_of(fit, x, defaulted)
    assert fit.converged
    assert np.abs(score[~fit.held]).max() <= 1e-8
    assert score[fit.held].max(initial=0.0) <= 1e-8


def test_weights_count_rows_under_signs_too():
    weights = np.array([2, 0, 1, 3] * 5)
    x = np.column_stack([POINTS, SECOND])
    options = {"signs": [-1, 1]}
    by_weight = fit_logistic(x, DEFAULTED, weights, **options)
    repeated = fit_logistic(np.repeat(x, weights, axis=0), np.repeat(DEFAULTED, weights), **options)
    np.testing.assert_array_equal(by_weight.held, repeated.held)
    np.testing.assert_allclose(by_weight.coef, repeated.coef, rtol=1e-8)


TWO = [[0, 0], [1, 0], [0, 1], [1, 1]]
PARTED_AS_ALLOWED = {
    "upward": ([1, 2, 3, 4], [0, 0, 1, 1], [1]),
    "downward": ([1, 2, 3, 4], [1, 1, 0, 0], [-1]),
    "freely": ([1, 2, 3, 4], [1, 1, 0, 0], [0]),
    "touching at one value": ([1, 2, 2, 3], [1, 1, 0, 0], [-1]),
    "by a sum of two": (TWO, [0, 0, 0, 1], [1, 1]),
    "by the first of two": (TWO, [0, 0, 0, 1], [1, -1]),
    "by a free second": (TWO, [0, 0, 0, 1], [-1, 0]),
    "large points": ([800, 810, 820, 870], [1, 1, 0, 0], [-1]),
}


@pytest.mark.parametrize(
    ("x", "y", "signs"), PARTED_AS_ALLOWED.values(), ids=PARTED_AS_ALLOWED.keys()
)
def test_separation_that_the_signs_allow_is_refused(x, y, signs):
    with pytest.raises(EvidenceError, match="use firth=True") as caught:
        fit_logistic(x, y, signs=signs)
    assert caught.value.code == "outcomes_separated"


PARTED_AS_FORBIDDEN = {
    "upward": ([1, 2, 3, 4], [0, 0, 1, 1], [-1], [0, 0]),
    "downward": ([1, 2, 3, 4], [1, 1, 0, 0], [1], [0, 0]),
    "by a sum of two": (TWO, [0, 0, 0, 1], [-1, -1], [np.log(1 / 3), 0, 0]),
    # The first parts downward alone and is held; 1 of 2 default at either value of the second.
    "by the first of two": (TWO, [1, 0, 1, 0], [1, 0], [0, 0, 0]),
    "large points": ([800, 810, 820, 870], [1, 1, 0, 0], [1], [0, 0]),
}


@pytest.mark.parametrize(
    ("x", "y", "signs", "expected"), PARTED_AS_FORBIDDEN.values(), ids=PARTED_AS_FORBIDDEN.keys()
)
def test_separation_in_a_forbidden_direction_only_is_none(x, y, signs, expected):
    fit = fit_logistic(x, y, signs=signs)
    assert fit.converged
    np.testing.assert_allclose(fit.coef, expected, atol=1e-10)


@pytest.mark.parametrize("sign", [-1, 1])
def test_small_rates_do_not_make_a_forbidden_separation_count(sign):
    # 2 defaults in 2e10 + 2 loans have the log-odds ln 1e-10 = -23, far enough to look for one.
    x = -sign * np.array([1, 2, 3, 4])
    fit = fit_logistic(x, [0, 0, 1, 1], [1e10, 1e10, 1, 1], signs=[sign])
    np.testing.assert_allclose(fit.coef, [np.log(1e-10), 0], rtol=1e-10)


@pytest.mark.parametrize("signs", [None, [0]])
def test_a_free_slope_of_exactly_0_is_not_held(signs):
    # 1 of 2 defaults at either value: variance 1 + 1 + 1 + 1.
    fit = fit_logistic([0, 0, 1, 1], [1, 0, 1, 0], signs=signs)
    np.testing.assert_allclose(fit.coef, [0, 0], atol=1e-12)
    assert fit.held.tolist() == [False, False]
    np.testing.assert_allclose(fit.covariance[1, 1], 4, rtol=1e-10)


BAD_SIGNS = {
    "too few": ([1], r"signs of shape \(1,\) were given; one of .* shape \(2,\)"),
    "too many": ([1, 1, -1], r"signs of shape \(3,\) were given"),
    "a table": ([[1, 1]], r"signs of shape \(1, 2\) were given"),
    "one number": (1, r"signs of shape \(\) were given"),
    "two": ([1, 2], "one of -1, 0 or 1 is needed"),
    "a half": ([0.5, 1], "one of -1, 0 or 1 is needed"),
    "missing": ([np.nan, 1], "one of -1, 0 or 1 is needed"),
    "words": (["+", "-"], "one of -1, 0 or 1 is needed"),
}


@pytest.mark.parametrize(("signs", "words"), BAD_SIGNS.values(), ids=BAD_SIGNS.keys())
def test_signs_of_another_shape_or_value_are_refused(signs, words):
    with pytest.raises(DomainError, match=words) as caught:
        fit_logistic(np.column_stack([POINTS, SECOND]), DEFAULTED, signs=signs)
    assert caught.value.code == "signs_unknown"


@pytest.mark.parametrize("signs", [None, [-1, -1, -1], [-1, 1, 0]], ids=str)
def test_12_defaults_in_100_000_loans_keep_their_rate(signs):
    rng = np.random.default_rng(13)
    points = rng.integers(400, 1000, 100_000)
    x = np.column_stack([points, points + rng.normal(0, 150, 100_000), rng.random(100_000)])
    defaulted = np.zeros(100_000, dtype=bool)
    defaulted[np.argsort(points + rng.normal(0, 200, 100_000))[:12]] = True
    fit = fit_logistic(x, defaulted, signs=signs)
    mean = expit(fit.coef[0] + x @ fit.coef[1:]).mean()
    assert mean == pytest.approx(12 / 100_000, rel=1e-9)


def test_the_covariance_under_signs_agrees_with_statsmodels_without_the_held_slopes():
    with warnings.catch_warnings(action="ignore"):
        from statsmodels.api import Logit

        x, defaulted, signs = correlated(2)
        fit = fit_logistic(x, defaulted, signs=signs)
        design = np.column_stack([np.ones(len(x)), x])[:, ~fit.held]
        other = Logit(defaulted.astype(float), design).fit(method="newton", tol=1e-14, disp=0)
    assert fit.held.any()
    np.testing.assert_allclose(fit.coef[~fit.held], other.params, rtol=1e-7)
    free = np.flatnonzero(~fit.held)
    np.testing.assert_allclose(
        fit.covariance[np.ix_(free, free)], other.cov_params(), rtol=1e-6, atol=1e-12
    )


def test_firth_under_signs_maximises_the_penalised_likelihood_among_those_allowed():
    # Second algorithm: the objective written out and handed to a general optimiser with bounds.
    x = np.column_stack([(np.array(POINTS) - 700) / 100, SECOND])
    y = np.array(DEFAULTED)
    design = np.column_stack([np.ones(20), x])

    def objective(beta):
        prob = expit(design @ beta)
        information = design.T @ ((prob * (1 - prob))[:, np.newaxis] * design)
        likelihood = y @ np.log(prob) + (1 - y) @ np.log(1 - prob)
        return -(likelihood + 0.5 * np.linalg.slogdet(information)[1])

    for signs in ([-1, 1], [1, -1], [1, 1], [-1, -1]):
        bounds = [(None, None), *[(0, None) if s > 0 else (None, 0) for s in signs]]
        best = minimize(objective, [0.0] * 3, method="L-BFGS-B", bounds=bounds, tol=1e-14)
        fit = fit_logistic(x, y, firth=True, signs=signs)
        np.testing.assert_allclose(fit.log_likelihood, -best.fun, rtol=1e-7)


@pytest.mark.parametrize("columns", [1, 2, 5])
def test_with_every_slope_held_each_coefficient_adds_half_a_default_and_half_a_loan(columns):
    # one p for all: d - n p + (1/2 - p) sum(h) = 0, and the leverages sum to the coefficients
    rng = np.random.default_rng(columns)
    y = rng.random(60) < 0.2
    fit = fit_firth_held(rng.normal(size=(60, columns)), y, 0)
    size = columns + 1
    expected = (y.sum() + size / 2) / (60 + size)
    assert expit(fit.coef[0]) == pytest.approx(expected, rel=1e-10)
    assert fit.held.tolist() == [False, *[True] * columns]
    assert (fit.coef[1:] == 0).all()


def test_with_no_slope_held_it_is_firths_fit():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 2)), rng.random(50) < 0.3
    held, free = fit_firth_held(x, y, 2), fit_logistic(x, y, firth=True)
    np.testing.assert_array_equal(held.coef, free.coef)
    np.testing.assert_array_equal(held.covariance, free.covariance)
    assert held.log_likelihood == free.log_likelihood


@pytest.mark.parametrize("loans", [30, 9000])  # the second begins from every sixteenth row
def test_slopes_held_under_the_penalty_of_all_leave_a_modified_score_of_0(loans):
    rng = np.random.default_rng(loans)
    x = rng.normal(size=(loans, 3)) * [1, 30, 0.1] + [0, 5, 9]
    y = rng.random(loans) < expit(-1 + x[:, 0])
    fit = fit_firth_held(x, y, 2)
    design = np.hstack([np.ones((loans, 1)), x])
    prob = expit(design @ fit.coef)
    root = design * np.sqrt(prob * (1 - prob))[:, np.newaxis]
    leverage = (np.linalg.qr(root)[0] ** 2).sum(axis=1)
    score = design.T @ (y - prob + leverage * (0.5 - prob))
    assert fit.converged
    np.testing.assert_allclose(score[:3] / np.abs(design).sum(axis=0)[:3], 0, atol=1e-10)
    assert abs(score[3]) > 1e-3  # the held one is not at its own best


@pytest.mark.parametrize("n_free", [-1, 3, 0.5])
def test_a_number_of_free_slopes_that_is_none_is_refused(n_free):
    with pytest.raises(DomainError, match="n_free"):
        fit_firth_held(np.eye(3)[:, :2], [0, 1, 1], n_free)


def test_one_class_has_no_penalised_fit_with_held_slopes():
    with pytest.raises(EvidenceError, match="0 defaults"):
        fit_firth_held([1, 2, 3], [0, 0, 0], 0)
