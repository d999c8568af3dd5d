"""Witnesses: statsmodels (Logit, cluster covariance), a hand-worked table, an own maximiser."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import binom, chi2, f, t

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics import nested
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
    hotelling = f.sf(float(known.fvalue) * 28 / 29, 2, 28)  # of two slopes and 30 villages
    assert found.p_cluster == pytest.approx(hotelling, rel=1e-6)


def test_the_cluster_test_of_one_slope_is_students_on_the_clusters_less_one(loans):
    base, added, failed, village = loans
    found = compare_nested(base, added[:, :1], failed, village)
    full = statsmodels_fit(
        np.hstack([base, added[:, :1]]),
        failed,
        cov_type="cluster",
        cov_kwds={"groups": village, "df_correction": True},
    )
    error = full.bse[3] * np.sqrt((600 - 4) / 599)  # their small-sample factor
    assert found.p_cluster == pytest.approx(2 * t.sf(abs(full.params[3]) / error, 29), rel=1e-6)


def test_a_joint_cluster_test_by_hand():
    # sums of squares 2 each, times 4 / 3: W = 2 / (8 / 3) = .75; .75 / 2 times (4 - 2) / (4 - 1) is
    # .25, and an F on 2 and 2 lies above x with probability 1 / (1 + x)
    scores = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    found = nested._wald(np.ones(2), np.eye(2), scores, None, slice(0, 2))
    assert found == pytest.approx(0.8)


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


@pytest.mark.parametrize(
    ("seed", "loans", "steep", "k"), [(2, 60, 1, 2), (3, 40, 2, 1), (4, 200, 0.5, 0), (5, 25, 9, 2)]
)
def test_firths_ratio_agrees_with_a_maximiser_without_derivatives(seed, loans, steep, k):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(loans, 3))
    failed = rng.random(loans) < expit(-1.5 + steep * x[:, 0])
    found = compare_nested(x[:, :k], x[:, k:], failed, firth=True)
    best = [
        minimize(penalised, np.zeros(len(free)), (x, failed, free), tol=1e-10).fun
        for free in ([0, 1, 2, 3], range(k + 1))
    ]
    assert found.chi_square == pytest.approx(2 * (best[1] - best[0]), abs=1e-7)
    assert found.firth


def test_firths_ratio_of_a_table_by_hand():
    # slopes free: half a default and half a loan more in each cell, 1.5 of 5 and 3.5 of 5; held:
    # the same halves in one cell for both coefficients, 5 of 10; information: its determinant is
    # the product of those of the groups, n p (1 - p) each
    found = compare_nested(
        np.empty((8, 0)), [0] * 4 + [1] * 4, [0, 0, 0, 1, 0, 1, 1, 1], firth=True
    )
    free = 2 * (np.log(0.3) + 3 * np.log(0.7)) + 0.5 * np.log((4 * 0.3 * 0.7) ** 2)
    held = 8 * np.log(0.5) + 0.5 * np.log((4 * 0.5 * 0.5) ** 2)
    assert found.chi_square == pytest.approx(2 * (free - held), rel=1e-9)
    assert found.coef == pytest.approx([2 * np.log(7 / 3)])


@pytest.mark.parametrize("separated", [False, True])
def test_scale_and_origin_do_not_matter_to_firths_ratio(loans, separated):
    base, added, failed, _ = loans
    failed = added[:, 0] > 1.5 if separated else failed
    one = compare_nested(base, added, failed, firth=True)
    two = compare_nested(base * 7 - 3, added / 1e4 + 1, failed, firth=True)
    assert two.chi_square == pytest.approx(one.chi_square, rel=1e-8)


@pytest.mark.parametrize("model", ["fit_logistic", "fit_firth_held"])
def test_a_model_that_does_not_settle_is_refused(loans, monkeypatch, model):
    base, added, failed, _ = loans
    monkeypatch.setattr(nested, model, partial(getattr(nested, model), max_iterations=1))
    with pytest.raises(EvidenceError, match="did not settle in 1 steps"):
        compare_nested(base, added, failed, firth=True)


def test_separation_is_refused_and_firth_answers():
    x, failed = np.arange(12.0), np.arange(12) >= 6
    none = np.empty((12, 0))
    with pytest.raises(EvidenceError, match="part the defaults"):
        compare_nested(none, x, failed)
    found = compare_nested(none, x, failed, firth=True)
    start, options = [-5.0, 1.0], {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000}
    best = [
        minimize(
            penalised,
            start[: len(free)],
            (x[:, np.newaxis], failed, free),
            method="Nelder-Mead",
            options=options,
        ).fun
        for free in ([0, 1], [0])
    ]
    assert found.chi_square == pytest.approx(2 * (best[1] - best[0]), abs=1e-8)
    assert found.p_value < 0.01


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


def joint_rejections(times, villages, seed):
    """How often the larger p-value rejects three covariates, of villages too, that tell nothing."""
    rng, found = np.random.default_rng(seed), 0
    village = np.repeat(np.arange(villages), 60)
    for _ in range(times):
        luck = rng.normal(0, 0.7, villages)[village]
        x = rng.normal(size=(village.size, 3)) + rng.normal(size=(villages, 3))[village]
        failed = rng.random(village.size) < expit(-1.5 + luck)
        test = compare_nested(np.empty((village.size, 0)), x, failed, village)
        found += max(test.p_value, test.p_cluster) < 0.05
    return found


def test_a_joint_test_of_few_villages_is_a_little_too_ready_and_no_more():
    # by an F law on q and G - 1 without the factor it would reject .155 of them
    assert joint_rejections(200, 7, seed=1) <= binom.isf(0.001, 200, 0.08)


@pytest.mark.slow
def test_the_rate_of_false_gains_over_a_thousand_draws_is_near_the_stated_rate():
    found = rejections(1000, seed=2)
    assert (found <= binom.isf(0.001, 1000, 0.06)).all()  # the cluster test is a little too ready
