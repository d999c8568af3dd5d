from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import betainc
from scipy.stats import beta, binom, norm

from sanzhixin.errors import DomainError
from sanzhixin.numerics.low_default import bayesian_low_default, pluto_tasche

OBLIGORS = [100, 400, 300]

# Pluto and Tasche (2005), table without defaults, per cent for grades A, B, C.
PAPER_NO_DEFAULT = {
    0.5: [0.09, 0.10, 0.23],
    0.75: [0.17, 0.20, 0.46],
    0.9: [0.29, 0.33, 0.76],
    0.95: [0.37, 0.43, 0.99],
    0.99: [0.57, 0.65, 1.52],
    0.999: [0.86, 0.98, 2.28],
}


@pytest.mark.parametrize(("confidence", "printed"), PAPER_NO_DEFAULT.items())
def test_agrees_with_the_table_of_the_paper_without_defaults(confidence, printed):
    # Half a unit of the last printed digit; B at 99 % is 0.656, printed as 0.65.
    found = 100 * pluto_tasche([0, 0, 0], OBLIGORS, confidence=confidence)
    np.testing.assert_allclose(found, printed, atol=0.0065, rtol=0)


@pytest.mark.parametrize("confidence", PAPER_NO_DEFAULT)
def test_agrees_with_the_closed_form_without_defaults(confidence):
    found = pluto_tasche([0, 0, 0], OBLIGORS, confidence=confidence)
    closed = 1 - (1 - confidence) ** (1 / np.array([800, 700, 300]))
    np.testing.assert_allclose(found, closed, rtol=1e-12)


@pytest.mark.parametrize("confidence", PAPER_NO_DEFAULT)
def test_solves_the_binomial_equation_with_defaults(confidence):
    # The portfolio of the paper with 0, 2 and 1 defaults: pooled 3 of 800, 3 of 700, 1 of 300.
    found = pluto_tasche([0, 2, 1], OBLIGORS, confidence=confidence)
    pooled = [(3, 800), (3, 700), (1, 300)]
    roots = [
        brentq(lambda p, d=d, n=n: binom.cdf(d, n, p) - 1 + confidence, 1e-9, 0.5, xtol=1e-15)
        for d, n in pooled
    ]
    np.testing.assert_allclose(found, roots, rtol=1e-9)


def test_the_median_bound_with_defaults_is_the_one_worked_by_hand():
    # C: P(X <= 1) = (1-p)^300 + 300 p (1-p)^299 = 0.5; p = 0.0055859 gives
    # exp(-1.68047) + 1.68519 * exp(-1.67487) = 0.18629 + 0.31571 = 0.5020; the root is near 0.0056.
    found = pluto_tasche([0, 2, 1], OBLIGORS, confidence=0.5)
    np.testing.assert_allclose(100 * found, [0.46, 0.52, 0.56], atol=0.005)


def test_a_worse_grade_never_gets_less_than_a_better_one():
    # Alone, B would have 1 - 0.5 ** (1 / 100) = 0.0069; A pools 3 of 200.
    found = pluto_tasche([3, 0], [100, 100], confidence=0.5)
    assert found[0] > 0.0069
    assert found[1] == found[0]


def test_grades_without_loans_take_what_lies_below_or_nothing():
    found = pluto_tasche([0, 0, 0, 0], [0, 50, 0, 0], confidence=0.5)
    expected = 1 - 0.5 ** (1 / 50)
    np.testing.assert_allclose(found, [expected, expected, np.nan, np.nan], rtol=1e-12)


@pytest.mark.parametrize(
    ("defaults", "loans", "expected"),
    [
        ([0], [0], [np.nan]),
        ([0], [1], [0.5]),
        ([1], [1], [1.0]),
        ([5, 7], [5, 7], [1.0, 1.0]),
        ([1, 0], [1, 0], [1.0, np.nan]),
    ],
    ids=["no loan", "one loan", "one default", "all default", "empty worst grade"],
)
def test_small_portfolios(defaults, loans, expected):
    found = pluto_tasche(defaults, loans, confidence=0.5)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


portfolios = st.lists(
    st.integers(0, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1,
    max_size=8,
)


@given(portfolios, st.sampled_from([0.5, 0.75, 0.95]))
def test_the_result_never_falls_and_covers_the_pooled_rate(portfolio, confidence):
    d, n = np.array(portfolio).T
    found = pluto_tasche(d, n, confidence=confidence)
    known = found[~np.isnan(found)]
    assert (np.diff(known) >= 0).all()
    assert ((known > 0) & (known <= 1)).all()
    assert not np.isnan(found[: known.size]).any()


@given(portfolios)
def test_more_confidence_is_more_prudent(portfolio):
    d, n = np.array(portfolio).T
    low, high = (pluto_tasche(d, n, confidence=c) for c in (0.5, 0.95))
    assert ((high >= low) | np.isnan(high)).all()


@pytest.mark.parametrize("confidence", [0, 1, 50, float("nan")])
def test_a_confidence_outside_0_and_1_is_refused(confidence):
    with pytest.raises(DomainError, match=r"confidence=.* must lie strictly between 0 and 1"):
        pluto_tasche([0], [5], confidence=confidence)


@pytest.mark.parametrize(("d", "n"), [(2, 1), (-1, 1), (float("nan"), 1), (0, -1)])
def test_impossible_counts_are_refused(d, n):
    with pytest.raises(DomainError, match="Grade 0 has"):
        pluto_tasche([d], [n], confidence=0.5)


# Pluto and Tasche (2005), the same without defaults under an asset correlation of 12 per cent.
PAPER_CORRELATED = {
    0.5: [0.15, 0.17, 0.37],
    0.75: [0.40, 0.45, 0.92],
    0.9: [0.86, 0.96, 1.89],
    0.95: [1.31, 1.45, 2.77],
    0.99: [2.65, 2.92, 5.30],
    0.999: [5.29, 5.77, 9.84],
}


@pytest.mark.parametrize(("confidence", "printed"), PAPER_CORRELATED.items())
def test_agrees_with_the_table_of_the_paper_under_correlation(confidence, printed):
    # One unit of the last printed digit: the paper integrates less finely.
    found = 100 * pluto_tasche([0, 0, 0], OBLIGORS, confidence=confidence, correlation=0.12)
    np.testing.assert_allclose(found, printed, atol=0.0105, rtol=0)


def test_the_correlated_bound_solves_its_equation_by_another_quadrature():
    found = pluto_tasche([2], [400], confidence=0.8, correlation=0.2).item()

    def given_factor(s):
        rate = norm.cdf((norm.ppf(found) - 0.2**0.5 * s) / 0.8**0.5)
        return binom.cdf(2, 400, rate) * norm.pdf(s)

    assert quad(given_factor, -10, 10, epsabs=1e-12, limit=500)[0] == pytest.approx(0.2, abs=1e-8)


def test_without_correlation_years_make_loans_so_many_times():
    # No default of 300 loans in five years is no default of 1,500 in one: 1 - .1 ** (1 / 1500).
    found = pluto_tasche([0], [300], confidence=0.9, n_years=5).item()
    assert found == pytest.approx(1 - 0.1 ** (1 / 1500), rel=1e-12)


def test_vanishing_correlation_gives_the_binomial_bound():
    whole = pluto_tasche([0, 2, 1], OBLIGORS, confidence=0.9)
    near = pluto_tasche([0, 2, 1], OBLIGORS, confidence=0.9, correlation=1e-9)
    np.testing.assert_allclose(near, whole, rtol=1e-6)
    years = pluto_tasche([0, 2, 1], OBLIGORS, confidence=0.9, n_years=3)
    paths = pluto_tasche([0, 2, 1], OBLIGORS, confidence=0.9, correlation=1e-9, n_years=3)
    np.testing.assert_allclose(paths, years, rtol=1e-3)


def bound(correlation=0.12, **options):
    return pluto_tasche([1], [500], confidence=0.9, correlation=correlation, **options).item()


def test_correlation_raises_and_years_lower_the_bound():
    grid = [0.0, 0.05, 0.12, 0.24]
    of_correlation = [bound(rho) for rho in grid]
    assert of_correlation == sorted(of_correlation)
    of_years = [
        pluto_tasche(
            [1], [500], confidence=0.9, correlation=0.12, n_years=n, persistence=0.3
        ).item()
        for n in (1, 2, 5)
    ]
    assert of_years == sorted(of_years, reverse=True)
    apart, together = (bound(n_years=5, persistence=p) for p in (0.0, 0.9))
    assert apart < together  # years that share their luck tell less


@pytest.mark.parametrize(
    "options",
    [
        {"correlation": 1.0},
        {"correlation": -0.1},
        {"n_years": 0},
        {"n_years": 1.5},
        {"persistence": 1.0},
    ],
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(DomainError, match="is not possible"):
        pluto_tasche([0], [300], confidence=0.9, **options)


# Frequencies that are not whole.


@pytest.mark.parametrize(("d", "n"), [(0.8, 1.0), (0.1, 100.0), (2.5, 120.7), (99.9, 100.0)])
@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_counts_that_are_not_whole_take_the_same_quantile(d, n, confidence):
    expected = beta.ppf(confidence, d + 1, n - d)
    assert pluto_tasche([d], [n], confidence=confidence).item() == pytest.approx(expected, rel=1e-9)
    near = pluto_tasche([d], [n], confidence=confidence, correlation=1e-12)
    assert near.item() == pytest.approx(expected, rel=1e-5)


def test_the_correlated_bound_of_counts_that_are_not_whole_solves_its_equation():
    d, n = 2.4, 61.3
    found = pluto_tasche([d], [n], confidence=0.8, correlation=0.2).item()

    def given_factor(s):
        rate = norm.cdf((norm.ppf(found) - 0.2**0.5 * s) / 0.8**0.5)
        return betainc(n - d, d + 1, 1 - rate) * norm.pdf(s)

    assert quad(given_factor, -10, 10, epsabs=1e-12, limit=500)[0] == pytest.approx(0.2, abs=1e-8)


def test_a_sliver_of_a_loan_that_was_spared_leaves_the_bound_at_1():
    for years in (1, 3):
        found = pluto_tasche([0.999], [1.0], confidence=0.9, correlation=0.2, n_years=years)
        assert found.item() == pytest.approx(1.0)


@pytest.mark.parametrize("d", [0, 1, 25])
@pytest.mark.parametrize("n", [26.5, 300])
def test_a_count_between_two_whole_ones_has_a_bound_between_theirs(d, n):
    low, own, high = (
        pluto_tasche([at], [n], confidence=0.9, correlation=0.1).item()
        for at in (d, d + 0.5, d + 1)
    )
    assert low < own < high


@pytest.mark.parametrize("prior", ["conservative", "neutral"])
@pytest.mark.parametrize("correlation", [0.0, 1e-9])
def test_the_posterior_of_counts_that_are_not_whole_is_the_same_beta(prior, correlation):
    d, n = 2.5, 120.7
    more = prior == "neutral"
    expected = beta(d + 1, n - d + more)
    found = bayesian_low_default(d, n, prior=prior, correlation=correlation)
    assert found.mean == pytest.approx(expected.mean(), rel=1e-6)
    assert [found.lower, found.upper] == pytest.approx(expected.ppf([0.025, 0.975]), rel=1e-3)


# Bayesian estimates.

COUNTS = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n)))


@given(COUNTS)
def test_the_posterior_means_are_the_closed_ones(counts):
    d, n = counts
    assert bayesian_low_default(d, n).mean == pytest.approx((d + 1) / (n + 1), rel=1e-12)
    neutral = bayesian_low_default(d, n, prior="neutral")
    assert neutral.mean == pytest.approx((d + 1) / (n + 2), rel=1e-12)
    assert neutral.lower <= neutral.mean <= neutral.upper


@given(COUNTS, st.floats(0.5, 0.99))
def test_quantiles_under_the_conservative_prior_are_upper_confidence_bounds(counts, confidence):
    d, n = counts
    found = bayesian_low_default(d, n, level=2 * confidence - 1 + 1e-12).upper
    assert found == pytest.approx(pluto_tasche([d], [n], confidence=confidence).item(), rel=1e-6)


@pytest.mark.parametrize("prior", ["conservative", "neutral"])
def test_the_correlated_posterior_is_that_of_another_quadrature(prior):
    # Gauss-Legendre over rates up to .7, beyond which nothing is left, Gauss-Hermite over factors.
    d, n, rho = 2, 120, 0.1
    nodes, width = np.polynomial.legendre.leggauss(600)
    rates, width = 0.35 * (nodes + 1), 0.35 * width
    factors, mass = np.polynomial.hermite_e.hermegauss(120)
    scores = norm.ppf(rates)[:, np.newaxis] - rho**0.5 * factors
    likelihood = binom.pmf(d, n, norm.cdf(scores / (1 - rho) ** 0.5)) @ (mass / mass.sum())
    density = width * likelihood / (1 - rates if prior == "conservative" else 1.0)
    density /= density.sum()
    found = bayesian_low_default(d, n, prior=prior, correlation=rho)
    assert found.mean == pytest.approx(density @ rates, rel=1e-6)
    for bound, share in ((found.lower, 0.025), (found.upper, 0.975)):
        assert density[rates < bound].sum() == pytest.approx(share, abs=0.004)


@pytest.mark.parametrize("correlation", [0.84, 0.9, 0.99, 0.999])
def test_high_correlation_leaves_a_wide_posterior(correlation):
    found = bayesian_low_default(1, 200, correlation=correlation)
    assert 0 < found.lower < found.mean < found.upper < 1
    assert found.upper - found.lower > 0.5


def test_all_loans_in_default_leave_no_doubt_under_the_conservative_prior():
    found = bayesian_low_default(5, 5)
    assert (found.mean, found.upper) == (1.0, 1.0)
    assert bayesian_low_default(5, 5, prior="neutral").mean == pytest.approx(6 / 7, rel=1e-12)


@pytest.mark.parametrize(
    ("correlation", "expected"),
    [(0.0, 0.025**0.5), (0.12, 0.025**0.5)],  # Beta(2, 1): p^2, and one loan has no correlation
)
def test_where_all_defaulted_the_lower_bound_is_that_of_the_neutral_prior(correlation, expected):
    found = bayesian_low_default(1, 1, correlation=correlation)
    assert found.lower == pytest.approx(expected, rel=1e-4)
    assert bayesian_low_default(7, 7).lower == pytest.approx(0.025 ** (1 / 8), rel=1e-12)


def test_under_correlation_quantiles_of_the_posterior_are_no_confidence_bounds():
    posterior = bayesian_low_default(3, 800, correlation=0.12).upper
    prudent = pluto_tasche([3], [800], confidence=0.975, correlation=0.12).item()
    assert [posterior, prudent] == pytest.approx([0.0679, 0.0442], abs=1e-4)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"prior": "flat"}, "prior='flat'"),
        ({"level": 1.0}, "strictly between"),
        ({"correlation": 1}, "correlation=1"),
    ],
)
def test_options_of_the_estimate_out_of_range_are_refused(options, words):
    with pytest.raises(DomainError, match=words):
        bayesian_low_default(1, 10, **options)


@pytest.mark.parametrize("counts", [(1, 0), (3, 2), (-1, 5), (np.nan, 5)])
def test_impossible_counts_of_the_estimate_are_refused(counts):
    with pytest.raises(DomainError, match="loans"):
        bayesian_low_default(*counts)
