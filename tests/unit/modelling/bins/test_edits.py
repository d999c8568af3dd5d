"""Bins that people change: fixed splits, merged and locked bins, and the log of who did what."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.modelling import BinEdit, MonotoneBinner

N_ROWS = 1000


def drawn(seed=3):
    """Income in thousands, of which risk falls, and a kind of household."""
    rng = np.random.default_rng(seed)
    income = np.round(rng.normal(40, 15, N_ROWS), 1)
    kind = rng.choice(list("ABCDE"), N_ROWS)
    risk = dict(zip("ABCDE", (0.1, 0.15, 0.2, 0.3, 0.4), strict=True))
    base = np.array([risk[k] for k in kind])
    outcome = rng.random(N_ROWS) < base / (base + (1 - base) * np.exp((income - 40) / 15))
    return pd.DataFrame({"income": income, "kind": kind}), outcome


FRAME, OUTCOME = drawn()


def split(at, **log):
    return BinEdit("income", "split", at, **log)


def merge(low, high):
    return BinEdit("income", "merge", low, high)


def lock(low, high):
    return BinEdit("income", "lock", low, high)


def together(*levels):
    return BinEdit("kind", "merge", levels=levels)


def alone(*levels):
    return BinEdit("kind", "lock", levels=levels)


def fitted(*edits, **options):
    return MonotoneBinner(edits=edits, **options).fit(FRAME, OUTCOME)


def edges(binner):
    return binner.features_[0].edges


def levels(binner):
    return binner.features_[1].levels


PLAIN = fitted()


# Numbers.


@pytest.mark.parametrize("at", [37.123456789012, 50, 20.05])
def test_a_fixed_split_is_an_edge_exactly_as_it_was_given(at):
    binner = fitted(split(at))
    assert at in edges(binner)
    assert any(f"[{at:.15g}, " in label for label in binner.tables_["income"]["label"])
    below = binner.features_[0].edges.index(at)
    codes = binner.bins(FRAME)[:, 0]
    np.testing.assert_array_equal(codes <= below, FRAME["income"] < at)


def test_a_row_at_a_fixed_split_lies_above_it():
    at = float(FRAME["income"].median())
    binner = fitted(split(at))
    below, there = binner.bins(
        pd.DataFrame({"income": [np.nextafter(at, 0), at], "kind": ["A", "A"]})
    )[:, 0]
    assert there == below + 1


def test_a_split_where_no_row_lies_on_the_number_itself_is_kept_as_given():
    # No income lies between 40.0 and 40.1: 40.03 parts the same rows as any edge there would.
    assert 40.03 in edges(fitted(split(40.03)))


def test_several_splits_are_all_kept_and_their_order_does_not_matter():
    ats = (30.01, 40.01, 50.01)
    binners = [fitted(*map(split, order)) for order in (ats, ats[::-1])]
    for binner in binners:
        assert set(ats) <= set(edges(binner))
    assert edges(binners[0]) == edges(binners[1])


def test_a_split_given_twice_is_one_split():
    assert edges(fitted(split(40.01), split(40.01, reason="again"))) == edges(fitted(split(40.01)))


def test_splits_count_within_the_bins_at_most():
    binner = fitted(split(30.01), split(50.01), max_bins=3)
    assert edges(binner) == (30.01, 50.01)


@pytest.mark.parametrize(("low", "high"), [(20, 60), (-np.inf, 45), (25, np.inf), (10.5, 55.5)])
def test_no_bin_ends_within_a_merged_interval(low, high):
    inside = FRAME["income"].between(low, high, inclusive="left")
    assert any(low < edge < high for edge in edges(PLAIN))
    binner = fitted(merge(low, high))
    assert len(set(binner.bins(FRAME[inside])[:, 0])) == 1
    assert binner.features_[0].n_bins > 1


def test_a_bin_may_begin_where_a_merged_interval_ends():
    rates = {1: 10, 2: 20, 3: 40}
    values = np.repeat(list(rates), 100)
    outcome = np.concatenate([np.arange(100) < bad for bad in rates.values()])
    binner = MonotoneBinner(edits=[BinEdit("x0", "merge", 1, 3)])
    binner.fit(values[:, np.newaxis], outcome)
    assert binner.bins([[1], [2], [3]])[:, 0].tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("low", "high"), [(30, 45), (33.33, 41.27), (-np.inf, 30), (45, np.inf), (20, 50)]
)
def test_a_locked_interval_is_exactly_one_bin(low, high):
    inside = FRAME["income"].between(low, high, inclusive="left")
    binner = fitted(lock(low, high))
    codes = binner.bins(FRAME)[:, 0]
    (own,) = set(codes[inside])
    assert own not in set(codes[~inside])
    assert binner.tables_["income"]["n_rows"][own] == inside.sum()
    for end in {low, high} - {np.inf, -np.inf}:
        assert end in edges(binner)


def test_locked_intervals_that_meet_share_their_edge():
    binner = fitted(lock(25, 40), lock(40, 55))
    assert {25, 40, 55} <= set(edges(binner))
    assert not any(25 < edge < 40 or 40 < edge < 55 for edge in edges(binner))


def test_a_split_at_the_end_of_a_merged_interval_is_no_contradiction():
    binner = fitted(merge(25, 40), split(25), split(40))
    found = edges(binner)
    assert found[found.index(25) + 1] == 40


def test_special_codes_and_missing_values_stand_outside_of_edits():
    frame = FRAME.assign(income=FRAME["income"].mask(np.arange(N_ROWS) % 10 == 0))
    frame.loc[np.arange(N_ROWS) % 10 == 1, "income"] = -9
    binner = MonotoneBinner(edits=[lock(-np.inf, 40)], special_codes={"income": {"refused": [-9]}})
    table = binner.fit(frame, OUTCOME).tables_["income"].set_index("label")
    assert table.loc[["refused", "missing"], "n_rows"].tolist() == [100, 100]
    ordinary = (frame["income"] < 40) & (frame["income"] != -9)
    assert table.loc["[-inf, 40)", "n_rows"] == ordinary.sum()


def test_weights_of_evidence_of_edited_bins_are_counted_as_others_are():
    binner = fitted(lock(30, 45))
    table = binner.tables_["income"].set_index("label")
    inside = FRAME["income"].between(30, 45, inclusive="left")
    bad, good = OUTCOME[inside].sum(), (~OUTCOME[inside]).sum()
    # ln(g / G) - ln(e / E), from the rows themselves
    expected = np.log(good / (~OUTCOME).sum()) - np.log(bad / OUTCOME.sum())
    assert table.loc["[30, 45)", "woe"] == pytest.approx(expected, abs=1e-12)


# Categories.


def test_merged_levels_stay_in_one_bin():
    assert levels(PLAIN) != levels(fitted(together("A", "E")))
    for pair in (("A", "E"), ("B", "D", "C")):
        homes = [b for b, part in enumerate(levels(fitted(together(*pair)))) if set(pair) & {*part}]
        assert len(homes) == 1


def test_merged_levels_may_be_joined_by_others():
    (found,) = (part for part in levels(fitted(together("A", "E"), max_bins=2)) if "A" in part)
    assert set(found) > {"A", "E"}


@pytest.mark.parametrize("part", [("C",), ("A", "B"), ("E", "A")])
def test_locked_levels_are_one_bin_alone(part):
    for max_bins in (3, 8):
        assert tuple(sorted(part)) in levels(fitted(alone(*part), max_bins=max_bins))


def test_two_locks_of_levels_are_two_bins():
    found = levels(fitted(alone("A", "B"), alone("D")))
    assert ("A", "B") in found
    assert ("D",) in found


def test_a_locked_level_is_never_rare():
    frame = FRAME.assign(kind=np.where(np.arange(N_ROWS) < 40, "F", FRAME["kind"]))
    frame.loc[40:79, "kind"] = "G"
    outcome = np.where(np.arange(N_ROWS) < 80, np.arange(N_ROWS) % 2 == 0, OUTCOME)
    rules = {"rare_share": 0.05, "min_bin_share": 0, "min_expected": 0}
    assert ("F", "G") in MonotoneBinner(**rules).fit(frame, outcome).features_[1].levels
    binner = MonotoneBinner(edits=[alone("F")], **rules).fit(frame, outcome)
    assert ("F",) in binner.features_[1].levels


def test_edits_of_one_column_leave_the_others_alone():
    binner = fitted(split(40.03), lock(20, 30))
    pd.testing.assert_frame_equal(binner.tables_["kind"], PLAIN.tables_["kind"])
    binner = fitted(alone("C"))
    pd.testing.assert_frame_equal(binner.tables_["income"], PLAIN.tables_["income"])


@pytest.mark.parametrize("edit", [alone("A"), alone("A", "B"), together("A", "B")])
def test_an_edit_of_levels_that_only_rows_without_weight_hold_is_refused(edit):
    weights = (~FRAME["kind"].isin(["A", "B"])).astype(float)
    with pytest.raises(DomainError, match="some of its levels are not in the data"):
        MonotoneBinner(edits=[edit]).fit(FRAME, OUTCOME, weights)


def test_an_edit_of_a_level_that_is_a_special_code_is_refused():
    binner = MonotoneBinner(edits=[alone("A")], special_codes={"kind": {"not asked": ["A"]}})
    with pytest.raises(DomainError, match="some of its levels are not in the data"):
        binner.fit(FRAME, OUTCOME)


# The log.

LOGGED = (
    split(40.03, reason="贫困线", by="hs", on="2026-11-02"),
    alone("A", "B"),
    merge(20, 30),
)


def test_the_log_holds_the_edits_in_the_order_they_were_made():
    log = fitted(*LOGGED).edit_log_
    assert list(log.columns) == [
        "feature", "action", "low", "high", "levels", "reason", "by", "on",
    ]  # fmt: skip
    assert log["feature"].tolist() == ["income", "kind", "income"]
    assert log["action"].tolist() == ["split", "lock", "merge"]
    assert log[["reason", "by", "on"]].iloc[0].tolist() == ["贫困线", "hs", "2026-11-02"]
    assert log["levels"].tolist() == [(), ("A", "B"), ()]
    assert log["low"].tolist()[::2] == [40.03, 20]


def test_without_edits_the_log_has_columns_and_no_row():
    assert PLAIN.edit_log_.shape == (0, 8)


def test_the_log_is_that_of_the_fit_and_not_of_later_options():
    binner = fitted(split(40.03)).set_params(edits=())
    assert len(binner.edit_log_) == 1


def test_reasons_change_nothing_in_the_bins():
    one, two = fitted(split(40.03)), fitted(split(40.03, reason="贫困线", by="hs", on="2026-11-02"))
    pd.testing.assert_frame_equal(one.tables_["income"], two.tables_["income"])


@pytest.mark.parametrize("seed", [4, 5])
def test_edits_survive_a_clone_and_hold_on_other_data(seed):
    binner = clone(fitted(split(40.03), lock(20, 30), alone("C")))
    binner.fit(*drawn(seed))
    assert {20, 30, 40.03} <= set(edges(binner))
    assert not any(20 < edge < 30 for edge in edges(binner))
    assert ("C",) in levels(binner)
    assert len(binner.edit_log_) == 3


def test_weights_hold_edits_as_repeated_rows_do():
    weights = 1 + np.arange(N_ROWS) % 3
    edits = (split(40.03), lock(20, 30), alone("C"))
    by_weight = MonotoneBinner(edits=edits).fit(FRAME, OUTCOME, weights)
    often = FRAME.loc[FRAME.index.repeat(weights)]
    by_rows = MonotoneBinner(edits=edits).fit(often, np.repeat(OUTCOME, weights))
    for name, table in by_rows.tables_.items():
        pd.testing.assert_frame_equal(by_weight.tables_[name], table, check_exact=True)


# Refusals.

ENDS = "a number is split at low, merged or locked from low to high"
ORDER = "low must lie below high"
INSIDE = "it cuts an interval that is to stay whole"
EMPTY = "no row lies on one side of it"
LEVELS = "a category is merged or locked by its levels, each in one edit"
ABSENT = "some of its levels are not in the data"
CHINESE = {
    ENDS: "数值须在 low 处切分",
    ORDER: "low 须小于 high",
    INSIDE: "其切断了要求保持完整的区间",
    EMPTY: "其一侧没有数据",
    LEVELS: "类别须按水平合并或锁定",
    ABSENT: "部分水平不在数据中",
}
REFUSED = [
    ([BinEdit("income", "split")], ENDS),
    ([BinEdit("income", "split", 30, 40)], ENDS),
    ([BinEdit("income", "split", levels=("A",))], ENDS),
    ([BinEdit("income", "merge", 30)], ENDS),
    ([BinEdit("income", "lock", high=30)], ENDS),
    ([BinEdit("income", "lock", 30, 40, ("A",))], ENDS),
    ([merge(40, 30)], ORDER),
    ([lock(30, 30)], ORDER),
    ([lock(np.nan, 30)], ORDER),
    ([merge(30, 45), split(40)], INSIDE),
    ([split(40), lock(30, 45)], INSIDE),
    ([split(-1000)], EMPTY),
    ([split(1000)], EMPTY),
    ([split(np.nan)], EMPTY),
    ([split(40.02), split(40.04)], EMPTY),
    ([lock(40.02, 40.04)], EMPTY),
    ([lock(-1000, 40)], EMPTY),
    ([lock(40, 1000)], EMPTY),
    ([BinEdit("kind", "split", levels=("A",))], LEVELS),
    ([BinEdit("kind", "split", 3)], LEVELS),
    ([BinEdit("kind", "merge", 30, 40)], LEVELS),
    ([BinEdit("kind", "lock")], LEVELS),
    ([BinEdit("kind", "lock", low=3, levels=("A",))], LEVELS),
    ([together("A", "B"), alone("B", "C")], LEVELS),
    ([together("A", "Z")], ABSENT),
    ([alone("A"), alone("Z")], ABSENT),
]


@pytest.mark.parametrize(("edits", "rule"), REFUSED)
def test_an_edit_that_the_data_cannot_follow_is_refused_with_the_rule(edits, rule):
    with pytest.raises(DomainError, match=f"Edit of (income|kind): .* is not possible; {rule}"):
        fitted(*edits)


@pytest.mark.parametrize("rule", CHINESE)
def test_every_refusal_has_its_sentence_in_chinese(rule):
    edits = next(given for given, broken_rule in REFUSED if broken_rule == rule)
    with pytest.raises(DomainError) as caught:
        fitted(*edits)
    assert caught.value.code == "bin_edit"
    assert caught.value.zh.startswith("对 ")
    assert CHINESE[rule] in caught.value.zh
    assert rule not in caught.value.zh


def test_the_refusal_names_the_edit_that_is_wrong():
    with pytest.raises(DomainError, match="Edit of income: lock low=40, high=1000 is not possible"):
        fitted(split(30), lock(40, 1000))
    with pytest.raises(DomainError, match="Edit of kind: lock Z, A is not possible"):
        fitted(alone("B"), alone("Z", "A"))


@pytest.mark.parametrize(
    "edits",
    [(lock(20, 40), lock(30, 50)), (merge(20, 40), lock(30, 50)), (lock(20, 50), lock(30, 40))],
)
def test_a_locked_interval_that_cuts_another_is_refused(edits):
    with pytest.raises(DomainError, match=INSIDE):
        fitted(*edits)


@pytest.mark.parametrize(
    "edit", [BinEdit("income", "join", 30, 40), BinEdit("kind", "join", levels=("A", "B"))]
)
def test_an_action_that_is_not_known_is_refused(edit):
    with pytest.raises(DomainError, match="join"):
        fitted(edit)


def test_an_edit_of_a_column_that_is_not_there_is_refused():
    words = "edits names 收入, which the data do not have; the columns are income, kind"
    with pytest.raises(DomainError, match=words) as caught:
        fitted(BinEdit("收入", "split", 3))
    assert caught.value.code == "bin_feature_unknown"
    assert caught.value.zh == "edits 指定了数据中没有的 收入；现有列为 income, kind。"


INFEASIBLE = [
    ([split(40.03)], {"trend": {"income": "ascending"}}, "income", "trend ascending"),
    ([split(5)], {}, "income", "50 rows in each"),
    ([split(30), split(40), split(50)], {"max_bins": 3}, "income", "at most 3 bins"),
    ([lock(40, 40.2)], {}, "income", "50 rows in each"),
    ([split(40)], {"min_events": 400}, "income", "at least 400 events"),
    ([split(40)], {"min_nonevents": 700}, "income", "700 non-events"),
    ([alone("A"), alone("B"), alone("C")], {"max_bins": 3}, "kind", "at most 3 bins"),
    ([alone("A")], {"min_bin_share": 0.3}, "kind", "300 rows in each"),
]


@pytest.mark.parametrize(("edits", "options", "name", "words"), INFEASIBLE)
def test_edits_that_contradict_the_rules_are_refused_with_both(edits, options, name, words):
    sentence = f"Column {name}: no bins keep the fixed splits and the rules .*{words}.*Drop a split"
    with pytest.raises(EvidenceError, match=sentence) as caught:
        fitted(*edits, **options)
    assert caught.value.code == "bins_infeasible"
    assert caught.value.zh.startswith(f"{name} 列：没有分箱能同时满足固定切点与规则")


@pytest.mark.parametrize(("edits", "options"), [case[:2] for case in INFEASIBLE])
def test_without_the_edits_the_same_rules_can_be_kept(edits, options):
    assert edits
    assert fitted(**options).features_[0].n_bins >= 1


def test_an_edit_cannot_be_changed_and_is_equal_to_its_like():
    edit = split(40.03)
    with pytest.raises(AttributeError):
        edit.low = 41
    assert edit == split(40.03)
