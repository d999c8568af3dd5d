from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanzhixin.errors import DomainError, RecordError
from sanzhixin.model import SanzhixinModel, case_chunks, load_model
from sanzhixin.modelling.profile import (
    EventFeatures,
    FactorFeatures,
    PillarFeatures,
    ProfileBuilder,
)
from sanzhixin.records import County, accept_county
from sanzhixin.records.encode_county import encode_county
from sanzhixin.scoring import Proposal
from sanzhixin.scoring.scorer import score_cases
from sanzhixin.simulate import SimulationSettings, simulate_county
from tests.unit.scoring.adjusted_plan import adjusted_scheme, adjusted_tables
from tests.unit.scoring.factories import AGGREGATORS, SCHEME, model_file, scheme_with

CHECKED = settings(max_examples=15, deadline=None)
RICH = SimulationSettings(
    rounds=2,
    unfamiliar_share=0.4,
    blank_share=0.15,
    register_share=0.3,
    approval_share=0.6,
    bridge_raters=1,
)
COUNTY = simulate_county(villages=3, households_per_village=15, seed=11, settings=RICH)
MODEL = SanzhixinModel(model_file())
PROPOSALS = MODEL.propose(COUNTY)
HOUSEHOLDS = PROPOSALS["household_id"].tolist()


def plain(value):
    if isinstance(value, pd.Timestamp):
        return value.date()
    if isinstance(value, float | type(pd.NA)) and pd.isna(value):
        return None
    return value


def as_proposal(row):
    return Proposal(**{name: plain(value) for name, value in row.items()})


def tables_with(change):
    return replace(COUNTY, **{name: change(table) for name, table in COUNTY.tables().items()})


def test_the_county_of_these_tests_has_every_status():
    assert set(PROPOSALS["status"]) == {"propose", "review", "gated", "insufficient_evidence"}
    assert len(PROPOSALS) == 45
    assert COUNTY.ratings["round"].nunique() == 2


@pytest.mark.parametrize("household", HOUSEHOLDS)
def test_one_application_gets_the_answer_of_the_table_field_by_field(household):
    row = PROPOSALS[PROPOSALS["household_id"] == household].to_dict("records")[0]
    application = COUNTY.application(household)
    expected = as_proposal(row)
    assert MODEL.propose_one(application, COUNTY.as_of) == expected
    as_text = application.model_dump(mode="json")
    assert MODEL.propose_one(as_text, COUNTY.as_of) == expected


def test_one_application_knows_which_rows_of_its_household_were_rejected():
    tables = {name: table.astype(object) for name, table in COUNTY.tables().items() if len(table)}
    tables["registers"].loc[0, "list_class"] = "信访名单"
    tables["proposals"].loc[0, "manager_limit_yuan"] = "3,000"
    form = tables["ratings"]["household_id"].eq(tables["proposals"].loc[0, "household_id"]).idxmax()
    tables["ratings"].loc[form, "FS01"] = 9
    county = accept_county(tables, SCHEME, as_of=COUNTY.as_of).county
    told = {}
    for row in MODEL.propose(county).to_dict("records"):
        application = county.application(row["household_id"])
        told[application.household_id] = application.rejected_tables
        for given_as in (application, application.model_dump(mode="json")):
            assert MODEL.propose_one(given_as) == as_proposal(row)
    assert sorted(filter(None, told.values())) == [("ratings", "proposals"), ("registers",)]


FILES = {how: model_file(scheme_with(aggregator=how)) for how in AGGREGATORS}
FILES["severity_adjusted"] = model_file(adjusted_scheme(), panel=adjusted_tables())


@pytest.mark.parametrize("how", FILES)
def test_one_application_agrees_with_the_table_for_every_aggregator(how):
    model = SanzhixinModel(FILES[how])
    rows = model.propose(COUNTY).to_dict("records")
    for row in rows[::9]:
        application = COUNTY.application(row["household_id"])
        assert model.propose_one(application, COUNTY.as_of) == as_proposal(row)


@CHECKED
@given(seed=st.integers(0, 2**31))
def test_the_order_of_rows_and_columns_of_every_table_changes_nothing(seed):
    random = np.random.default_rng(seed)

    def turned(table):
        columns = random.permutation(table.columns).tolist()
        return table.iloc[random.permutation(len(table))][columns]

    pd.testing.assert_frame_equal(MODEL.propose(tables_with(turned)), PROPOSALS, check_exact=True)


@CHECKED
@given(
    name=st.text(st.sampled_from("abcxyz_鞋码"), min_size=3, max_size=8),
    value=st.one_of(st.integers(), st.floats(), st.text(max_size=5), st.none()),
)
def test_columns_that_nobody_knows_change_nothing(name, value):
    county = tables_with(lambda table: table.assign(**{f"extra_{name}": value}))
    pd.testing.assert_frame_equal(MODEL.propose(county), PROPOSALS, check_exact=True)


def test_running_again_changes_nothing():
    before = COUNTY.tables()
    kept = {name: table.copy() for name, table in before.items()}
    pd.testing.assert_frame_equal(MODEL.propose(COUNTY), PROPOSALS, check_exact=True)
    for name, table in kept.items():
        pd.testing.assert_frame_equal(before[name], table)


def test_a_household_of_a_smaller_county_keeps_its_answer():
    for household in HOUSEHOLDS[::7]:
        county = tables_with(
            lambda table, household=household: (
                table[table["household_id"] == household] if "household_id" in table else table
            )
        )
        expected = PROPOSALS[PROPOSALS["household_id"] == household].reset_index(drop=True)
        pd.testing.assert_frame_equal(MODEL.propose(county), expected, check_exact=True)


def test_chunks_do_not_show(monkeypatch):
    monkeypatch.setattr("sanzhixin.model.frames._CHUNK", 7)
    pd.testing.assert_frame_equal(MODEL.propose(COUNTY), PROPOSALS, check_exact=True)
    profile = MODEL.profile(COUNTY)
    monkeypatch.undo()
    pd.testing.assert_frame_equal(MODEL.profile(COUNTY), profile, check_exact=True)


@pytest.mark.parametrize("chunk", [1, 7, 10_000])
def test_chunks_of_chosen_households_and_days_are_those_of_the_whole(monkeypatch, chunk):
    chosen = [HOUSEHOLDS[k] for k in (5, 0, 5, 9, 3, 9, 1, 1)]  # in no order, some twice
    days = COUNTY.as_of.toordinal() - 30 * np.arange(len(chosen))
    whole = encode_county(COUNTY, MODEL.scheme, days, chosen)
    points = score_cases(whole, MODEL.plan).assessment.points.total
    monkeypatch.setattr("sanzhixin.model.frames._CHUNK", chunk)
    parts = [*case_chunks(COUNTY, MODEL.plan, days, chosen)]
    assert [len(part) for part in parts[:-1]] == [chunk] * (len(parts) - 1)
    assert [name for part in parts for name in part.household_id] == chosen
    found = [score_cases(part, MODEL.plan).assessment.points.total for part in parts]
    np.testing.assert_array_equal(np.concatenate(found), points)


def test_no_chosen_household_is_one_empty_chunk():
    none = np.empty(0, dtype=np.int64)
    assert [len(part) for part in case_chunks(COUNTY, MODEL.plan, none, [])] == [0]


def test_a_saved_model_gives_the_same_proposals(tmp_path):
    again = load_model(MODEL.save(tmp_path))
    pd.testing.assert_frame_equal(again.propose(COUNTY), PROPOSALS, check_exact=True)
    assert again.file.digest() == MODEL.file.digest()
    assert repr(again) == repr(MODEL)


def test_proposals_are_sorted_and_typed():
    assert sorted(COUNTY.households["household_id"]) == HOUSEHOLDS
    assert list(PROPOSALS.columns) == list(Proposal.model_fields)
    kinds = PROPOSALS.dtypes.astype(str).to_dict()
    assert {kinds[n] for n in ("points", "limit_yuan", "village_limit_yuan")} == {"Int64"}
    assert {kinds[n] for n in ("as_of", "valid_until")} == {"datetime64[s]"}
    assert {kinds[n] for n in ("household_id", "status", "tier")} == {"str"}
    assert {kinds[n] for n in ("score", "prob_default")} == {"float64"}


def test_profile_and_builders_are_the_same_computation():
    profile = MODEL.profile(COUNTY)
    builder = ProfileBuilder(SCHEME)
    built = builder.fit(COUNTY).transform(COUNTY)
    pd.testing.assert_frame_equal(built, profile, check_exact=True)
    assert list(builder.get_feature_names_out()) == list(profile.columns)
    for part in (PillarFeatures, EventFeatures, FactorFeatures):
        columns = part(SCHEME).fit_transform(COUNTY)
        pd.testing.assert_frame_equal(columns, profile[list(columns.columns)], check_exact=True)


def test_profile_and_proposals_agree():
    both = MODEL.profile(COUNTY).merge(PROPOSALS, on="household_id")
    scored = both[both["points"].notna()]
    assert scored["evidence"].all()
    short = both[~both["evidence"]]
    assert (short["evidence_missing"] != "").all()
    assert set(short["status"]) <= {"insufficient_evidence", "gated"}


@pytest.mark.parametrize("household", HOUSEHOLDS[::6])
def test_an_explanation_carries_the_proposal_of_the_table(household):
    found = MODEL.explain(COUNTY, household)
    row = PROPOSALS[PROPOSALS["household_id"] == household].to_dict("records")[0]
    assert found.proposal == as_proposal(row)
    assert len(found.forms) == (COUNTY.ratings["household_id"] == household).sum()
    assert len(found.events) == (COUNTY.events["household_id"] == household).sum()
    assert len(found.records) == (COUNTY.registers["household_id"] == household).sum()


def test_an_unknown_household_is_refused_without_its_whole_name():
    with pytest.raises(RecordError, match=r"n\*\*\*e") as caught:
        MODEL.explain(COUNTY, "nobody-here-e")
    assert "nobody" not in str(caught.value)


def test_a_county_without_households_is_refused():
    for face in (MODEL.propose, MODEL.profile):
        with pytest.raises(DomainError) as caught:
            face(County(as_of=COUNTY.as_of))
        assert caught.value.code == "county_empty"


def test_builders_want_a_county():
    with pytest.raises(DomainError, match="DataFrame"):
        ProfileBuilder(SCHEME).fit(COUNTY.ratings)


def test_the_scoring_date_given_precedes_that_of_the_county():
    day = COUNTY.as_of - dt.timedelta(days=1)
    assert MODEL.propose(COUNTY, day)["as_of"].dt.date.unique().tolist() == [day]
    assert PROPOSALS["as_of"].dt.date.unique().tolist() == [COUNTY.as_of]
