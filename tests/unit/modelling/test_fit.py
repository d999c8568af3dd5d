"""The outcome window and what `fit` asks for.

Witnesses: loans written by hand with the working beside them; the scorer itself on the day of
granting as the second way to the points.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest

from sanzhixin.errors import DomainError, RecordError
from sanzhixin.modelling import expert_model, fit
from sanzhixin.modelling.county.loans import collect_outcomes
from sanzhixin.scheme import load_scheme
from sanzhixin.scoring.artifact import ModelFile
from sanzhixin.scoring.canonical import canonical_json
from sanzhixin.simulate import simulate_county

SCHEME = load_scheme("tongxiang")
EXPERT = expert_model(SCHEME, name="tongxiang-expert", version="1.0.0")
COUNTY = simulate_county(villages=6, seed=4)
AS_OF = dt.date(2026, 6, 30)

LOANS = [
    # granted, observed until, defaulted, on, kept, counts as default
    ("2025-06-01", "2026-06-30", False, None, True, False),
    ("2025-06-30", "2026-06-30", False, None, True, False),  # the window ends on the day
    ("2025-07-01", "2026-06-30", False, None, False, False),  # one day short
    ("2025-12-01", "2026-06-30", True, "2026-03-01", False, False),  # early default, young loan
    ("2025-05-01", "2025-11-01", True, "2025-10-01", True, True),  # followed until default
    ("2025-05-01", "2025-11-01", False, None, False, False),  # lost from sight
    ("2025-05-01", "2026-06-30", True, "2026-05-01", True, True),  # the last day of the window
    ("2025-05-01", "2026-06-30", True, "2026-05-02", True, False),  # after the 12 months
]


def with_loans(rows: list[tuple[object, ...]]):
    loans = COUNTY.loans.iloc[: len(rows)].copy()
    granted, until, defaulted, on = zip(*(row[:4] for row in rows), strict=True)
    loans["granted_on"] = pd.to_datetime(list(granted)).astype("datetime64[s]")
    loans["observed_until"] = pd.to_datetime(list(until)).astype("datetime64[s]")
    loans["defaulted"] = pd.array(list(defaulted), dtype="boolean")
    loans["defaulted_on"] = pd.to_datetime(pd.Series(list(on), index=loans.index)).astype(
        "datetime64[s]"
    )
    return dataclasses.replace(COUNTY, loans=loans)


@pytest.mark.parametrize("loan", LOANS, ids=[f"{row[0]} {row[3]}" for row in LOANS])
def test_only_loans_with_a_whole_window_count_and_only_defaults_within_it(loan):
    found = collect_outcomes(with_loans([loan]), EXPERT, AS_OF)
    kept, bad = loan[4:]
    assert found.points.size + found.n_unscored == int(kept)
    assert found.n_young + found.n_lost == int(not kept)
    if found.points.size:
        assert found.defaulted.tolist() == [bad]


@pytest.mark.parametrize("chunk", [1, 13])
def test_loans_scored_in_chunks_are_those_scored_at_once(monkeypatch, chunk):
    whole = dataclasses.asdict(collect_outcomes(COUNTY, EXPERT, AS_OF))
    monkeypatch.setattr("sanzhixin.model.frames._CHUNK", chunk)
    parts = dataclasses.asdict(collect_outcomes(COUNTY, EXPERT, AS_OF))
    assert whole["points"].size > 13
    np.testing.assert_equal(parts, whole)


def test_no_loan_has_no_outcome():
    none = dataclasses.replace(COUNTY, loans=COUNTY.loans.iloc[:0])
    found = collect_outcomes(none, EXPERT, AS_OF)
    assert (found.points.size, found.n_young, found.data_from) == (0, 0, None)


def test_young_loans_do_not_raise_the_rate_by_their_early_defaults():
    # 100 loans of six months, ten already bad, beside nothing else: there is no rate to learn.
    rows = [
        ("2025-12-30", "2026-06-30", i < 10, "2026-03-01" if i < 10 else None) for i in range(100)
    ]
    model = fit(with_loans(rows), SCHEME, as_of=AS_OF)
    assert model.file.pd.basis == "none"
    assert "100 whose 12 months are not over" in " ".join(model.file.provenance.notes)


def test_a_default_without_its_day_is_refused_and_not_taken_for_a_good_loan():
    county = with_loans([LOANS[0], ("2025-05-01", "2025-11-01", True, None)])
    with pytest.raises(RecordError, match=r"1 loan.*without defaulted_on"):
        fit(county, SCHEME, as_of=AS_OF)


def test_loans_of_rejected_rows_are_told():
    rejected = pd.DataFrame({"household_id": ["H1", "H2"], "table": ["loans"] * 2}, dtype="str")
    county = dataclasses.replace(with_loans(LOANS), rejected_rows=rejected)
    assert "Loans of 2 households were rejected" in " ".join(
        fit(county, SCHEME, as_of=AS_OF).file.provenance.notes
    )


def test_loans_of_households_gated_on_the_day_are_left_out():
    granted = pd.Timestamp(LOANS[0][0])
    county = with_loans(LOANS[:1])
    household = county.loans["household_id"].iloc[0]
    for days, gated in ((0, 1), (1, 0)):  # on the day of granting, and a day later
        record = {
            "household_id": household, "code": "ML09", "document_no": "D1",
            "list_class": "court_defaulter_list", "issued_on": granted + pd.Timedelta(days=days),
            "ended_on": pd.NaT,
        }  # fmt: skip
        registers = pd.DataFrame([record]).astype(COUNTY.registers.dtypes.to_dict())
        found = collect_outcomes(dataclasses.replace(county, registers=registers), EXPERT, AS_OF)
        assert (found.n_gated, found.points.size) == (gated, 1 - gated)


def test_points_are_those_of_the_day_of_granting():
    # One household by hand.  Round 1 (all 3, day before granting) and round 2 (all 5, day of
    # granting); one hour of volunteering (1 point) on the day before, the day, and the day after.
    day, step = pd.Timestamp("2025-06-01"), pd.Timedelta(days=1)
    county = with_loans([LOANS[0]])
    household = county.loans["household_id"].iloc[0]
    forms = COUNTY.ratings[COUNTY.ratings["household_id"] == household].copy()
    forms = forms[forms["familiar"] & (forms["relation"] == "none")]
    codes = list(SCHEME.panel_codes)
    for number, when, rating in ((1, day - step, 3), (2, day, 5)):
        forms.loc[forms["round"] == number, "rated_on"] = when
        forms.loc[forms["round"] == number, codes] = rating
    volunteering = COUNTY.events[COUNTY.events["code"] == "ML05"]
    events = pd.DataFrame(
        {
            "event_id": ["a", "b", "c"],
            "household_id": household,
            "code": "ML05",
            "level": volunteering["level"].iloc[0],
            "occurred_on": [day - step, day, day + step],
            "recorded_on": [day - step, day, day + step],
            "status": "approved",
            "evidence_id": ["1", "2", "3"],
        }
    ).astype(COUNTY.events.dtypes.to_dict())
    households = COUNTY.households.copy()
    factors = [factor.name for factor in SCHEME.factors]
    households[[name for name in factors if name in households]] = pd.NA
    households["annual_income_yuan"] = pd.NA
    table = dataclasses.replace(
        county, ratings=forms, events=events, registers=COUNTY.registers.iloc[:0],
        households=households.astype(COUNTY.households.dtypes.to_dict()),
    )  # fmt: skip
    # On the day: all 5 is 600, events 250 + 2 x 10.  The day before: all 3 is 300, 250 + 10.
    assert collect_outcomes(table, EXPERT, AS_OF).points.tolist() == [600 + 270]
    loans = table.loans.assign(granted_on=(day - step).to_datetime64())
    earlier = dataclasses.replace(table, loans=loans)
    assert collect_outcomes(earlier, EXPERT, AS_OF).points.tolist() == [300 + 260]


REFUSED = [
    ({"pd_method": "probit"}, "option_choice", "pd_method"),
    ({"name": "我的 模型"}, "model_name", "cannot stand in a path"),
    ({"version": "1"}, "model_name", "three numbers for the version"),
    ({"as_of": "2026-06-30"}, "date_expected", "A date was expected, str"),
]


@pytest.mark.parametrize(("options", "code", "words"), REFUSED)
def test_a_wrong_request_is_refused_with_the_way_out(options, code, words):
    with pytest.raises(DomainError, match=words) as caught:
        fit(COUNTY, SCHEME, **options)
    assert caught.value.code == code


@pytest.mark.parametrize("stated", [True, False], ids=["with as_of", "without"])
@pytest.mark.parametrize("as_of", ["2026-06-30", 5])
def test_something_else_than_a_scoring_date_is_refused(as_of, stated):
    record = COUNTY.application(COUNTY.households["household_id"].iloc[0]).model_dump()
    if not stated:
        record.pop("as_of", None)
    with pytest.raises(DomainError, match="A date was expected"):
        EXPERT.propose_one(record, as_of=as_of)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [((COUNTY.households, SCHEME), "county_expected"), ((COUNTY, "tongxiang"), "scheme_expected")],
)
def test_something_else_than_a_county_or_scheme_is_refused(arguments, code):
    with pytest.raises(DomainError) as caught:
        fit(*arguments)
    assert caught.value.code == code


def test_a_datetime_is_taken_as_its_day():
    morning = dt.datetime(2026, 6, 30, 9, 30)
    assert fit(COUNTY, SCHEME, as_of=morning).file.valid_until == dt.date(2027, 6, 30)


def test_a_scheme_without_event_part_has_a_card_without_it():
    data = SCHEME.model_dump()
    data["event_part"] = {"start": 0, "floor": 0, "cap": 0}
    data["highest_score"] = 60
    rows = data["tiers"]["rows"]
    data["tiers"] |= {"rows": ({**rows[-1], "at_least": 40, "below": None},)}
    scheme = type(SCHEME).model_validate(data)
    model = expert_model(scheme, name="no-events", version="1.0.0")
    assert [group.name for group in model.file.card.groups] == ["panel", "factors"]
    assert model.propose(COUNTY)["points"].max() <= 600


def test_an_anchored_model_says_so_in_every_proposal_and_keeps_the_record():
    county = simulate_county(villages=6, seed=7)
    model = fit(county, SCHEME, card="expert", anchor=0.03)
    assert set(model.propose(county)["pd_basis"]) == {"anchored"}
    assert model.file.pd.anchor.rate == 0.03
    again = ModelFile.model_validate_json(canonical_json(model.file.content()))
    assert again == model.file
