"""Witnesses: scipy's t test, statsmodels (Holm), hand-worked changes, rates where nothing moves."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, ttest_1samp
from statsmodels.stats.multitest import multipletests

from sanzhixin.errors import DomainError
from sanzhixin.simulate import SimulationSettings, simulate_county
from sanzhixin.validation.monitoring.rating_drift import compute_rating_drift, latest_forms

ITEMS = ("FS01", "FS02")


def drawn(seed, *, villages=10, households=25, raters=4, move=None, replaced=0):
    """Two rounds of ratings 1 to 5; `move` adds steps to one village, new raters come in."""
    rng = np.random.default_rng(seed)
    n = villages * households
    home = pd.DataFrame(
        {
            "household_id": [f"H{k:04}" for k in range(n)],
            "village_id": [f"V{k // households:02}" for k in range(n)],
        }
    )
    merit = rng.normal(3, 0.6, (n, 1, 1))
    severity = np.repeat(rng.normal(0, 0.4, (villages, raters)), households, axis=0)[:, :, None]
    rounds = []
    for number in (1, 2):
        if number == 2 and replaced:
            newcomers = rng.normal(0, 0.4, (villages, replaced))
            severity[:, :replaced, 0] = np.repeat(newcomers, households, axis=0)
        raw = merit - severity + rng.normal(0, 0.8, (n, raters, len(ITEMS)))
        if number == 2 and move:
            raw[:households] += move
        rating = np.clip(np.rint(raw), 1, 5)
        rating[rng.random(rating.shape) < 0.1] = np.nan
        rounds.append(
            pd.DataFrame(
                {
                    "round": number,
                    "household_id": home["household_id"].repeat(raters).to_numpy(),
                    "rater_id": [
                        f"{v}-R{r + raters * (number == 2 and r < replaced)}"
                        for v in home["village_id"]
                        for r in range(raters)
                    ],
                    **{
                        item: pd.array(rating[:, :, k].ravel(), dtype="Float64").astype("Int8")
                        for k, item in enumerate(ITEMS)
                    },
                }
            )
        )
    return *rounds, home


def rows(table, unit):
    return table[table["unit"] == unit]


def test_a_change_by_hand():
    before = pd.DataFrame(
        {"round": 1, "household_id": list("aabb"), "rater_id": list("xyxy"), "A": [1, 2, 3, None]}
    )
    after = before.assign(round=2, A=[3, None, 3, 5])
    home = pd.DataFrame({"household_id": ["a", "b"], "village_id": "V"})
    table = compute_rating_drift(before, after, home, ["A"]).table
    # household a: x by 2, y nothing both times; household b: x by 0, y nothing before
    assert rows(table, "village")["value"].tolist() == [1.0]
    # rater x: a 2, b 0; rater y: nothing on the same household
    assert rows(table, "rater")[["id", "value"]].to_numpy().tolist() == [["x", 1.0]]


def test_households_without_another_round_are_left_out():
    before, _, home = drawn(0)
    table = compute_rating_drift(before, before, home, ITEMS).table
    assert set(table["verdict"]) == {"insufficient"}


def test_a_village_is_tested_as_by_scipy_and_adjusted_as_by_statsmodels():
    before, after, home = drawn(1)
    own = rows(compute_rating_drift(before, after, home, ITEMS).table, "village")
    pairs = before.merge(after, on=["household_id", "rater_id"], suffixes=("_1", "_2"))
    steps = {i: pairs[f"{i}_2"].astype("Float64") - pairs[f"{i}_1"] for i in ITEMS}
    each = pd.DataFrame(steps).astype("float64").mean(axis=1)
    changes = each.groupby(pairs["household_id"]).mean().dropna()
    village = home.set_index("household_id")["village_id"].reindex(changes.index)
    p = [ttest_1samp(changes[village == name], 0).pvalue for name in sorted(set(village))]
    np.testing.assert_allclose(own["p_value"], p, rtol=1e-9)
    np.testing.assert_allclose(own["p_adjusted"], multipletests(p, method="holm")[1], rtol=1e-9)


def test_a_campaign_in_one_village_rings_there_and_only_there():
    table = compute_rating_drift(*drawn(2, move=0.7), ITEMS).table
    ringing = rows(table, "village")
    assert ringing.loc[ringing["verdict"].isin(("watch", "fail")), "id"].tolist() == ["V00"]
    assert set(rows(table, "county")["verdict"]) == {"pass"}


def test_a_campaign_in_every_village_rings_for_the_county():
    before, after, home = drawn(3, villages=14)
    for item in ITEMS:
        after[item] = (after[item] + 1).clip(upper=5)
    county = rows(compute_rating_drift(before, after, home, ITEMS).table, "county").iloc[0]
    assert (county["verdict"], county["n"], county["value"] > 0.5) == ("fail", 14, True)


def test_too_few_households_are_not_judged():
    table = compute_rating_drift(*drawn(4, households=12), ITEMS).table
    assert set(rows(table, "village")["verdict"]) == {"insufficient"}


def test_a_missing_column_is_named():
    before, after, home = drawn(5)
    with pytest.raises(DomainError, match="NR01"):
        compute_rating_drift(before, after, home, ["NR01"])


def test_forms_count_by_date_familiarity_and_relation():
    county = simulate_county(villages=1, seed=3)
    forms = latest_forms(county.ratings, dt.date(2025, 12, 31))
    assert forms["round"].unique().tolist() == [1]
    assert forms["familiar"].all()
    assert (forms["relation"] == "none").all()
    assert latest_forms(county.ratings, dt.date(2000, 1, 1)).empty


def test_new_raters_are_no_change_and_the_note_counts_those_who_stayed():
    before, after, home = drawn(6, villages=1, raters=4, replaced=1)
    judged = compute_rating_drift(before, after, home, ITEMS)
    strict = after.assign(**{i: after[i].where(after["rater_id"] != "V00-R4", 1) for i in ITEMS})
    stern = compute_rating_drift(before, strict, home, ITEMS)
    pd.testing.assert_frame_equal(judged.table, stern.table)
    assert "of the 4 raters of these households in this round, 3 rated" in judged.note_en
    assert "4 名评议员中，3 名" in judged.note_zh
    assert "identifiers of raters" in judged.note_en


def test_a_village_of_new_raters_alone_is_not_judged():
    table = compute_rating_drift(*drawn(7, villages=1, raters=2, replaced=2), ITEMS).table
    assert table[["unit", "n", "verdict"]].to_numpy().tolist() == [["county", 0, "insufficient"]]


def test_a_new_rating_under_the_old_number_is_told():
    before, after, home = drawn(8, villages=1)
    first, second = (
        forms.assign(round=1, rated_on=pd.Timestamp(day))
        for forms, day in ((before, "2025-06-01"), (after, "2026-06-01"))
    )
    judged = compute_rating_drift(first, second, home, ITEMS)
    assert set(judged.table["verdict"]) == {"insufficient"}
    assert "25 households have the same number of round both times" in judged.note_en
    assert "25 of them with forms of other days" in judged.note_en
    assert "25 户两次的轮次号相同" in judged.note_zh
    assert "0 of them" in compute_rating_drift(first, first, home, ITEMS).note_en
    assert "the same number" not in compute_rating_drift(before, after, home, ITEMS).note_en


def alarms(seeds, **given):
    """Rounds in which some village, or some rater, rings although nothing moved."""
    rung = {"village": 0, "rater": 0}
    for seed in seeds:
        table = compute_rating_drift(*drawn(seed, villages=5, **given), ITEMS).table
        for unit in rung:
            rung[unit] += bool(rows(table, unit)["verdict"].isin(("watch", "fail")).any())
    return rung


@pytest.mark.parametrize("seeds", [range(40), pytest.param(range(1000), marks=pytest.mark.slow)])
def test_rounds_in_which_nothing_moves_ring_no_more_often_than_stated(seeds):
    most = binom.ppf(0.999, len(seeds), 0.05)
    assert max(alarms(seeds, raters=3).values()) <= most


@pytest.mark.parametrize("replaced", [1, 3])
def test_rounds_in_which_only_raters_change_ring_no_more_often_than_stated(replaced):
    rung = alarms(range(25), raters=7, replaced=replaced)
    assert max(rung.values()) <= binom.ppf(0.999, 25, 0.05)  # changes of all forms: 23 of 25


@pytest.mark.slow
def test_simulated_counties_without_drift_do_not_ring_more_often_than_stated():
    settings, rung = SimulationSettings(), 0
    for seed in range(100):
        county = simulate_county(villages=10, seed=seed, settings=settings)
        forms = [latest_forms(county.ratings, day) for day in (dt.date(2025, 12, 31), county.as_of)]
        items = [name for name in county.ratings if name[:2] in {"FS", "ML", "NR"}]
        table = compute_rating_drift(*forms, county.households, items).table
        rung += bool((rows(table, "village")["p_adjusted"] < 0.05).any())
    assert rung <= binom.ppf(0.999, 100, 0.05)
