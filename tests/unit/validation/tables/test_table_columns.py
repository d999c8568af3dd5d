"""Reading tables of loans, and rows of tables of statistics."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sanzhixin.errors import DomainError
from sanzhixin.validation.tables.columns import (
    check_columns,
    check_one_row_each,
    group_loans,
    read_numbers,
    read_outcomes,
    village_numbers,
)
from sanzhixin.validation.tables.statistic_rows import judge_p, make_row, make_table


@pytest.mark.parametrize(
    "values",
    [[True, False], [1, 0], [1.0, 0.0], pd.array([True, False], dtype="boolean")],
)
def test_outcomes_are_read_from_truth_values_and_numbers(values):
    assert read_outcomes(pd.DataFrame({"defaulted": values})).tolist() == [True, False]


@pytest.mark.parametrize("values", [[2, 0], [np.nan, 1], pd.array([None, True], dtype="boolean")])
def test_other_outcomes_are_refused(values):
    with pytest.raises(DomainError) as caught:
        read_outcomes(pd.DataFrame({"defaulted": values}))
    assert caught.value.code == "outcome_not_binary"


def test_missing_numbers_are_nan():
    table = pd.DataFrame({"points": pd.array([1, None], dtype="Int64")})
    np.testing.assert_array_equal(read_numbers(table, "points"), [1, np.nan])


def test_every_lacking_column_is_named():
    with pytest.raises(DomainError, match="points, tier"):
        check_columns(pd.DataFrame({"defaulted": [1]}), "points", "defaulted", "tier")


def test_groups_hold_each_loan_once_and_a_missing_label_is_a_group():
    table = pd.DataFrame({"village_id": ["V2", None, "V1", "V2"]})
    found = group_loans(table, "village_id")
    assert [(group.label, group.rows.tolist()) for group in found] == [
        ("", [1]),
        ("V1", [2]),
        ("V2", [0, 3]),
    ]


def test_no_loans_make_no_group():
    assert group_loans(pd.DataFrame({"tier": [], "points": []}), "tier") == []


def test_ordered_categories_stand_in_their_order():
    tiers = pd.Categorical(["A", "B", "A"], ["C", "B", "A"], ordered=True)
    found = group_loans(pd.DataFrame({"tier": tiers, "points": [9, 1, 9]}), "tier")
    assert [(group.label, group.rows.tolist()) for group in found] == [("B", [1]), ("A", [0, 2])]


def test_loans_without_points_do_not_move_their_tier():
    table = pd.DataFrame(
        {"tier": ["A", "A", "B", "C", "AA"], "points": [700, np.nan, 400, np.nan, 800]}
    )
    assert [group.label for group in group_loans(table, "tier")] == ["AA", "A", "B", "C"]


def test_tiers_without_points_stand_by_their_names():
    table = pd.DataFrame({"tier": ["B", "A"]})
    assert [group.label for group in group_loans(table, "tier")] == ["A", "B"]


@pytest.mark.parametrize(
    ("p_value", "word"),
    [(1, "pass"), (0.05, "pass"), (0.0499, "watch"), (0.001, "watch"), (0.0009, "fail")],
)
def test_words_of_p_values(p_value, word):
    assert judge_p(p_value) == word
    assert judge_p(p_value, enough=False) == "insufficient"


def test_a_missing_p_value_is_insufficient():
    assert judge_p(np.nan) == "insufficient"


def test_a_table_has_its_types_without_a_row():
    row = make_row("a", "info", {"tier": "A", "n": 1, "events": None}, value=1)
    full, empty = (make_table(rows, ["tier"], more=["p_value"]) for rows in ([row], []))
    pd.testing.assert_series_equal(full.dtypes, empty.dtypes)
    assert full["events"].isna().all()
    assert full["p_value"].isna().all()


@pytest.mark.parametrize("dtype", ["object", "string", "category"])
def test_villages_of_every_type_are_numbered_and_blanks_share_a_number(dtype):
    villages = pd.Series(["V2", None, "V1", None, "V2"], dtype=dtype)
    assert village_numbers(pd.DataFrame({"village_id": villages})).tolist() == [2, 0, 1, 0, 2]
    table = pd.DataFrame({"household_id": range(5), "village_id": villages})
    found = village_numbers(pd.DataFrame({"household_id": [4, 3, 9]}), table)
    assert found.tolist() == [1, 0, 0]


def test_a_household_that_stands_twice_is_refused_and_none_is_not_missed():
    with pytest.raises(DomainError, match="3 rows of the table of proposals repeat a household"):
        check_one_row_each(pd.DataFrame({"household_id": ["a", "b", "a", "b", "a"]}))
    check_one_row_each(pd.DataFrame({"household_id": ["a", "b"]}))
    check_one_row_each(pd.DataFrame({"points": [1, 1]}))
