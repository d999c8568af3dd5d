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

from sanzhixin.errors import DomainError
from sanzhixin.modelling import expert_model, fit
from sanzhixin.modelling.fit import collect_outcomes
from sanzhixin.scheme import load_scheme
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
    granted, until, defaulted, on, *_ = zip(*rows, strict=True)
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
    assert found.n_unripe == int(not kept)
    if found.points.size:
        assert found.defaulted.tolist() == [bad]


def test_young_loans_do_not_raise_the_rate_by_their_early_defaults():
    # 100 loans of six months, ten already bad, beside nothing else: there is no rate to learn.
    rows = [
        ("2025-12-30", "2026-06-30", i < 10, "2026-03-01" if i < 10 else None) for i in range(100)
    ]
    model = fit(with_loans(rows), SCHEME, as_of=AS_OF)
    assert model.file.pd.basis == "none"
    assert "100 without a complete 12-month outcome" in " ".join(model.file.provenance.notes)


def test_points_are_those_of_the_day_of_granting():
    loans = COUNTY.loans.sort_values(["household_id", "loan_id"]).iloc[:20]
    county = dataclasses.replace(COUNTY, loans=loans)
    found = collect_outcomes(county, EXPERT, AS_OF)
    profiles = [
        EXPERT.profile(COUNTY, as_of=day.date()).set_index("household_id").loc[household]
        for household, day in zip(loans["household_id"], loans["granted_on"], strict=True)
    ]
    panel = [
        # Fraction-free second way: weights 200, 160, 240 points of 100, floored with the tolerance
        sum(
            int((row[f"{pillar}_score"] + 5e-7) * weight / 100)
            for pillar, weight in (("fs", 200), ("ml", 160), ("nr", 240))
        )
        + row["event_points"]
        for row in profiles
        if row["evidence"]
    ]
    assert found.points.size == len(panel)
    assert (np.abs(found.points - np.array(panel)) <= 50).all()  # the factors' largest effect


REFUSED = [
    ({"pd_method": "beta"}, "pd_method_unknown", "not one of auto, none, pluto_tasche, logistic"),
    ({"name": "我的 模型"}, "model_name", "cannot stand in a path"),
    ({"version": "1"}, "model_name", "three numbers for the version"),
    ({"as_of": "2026-06-30"}, "date_expected", "A date was expected, str"),
]


@pytest.mark.parametrize(("options", "code", "words"), REFUSED)
def test_a_wrong_request_is_refused_with_the_way_out(options, code, words):
    with pytest.raises(DomainError, match=words) as caught:
        fit(COUNTY, SCHEME, **options)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("arguments", "code"),
    [((COUNTY.households, SCHEME), "county_expected"), ((COUNTY, "tongxiang"), "scheme_expected")],
)
def test_something_else_than_a_county_or_scheme_is_refused(arguments, code):
    with pytest.raises(DomainError) as caught:
        fit(*arguments)
    assert caught.value.code == code


@pytest.mark.parametrize("loans", [0, 5])
def test_fitted_severities_are_asked_for_before_anything_is_fitted(loans):
    scheme = SCHEME.model_copy(update={"aggregator": "severity_adjusted"})
    county = dataclasses.replace(COUNTY, loans=COUNTY.loans.iloc[:loans])
    with pytest.raises(DomainError, match="needs severities"):
        fit(county, scheme)


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
