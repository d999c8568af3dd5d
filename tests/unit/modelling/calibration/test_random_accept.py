"""Loans granted at random below the rule.

Witnesses: figures worked by hand; statsmodels for the intervals, for the weighted rate with its
error and for the curve of the approved loans; scipy for the test; invariants; and draws from
households whose default probabilities are known, whose bounds are left once in a thousand seeds.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit
from scipy.stats import beta, binom, binomtest, norm
from statsmodels.stats.proportion import proportion_confint

from sanzhixin.errors import DomainError
from sanzhixin.modelling.calibration.random_accept import compute_random_accept, loans_to_draw

RNG = np.random.default_rng(71)
APPROVED = RNG.integers(640, 800, 6000)
APPROVED_FAILED = RNG.random(6000) < expit((560 - APPROVED) / 40)
DRAWN = RNG.integers(560, 640, 400)
FAILED = RNG.random(400) < expit((560 - DRAWN) / 40)
CHANCE = np.where(DRAWN < 610, 0.02, 0.1)  # differs within the band from 600 to 620
CUTOFFS = [580, 600, 620]


def table_of(points=DRAWN, failed=FAILED, **options):
    given = {
        "chance": CHANCE,
        "cutoffs": CUTOFFS,
        "approved_points": APPROVED,
        "approved_defaulted": APPROVED_FAILED,
    }
    return compute_random_accept(points, failed, **(given | options))


FOUND = table_of()


def bands(points=DRAWN):
    place = np.digitize(points, CUTOFFS)
    return [place == k for k in range(4)] + [np.ones(points.size, dtype=bool)]


# Worked by hand.


def test_bands_and_counts_are_those_worked_by_hand():
    # Below 600: 3 of 4; from 600 to 649: none; from 650: 1 of 2, with the one at the cut-off.
    points, failed = [500, 599, 510, 520, 650, 700], [1, 1, 1, 0, 1, 0]
    table = table_of(points, failed, chance=0.1, cutoffs=[600, 650])
    assert table["at_least"].tolist() == [pd.NA, 600, 650, pd.NA]
    assert table["below"].tolist() == [600, 650, pd.NA, pd.NA]
    assert table["n_loans"].tolist() == [4, 0, 2, 6]
    assert table["n_defaults"].tolist() == [3, 0, 1, 4]
    assert table["default_rate"].to_list() == pytest.approx([0.75, np.nan, 0.5, 4 / 6], nan_ok=True)


def test_the_weighted_rate_of_three_loans_is_the_one_worked_by_hand():
    # Chances 1/2, 1/4, 1/4 stand for 2, 4, 4 households; the first and second default: 6 / 10.
    # s^2 = (2^2 * .4^2 + 4^2 * .4^2 + 4^2 * .6^2) / 10^2 = .0896; n* = .24 / .0896 = 2.6786.
    table = table_of([600, 601, 602], [1, 1, 0], chance=[0.5, 0.25, 0.25], cutoffs=[])
    row, size = table.iloc[0], 0.24 / 0.0896
    assert row["method"] == "weighted"
    assert row["default_rate"] == pytest.approx(0.6)
    assert row["lower"] == pytest.approx(beta.ppf(0.025, 0.6 * size, 0.4 * size + 1))
    assert row["upper"] == pytest.approx(beta.ppf(0.975, 0.6 * size + 1, 0.4 * size))


@pytest.mark.parametrize("outcome", [0, 1])
def test_without_a_default_the_weights_alone_tell_how_many_loans_count(outcome):
    # Weights 2, 4, 4: 10^2 / 36 = 2.7778 loans; none of them defaulted, or all.
    table = table_of([600, 601, 602], [outcome] * 3, chance=[0.5, 0.25, 0.25], cutoffs=[])
    far = 1 - 0.025 ** (36 / 100)
    expected = (0.0, far) if outcome == 0 else (1 - far, 1.0)
    assert table.iloc[0][["lower", "upper"]].tolist() == pytest.approx(expected)
    assert table.loc[0, "default_rate"] == outcome


@pytest.mark.parametrize("outcome", [0, 1])
def test_outcomes_that_are_all_alike_keep_their_rate_whatever_the_weights(outcome):
    # Sums of such weights differ in their last digit by the order in which they are taken.
    chance = np.random.default_rng(74).uniform(0.01, 1, 37)
    row = table_of(np.full(37, 600), [outcome] * 37, chance=chance, cutoffs=[]).iloc[0]
    assert (row["default_rate"], row["upper" if outcome else "lower"]) == (outcome, outcome)


def test_a_loan_that_all_but_nobody_stands_for_does_not_break_the_interval():
    row = table_of([600, 601, 602], [1, 1, 0], chance=[1e-17, 1e-17, 1.0], cutoffs=[]).iloc[0]
    assert row["default_rate"] == 1.0
    assert row["lower"] == pytest.approx(0.025 ** (1 / 2))


# Foreign implementations.


def test_where_chances_are_equal_the_interval_is_that_of_statsmodels():
    exact = FOUND[FOUND["method"] == "exact"]
    assert exact.index.tolist() == [0, 1, 3]
    for _, row in exact.iterrows():
        expected = proportion_confint(row["n_defaults"], row["n_loans"], 0.05, method="beta")
        assert (row["lower"], row["upper"]) == pytest.approx(expected, rel=1e-9)
        assert row["default_rate"] == row["n_defaults"] / row["n_loans"]


@pytest.mark.parametrize("place", [2, 4])
def test_where_chances_differ_rate_and_error_are_those_of_a_weighted_regression(place):
    rows = bands()[place]
    y = FAILED[rows].astype(float)
    fit = sm.WLS(y, np.ones(y.size), weights=1 / CHANCE[rows]).fit(cov_type="HC0")
    rate = fit.params[0]
    size = min(rate * (1 - rate) / fit.bse[0] ** 2, y.size)
    expected = proportion_confint(rate * size, size, 0.05, method="beta")
    row = FOUND.iloc[place]
    assert row["method"] == "weighted"
    assert row["default_rate"] == pytest.approx(rate, rel=1e-10)
    assert (row["lower"], row["upper"]) == pytest.approx(expected, rel=1e-9)


def test_the_curve_of_the_approved_is_the_mean_of_a_fit_by_statsmodels():
    design, new = (sm.add_constant((points - 700.0) / 50) for points in (APPROVED, DRAWN))
    fit = sm.GLM(APPROVED_FAILED.astype(float), design, family=sm.families.Binomial()).fit()
    line = new @ fit.params
    error = np.sqrt(np.einsum("ni,ij,nj->n", new, fit.cov_params(), new))
    reach = norm.ppf(0.975) * error
    for place, rows in enumerate(bands()):
        for name, own in (("", line), ("_lower", line - reach), ("_upper", line + reach)):
            expected = np.average(expit(own[rows]), weights=1 / CHANCE[rows])
            assert FOUND[f"extrapolated{name}"][place] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_an_exact_row_is_compatible_where_the_binomial_test_of_scipy_does_not_refuse(level):
    table = table_of(chance=0.1, level=level)
    for _, row in table.iterrows():
        test = binomtest(row["n_defaults"], row["n_loans"], row["extrapolated"])
        assert row["is_compatible"] == (test.pvalue >= 1 - level)


@pytest.mark.parametrize(("share", "expected"), [(0.0, False), (0.3, True), (0.9, False)])
def test_a_weighted_row_is_compatible_where_the_intervals_overlap(share, expected):
    points = np.full(200, 600)
    failed = np.arange(200) < 200 * share
    table = table_of(points, failed, chance=np.tile([0.1, 0.2], 100), cutoffs=[])
    row = table.iloc[0]
    assert row["is_compatible"] == expected
    overlap = row["lower"] <= row["extrapolated_upper"]
    assert expected == (overlap and row["extrapolated_lower"] <= row["upper"])


# Invariants.


def test_the_order_of_the_loans_does_not_matter():
    order = np.random.default_rng(72).permutation(DRAWN.size)
    again = table_of(DRAWN[order], FAILED[order], chance=CHANCE[order])
    pd.testing.assert_frame_equal(again, FOUND, rtol=1e-10)


def test_half_of_every_chance_changes_nothing():
    pd.testing.assert_frame_equal(table_of(chance=CHANCE / 2), FOUND, rtol=1e-10)


def test_one_chance_for_all_may_be_one_number():
    pd.testing.assert_frame_equal(table_of(chance=0.1), table_of(chance=np.full(400, 0.1)))


def test_chances_that_all_but_agree_give_the_exact_interval():
    near = table_of(chance=0.1 + 1e-9 * np.arange(400))
    exact = table_of(chance=0.1)
    assert near["method"].tolist() == ["weighted"] * 5
    for name in ("default_rate", "lower", "upper"):
        np.testing.assert_allclose(near[name], exact[name], rtol=1e-5)


def test_the_last_row_is_the_table_of_one_band():
    whole = table_of(cutoffs=[])
    pd.testing.assert_series_equal(whole.iloc[0], FOUND.iloc[-1], check_names=False)


# Known households.


@pytest.fixture(scope="module")
def draws():
    """Rate of all households, and what 1,500 draws with chances by points say of it."""
    rng = np.random.default_rng(73)
    points = np.arange(500, 640).repeat(20)
    prob = expit((545 - points) / 40)
    chance = np.interp(points, [500, 640], [0.02, 0.2])
    found = []
    for _ in range(1500):
        drawn = rng.random(points.size) < chance
        failed = rng.random(int(drawn.sum())) < prob[drawn]
        table = compute_random_accept(
            points[drawn],
            failed,
            chance=chance[drawn],
            cutoffs=[],
            approved_points=[700],
            approved_defaulted=[0],
        )
        row = table.iloc[0]
        found.append((row["default_rate"], row["lower"], row["upper"], failed.mean()))
    return prob.mean(), np.array(found).T


def test_the_weighted_rate_is_right_on_average_though_the_better_are_drawn_more_often(draws):
    true, (rate, _, _, plain) = draws
    error = rate.std() / np.sqrt(rate.size)
    assert abs(rate.mean() - true) < 3.3 * error
    assert abs(plain.mean() - true) > 20 * error


def test_the_weighted_interval_holds_the_true_rate_as_often_as_its_level_says(draws):
    true, (_, lower, upper, _) = draws
    held = np.sum((lower <= true) & (true <= upper))
    assert held >= binom.ppf(0.0005, 1500, 0.95)


# Little evidence.


def test_without_a_curve_the_rates_stay_and_the_reason_is_told():
    table = table_of(approved_points=[700, 710], approved_defaulted=[0, 1])
    curve = ["extrapolated", "extrapolated_lower", "extrapolated_upper", "is_compatible"]
    assert table[curve].isna().all(axis=None)
    pd.testing.assert_frame_equal(table.drop(columns=curve), FOUND.drop(columns=curve))
    assert table.attrs["refused"].startswith("1 defaults in 2 loans")
    assert "违约 1 笔" in table.attrs["refused_zh"]


def test_with_a_curve_nothing_is_refused():
    assert FOUND.attrs == {"refused": None, "refused_zh": None}


def test_a_band_without_loans_has_counts_of_0_and_no_values():
    row = table_of(cutoffs=[100, 580]).iloc[0]
    assert row[["n_loans", "n_defaults"]].tolist() == [0, 0]
    assert row.drop(["at_least", "below", "n_loans", "n_defaults"]).isna().all()


def test_columns_keep_their_kinds():
    kinds = FOUND.dtypes.astype(str).to_dict()
    for name in ("at_least", "below"):
        assert kinds.pop(name) == "Int64"
    for name in ("n_loans", "n_defaults"):
        assert kinds.pop(name) == "int64"
    assert kinds.pop("method") == "str"
    assert kinds.pop("is_compatible") == "boolean"
    assert set(kinds.values()) == {"float64"}


@pytest.mark.parametrize("points", [[600], [600, 600]])
def test_one_loan_or_equal_points_are_enough_for_a_rate(points):
    table = table_of(points, [0] * len(points), chance=0.5, cutoffs=[])
    assert table["upper"].tolist() == pytest.approx([1 - 0.025 ** (1 / len(points))] * 2)


# Refusals.


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"chance": 0.0}, "chance=0.0 is not possible; give a number above 0"),
        ({"chance": 1.5}, "chance=1.5"),
        ({"chance": [0.1, np.nan]}, "chance=nan"),
        ({"chance": [0.1]}, "chance has shape"),
        ({"chance": "5%"}, "chance='5%' is not possible; give a number above 0"),
        ({"chance": [0.1, "5%"]}, "chance=.* is not possible; give a number above 0"),
        ({"chance": [0.1, pd.NA]}, "chance=.* is not possible; give a number above 0"),
        ({"cutoffs": [600, 600]}, "cutoffs=.* give whole numbers that rise"),
        ({"cutoffs": np.array([650, 600], np.uint64)}, "cutoffs=.* give whole numbers that rise"),
        ({"cutoffs": np.array([2**63 + 1], np.uint64)}, "cutoffs=.* give whole numbers that rise"),
        ({"cutoffs": [600.5]}, "cutoffs"),
        ({"cutoffs": 600}, "cutoffs=600"),
        ({"level": 1.0}, "level=1.0"),
        ({"approved_points": [700.5]}, "whole numbers"),
        ({"points": []}, "whole numbers"),
        ({"failed": [0]}, "The outcome has 1 rows and the data have 2"),
    ],
)
def test_what_is_no_loan_or_no_option_is_refused(options, words):
    given = {"points": [600, 610], "failed": [0, 1], "chance": 0.1} | options
    with pytest.raises(DomainError, match=words):
        table_of(**given)


# How many to draw.


@pytest.mark.parametrize(
    ("width", "level", "expected"),
    [
        (0.05, 0.95, 72),  # log .025 / log .95 = 71.92
        (0.01, 0.95, 368),  # log .025 / log .99 = 367.04
        (0.10, 0.80, 22),  # log .1 / log .9 = 21.85
        (0.98, 0.95, 1),  # one loan: .975
    ],
)
def test_without_defaults_the_loans_are_those_worked_by_hand(width, level, expected):
    # The upper bound without a default is 1 - tail^(1/n).
    assert loans_to_draw(0.0, width, level=level) == expected
    assert loans_to_draw(1.0, width, level=level) == expected


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.2, 0.37, 0.5])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_one_loan_fewer_is_too_few_by_statsmodels(rate, level):
    n = loans_to_draw(rate, 0.1, level=level)
    few, enough = (
        np.subtract(*proportion_confint(rate * k, k, 1 - level, method="beta")[::-1])
        for k in (n - 1, n)
    )
    assert enough <= 0.1 < few


@pytest.mark.parametrize("rate", [0.0, 0.03, 0.2])
def test_the_rate_and_its_complement_need_as_many(rate):
    assert loans_to_draw(rate, 0.08) == loans_to_draw(1 - rate, 0.08)


def test_a_table_of_so_many_loans_has_an_interval_of_that_width():
    n = loans_to_draw(0.25, 0.2)
    assert n % 4 == 0
    table = table_of(np.full(n, 600), np.arange(n) < n / 4, chance=0.1, cutoffs=[])
    assert 0.19 < table.loc[0, "upper"] - table.loc[0, "lower"] <= 0.2


@pytest.mark.parametrize(
    ("rate", "width", "level", "words"),
    [
        (-0.1, 0.1, 0.95, "rate=-0.1"),
        (np.nan, 0.1, 0.95, "rate=nan"),
        (0.1, 0.0, 0.95, "width=0.0"),
        (0.1, 1.0, 0.95, "width=1.0"),
        (0.1, 0.1, 1.0, "level=1.0"),
    ],
)
def test_a_width_that_cannot_be_is_refused(rate, width, level, words):
    with pytest.raises(DomainError, match=words):
        loans_to_draw(rate, width, level=level)
