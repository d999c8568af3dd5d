"""Tables of calibration.

Witnesses: scipy's exact binomial test and Beta law, statsmodels for slope and intercept,
scikit-learn for the Brier score, two tiers worked by hand, and months of right probabilities, in
which alarms are as rare as stated.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import logit
from scipy.stats import beta, binom, binomtest
from sklearn.metrics import brier_score_loss

from sanzhixin.errors import DomainError
from sanzhixin.numerics.calibration_belt import fit_calibration_belt
from sanzhixin.validation.outcomes import calibration
from sanzhixin.validation.outcomes.calibration import (
    compute_belt,
    compute_calibration,
    compute_reliability,
)
from sanzhixin.validation.tables.judged import STATISTIC_COLUMNS
from sanzhixin.validation.tables.rates import LEAST_EXPECTED
from tests.unit.validation.drawn_loans import drawn_loans

LOANS = drawn_loans(seed=3)
WHOLE = {"calibration_slope", "spiegelhalter", "belt"}
JUDGED = ["pass", "watch", "fail"]


def rates(table):
    return table[table["statistic"] == "default_rate"].set_index("tier")


def of_all(table):
    return table[table["tier"] == "all"].set_index("statistic")


def two_tiers():
    """500 loans of 1 % with 5 defaults, 500 of 5 % with 45."""
    failed = np.concatenate([np.arange(500) < 5, np.arange(500) < 45])
    tiers, prob = np.repeat(["A", "B"], 500), np.repeat([0.01, 0.05], 500)
    return pd.DataFrame({"tier": tiers, "prob_default": prob, "defaulted": failed})


def test_two_tiers_are_those_worked_by_hand():
    table = compute_calibration(two_tiers()).table
    found = rates(table)
    assert found["value"].tolist() == [0.05, 0.01, 0.09]
    assert found["threshold"].tolist() == pytest.approx([0.03, 0.01, 0.05])
    assert found["verdict"].tolist() == ["fail", "pass", "fail"]
    # Brier: (5 * .99^2 + 495 * .01^2 + 45 * .95^2 + 455 * .05^2) / 1000; reliability
    # .04^2 / 2; resolution .04^2; uncertainty .05 * .95; ECE (0 + .04) / 2.
    whole = of_all(table)["value"]
    assert whole["brier"] == pytest.approx(0.0467, rel=1e-9)
    parts = ["brier_reliability", "brier_resolution", "brier_uncertainty", "brier_within", "ece"]
    assert whole[parts].tolist() == pytest.approx([8e-4, 16e-4, 0.0475, 0, 0.02], abs=1e-12)


def test_rates_are_judged_by_the_exact_test_and_shown_with_that_of_jeffreys():
    for label, part in [("all", LOANS), *LOANS.groupby("tier")]:
        row = rates(compute_calibration(LOANS).table).loc[label]
        d, n, mean = part["defaulted"].sum(), len(part), part["prob_default"].mean()
        assert row["p_value"] == pytest.approx(
            binomtest(d, n, mean, alternative="greater").pvalue, rel=1e-9
        )
        assert row["p_over"] == pytest.approx(
            binomtest(d, n, mean, alternative="less").pvalue, rel=1e-9
        )
        law = beta(d + 0.5, n - d + 0.5)
        assert row["p_jeffreys"] == pytest.approx(law.cdf(mean), rel=1e-9)
        assert (row["low"], row["high"]) == pytest.approx(law.ppf([0.025, 0.975]), rel=1e-9)


def test_slope_and_intercept_are_those_of_statsmodels():
    stated, failed = logit(LOANS["prob_default"]), LOANS["defaulted"].astype(float)
    whole = of_all(compute_calibration(LOANS).table)
    fit = sm.Logit(failed, sm.add_constant(stated)).fit(disp=0)
    assert whole.loc["calibration_slope", "value"] == pytest.approx(fit.params.iloc[1], rel=1e-6)
    bounds = fit.conf_int().iloc[1].tolist()
    found = whole.loc["calibration_slope", ["low", "high"]].tolist()
    assert found == pytest.approx(bounds, rel=1e-6)
    family = sm.families.Binomial()
    held = sm.GLM(failed, np.ones(len(LOANS)), family=family, offset=stated).fit()
    row = whole.loc["calibration_in_large"]
    assert row["value"] == pytest.approx(held.params.iloc[0], rel=1e-6)
    assert [row["low"], row["high"]] == pytest.approx(held.conf_int().iloc[0].tolist(), rel=1e-6)


def test_the_brier_score_is_that_of_scikit_learn():
    whole = of_all(compute_calibration(LOANS).table)["value"]
    expected = brier_score_loss(LOANS["defaulted"], LOANS["prob_default"])
    assert whole["brier"] == pytest.approx(expected, rel=1e-12)
    parts = whole["brier_reliability"] - whole["brier_resolution"] + whole["brier_uncertainty"]
    assert parts + whole["brier_within"] == pytest.approx(expected, rel=1e-9)


def test_right_probabilities_pass():
    table = compute_calibration(LOANS).table
    assert not {"watch", "fail"} & set(table["verdict"])
    assert set(table.loc[table["verdict"] == "pass", "statistic"]) >= WHOLE


@pytest.mark.parametrize(
    ("change", "statistic", "side"),
    [({"shift": 1.0}, "default_rate", "above"), ({"stretch": 0.5}, "calibration_slope", "above")],
)
def test_wrong_probabilities_are_seen(change, statistic, side):
    table = compute_calibration(drawn_loans(4000, seed=3, **change)).table
    assert table.set_index("statistic")["verdict"].loc[[statistic]].iloc[0] == "fail"
    ranges = table[table["statistic"] == f"belt_{side}"]
    assert (ranges["low"] < ranges["high"]).all()
    assert len(ranges) > 0


def test_over_estimation_is_shown_and_raises_no_alarm_of_rates():
    found = rates(compute_calibration(drawn_loans(4000, seed=3, shift=-1.0)).table)
    assert set(found["verdict"]) == {"pass"}
    assert found.loc["all", "p_over"] < 0.001


def test_the_columns_are_those_of_a_table_of_statistics():
    table = compute_calibration(LOANS).table
    more = ["p_value", "p_adjusted", "p_jeffreys", "p_over"]
    assert table.columns.tolist() == [
        STATISTIC_COLUMNS[0],
        "tier",
        *STATISTIC_COLUMNS[1:],
        *more,
    ]


def test_few_expected_defaults_are_told_and_not_judged():
    # 2.9 expected; far beyond chance with 20; then 3.
    loans = pd.DataFrame({"tier": "A", "prob_default": 0.029, "defaulted": np.arange(100) < 4})
    found = rates(compute_calibration(loans).table)
    assert found["verdict"].tolist() == ["insufficient"] * 2
    assert found["value"].tolist() == [0.04, 0.04]
    many = loans.assign(defaulted=np.arange(100) < 20)
    assert set(rates(compute_calibration(many).table)["verdict"]) == {"fail"}
    more = loans.assign(prob_default=0.03)
    assert rates(compute_calibration(more).table)["verdict"].tolist() == ["pass"] * 2
    whole = of_all(compute_calibration(more).table)
    assert set(whole.loc[sorted(WHOLE), "verdict"]) == {"insufficient"}


def test_three_expected_defaults_let_rates_of_more_than_twice_be_seen():
    # P(X >= 6) = .084 and P(X >= 7) = .034 of a Poisson law of mean 3.
    loans = pd.DataFrame({"tier": "A", "prob_default": 0.003, "defaulted": np.arange(1000) < 7})
    assert rates(compute_calibration(loans).table)["verdict"].tolist() == ["watch"] * 2
    fewer = loans.assign(defaulted=np.arange(1000) < 6)
    assert rates(compute_calibration(fewer).table)["verdict"].tolist() == ["pass"] * 2


def test_no_default_where_many_were_expected_passes():
    loans = pd.DataFrame({"tier": "A", "prob_default": 0.04, "defaulted": [False] * 500})
    found = rates(compute_calibration(loans).table).loc["A"]
    assert (found["verdict"], found["low"], found["p_value"]) == ("pass", 0.0, 1.0)


def test_without_probabilities_nothing_is_judged():
    for table in (
        compute_calibration(LOANS, basis="none").table,
        compute_calibration(LOANS.assign(prob_default=np.nan)).table,
        compute_calibration(LOANS.drop(columns="prob_default"), basis="none").table,
    ):
        assert set(table["verdict"]) == {"insufficient"}
        assert set(table["statistic"]) == {"default_rate"}
        assert table["value"].notna().all()
        assert table["threshold"].isna().all()
    assert "no default probability" in compute_calibration(LOANS, basis="none").note_en


def test_prudent_bounds_are_judged_from_one_side_alone():
    judged = compute_calibration(LOANS, basis="prudent")
    is_judged = judged.table["verdict"].isin(JUDGED)
    assert set(judged.table.loc[is_judged, "statistic"]) == {"default_rate"}
    assert "bounds, not expectations" in judged.note_en
    assert "审慎估计" in judged.note_zh


def test_loans_without_a_probability_are_left_out_and_counted():
    lacking = LOANS.assign(prob_default=LOANS["prob_default"].where(np.arange(len(LOANS)) > 9))
    judged = compute_calibration(lacking)
    pd.testing.assert_frame_equal(judged.table, compute_calibration(LOANS[10:]).table)
    assert "10 loans without" in judged.note_en


def test_certain_probabilities_leave_out_what_has_no_log_odds():
    certain = LOANS.assign(prob_default=LOANS["prob_default"].where(np.arange(len(LOANS)) > 0, 0))
    whole = of_all(compute_calibration(certain).table)
    assert whole.loc["calibration_slope", "verdict"] == "insufficient"
    assert whole.loc["belt", "verdict"] == "insufficient"
    assert whole.loc["spiegelhalter", "verdict"] == "pass"
    assert len(compute_belt(certain).table) == 0


def test_one_probability_alone_has_no_slope():
    whole = of_all(compute_calibration(LOANS.assign(prob_default=0.03)).table)
    assert np.isnan(whole.loc["calibration_slope", "value"])
    assert whole.loc["calibration_slope", "verdict"] == "insufficient"


def test_no_loans_give_a_row_without_values():
    table = compute_calibration(LOANS[:0]).table
    assert table["n"].tolist() == [0]
    assert len(compute_reliability(LOANS[:0]).table) == 0
    assert len(compute_belt(LOANS[:0]).table) == 0


def test_bins_of_the_reliability_make_up_the_calibration_error():
    table = compute_reliability(LOANS).table
    distance = np.abs(table["value"] - table["threshold"])
    error = float(np.sum(table["n"] * distance) / table["n"].sum())
    whole = of_all(compute_calibration(LOANS).table)
    assert error == pytest.approx(whole.loc["ece", "value"], rel=1e-9)
    assert table["n"].sum() == len(LOANS)
    assert table["events"].sum() == LOANS["defaulted"].sum()
    assert table["threshold"].is_monotonic_increasing
    assert table["bin"].tolist() == [str(k) for k in range(1, 11)]


def test_reliability_by_tier_has_the_rates_of_the_tiers():
    table = compute_reliability(LOANS, by="tier").table
    found = rates(compute_calibration(LOANS).table).drop(index="all")
    assert table["bin"].tolist() == found.index.tolist() == ["AAA", "A", "BBB", "B"]
    for column in ("value", "low", "high", "threshold"):
        np.testing.assert_array_equal(table[column], found[column])


def test_the_belt_is_that_of_the_kernel():
    table = compute_belt(LOANS).table
    belt = fit_calibration_belt(LOANS["prob_default"], LOANS["defaulted"])
    np.testing.assert_array_equal(table["prob_default"], belt.probability)
    np.testing.assert_array_equal(table["low_95"], belt.lower[1])
    np.testing.assert_array_equal(table["high_80"], belt.upper[0])
    whole = of_all(compute_calibration(LOANS).table)
    assert whole.loc["belt", "p_value"] == pytest.approx(belt.p_value, rel=1e-9)


def test_many_distinct_probabilities_are_held_to_even_steps():
    loans = drawn_loans(2100, seed=4)
    noise = np.random.default_rng(4).normal(scale=0.02, size=len(loans))
    prob = 1 / (1 + np.exp(-logit(loans["prob_default"]) - noise))
    table = compute_belt(loans.assign(prob_default=prob)).table
    belt = fit_calibration_belt(prob, loans["defaulted"], grid=table["prob_default"])
    np.testing.assert_allclose(table["low_95"], belt.lower[1], rtol=2e-3)
    np.testing.assert_allclose(table["fitted"], belt.fitted, rtol=2e-3)


def test_few_defaults_make_no_belt_and_the_note_says_so():
    judged = compute_belt(drawn_loans(300, seed=1, rate=0.001))
    assert len(judged.table) == 0
    assert "no belt" in judged.note_en
    assert judged.table.columns.tolist() == compute_belt(LOANS).table.columns.tolist()


def test_what_is_no_request_is_refused():
    with pytest.raises(DomainError, match="basis"):
        compute_calibration(LOANS, basis="guess")
    with pytest.raises(DomainError, match="by"):
        compute_reliability(LOANS, by="village")
    with pytest.raises(DomainError, match="n_bins"):
        compute_reliability(LOANS, n_bins=0)
    with pytest.raises(DomainError, match="level"):
        compute_calibration(LOANS, level=0)
    with pytest.raises(DomainError, match="lacks the columns prob_default"):
        compute_calibration(LOANS.drop(columns="prob_default"))
    with pytest.raises(DomainError, match="lacks the columns tier"):
        compute_calibration(LOANS.drop(columns="tier"))
    with pytest.raises(DomainError, match=r"1\.5"):
        compute_belt(LOANS.assign(prob_default=1.5))


def test_the_order_of_the_loans_changes_no_figure():
    turned = LOANS.sample(frac=1, random_state=1)
    for compute in (compute_calibration, compute_reliability, compute_belt):
        pd.testing.assert_frame_equal(compute(turned).table, compute(LOANS).table, rtol=1e-9)


# Size: months in which every probability is right.


def drawn_months(months, size, rate):
    """Rows of every month that say something of loans, and months that ring after adjustment."""
    rows, adjusted = [], 0
    for month in range(months):
        table = compute_calibration(drawn_loans(size, rate=rate, seed=10_000 + month)).table
        rows.append(table[table["verdict"].isin([*JUDGED, "insufficient"]) & (table["n"] > 0)])
        adjusted += bool((rows[-1]["p_adjusted"] < 0.05).any())
    return pd.concat(rows), adjusted


def count_alarms(rows):
    """Rows, alarms and fails of each statistic, of default rates tier by tier."""
    name = rows["statistic"].where(rows["statistic"] != "default_rate", rows["tier"])
    ring = rows["verdict"].isin(["watch", "fail"])
    seen = pd.DataFrame({"n": 1, "alarms": ring, "fails": rows["verdict"] == "fail"})
    return seen.groupby(name).sum()


def check_size(months, size, rate, quantile):
    rows, adjusted = drawn_months(months, size, rate)
    # Whether enough defaults are expected is known before any outcome, so it picks nothing out; a
    # fail is told with fewer, too, and is as rare among all rows.
    expected = rows["threshold"] * rows["n"]
    enough = (rows["statistic"] != "default_rate") | (expected >= LEAST_EXPECTED)
    for found in (count_alarms(rows), count_alarms(rows[enough])):
        most = binom.ppf(quantile, found["n"], 0.05), binom.ppf(quantile, found["n"], 0.001)
        assert (found["alarms"] <= most[0]).all(), found
        assert (found["fails"] <= most[1]).all(), found
    assert adjusted <= binom.ppf(quantile, months, 0.05)


def test_right_probabilities_raise_as_few_alarms_as_stated(monkeypatch):
    # Without the belt, whose size has its own tests beside the kernel, 200 months are fast.
    monkeypatch.setattr(calibration, "_belt", lambda *_: None)
    check_size(200, 600, 0.05, 0.9999)


@pytest.mark.slow
@pytest.mark.parametrize(("size", "rate"), [(500, 0.03), (2000, 0.02), (5000, 0.05)])
def test_right_probabilities_raise_as_few_alarms_as_stated_over_1000_months(size, rate):
    check_size(1000, size, rate, 0.999)


def test_loans_without_a_tier_are_a_tier_of_their_own():
    loans = two_tiers()
    loans["tier"] = loans["tier"].where(np.arange(1000) % 10 > 0)
    table = compute_calibration(loans).table
    assert set(rates(table).index) == {"all", "", "A", "B"}
    assert np.isfinite(of_all(table).loc["brier_within", "value"])


@pytest.mark.parametrize(("n", "prob"), [(60, 0.05), (300, 0.01), (7, 3 / 7)])
def test_three_expected_defaults_are_three_whatever_the_rounding(n, prob):
    loans = pd.DataFrame({"tier": "A", "prob_default": [prob] * n, "defaulted": False})
    assert rates(compute_calibration(loans).table).loc["A", "verdict"] == "pass"


def stated(prob, defaults):
    failed = np.arange(prob.size) < defaults
    return pd.DataFrame({"tier": "A", "prob_default": prob, "defaulted": failed})


def test_far_too_many_defaults_are_told_though_few_were_expected():
    """40 of 1,000 where 2 were expected: P(X >= 40) is 1e-37; 5 of 1,000 stay undecided."""
    loans = stated(np.full(1000, 0.002), 40)
    row = compute_calibration(loans).table.query("statistic == 'default_rate'").iloc[-1]
    assert (row["verdict"], row["p_value"] < 1e-30) == ("fail", True)
    loans = stated(np.full(1000, 0.002), 5)
    row = compute_calibration(loans).table.query("statistic == 'default_rate'").iloc[-1]
    assert row["verdict"] == "insufficient"


def test_a_slope_from_one_default_is_not_judged():
    prob = np.linspace(0.01, 0.03, 1000)
    loans = stated(prob, 1)
    table = compute_calibration(loans).table
    assert table.query("statistic == 'calibration_slope'")["verdict"].item() == "insufficient"
