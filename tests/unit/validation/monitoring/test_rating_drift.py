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


def drawn(seed, *, villages=10, households=25, raters=4, move=None):
    """Two rounds of ratings 1 to 5 by the same raters; `move` adds steps to one village."""
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
                    "rater_id": [f"{v}-R{r}" for v in home["village_id"] for r in range(raters)],
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
    # household a: 3 less 1.5; household b: 4 less 3
    assert rows(table, "village")["value"].tolist() == [1.25]
    # rater x: a 2, b 0; rater y: nothing on the same household
    assert rows(table, "rater")[["id", "value"]].to_numpy().tolist() == [["x", 1.0]]


def test_households_without_another_round_are_left_out():
    before, _, home = drawn(0)
    table = compute_rating_drift(before, before, home, ITEMS).table
    assert set(table["verdict"]) == {"insufficient"}


def test_a_village_is_tested_as_by_scipy_and_adjusted_as_by_statsmodels():
    before, after, home = drawn(1)
    own = rows(compute_rating_drift(before, after, home, ITEMS).table, "village")
    means = [
        forms[[*ITEMS]].astype("Float64").astype(float).groupby(forms["household_id"]).mean()
        for forms in (before, after)
    ]
    changes = (means[1] - means[0]).mean(axis=1).dropna()
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


def alarms(seeds):
    """Rounds in which some village, or some rater, rings although nothing moved."""
    rung = {"village": 0, "rater": 0}
    for seed in seeds:
        table = compute_rating_drift(*drawn(seed, villages=5, raters=3), ITEMS).table
        for unit in rung:
            rung[unit] += bool(rows(table, unit)["verdict"].isin(("watch", "fail")).any())
    return rung


@pytest.mark.parametrize("seeds", [range(40), pytest.param(range(1000), marks=pytest.mark.slow)])
def test_rounds_in_which_nothing_moves_ring_no_more_often_than_stated(seeds):
    most = binom.ppf(0.999, len(seeds), 0.05)
    assert max(alarms(seeds).values()) <= most


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
