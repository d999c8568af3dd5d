"""The binner as an analyst uses it: frames, weights, rules, policies; the kernels have their own.

Defects by number are those that peers showed, reproduced in peers.md section 5.
"""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2
from sklearn.linear_model import LogisticRegression

from sanzhixin.errors import DomainError, EvidenceError, RecordError
from sanzhixin.modelling import BinEdit, MonotoneBinner, OutcomeWarning
from sanzhixin.modelling.inputs.columns import read_columns
from sanzhixin.modelling.inputs.labels import read_outcome
from sanzhixin.numerics.chance import ChanceLaw
from sanzhixin.numerics.chance_draws import DrawnLaw
from sanzhixin.numerics.prebins import prebin_ranks

N_ROWS = 900


def village(seed=7):
    """Four columns of four kinds, two of them with blanks; risk falls with income and rating."""
    rng = np.random.default_rng(seed)
    income = np.round(rng.normal(40, 15, N_ROWS), 1)
    rating = rng.integers(1, 6, N_ROWS)
    owner = rng.random(N_ROWS) < 0.6
    kind = rng.choice(["农户", "居民", "个体", "合作社"], N_ROWS, p=[0.4, 0.3, 0.2, 0.1])
    logit = -1 - (income - 40) / 15 - 0.4 * (rating - 3) + 0.9 * (kind == "个体")
    defaulted = rng.random(N_ROWS) < 1 / (1 + np.exp(-logit))
    income[rng.random(N_ROWS) < 0.1] = np.nan
    income[rng.random(N_ROWS) < 0.05] = -9
    frame = pd.DataFrame({"income": income, "rating": rating, "owner": owner})
    frame["kind"] = pd.Series(kind, dtype=object).where(rng.random(N_ROWS) < 0.95, None)
    return frame, defaulted


FRAME, DEFAULTED = village()
CODES = {"income": {"refused": [-9]}}
BINNER = MonotoneBinner(special_codes=CODES).fit(FRAME, DEFAULTED)
WOE = BINNER.transform(FRAME)


def rows_of(*cells):
    """Column and outcome that hold each (value, events, non-events)."""
    values = [value for value, bad, good in cells for _ in range(bad + good)]
    outcome = [k < bad for _, bad, good in cells for k in range(bad + good)]
    return pd.DataFrame({"x": values}), np.array(outcome)


def bins_of(cells, **options):
    """Table of the column, the bins alone."""
    table = MonotoneBinner(**options).fit(*rows_of(*cells)).tables_["x"]
    return table[table["kind"] == "bin"]


def same_tables(one, two):
    assert list(one.tables_) == list(two.tables_)
    for name, table in one.tables_.items():
        pd.testing.assert_frame_equal(two.tables_[name], table, check_exact=True)
    pd.testing.assert_frame_equal(two.summary_, one.summary_, check_exact=True)


# Frames.

FRAMES = {
    "nullable": lambda f: f.convert_dtypes(),
    "arrow within pandas": lambda f: f.convert_dtypes(dtype_backend="pyarrow"),
    "category": lambda f: f.assign(
        kind=pd.Categorical(f["kind"], categories=["合作社", "军属", "农户", "居民", "个体"])
    ),
    "objects": lambda f: f.astype(object),
    "polars": pl.from_pandas,
    "polars category": lambda f: pl.from_pandas(f).cast({"kind": pl.Categorical()}),
    "arrow": lambda f: pl.from_pandas(f).to_arrow(),
    "other index": lambda f: f.set_axis(range(N_ROWS, 0, -1)),
}  # fmt: skip


@pytest.mark.parametrize("kind", FRAMES)
def test_every_kind_of_frame_gives_the_same_tables_and_weights(kind):
    given = FRAMES[kind](FRAME)
    binner = MonotoneBinner(special_codes=CODES).fit(given, DEFAULTED)
    same_tables(binner, BINNER)
    np.testing.assert_array_equal(binner.transform(FRAME), WOE)
    np.testing.assert_array_equal(BINNER.transform(given), WOE)


def test_an_array_of_objects_gives_the_same_tables_under_names_of_places():
    array = FRAME.to_numpy(dtype=object)
    binner = MonotoneBinner(special_codes={"x0": CODES["income"]}).fit(array, DEFAULTED)
    np.testing.assert_array_equal(binner.transform(array), WOE)
    for place, table in enumerate(BINNER.tables_.values()):
        pd.testing.assert_frame_equal(binner.tables_[f"x{place}"], table, check_exact=True)


OUTCOMES = {
    "0 and 1": DEFAULTED.astype(int),
    "pandas": pd.Series(DEFAULTED, index=range(N_ROWS, 0, -1)),
    "nullable": pd.Series(DEFAULTED, dtype="boolean"),
    "polars": pl.Series(DEFAULTED),
    "list": DEFAULTED.tolist(),
}


@pytest.mark.parametrize("kind", OUTCOMES)
def test_every_kind_of_outcome_gives_the_same_tables(kind):
    same_tables(MonotoneBinner(special_codes=CODES).fit(FRAME, OUTCOMES[kind]), BINNER)


def test_of_texts_the_larger_one_is_the_event_and_a_warning_says_so():
    outcome = np.where(DEFAULTED, "拖欠", "履约")
    with pytest.warns(OutcomeWarning, match="'拖欠', the later in the alphabet"):
        same_tables(MonotoneBinner(special_codes=CODES).fit(FRAME, outcome), BINNER)


@pytest.mark.parametrize(
    "amounts", [["12,000", "8,500"], ["3万", "5万元"], ["5%", "12％"], ["¥30", "４０"]]
)
def test_amounts_with_separators_and_units_are_numbers_as_text(amounts):
    column = np.array(amounts)[np.arange(N_ROWS) % 2]
    with pytest.raises(RecordError, match="holds numbers as text"):
        MonotoneBinner().fit(pd.DataFrame({"amount": column}), DEFAULTED)


# Weights and order.


def test_weights_of_whole_numbers_are_rows_given_so_often():
    weights = 1 + np.arange(N_ROWS) % 3
    often = FRAME.loc[FRAME.index.repeat(weights)]
    by_rows = MonotoneBinner(special_codes=CODES).fit(often, np.repeat(DEFAULTED, weights))
    by_weight = MonotoneBinner(special_codes=CODES).fit(FRAME, DEFAULTED, weights)
    same_tables(by_weight, by_rows)
    np.testing.assert_array_equal(by_weight.transform(FRAME), by_rows.transform(FRAME))


def test_rows_of_weight_0_are_left_out():
    weights = (np.arange(N_ROWS) % 4 > 0).astype(float)
    kept = weights > 0
    without = MonotoneBinner(special_codes=CODES).fit(FRAME[kept], DEFAULTED[kept])
    same_tables(MonotoneBinner(special_codes=CODES).fit(FRAME, DEFAULTED, weights), without)


def test_the_order_of_the_rows_does_not_matter():
    order = np.random.default_rng(1).permutation(N_ROWS)
    turned = MonotoneBinner(special_codes=CODES).fit(FRAME.iloc[order], DEFAULTED[order])
    same_tables(turned, BINNER)


def test_the_order_of_rows_with_fractional_weights_does_not_matter_to_the_last_digit():
    weights = np.random.default_rng(2).choice([0.1, 0.3, 0.7, 1.9], N_ROWS)
    order = np.random.default_rng(3).permutation(N_ROWS)
    one = MonotoneBinner(special_codes=CODES).fit(FRAME, DEFAULTED, weights)
    two = MonotoneBinner(special_codes=CODES).fit(
        FRAME.iloc[order], DEFAULTED[order], weights[order]
    )
    same_tables(one, two)
    np.testing.assert_array_equal(one.transform(FRAME), two.transform(FRAME))


def test_the_order_of_rows_does_not_matter_where_a_bin_holds_just_the_share_it_needs():
    # Each value holds half of the weight.  Sums of 2, 1.6 and 0.7, added in the order of the rows,
    # differ in their last digit, and with them the weight that a bin needs.
    values, weights = np.repeat([0.0, 1.0], 3), np.array([2.0, 1.6, 0.7, 1.6, 0.7, 2.0])
    outcome = np.array([True, False, False, True, False, False])
    orders = [np.random.default_rng(seed).permutation(6) for seed in range(40)]
    assert len({float(np.cumsum(weights[order])[-1]) for order in orders}) > 1
    binner = MonotoneBinner(min_bin_share=0.5, min_expected=0, min_events=0)
    counts = {
        binner.fit(values[order, np.newaxis], outcome[order], weights[order]).features_[0].n_bins
        for order in orders
    }
    assert len(counts) == 1


LEVELS = ["a", "b", "c", "d", "e", "f"]


def coded(seed, n_rows=2000):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, len(LEVELS), n_rows)
    return codes, rng.random(n_rows) < np.linspace(0.05, 0.4, len(LEVELS))[codes]


@pytest.mark.parametrize("seed", range(5))
def test_names_of_levels_change_names_alone(seed):
    codes, outcome = coded(seed)
    other = np.random.default_rng(seed).permutation([f"村{k}" for k in range(len(LEVELS))])
    frames = [pd.DataFrame({"x": np.array(names)[codes]}) for names in (LEVELS, other)]
    one, two = (MonotoneBinner(max_bins=3).fit(frame, outcome) for frame in frames)
    new = dict(zip(LEVELS, other.tolist(), strict=True))
    named = tuple(tuple(sorted(new[level] for level in part)) for part in one.features_[0].levels)
    assert two.features_[0].levels == named
    np.testing.assert_array_equal(two.transform(frames[1]), one.transform(frames[0]))
    pd.testing.assert_frame_equal(
        two.tables_["x"].drop(columns="label"),
        one.tables_["x"].drop(columns="label"),
        check_exact=True,
    )


def test_a_constant_column_changes_nothing_in_the_others():
    wider = FRAME.assign(county="桐乡", year=2026)
    binner = MonotoneBinner(special_codes=CODES).fit(wider, DEFAULTED)
    np.testing.assert_array_equal(binner.transform(wider), np.column_stack([WOE, 0 * WOE[:, :2]]))
    for name, table in BINNER.tables_.items():
        pd.testing.assert_frame_equal(binner.tables_[name], table, check_exact=True)


def drawn(n_rows, seed=11):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=n_rows)
    return values, rng.random(n_rows) < 1 / (1 + np.exp(1 + values))


SCALES = {
    "times and plus": (lambda x: 12.5 * x - 7, False),
    "exponential": (np.exp, False),
    "rank": (lambda x: np.argsort(np.argsort(x)), False),
    "mirrored": (lambda x: -3 * x + 2, True),
}


@pytest.mark.parametrize("trend", ["auto", "peak", "none"])
@pytest.mark.parametrize("scale", SCALES)
def test_another_scale_of_a_column_leaves_the_rows_in_their_bins(scale, trend):
    values, outcome = drawn(1024)  # 16 rows to each of the 64 pre-bins from either end
    change, turned = SCALES[scale]
    binner = MonotoneBinner(trend=trend).fit(values[:, np.newaxis], outcome)
    other = change(values)[:, np.newaxis]
    found = MonotoneBinner(trend=trend).fit(other, outcome).bins(other)
    last = binner.summary_["n_bins"].item() - 1
    expected = binner.bins(values[:, np.newaxis])
    np.testing.assert_array_equal(found, last - expected if turned else expected)


def test_a_mirrored_column_leaves_the_rows_in_their_bins_for_any_number_of_rows():
    # A mid-rank that falls on the border of two pre-bins goes to the upper one from either side.
    values, outcome = drawn(1000)
    one, two = (MonotoneBinner().fit(side[:, np.newaxis], outcome) for side in (values, -values))
    last = one.summary_["n_bins"].item() - 1
    np.testing.assert_array_equal(
        two.bins(-values[:, np.newaxis]), last - one.bins(values[:, np.newaxis])
    )


def test_one_row_at_a_time_is_the_batch():
    some = FRAME.iloc[:60]
    single = [BINNER.transform(some.iloc[[k]])[0] for k in range(len(some))]
    np.testing.assert_array_equal(np.array(single), WOE[:60])


# Tables.


def test_weights_of_evidence_and_information_value_are_those_of_the_hand():
    table = bins_of([(1, 8, 192), (2, 12, 88), (3, 20, 80)])
    # E = 40 and G = 360, so ln(G / E) = ln 9; the weight is ln(g / e) - ln 9:
    #   bin 1: ln(192 / 8) - ln 9 = ln(24 / 9)        =  0.980829
    #   bin 2: ln(88 / 12) - ln 9 = ln(88 / 108)      = -0.204794
    #   bin 3: ln(80 / 20) - ln 9 = ln(4 / 9)         = -0.810930
    np.testing.assert_allclose(table["woe"], [0.980829, -0.204794, -0.810930], atol=5e-7)
    # iv, bin 1: (192/360 - 8/40) 0.980829 = 0.333333 * 0.980829 = 0.326943
    #     bin 2: (88/360 - 12/40) -0.204794 = -0.055556 * -0.204794 = 0.011377
    #     bin 3: (80/360 - 20/40) -0.810930 = -0.277778 * -0.810930 = 0.225258
    np.testing.assert_allclose(table["iv"], [0.326943, 0.011377, 0.225258], atol=5e-7)
    # standard error, bin 1: sqrt(1/192 - 1/360 + 1/8 - 1/40) = sqrt(0.102431) = 0.320048
    assert table["woe_se"].iloc[0] == pytest.approx(0.320048, abs=5e-7)
    assert table["label"].tolist() == ["[-inf, 2)", "[2, 2.5)", "[2.5, inf)"]
    assert table["n_rows"].tolist() == [200, 100, 100]
    assert table["share"].tolist() == [0.5, 0.25, 0.25]
    assert table["event_rate"].tolist() == [0.04, 0.12, 0.2]


def test_weights_of_evidence_are_log_odds_of_a_saturated_logistic_regression():
    # The second witness: with a dummy a bin the log odds of default are ln(E / G) - weight.
    frame, outcome = rows_of((1, 8, 192), (2, 12, 88), (3, 20, 80))
    woe = MonotoneBinner().fit(frame, outcome).transform(frame)
    dummies = pd.get_dummies(frame["x"]).to_numpy(dtype=float)
    fit = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10, solver="newton-cholesky")
    odds = fit.fit(dummies, outcome).decision_function(dummies)
    np.testing.assert_allclose(odds, np.log(40 / 360) - woe[:, 0], atol=1e-6)


def test_missing_and_special_rows_count_in_the_whole():
    frame, outcome = rows_of((1, 10, 70), (2, 20, 40), (None, 5, 30), (-9, 15, 20))
    binner = MonotoneBinner(special_codes={"x": {"refused": [-9]}}).fit(frame, outcome)
    table = binner.tables_["x"]
    assert table["label"].tolist() == ["[-inf, 2)", "[2, inf)", "refused", "missing", "unseen"]
    assert table["kind"].tolist() == ["bin", "bin", "special", "missing", "unseen"]
    # E = 50, G = 160, ln(G / E) = ln 3.2; 7 / 3.2, 2 / 3.2, (4/3) / 3.2, 6 / 3.2
    np.testing.assert_allclose(
        table["woe"][:4], np.log([2.1875, 0.625, 0.4166666667, 1.875]), atol=1e-9
    )
    assert table["n_rows"].tolist() == [80, 60, 35, 35, 0]
    assert binner.iv_["x"] == pytest.approx(table["iv"].sum(), abs=1e-12)


def test_a_special_group_of_few_events_gets_one_more_event_of_the_average_mix():
    frame, outcome = rows_of((1, 10, 70), (2, 28, 72), (-9, 2, 18), (None, 0, 7))
    binner = MonotoneBinner(special_codes={"x": {"refused": [-9]}}).fit(frame, outcome)
    woe = binner.tables_["x"].set_index("label")["woe"]
    # E = 40, G = 167, odds 4.175; one event comes with 4.175 non-events, the odds of the whole
    # stay, and the weights of the bins with them:
    #   refused: ln((18 + 4.175) / (2 + 1)) - ln 4.175 = ln 1.770459
    #   missing: ln((7 + 4.175) / (0 + 1)) - ln 4.175  = ln 2.676647
    #   bins:    ln(7 / 4.175), ln(72 / 28 / 4.175)
    expected = [1.770459, 2.676647, 7 / 4.175, 72 / 28 / 4.175]
    found = woe[["refused", "missing", "[-inf, 2)", "[2, inf)"]]
    np.testing.assert_allclose(found, np.log(expected), atol=1e-6)


def test_the_counts_of_every_table_add_up_to_the_rows():
    for table in BINNER.tables_.values():
        assert table["n_rows"].sum() == N_ROWS
        assert table["n_events"].sum() == DEFAULTED.sum()
        assert table["n_nonevents"].sum() == N_ROWS - DEFAULTED.sum()
        assert table["share"].sum() == pytest.approx(1, abs=1e-12)


def test_the_table_counts_the_rows_that_bins_puts_there():
    codes = BINNER.bins(FRAME)
    for place, table in enumerate(BINNER.tables_.values()):
        found = np.bincount(codes[:, place], minlength=len(table))
        np.testing.assert_array_equal(found, table["n_rows"])
        np.testing.assert_array_equal(table["woe"].to_numpy()[codes[:, place]], WOE[:, place])


def test_fitting_columns_that_were_read_gives_the_groups_of_the_rows_that_count():
    weights = (np.arange(N_ROWS) % 4 > 0).astype(float)
    binner = MonotoneBinner(special_codes=CODES)
    columns = read_columns(binner, FRAME, reset=True)
    codes = binner.fit_columns(columns, read_outcome(N_ROWS, DEFAULTED, weights))
    np.testing.assert_array_equal(codes, binner.bins(FRAME)[weights > 0])
    np.testing.assert_array_equal(binner.weigh(codes), binner.transform(FRAME)[weights > 0])


def test_tables_have_the_columns_of_the_design():
    assert list(BINNER.tables_["income"].columns) == [
        "bin", "label", "kind", "n_rows", "n_events", "n_nonevents", "share", "event_rate", "woe",
        "woe_se", "iv",
    ]  # fmt: skip
    assert list(BINNER.summary_.columns) == [
        "feature", "kind", "trend", "status", "n_bins", "iv", "iv_by_chance", "p_value",
        "iv_lower", "iv_upper",
    ]  # fmt: skip
    assert BINNER.summary_["kind"].tolist() == ["number", "number", "number", "category"]
    assert list(BINNER.iv_.index) == list(FRAME.columns)


# Rules.

CELLS = [(0, 20, 80), (1, 9, 91), (2, 30, 70), (3, 12, 88), (4, 26, 74), (5, 33, 67), (6, 7, 93)]
# Here the missing rows decide which partition is the best.
OTHERS = [(0, 34, 66), (1, 23, 77), (2, 3, 97), (3, 31, 69), (4, 29, 71)]


def keeps(rates, trend):
    steps = np.diff(rates)
    if trend in ("ascending", "valley"):
        steps = -steps
    if trend in ("ascending", "descending"):
        return (steps <= 0).all()
    if trend == "none":
        return True
    turn = np.flatnonzero(steps > 0)  # a peak: once falling, no rise comes after
    falls = np.flatnonzero(steps < 0)
    return not (turn.size and falls.size) or turn.max() < falls.min()


def best_of_all(cells, trend, max_bins, outside=(0, 0)):
    """Largest information value over every partition that keeps the trend, one by one."""
    e, g = (np.array([cell[k] for cell in cells], dtype=float) for k in (1, 2))
    all_e, all_g = e.sum() + outside[0], g.sum() + outside[1]
    best = 0.0
    for n_bins in range(1, max_bins + 1):
        for cuts in combinations(range(1, len(cells)), n_bins - 1):
            starts = [0, *cuts]
            bad, good = np.add.reduceat(e, starts), np.add.reduceat(g, starts)
            if keeps(bad / (bad + good), trend):
                p, q = good / all_g, bad / all_e
                best = max(best, float(((p - q) * np.log(p / q)).sum()))
    return best


@pytest.mark.parametrize("max_bins", [2, 3, 7])
@pytest.mark.parametrize("trend", ["ascending", "descending", "peak", "valley", "none"])
@pytest.mark.parametrize(
    ("cells", "outside"),  # events and non-events of the missing
    [(CELLS, (0, 0)), (CELLS, (500, 50)), (OTHERS, (20, 900))],
)
def test_no_partition_that_keeps_the_trend_has_a_larger_information_value(
    cells, outside, trend, max_bins
):
    rules = {"trend": trend, "max_bins": max_bins, "min_bin_share": 0}
    table = bins_of([*cells, (None, *outside)], **rules)
    assert keeps(table["event_rate"].to_numpy(), trend)
    assert len(table) <= max_bins
    best = best_of_all(cells, trend, max_bins, outside)
    assert table["iv"].sum() == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("turned", [False, True])
def test_auto_is_the_better_of_ascending_and_descending(turned):
    cells = [(-value, bad, good) for value, bad, good in CELLS] if turned else CELLS
    binner = MonotoneBinner().fit(*rows_of(*cells))
    values = {way: best_of_all(sorted(cells), way, 7) for way in ("ascending", "descending")}
    assert binner.summary_["trend"].item() == max(values, key=values.get)
    assert binner.iv_["x"] == pytest.approx(max(values.values()), abs=1e-12)


def test_a_trend_is_declared_by_column_and_the_rest_stay_auto():
    frame = FRAME[["rating", "owner"]]
    binner = MonotoneBinner(trend={"rating": "ascending"}).fit(frame, DEFAULTED)
    alone = MonotoneBinner().fit(frame[["owner"]], DEFAULTED)
    # Risk falls with the rating, so that no two bins ascend.
    assert binner.summary_["trend"].tolist() == ["ascending", alone.summary_["trend"].item()]
    assert binner.summary_["n_bins"].tolist() == [1, 2]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("trend", ["auto", "ascending", "descending", "peak", "valley"])
def test_event_rates_of_bins_never_leave_the_trend(trend, seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=500)
    outcome = rng.random(500) < 0.2 + 0.15 * np.sin(3 * values)
    values[:40] = np.nan
    values[40:70] = -99  # the groups outside the order may say anything
    binner = MonotoneBinner(trend=trend, min_bin_share=0.02, special_codes={"x0": {"n": [-99]}})
    binner.fit(values[:, np.newaxis], outcome)
    table = binner.tables_["x0"]
    rates = table["event_rate"][table["kind"] == "bin"].to_numpy()
    assert keeps(rates, binner.summary_["trend"].item())


RATE = float(drawn(800)[1].mean())
RULES = [
    ({"max_bins": 3}, lambda t, n: len(t) <= 3),
    ({"min_bin_share": 0.2}, lambda t, n: (t["n_rows"] >= 0.2 * n).all()),
    ({"min_expected": 40}, lambda t, n: (t["n_rows"] * RATE >= 40).all()),
    ({"min_events": 25}, lambda t, n: (t["n_events"] >= 25).all()),
    ({"min_nonevents": 150}, lambda t, n: (t["n_nonevents"] >= 150).all()),
    ({"min_rate_gap": 0.08}, lambda t, n: (t["event_rate"].diff().abs()[1:] >= 0.08).all()),
]


@pytest.mark.parametrize(("options", "held"), RULES)
def test_bins_keep_the_rules(options, held):
    values, outcome = drawn(800)
    table = MonotoneBinner(**options).fit(values[:, np.newaxis], outcome).tables_["x0"]
    bins = table[table["kind"] == "bin"]
    assert len(bins) > 1
    assert held(bins, 800)


@pytest.mark.parametrize(
    ("cells", "options"),
    [
        # 7 of 100 rows are not fewer than 0.07 of them, though 0.07 * 100 is above 7 in doubles.
        ([(1, 3, 4), (2, 10, 83)], {"min_bin_share": 0.07, "min_expected": 0}),
        # 20 % and 30 % differ by 0.1, though 0.2 + 0.1 is above 0.3 in doubles.
        ([(1, 20, 80), (2, 30, 70)], {"min_rate_gap": 0.1}),
    ],
)
def test_a_bin_that_just_keeps_a_rule_keeps_it(cells, options):
    assert len(bins_of(cells, **options)) == 2


def test_neighbours_that_a_test_cannot_tell_apart_are_one_bin():
    # 20 % and 24 % of 100 rows: z = 0.04 / sqrt(0.22 * 0.78 * 0.02) = 0.683, p = 0.49;
    # 24 % and 40 %: z = 0.16 / sqrt(0.32 * 0.68 * 0.02) = 2.425, p = 0.015.
    cells = [(1, 20, 80), (2, 24, 76), (3, 40, 60)]
    assert len(bins_of(cells)) == 3
    assert bins_of(cells, max_p_value=0.1)["n_rows"].tolist() == [200, 100]


# Bins of one outcome alone: one event of the average mix keeps their weight finite.

# Of 400 loans in 40 values the first 40 default, the next 200 never do, the rest at times.
STEPS = [(k, 10, 0) for k in range(4)] + [(k, 0, 10) for k in range(4, 24)]
STEPS += [(k, 2 + k % 3, 8 - k % 3) for k in range(24, 40)]


@pytest.mark.parametrize("trend", ["auto", "peak", "valley", "none"])
def test_bins_of_one_outcome_have_finite_weights(trend):
    table = bins_of(STEPS, trend=trend)
    assert (table[["n_events", "n_nonevents"]] == 0).any(axis=None)
    assert np.isfinite(table[["woe", "woe_se", "iv"]]).all(axis=None)


@pytest.mark.parametrize("trend", ["auto", "peak", "valley", "none"])
def test_no_bin_is_pure_where_events_and_non_events_are_asked_for(trend):
    table = bins_of(STEPS, trend=trend, min_events=1, min_nonevents=1)
    assert len(table) > 1
    assert (table[["n_events", "n_nonevents"]] >= 1).all(axis=None)


def test_no_events_are_asked_for_by_default():
    options = MonotoneBinner().get_params()
    assert (options["min_events"], options["min_nonevents"]) == (0, 0)


HELPED = [(1, 0, 100), (2, 20, 80), (3, 20, 60)]


def test_the_weight_of_a_bin_without_an_event_is_the_one_worked_by_hand():
    table = bins_of(HELPED)
    # E = 40 and G = 240, six to one; one event and six others make it 1 to 106, and all 41 to 246,
    # again six to one: ln(106 / 6); the others have ln(4 / 6) and ln(3 / 6) as without it.
    np.testing.assert_allclose(table["woe"], np.log([106 / 6, 4 / 6, 3 / 6]), rtol=1e-12)
    # iv: (106/246 - 1/41) ln(106/6) = 100/246 * 2.871680, then -40/246 ln(2/3), -60/246 ln(1/2)
    expected = [100 / 246 * 2.8716796, 40 / 246 * 0.4054651, 60 / 246 * 0.6931472]
    np.testing.assert_allclose(table["iv"], expected, rtol=1e-7)
    # standard error: sqrt(1/106 - 1/246 + 1/1 - 1/41) = sqrt(0.980979) = 0.990444
    assert table["woe_se"].iloc[0] == pytest.approx(0.990444, abs=5e-7)
    # What is shown are the rows that there are.
    assert table[["n_events", "n_nonevents"]].iloc[0].tolist() == [0, 100]
    assert table["event_rate"].iloc[0] == 0


def test_the_weight_of_a_bin_without_an_event_is_that_of_a_regression_with_the_added_rows():
    # The second witness: a dummy a bin, and one default and six others more in the first.
    frame, outcome = rows_of(*HELPED)
    woe = MonotoneBinner().fit(frame, outcome).transform(frame)
    values = np.append(frame["x"], [1] * 7)
    dummies = pd.get_dummies(values).to_numpy(dtype=float)
    fit = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-12, solver="newton-cholesky")
    fit.fit(dummies, np.append(outcome, [True] + [False] * 6))
    odds = fit.decision_function(dummies[: len(frame)])
    np.testing.assert_allclose(odds, np.log(40 / 240) - woe[:, 0], atol=1e-5)


@pytest.mark.parametrize("values", [(1, 2), ("a", "b")], ids=["numbers", "levels"])
def test_the_weight_of_a_bin_of_events_alone_is_the_one_worked_by_hand(values):
    # E = 60 and G = 180, three to one: ln(180 / 30 / 3) and, with 31 to 3, ln(3 / 31 / 3).
    table = bins_of([(values[0], 30, 180), (values[1], 30, 0)])
    np.testing.assert_allclose(table["woe"], np.log([2, 1 / 31]), rtol=1e-12)


# E = 40 and G = 600, 15 to one.  The first bin of 30 without an event becomes 1 to 45, ln 3; the
# second has ln(199 / 15) though it holds two defaults, so both share a weight: precisions
# 1 / (1/1 + 1/45) = 45/46 and 1 / (1/2 + 1/398) = 1.99.
LEFT = [(1, 0, 30), (2, 2, 398), (3, 38, 172)]
SHARED = (45 / 46 * math.log(3) + 1.99 * math.log(199 / 15)) / (45 / 46 + 1.99)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_helped_bin_that_leaves_the_course_shares_a_weight_with_its_neighbour(sign):
    edit = BinEdit("x", "split", 2 if sign > 0 else -1)
    options = {"edits": [edit], "min_expected": 0, "min_bin_share": 0}
    table = bins_of([(sign * value, *counts) for value, *counts in LEFT], **options)[::sign]
    assert table["n_events"].tolist() == [0, 2, 38]
    np.testing.assert_allclose(table["woe"].iloc[:2], [SHARED, SHARED], rtol=1e-12)
    assert table["woe"].iloc[2] == pytest.approx(math.log(172 / 38 / 15), rel=1e-12)


# E = 70 and G = 770, eleven to one.  The bottom of the valley, 30 without an event, becomes 1 to
# 41, ln(41 / 11), below the ln(199 / 11) of its neighbour of two: precisions 41/42 and 1.99.
HOLLOW = [(1, 30, 170), (2, 2, 398), (3, 0, 30), (4, 38, 172)]
BOTTOM = (41 / 42 * math.log(41 / 11) + 1.99 * math.log(199 / 11)) / (41 / 42 + 1.99)
# E = 93 and G = 628.  The top of the peak, one event alone, becomes 2 to 628/93, ln(1 / 2), above
# the ln(93 / 628) of its neighbour of 60 to 60: precisions 1 / (1/2 + 93/628) and 30.
HILL = [(1, 2, 398), (2, 60, 60), (3, 1, 0), (4, 30, 170)]
LIGHT = 1 / (1 / 2 + 93 / 628)
TOP = (LIGHT * math.log(1 / 2) + 30 * math.log(93 / 628)) / (LIGHT + 30)
TURNS = {
    "valley": (HOLLOW, [170 / 30 / 11, BOTTOM, BOTTOM, 172 / 38 / 11]),
    "peak": (HILL, [199 * 93 / 628, TOP, TOP, 170 / 30 * 93 / 628]),
}


@pytest.mark.parametrize(("trend", "case"), TURNS.items())
@pytest.mark.parametrize("sign", [1, -1])
def test_a_helped_bin_leaves_no_course_that_turns(trend, case, sign):
    cells, (first, *shared, last) = case
    splits = (2, 3, 4) if sign > 0 else (-3, -2, -1)
    edits = [BinEdit("x", "split", split) for split in splits]
    mirrored = [(sign * value, *counts) for value, *counts in cells]
    table = bins_of(mirrored, trend=trend, edits=edits, min_expected=0, min_bin_share=0)[::sign]
    assert table["n_events"].tolist() == [bad for _, bad, _ in cells]
    expected = [math.log(first), *shared, math.log(last)]
    np.testing.assert_allclose(table["woe"], expected, rtol=1e-12)


def few(n_defaults, seed, n_rows=100_000):
    """A column whose defaults lie two standard deviations above the rest."""
    defaulted = np.arange(n_rows) < n_defaults
    values = np.random.default_rng(seed).normal(size=n_rows) + 2 * defaulted
    return values[:, np.newaxis], defaulted


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shrinkage", ["none", "trend"])
@pytest.mark.parametrize("sign", [1, -1])
def test_twelve_defaults_in_a_hundred_thousand_are_binned(seed, shrinkage, sign):
    values, defaulted = few(12, seed)
    binner = MonotoneBinner(shrinkage=shrinkage).fit(sign * values, defaulted)
    assert binner.summary_[["status", "n_bins"]].to_numpy().tolist() == [["binned", 2]]
    assert 0.5 < binner.iv_["x0"] < 5
    assert binner.summary_["p_value"].item() < 0.2  # so that a card takes it
    table = binner.tables_["x0"][:2]
    assert (sign * np.diff(table["woe"]) < 0).all()
    assert np.isfinite(table[["woe", "woe_se", "iv"]]).all(axis=None)


def test_the_weight_of_the_safe_half_of_twelve_defaults_is_the_one_worked_by_hand():
    values, defaulted = few(12, 0)
    table = MonotoneBinner().fit(values, defaulted).tables_["x0"][:2]
    # All twelve lie in the second bin; 99,988 to 12 are 8,332.33 others with each default.
    odds, safe = 99_988 / 12, table["n_nonevents"].iloc[0]
    assert table["n_events"].tolist() == [0, 12]
    expected = [(safe + odds) / odds, (99_988 - safe) / 12 / odds]
    np.testing.assert_allclose(table["woe"], np.log(expected), rtol=1e-12)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("trend", ["auto", "ascending"])
@pytest.mark.parametrize("shrinkage", ["none", "trend"])
def test_many_bins_of_few_defaults_keep_the_order_of_their_weights(seed, trend, shrinkage):
    values, defaulted = few(12, seed, 5000)
    rules = {"min_expected": 0, "min_bin_share": 0.02, "shrinkage": shrinkage}
    binner = MonotoneBinner(trend=trend, **rules).fit(values, defaulted)
    table = binner.tables_["x0"]
    bins = table[table["kind"] == "bin"]
    assert len(bins) > 2
    assert bins["event_rate"].is_monotonic_increasing
    assert (np.diff(bins["woe"]) <= 1e-12).all()
    assert np.isfinite(binner.iv_["x0"])


# What parts all defaults from the rest.

PARTED = [
    [(1, 40, 0), (2, 0, 160), (3, 0, 200)],
    [("a", 40, 0), ("b", 0, 160), ("c", 0, 200)],
    # One pre-bin of the 64 holds 40, the last to default, and 41, the first of the rest.
    [(k, int(k <= 40), int(k > 40)) for k in range(1, 401)],
]


@pytest.mark.parametrize("cells", PARTED)
def test_a_column_that_parts_all_defaults_from_the_rest_is_named(cells):
    binner = MonotoneBinner().fit(*rows_of(*cells))
    assert binner.summary_[["status", "n_bins"]].to_numpy().tolist() == [["separated", 2]]
    assert np.isfinite(binner.iv_["x"])


GROUPED = {
    "all defaults are blank": ([(1, 0, 100), (None, 20, 0)], "auto", "separated", 1),
    "all others are blank": ([(1, 20, 0), (None, 0, 100)], "auto", "separated", 1),
    "all defaults have a code": ([(1, 0, 100), (-9, 20, 0)], "auto", "separated", 1),
    "blanks and codes alone": ([(None, 20, 0), (-9, 0, 50)], "auto", "separated", 0),
    "levels and blanks": ([("a", 0, 60), ("b", 0, 60), (None, 30, 0)], "auto", "separated", 1),
    # No one cut parts them, but every bin is of one outcome.
    "defaults in the middle": ([(1, 0, 60), (2, 40, 0), (3, 0, 60)], "peak", "separated", 3),
    # Here the best ascending bins are not: 60 others, then 40 defaults with 60 others.
    "only rising": ([(1, 0, 60), (2, 40, 0), (3, 0, 60)], "ascending", "binned", 2),
    "one default among the others": ([(1, 1, 99), (None, 20, 0)], "auto", "one_bin", 1),
    "one other among the defaults": ([(1, 0, 100), (None, 20, 1)], "auto", "one_bin", 1),
    "one mixed bin": ([(1, 0, 100), (2, 3, 50), (None, 20, 0)], "auto", "binned", 2),
    "one value": ([(1, 20, 100)], "auto", "one_bin", 1),
    "blanks alone": ([(None, 20, 100)], "auto", "no_value", 0),
}


@pytest.mark.parametrize(("cells", "trend", "status", "n_bins"), GROUPED.values(), ids=GROUPED)
def test_a_column_is_separated_where_every_group_is_of_one_outcome(cells, trend, status, n_bins):
    binner = MonotoneBinner(trend=trend, special_codes={"x": {"refused": [-9]}})
    summary = binner.fit(*rows_of(*cells)).summary_
    assert summary[["status", "n_bins"]].to_numpy().tolist() == [[status, n_bins]]
    assert np.isfinite(summary["iv"]).all()


# What chance gives to the best bins.

# E = 40 and G = 360, so N = 1 / (1/40 + 1/360) = 36.
THREE = [(1, 8, 192), (2, 12, 88), (3, 20, 80)]
# Weights of chi-squares of 0, 1 and 2 degrees for three groups: 1/3, 1/2, 1/6 with one course.
OF_THREE = {"ascending": [0, 1 / 2, 1 / 6], "auto": [0, 1, 1 / 3], "peak": [0, 0, 1]}


@pytest.mark.parametrize(("trend", "weights"), OF_THREE.items())
def test_the_p_value_is_the_one_of_the_best_bins_worked_by_hand(trend, weights):
    summary = MonotoneBinner(trend=trend).fit(*rows_of(*THREE)).summary_
    statistic = 36 * summary["iv"].item()  # 36 * 0.563578 = 20.29
    one, two = math.erfc(math.sqrt(statistic / 2)), math.exp(-statistic / 2)
    expected = weights[1] * one + weights[2] * two
    assert statistic == pytest.approx(20.2888, rel=1e-5)
    assert summary["p_value"].item() == pytest.approx(expected, rel=1e-9)


LAWS = {
    "three numbers": (THREE, {"trend": "ascending"}, ChanceLaw(3, 1)),
    "three numbers either way": (THREE, {}, ChanceLaw(3, 2)),
    "a peak": (THREE, {"trend": "peak"}, DrawnLaw(3, "turning")),
    "any course": (THREE, {"trend": "none"}, DrawnLaw(3, "free", 8)),
    # The number of bins that were made does not matter, that which could be does.
    "two bins": (THREE, {"max_bins": 2}, ChanceLaw(3, 2)),
    "room for two": (THREE, {"min_bin_share": 0.4}, ChanceLaw(3, 2)),
    # 4 to 12 of 40 rows default; at most eight bins are made of them.
    "thirty numbers": ([(k, 4 + k % 9, 36 - k % 9) for k in range(30)], {}, ChanceLaw(30, 2)),
    # A hundred values in 50 pre-bins.
    "pre-bins": (
        [(k, 4 + k % 9, 36 - k % 9) for k in range(100)],
        {"max_prebins": 50, "trend": "descending"},
        ChanceLaw(50, 1),
    ),
    "three levels": ([("a", 8, 192), ("b", 12, 88), ("c", 20, 80)], {}, ChanceLaw(3, 0)),
    "blanks": ([*THREE, (None, 20, 30)], {}, ChanceLaw(3, 2, 1)),
    "blanks and codes": ([*THREE, (None, 20, 30), (-9, 5, 60)], {}, ChanceLaw(3, 2, 2)),
    "blanks under a policy": ([*THREE, (None, 20, 30)], {"missing": "worst"}, ChanceLaw(3, 2)),
    "codes beside a policy": (
        [*THREE, (None, 20, 30), (-9, 5, 60)],
        {"missing": "neutral"},
        ChanceLaw(3, 2, 1),
    ),
    "levels and blanks": ([("a", 8, 92), ("b", 12, 88), (None, 20, 80)], {}, ChanceLaw(2, 0, 1)),
}


@pytest.mark.parametrize(("cells", "options", "law"), LAWS.values(), ids=LAWS)
def test_chance_is_told_from_the_groups_that_bins_are_made_of(cells, options, law):
    frame, outcome = rows_of(*cells)
    binner = MonotoneBinner(special_codes={"x": {"refused": [-9]}}, **options)
    found = binner.fit(frame, outcome).summary_
    told = outcome if "missing" not in options else outcome[frame["x"].notna()]
    size = 1 / (1 / told.sum() + 1 / (~told).sum())
    assert found["iv_by_chance"].item() == pytest.approx(law.expected() / size, rel=1e-12)
    expected = law.p_value(size * found["iv"].item())
    assert found["p_value"].item() == pytest.approx(expected, rel=1e-9)


def test_levels_have_the_chance_of_a_test_of_equal_rates():
    # All levels stand alone, so that their value is that of a table of six by two.
    codes, outcome = coded(3)
    frame = pd.DataFrame({"x": np.array(LEVELS)[codes]})
    found = MonotoneBinner().fit(frame, outcome).summary_
    size = 1 / (1 / outcome.sum() + 1 / (~outcome).sum())
    assert found["n_bins"].item() == 6
    expected = chi2.sf(size * found["iv"].item(), 5)
    assert found["p_value"].item() == pytest.approx(expected, rel=1e-9)
    assert found["iv_by_chance"].item() == pytest.approx(5 / size, rel=1e-12)


NOTHING = {
    "one value": [(1, 20, 80)],
    "blanks": [(None, 20, 80)],
    "equal rates": [(1, 10, 40), (2, 20, 80)],
}


@pytest.mark.parametrize("cells", NOTHING.values(), ids=NOTHING)
def test_a_column_that_tells_nothing_has_no_value_and_is_chance(cells):
    summary = MonotoneBinner().fit(*rows_of(*cells)).summary_
    assert summary[["iv", "iv_by_chance", "p_value"]].to_numpy().tolist() == [[0, 0, 1]]


def test_fewer_events_than_a_bin_needs_make_one_bin_without_weight():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(500, 1))
    binner = MonotoneBinner().fit(values, np.arange(500) < 4)
    assert binner.summary_[["status", "n_bins", "iv"]].to_numpy().tolist() == [["one_bin", 1, 0]]
    np.testing.assert_array_equal(binner.transform(values), np.zeros((500, 1)))


@pytest.mark.parametrize("value", [3.5, -9, True, "农户"])
def test_a_column_of_one_value_is_one_bin_without_weight(value):
    frame, outcome = rows_of((value, 20, 80))
    binner = MonotoneBinner().fit(frame, outcome)
    assert binner.summary_["status"].item() == "one_bin"
    np.testing.assert_array_equal(binner.transform(frame), np.zeros((100, 1)))


# Defect 7: an all-missing column or a single class stopped the whole process.

BLANK = {
    "float": lambda n: np.full(n, np.nan),
    "nullable": lambda n: pd.Series([None] * n, dtype="Float64"),
    "objects": lambda n: pd.Series([None] * n, dtype=object),
    "text": lambda n: pd.Series([None] * n, dtype="str"),
    "category": lambda n: pd.Categorical([None] * n, categories=["a"]),
}


@pytest.mark.parametrize("kind", BLANK)
def test_an_all_missing_column_has_weight_0_and_stops_no_other_column(kind):
    wider = FRAME.assign(blank=BLANK[kind](N_ROWS))
    binner = MonotoneBinner(special_codes=CODES).fit(wider, DEFAULTED)
    row = binner.summary_.set_index("feature").loc["blank"]
    assert row[["status", "n_bins", "iv"]].tolist() == ["no_value", 0, 0.0]
    np.testing.assert_array_equal(binner.transform(wider), np.column_stack([WOE, 0 * WOE[:, 0]]))


@pytest.mark.parametrize("missing", ["worst", "neutral"])
def test_an_all_missing_column_stops_no_other_column_under_any_policy(missing):
    wider = FRAME.assign(blank=BLANK["text"](N_ROWS))
    binner = MonotoneBinner(special_codes=CODES, missing={"blank": missing}).fit(wider, DEFAULTED)
    assert binner.summary_["iv"].tolist() == [*BINNER.summary_["iv"], 0.0]


def test_a_column_of_missing_values_and_special_codes_alone_has_groups_and_no_bin():
    frame, outcome = rows_of((None, 10, 40), (-9, 20, 30))
    binner = MonotoneBinner(special_codes={"x": {"refused": [-9]}}).fit(frame, outcome)
    table = binner.tables_["x"]
    assert binner.summary_["status"].item() == "no_value"
    # E = 30, G = 70: ln(30 / 20 * 30 / 70) and ln(40 / 10 * 30 / 70)
    assert table["label"].tolist() == ["refused", "missing", "unseen"]
    np.testing.assert_allclose(table["woe"][:2], np.log([9 / 14, 12 / 7]), atol=1e-12)


SINGLE = {
    "one label": (np.zeros(N_ROWS, dtype=int), None, "All 900 rows are of one class .0."),
    "one label of weight": (DEFAULTED, (~DEFAULTED).astype(float), "of one class .False."),
}


@pytest.mark.parametrize("case", SINGLE)
def test_an_outcome_of_one_class_is_refused_with_the_sentence(case):
    outcome, weights, words = SINGLE[case]
    with pytest.raises(EvidenceError, match=words) as caught:
        MonotoneBinner().fit(FRAME, outcome, weights)
    assert caught.value.code == "outcome_single"
    assert "gather outcomes of both" in caught.value.en
    assert "请补充两类样本" in caught.value.zh


OUTCOMES_REFUSED = [
    (np.arange(N_ROWS) % 3, None, "outcome_classes", r"The outcome has 3 classes \(0, 1, 2\)"),
    (DEFAULTED[:-1], None, "outcome_length", "has 899 rows and the data have 900"),
    (DEFAULTED, -np.ones(N_ROWS), "weights_negative", "weight in row 0 is negative"),
]


@pytest.mark.parametrize(("outcome", "weights", "code", "words"), OUTCOMES_REFUSED)
def test_an_outcome_that_cannot_be_read_is_refused(outcome, weights, code, words):
    with pytest.raises(DomainError, match=words) as caught:
        MonotoneBinner().fit(FRAME, outcome, weights)
    assert caught.value.code == code
    assert caught.value.zh


# Special codes.

SPECIAL = [(1, 10, 190), (2, 30, 170), (-9, 12, 38), (-8, 8, 42), (-1, 6, 60)]
GROUPS = {"x": {"refused": [-9, -8], "not asked": [-1]}}


def test_special_codes_are_groups_by_their_names():
    frame, outcome = rows_of(*SPECIAL)
    binner = MonotoneBinner(special_codes=GROUPS).fit(frame, outcome)
    table = binner.tables_["x"].set_index("label")
    assert table.loc[["refused", "not asked"], "kind"].tolist() == ["special", "special"]
    assert table.loc[["refused", "not asked"], "n_rows"].tolist() == [100, 66]
    assert table.loc[["refused", "not asked"], "n_events"].tolist() == [20, 6]
    # E = 66, G = 500: refused ln(80 / 20 * 66 / 500), not asked ln(60 / 6 * 66 / 500)
    np.testing.assert_allclose(
        table.loc[["refused", "not asked"], "woe"], np.log([0.528, 1.32]), atol=1e-12
    )
    assert min(binner.features_[0].edges) > 1  # no bin knows the codes


def test_special_codes_of_a_category_are_its_texts_or_its_numbers():
    frame, outcome = rows_of(*SPECIAL)
    as_numbers = MonotoneBinner(special_codes=GROUPS, categorical=["x"]).fit(frame, outcome)
    names = frame.astype(str)
    as_texts = MonotoneBinner(
        special_codes={"x": {"refused": ["-9", "-8"], "not asked": ["-1"]}}, categorical=["x"]
    ).fit(names, outcome)
    same_tables(as_numbers, as_texts)
    assert as_numbers.tables_["x"]["kind"].tolist()[-4:-2] == ["special", "special"]


def test_a_special_code_written_with_a_point_is_the_same_number():
    frame, outcome = rows_of(*SPECIAL)
    codes = {"x": {name: [float(code) for code in part] for name, part in GROUPS["x"].items()}}
    one, two = (
        MonotoneBinner(special_codes=given, categorical=["x"]).fit(frame, outcome)
        for given in (GROUPS, codes)
    )
    same_tables(one, two)


# Policies.

MISSING = [(1, 10, 70), (2, 30, 50), (None, 8, 40)]


@pytest.mark.parametrize("by_column", [False, True])
@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        # E = 48, G = 160: ln(40 / 8 * 0.3) of their own; those that have a value are 40 and 120,
        # of which the worst bin has ln(50 / 30 / 3)
        ("separate", np.log(1.5)),
        ("worst", np.log(5 / 9)),
        ("neutral", 0.0),
    ],
)
def test_missing_values_weigh_what_the_policy_says(policy, expected, by_column):
    frame, outcome = rows_of(*MISSING)
    missing = {"x": policy} if by_column else policy
    binner = MonotoneBinner(missing=missing).fit(frame, outcome)
    assert binner.transform(pd.DataFrame({"x": [None]}, dtype=float)).item() == pytest.approx(
        expected, abs=1e-12
    )
    row = binner.tables_["x"].set_index("label").loc["missing"]
    assert row[["kind", "n_rows", "n_events"]].tolist() == ["missing", 48, 8]
    assert np.isnan(row["woe_se"]) == (policy != "separate")


@pytest.mark.parametrize("policy", ["worst", "neutral"])
@pytest.mark.parametrize("cells", [MISSING, [("a", 10, 70), ("b", 30, 50), (None, 8, 40)]])
def test_blanks_under_a_policy_leave_the_weights_to_the_rows_that_have_a_value(policy, cells):
    whole = MonotoneBinner(missing=policy).fit(*rows_of(*cells))
    rest = MonotoneBinner().fit(*rows_of(*cells[:2]))
    columns = ["label", "n_rows", "n_events", "woe", "woe_se", "iv"]
    pd.testing.assert_frame_equal(whole.tables_["x"][columns][:2], rest.tables_["x"][columns][:2])
    told = ["iv", "iv_by_chance", "p_value", "iv_lower", "iv_upper"]
    pd.testing.assert_frame_equal(whole.summary_[told], rest.summary_[told])


def test_neutral_is_the_mean_of_the_rows_that_have_a_value():
    # exp of the weight, times the share of defaults, is the share of others: the mean over the
    # 120 others, weighed by e/g, and so the odds of a neutral value, are those of 40 to 120.
    table = MonotoneBinner(missing="neutral").fit(*rows_of(*MISSING)).tables_["x"]
    odds = table["n_nonevents"][:2] / table["n_events"][:2] / np.exp(table["woe"][:2])
    np.testing.assert_allclose(odds, 120 / 40, rtol=1e-12)


def test_missing_values_are_refused_at_the_fit_where_the_policy_says():
    with pytest.raises(RecordError, match="Column x: 48 values are missing") as caught:
        MonotoneBinner(missing="refuse").fit(*rows_of(*MISSING))
    assert caught.value.code == "column_blank"
    assert "48 个缺失值" in caught.value.zh


@pytest.mark.parametrize("unseen", ["refuse", "worst", "neutral"])
def test_a_refused_missing_value_is_refused_in_scoring_too(unseen):
    binner = MonotoneBinner(missing="refuse", unseen=unseen).fit(*rows_of(*MISSING[:2]))
    with pytest.raises(RecordError, match="1 values are missing"):
        binner.transform(pd.DataFrame({"x": [1.0, np.nan]}))


def never_seen(case):
    """A frame to fit and one with a single strange value, by what is strange about it."""
    cells = [("农户", 10, 70), ("居民", 30, 50)] if case == "level" else [(1, 10, 70), (2, 30, 50)]
    strange = {"level": "个体", "missing": None, "special": -9.0}[case]
    return rows_of(*cells), pd.DataFrame({"x": [strange, cells[1][0]]})


STRANGE = {
    "level": "unknown",
    "missing": "missing",
    "special": "of the special group refused",
}
SPECIALS = {"x": {"refused": [-9]}}


@pytest.mark.parametrize("case", STRANGE)
def test_what_fitting_never_saw_is_refused_by_default(case):
    (frame, outcome), strange = never_seen(case)
    binner = MonotoneBinner(special_codes=SPECIALS).fit(frame, outcome)
    words = rf"Column x: 1 values are {STRANGE[case]}, the first in row 0 \(counted from 0\), whi"
    with pytest.raises(RecordError, match=words) as caught:
        binner.transform(strange)
    assert caught.value.code == "value_unseen"
    assert "首个在第 0 行（从 0 起），拟合时从未出现" in caught.value.zh


@pytest.mark.parametrize("case", STRANGE)
def test_the_first_row_that_is_refused_is_named(case):
    (frame, outcome), strange = never_seen(case)
    binner = MonotoneBinner(special_codes=SPECIALS).fit(frame, outcome)
    rows = strange.iloc[[1, 1, 0, 1, 0]]  # by place, whatever the index says
    with pytest.raises(RecordError, match=r"2 values are .*, the first in row 2 ") as caught:
        binner.transform(rows)
    assert "首个在第 2 行" in caught.value.zh


UNSURE = MonotoneBinner(special_codes=SPECIALS).fit(*rows_of((1, 10, 70), (2, 30, 50))).features_[0]


def test_values_of_a_special_missing_or_unseen_group_are_refused_and_those_of_a_bin_are_not():
    found = [(kind, UNSURE.refuses(np.array([0, k]))) for k, kind in enumerate(UNSURE.kinds)]
    assert found == [
        ("bin", False), ("bin", False), ("special", True), ("missing", True), ("unseen", True),
    ]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=5, max_size=5), st.lists(st.integers(0, 4)))
def test_values_are_refused_exactly_where_one_has_no_weight(is_unweighed, groups):
    bins = replace(UNSURE, woe=np.where(is_unweighed, np.nan, 0.5))
    codes, expected = np.array(groups, dtype=np.int64), any(is_unweighed[k] for k in groups)
    assert bins.refuses(codes) is expected
    with pytest.raises(RecordError) if expected else nullcontext():
        bins.check(codes)


@pytest.mark.parametrize(("policy", "odds"), [("worst", 50 / 30 * 40 / 120), ("neutral", 1)])
@pytest.mark.parametrize("case", STRANGE)
def test_what_fitting_never_saw_weighs_what_the_policy_says(case, policy, odds):
    (frame, outcome), strange = never_seen(case)
    binner = MonotoneBinner(special_codes=SPECIALS, unseen=policy).fit(frame, outcome)
    # E = 40, G = 120; the worst bin holds 30 and 50, as the second value does
    expected = np.log([odds, 50 / 30 * 40 / 120])
    np.testing.assert_allclose(binner.transform(strange)[:, 0], expected, atol=1e-12)


# Defect 1: NaN in a column that had none in training was scored as the first bin, +49 points.
# Defect 13: it moved the default probability from 0.042 to 0.098 without a word.
@pytest.mark.parametrize("seed", [1, 13])
def test_a_missing_value_where_training_had_none_never_falls_into_a_bin(seed):
    values, outcome = drawn(600, seed)
    strange = np.append(values[:5], np.nan)[:, np.newaxis]
    binner = MonotoneBinner().fit(values[:, np.newaxis], outcome)
    assert binner.tables_["x0"]["kind"][binner.bins(strange)[-1, 0]] == "missing"
    with pytest.raises(RecordError, match="1 values are missing, the first in row 5 "):
        binner.transform(strange)


def test_policies_are_counted():
    binner = MonotoneBinner(special_codes=CODES, unseen="neutral").fit(FRAME, DEFAULTED)
    fresh = FRAME.iloc[:200].assign(rating=np.where(np.arange(200) < 3, np.nan, 1.0))
    fresh["kind"] = fresh["kind"].where(np.arange(200) % 50 > 0, "军属")
    found = binner.count_policies(fresh).set_index(["feature", "group"])
    assert list(found.columns) == ["kind", "n_rows", "woe"]
    assert found["n_rows"].to_dict() == {
        ("income", "refused"): int((fresh["income"] == -9).sum()),
        ("income", "missing"): int(fresh["income"].isna().sum()),
        ("rating", "missing"): 3,
        ("kind", "missing"): int(fresh["kind"].isna().sum()),
        ("kind", "unseen"): 4,
    }
    assert found["woe"][[("rating", "missing"), ("kind", "unseen")]].tolist() == [0, 0]


def test_values_that_would_be_refused_are_counted_without_a_weight():
    (frame, outcome), strange = never_seen("level")
    found = MonotoneBinner().fit(frame, outcome).count_policies(strange)
    assert found.drop(columns="woe").to_numpy().tolist() == [["x", "unseen", "unseen", 1]]
    assert found["woe"].isna().all()


# Kinds of columns.

KINDS_REFUSED = [
    (["2", "1"], [(1, 10, 70), (2, 30, 50)], "column_not_number", "such as '1'"),
    ([1.0, 2.0], [("a", 10, 70), ("b", 30, 50)], "column_not_text", "now holds numbers"),
]


@pytest.mark.parametrize(("given", "cells", "code", "words"), KINDS_REFUSED)
def test_a_column_of_another_kind_is_refused_in_scoring(given, cells, code, words):
    binner = MonotoneBinner(unseen="neutral").fit(*rows_of(*cells))
    for use in (binner.transform, binner.bins, binner.count_policies):
        with pytest.raises(RecordError, match=words) as caught:
            use(pd.DataFrame({"x": given}))
        assert caught.value.code == code
        assert "x 列拟合时为" in caught.value.zh


@pytest.mark.parametrize("cells", [[(1, 10, 70), (2, 30, 50)], [("a", 10, 70), ("b", 30, 50)]])
def test_a_column_that_is_blank_in_scoring_is_missing_whatever_its_type(cells):
    binner = MonotoneBinner(unseen="neutral").fit(*rows_of(*cells))
    for dtype in ("float64", "Float64", "str", "object"):
        blank = pd.DataFrame({"x": pd.Series([None, None], dtype=dtype)})
        np.testing.assert_array_equal(binner.transform(blank), np.zeros((2, 1)))


# Defect 2: numbers in an object or str column were compared as text, -2.0 before -0.53.


def test_numbers_in_a_column_of_objects_are_compared_as_numbers():
    values, outcome = np.round(drawn(500)[0], 2), drawn(500)[1]
    numbers = pd.DataFrame({"x": values})
    objects = numbers.astype(object)
    one, two = (MonotoneBinner().fit(frame, outcome) for frame in (numbers, objects))
    same_tables(one, two)
    rating = pd.DataFrame({"x": pd.Series([-2.0, -0.53], dtype=object)})
    np.testing.assert_array_equal(two.transform(rating), one.transform(rating.astype(float)))
    assert (np.diff(one.transform(rating)[:, 0]) > 0).all()  # the lower rating is the riskier


@pytest.mark.parametrize("dtype", ["str", "object"])
def test_numbers_as_text_are_refused_at_the_fit(dtype):
    frame, outcome = rows_of(("-2.0", 10, 70), ("-0.53", 30, 50))
    words = "Column x holds numbers as text, such as '-0.53'"
    with pytest.raises(RecordError, match=words) as caught:
        MonotoneBinner().fit(frame.astype(dtype), outcome)
    assert caught.value.code == "column_numbers_as_text"
    assert "categorical" in caught.value.zh


def test_numbers_as_text_are_names_where_the_column_is_named_a_category():
    frame, outcome = rows_of(("9", 10, 70), ("10", 30, 50))
    binner = MonotoneBinner(categorical=["x"]).fit(frame, outcome)
    assert binner.features_[0].levels == (("9",), ("10",))
    assert binner.summary_["kind"].item() == "category"


def test_a_text_that_reads_as_a_number_is_a_level_among_others():
    frame, outcome = rows_of(("3", 10, 70), ("户", 30, 50))
    assert MonotoneBinner().fit(frame, outcome).features_[0].levels == (("3",), ("户",))


REFUSED = [
    ([1, "a"] * 50, RecordError, "column_mixed", "mixes 50 numbers and 50 texts"),
    ([1.0, np.inf] * 50, DomainError, "column_infinite", "holds 50 infinite numbers"),
    (pd.to_datetime(["2026-11-26"] * 100), DomainError, "column_kind", "Datetime.*days since a"),
    (pd.to_timedelta([3] * 100, unit="D"), DomainError, "column_kind", "holds Duration"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "family", "code", "words"), REFUSED)
def test_a_column_that_is_neither_numbers_nor_texts_is_refused(column, family, code, words):
    with pytest.raises(family, match=f"Column x .*{words}") as caught:
        MonotoneBinner().fit(pd.DataFrame({"x": column}), np.arange(100) % 2)
    assert caught.value.code == code
    assert caught.value.zh.startswith("x 列")


# Categories.


def test_levels_are_ordered_so_that_event_rates_ascend():
    cells = [("d", 30, 70), ("a", 5, 95), ("c", 20, 80), ("b", 12, 88), ("e", 45, 55)]
    binner = MonotoneBinner(trend="descending").fit(*rows_of(*cells))  # of numbers, not of names
    assert binner.features_[0].levels == (("a",), ("b",), ("c",), ("d",), ("e",))
    table = bins_of(cells)
    assert table["event_rate"].is_monotonic_increasing
    assert table["woe"].is_monotonic_decreasing


def test_levels_of_one_bin_are_listed_in_its_label():
    cells = [("c", 5, 95), ("a", 6, 94), ("b", 40, 60)]
    assert bins_of(cells, max_bins=2)["label"].tolist() == ["a, c", "b"]


def test_rare_levels_are_put_together_before_they_are_ordered():
    # Of 1,000 rows, levels of fewer than 20 are rare: r1 to r4, though half of them default always
    # and half never.
    cells = [("a", 60, 420), ("b", 120, 360), ("r1", 10, 0), ("r2", 0, 10), ("r3", 10, 0)]
    binner = MonotoneBinner(rare_share=0.02).fit(*rows_of(*cells, ("r4", 0, 10)))
    homes = {level: k for k, part in enumerate(binner.features_[0].levels) for level in part}
    assert len({homes[f"r{k}"] for k in range(1, 5)}) == 1


def test_a_level_of_just_the_rare_share_stands_alone():
    # d holds 20 of 1,000 rows, e and f 10 each; d goes its own way, e and f together.
    cells = [("a", 10, 440), ("b", 100, 350), ("c", 30, 30), ("d", 15, 5), ("e", 1, 9), ("f", 5, 5)]
    binner = MonotoneBinner(rare_share=0.02, min_bin_share=0, min_expected=0)
    assert binner.fit(*rows_of(*cells)).features_[0].levels == (
        ("a",), ("b",), ("e", "f"), ("c",), ("d",),
    )  # fmt: skip


CODE_CELLS = [(3, 10, 90), (-1, 30, 70), (12, 20, 80)]


@pytest.mark.parametrize("dtype", ["int64", "float64", "Int64", "Float64", "object"])
@pytest.mark.parametrize("fitted", ["int64", "float64", "object"])
def test_a_numeric_code_is_one_level_in_every_type_of_number(fitted, dtype):
    frame, outcome = rows_of(*CODE_CELLS)
    binner = MonotoneBinner(categorical=["x"]).fit(frame.astype(fitted), outcome)
    assert binner.features_[0].levels == (("3",), ("12",), ("-1",))
    expected = MonotoneBinner(categorical=["x"]).fit(frame, outcome).transform(frame)
    np.testing.assert_array_equal(binner.transform(frame.astype(dtype)), expected)


@pytest.mark.parametrize("category", ["int64", "float64"])
def test_a_numeric_code_is_one_level_in_a_column_of_categories_too(category):
    frame, outcome = rows_of(*CODE_CELLS)
    binner = MonotoneBinner(categorical=["x"]).fit(frame, outcome)
    given = frame.astype(category).astype("category")
    np.testing.assert_array_equal(binner.transform(given), binner.transform(frame))


def test_minus_zero_is_the_level_of_zero():
    frame, outcome = rows_of((-0.0, 10, 90), (1.0, 30, 70))
    binner = MonotoneBinner(categorical=["x"]).fit(frame, outcome)
    assert binner.features_[0].levels == (("0",), ("1",))


def test_numbers_of_sixteen_digits_are_levels_of_their_own():
    low, high = 1_234_567_890_123_456, 1_234_567_890_123_457
    frame, outcome = rows_of((low, 10, 90), (high, 30, 70), (1, 20, 80))
    binner = MonotoneBinner(categorical=["x"]).fit(frame, outcome)
    assert binner.tables_["x"]["n_rows"].tolist()[:3] == [100, 100, 100]
    assert len(np.unique(binner.transform(frame))) == 3


# Pre-bins.


# Defect 15: 522 s for 100,000 rows by 20 columns of continuous floats.  What the search looks at
# grows with the pre-bins and not with the rows.
@pytest.mark.parametrize("max_prebins", [5, 64])
def test_a_hundred_thousand_distinct_numbers_are_no_more_than_the_prebins(max_prebins):
    values, outcome = drawn(100_000)
    made = prebin_ranks(values, outcome, max_prebins=max_prebins)
    assert made.smallest.size == max_prebins
    binner = MonotoneBinner(
        254, 0, "none", max_prebins, min_expected=0
    ).fit(values[:, np.newaxis], outcome)  # fmt: skip
    assert binner.summary_["n_bins"].item() <= max_prebins
    bins = binner.bins(np.column_stack([np.append(made.smallest, made.largest)]))[:, 0]
    # No bin ends within a pre-bin.
    np.testing.assert_array_equal(bins[:max_prebins], bins[max_prebins:])


# Shrinkage.


def both(values, outcome, **options):
    column = np.asarray(values)[:, np.newaxis]
    return [
        MonotoneBinner(shrinkage=way, **options).fit(column, outcome).features_[0]
        for way in ("none", "trend")
    ]


@pytest.mark.parametrize("trend", ["ascending", "descending"])
@pytest.mark.parametrize("seed", range(5))
def test_shrinkage_keeps_the_bins_and_their_order(trend, seed):
    values, outcome = drawn(250, seed)
    if trend == "ascending":
        values = -values
    raw, shrunk = both(values, outcome, trend=trend, min_events=3)
    assert shrunk.edges == raw.edges
    steps = np.diff(shrunk.woe[: shrunk.n_bins])
    assert (steps <= 0).all() if trend == "ascending" else (steps >= 0).all()
    assert np.abs(steps).sum() > 0.5 * np.ptp(raw.woe[: raw.n_bins])


def biggest_move(n_rows):
    raw, shrunk = both(*drawn(n_rows))
    assert raw.n_bins > 2
    return np.abs(shrunk.woe - raw.woe)[: raw.n_bins].max()


def test_shrinkage_moves_the_weights_of_few_rows_and_leaves_those_of_many():
    assert biggest_move(200) > 0.1
    assert biggest_move(100_000) < 0.03


def test_shrinkage_leaves_two_bins_and_courses_that_turn():
    for options in ({"max_bins": 2}, {"trend": "peak"}, {"trend": "none"}):
        raw, shrunk = both(*drawn(400), **options)
        np.testing.assert_array_equal(shrunk.woe, raw.woe)


GRID = np.linspace(-6, 6, 4001)
DENSITY = np.exp(-(GRID**2) / 2)
RISK = 1 / (1 + np.exp(1 + GRID))


def true_weights(bins):
    """Weights of evidence in the population that `drawn` draws from, by integration."""
    codes = np.searchsorted(bins.edges, GRID, side="right")
    events = np.bincount(codes, weights=DENSITY * RISK)
    nonevents = np.bincount(codes, weights=DENSITY * (1 - RISK))
    return np.log(nonevents / nonevents.sum()) - np.log(events / events.sum())


def test_shrinkage_comes_nearer_to_the_truth_on_average():
    errors = []
    for seed in range(200):
        pair = both(*drawn(200, seed))
        truth = true_weights(pair[0])
        share = (pair[0].events + pair[0].nonevents)[: pair[0].n_bins] / 200
        errors.append([float(share @ (b.woe[: b.n_bins] - truth) ** 2) for b in pair])
    raw, shrunk = np.array(errors).T
    gain = raw - shrunk
    # Far beyond the error of the simulation, and by a fifth at least.
    assert gain.mean() > 4 * gain.std(ddof=1) / np.sqrt(gain.size)
    assert shrunk.mean() < 0.8 * raw.mean()


def test_shrinkage_draws_two_levels_together_as_worked_by_hand():
    # 15:85 and 5:195.  Of two weights d apart the scatter beyond chance is t = (d^2 - v - w) / 2,
    # for (d / 2)^2 on either side over t + v and t + w have to make one degree of freedom.
    frame, outcome = rows_of(("worse", 15, 85), ("better", 5, 195))
    better, worse = math.log(195 / 280) - math.log(5 / 20), math.log(85 / 280) - math.log(15 / 20)
    v, w = 1 / 5 + 1 / 195, 1 / 15 + 1 / 85
    t = ((better - worse) ** 2 - v - w) / 2  # (1.929^2 - 0.2051 - 0.0784) / 2 = 1.7187
    assert t == pytest.approx(1.7187, abs=5e-5)
    mean = (better / (t + v) + worse / (t + w)) / (1 / (t + v) + 1 / (t + w))
    table = MonotoneBinner(shrinkage="trend").fit(frame, outcome).tables_["x"]
    expected = [(t * better + v * mean) / (t + v), (t * worse + w * mean) / (t + w)]
    np.testing.assert_allclose(table["woe"][:2], expected, rtol=1e-8)


def test_shrinkage_draws_levels_towards_their_mean():
    codes, outcome = coded(4, 300)
    raw, shrunk = both(np.array(LEVELS, dtype=object)[codes], outcome, min_events=2)
    assert shrunk.levels == raw.levels
    assert np.ptp(shrunk.woe[: raw.n_bins]) < np.ptp(raw.woe[: raw.n_bins])
