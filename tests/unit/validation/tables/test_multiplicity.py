"""Counting alarms of many tables.

Witnesses: statsmodels for the adjustment, counts worked by hand.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from sanzhixin.validation.outcomes.backtest import compute_backtest
from sanzhixin.validation.outcomes.calibration import compute_calibration, compute_reliability
from sanzhixin.validation.outcomes.discrimination import compute_curves, compute_discrimination
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.multiplicity import compute_multiple_testing
from sanzhixin.validation.tables.statistic_rows import judge_p, make_row, make_table
from tests.unit.validation.drawn_loans import drawn_loans


def judged(name, *p_values, with_p=True):
    about = {"n": 9, "events": 1}
    rows = [
        make_row("rate", judge_p(p), about | ({"p_value": p} if with_p else {}), value=0)
        for p in p_values
    ]
    return Judged(name, make_table(rows, more=["p_value"] if with_p else []), "", "", "", "")


def test_counts_are_those_worked_by_hand():
    first = judged("first", 0.0004, 0.02, 0.5, np.nan)
    second = judged("second", 0.03, with_p=False)
    table = compute_multiple_testing([first, second]).table.set_index("table")
    assert table.index.tolist() == ["first", "second", "all"]
    assert table["n_rows"].tolist() == [4, 1, 5]
    assert table["n_insufficient"].tolist() == [1, 0, 1]
    assert table["n_tested"].tolist() == [3, 1, 4]
    assert table["n_with_p"].tolist() == [3, 0, 3]
    assert table["n_watch"].tolist() == [1, 1, 2]
    assert table["n_watch_with_p"].tolist() == [1, 0, 1]  # the second has no p-value
    assert table["n_fail"].tolist() == [1, 0, 1]
    assert table["expected_alarms"].tolist() == pytest.approx([0.15, 0, 0.15])
    assert table["expected_fails"].tolist() == pytest.approx([0.003, 0, 0.003])
    # Adjusted: .0004 * 3, .02 * 3 / 2, .5.
    assert table["n_alarms_adjusted"].tolist() == [2, 0, 2]
    assert table.loc["all", "smallest_p_adjusted"] == pytest.approx(0.0012)


def test_the_adjustment_goes_over_all_tables_at_once():
    p_values = np.array([0.001, 0.02, 0.03, 0.2, 0.9, 0.012])
    tables = [judged("a", *p_values[:4]), judged("b", *p_values[4:])]
    table = compute_multiple_testing(tables).table
    _, expected, _, _ = multipletests(p_values, method="fdr_bh")
    assert table["n_alarms_adjusted"].tolist()[:2] == [
        (expected[:4] < 0.05).sum(),
        (expected[4:] < 0.05).sum(),
    ]
    assert table["smallest_p_adjusted"].tolist() == pytest.approx(
        [expected[:4].min(), expected[4:].min(), expected.min()]
    )


def test_tables_without_verdicts_are_left_out():
    loans = drawn_loans(seed=2)
    tables = [compute_curves(loans), compute_reliability(loans), compute_calibration(loans)]
    tables += [compute_backtest(loans), compute_discrimination(loans)]
    table = compute_multiple_testing(tables).table
    names = ["reliability", "calibration", "backtest", "discrimination", "all"]
    assert table["table"].tolist() == names
    counted = sum(one.counts.get("pass", 0) for one in tables)
    assert table["n_tested"].iloc[-1] - table["n_watch"].iloc[-1] == counted


def test_no_tables_make_a_row_of_zeros():
    table = compute_multiple_testing([]).table
    assert table["table"].tolist() == ["all"]
    assert table["n_tested"].tolist() == [0]
    assert np.isnan(table["smallest_p_adjusted"][0])
    pd.testing.assert_series_equal(
        table.dtypes, compute_multiple_testing([judged("a")]).table.dtypes
    )


def test_tests_that_were_no_alarm_count_whatever_the_word():
    about = {"n": 9, "events": 1}
    told = [(0.004, 0.04, "watch"), (0.3, 0.9, "info"), (0.6, 0.9, "info"), (0.02, np.nan, "info")]
    rows = [
        make_row("rate", word, about | {"p_value": p, "p_adjusted": adjusted}, value=0)
        for p, adjusted, word in told
    ]
    table = make_table(rows, more=["p_value", "p_adjusted"])
    found = compute_multiple_testing([Judged("fairness", table, "", "", "", "")]).table.iloc[0]
    assert (found["n_tested"], found["n_with_p"], found["n_watch"]) == (3, 3, 1)
    assert found["smallest_p_adjusted"] == pytest.approx(3 * 0.004)


@pytest.mark.parametrize("name", ["panel_value", "proxy"])
def test_p_values_that_are_small_where_something_is_found_are_no_alarms(name):
    table = compute_multiple_testing([judged(name, 0.0001, 0.5)]).table
    assert table["n_with_p"].tolist() == [0, 0]
    assert table["n_alarms_adjusted"].tolist() == [0, 0]
