"""Mode and covariance of the panel model.

Witnesses: scipy's optimiser on the log posterior written out with adaptive integrals; numerical
second derivatives of it; Guilford's table with the order of a converged joint-likelihood fit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import spearmanr

from sanzhixin.numerics.facets import PanelRecords, Variances, fit_standing, record_slopes
from sanzhixin.numerics.partial_credit import (
    count_totals,
    fit_partial_credit,
    masks_and_totals,
)
from sanzhixin.numerics.record_tables import log_likelihood, tabulate_records
from sanzhixin.numerics.standing_errors import compute_errors

D = np.array([[-1.5, -0.2, 1.0], [-0.8, 0.3, 1.2]])
VARIANCES = Variances(household=1.1, rater=0.3, halo=0.2, merit=0.4, leniency=0.15, mean=0.2)

# household, rater, total: three households in village 0, two in village 1, one anchor case (5)
# that raters of both villages rate; rater 4 rates in both villages.
ROWS = [
    (0, 0, 5), (0, 1, 4), (1, 0, 2), (1, 4, 3), (2, 1, 0), (2, 4, 1), (3, 2, 6), (3, 3, 5),
    (3, 4, 4), (4, 2, 1), (4, 3, 3), (5, 0, 3), (5, 2, 4), (5, 4, 2),
]  # fmt: skip
KIN = np.array([0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0], dtype=float)
WEIGHT = np.array([1, 1, 0.4, 1, 1, 0.7, 1, 1, 1, 1, 0.5, 1, 1, 0.9])


def panel(biased=None, weight=None):
    household, rater, total = (np.array(column) for column in zip(*ROWS, strict=True))
    return PanelRecords(
        household=household.astype(np.int32), rater=rater.astype(np.int32),
        mask=np.zeros(household.size, dtype=np.int32), total=total.astype(float),
        village=np.array([0, 0, 0, 1, 1], dtype=np.int32),
        home=np.array([0, 0, 1, 1, -1], dtype=np.int32), n_villages=2, n_anchors=1,
        biased=biased, weight=weight,
    )  # fmt: skip


def log_posterior(x, records):
    """Everything written out: x holds households, then the border."""
    n, n_raters, v = 5, 5, 2
    theta, c = x[:n], x[n : n + n_raters]
    merit, leniency = x[n + n_raters : n + n_raters + v], x[n + n_raters + v : n + n_raters + 2 * v]
    rated = np.concatenate([theta, x[n + n_raters + 2 * v : n + n_raters + 2 * v + 1]])
    logit = rated[records.household] - c[records.rater]
    value = -(rated[n] ** 2) / (2 * 25)
    if records.biased is not None:
        logit = logit + x[-1] * records.biased
        value -= x[-1] ** 2 / (2 * 25)
    each = log_likelihood(D, records.total, logit, np.sqrt(VARIANCES.halo), nodes=31)
    value += (each * (1 if records.weight is None else records.weight)).sum()
    home = np.where(records.home >= 0, leniency[records.home], 0.0)
    value -= ((theta - merit[records.village]) ** 2).sum() / (2 * VARIANCES.household)
    value -= ((c - home) ** 2).sum() / (2 * VARIANCES.rater)
    value -= ((merit - VARIANCES.mean) ** 2).sum() / (2 * VARIANCES.merit)
    return value - (leniency**2).sum() / (2 * VARIANCES.leniency)


CASES = {"plain": panel(), "common bias": panel(biased=KIN), "weights": panel(weight=WEIGHT)}


@pytest.mark.parametrize("records", CASES.values(), ids=CASES)
def test_mode_and_covariance_agree_with_a_direct_search(records):
    tables = tabulate_records(D, [0b11], np.sqrt(VARIANCES.halo), nodes=15)
    found = fit_standing(records, tables, VARIANCES, tolerance=1e-9)
    size = 5 + records.n_border
    direct = minimize(
        lambda x: -log_posterior(x, records), np.zeros(size), method="BFGS", options={"gtol": 1e-9}
    ).x
    whole = np.concatenate([found.household, found.border])
    np.testing.assert_allclose(whole, direct, atol=2e-5)
    assert found.converged

    step, unit = 1e-3, np.eye(size)
    curve = np.empty((size, size))
    for i in range(size):
        for j in range(size):
            corners = [
                log_posterior(direct + a * step * unit[i] + b * step * unit[j], records) * a * b
                for a in (-1, 1)
                for b in (-1, 1)
            ]
            curve[i, j] = -sum(corners) / (4 * step**2)
    covariance = np.linalg.inv(curve)
    errors = compute_errors(records, found)
    np.testing.assert_allclose(errors.household, np.diag(covariance)[:5], rtol=2e-3)
    np.testing.assert_allclose(errors.border, np.diag(covariance)[5:], rtol=2e-3)
    for h, village in enumerate(records.village.tolist()):
        less_mean, less_merit = np.zeros(size), np.zeros(size)
        mates = np.flatnonzero(records.village == village)
        less_mean[h] += 1
        less_mean[mates] -= 1 / mates.size
        less_merit[[h, 5 + 5 + village]] = 1, -1
        assert errors.within[h] == pytest.approx(less_mean @ covariance @ less_mean, rel=2e-3)
        assert errors.apart[h] == pytest.approx(less_merit @ covariance @ less_merit, rel=2e-3)


def test_without_any_link_merit_and_leniency_only_share_their_gap():
    # Village 1 alone: the posterior of merit + c * leniency is the prior's where the data say
    # nothing, Var(merit) = prior - shrinkage of the gap times (merit share)^2.
    records = replace(
        panel(), household=np.array([0, 0, 1, 1], np.int32), rater=np.array([0, 1, 0, 1], np.int32),
        mask=np.zeros(4, np.int32), total=np.array([6.0, 5.0, 4.0, 5.0]),
        village=np.zeros(2, np.int32), home=np.zeros(2, np.int32), n_villages=1, n_anchors=0,
    )  # fmt: skip
    tables = tabulate_records(D, [0b11], np.sqrt(VARIANCES.halo))
    found = fit_standing(records, tables, VARIANCES)
    merit, leniency = found.border[2:4]
    # Equal force pulls both: displacement in proportion to the prior variances.
    assert merit - VARIANCES.mean == pytest.approx(
        -leniency * VARIANCES.merit / VARIANCES.leniency, rel=1e-6
    )


def test_extreme_totals_give_finite_measures_with_wide_errors():
    records = replace(panel(), total=np.where(panel().household == 0, 6.0, 0.0))
    tables = tabulate_records(D, [0b11], np.sqrt(VARIANCES.halo))
    found = fit_standing(records, tables, VARIANCES)
    errors = compute_errors(records, found)
    assert np.isfinite(found.household).all()
    assert found.household[0] > 1
    assert (errors.household > 0.2).all()
    assert (errors.household < VARIANCES.household + VARIANCES.merit + 1e-9).all()


def test_slopes_add_up_to_nothing_at_the_mode():
    # Invariant: at the mode the records' pull on a household balances its prior.
    records = panel()
    tables = tabulate_records(D, [0b11], np.sqrt(VARIANCES.halo))
    found = fit_standing(records, tables, VARIANCES, tolerance=1e-10)
    slope = record_slopes(records, tables, found.household, found.border)
    pull = np.bincount(records.household, slope.first)[:5]
    apart = found.household - found.border[5:7][records.village]
    np.testing.assert_allclose(pull, apart / VARIANCES.household, atol=1e-8)


# Guilford (1954), Psychometric Methods, p. 282: seniors (rows of 7 juniors), five traits each.
GUILFORD = """
55353 97585 33371 73133 97785 35351 77555
65463 87572 45366 56455 24323 64642 33554
55573 77575 35555 53331 97777 33353 77757
"""
JUNIORS = [-0.0715, 0.6638, -0.2554, -0.4815, 0.4407, -0.5841, 0.2880]  # converged JML
SENIORS = [0.0397, 0.2454, -0.0960]
TRAITS = [-0.2800, -0.1470, 0.2109, -0.3023, 0.5184]


def test_guilford_s_panel_is_ordered_as_by_joint_likelihood_and_brahe_is_odd():
    rows = [[int(d) for d in form] for form in GUILFORD.split()]
    ratings = np.array(rows, dtype=np.int8)  # senior by senior
    order = np.argsort(np.tile(np.arange(7), 3), kind="stable")
    ratings = ratings[order]
    junior, senior = np.repeat(np.arange(7), 3), np.tile(np.arange(3), 7)
    fit = fit_partial_credit(count_totals(ratings, 9), steps="rating_scale")
    _, total = masks_and_totals(ratings)
    records = PanelRecords(
        household=junior.astype(np.int32), rater=senior.astype(np.int32),
        mask=np.zeros(21, np.int32), total=total.astype(float), village=np.zeros(7, np.int32),
        home=np.zeros(3, np.int32), n_villages=1,
    )  # fmt: skip
    free = Variances(household=25, rater=25, halo=0, merit=1e-3, leniency=1e-3)
    found = fit_standing(records, tabulate_records(fit.thresholds, [0b11111], 0.0), free)
    severity = found.border[:3]
    assert spearmanr(found.household, JUNIORS).statistic == pytest.approx(1)
    assert spearmanr(severity, SENIORS).statistic == pytest.approx(1)
    assert spearmanr(fit.thresholds.mean(axis=1), TRAITS).statistic > 0.85
    # The penalty smooths the jagged steps of 105 ratings, which stretches the scale: same pattern.
    assert np.corrcoef(found.household, JUNIORS)[0, 1] > 0.99
    assert np.corrcoef(severity, SENIORS)[0, 1] > 0.99

    cumulated = np.hstack([np.zeros((5, 1)), np.cumsum(fit.thresholds, axis=1)])
    logit = (found.household[junior] - severity[senior])[:, None, None]
    chance = np.exp(np.arange(9) * logit - cumulated)
    chance /= chance.sum(axis=2, keepdims=True)
    mean = (np.arange(9) * chance).sum(axis=2)
    spread = np.sqrt((np.arange(9) ** 2 * chance).sum(axis=2) - mean**2)
    odd = np.abs((ratings - 1 - mean) / spread)
    most = np.argsort(-odd, axis=None)[:5] // 5
    assert (senior[most] == 1).all()  # Brahe


def test_a_mode_on_a_joint_of_the_tables_is_found():
    # A record's logit is brought to the middle between two points of the grid, ever nearer: there
    # steps of Newton turn about the joint, and without an end of its own the search never ends.
    halo, record, records = 0.8, 4, panel()
    tables = tabulate_records(D, [0b11], np.sqrt(halo), nodes=15)
    rated, by, total = (x[record] for x in (records.household, records.rater, records.total))

    def find(mean):
        prior = replace(VARIANCES, halo=halo, household=20.0, mean=mean)
        return fit_standing(records, tables, prior, tolerance=1e-12)

    low, high, steps = -1.0, 1.0, []
    for _ in range(50):
        mean = (low + high) / 2
        found = find(mean)
        steps.append(found.iterations)
        assert found.converged
        place = (found.household[rated] - found.border[by] + total * halo - tables.start) / 0.1
        low, high = (mean, high) if place % 1 < 0.5 else (low, mean)
    assert high - low < 1e-12
    assert max(steps) < 20
    assert found.last_change < 1e-5
    sides = [find(low - 1e-6).household, find(high + 1e-6).household]
    np.testing.assert_allclose(sides[0], sides[1], atol=1e-5)


def test_steps_about_a_joint_end_where_thresholds_are_near_and_nobody_has_a_halo():
    rng, n = np.random.default_rng(0), 8000
    thresholds, village = rng.uniform(0.4, 0.8, (5, 4)), np.sort(rng.integers(0, 100, n))
    household = np.repeat(np.arange(n), 3)
    rater = village[household] * 3 + np.tile(np.arange(3), n)
    logit = rng.normal(0.5, 1, n)[household] - rng.normal(0, 0.5, 300)[rater]
    total = np.zeros(3 * n)
    for item in thresholds:
        odds = np.arange(5) * logit[:, None] - np.append(0, np.cumsum(item))
        share = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
        total += (rng.random(3 * n)[:, None] > share.cumsum(axis=1)).sum(axis=1)
    records = PanelRecords(
        household=household.astype(np.int32), rater=rater.astype(np.int32),
        mask=np.zeros(3 * n, dtype=np.int32), total=total, village=village.astype(np.int32),
        home=np.repeat(np.arange(100), 3).astype(np.int32), n_villages=100,
    )  # fmt: skip
    tables = tabulate_records(thresholds, [0b11111], 0.0)
    prior = Variances(household=1.0, rater=0.25, halo=0.0, merit=0.2, leniency=0.1, mean=0.5)
    found = fit_standing(records, tables, prior)
    assert found.converged
    assert found.iterations < 15
    assert 1e-5 < found.last_change < 1e-4  # on a joint: the turn, and no more
    longer = fit_standing(
        records, tables, prior, household=found.household, border=found.border, max_iterations=1
    )
    np.testing.assert_allclose(longer.household, found.household, atol=1e-4)
