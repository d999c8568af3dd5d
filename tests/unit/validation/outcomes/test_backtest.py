"""The back-test by vintage.

Witnesses: scipy's exact test, statsmodels for the adjustment, a vintage worked by hand.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from statsmodels.stats.multitest import multipletests

from sanzhixin.errors import DomainError
from sanzhixin.validation.outcomes.backtest import compute_backtest
from sanzhixin.validation.tables.judged import STATISTIC_COLUMNS
from tests.unit.validation.drawn_loans import drawn_loans

LOANS = drawn_loans(4000, seed=9)


def test_each_vintage_is_judged_by_the_exact_test():
    table = compute_backtest(LOANS).table.set_index("vintage")
    assert table.index.tolist() == ["2024Q1", "2024Q2", "2024Q3", "2024Q4"]
    for vintage, part in LOANS.groupby("vintage"):
        row = table.loc[vintage]
        d, n, mean = part["defaulted"].sum(), len(part), part["prob_default"].mean()
        expected = binomtest(d, n, mean, alternative="greater").pvalue
        assert row["p_value"] == pytest.approx(expected, rel=1e-9)
        assert row["expected"] == pytest.approx(part["prob_default"].sum(), rel=1e-12)
        assert (row["n"], row["events"], row["value"]) == (n, d, d / n)


def test_the_adjustment_is_that_of_statsmodels():
    table = compute_backtest(LOANS).table
    _, expected, _, _ = multipletests(table["p_value"], method="fdr_bh")
    np.testing.assert_allclose(table["p_adjusted"], expected, rtol=1e-12)


def test_two_vintages_worked_by_hand():
    # 1 in 100 of 600 loans: 6 expected. P(X >= 6) = .554; 13: .0086; of two, adjusted .0172.
    failed = np.concatenate([np.arange(600) < 6, np.arange(600) < 13])
    loans = pd.DataFrame({"vintage": np.repeat(["a", "b"], 600), "defaulted": failed})
    table = compute_backtest(loans.assign(prob_default=0.01)).table
    assert table["verdict"].tolist() == ["pass", "watch"]
    assert table["p_value"].tolist() == pytest.approx([0.5550, 0.0085], abs=1e-3)
    assert table["p_adjusted"][1] == pytest.approx(2 * table["p_value"][1], rel=1e-12)


def test_a_bad_vintage_stands_out():
    bad = LOANS["vintage"] == "2024Q3"
    worse = drawn_loans(4000, seed=9, shift=1.2)["defaulted"]
    table = compute_backtest(LOANS.assign(defaulted=LOANS["defaulted"].mask(bad, worse))).table
    assert table.set_index("vintage")["verdict"].tolist() == ["pass", "pass", "fail", "pass"]


def test_a_small_vintage_is_told_and_not_judged_and_takes_no_part_in_the_adjustment():
    small = LOANS.assign(vintage=np.where(np.arange(len(LOANS)) < 30, "2023Q4", LOANS["vintage"]))
    table = compute_backtest(small).table
    assert table["verdict"][0] == "insufficient"
    assert np.isnan(table["p_adjusted"][0])
    assert table["value"].notna().all()


def test_without_probabilities_nothing_is_judged():
    judged = compute_backtest(LOANS.drop(columns="prob_default"), basis="none")
    assert set(judged.table["verdict"]) == {"insufficient"}
    assert judged.table["value"].notna().all()


def test_the_columns_are_those_of_a_table_of_statistics():
    more = ["p_value", "p_adjusted", "p_jeffreys", "p_over", "expected"]
    expected = [STATISTIC_COLUMNS[0], "vintage", *STATISTIC_COLUMNS[1:], *more]
    for loans in (LOANS, LOANS[:0]):
        assert compute_backtest(loans).table.columns.tolist() == expected


def test_a_table_without_vintages_is_refused():
    with pytest.raises(DomainError, match="vintage"):
        compute_backtest(LOANS.drop(columns="vintage"))
