"""Witnesses: hand-worked counts, invariants of order and of resampling."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta, binom

from sanzhixin.errors import DomainError
from sanzhixin.validation.stability.migration import compute_concentration, compute_migration

TIERS = ["A", "B", "C"]


def proposals(tiers, *, status=None, first=0):
    n = len(tiers)
    return pd.DataFrame(
        {
            "household_id": [f"H{first + k:03d}" for k in range(n)],
            "status": status or ["propose"] * n,
            "tier": tiers,
            "limit_yuan": pd.array([10_000] * n, dtype="Int64"),
        }
    )


def value_of(table, statistic):
    return table.loc[table["statistic"] == statistic, "value"].tolist()


def test_moves_are_counted_by_hand():
    before, after = proposals([*"AABBCC"]), proposals([*"ABBBAC"])
    table = compute_migration(before, after, tiers=TIERS, draws=200).table
    pairs = table[table["statistic"] == "households"]
    found = [(row.before, row.after, row.n) for row in pairs.itertuples()]
    assert found == [("A", "A", 1), ("A", "B", 1), ("B", "B", 2), ("C", "A", 1), ("C", "C", 1)]
    assert value_of(table, "share_down") == [pytest.approx(1 / 6)]  # A to B
    assert value_of(table, "share_up") == [pytest.approx(1 / 6)]  # C to A
    assert value_of(table, "mwb_down") == [0.5]  # one tier of two that could be
    assert value_of(table, "mwb_up") == [1.0]  # two of two


def test_gates_evidence_and_absence_are_states_of_their_own():
    before = proposals(["A", None, "B"], status=["propose", "insufficient_evidence", "propose"])
    after = proposals(["A", "A"], status=["gated", "propose"])
    table = compute_migration(before, after, tiers=TIERS, draws=200).table
    pairs = table[table["statistic"] == "households"][["before", "after"]].to_numpy().tolist()
    assert pairs == [["A", "gated"], ["B", "absent"], ["insufficient_evidence", "A"]]


def test_every_household_is_in_exactly_one_pair_and_shares_add_up():
    rng = np.random.default_rng(1)
    before = proposals(list(rng.choice(TIERS, 200)))
    after = proposals(list(rng.choice(TIERS, 200)), first=50)
    table = compute_migration(before, after, tiers=TIERS, draws=200).table
    pairs = table[table["statistic"] == "households"]
    assert pairs["n"].sum() == 250
    assert pairs.groupby("before")["value"].sum().to_numpy() == pytest.approx(1)
    own = table[table["statistic"].str.startswith(("share_", "mwb_"))]
    assert (own["low"].le(own["value"]) & own["value"].le(own["high"])).all()


def test_an_unknown_tier_is_refused():
    with pytest.raises(DomainError, match="Z"):
        compute_migration(proposals(["Z"]), proposals(["A"]), tiers=TIERS)


def test_the_same_seed_gives_the_same_intervals():
    before, after = proposals([*"AABBCC"] * 9), proposals([*"ABBBAC"] * 9)
    one, two = (compute_migration(before, after, tiers=TIERS, seed=5).table for _ in range(2))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_concentration_by_tier_and_village_by_hand():
    frame = proposals([*"AAAB"]).assign(village_id=["V1", "V1", "V2", "V2"])
    table = compute_concentration(frame, tiers=["A", "B"], draws=200).table
    own = table[(table["of"] == "households") & (table["statistic"] == "hhi")]
    assert dict(zip(own["by"], own["value"], strict=True)) == {"tier": 0.625, "village": 0.5}
    assert table["low"].isna().all()  # too few villages to draw


def test_intervals_by_tier_come_from_whole_villages():
    frame = proposals([*"AB"] * 30)
    alike = frame.assign(village_id=[f"V{k // 2}" for k in range(60)])  # all villages alike
    apart = frame.assign(village_id=[f"V{k % 2}{k // 4}" for k in range(60)])  # one tier each
    width = []
    for one in (alike, apart):
        table = compute_concentration(one, draws=500).table
        row = table[(table["by"] == "tier") & (table["statistic"] == "hhi")].iloc[0]
        width.append(row["high"] - row["low"])
    assert width[0] == pytest.approx(0)
    assert width[1] > 0.005


def test_households_name_the_villages_where_proposals_do_not():
    frame = proposals([*"AB"])
    homes = pd.DataFrame({"household_id": frame["household_id"], "village_id": ["V1", "V2"]})
    table = compute_concentration(frame, homes, draws=200).table
    assert set(table["by"]) == {"tier", "village"}
    with pytest.raises(DomainError, match="village_id"):
        compute_concentration(frame)


def test_a_household_that_stands_twice_is_refused():
    once, twice = proposals([*"AB"]), pd.concat([proposals([*"AB"])] * 2)
    for tables in ((once, twice), (twice, once)):
        with pytest.raises(
            DomainError, match="2 rows of the table of proposals repeat a household"
        ):
            compute_migration(*tables, tiers=TIERS, draws=200)
    with pytest.raises(DomainError, match="repeat a household"):
        compute_concentration(twice.assign(village_id="V1"), draws=200)


def test_no_move_is_no_proof_that_nobody_moves():
    same = proposals([*"AABBCC"] * 10)
    table = compute_migration(same, same, tiers=TIERS, draws=200).table.set_index("statistic")
    for name in ("share_up", "share_down"):
        row = table.loc[name]
        assert (row["value"], row["low"]) == (0, 0)
        assert row["high"] == pytest.approx(1 - 0.025 ** (1 / 60))  # none of 60
    moved = proposals(["A"] * 55 + ["B"] * 5), proposals(["A"] * 50 + ["B"] * 10)
    row = compute_migration(*moved, tiers=TIERS, draws=200).table.set_index("statistic")
    found = row.loc["share_down"]
    expected = beta.ppf(0.025, 5, 56), beta.ppf(0.975, 6, 55)
    assert (found["low"], found["high"]) == pytest.approx(expected)


def test_the_interval_of_nearly_equal_tiers_holds_equality_and_the_value():
    rng = np.random.default_rng(4)
    frame = proposals(list(rng.choice([*"ABCDE"], 600)))
    frame["village_id"] = [f"V{k // 30:02}" for k in range(600)]
    table = compute_concentration(frame, tiers=[*"ABCDE"], draws=300).table
    own = table[(table["by"] == "tier") & (table["of"] == "households")].set_index("statistic")
    for name, equal in (("hhi", 0.2), ("hhi_adjusted", 0.0), ("largest", 0.2)):
        assert own.loc[name, "low"] == equal < own.loc[name, "value"] <= own.loc[name, "high"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shares", "hhi"),
    [((0.2, 0.2, 0.2, 0.2, 0.2), 0.2), ((0.5, 0.2, 0.15, 0.1, 0.05), 0.325)],
)
def test_intervals_of_concentration_cover_about_as_often_as_stated(shares, hhi):
    rng, covered = np.random.default_rng(6), 0
    for _ in range(200):
        frame = proposals(list(rng.choice([*"ABCDE"], 600, p=shares)))
        frame["village_id"] = [f"V{k // 30:02}" for k in range(600)]
        table = compute_concentration(frame, tiers=[*"ABCDE"], draws=200).table
        row = table[(table["by"] == "tier") & (table["statistic"] == "hhi")].iloc[0]
        covered += row["low"] <= hhi <= row["high"]
    assert covered >= binom.ppf(0.001, 200, 0.92)  # 20 villages: a little below .95


def test_a_level_that_is_no_probability_is_named():
    one = proposals([*"AB"]).assign(village_id="V1")
    with pytest.raises(DomainError, match="level"):
        compute_concentration(one, level=1.5)
    with pytest.raises(DomainError, match="level"):
        compute_migration(one, one, tiers=TIERS, level=1.5)
