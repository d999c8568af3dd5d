"""Tables of limits: the same as the proposals, totals kept, every figure told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sanzhixin.batch import LimitTables, compute_limits, compute_portfolio
from sanzhixin.errors import DomainError
from sanzhixin.scheme.limits import BOUNDS


@pytest.fixture(scope="module")
def tables(model, county):
    return compute_limits(model, county)


def test_limits_are_those_of_the_proposals(model, county, tables):
    proposals = model.propose(county)
    same = ["household_id", "status", "tier", "village_limit_yuan", "manager_limit_yuan",
            "system_limit_yuan", "limit_yuan", "binding_bound"]  # fmt: skip
    pd.testing.assert_frame_equal(tables.limits[same], proposals[same])
    assert [f"bound_{name}_yuan" for name in BOUNDS] == [
        name for name in tables.limits.columns if name.startswith("bound_")
    ]
    assert tables.limits["rate_bp"].isna().all()


def test_every_adult_of_the_register_stands_in_the_table(county, tables):
    listed = county.members.sort_values(["household_id", "person_id"])
    assert tables.members["person_id"].tolist() == listed["person_id"].tolist()
    own, shared = tables.members["member_limit_yuan"], tables.members["household_limit_yuan"]
    assert (own.dropna() <= shared.dropna()).all()


def test_what_members_owe_takes_room_from_the_household(model, county):
    proposals = model.propose(county)
    home = proposals["household_id"][proposals["tier"].notna()].iloc[0]
    households = county.households.assign(exposure_yuan=pd.array([None] * 12, dtype="Int64"))
    members = county.members.assign(
        exposure_yuan=np.where(county.members["household_id"] == home, 100_000, 0)
    ).astype({"exposure_yuan": "Int64"})
    changed = replace(county, households=households, members=members)
    found = compute_limits(model, changed).limits.set_index("household_id")
    adults = int((county.members["household_id"] == home).sum())
    scored = found["tier"].notna()
    rooms = found["bound_exposure_room_yuan"]
    assert rooms[scored & (found.index != home)].eq(500_000).all()
    assert scored[home]
    assert rooms[home] == 500_000 - adults * 100_000
    # one household as a backend hands it in says the same
    answer = model.propose_one(changed.application(home))
    assert (
        answer.input_digest
        == model.propose(changed).set_index("household_id")["input_digest"][home]
    )


def made(rows):
    limits = pd.DataFrame(rows, columns=["household_id", "village_id", "limit_yuan"])
    limits = limits.astype({"limit_yuan": "Int64"}).assign(status="propose")
    members = pd.DataFrame(
        {
            "household_id": ["H1", "H1", "H4", "H5"],
            "person_id": ["P1", "P2", "P3", "P4"],
            "household_limit_yuan": pd.array([90_000, 90_000, 40_000, None], dtype="Int64"),
            "member_limit_yuan": pd.array([90_000, 30_000, 40_000, None], dtype="Int64"),
            "binding_bound": ["household_limit", "exposure_room", "household_limit", None],
        }
    )
    return LimitTables(limits, members, 1_000)


COUNTY = [
    ("H4", "V2", 40_000),
    ("H1", "V1", 90_000),
    ("H2", "V1", 60_000),
    ("H3", "V2", 50_000),
    ("H5", "V3", None),
    ("H6", "V3", 0),
]


def test_a_portfolio_by_hand():
    # one village may have 60 % of 150,000 = 90,000: V1 at 45,000 each; then 45 + 45 + 50 + 40
    # = 180 above 150: all at 37,000
    found = compute_portfolio(made(COUNTY), total_yuan=150_000, village_share=0.6)
    assert found.households["household_id"].tolist() == ["H1", "H2", "H3", "H4", "H6"]
    assert found.households["allocated_yuan"].tolist() == [37_000] * 4 + [0]
    assert (found.village_total_yuan, found.ceiling_yuan) == (90_000, 37_000)
    villages = found.villages.set_index("village_id")
    assert villages["ceiling_yuan"].tolist()[:1] == [45_000]
    assert villages["ceiling_yuan"].isna().tolist() == [False, True, True]
    assert villages["n_lowered"].tolist() == [2, 2, 0]
    assert villages["allocated_yuan"].tolist() == [74_000, 74_000, 0]
    assert found.households["why_en"].iloc[0] == (
        "Together all limits exceed 150,000 yuan: every limit above 37,000 is lowered to it "
        "(from 90,000)."
    )


def test_the_reason_names_the_village_where_its_total_binds():
    found = compute_portfolio(made(COUNTY), total_yuan=200_000, village_share=0.5)
    rows = found.households.set_index("household_id")
    assert rows["allocated_yuan"].tolist() == [50_000, 50_000, 50_000, 40_000, 0]
    assert "the village's limits exceed 100,000" in rows["why_en"]["H1"]
    assert "本村额度合计超过总量 100,000 元" in rows["why_zh"]["H1"]
    assert rows["why_en"]["H4"] == "Within the totals: unchanged."
    assert rows["ceiling_yuan"].isna().tolist() == [False, False, True, True, True]


def test_nobody_may_sign_for_more_than_what_is_allocated():
    members = compute_portfolio(made(COUNTY), total_yuan=150_000, village_share=0.6).members
    assert members["household_limit_yuan"].astype(object).tolist()[:3] == [37_000] * 3
    assert members["member_limit_yuan"].astype(object).tolist()[:3] == [37_000, 30_000, 37_000]
    bounds = ["portfolio", "exposure_room", "portfolio"]
    assert members["binding_bound"].tolist()[:3] == bounds
    assert members.iloc[3][["household_limit_yuan", "member_limit_yuan"]].isna().all()


def test_a_share_is_taken_exactly():
    # .29 of 100,000 is 29,000, though .29 * 100000 is 28999.999999999996
    rows = [("H1", "V1", 15_000), ("H2", "V1", 14_000)]
    found = compute_portfolio(made(rows), total_yuan=100_000, village_share=0.29)
    assert found.village_total_yuan == 29_000
    assert found.households["allocated_yuan"].tolist() == [15_000, 14_000]


def test_the_order_of_the_rows_leaves_no_trace():
    first = compute_portfolio(made(COUNTY), total_yuan=150_000, village_share=0.6)
    second = compute_portfolio(made(COUNTY[::-1]), total_yuan=150_000, village_share=0.6)
    pd.testing.assert_frame_equal(first.households, second.households)
    pd.testing.assert_frame_equal(first.villages, second.villages)


def test_a_simulated_county_stays_within_its_totals(tables):
    asked = int(tables.limits["limit_yuan"].sum())
    found = compute_portfolio(tables, total_yuan=asked // 2, village_share=0.55)
    assert int(found.households["allocated_yuan"].sum()) <= asked // 2
    assert (found.villages["allocated_yuan"] <= found.village_total_yuan).all()
    assert (found.households["allocated_yuan"] <= found.households["limit_yuan"]).all()
    assert (found.households["allocated_yuan"] % 1_000 == 0).all()
    enough = compute_portfolio(tables, total_yuan=asked)
    assert (enough.households["allocated_yuan"] == enough.households["limit_yuan"]).all()
    assert enough.ceiling_yuan is None


def test_nobody_with_a_limit_is_a_table_without_rows():
    found = compute_portfolio(made([("H1", "V1", None)]), total_yuan=5)
    assert (len(found.households), len(found.villages)) == (0, 0)


@pytest.mark.parametrize(
    ("total", "share"),
    [
        (None, None),
        (0, None),
        (1.5, None),
        (True, None),
        (10**400, None),
        (100, 0),
        (100, 1.1),
        (100, "0.05"),
        (None, 0.5),
    ],
)
def test_other_totals_are_refused(total, share):
    with pytest.raises(DomainError) as error:
        compute_portfolio(made(COUNTY), total_yuan=total, village_share=share)
    assert error.value.code == "portfolio_options"
