"""Proposals under harder conditions.

Witnesses: counties changed by hand and proposed anew, sums over the proposals, and what may not
change.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from sanzhixin.errors import DomainError
from sanzhixin.modelling import compute_stress, expert_model, fit
from sanzhixin.scheme import load_scheme
from sanzhixin.simulate import simulate_county

SCHEME = load_scheme("tongxiang")
COUNTY = simulate_county(villages=12, seed=31)
MODEL = fit(COUNTY, SCHEME)
TABLE = compute_stress(MODEL, COUNTY).set_index("scenario")
ITEMS = [item.code for item in SCHEME.panel_items]


def test_every_scenario_has_a_row_and_the_first_moves_nothing():
    assert TABLE.index.tolist() == [
        "as it is", "ratings one lower", "without one rater", "default times 2", "default times 3",
    ]  # fmt: skip
    first = TABLE.loc["as it is"]
    assert (first["n_lower"], first["n_higher"], first["n_status"]) == (0, 0, 0)
    proposals = MODEL.propose(COUNTY)
    assert first["n_scored"] == proposals["points"].notna().sum()
    assert first["limit_yuan"] == proposals["limit_yuan"].fillna(0).sum()
    at_risk = (proposals["limit_yuan"].fillna(0) * proposals["prob_default"]).sum()
    assert first["default_yuan"] == pytest.approx(at_risk, rel=1e-12)


def test_lower_ratings_raise_no_tier_and_are_those_of_a_county_changed_by_hand():
    row = TABLE.loc["ratings one lower"]
    assert row["n_higher"] == 0
    assert row["n_lower"] > 0
    ratings = COUNTY.ratings.copy()
    for item in ITEMS:
        ratings[item] = (ratings[item] - 1).clip(lower=1)
    proposals = MODEL.propose(dataclasses.replace(COUNTY, ratings=ratings))
    assert row["limit_yuan"] == proposals["limit_yuan"].fillna(0).sum()
    assert row["limit_yuan"] < TABLE.loc["as it is", "limit_yuan"]


def test_without_one_rater_is_a_county_without_the_busiest_of_each_village():
    village = COUNTY.households.set_index("household_id")["village_id"]
    of_form = COUNTY.ratings["household_id"].map(village)
    left = []
    for name in sorted(of_form.dropna().unique()):
        raters = COUNTY.ratings["rater_id"][(of_form == name).fillna(value=False)]
        counts = raters.value_counts()
        left.append(min(counts[counts == counts.max()].index))
    ratings = COUNTY.ratings[~COUNTY.ratings["rater_id"].isin(left)]
    proposals = MODEL.propose(dataclasses.replace(COUNTY, ratings=ratings))
    row = TABLE.loc["without one rater"]
    assert row["n_scored"] == proposals["points"].notna().sum()
    assert row["limit_yuan"] == proposals["limit_yuan"].fillna(0).sum()


def test_more_default_moves_no_tier_and_costs_in_proportion():
    for factor in (2, 3):
        row, first = TABLE.loc[f"default times {factor}"], TABLE.loc["as it is"]
        assert (row["n_lower"], row["n_higher"], row["n_status"]) == (0, 0, 0)
        assert row["limit_yuan"] == first["limit_yuan"]
        assert row["default_yuan"] == pytest.approx(factor * first["default_yuan"], rel=1e-6)


def test_a_model_without_probabilities_has_no_yuan_of_default():
    model = expert_model(SCHEME, name="trial", version="1.0.0")
    table = compute_stress(model, COUNTY, factors=[2.0])
    assert table["default_yuan"].isna().all()
    assert len(table) == 4


def test_the_county_and_the_model_stay_as_they_were():
    ratings, digest = COUNTY.ratings.copy(), MODEL.file.digest()
    compute_stress(MODEL, COUNTY, factors=[])
    pd.testing.assert_frame_equal(COUNTY.ratings, ratings)
    assert MODEL.file.digest() == digest


@pytest.mark.parametrize("factor", [-1, np.nan, "2"])
def test_factors_are_numbers_of_at_least_0(factor):
    with pytest.raises(DomainError, match="factors="):
        compute_stress(MODEL, COUNTY, factors=[factor])
