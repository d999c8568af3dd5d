"""The calibration belt.

Witnesses: statsmodels for the curve, its errors, the forward steps and the likelihood of curves
held to a bound; scipy's SLSQP for a bound; a Python port of the authors' R package for whole
belts; scipy, limits and two million draws for the law of the statistic; and simulations of right
probabilities, whose bounds are left once in a thousand seeds.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.integrate import quad
from scipy.optimize import brentq, minimize
from scipy.special import expit, logit, ndtri
from scipy.stats import binom, chi2, kstest

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.calibration_belt import (
    CalibrationBelt,
    OffRange,
    find_off_ranges,
    fit_calibration_belt,
    forward_tail,
)

PROB = np.array([0.02, 0.05, 0.08, 0.12, 0.2, 0.3, 0.45, 0.6])
EACH = 60  # loans at each probability
STRAIGHT = [3, 5, 6, 12, 14, 22, 24, 31]
BENT = [6, 3, 3, 4, 12, 22, 38, 53]
TWICE_BENT = [0, 5, 9, 14, 17, 12, 20, 44]
CASES = {"straight": STRAIGHT, "bent": BENT, "twice bent": TWICE_BENT}


def rows(defaults, loans=EACH, prob=PROB):
    """Probability, outcome and weight: two rows for each probability."""
    d, n = np.broadcast_arrays(defaults, loans)
    return np.repeat(prob, 2), np.tile([1, 0], d.size), np.stack([d, n - d], axis=1).ravel()


def belt_of(defaults, loans=EACH, prob=PROB, **options):
    return fit_calibration_belt(*rows(defaults, loans, prob), **options)


def powers(prob, degree):
    return logit(np.asarray(prob))[:, np.newaxis] ** np.arange(degree + 1)


def by_statsmodels(defaults, degree):
    successes = np.stack([defaults, EACH - np.asarray(defaults)], axis=1)
    return sm.GLM(successes, powers(PROB, degree), family=sm.families.Binomial()).fit(tol=1e-13)


def deviance(beta, defaults):
    """Minus twice the log-likelihood of the loans, but for the constant."""
    log_odds = powers(PROB, len(beta) - 1) @ beta
    return 2 * np.sum(EACH * np.logaddexp(0, log_odds) - np.asarray(defaults) * log_odds)


def reach_of(level, degree):
    return brentq(lambda t: forward_tail(t, degree) - (1 - level), 0.1, 60, xtol=1e-12)


# The curve and its statistic.


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("most", [1, 2, 3, 4])
def test_the_forward_steps_are_those_of_statsmodels(name, most):
    fits = [by_statsmodels(CASES[name], degree) for degree in range(1, most + 1)]
    gains = [2 * (after.llf - before.llf) for before, after in pairwise(fits)]
    stop = next((k for k, gain in enumerate(gains) if gain <= chi2.ppf(0.95, 1)), len(gains))
    belt = belt_of(CASES[name], most_degree=most)
    assert belt.degree == stop + 1
    np.testing.assert_allclose(belt.coef, fits[stop].params, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(belt.covariance, fits[stop].cov_params(), rtol=1e-6)


@pytest.mark.parametrize(("name", "degree"), [("straight", 1), ("bent", 2)])
def test_the_statistic_is_the_likelihood_ratio_of_statsmodels(name, degree):
    # The diagonal as a model: nothing but an offset of the predicted log-odds.
    successes = np.stack([CASES[name], EACH - np.asarray(CASES[name])], axis=1)
    ones = np.zeros((PROB.size, 1))
    diagonal = sm.GLM(successes, ones, family=sm.families.Binomial(), offset=logit(PROB))
    expected = 2 * (by_statsmodels(CASES[name], degree).llf - diagonal.loglike([0.0]))
    assert belt_of(CASES[name]).statistic == pytest.approx(expected, rel=1e-10)


def test_a_lower_threshold_takes_more_powers():
    degrees = [belt_of(TWICE_BENT, threshold=threshold).degree for threshold in (0.95, 0.05)]
    assert degrees == [1, 4]


def test_two_groups_fit_the_rates_as_worked_by_hand():
    # The curve meets both rates: log-odds -log 4 and 0, where -log 9 and -log 2 were predicted.
    belt = belt_of([2, 5], 10, np.array([0.1, 1 / 3]), grid=[0.1, 1 / 3])
    assert belt.degree == 1
    assert belt.coef[1] == pytest.approx(np.log(4) / np.log(4.5), rel=1e-9)
    assert belt.fitted == pytest.approx([0.2, 0.5], rel=1e-9)
    ratio = 2 * np.log(2) + 8 * np.log(8 / 9) + 5 * np.log(1.5) + 5 * np.log(0.75)
    assert belt.statistic == pytest.approx(2 * ratio, rel=1e-9)
    assert belt.p_value == pytest.approx(np.exp(-ratio), rel=1e-9)


# The law of the statistic.

POINTS = [1.0, 5.0, 9.0, 14.0, 22.0, 40.0]


@pytest.mark.parametrize("t", POINTS)
def test_degree_1_is_chi_square_of_two_degrees(t):
    assert forward_tail(t, 1) == pytest.approx(chi2.sf(t, 2), rel=1e-13)


@pytest.mark.parametrize("degree", [2, 3])
@pytest.mark.parametrize("threshold", [0.5, 0.95])
@pytest.mark.parametrize("t", POINTS)
def test_one_more_power_is_the_convolution_by_scipy(t, threshold, degree):
    start = chi2.ppf(threshold, 1)
    end = max(t - (degree - 2) * start, start)
    inner, _ = quad(
        lambda x: chi2.pdf(x, 1) * forward_tail(max(t - x, 0), degree - 1, threshold=threshold),
        start,
        end,
        epsrel=1e-11,
    )
    expected = (inner + chi2.sf(end, 1)) / (1 - threshold)
    assert forward_tail(t, degree, threshold=threshold) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
@pytest.mark.parametrize("t", POINTS)
def test_without_a_threshold_it_is_chi_square_of_all_coefficients(t, degree):
    found = forward_tail(t, degree, threshold=1e-9)
    assert found == pytest.approx(chi2.sf(t, degree + 1), rel=1e-6)


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
@pytest.mark.parametrize("threshold", [0.8, 0.95])
def test_draws_exceed_it_as_often(degree, threshold):
    rng, n_draws = np.random.default_rng(62), 2_000_000
    drawn = rng.chisquare(2, n_draws)
    for _ in range(degree - 1):
        drawn += ndtri((1 - threshold) / 2 * rng.random(n_draws)) ** 2
    for quantile in (0.05, 0.5, 0.95, 0.999):
        t = np.quantile(drawn, quantile)
        tail = forward_tail(t, degree, threshold=threshold)
        assert abs(tail - (1 - quantile)) < 5 * np.sqrt(quantile * (1 - quantile) / n_draws)


# calibration-belt 0.1.41 and pycaleva 0.8.2 (PyPI), which agree in all digits shown:
# CalibrationBelt.calculate_cdf(t, degree) and cdf_m(t, degree, True, .95).
PORTED = [
    (1, 5.0, 0.9179150013761012),
    (2, 5.0, 0.1313885784412443),
    (2, 14.0, 0.9704174208649232),
    (3, 9.0, 0.0385810726538990),
    (3, 14.0, 0.6721342348483089),
    (3, 22.0, 0.9828618384694086),
    (4, 9.0, 0.0),
    (4, 14.0, 0.0533609424401768),
    (4, 22.0, 0.8278178748435988),
]


@pytest.mark.parametrize(("degree", "t", "expected"), PORTED)
def test_the_law_is_that_of_the_ports_of_the_authors_package(degree, t, expected):
    assert 1 - forward_tail(t, degree) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("degree", [2, 3, 4])
def test_below_what_the_steps_exceeded_it_is_certain_and_there_it_is_continuous(degree):
    least = (degree - 1) * chi2.ppf(0.95, 1)
    assert forward_tail(0.99 * least, degree) == 1.0
    assert forward_tail(least * (1 + 1e-9), degree) == pytest.approx(1.0, abs=1e-6)


# The belt.


class Ported(NamedTuple):
    degree: int
    statistic: float
    p_value: float
    lower: list[list[float]]
    upper: list[list[float]]


# calibration-belt 0.1.41 (PyPI) on the loans above: forward_select(.95), test(), and
# calculate_boundaries(level, size=8) at the probabilities of GRID, for levels .8 and .95.  Its
# search stays within the region and ends early, so its belts are narrower by up to 1.5e-4.
GRID = [
    0.02,
    0.07875444997690127,
    0.21333333333333335,
    0.26367324343797083,
    0.40666666666666673,
    0.6,
]
REFERENCE = {
    "straight": Ported(
        1,
        8.66773482621096,
        0.013116721490268324,
        [
            [0.029184486, 0.094655825, 0.211949794, 0.248107700, 0.337253166, 0.448892291],
            [0.023567045, 0.084206456, 0.198834692, 0.234007695, 0.317851343, 0.419259340],
        ],
        [
            [0.080127080, 0.164860915, 0.290107030, 0.332290424, 0.450596109, 0.611893379],
            [0.094107047, 0.179790122, 0.305372037, 0.348658604, 0.472112066, 0.640339807],
        ],
    ),
    "bent": Ported(
        2,
        43.45324847550057,
        2.796910925084717e-08,
        [
            [0.018542020, 0.037555600, 0.113754886, 0.171437860, 0.429511399, 0.778160563],
            [0.013680241, 0.033418187, 0.103856279, 0.158691778, 0.410431264, 0.753917976],
        ],
        [
            [0.217964290, 0.122225912, 0.282262243, 0.367582863, 0.671135773, 0.961344902],
            [0.246629980, 0.132337252, 0.299437591, 0.386052797, 0.690233031, 0.967828982],
        ],
    ),
}


@pytest.mark.parametrize("name", REFERENCE)
def test_the_belt_is_that_of_a_port_of_the_authors_package(name):
    expected, belt = REFERENCE[name], belt_of(CASES[name], grid=GRID)
    assert belt.degree == expected.degree
    assert belt.statistic == pytest.approx(expected.statistic, rel=1e-10)
    assert belt.p_value == pytest.approx(expected.p_value, rel=1e-7)
    np.testing.assert_allclose(belt.lower, expected.lower, atol=1.6e-4)
    np.testing.assert_allclose(belt.upper, expected.upper, atol=1.6e-4)
    assert (belt.lower <= np.array(expected.lower) + 1e-8).all()
    assert (belt.upper >= np.array(expected.upper) - 1e-8).all()


@pytest.mark.parametrize(("name", "degree"), [("straight", 1), ("bent", 2)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_best_curve_through_a_bound_lies_on_the_contour(name, degree, level):
    # Held to v at g0 a curve is v + b1 (g - g0) + b2 (g^2 - g0^2): an offset and no constant.
    belt = belt_of(CASES[name], levels=[level], grid=GRID)
    successes = np.stack([CASES[name], EACH - np.asarray(CASES[name])], axis=1)
    best = by_statsmodels(CASES[name], degree).llf
    for bounds in (belt.lower[0], belt.upper[0]):
        for at, bound in zip(GRID, bounds, strict=True):
            design = (powers(PROB, degree) - powers([at], degree))[:, 1:]
            offset = np.full(PROB.size, logit(bound))
            held = sm.GLM(successes, design, family=sm.families.Binomial(), offset=offset).fit()
            assert 2 * (best - held.llf) == pytest.approx(reach_of(level, degree), rel=1e-7)


@pytest.mark.parametrize("at", [0.03, 0.5])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_bound_is_the_one_that_scipy_finds_under_the_constraint(at, sign):
    belt = belt_of(BENT, levels=[0.95], grid=[at])
    floor = deviance(belt.coef, BENT) + reach_of(0.95, 2)
    aim = powers([at], 2)[0]
    found = minimize(
        lambda beta: -sign * (aim @ beta),
        belt.coef,
        method="SLSQP",
        constraints={"type": "ineq", "fun": lambda beta: floor - deviance(beta, BENT)},
        options={"maxiter": 500, "ftol": 1e-13},
    )
    bound = belt.upper[0, 0] if sign == 1 else belt.lower[0, 0]
    assert logit(bound) == pytest.approx(sign * -found.fun, rel=1e-5)


def test_the_region_leaves_out_the_diagonal_where_the_test_does():
    # At level 1 - p the diagonal is on the edge of the region: its statistic is the reach.
    belt = belt_of(STRAIGHT)
    assert belt.statistic == pytest.approx(reach_of(1 - belt.p_value, 1), rel=1e-9)


def test_few_loans_at_a_high_level_still_have_a_belt():
    # Eight loans, and a curve of degree 2 that is all but flat along the contour.
    prob = expit(np.array([-3.895, -0.212, 1.311, 1.318]))
    belt = belt_of([0, 3, 1, 1], [1, 4, 2, 1], prob, levels=[0.5, 0.999], threshold=0.5)
    assert belt.degree == 2
    bounds = [belt.lower[1], belt.lower[0], belt.fitted, belt.upper[0], belt.upper[1]]
    assert (np.diff(bounds, axis=0) >= -1e-12).all()


# Right probabilities.

N_TIMES = 1000


@pytest.fixture(scope="module")
def right():
    """P-values, and whether the belt holds the diagonal everywhere, of right probabilities."""
    rng = np.random.default_rng(61)
    prob, loans = expit(np.linspace(-4, 0, 25)), rng.integers(40, 120, 25)
    belts = [
        belt_of(rng.binomial(loans, prob), loans, prob, levels=[0.95], grid=prob[::2])
        for _ in range(N_TIMES)
    ]
    is_inside = [
        ((one.lower[0] <= one.probability) & (one.probability <= one.upper[0])).all()
        for one in belts
    ]
    return np.array([one.p_value for one in belts]), np.array(is_inside)


@pytest.mark.parametrize("level", [0.05, 0.2])
def test_right_probabilities_are_refused_as_often_as_the_level_says(right, level):
    low, high = binom.ppf([0.0005, 0.9995], N_TIMES, level)
    assert low <= np.sum(right[0] < level) <= high
    assert kstest(right[0], "uniform").pvalue > 0.001


def test_the_belt_holds_the_true_curve_at_once_as_often_as_the_level_says(right):
    assert right[1].sum() >= binom.ppf(0.0005, N_TIMES, 0.95)


def test_the_belt_holds_the_diagonal_wherever_the_test_does_not_refuse(right):
    assert right[1][right[0] >= 0.05].all()


# Invariants.


def test_a_weight_is_the_row_given_as_often_in_any_order():
    prob, outcome, weights = rows(BENT)
    order = np.random.default_rng(63).permutation(weights.sum())
    once, often = (
        fit_calibration_belt(*loans)
        for loans in (
            (prob, outcome, weights),
            (np.repeat(prob, weights)[order], np.repeat(outcome, weights)[order]),
        )
    )
    for name in ("statistic", "coef", "lower", "upper"):
        np.testing.assert_allclose(getattr(once, name), getattr(often, name), rtol=1e-9)


def test_a_loan_of_weight_0_is_as_if_it_were_not_there():
    prob, outcome, weights = rows(BENT)
    more = [np.append(array, extra) for array, extra in ((prob, 0.9), (outcome, 1), (weights, 0))]
    assert fit_calibration_belt(*more).statistic == belt_of(BENT).statistic
    assert fit_calibration_belt(*more).probability[-1] == pytest.approx(0.6)


@pytest.mark.parametrize("name", CASES)
def test_counting_the_others_mirrors_the_belt(name):
    defaults = np.array(CASES[name])
    belt = belt_of(defaults, grid=GRID)
    other = belt_of((EACH - defaults)[::-1], EACH, 1 - PROB[::-1], grid=1 - np.array(GRID[::-1]))
    assert other.p_value == pytest.approx(belt.p_value, rel=1e-8)
    np.testing.assert_allclose(other.lower, 1 - belt.upper[:, ::-1], rtol=1e-7)
    np.testing.assert_allclose(other.upper, 1 - belt.lower[:, ::-1], rtol=1e-7)


def test_a_bound_does_not_depend_on_the_grid_it_stands_in():
    many, one = belt_of(BENT), belt_of(BENT, grid=[0.3])
    near = np.abs(many.probability - 0.3).argmin()
    again = belt_of(BENT, grid=many.probability[[near]])
    assert again.upper[1, 0] == pytest.approx(many.upper[1, near], rel=1e-9)
    assert many.probability.size == 101
    assert one.upper.shape == (2, 1)


def test_many_probabilities_are_taken_in_blocks_of_the_same_bounds(monkeypatch):
    whole = belt_of(BENT)
    monkeypatch.setattr("sanzhixin.numerics.calibration_belt._BLOCK", 100)
    for name in ("lower", "upper"):
        np.testing.assert_allclose(getattr(belt_of(BENT), name), getattr(whole, name), rtol=1e-9)


# Ranges.


def made_belt(lower, upper):
    prob = np.array([0.1, 0.2, 0.3, 0.4])
    empty = np.zeros(0)
    bounds = np.array([lower]), np.array([upper])
    return CalibrationBelt(1, empty, empty, 0.0, 1.0, np.array([0.95]), prob, prob, *bounds)


def test_ranges_end_where_the_belt_crosses_the_diagonal():
    # Above by .02 at .1 and below it by .02 at .2: crossed at .15.  Upper bound above by .01 at .3
    # and under by .03 at .4: crossed a quarter of the way.
    belt = made_belt([0.12, 0.18, 0.2, 0.3], [0.3, 0.3, 0.31, 0.37])
    assert find_off_ranges(belt) == (
        OffRange(0.95, "above", 0.1, pytest.approx(0.15)),
        OffRange(0.95, "below", pytest.approx(0.325), 0.4),
    )


def test_a_belt_that_is_off_everywhere_has_one_range_and_one_between_has_both_ends():
    above = [0.2, 0.3, 0.4, 0.5]
    assert find_off_ranges(made_belt(above, [0.6] * 4)) == (OffRange(0.95, "above", 0.1, 0.4),)
    (found,) = find_off_ranges(made_belt([0.05, 0.25, 0.1, 0.1], [0.6] * 4))
    assert (found.lowest, found.highest) == pytest.approx((0.15, 0.2 + 0.1 / 5))


def test_halved_probabilities_are_found_above_the_diagonal():
    prob, outcome, weights = rows([2, 4, 6, 8, 12, 18, 26, 37], 100)
    sides = {one.side for one in find_off_ranges(fit_calibration_belt(prob / 2, outcome, weights))}
    assert sides == {"above"}


# Refusals.


@pytest.mark.parametrize(
    ("defaults", "loans", "prob"),
    [
        ([0, 0], 10, [0.1, 0.3]),
        ([10, 10], 10, [0.1, 0.3]),
        ([3], 10, [0.1]),
        ([0, 10], 10, [0.1, 0.3]),
        ([0, 4, 10], 10, [0.1, 0.3, 0.5]),
        ([0, 0], 0, [0.1, 0.3]),
    ],
    ids=["no default", "all default", "one probability", "parted", "parted at one", "no weight"],
)
def test_loans_without_a_finite_curve_are_refused(defaults, loans, prob):
    with pytest.raises(EvidenceError, match="give no curve of outcomes"):
        belt_of(defaults, loans, np.array(prob))


@pytest.mark.parametrize("other", [np.nextafter(0.1, 1), 0.1 + 1e-12])
def test_probabilities_that_differ_by_rounding_alone_are_one(other):
    with pytest.raises(EvidenceError, match="3 defaults in 20 loans at 1 distinct") as caught:
        belt_of([1, 2], 10, np.array([0.1, other]))
    assert caught.value.code == "belt_no_curve"
    three = belt_of([1, 2, 6], 10, np.array([0.1, other, 0.4]), threshold=1e-9)
    assert three.degree == 1


def test_a_power_without_a_finite_maximum_is_not_taken():
    # All loans of the middle default, so the parabola through three rates has no end.
    assert belt_of([3, 10, 3], 10, np.array([0.1, 0.3, 0.6])).degree == 1


def test_no_more_powers_are_taken_than_probabilities_allow():
    assert belt_of([30, 3, 30], 100, np.array([0.1, 0.3, 0.6])).degree == 2


@pytest.mark.parametrize(
    ("prob", "outcome", "weights", "words"),
    [
        ([0.1, 1.0], [0, 1], None, "prob=1.0 must lie strictly between"),
        ([0.0, 0.5], [0, 1], None, "prob=0.0 must lie strictly between"),
        ([0.1, np.nan], [0, 1], None, "prob=nan must lie strictly between"),
        ([0.1], [0, 1], None, "prob has shape"),
        ([0.1, 0.2], [0, 2], None, "2"),
        ([], [], None, "outcome has shape"),
        ([0.1, 0.2], [0, 1], [1], "weights has shape"),
        ([0.1, 0.2], [0, 1], [1, np.inf], "weights is missing or not finite in row 1"),
        ([0.1, 0.2], [0, 1], [1, -1], "weight in row 1 is negative"),
    ],
)
def test_what_is_no_loan_is_refused(prob, outcome, weights, words):
    with pytest.raises(DomainError, match=words):
        fit_calibration_belt(prob, outcome, weights)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"levels": [0.8, 1.0]}, "levels=1.0"),
        ({"levels": []}, r"levels=\(\)"),
        ({"threshold": 0.0}, "threshold=0.0"),
        ({"most_degree": 5}, "most_degree=5"),
        ({"most_degree": 0}, "most_degree=0"),
        ({"grid": [0.1, 0.1]}, "grid"),
        ({"grid": [0.0, 0.1]}, "grid=0.0"),
    ],
)
def test_options_out_of_range_are_refused(options, words):
    with pytest.raises(DomainError, match=words):
        belt_of(STRAIGHT, **options)


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
@pytest.mark.parametrize("statistic", [1e7, 1e300, np.inf])
def test_nothing_lies_beyond_a_statistic_without_end(statistic, degree):
    assert forward_tail(statistic, degree) == 0.0


@pytest.mark.parametrize(("statistic", "degree"), [(-1.0, 1), (np.nan, 1), (1.0, 0), (1.0, 5)])
def test_a_law_that_is_not_there_is_refused(statistic, degree):
    with pytest.raises(DomainError, match="is not possible"):
        forward_tail(statistic, degree)
