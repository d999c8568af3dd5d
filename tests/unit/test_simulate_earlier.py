"""A made-up county as it stood on an earlier day; by hand, and what must not change."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

import sanzhixin as szx
from sanzhixin.records import read_county, write_county
from sanzhixin.simulate.earlier import stood_on

COUNTY = szx.simulate_county(villages=12, seed=7)
DAY = dt.date(2025, 6, 30)
BEFORE = stood_on(COUNTY, DAY)


def days(table):
    return [name for name in table if table[name].dtype.kind == "M"]


@pytest.mark.parametrize("name", ["ratings", "events", "registers", "loans", "vignettes"])
def test_nothing_is_dated_later(name):
    table = getattr(BEFORE, name)
    assert all(not (table[column] > pd.Timestamp(DAY)).any() for column in days(table))
    assert len(table) <= len(getattr(COUNTY, name))


def test_only_the_first_round_has_been_rated():
    assert set(BEFORE.ratings["round"]) == {1}
    assert len(BEFORE.ratings) == (COUNTY.ratings["round"] == 1).sum()


def test_a_default_that_came_later_has_not_happened():
    later = COUNTY.loans["defaulted_on"] > pd.Timestamp(DAY)
    assert later.any()
    own = BEFORE.loans.set_index("loan_id")
    ids = COUNTY.loans.loc[later & (COUNTY.loans["granted_on"] <= pd.Timestamp(DAY)), "loan_id"]
    assert not own.loc[ids, "defaulted"].any()
    assert own.loc[ids, "defaulted_on"].isna().all()
    assert (own["observed_until"] <= pd.Timestamp(DAY)).all()


def test_the_county_itself_is_left_as_it_was_and_its_own_day_takes_nothing_away():
    assert COUNTY.equals(szx.simulate_county(villages=12, seed=7))
    same = stood_on(COUNTY, COUNTY.as_of)
    assert all(getattr(same, name).equals(table) for name, table in COUNTY.tables().items())


def test_it_is_written_read_and_scored(tmp_path):
    write_county(BEFORE, tmp_path / "county")
    assert read_county(tmp_path / "county").equals(BEFORE)
    model = szx.fit(COUNTY, szx.load_scheme("tongxiang"))
    assert model.propose(BEFORE)["points"].notna().any()
