"""Witnesses: statsmodels (Logit, cluster covariance), a hand-worked table, an own maximiser."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import binom, chi2

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.nested import compare_nested


@pytest.fixture
def loans():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 4)) * [1, 20, 3, 0.1] + [0, 100, 0, 5]
    risk = expit(-2 + 0.5 * x[:, 0] + 0.02 * (x[:, 1] - 100))
    return x[:, 2:], x[:, :2], rng.random(600) < risk, rng.integers(0, 30, 600)


def statsmodels_fit(x, failed, **options):
    return sm.Logit(failed.astype(float), sm.add_constant(x)).fit(disp=0, **options)


def test_the_likelihood_ratio_agrees_with_statsmodels(loans):
    base, added, failed, _ = loans
    found = compare_nested(base, added, failed)
    gain = statsmodels_fit(np.hstack([base, added]), failed).llf - statsmodels_fit(base, failed).llf
    assert found.chi_square == pytest.approx(2 * gain, rel=1e-8)
    assert found.p_value == pytest.approx(chi2.sf(2 * gain, 2), rel=1e-6)


def test_against_nothing_it_is_the_llr_of_statsmodels(loans):
    _, added, failed, _ = loans
    found = compare_nested(np.empty((600, 0)), added, failed)
    full = statsmodels_fit(added, failed)
    assert found.chi_square == pytest.approx(full.llr, rel=1e-8)
    assert found.p_value == pytest.approx(full.llr_pvalue, rel=1e-6)


def test_the_cluster_test_agrees_with_statsmodels(loans):
    base, added, failed, village = loans
    found = compare_nested(base, added, failed, village)
    full = statsmodels_fit(
        np.hstack([base, added]),
        failed,
        cov_type="cluster",
        cov_kwds={"groups": village, "df_correction": True},
        use_t=True,
    )
    full.cov_params_default = full.cov_params() * (600 - 5) / 599  # their small-sample factor
    known = full.f_test(np.eye(5)[3:], cov_p=full.cov_params_default)
    assert found.p_cluster == pytest.approx(float(known.pvalue), rel=1e-6)


def test_a_table_by_hand():
    found = compare_nested(np.empty((8, 0)), [0] * 4 + [1] * 4, [0, 0, 0, 1, 0, 1, 1, 1])
    expected = 2 * (6 * np.log(0.75) + 2 * np.log(0.25) - 8 * np.log(0.5))
    assert found.chi_square == pytest.approx(expected)
    assert found.coef == pytest.approx([2 * np.log(3)])


def penalised(beta, x, failed, free):
    design = np.hstack([np.ones((len(x), 1)), x])
    full = np.zeros(design.shape[1])
    full[free] = beta
    prob = expit(design @ full)
    weight = (prob * (1 - prob))[:, np.newaxis]
    likelihood = np.sum(np.where(failed, np.log(prob), np.log1p(-prob)))
    return -(likelihood + 0.5 * np.linalg.slogdet(design.T @ (weight * design))[1])


def test_firths_ratio_agrees_with_a_maximiser_of_our_own():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(60, 3))
    failed = rng.random(60) < expit(-1.5 + x[:, 0])
    found = compare_nested(x[:, :2], x[:, 2:], failed, firth=True)
    best = [
        minimize(penalised, np.zeros(len(free)), (x, failed, free), tol=1e-10).fun
        for free in ([0, 1, 2, 3], [0, 1, 2])
    ]
    assert found.chi_square == pytest.approx(2 * (best[1] - best[0]), abs=1e-6)
    assert found.firth


def test_separation_is_refused_and_firth_answers():
    x, failed = np.arange(12.0), np.arange(12) >= 6
    none = np.empty((12, 0))
    with pytest.raises(EvidenceError):
        compare_nested(none, x, failed)
    assert compare_nested(none, x, failed, firth=True).p_value < 0.01


def test_few_clusters_give_no_cluster_test(loans):
    base, added, failed, village = loans
    assert np.isnan(compare_nested(base, added, failed, village % 5).p_cluster)


@pytest.mark.parametrize("columns", [1, 2])
def test_covariates_of_one_cluster_alone_give_no_cluster_test(loans, columns):
    _, _, failed, village = loans
    x = np.random.default_rng(5).normal(size=(failed.size, columns)) * (village == 3)[:, None]
    found = compare_nested(np.empty((failed.size, 0)), x, failed, village)
    assert np.isnan(found.p_cluster)  # the errors of one cluster are all explained there
    assert np.isfinite(found.p_value)


def test_scale_and_origin_of_covariates_do_not_matter(loans):
    base, added, failed, village = loans
    one = compare_nested(base, added, failed, village)
    two = compare_nested(base * 7 - 3, added / 100 + 1, failed, village)
    assert two.chi_square == pytest.approx(one.chi_square, rel=1e-7)
    assert two.p_cluster == pytest.approx(one.p_cluster, rel=1e-5)


def test_a_covariate_that_is_there_already_is_refused(loans):
    base, _, failed, _ = loans
    with pytest.raises(DomainError):
        compare_nested(base, base[:, :1] * 2, failed)


def test_other_lengths_are_refused(loans):
    base, added, failed, _ = loans
    with pytest.raises(DomainError, match="shape"):
        compare_nested(base, added[:10], failed)


def rejections(times, seed):
    """How often both tests reject a covariate that tells nothing, villages of their own luck."""
    rng, found = np.random.default_rng(seed), np.zeros(2)
    village = np.repeat(np.arange(40), 20)
    for _ in range(times):
        x = rng.normal(size=(800, 2))
        failed = rng.random(800) < expit(-2 + 0.5 * x[:, 0] + rng.normal(0, 0.5, 40)[village])
        test = compare_nested(x[:, :1], x[:, 1:], failed, village)
        found += [test.p_value < 0.05, test.p_cluster < 0.05]
    return found


def test_the_rate_of_false_gains_is_near_the_stated_rate():
    assert (rejections(150, seed=1) <= binom.isf(0.001, 150, 0.05)).all()


@pytest.mark.slow
def test_the_rate_of_false_gains_over_a_thousand_draws_is_near_the_stated_rate():
    found = rejections(1000, seed=2)
    assert (found <= binom.isf(0.001, 1000, 0.06)).all()  # the cluster test is a little too ready
