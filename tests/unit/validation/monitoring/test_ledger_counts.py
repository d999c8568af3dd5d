"""Witnesses: the kernel's own tests, hand-counted months, rates where nothing changes."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from sanzhixin.errors import DomainError
from sanzhixin.numerics.sequential import count_change_test, predict_count
from sanzhixin.validation.monitoring import AlarmPlan, compute_alarms
from sanzhixin.validation.monitoring.ledger_counts import compute_ledger_counts

SINCE, UNTIL = dt.date(2025, 12, 31), dt.date(2026, 6, 30)
MONTHS = pd.period_range("2024-12", "2026-12", freq="M")


def ledger(counts, codes=("A",)):
    """One entry in the month before the first, then so many in each month."""
    days = pd.Series(MONTHS[1 : len(counts) + 1].to_timestamp()).repeat(counts) + pd.Timedelta("9D")
    days = pd.concat([pd.Series([MONTHS[0].to_timestamp()]), days], ignore_index=True)
    return pd.DataFrame({"recorded_on": days, "code": np.resize(codes, len(days))})


def months(table):
    return table[table["statistic"] == "events_month"]


def test_months_are_counted_and_tested_by_the_kernel():
    counts = [10, 12, 9, 11, 8, 13, 10, 12, 9, 11, 8, 13, 30, 10, 2, 11, 12, 10]
    own = months(compute_ledger_counts(ledger(counts), since=SINCE, until=UNTIL).table)
    assert own["month"].tolist() == [f"2026-0{k}" for k in range(1, 7)]
    assert own["n"].tolist() == counts[12:]
    assert own["threshold"].unique().tolist() == [10.5]
    assert own["low"].iloc[0], own["high"].iloc[0] == predict_count(counts[:12])
    expected = [count_change_test(counts[:12], [x]).p_value for x in counts[12:]]
    np.testing.assert_allclose(own["p_value"], expected)
    assert own["verdict"].tolist() == ["watch", "pass", "watch", "pass", "pass", "pass"]


def test_a_month_that_is_not_over_is_not_judged():
    table = compute_ledger_counts(ledger([10] * 18), since=SINCE, until=dt.date(2026, 6, 29)).table
    assert months(table)["month"].iloc[-1] == "2026-05"


def test_the_month_of_the_first_entry_and_those_before_it_are_no_basis():
    counts = [0] * 7 + [10] * 11
    events = ledger(counts).iloc[1:]
    table = compute_ledger_counts(events, since=SINCE, until=UNTIL).table
    assert set(table["verdict"]) == {"insufficient"}
    assert months(table)["threshold"].iloc[0] == 10


def test_codes_are_told_apart_and_rare_ones_are_not_judged():
    events = pd.concat([ledger([20] * 18), ledger([1] + [0] * 17, codes=("B",))])
    table = compute_ledger_counts(events, since=SINCE, until=UNTIL).table
    own = table[table["statistic"] == "events_since"].set_index("code")
    assert own.loc[["all", "A", "B"], "verdict"].tolist() == ["pass", "pass", "insufficient"]


def test_a_ledger_that_begins_after_the_earlier_date_is_counted_and_not_judged():
    table = compute_ledger_counts(
        ledger([0] * 13 + [9] * 5).iloc[1:], since=SINCE, until=UNTIL
    ).table
    assert months(table)["n"].tolist() == [0, 9, 9, 9, 9, 9]
    assert set(table["verdict"]) == {"insufficient"}


def test_without_a_ledger_nothing_is_said():
    table = compute_ledger_counts(ledger([]).iloc[:0], since=SINCE, until=UNTIL).table
    assert set(table["verdict"]) == {"insufficient"}


def test_dates_in_the_wrong_order_and_too_few_months_are_refused():
    with pytest.raises(DomainError, match="does not lie after"):
        compute_ledger_counts(ledger([1]), since=UNTIL, until=SINCE)
    with pytest.raises(DomainError, match="months"):
        compute_ledger_counts(ledger([1]), since=SINCE, until=UNTIL, months=3)


def years_that_ring(seeds):
    """Years of twelve looks in which some look rings for the ledger although nothing changes."""
    rung = 0
    ends = [month.end_time.date() for month in MONTHS[13:]]
    for seed in seeds:
        rng = np.random.default_rng(seed)
        events = ledger(rng.poisson(25, 24), codes=("A", "B", "C"))
        for look, until in enumerate(ends[:12], start=1):
            own = events[events["recorded_on"] <= pd.Timestamp(until)]
            table = compute_ledger_counts(own, since=SINCE, until=until)
            alarms = compute_alarms({"ledger_counts": table}, AlarmPlan(look=look)).table
            if alarms["verdict"].isin(("watch", "fail")).any():
                rung += 1
                break
    return rung


@pytest.mark.parametrize("seeds", [range(4), pytest.param(range(200), marks=pytest.mark.slow)])
def test_years_in_which_nothing_changes_ring_no_more_often_than_stated(seeds):
    assert years_that_ring(seeds) <= binom.ppf(0.999, len(seeds), 0.05)
