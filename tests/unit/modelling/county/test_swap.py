"""Households by tier under two models, counted one by one."""

from __future__ import annotations

import pandas as pd

from sanzhixin.modelling import compute_swap, expert_model, fit
from sanzhixin.scheme import load_scheme
from tests.unit.modelling.test_fitted_model import COUNTY

SCHEME = load_scheme("tongxiang")
EXPERT = expert_model(SCHEME, name="trial", version="1.0.0")
LEARNED = fit(COUNTY, SCHEME, card="fitted")
TABLE = compute_swap(EXPERT, LEARNED, COUNTY)


def test_each_pair_of_tiers_is_counted_with_its_limits():
    first, second = (model.propose(COUNTY).set_index("household_id") for model in (EXPERT, LEARNED))
    for row in TABLE.itertuples():
        own = pd.Series(data=True, index=first.index)
        for proposals, tier in ((first, row.tier_before), (second, row.tier_after)):
            given = proposals["points"].notna()
            own &= ~given if pd.isna(tier) else given & (proposals["tier"] == tier)
        assert row.n_households == own.sum()
        assert row.limit_before_yuan == first["limit_yuan"].fillna(0)[own].sum()
        assert row.limit_after_yuan == second["limit_yuan"].fillna(0)[own].sum()
    assert TABLE["n_households"].sum() == len(COUNTY.households)


def test_the_best_tiers_stand_first_and_a_model_moves_nothing_against_itself():
    same = compute_swap(EXPERT, EXPERT, COUNTY)
    shown = same["tier_before"].dropna().tolist()
    order = [*(row.grade for row in SCHEME.tiers.ascending[::-1]), SCHEME.tiers.unrated]
    assert shown == [grade for grade in order if grade in shown]
    pd.testing.assert_series_equal(same["tier_before"], same["tier_after"], check_names=False)
    assert (same["limit_before_yuan"] == same["limit_after_yuan"]).all()
