"""Witnesses: hand-worked counts, scipy's beta quantiles."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

from sanzhixin.errors import DomainError
from sanzhixin.validation.decisions.overrides import compute_overrides


@pytest.fixture
def proposals():
    return pd.DataFrame(
        {
            "household_id": ["1", "2", "3", "4"],
            "system_limit_yuan": pd.array([50_000, 30_000, 20_000, None], dtype="Int64"),
            "village_limit_yuan": pd.array([40_000, 30_000, 40_000, 10_000], dtype="Int64"),
            "manager_limit_yuan": pd.array([None, 20_000, 20_000, 10_000], dtype="Int64"),
            "review_triggers": [["override"], [], [], []],
        }
    )


@pytest.fixture
def loans():
    return pd.DataFrame(
        {
            "household_id": ["1", "2", "3", "9"],
            "limit_yuan": [40_000, 50_000, 20_000, 10_000],
            "defaulted": [False, True, False, True],
        }
    )


def pick(table, statistic, who, column="value"):
    own = table[(table["statistic"] == statistic) & (table["who"] == who)]
    return dict(zip(own["direction"], own[column], strict=True))


def test_directions_by_hand(proposals, loans):
    table = compute_overrides(proposals, loans).table
    third = pytest.approx(1 / 3)
    assert pick(table, "share", "village") == {"lower": third, "same": third, "higher": third}
    assert pick(table, "share", "manager") == {"lower": 0.5, "same": 0.5, "higher": 0.0}
    assert pick(table, "share", "granted") == {"lower": third, "same": third, "higher": third}
    assert pick(table, "share", "village", "n") == {"lower": 3, "same": 3, "higher": 3}


def test_reasons_are_those_that_are_stated(proposals, loans):
    table = compute_overrides(proposals, loans).table
    assert pick(table, "no_reason", "village") == {"lower": 0.0, "higher": 1.0}


def test_a_loan_above_the_systems_limit_without_a_reason_is_watched(proposals, loans):
    told = compute_overrides(proposals, loans).table
    assert pick(told, "no_reason", "granted", "verdict")["higher"] == "watch"
    stated = proposals.assign(review_triggers=[["override"]] * 4)
    told = compute_overrides(stated, loans).table
    assert pick(told, "no_reason", "granted", "verdict")["higher"] == "pass"


def test_default_rates_with_their_intervals_and_too_few_loans_are_said(proposals, loans):
    table = compute_overrides(proposals, loans).table
    own = table[(table["statistic"] == "default_rate") & (table["who"] == "granted")]
    row = own[own["direction"] == "higher"].iloc[0]
    assert (row["n"], row["events"], row["value"], row["verdict"]) == (1, 1, 1.0, "insufficient")
    assert row["low"] == pytest.approx(beta.ppf(0.025, 1, 1))


def test_many_loans_are_compared(proposals, loans):
    many = pd.concat([loans.iloc[[1]]] * 40)
    table = compute_overrides(proposals, many).table
    assert pick(table, "default_rate", "granted", "verdict")["higher"] == "info"


def test_without_proposals_or_loans_the_table_stands(proposals, loans):
    table = compute_overrides(proposals.iloc[:0], loans).table
    assert set(table["verdict"]) == {"insufficient"}
    assert np.isnan(table["value"]).all()


def test_missing_columns_are_named(proposals, loans):
    with pytest.raises(DomainError, match="manager_limit_yuan"):
        compute_overrides(proposals.drop(columns="manager_limit_yuan"), loans)


def test_a_household_that_stands_twice_is_refused(proposals, loans):
    twice = pd.concat([proposals, proposals.iloc[[1, 1, 3]]])
    with pytest.raises(DomainError, match="3 rows of the table of proposals repeat a household"):
        compute_overrides(twice, loans)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_missing_triggers_are_none(proposals, loans, missing):
    told = pd.Series([["override"], missing, [], missing], dtype="object")
    expected = compute_overrides(proposals, loans).table
    found = compute_overrides(proposals.assign(review_triggers=told), loans).table
    pd.testing.assert_frame_equal(found, expected)


def test_without_any_trigger_no_reason_is_stated(proposals, loans):
    none = proposals.assign(review_triggers=None)
    assert pick(compute_overrides(none, loans).table, "no_reason", "village")["lower"] == 1
