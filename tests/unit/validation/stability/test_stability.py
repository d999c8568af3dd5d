"""Witnesses: hand-worked shares, the index of card selection, scipy's chi-square."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from sanzhixin.errors import DomainError
from sanzhixin.numerics.screening import population_stability
from sanzhixin.validation.stability.index import (
    compute_csi,
    compute_psi,
    compute_psi_path,
    compute_score_distribution,
    freeze_breaks,
)
from sanzhixin.validation.tables.judged import STATISTIC_COLUMNS


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_breaks_part_distinct_points_evenly():
    breaks = freeze_breaks(range(100), 4)
    assert breaks.tolist() == [25, 50, 75]


def test_equal_points_give_fewer_cells_and_the_lowest_cell_is_never_empty():
    breaks = freeze_breaks([5] * 90 + [7] * 10 + [np.nan], 10)
    assert breaks.tolist() == [7]


def test_no_points_give_no_breaks():
    with pytest.raises(DomainError, match="no rows"):
        freeze_breaks([np.nan])


def test_the_index_and_its_parts_by_hand():
    before, after = [1] * 50 + [3] * 50, [1] * 60 + [3] * 40
    table = compute_psi(before, after, breaks=[2]).table
    assert table["value"].round(4).tolist() == [0.0405, 0.0182, 0.0223]  # .1 ln 1.2 + .1 ln 1.25
    assert table["share_after"].tolist()[1:] == [0.6, 0.4]
    assert [name for name in table if name in STATISTIC_COLUMNS] == list(STATISTIC_COLUMNS)


@pytest.mark.parametrize(("moved", "word"), [(10, "pass"), (20, "watch"), (30, "fail")])
def test_verdicts_follow_the_limits_of_the_sample_sizes(moved, word):
    after = np.repeat(np.arange(50, 1000, 100), [100 + moved, 100 - moved] * 5)
    breaks = freeze_breaks(range(1000), 10)
    row = compute_psi(range(1000), after, breaks=breaks).table.iloc[0]
    assert row["verdict"] == word  # 0.010, 0.041, 0.093 against 0.0338 and 0.0558
    assert (row["value"] > row["threshold"]) == (word != "pass")
    assert (row["value"] > row["fail_above"]) == (word == "fail")


def test_the_convention_is_shown_and_does_not_judge(rng):
    small = rng.normal(size=60)
    row = compute_psi(small, rng.normal(size=60), breaks=freeze_breaks(small, 10)).table.iloc[0]
    assert (row["convention"], row["verdict"]) == (">=0.25", "pass")
    large = rng.normal(size=50_000)
    moved = rng.normal(size=50_000) + 0.1
    row = compute_psi(large, moved, breaks=freeze_breaks(large, 10)).table.iloc[0]
    assert (row["convention"], row["verdict"]) == ("<0.10", "fail")


def test_large_samples_are_judged_by_the_chi_square_of_scipy(rng):
    before, after = rng.normal(size=5000), rng.normal(size=4000)
    row = compute_psi(before, after, breaks=freeze_breaks(before, 10)).table.iloc[0]
    assert row["law"] == "chi-square"
    assert row["threshold"] == pytest.approx(chi2.isf(0.05, 9) * (1 / 5000 + 1 / 4000))


def test_few_rows_are_not_judged_and_missing_points_are_told():
    judged = compute_psi([1, 3] * 20, [1, 3, np.nan] * 9, breaks=[2])
    row = judged.table.iloc[0]
    assert (row["verdict"], row["n"]) == ("insufficient", 18)
    assert "9 after" in judged.note_en
    assert "9" in judged.note_zh


def test_a_characteristic_that_is_no_longer_filled_in_is_seen():
    before = pd.DataFrame({"fs_score": np.arange(100.0), "pay": ["on_time", "late"] * 50})
    after = before.assign(fs_score=before["fs_score"].where(before.index < 50))
    table = compute_csi(before, after, breaks={"fs_score": [25, 50, 75], "pay": None}).table
    assert table["verdict"].tolist() == ["fail", "pass"]
    expected = population_stability([25, 25, 25, 25, 0], [25, 25, 0, 0, 50])
    assert table["value"].iloc[0] == pytest.approx(expected)


def test_a_characteristic_without_any_value_before_is_not_compared():
    after = pd.DataFrame({"fs_score": np.arange(100.0), "pay": ["on_time", "late"] * 50})
    before = pd.DataFrame({"fs_score": np.full(90, np.nan), "pay": pd.array([None] * 90, "str")})
    table = compute_csi(before, after, breaks={"fs_score": [25, 50, 75], "pay": None}).table
    assert table["verdict"].tolist() == ["insufficient"] * 2
    assert table["value"].isna().all()
    assert table[["n_before", "n"]].to_numpy().tolist() == [[90, 100]] * 2


def test_a_characteristic_without_any_value_after_has_stopped():
    before = pd.DataFrame({"fs_score": np.arange(100.0), "pay": ["on_time", "late"] * 50})
    after = pd.DataFrame({"fs_score": np.full(90, np.nan), "pay": pd.array([None] * 90, "str")})
    table = compute_csi(before, after, breaks={"fs_score": [25, 50, 75], "pay": None}).table
    assert table["verdict"].tolist() == ["fail"] * 2


@pytest.mark.parametrize("empty", ["before", "after"])
def test_a_sample_without_rows_has_no_characteristics(empty):
    full = pd.DataFrame({"fs_score": np.arange(100.0)})
    frames = (full.iloc[:0], full) if empty == "before" else (full, full.iloc[:0])
    with pytest.raises(DomainError) as caught:
        compute_csi(*frames, breaks={"fs_score": [50]})
    assert caught.value.code == "stability_empty"


def test_a_new_level_and_a_lost_one_are_cells():
    before, after = (pd.DataFrame({"pay": [word] * 40}) for word in ("old", "new"))
    table = compute_csi(before, after, breaks={"pay": None}).table
    assert table["value"].iloc[0] == pytest.approx(population_stability([40, 0], [0, 40]))
    assert table["verdict"].tolist() == ["fail"]


def test_an_unknown_characteristic_is_refused():
    frame = pd.DataFrame({"a": [1]})
    with pytest.raises(DomainError, match="b"):
        compute_csi(frame, frame, breaks={"b": None})


def test_each_period_is_compared_with_the_first_and_an_empty_one_is_said(rng):
    first = rng.normal(size=200)
    parts = [("2026-01", first), ("2026-02", []), ("2026-03", first + 2)]
    table = compute_psi_path(parts, breaks=freeze_breaks(first, 5)).table
    assert table["period"].tolist() == ["2026-02", "2026-03"]
    assert table["verdict"].tolist() == ["insufficient", "fail"]


def test_the_same_input_gives_the_same_table(rng):
    before, after = rng.normal(size=80), rng.normal(size=70)
    one, two = (compute_psi(before, after, breaks=[-0.5, 0.5]).table for _ in range(2))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


@pytest.mark.parametrize("breaks", [[], [2, 1]])
def test_impossible_breaks_are_refused(breaks):
    with pytest.raises(DomainError, match="ascend"):
        compute_psi([1], [1], breaks=breaks)


def test_the_distribution_counts_everyone_once_and_keeps_empty_classes():
    judged = compute_score_distribution([600, 624, 660, np.nan], width=25, failed=[0, 1, 1, 1])
    table = judged.table
    assert table["from_points"].tolist() == [600, 625, 650]
    assert table[["n", "events"]].astype(int).to_numpy().tolist() == [[2, 1], [0, 0], [1, 1]]
    assert table["value"].sum() == pytest.approx(1)
    assert "1 without points" in judged.note_en


def test_the_same_households_are_compared_one_by_one(rng):
    ids = [f"H{k:04}" for k in range(1000)]
    lasting = rng.normal(700, 60, 1000)
    before, after = lasting, lasting + rng.normal(4, 10, 1000)
    breaks = freeze_breaks(np.concatenate([before, after]), 10)
    order = rng.permutation(1000)  # rows in another order are the same households
    given = (ids, [ids[k] for k in order])
    judged = compute_psi(before, after[order], breaks=breaks, households=given)
    row, two = judged.table.iloc[0], compute_psi(before, after, breaks=breaks).table.iloc[0]
    assert (row["law"], row["verdict"], two["verdict"]) == ("swapped", "watch", "pass")
    assert row["value"] == pytest.approx(two["value"])
    assert "villages move together it rings too readily" in judged.note_en
    frames = (
        pd.DataFrame({"household_id": ids, "x": before, "pay": "late"}),
        pd.DataFrame({"household_id": ids, "x": after, "pay": "late"}),
    )
    csi = compute_csi(*frames, breaks={"x": breaks, "pay": None}, paired_by="household_id").table
    assert csi["law"].tolist() == ["swapped", "swapped"]
    assert csi["p_value"].tolist() == [row["p_value"], 1]


@pytest.mark.parametrize("failed", [[0, 2], [0, np.nan]])
def test_outcomes_of_a_distribution_are_0_or_1(failed):
    assert compute_score_distribution([610, 620], failed=[0, 1]).table["events"].tolist() == [1]
    with pytest.raises(DomainError, match="write 1 for a default"):
        compute_score_distribution([610, 620], failed=failed)
