"""Witnesses: hand-worked rates, Katz's error of a risk ratio, a loop over draws, scikit-learn,
scipy's t test, statsmodels' errors by cluster."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student
from scipy.stats import ttest_1samp
from sklearn.metrics import roc_auc_score
from statsmodels.api import OLS

from sanzhixin.errors import DomainError
from sanzhixin.numerics.clustered import cluster_auc, cluster_mean, cluster_ratios
from sanzhixin.numerics.discrimination import estimate_auc

SUMS = [[8, 4, 0], [6, 3, 0], [7, 3, 0]]
COUNTS = [[10, 10, 0], [10, 10, 0], [10, 10, 0]]


def test_rates_and_ratios_by_hand():
    found = cluster_ratios(SUMS, COUNTS, reference=0)
    np.testing.assert_allclose(found.rate, [21 / 30, 10 / 30, np.nan])
    np.testing.assert_allclose(found.ratio, [1, 10 / 21, np.nan])
    assert found.n_clusters == 3


def test_the_delta_interval_of_single_members_is_that_of_katz():
    sums, counts = np.zeros((300, 2)), np.zeros((300, 2))
    counts[:100, 0] = counts[100:, 1] = 1
    sums[:70, 0] = sums[100:200, 1] = 1
    found = cluster_ratios(sums, counts, reference=0, draws=100)
    se = np.sqrt((0.3 / 70 + 0.5 / 100) * 300 / 299)
    reach = student.ppf(0.975, 299) * se
    assert found.delta_low[1] == pytest.approx(0.5 / 0.7 * np.exp(-reach), rel=1e-12)
    assert found.delta_high[1] == pytest.approx(0.5 / 0.7 * np.exp(reach), rel=1e-12)
    assert found.low[1] == pytest.approx(found.delta_low[1], abs=0.05)


def test_the_bootstrap_is_that_of_a_loop():
    rng = np.random.default_rng(5)
    counts = rng.integers(5, 20, (25, 2))
    sums = rng.binomial(counts, 0.6)
    drawn = np.random.default_rng(3)
    ratios = []
    for _ in range(200):
        times = drawn.multinomial(25, np.full(25, 1 / 25))
        rows = np.repeat(np.arange(25), times)
        rate = sums[rows].sum(axis=0) / counts[rows].sum(axis=0)
        ratios.append(rate[1] / rate[0])
    found = cluster_ratios(sums, counts, reference=0, draws=200, seed=3)
    expected = np.quantile(ratios, [0.025, 0.975])
    np.testing.assert_allclose([found.low[1], found.high[1]], expected, rtol=1e-12)


def test_the_order_of_clusters_moves_no_ratio_and_draws_are_seeded():
    first = cluster_ratios(SUMS, COUNTS, reference=0, seed=1)
    again = cluster_ratios(SUMS, COUNTS, reference=0, seed=1)
    turned = cluster_ratios(SUMS[::-1], COUNTS[::-1], reference=0, seed=1)
    assert first.low[1] == again.low[1]
    np.testing.assert_allclose(first.delta_low, turned.delta_low)


@pytest.mark.parametrize("sums", [[[3, 2]], [[0, 2], [0, 1]]])
def test_no_interval_without_a_second_cluster_or_a_reference_rate(sums):
    found = cluster_ratios(sums, np.full(np.shape(sums), 5), reference=0)
    assert np.isnan(found.low[1])
    assert np.isnan(found.delta_low[1])


def test_impossible_requests_are_refused():
    with pytest.raises(DomainError, match="reference"):
        cluster_ratios(SUMS, COUNTS, reference=3)
    with pytest.raises(DomainError, match="sums"):
        cluster_ratios([1, 2], [3, 4], reference=0)
    with pytest.raises(DomainError, match="level"):
        cluster_ratios(SUMS, COUNTS, reference=0, level=1)


@pytest.mark.slow
def test_ratio_intervals_cover_with_forty_villages():
    rng = np.random.default_rng(0)
    within = 0
    for seed in range(400):
        base = rng.normal(0, 0.08, (40, 1))
        counts = rng.integers(3, 25, (40, 2))
        sums = rng.binomial(counts, np.clip(0.6 + base, 0, 1))
        found = cluster_ratios(sums, counts, reference=0, draws=500, seed=seed)
        within += found.low[1] <= 1 <= found.high[1]
    assert 0.91 <= within / 400 <= 0.98


def test_the_area_is_that_of_scikit_learn():
    rng = np.random.default_rng(2)
    member, values = rng.random(200) < 0.3, rng.integers(0, 20, 200)
    found = cluster_auc(values, member, rng.integers(0, 30, 200))
    assert found.auc == pytest.approx(roc_auc_score(member, values), rel=1e-12)


def test_with_one_member_a_cluster_the_error_is_that_of_delong():
    rng = np.random.default_rng(4)
    member = rng.random(2000) < 0.4
    values = rng.normal(size=2000) + member
    found = cluster_auc(values, member, np.arange(2000))
    assert found.se == pytest.approx(estimate_auc(-values, member).se, rel=2e-3)


def test_members_that_hang_together_widen_the_interval():
    rng = np.random.default_rng(6)
    place = np.repeat(np.arange(20), 20)
    values = rng.normal(size=20)[place] + 0.1 * rng.normal(size=400)
    member = (rng.normal(size=20)[place] > 0) ^ (rng.random(400) < 0.05)
    assert (
        cluster_auc(values, member, place).se > 2 * cluster_auc(values, member, np.arange(400)).se
    )


def test_a_group_of_all_or_of_one_cluster_has_no_interval():
    assert np.isnan(cluster_auc([1, 2], [True, True], ["a", "b"]).auc)
    found = cluster_auc([1, 2], [True, False], ["a", "a"])
    assert (found.auc, np.isnan(found.low)) == (0.0, True)
    with pytest.raises(DomainError, match="values"):
        cluster_auc([1, np.nan], [True, False], ["a", "a"])


def test_a_mean_of_single_members_is_that_of_the_t_test():
    # Witness: scipy's t test; with clusters of one the factor makes the same error.
    values = np.array([0.3, -0.1, 0.8, 0.2, 0.5])
    found = cluster_mean(values, np.arange(5))
    known = ttest_1samp(values, 0)
    assert found.p_value == pytest.approx(known.pvalue, rel=1e-12)
    low, high = known.confidence_interval(0.9)
    assert [found.mean - found.reach(0.9), found.mean + found.reach(0.9)] == pytest.approx(
        [low, high], rel=1e-12
    )
    below = ttest_1samp(values, 0, alternative="less").pvalue
    assert found.p_below == pytest.approx(below, rel=1e-12)


def test_a_mean_of_clusters_is_that_of_a_regression_on_a_constant():
    # Witness: statsmodels' sandwich by cluster, whose factor (n - 1) / (n - k) is 1 for a constant.
    rng = np.random.default_rng(2)
    cluster = rng.integers(0, 12, 90)
    values = rng.normal(size=90) + rng.normal(size=12)[cluster]
    fit = OLS(values, np.ones(90)).fit(cov_type="cluster", cov_kwds={"groups": cluster})
    found = cluster_mean(values, cluster.astype(str))
    assert (found.mean, found.se) == pytest.approx((fit.params[0], fit.bse[0]), rel=1e-12)
    assert found.freedom == 11


def test_a_mean_of_one_cluster_has_no_error():
    found = cluster_mean([1.0, 2.0], ["a", "a"])
    assert found.mean == 1.5
    assert np.isnan(
        [found.se, found.freedom, found.reach(0.95), found.p_value, found.p_below]
    ).all()


@pytest.mark.parametrize("value", [2.0, 0.1, -0.1, 0.7, 1e-300, 0.0])
def test_equal_values_have_an_error_of_zero_and_no_p_value(value):
    found = cluster_mean([value] * 3, ["a", "b", "c"])
    assert (found.se, found.reach(0.95)) == (0, 0)
    assert np.isnan([found.p_value, found.p_below]).all()


@pytest.mark.parametrize(
    ("values", "cluster", "told"),
    [
        ([], [], r"values has shape \(0,\)"),
        ([[1.0]], [["a"]], r"values has shape \(1, 1\)"),
        ([1.0, 2.0], ["a"], r"cluster has shape \(1,\)"),
        ([1.0, np.nan], ["a", "b"], "values"),
    ],
)
def test_a_mean_of_nothing_of_gaps_or_of_other_clusters_is_refused(values, cluster, told):
    with pytest.raises(DomainError, match=told):
        cluster_mean(values, cluster)


def test_an_interval_needs_a_level():
    with pytest.raises(DomainError, match="level"):
        cluster_mean([1.0, 2.0], ["a", "b"]).reach(1.5)
