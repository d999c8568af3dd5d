"""Tables of discrimination.

Witnesses: the kernel, scikit-learn and scipy on the same loans, six loans worked by hand, and
simulated months for the test against an earlier area.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, ks_2samp, norm
from sklearn.metrics import auc, roc_auc_score

from sanzhixin.errors import DomainError
from sanzhixin.numerics.discrimination import estimate_auc
from sanzhixin.validation.outcomes.discrimination import (
    CURVE_ROWS,
    compute_curves,
    compute_discrimination,
    compute_pillar_discrimination,
)
from sanzhixin.validation.tables.judged import STATISTIC_COLUMNS
from tests.unit.validation.drawn_loans import drawn_loans

LOANS = drawn_loans(seed=3)


def value(table, statistic):
    return table.set_index("statistic").loc[statistic, "value"]


def test_six_loans_are_those_worked_by_hand():
    # Defaults at 1, 2 and 4 of the points 1 to 6: 8 of 9 pairs in order, 7/9, 2/3 - 0 at 2.
    loans = pd.DataFrame({"points": range(1, 7), "defaulted": [1, 1, 0, 1, 0, 0]})
    table = compute_discrimination(loans).table
    assert table["value"].tolist() == pytest.approx([8 / 9, 7 / 9, 2 / 3])
    assert table["verdict"].tolist() == ["insufficient", "info", "info"]
    assert table["n"].tolist() == [6, 6, 6]


def test_figures_are_those_of_scikit_learn_and_scipy():
    table = compute_discrimination(LOANS).table
    bad = LOANS["defaulted"].to_numpy()
    assert value(table, "auc") == pytest.approx(roc_auc_score(~bad, LOANS["points"]), rel=1e-12)
    assert value(table, "gini") == pytest.approx(2 * value(table, "auc") - 1, rel=1e-12)
    distance = ks_2samp(LOANS["points"][bad], LOANS["points"][~bad], method="asymp").statistic
    assert value(table, "ks") == pytest.approx(distance, rel=1e-12)


def test_the_columns_are_those_of_a_table_of_statistics():
    for by in (None, "village_id"):
        table = compute_discrimination(LOANS, by=by).table
        between = [] if by is None else [by]
        expected = [STATISTIC_COLUMNS[0], *between, *STATISTIC_COLUMNS[1:], "p_value"]
        assert table.columns.tolist() == expected
        assert str(table["events"].dtype) == "Int64"


def test_points_that_rank_pass_and_points_that_do_not_are_watched():
    assert compute_discrimination(LOANS).table["verdict"][0] == "pass"
    blind = LOANS.assign(points=np.arange(len(LOANS)) % 7)
    assert compute_discrimination(blind).table["verdict"][0] == "watch"
    wrong = compute_discrimination(LOANS.assign(points=-LOANS["points"])).table
    assert wrong["verdict"][0] == "fail"
    assert value(wrong, "ks") < 0


@pytest.mark.parametrize("by", ["village_id", "vintage", "tier"])
def test_each_group_is_judged_as_if_it_stood_alone(by):
    table = compute_discrimination(LOANS, by=by).table
    for label, part in LOANS.groupby(by):
        own = table[table[by] == label].drop(columns=by).reset_index(drop=True)
        pd.testing.assert_frame_equal(own, compute_discrimination(part).table)
    assert table["n"].sum() == 3 * len(LOANS)


def test_tiers_stand_from_the_best_to_the_worst():
    table = compute_discrimination(LOANS, by="tier").table
    assert table["tier"].drop_duplicates().tolist() == ["AAA", "A", "BBB", "B"]


def test_few_defaults_are_told_and_not_judged():
    failed = LOANS["defaulted"].to_numpy()
    few = LOANS[~failed | (np.cumsum(failed) <= 9)]
    table = compute_discrimination(few, initial=0.9).table
    is_told = table.set_index("statistic")["verdict"]
    assert is_told["auc"] == is_told["auc_against_initial"] == "insufficient"
    assert table["value"].notna().all()
    assert compute_discrimination(few, least_events=9).table["verdict"][0] == "pass"


@pytest.mark.parametrize("outcome", [True, False])
def test_one_outcome_alone_gives_rows_without_values(outcome):
    table = compute_discrimination(LOANS.assign(defaulted=outcome), initial=0.7).table
    assert table["value"].isna().all()
    assert set(table["verdict"]) == {"insufficient", "info"}


def test_no_loans_give_rows_without_values():
    table = compute_discrimination(LOANS[:0]).table
    assert table["n"].tolist() == [0, 0, 0]
    assert len(compute_discrimination(LOANS[:0], by="vintage").table) == 0


def test_loans_without_points_are_left_out():
    points = pd.array([None, *LOANS["points"][1:]], dtype="Int64")
    pd.testing.assert_frame_equal(
        compute_discrimination(LOANS.assign(points=points)).table,
        compute_discrimination(LOANS[1:]).table,
    )


def test_a_fall_below_an_earlier_area_is_seen():
    table = compute_discrimination(LOANS, initial=0.97).table.set_index("statistic")
    row = table.loc["auc_against_initial"]
    assert (row["verdict"], row["threshold"]) == ("fail", 0.97)
    found = estimate_auc(LOANS["points"], LOANS["defaulted"])
    assert row["p_value"] < 0.001
    same = compute_discrimination(LOANS, initial=found.auc).table.set_index("statistic")
    assert same.loc["auc_against_initial", "p_value"] == 0.5


def months(count, size=600, seed=7):
    """Loans of one law, month by month: points, and default by a line on them."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        points = random.integers(0, 400, size)
        failed = random.random(size) < 1 / (1 + np.exp(1 + points / 80))
        yield pd.DataFrame({"points": points, "defaulted": failed})


def falls(count):
    """Months in which the test against the area of that law raises an alarm."""
    points = np.arange(400)
    prob = 1 / (1 + np.exp(1 + points / 80))
    law = np.tile(points, 2), np.repeat([0, 1], 400), np.append(1 - prob, prob)
    truth = roc_auc_score(law[1], -law[0], sample_weight=law[2])
    return sum(
        compute_discrimination(loans, initial=truth).table["verdict"].iloc[-1] != "pass"
        for loans in months(count)
    )


def test_the_test_against_an_earlier_area_raises_as_few_alarms_as_stated():
    assert falls(100) <= binom.ppf(0.999, 100, 0.05)


@pytest.mark.slow
def test_the_test_against_an_earlier_area_keeps_its_level_over_1000_months():
    assert falls(1000) <= binom.ppf(0.99, 1000, 0.05)


def test_each_pillar_is_judged_alone():
    table = compute_pillar_discrimination(LOANS).table
    assert table["characteristic"].drop_duplicates().tolist() == [
        "fs_score",
        "nr_score",
        "event_points",
    ]
    by_name = table[table["statistic"] == "auc"].set_index("characteristic")
    expected = roc_auc_score(~LOANS["defaulted"], LOANS["fs_score"])
    assert by_name.loc["fs_score", "value"] == pytest.approx(expected, rel=1e-12)
    assert by_name["verdict"].tolist() == ["pass", "watch", "watch"]


def test_a_pillar_that_some_loans_lack_is_judged_by_the_others():
    scores = LOANS["fs_score"].where(np.arange(len(LOANS)) % 2 == 0)
    table = compute_pillar_discrimination(LOANS.assign(fs_score=scores)).table
    assert table.loc[0, "n"] == len(LOANS) // 2


def test_curves_have_few_rows_exact_ends_and_their_largest_gap():
    loans = LOANS.assign(points=LOANS["points"] + np.arange(len(LOANS)) / 1e4)
    table = compute_curves(loans).table
    shares = ["share_loans", "share_defaults", "share_others"]
    assert len(table) <= CURVE_ROWS
    assert table[shares].iloc[0].tolist() == [0, 0, 0]
    assert table[shares].iloc[-1].tolist() == [1, 1, 1]
    assert (table[shares].diff().dropna() >= 0).all(axis=None)
    whole = compute_discrimination(loans).table
    largest = table[table["is_largest_gap"]]
    assert largest["gap"].tolist() == pytest.approx([value(whole, "ks")])
    assert table["gap"].abs().max() == largest["gap"].iloc[0]
    # Lines between points of the curve leave little of its area out.
    area = auc(table["share_others"], table["share_defaults"])
    assert area == pytest.approx(value(whole, "auc"), abs=2e-3)


def test_the_areas_of_the_cap_and_of_its_best_line_give_the_accuracy_ratio():
    table = compute_curves(LOANS).table
    best = auc([*table["best_share_loans"], 1], [*table["share_defaults"], 1]) - 0.5
    found = auc(table["share_loans"], table["share_defaults"]) - 0.5
    whole = compute_discrimination(LOANS).table
    assert found / best == pytest.approx(value(whole, "gini"), abs=2e-3)


def test_a_curve_of_few_points_is_not_thinned():
    table = compute_curves(LOANS.assign(points=LOANS["points"] // 10)).table
    assert len(table) == 1 + (LOANS["points"] // 10).nunique()


def test_curves_of_one_outcome_are_empty():
    table = compute_curves(LOANS.assign(defaulted=False)).table
    assert len(table) == 0
    assert table.columns.tolist() == compute_curves(LOANS).table.columns.tolist()


@pytest.mark.parametrize("compute", [compute_discrimination, compute_curves])
def test_tables_without_their_columns_are_refused(compute):
    with pytest.raises(DomainError, match="lacks the columns points"):
        compute(LOANS.drop(columns="points"))
    with pytest.raises(DomainError, match="lacks the columns defaulted"):
        compute(LOANS.drop(columns="defaulted"))


def test_what_else_is_no_request_is_refused():
    with pytest.raises(DomainError, match="county_id"):
        compute_discrimination(LOANS, by="county_id")
    with pytest.raises(DomainError, match="level"):
        compute_discrimination(LOANS[:0], level=1)
    with pytest.raises(DomainError, match="pillar"):
        compute_pillar_discrimination(LOANS[["defaulted"]])
    with pytest.raises(DomainError, match="write 1 for a default"):
        compute_discrimination(LOANS.assign(defaulted=2))


def test_the_order_of_the_loans_changes_no_byte():
    turned = LOANS.sample(frac=1, random_state=1)
    for compute in (compute_discrimination, compute_curves, compute_pillar_discrimination):
        assert compute(turned).table.to_csv() == compute(LOANS).table.to_csv()


@pytest.mark.parametrize(
    ("shift", "verdict"), [(0.0, "watch"), (0.5, "watch"), (1.2, "fail"), (-1.2, "pass")]
)
def test_an_area_below_chance_fails_only_where_the_wide_interval_lies_below(shift, verdict):
    points = norm.ppf((np.random.default_rng(0).permutation(200) + 0.5) / 200)
    failed = np.arange(200) % 8 == 0
    loans = pd.DataFrame({"points": points + shift * failed, "defaulted": failed})
    found = compute_discrimination(loans).table.iloc[0]
    wide = estimate_auc(loans["points"], failed, level=0.998).high
    assert found["verdict"] == verdict
    assert (wide < 0.5) == (verdict == "fail")
    assert (found["high"] < 0.5) == (shift > 0)


@pytest.mark.slow
def test_points_without_any_use_fail_in_few_of_a_thousand_months():
    rng, failed = np.random.default_rng(5), np.arange(300) < 30
    verdicts = [
        compute_discrimination(
            pd.DataFrame({"points": rng.normal(size=300), "defaulted": failed})
        ).table["verdict"][0]
        for _ in range(1000)
    ]
    assert verdicts.count("fail") <= binom.ppf(0.999, 1000, 0.001)
