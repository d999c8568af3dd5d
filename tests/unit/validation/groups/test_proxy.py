"""Witnesses: scikit-learn's ridge and areas, known truth, the null of shuffled groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from sanzhixin.errors import DomainError
from sanzhixin.numerics.clustered import cluster_auc
from sanzhixin.validation.groups.audit_groups import NOT_STATED, hidden_groups
from sanzhixin.validation.groups.fairness import compute_fairness
from sanzhixin.validation.groups.proxy import (
    _boosted,
    _cross_fit,
    _folds,
    _linear,
    _Wanted,
    compute_proxy,
    profile_columns,
)


def drawn(shift, size=600, seed=0):
    rng = np.random.default_rng(seed)
    member = rng.random(size) < 0.3
    ids = [f"H{k:04}" for k in range(size)]
    profile = pd.DataFrame(
        {
            "household_id": ids,
            "village_id": [f"V{k:02}" for k in rng.integers(0, 20, size)],
            "fs_score": rng.normal(size=size) + shift * member,
            "event_points": rng.integers(0, 40, size),
            "utility_payment": np.where(rng.random(size) < 0.1, None, "on_time"),
        }
    )
    names = np.where(member, "moved", "home")
    return profile, pd.DataFrame({"household_id": ids, "origin": names})


def pick(judged, model, column=""):
    table = judged.table
    return table[(table["model"] == model) & (table["column"] == column)].iloc[0]


def test_a_column_that_stands_in_for_the_group_is_watched():
    judged = compute_proxy(*drawn(1.5), permutations=19)
    assert pick(judged, "linear")["verdict"] == "watch"
    assert pick(judged, "boosted")["verdict"] == "watch"
    assert pick(judged, "column", "fs_score")["verdict"] == "watch"
    assert pick(judged, "column", "event_points")["verdict"] == "pass"
    assert pick(judged, "linear")["p_value"] == pytest.approx(1 / 20)


def test_the_other_way_round_is_watched_too():
    judged = compute_proxy(*drawn(-1.5), permutations=0)
    found = pick(judged, "column", "fs_score")
    assert (found["verdict"], found["value"] < 0.4) == ("watch", True)


def test_a_profile_that_tells_nothing_passes():
    judged = compute_proxy(*drawn(0), permutations=19)
    assert set(judged.table["verdict"]) == {"pass"}


def test_the_area_of_a_column_is_that_of_scikit_learn():
    profile, groups = drawn(0.5)
    found = pick(compute_proxy(profile, groups, permutations=0), "column", "fs_score")
    expected = roc_auc_score(groups["origin"] == "moved", profile["fs_score"])
    assert found["value"] == pytest.approx(expected, rel=1e-12)


def test_the_cross_fit_is_the_ridge_of_scikit_learn():
    rng = np.random.default_rng(3)
    x, y, folds = rng.normal(size=(60, 3)), rng.random((60, 2)), np.arange(60) % 3
    found = _cross_fit(x, y, folds)
    for part in range(3):
        out = folds == part
        ridge = Ridge(alpha=1e-3 * 40).fit(x[~out], y[~out])
        np.testing.assert_allclose(
            found[out], ridge.predict(x[out]) - y[~out].mean(axis=0), rtol=1e-8
        )


def null_p(seed):
    profile, groups = drawn(0, 240, seed)
    village = np.unique(profile["village_id"], return_inverse=True)[1]
    wanted = _Wanted(0.95, 0.6, village % 5, 19, seed)
    member = (groups["origin"] == "moved").to_numpy()
    return _linear(profile[["fs_score"]].to_numpy(), member, village, wanted)[1]


@pytest.mark.parametrize("seeds", [range(40), pytest.param(range(1000), marks=pytest.mark.slow)])
def test_shuffled_groups_ring_no_more_often_than_stated(seeds):
    rung = sum(null_p(seed) <= 0.05 for seed in seeds)
    assert rung <= binom.ppf(0.999, len(seeds), 0.05)


def test_small_groups_and_few_villages_are_not_judged():
    profile, groups = drawn(1.5)
    assert compute_proxy(profile, groups, least_size=400, permutations=0).table.empty
    few = profile.assign(village_id=profile["village_id"].str[:2])
    assert set(compute_proxy(few, groups, permutations=0).table["verdict"]) == {"insufficient"}
    alone = compute_proxy(profile.assign(village_id="V1"), groups, permutations=9).table
    assert set(alone["verdict"]) == {"insufficient"}


def parted(sizes):
    profile, groups = drawn(0.5, sum(sizes.values()))
    mixed = np.random.default_rng(1).permutation(np.repeat([*sizes], [*sizes.values()]))
    groups["origin"] = np.where(mixed == "", None, mixed)
    return profile, groups


def test_a_hidden_group_is_told_by_no_row_and_no_number():
    profile, groups = parted({"han": 500, "hui": 60, "yi": 33, "": 7})
    judged = compute_proxy(profile, groups, permutations=0)
    # 7 are not stated, and yi covers them: 593 or 500 + 60 would tell both
    assert set(judged.table["group"]) == {"han", "hui"}
    assert judged.table["n"].isna().all()
    numbers = judged.table[["value", "low", "high"]].to_numpy()
    np.testing.assert_array_equal(numbers, numbers.round(3))
    assert "600 households of 20 villages" in judged.note_en
    assert "20 村 600 户" in judged.note_zh


def test_numbers_stand_where_nothing_is_hidden():
    profile, groups = parted({"han": 500, "hui": 67, "": 33})
    table = compute_proxy(profile, groups, permutations=0).table
    assert table.loc[table["model"] == "linear", "n"].tolist() == [567]


def test_groups_that_another_table_hides_are_hidden_here():
    profile, groups = parted({"han": 300, "hui": 200, "yi": 100})
    own = compute_proxy(profile, groups, permutations=0).table
    told = compute_proxy(profile, groups, permutations=0, hidden={"origin": ["yi"]}).table
    assert set(own["group"]) == {"han", "hui", "yi"}
    assert own.loc[own["model"] == "linear", "n"].tolist() == [600] * 3
    assert set(told["group"]) == {"han"}  # of one hidden group alone the total would tell
    assert told["n"].isna().all()


@pytest.mark.parametrize("small", [10, 90])
def test_no_row_or_its_lack_tells_the_size_of_a_hidden_group(small):
    profile, groups = parted({"han": 500, "hui": small, "": 100 - small})
    assert compute_proxy(profile, groups, permutations=0).table.empty


def test_the_table_hides_what_fairness_hides():
    profile, groups = parted({"han": 500, "hui": 60, "yi": 33, "": 7})
    proposals = profile[["household_id", "village_id"]].assign(status="propose", limit_yuan=1)
    hidden = hidden_groups(compute_fairness(proposals, groups, draws=100))
    assert hidden == {"origin": ["yi", NOT_STATED]}
    shown = set(compute_proxy(profile, groups, permutations=0, hidden=hidden).table["group"])
    assert shown == {"han", "hui"}


def test_more_than_two_groups_are_tested_one_by_one():
    profile, groups = drawn(0)
    groups["origin"] = ["a", "b", "c"] * 200
    table = compute_proxy(profile, groups, permutations=0).table
    assert sorted(set(table["group"])) == ["a", "b", "c"]


def test_columns_of_a_profile_are_those_that_a_card_may_use():
    names = ["fs_se", "fs_score", "event_points", "n_events_excluded", "years", "evidence"]
    assert profile_columns(pd.DataFrame(columns=names)) == ["fs_score", "event_points", "years"]


def test_options_are_held_to_their_ranges():
    with pytest.raises(DomainError, match="threshold"):
        compute_proxy(*drawn(0), threshold=0.4)
    with pytest.raises(DomainError, match="level"):
        compute_proxy(*drawn(0), level=1.5)
    with pytest.raises(DomainError, match="columns nothing"):
        compute_proxy(*drawn(0), columns=["nothing"])


def test_a_group_that_villages_differ_in_is_not_ranked_the_wrong_way_round():
    areas = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        village = np.repeat(np.arange(20), 25)
        member = rng.random(500) < rng.beta(0.6, 1.4, 20)[village]
        wanted = _Wanted(0.95, 0.6, _folds(village, 5, 0), 0, 0)
        design = rng.normal(size=(500, 6))  # tells nothing
        scores = [_linear(design, member, village, wanted)[0]]
        scores += [_boosted(design, member, wanted)] if seed < 3 else []
        areas += [cluster_auc(score, member, village).auc for score in scores]
    assert abs(np.mean(areas) - 0.5) < 0.02  # with the group's frequency among the scores 0.42


def test_the_order_of_the_households_changes_nothing():
    profile, groups = drawn(0.5)
    shuffled = profile.sample(frac=1, random_state=1)
    one, two = (compute_proxy(table, groups, permutations=19) for table in (profile, shuffled))
    pd.testing.assert_frame_equal(one.table, two.table)


def test_a_column_that_is_the_group_is_watched():
    profile, groups = drawn(0)
    profile["own"] = (groups["origin"] == "moved").astype("int64")
    for column in (profile["own"], 1 - profile["own"]):
        told = compute_proxy(profile.assign(own=column), groups, columns=["own"], permutations=0)
        assert pick(told, "column", "own")["verdict"] == "watch"


def test_a_group_of_few_villages_is_not_judged():
    profile, groups = drawn(1.5)
    groups["origin"] = np.where(profile["village_id"] < "V05", "moved", "home")
    table = compute_proxy(profile, groups, permutations=0).table
    assert set(table["verdict"]) == {"insufficient"}
