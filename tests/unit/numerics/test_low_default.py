from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import binom

from sanzhixin.errors import DomainError
from sanzhixin.numerics.low_default import pluto_tasche

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
