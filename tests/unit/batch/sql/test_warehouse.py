"""The table of profiles: the columns of the contract, what they hold, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import sanzhixin as szx
from sanzhixin.batch.sql import compute_warehouse_profile
from sanzhixin.errors import DomainError, RecordError
from tests.unit.batch.sql.profiles import model_of

COLUMNS = [
    "household_id", "village_id", "evidence", "gated", "fs_score", "ml_score", "nr_score",
    "event_points", "customer_years", "utility_payment", "household_income", "annual_income_yuan",
    "debt_yuan", "assets_yuan", "exposure_yuan", "requested_yuan", "village_limit_yuan",
    "manager_limit_yuan",
]  # fmt: skip


@pytest.fixture(scope="module")
def county():
    return szx.simulate_county(villages=3, seed=8)


@pytest.fixture(scope="module")
def profile(county):
    return compute_warehouse_profile(model_of("expert"), county)


def test_the_columns_are_those_of_the_contract(profile):
    assert list(profile.columns) == COLUMNS
    kinds = {name: str(dtype) for name, dtype in profile.dtypes.items()}
    assert {kinds[name] for name in COLUMNS if name.endswith("_yuan")} == {"Int64"}
    assert {kinds[name] for name in ("fs_score", "customer_years")} == {"Float64"}
    assert {kinds[name] for name in ("evidence", "gated")} == {"bool"}


def test_a_card_that_leaves_a_factor_out_needs_no_column_of_it(county):
    columns = list(compute_warehouse_profile(model_of("learned card"), county).columns)
    used = {item.column for item in model_of("learned card").plan.card.characteristics}
    factors = {"customer_years", "utility_payment", "household_income"}
    assert factors & used == factors & set(columns)


def test_the_columns_are_those_of_the_profile_of_the_model(county, profile):
    own = model_of("expert").profile(county)
    for name in ("household_id", "village_id", "evidence", "event_points", "utility_payment"):
        assert profile[name].equals(own[name]), name
    for name in ("fs_score", "ml_score", "nr_score", "customer_years", "household_income"):
        left, right = (f[name].astype("Float64").fillna(-1) for f in (profile, own))
        assert left.tolist() == right.tolist()


def test_the_peoples_amounts_are_those_of_the_proposals(county, profile):
    proposals = model_of("expert").propose(county)
    for name in ("village_limit_yuan", "manager_limit_yuan"):
        assert profile[name].equals(proposals[name])
    assert ((proposals["status"] == "gated") == profile["gated"]).all()


def test_starred_amounts_are_missing_without_a_written_consent(county):
    amounts = dict.fromkeys(("annual_income_yuan", "debt_yuan", "assets_yuan"), 50_000)
    consent = county.households["written_consent_id"].copy()
    consent[:] = np.where(np.arange(len(consent)) % 2, "W1", None)
    homes = county.households.assign(**amounts, written_consent_id=consent).astype(
        dict.fromkeys(amounts, "Int64")
    )
    found = compute_warehouse_profile(model_of("expert"), replace(county, households=homes))
    order = homes.sort_values("household_id")["written_consent_id"].notna().to_numpy()
    for name in amounts:
        assert (found[name].notna().to_numpy() == order).all()


def test_a_household_is_gated_by_its_purpose_too(county):
    homes = county.households.assign(
        purpose=pd.array(["购房"] * len(county.households), dtype="str")
    )
    found = compute_warehouse_profile(model_of("expert"), replace(county, households=homes))
    assert found["gated"].all()


def test_the_exposure_is_the_larger_of_the_household_and_its_members(county):
    homes = county.households.assign(
        exposure_yuan=pd.array([1_000] * len(county.households), dtype="Int64")
    )
    members = county.members.assign(
        exposure_yuan=pd.array([800] * len(county.members), dtype="Int64")
    )
    changed = replace(county, households=homes, members=members)
    found = compute_warehouse_profile(model_of("expert"), changed)
    adults = (
        county.members.groupby("household_id").size().reindex(found["household_id"], fill_value=0)
    )
    assert found["exposure_yuan"].tolist() == np.maximum(1_000, adults.to_numpy() * 800).tolist()


def test_another_date_is_another_profile(county):
    early = compute_warehouse_profile(
        model_of("expert"), county, as_of=county.as_of.replace(year=county.as_of.year - 3)
    )
    assert not early["evidence"].any()


def test_a_level_that_the_scheme_does_not_know_is_refused(county):
    homes = county.households.assign(
        utility_payment=pd.array(["never"] * len(county.households), dtype="str")
    )
    with pytest.raises(RecordError, match="utility_payment"):
        compute_warehouse_profile(model_of("expert"), replace(county, households=homes))


def test_an_empty_county_is_refused(county):
    with pytest.raises(DomainError, match="household"):
        compute_warehouse_profile(
            model_of("expert"), replace(county, households=county.households.iloc[:0])
        )


def test_something_else_than_a_county_is_refused():
    with pytest.raises(DomainError):
        compute_warehouse_profile(model_of("expert"), pd.DataFrame())
