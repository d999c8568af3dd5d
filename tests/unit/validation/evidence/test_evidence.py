from __future__ import annotations

import datetime as dt
import warnings

import numpy as np
import pandas as pd
import pytest

import sanzhixin as szx
from sanzhixin.errors import DomainError
from sanzhixin.modelling.county.loans import collect_outcomes
from sanzhixin.validation.evidence.loans import loan_table, loans_left_out
from sanzhixin.validation.outcomes.calibration import compute_calibration
from sanzhixin.validation.outcomes.discrimination import compute_discrimination


@pytest.fixture(scope="module")
def county():
    return szx.simulate_county(villages=6, seed=7)


@pytest.fixture(scope="module")
def model(county):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return szx.fit(county, szx.load_scheme("tongxiang"))


@pytest.fixture(scope="module")
def loans(county, model):
    return loan_table(model, county)


def test_each_loan_stands_with_its_own_household_day_and_amount(county, loans):
    given = county.loans.set_index("loan_id").loc[loans["loan_id"]]
    assert loans["loan_id"].is_unique
    for name in ("household_id", "limit_yuan"):
        assert loans[name].tolist() == given[name].tolist()
    assert loans["granted_on"].tolist() == given["granted_on"].tolist()
    village = county.households.set_index("household_id")["village_id"]
    assert loans["village_id"].tolist() == village.loc[loans["household_id"]].tolist()
    assert set(loans["vintage"]) == {
        f"{day.year}Q{(day.month + 2) // 3}" for day in given["granted_on"]
    }


def test_tier_and_default_probability_are_those_of_the_points(model, loans):
    """Second witness: the tables of scheme and model file, looked through row by row."""
    rows = sorted(model.scheme.tiers.rows, key=lambda row: row.at_least, reverse=True)
    for loan in loans.itertuples():
        tier = next((r.grade for r in rows if loan.score >= r.at_least), model.scheme.tiers.unrated)
        assert loan.tier == tier
        row = [r for r in model.file.pd.rows if r.at_least <= loan.points][-1]
        known = (loan.prob_default, loan.pd_lower, loan.pd_upper)
        stated = (row.prob_default, row.lower, row.upper)
        assert [None if np.isnan(v) else v for v in known] == list(stated)


def test_pillars_and_points_are_those_of_the_card(county, model, loans):
    found = collect_outcomes(county, model, county.as_of)
    assert loans["points"].tolist() == found.points.tolist()
    assert (loans["score"] * 10).tolist() == found.points.tolist()
    assert np.allclose(loans["fs_score"] * 1e6, found.card_values["fs_score"])
    assert loans["event_points"].dropna().between(0, 400).all()


def test_loans_that_say_nothing_are_counted(county, model, loans):
    left = loans_left_out(collect_outcomes(county, model, county.as_of))
    assert sum(left.values()) + len(loans) == len(county.loans)


def test_loans_within_the_data_of_the_model_are_marked(county, model):
    import dataclasses

    origin = model.file.provenance
    loans = loan_table(model, county)
    assert loans["in_window"].all()  # the county that it was fitted on
    assert origin.data_until == loans["granted_on"].max().date()
    later = county.loans.copy()
    moved = later["loan_id"] == loans["loan_id"].iloc[0]
    later.loc[moved, "granted_on"] = pd.Timestamp(origin.data_until) + pd.Timedelta(days=1)
    later.loc[moved, "defaulted"] = False
    later.loc[moved, "defaulted_on"] = pd.NaT
    later.loc[moved, "observed_until"] = pd.Timestamp("2029-01-01")
    found = loan_table(model, dataclasses.replace(county, loans=later), dt.date(2028, 1, 1))
    assert found.loc[~found["in_window"], "loan_id"].tolist().count(loans["loan_id"].iloc[0]) == 1


@pytest.mark.parametrize("compute", [compute_calibration, compute_discrimination])
def test_notes_count_the_loans_of_fitting(loans, compute):
    n = len(loans)
    said = f"{n} of {n} loans are those the model was fitted on: they are no proof for new loans."
    assert said in compute(loans).note_en
    assert f"{n} 笔贷款中 {n} 笔为模型拟合所用" in compute(loans).note_zh
    new = compute(loans.assign(in_window=False))
    assert f"0 of {n} loans are those the model was fitted on." in new.note_en
    assert "fitted on" not in compute(loans.drop(columns="in_window")).note_en


def test_hand_made_loans_are_refused_in_words(county, model):
    import dataclasses

    twice = dataclasses.replace(county, loans=pd.concat([county.loans, county.loans.iloc[:2]]))
    with pytest.raises(DomainError, match=r"loan_id of an earlier row \(2 such rows\)"):
        loan_table(model, twice)
    bare = dataclasses.replace(county, loans=county.loans.drop(columns="limit_yuan"))
    with pytest.raises(DomainError, match="limit_yuan"):
        loan_table(model, bare)


def test_a_county_without_loans_gives_a_table_without_rows(county, model):
    import dataclasses

    found = loan_table(model, dataclasses.replace(county, loans=county.loans.iloc[:0]))
    assert len(found) == 0
    assert found["defaulted"].dtype == bool
    assert isinstance(found["tier"].dtype, pd.CategoricalDtype)
