from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import beta, binom, binomtest

from sanzhixin.errors import DomainError
from sanzhixin.numerics.intervals import clopper_pearson_interval, jeffreys_interval

RTOL = 1e-9  # both sides invert the same incomplete beta function in double precision
METHODS = [jeffreys_interval, clopper_pearson_interval]

counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_jeffreys_agrees_with_r():
    # R 4.2.2: qbeta(c(.025, .975), 6.5, 894.5)
    band = jeffreys_interval([6], [900])
    np.testing.assert_allclose(
        [band.lower[0], band.upper[0]], [0.00278728398094, 0.01368963175881], rtol=RTOL
    )


@given(counts, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_clopper_pearson_agrees_with_the_binomial_test_of_scipy(pair, level):
    band = clopper_pearson_interval(*pair, level=level)
    other = binomtest(*pair).proportion_ci(level, method="exact")
    np.testing.assert_allclose([band.lower, band.upper], other, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("level", [0.5, 0.95])
@pytest.mark.parametrize("d", [0.1, 0.5, 1.3, 50.25, 99.7, 99.9])
def test_counts_that_are_not_whole_take_the_same_quantiles(d, level):
    band, tail = clopper_pearson_interval(d, 100, level=level), (1 - level) / 2
    assert band.lower == pytest.approx(beta.ppf(tail, d, 101 - d), rel=RTOL, abs=0)
    assert 1 - band.upper == pytest.approx(beta.ppf(tail, 100 - d, d + 1), rel=1e-6, abs=1e-15)


@pytest.mark.parametrize("d", [0.0, 1e-310, 1e-300, 1e-5])
def test_all_but_no_default_leaves_the_lower_end_open(d):
    band = clopper_pearson_interval(d, 300)
    assert band.lower == pytest.approx(0, abs=1e-300)
    assert band.upper == pytest.approx(1 - 0.025 ** (1 / 300), rel=1e-4)


def test_clopper_pearson_solves_its_two_equations():
    band = clopper_pearson_interval([3], [200], level=0.9)
    lower = brentq(lambda p: binom.sf(2, 200, p) - 0.05, 1e-9, 0.5, xtol=1e-14)
    upper = brentq(lambda p: binom.cdf(3, 200, p) - 0.05, 1e-9, 0.5, xtol=1e-14)
    np.testing.assert_allclose([band.lower[0], band.upper[0]], [lower, upper], rtol=1e-9)


def test_without_defaults_clopper_pearson_has_a_closed_form():
    # (1 - p) ** n = 0.025
    band = clopper_pearson_interval([0], [300])
    np.testing.assert_allclose(band.upper, 1 - 0.025 ** (1 / 300), rtol=RTOL)
    assert band.lower[0] == 0


@pytest.mark.parametrize("method", METHODS)
@given(pair=counts)
def test_swapping_good_and_bad_mirrors_the_interval(method, pair):
    d, n = pair
    band, mirror = method([d], [n]), method([n - d], [n])
    np.testing.assert_allclose(band.lower, 1 - mirror.upper, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
@given(pair=counts)
def test_the_observed_rate_lies_inside(method, pair):
    d, n = pair
    band = method([d], [n])
    assert 0 <= band.lower[0] <= d / n <= band.upper[0] <= 1


@pytest.mark.parametrize("method", METHODS)
def test_one_loan_leaves_one_end_open(method):
    band = method([0, 1], [1, 1])
    assert band.lower[0] == 0
    assert band.upper[1] == 1


def test_jeffreys_lies_inside_clopper_pearson():
    d = np.arange(31)
    inner, outer = jeffreys_interval(d, 30), clopper_pearson_interval(d, 30)
    assert (inner.lower >= outer.lower).all()
    assert (inner.upper <= outer.upper).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("d", "n"),
    [(1, 0), (0, 0), (-1, 5), (6, 5), (float("nan"), 5), (1, float("nan")), (1, float("inf"))],
)
def test_impossible_counts_are_refused(method, d, n):
    with pytest.raises(DomainError, match=r"Grade 1 has .* need 0 <= defaults <= loans"):
        method([0, d], [1, n])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("level", [0, 1, -0.1, 95, float("nan")])
def test_a_level_outside_0_and_1_is_refused(method, level):
    with pytest.raises(DomainError, match="must lie strictly between 0 and 1"):
        method([1], [5], level=level)
