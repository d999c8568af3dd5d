"""Which characteristics enter a card, by features and weights of evidence made by hand.

Witnesses: sums of few terms for stability; a published table of the chi-square, and samples
without drift, for what chance makes of it.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from sanzhixin.errors import DomainError
from sanzhixin.modelling.bins.feature_bins import FeatureBins
from sanzhixin.modelling.cards.selection import (
    SelectionRules,
    compute_stability,
    read_periods,
    select_characteristics,
)
from sanzhixin.numerics.screening import population_stability
from sanzhixin.numerics.woe import InformationValue


def feature(name="x", iv=0.5, *, p_value=0.01, status="binned", events=(20.0, 20.0), other=60.0):
    """A feature of two bins, with what selection looks at."""
    groups = 4
    return FeatureBins(
        name=name,
        kind="number",
        trend="ascending",
        status=status,
        edges=(0.0,),
        levels=(),
        specials=(),
        missing="separate",
        labels=("low", "high", "missing", "unseen"),
        kinds=("bin", "bin", "missing", "unseen"),
        events=np.array([*events, 0, 0]),
        nonevents=np.array([other, other, 0, 0]),
        woe=np.zeros(groups),
        se=np.zeros(groups),
        iv=np.zeros(groups),
        position=np.zeros(2),
        information=InformationValue(iv, 0.05, p_value, iv / 2, 2 * iv),
    )


# Two features over ten rows in two quarters of four and six rows.
CODES = np.array([[0, 0, 0, 1, 0, 0, 0, 1, 1, 1], [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]]).T
QUARTER = np.array(["Q1"] * 4 + ["Q2"] * 6)


def test_each_period_is_compared_with_the_others():
    table = compute_stability([feature("drifts"), feature("stays")], CODES, QUARTER)
    # 3/4 and 1/4 against 1/2 and 1/2: 0.25 ln 1.5 + 0.25 ln 2 = 0.25 ln 3, whichever is asked.
    moved = 0.25 * math.log(3)
    expected = pd.DataFrame(
        {
            "feature": ["drifts", "drifts", "stays", "stays"],
            "period": ["Q1", "Q2", "Q1", "Q2"],
            "n_rows": [4.0, 6.0, 4.0, 6.0],
            "psi": [moved, moved, 0.0, 0.0],
            # Two bins, two periods: a chi-square of one degree exceeds 5.0238862 with the
            # probability 0.05 / 2; times 1/4 + 1/6 of the rows of both.
            "psi_by_chance": [5.023886187314888 * 5 / 12] * 4,
        }
    )
    pd.testing.assert_frame_equal(table, expected)


def test_a_period_is_compared_with_all_others_taken_together():
    codes = np.array([0, 0, 0, 1, 0, 1, 1, 1])[:, np.newaxis]
    table = compute_stability([feature()], codes, [1, 1, 2, 2, 3, 3, 3, 3])
    # Period 1 has 2 and 0, which counts as 1/2: shares 4/5 and 1/5.  The others have 2 and 4: 1/3
    # and 2/3.  7/15 ln(12/5) - 7/15 ln(3/10) = 7/15 ln 8.
    assert table["psi"][0] == pytest.approx(7 / 15 * math.log(8), rel=1e-12)


def test_stability_weights_are_rows_given_again():
    times = np.array([1, 2, 3, 1, 2, 3, 1, 2, 3, 1])
    features = [feature("drifts"), feature("stays")]
    weighed = compute_stability(features, CODES, QUARTER, times.astype(float))
    repeated = compute_stability(features, np.repeat(CODES, times, 0), np.repeat(QUARTER, times))
    pd.testing.assert_frame_equal(weighed, repeated)


def test_one_period_alone_is_stable():
    table = compute_stability([feature()], CODES[:, :1], ["2026"] * 10)
    assert table[["psi", "psi_by_chance"]].to_numpy().tolist() == [[0.0, 0.0]]


def test_a_bin_of_less_than_half_a_row_counts_as_half_a_row():
    codes, weights = np.array([0, 1, 0, 1])[:, np.newaxis], np.array([0.25, 1.5, 2.0, 2.0])
    table = compute_stability([feature()], codes, [1, 1, 2, 2], weights)
    # 1/2 and 3/2: shares 1/4 and 3/4 against 1/2 and 1/2, as above.  The size is that of the rows.
    assert table["psi"].tolist() == pytest.approx([0.25 * math.log(3)] * 2, rel=1e-12)
    by_chance = 5.023886187314888 * (1 / 1.75 + 1 / 4)
    assert table["psi_by_chance"].tolist() == pytest.approx([by_chance] * 2, rel=1e-12)


def test_the_index_by_chance_counts_the_groups_that_rows_have():
    # Three of four groups are seen, two degrees of freedom: x is exceeded with the probability
    # exp(-x/2), and 2 ln 40 with 0.05 / 2; times 1/2 + 1/4.
    codes = np.array([0, 1, 2, 0, 1, 2])[:, np.newaxis]
    table = compute_stability([feature()], codes, [1, 1, 2, 2, 2, 2])
    assert table["psi_by_chance"].tolist() == pytest.approx([1.5 * math.log(40)] * 2, rel=1e-12)


def test_of_one_group_nothing_is_made_by_chance():
    table = compute_stability([feature()], np.zeros((6, 1), int), [1, 1, 2, 2, 2, 2])
    assert table[["psi", "psi_by_chance"]].to_numpy().tolist() == [[0.0, 0.0]] * 2


# Upper critical values of the chi-square of one to three degrees of freedom, as tables print them:
# those of 0.05 shared among the periods.
CRITICAL = {
    2: (5.024, 7.378, 9.348),  # 0.025
    5: (6.635, 9.210, 11.345),  # 0.01
    10: (7.879, 10.597, 12.838),  # 0.005
    50: (10.828, 13.816, 16.266),  # 0.001
}


@pytest.mark.parametrize("n_groups", [2, 3, 4])
@pytest.mark.parametrize("n_periods", CRITICAL)
def test_the_index_by_chance_is_that_of_the_published_table(n_periods, n_groups):
    codes = np.tile(np.arange(n_groups), n_periods)[:, np.newaxis]
    table = compute_stability([feature()], codes, np.repeat(np.arange(n_periods), n_groups))
    size = 1 / (1 / n_groups + 1 / (n_groups * (n_periods - 1)))
    critical = CRITICAL[n_periods][n_groups - 2]
    assert (table["psi_by_chance"] * size).tolist() == pytest.approx(
        [critical] * n_periods, abs=0.0005
    )


N_SETS = 1000


def beyond_chance(n_periods, n_rows, shares, seed=14):
    """Largest index less that by chance, of columns without drift: of each, over its periods."""
    period = np.repeat(np.arange(n_periods), n_rows)
    codes = np.random.default_rng(seed).choice(len(shares), (period.size, N_SETS), p=shares)
    table = compute_stability([feature(str(k)) for k in range(N_SETS)], codes, period)
    beyond = (table["psi"] - table["psi_by_chance"]).to_numpy()
    return beyond.reshape(N_SETS, n_periods).max(axis=1)


EVEN, UNEVEN = [0.25] * 4, [0.1, 0.2, 0.3, 0.4]
MOST = binom.ppf(0.999, N_SETS, 0.05)


@pytest.mark.parametrize("shares", [EVEN, UNEVEN, [0.5, 0.5]], ids=["even", "uneven", "two bins"])
@pytest.mark.parametrize(("n_periods", "n_rows"), [(2, 2500), (5, 1000), (10, 1000)])
def test_one_in_twenty_columns_without_drift_has_a_period_beyond_chance(n_periods, n_rows, shares):
    # Two periods have one index, as each is compared with the other: one in forty then; more
    # periods have nearly as many.  Bounds that chance passes once in a thousand times.
    found = np.sum(beyond_chance(n_periods, n_rows, shares) > 0)
    assert binom.ppf(0.001, N_SETS, 0.025) <= found <= MOST


SMALL = [EVEN, UNEVEN]


@pytest.mark.parametrize("shares", SMALL, ids=["even", "uneven"])
def test_fifty_small_periods_without_drift_are_beyond_chance_as_often_as_stated(shares):
    # So far out the index of few rows has a longer tail than the chi-square: one in five to ten.
    assert MOST < np.sum(beyond_chance(50, 30, shares) > 0) <= binom.ppf(0.999, N_SETS, 0.25)


@pytest.mark.parametrize("shares", SMALL, ids=["even", "uneven"])
def test_small_periods_without_drift_leave_fewer_than_one_in_twenty_columns_out(shares):
    assert np.sum(beyond_chance(50, 30, shares) > RULES.max_psi) < 0.05 * N_SETS


def test_a_group_that_no_row_has_does_not_count():
    # Missing and unseen hold nothing in either quarter; the index is that of the two bins alone.
    table = compute_stability([feature()], CODES[:, :1], QUARTER)
    assert table["psi"][0] == pytest.approx(population_stability([3, 3], [3, 1]), rel=1e-12)


def test_a_group_that_comes_up_in_one_period_alone_makes_the_index_of_half_a_row():
    codes = np.array([0, 1, 0, 1, 2, 2])[:, np.newaxis]
    psi = compute_stability([feature()], codes, [1, 1, 1, 1, 2, 2])["psi"]
    # 2, 2 and 1/2 against 1/2, 1/2 and 2: shares 4/9, 4/9, 1/9 against 1/6, 1/6, 2/3, and so twice
    # 5/18 ln(8/3), and 5/9 ln 6: together 5/9 ln 16.
    assert psi.tolist() == pytest.approx([5 / 9 * math.log(16)] * 2, rel=1e-12)


def test_a_group_of_many_rows_that_comes_up_in_one_period_alone_is_beyond_chance():
    codes = np.repeat([0, 1, 0, 1, 2, 2], 50)[:, np.newaxis]
    table = compute_stability([feature()], codes, np.repeat([1, 1, 1, 1, 2, 2], 50))
    assert np.isfinite(table["psi"]).all()
    assert (table["psi"] > 5).all()
    assert (table["psi_by_chance"] < 0.2).all()


def test_a_period_whose_rows_have_no_weight_is_refused():
    weights = np.where(QUARTER == "Q1", 0.0, 1.0)
    with pytest.raises(DomainError, match="leave out empty periods"):
        compute_stability([feature()], CODES[:, :1], QUARTER, weights)


# Periods.

PERIODS = {
    "texts": (["2026Q1", "2025Q4", "2026Q1"], [1, 0, 1], ["2025Q4", "2026Q1"]),
    "numbers by size": ([10, 9, 10], [1, 0, 1], [9, 10]),
    "one": (["2026"] * 3, [0, 0, 0], ["2026"]),
    "a column of a frame": (pd.Series([3, 1, 2], index=[7, 7, 7]), [2, 0, 1], [1, 2, 3]),
    "a category": (pd.Categorical(["b", "a", "b"], ["b", "a"]), [1, 0, 1], ["a", "b"]),
    "nullable": (pd.array([2, 1, 2], dtype="Int64"), [1, 0, 1], [1, 2]),
    "polars": (pl.Series(["b", "a", "b"]), [1, 0, 1], ["a", "b"]),
    "quarters": (
        pd.PeriodIndex(["2026Q1", "2025Q4", "2026Q1"], freq="Q"),
        [1, 0, 1],
        [pd.Period("2025Q4"), pd.Period("2026Q1")],
    ),
    "days": (
        pd.to_datetime(["2026-02-01", "2025-12-31", "2026-02-01"]),
        [1, 0, 1],
        [pd.Timestamp("2025-12-31"), pd.Timestamp("2026-02-01")],
    ),
}


@pytest.mark.parametrize(("period", "place", "names"), PERIODS.values(), ids=PERIODS)
def test_each_row_has_the_place_of_its_period_in_their_order(period, place, names):
    found, known = read_periods(period, 3)
    assert (found.tolist(), known) == (place, names)
    assert found.dtype == np.int64


READERS = {
    "read": read_periods,
    "compared": lambda period, n: compute_stability([feature()], CODES[:n, :1], period),
}


@pytest.mark.parametrize("ask", READERS.values(), ids=READERS)
@pytest.mark.parametrize(
    ("period", "shape"),
    [
        (["Q1", "Q1", "Q2"], r"\(3,\)"),
        (["Q1"] * 11, r"\(11,\)"),
        ([], r"\(0,\)"),
    ],
)
def test_periods_of_another_number_of_rows_are_refused(ask, period, shape):
    with pytest.raises(DomainError, match=rf"period has shape {shape}, but \(10,\) is ") as caught:
        ask(period, 10)
    assert caught.value.code == "shape_differs"


@pytest.mark.parametrize("ask", READERS.values(), ids=READERS)
@pytest.mark.parametrize(
    "period",
    [
        ["Q1", None, "Q2", None],
        [1.0, np.nan, 2.0, np.nan],
        pd.array([1, None, 2, None], dtype="Int64"),
        pd.to_datetime(["2026-01-01", None, "2026-04-01", None]),
        [None, pd.NA, "Q1", "Q1"],
    ],
    ids=["texts", "numbers", "nullable", "days", "both kinds of blanks"],
)
def test_rows_without_a_period_are_counted_and_refused(ask, period):
    with pytest.raises(DomainError, match="2 rows have no period; give each row one") as caught:
        ask(period, 4)
    assert caught.value.code == "period_missing"
    assert "2 行没有时期" in caught.value.zh


# Selection.

RULES = SelectionRules(
    min_iv=0.0,
    max_p_value=0.2,
    max_correlation=0.9,
    max_vif=10.0,
    max_psi=0.25,
    events_per_characteristic=5,
)
APART = np.random.default_rng(11).normal(size=(400, 6))
APART = np.linalg.qr(APART - APART.mean(axis=0))[0]  # columns of mean 0 that are uncorrelated


def select(features, woe, weights=None, *, psi=None, **rules):
    given_rules = SelectionRules(**{**{n: getattr(RULES, n) for n in RULES.__slots__}, **rules})
    return select_characteristics(features, woe, weights, given_rules, psi=psi)


def reasons(*given, **options):
    return select(*given, **options)["reason"].tolist()


def test_the_table_tells_the_values_and_the_chances_that_were_judged():
    features = [feature("a", 0.2, p_value=0.03), feature("b", 0.4, p_value=0.7)]
    table = select(features, APART[:, :2])
    assert table[["iv", "p_value", "reason"]].to_numpy().tolist() == [
        [0.2, 0.03, "kept"],
        [0.4, 0.7, "weak"],
    ]


def test_uncorrelated_features_of_value_are_all_kept():
    table = select([feature("a", 0.2), feature("b", 0.4)], APART[:, :2])
    assert table["kept"].tolist() == [True, True]
    np.testing.assert_allclose(table["vif"], 1.0, rtol=1e-12)


def test_the_table_has_one_row_for_each_feature_in_the_order_of_the_columns():
    table = select([feature(name) for name in "cab"], APART[:, :3])
    assert table["feature"].tolist() == ["c", "a", "b"]
    assert list(table.columns) == [
        "feature", "kept", "reason", "iv", "p_value", "psi", "correlation", "correlated_with",
        "vif",
    ]  # fmt: skip


ALONE = [
    (feature(p_value=0.21), {}, "weak"),
    (feature(p_value=0.2), {}, "kept"),  # may be reached
    (feature(p_value=0.21), {"max_p_value": 0.3}, "kept"),
    (feature(p_value=1.0), {"max_p_value": 1.0}, "kept"),
    (feature(p_value=0.01), {"max_p_value": 0.0}, "weak"),
    (feature(iv=0.0), {}, "weak"),  # must be exceeded
    (feature(iv=0.25), {"min_iv": 0.25}, "weak"),
    (feature(iv=0.25), {"min_iv": 0.249}, "kept"),
    (feature(iv=9.0, p_value=0.21), {"min_iv": 0.25}, "weak"),  # a large value may be chance too
    (feature(), {"psi": [0.26]}, "unstable"),
    (feature(), {"psi": [0.25]}, "kept"),  # may be reached
    (feature(), {"psi": [0.5], "max_psi": 0.6}, "kept"),
    (feature(status="separated"), {}, "separated"),
    (feature(events=(2.0, 2.0)), {}, "few_events"),
    (feature(events=(2.0, 3.0)), {}, "kept"),
    (feature(events=(50.0, 50.0), other=2.0), {}, "few_events"),  # few without default count too
    (feature(events=(2.0, 2.0)), {"events_per_characteristic": 0}, "kept"),
    (feature(events=(2.0, 2.0)), {"events_per_characteristic": 4}, "kept"),
]  # fmt: skip


@pytest.mark.parametrize(("alone", "options", "reason"), ALONE)
def test_the_reason_tells_which_rule_is_broken(alone, options, reason):
    assert reasons([alone], APART[:, :1], **options) == [reason]


@pytest.mark.parametrize(
    ("alone", "options", "reason"),
    [
        (feature(p_value=0.5, status="separated"), {"psi": [9.0]}, "separated"),
        (feature(p_value=0.5), {"psi": [9.0]}, "weak"),
        (feature(iv=0.0), {"psi": [9.0]}, "weak"),
        (feature(events=(1.0, 1.0)), {"psi": [9.0]}, "unstable"),
    ],
)
def test_of_several_broken_rules_the_first_is_named(alone, options, reason):
    assert reasons([alone], APART[:, :1], **options) == [reason]


@pytest.mark.parametrize(
    ("alone", "reason"),
    [
        (feature(), "one_bin"),
        (feature(p_value=0.5), "one_bin"),
        (feature(status="separated"), "separated"),
    ],
)
@pytest.mark.parametrize("value", [0.0, 0.3, -1.2])
def test_a_constant_weight_of_evidence_is_one_bin(alone, reason, value):
    woe = np.column_stack([APART[:, 0], np.full(400, value)])
    assert reasons([feature("other"), alone], woe) == ["kept", reason]


LIKE = np.column_stack([APART[:, 0], 0.95 * APART[:, 0] + math.sqrt(1 - 0.95**2) * APART[:, 1]])


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0.4, 0.2), ["kept", "correlated"]),
        ((0.2, 0.4), ["correlated", "kept"]),
        ((0.3, 0.3), ["kept", "correlated"]),  # equal values: the first column
    ],
)
def test_of_two_that_go_together_the_one_of_larger_value_is_kept(values, expected, sign):
    features = [feature(name, iv) for name, iv in zip("ab", values, strict=True)]
    assert reasons(features, LIKE * [1, sign]) == expected


def test_the_correlation_and_its_partner_are_told():
    table = select([feature("a", 0.4), feature("b", 0.2)], LIKE * [1, -1])
    assert table["correlation"][1] == pytest.approx(-0.95, rel=1e-12)
    assert table["correlated_with"].tolist() == ["", "a"]
    assert np.isnan(table["correlation"][0])


def test_the_partner_is_the_nearest_of_those_kept():
    third = 0.6 * APART[:, 0] + 0.8 * APART[:, 1]
    woe = np.column_stack([APART[:, :2], third])
    features = [feature("a", 0.5), feature("b", 0.4), feature("c", 0.3)]
    table = select(features, woe, max_vif=np.inf)
    assert (table["correlated_with"][2], table["reason"][2]) == ("b", "kept")
    assert table["correlation"][2] == pytest.approx(0.8, rel=1e-12)


def test_a_feature_that_is_left_out_leaves_no_other_out():
    # b goes with a, and c with b, but not with a; without b, which a leaves out, c stays.
    angles = np.radians([0, 20, 40])  # cos 20 = 0.94, cos 40 = 0.77
    woe = np.outer(APART[:, 0], np.cos(angles)) + np.outer(APART[:, 1], np.sin(angles))
    features = [feature("a", 0.5), feature("b", 0.4), feature("c", 0.3)]
    assert reasons(features, woe, max_vif=np.inf) == ["kept", "correlated", "kept"]


def test_the_limit_of_correlation_may_be_reached():
    # Of 16 rows 12 agree and 4 do not: (12 - 4) / 16 = 1/2, with sizes of 4 that are exact.
    signs = [(1, 1)] * 6 + [(-1, -1)] * 6 + [(1, -1)] * 2 + [(-1, 1)] * 2
    woe = np.array(signs, dtype=float)
    features = [feature("a", 0.4), feature("b", 0.2)]
    assert reasons(features, woe, max_correlation=0.5) == ["kept", "kept"]
    assert reasons(features, woe, max_correlation=0.499) == ["kept", "correlated"]


def test_few_events_keep_those_of_the_largest_value():
    features = [feature(n, v, events=(6.0, 6.0)) for n, v in zip("abcd", [1, 3, 4, 2], strict=True)]
    # Twelve defaults are enough for two at five each.
    assert reasons(features, APART[:, :4]) == ["few_events", "kept", "kept", "few_events"]


def test_a_constant_weight_of_evidence_goes_with_nothing():
    woe = np.column_stack([APART[:, 0], np.full(400, 0.3)])
    table = select([feature("a", 0.4), feature("b", 0.2)], woe)
    assert table["correlation"][1] == pytest.approx(0.0, abs=1e-12)


THIRD = (APART[:, 0] + APART[:, 1] + 0.3 * APART[:, 2]) / math.sqrt(2.09)


def test_the_most_inflated_leaves_first_and_the_others_are_judged_again():
    # The third is the sum of two and a little noise: its R^2 is 2/2.09, its inflation 23.2; theirs
    # is 12.1 with it and 1 without.  Although of the largest value, it goes, and they stay.
    woe = np.column_stack([APART[:, 0], APART[:, 1], THIRD])
    table = select([feature("a", 0.2), feature("b", 0.3), feature("c", 0.9)], woe)
    assert table["reason"].tolist() == ["kept", "kept", "inflated"]
    np.testing.assert_allclose(table["vif"], [1.0, 1.0, np.nan], rtol=1e-12)


def test_the_inflation_is_the_one_that_decides():
    woe = np.column_stack([APART[:, 0], APART[:, 1], THIRD])
    features = [feature("a", 0.2), feature("b", 0.3), feature("c", 0.9)]
    kept = select(features, woe, max_vif=23.3)  # 1 / (1 - 2/2.09) = 23.22
    np.testing.assert_allclose(kept["vif"], [12.1111111, 12.1111111, 23.2222222], rtol=1e-8)
    assert select(features, woe, max_vif=23.2)["reason"][2] == "inflated"


@pytest.mark.parametrize(("values", "out"), [((3, 2, 1), 2), ((1, 2, 3), 0), ((2, 1, 3), 1)])
def test_of_equally_inflated_ones_the_weakest_leaves(values, out):
    columns = [APART[:, 0], APART[:, 1], (APART[:, 0] + APART[:, 1]) / math.sqrt(2)]
    features = [feature(name, iv) for name, iv in zip("abc", values, strict=True)]
    expected = ["kept"] * 3
    expected[out] = "inflated"  # each follows from the other two
    assert reasons(features, np.column_stack(columns)) == expected


def test_two_alone_are_judged_by_their_inflation_too():
    woe = np.column_stack([APART[:, 0], 0.8 * APART[:, 0] + 0.6 * APART[:, 1]])
    features = [feature("a", 0.2), feature("b", 0.4)]
    assert reasons(features, woe, max_vif=2.7) == ["inflated", "kept"]  # 1 / 0.36 = 2.78
    assert reasons(features, woe, max_vif=2.8) == ["kept", "kept"]


def test_one_alone_is_never_inflated():
    assert reasons([feature()], APART[:, :1], max_vif=0.5) == ["kept"]


def test_selection_weights_are_rows_given_again():
    times = np.random.default_rng(0).integers(1, 4, 400)
    features = [feature("a", 0.2), feature("b", 0.3), feature("c", 0.9)]
    woe = np.column_stack([APART[:, 0], APART[:, 1], THIRD])
    weighed = select(features, woe, times.astype(float))
    pd.testing.assert_frame_equal(weighed, select(features, np.repeat(woe, times, axis=0)))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.2, 0.95), st.floats(1.2, 10))
def test_what_is_kept_keeps_both_limits(seed, max_correlation, max_vif):
    rng = np.random.default_rng(seed)
    woe = rng.normal(size=(60, 5)) @ rng.normal(size=(5, 6))
    features = [feature(name, iv) for name, iv in zip("abcdef", rng.random(6), strict=True)]
    table = select(features, woe, max_correlation=max_correlation, max_vif=max_vif)
    kept = np.corrcoef(woe[:, table["kept"].to_numpy()], rowvar=False)
    off = np.abs(np.atleast_2d(kept)) - np.eye(int(table["kept"].sum()))
    assert off.max() <= max_correlation + 1e-12
    assert (table["vif"].dropna() <= max_vif).all()
    assert table["kept"].any()
