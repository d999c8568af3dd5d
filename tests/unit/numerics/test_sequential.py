"""Witnesses: scipy (binomial and t tests), sums that come out, null rates."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sanzhixin.errors import DomainError
from sanzhixin.numerics.sequential import (
    count_change_test,
    mean_shift_test,
    predict_count,
    spend_alpha,
)


@pytest.mark.parametrize("spending", ["equal", "obrien_fleming", "pocock"])
@pytest.mark.parametrize("looks", [1, 4, 12])
def test_what_is_spent_adds_up(spending, looks):
    spent = spend_alpha(0.05, looks, spending=spending)
    assert spent.sum() == pytest.approx(0.05, rel=1e-12)
    assert (spent >= 0).all()


def test_obrien_and_fleming_spend_late_by_the_formula_of_lan_and_demets():
    spent = np.cumsum(spend_alpha(0.05, 5, spending="obrien_fleming"))
    expected = 2 * stats.norm.sf(stats.norm.isf(0.025) / np.sqrt([0.2, 0.4, 0.6, 0.8, 1]))
    np.testing.assert_allclose(spent, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("before", "after"), [([3, 5, 4], [9]), ([0, 0, 1], [0]), ([8, 9], [1, 2])]
)
def test_the_exact_part_is_the_binomial_test_of_scipy(before, after):
    found = count_change_test(before, after)
    own, total = sum(after), sum(before) + sum(after)
    share = len(after) / (len(before) + len(after))
    sides = [stats.binomtest(own, total, share, alternative=a).pvalue for a in ("less", "greater")]
    assert found.p_exact == pytest.approx(min(1, 2 * min(sides)), rel=1e-9)


def test_the_scatter_part_is_the_pooled_t_test_of_scipy_where_periods_scatter():
    before, after = [4, 40, 10, 90, 22], [100, 60]
    roots = [np.sqrt(np.array(one) + 0.375) for one in (before, after)]
    found = count_change_test(before, after)
    assert found.p_scatter == pytest.approx(stats.ttest_ind(*roots).pvalue, rel=1e-9)
    assert found.p_value == max(found.p_exact, found.p_scatter)


def test_limits_are_the_ends_of_what_is_not_rejected():
    low, high = predict_count([9, 11, 10, 12, 8, 10], level=0.99)
    inside = [count_change_test([9, 11, 10, 12, 8, 10], [x]).p_value >= 0.01 for x in range(60)]
    assert [low, high] == [inside.index(True), 59 - inside[::-1].index(True)]


def test_without_any_count_there_is_no_ratio():
    assert np.isnan(count_change_test([0, 0], [0]).ratio)
    assert count_change_test([0, 0], [3]).ratio == np.inf


@pytest.mark.parametrize(("before", "after"), [([1], [1]), ([1, 2.5], [1]), ([1, 2], [])])
def test_no_counts_of_periods_are_refused(before, after):
    with pytest.raises(DomainError, match="equal periods"):
        count_change_test(before, after)


def test_a_mean_is_tested_as_by_scipy():
    changes = np.random.default_rng(1).normal(0.2, 1, 40)
    found, other = mean_shift_test(changes), stats.ttest_1samp(changes, 0)
    band = other.confidence_interval(0.95)
    np.testing.assert_allclose([found.low, found.high], [band.low, band.high], rtol=1e-9)
    assert found.p_value == pytest.approx(other.pvalue, rel=1e-9)


def test_a_few_equal_changes_prove_little():
    assert mean_shift_test([0.5] * 5).p_value == 2**-4
    assert mean_shift_test([0.0] * 5).p_value == 1
    assert np.isnan(mean_shift_test([0.5]).p_value)


def null_rate(draw, months, seed):
    """Share of months whose p-value is below .05 where nothing changes."""
    rng = np.random.default_rng(seed)
    found = 0
    for _ in range(months):
        counts = draw(rng)
        found += count_change_test(counts[:12], counts[12:]).p_value < 0.05
    return found / months


LAWS = {
    "few, Poisson": lambda rng: rng.poisson(3, 13),
    "many, Poisson": lambda rng: rng.poisson(60, 13),
    "negative binomial": lambda rng: rng.negative_binomial(5, 5 / 45, 13),
}


@pytest.mark.parametrize("law", sorted(LAWS))
def test_the_false_alarms_of_a_month_keep_the_stated_rate(law):
    most = stats.binom.ppf(0.999, 1000, 0.05) / 1000
    assert null_rate(LAWS[law], 1000, seed=7) <= most


def years_with_an_alarm(years, seed):
    spent = spend_alpha(0.05, 12)
    rng = np.random.default_rng(seed)
    rung = 0
    for _ in range(years):
        before, year = rng.poisson(20, 12), rng.poisson(20, 12)
        p = [count_change_test(before, [x]).p_value for x in year]
        rung += bool((np.array(p) < spent).any())
    return rung / years


def test_a_year_of_months_rings_no_more_often_than_stated():
    assert years_with_an_alarm(100, seed=1) <= stats.binom.ppf(0.999, 100, 0.05) / 100


@pytest.mark.slow
def test_a_thousand_years_ring_no_more_often_than_stated():
    assert years_with_an_alarm(1000, seed=2) <= stats.binom.ppf(0.999, 1000, 0.05) / 1000
