from __future__ import annotations

import numpy as np
import pytest

from sanzhixin.records.cases import MISSING
from sanzhixin.scoring.panel_rules import MICRO
from sanzhixin.scoring.plan import profile_plan
from sanzhixin.scoring.profile import (
    card_values,
    event_columns,
    factor_columns,
    pillar_columns,
    take_profile,
)
from tests.unit.scoring.factories import (
    SCHEME,
    Event,
    Record,
    encode,
    events,
    form,
    household,
    volunteering,
)

PLAN = profile_plan(SCHEME)


def profiled(*given):
    cases = encode(*given)
    return cases, take_profile(cases, PLAN)


def test_a_profile_holds_what_the_data_say():
    cases, profile = profiled(
        household(4, 4, form(4, amount=30_000), events=volunteering(3), records=(Record("G2"),)),
        household(4, 4),
    )
    assert profile.sufficient.all(axis=1).tolist() == [True, False]
    assert profile.events.part.tolist() == [280, 250]
    assert profile.records.any(axis=1).tolist() == [True, False]
    assert profile.village_amount.tolist() == [30_000, MISSING]
    assert profile.measures.n_forms[:, 0].tolist() == [3, 2]
    assert len(cases) == 2


def test_the_card_reads_scores_event_points_and_factors():
    cases, profile = profiled(household(4, 4, 4, factors={"customer_years": 7.5}))
    values = {
        name: column.tolist() for name, column in card_values(cases, profile, PLAN.panel).items()
    }
    assert values == {
        "fs_score": [75 * MICRO],
        "ml_score": [75 * MICRO],
        "nr_score": [75 * MICRO],
        "event_points": [250 * MICRO],
        "customer_years": [7_500_000],
        "utility_payment": [MISSING],
        "household_income": [MISSING],
    }  # fmt: skip


def test_columns_of_the_pillars_have_no_logits_without_a_fitted_panel():
    _, profile = profiled(household(2, 4), household(form(familiar=False)))
    columns = pillar_columns(profile, PLAN.panel)
    assert len(columns) == 24
    for code in ("fs", "ml", "nr"):
        for name in ("logit", "within_logit", "within_se"):
            assert np.isnan(columns[f"{code}_{name}"]).all()
        assert columns[f"{code}_score"][0] == 50.0
        assert columns[f"{code}_se"][0] == pytest.approx(25.0)  # scores 25 and 75
        assert np.isnan([columns[f"{code}_score"][1], columns[f"{code}_se"][1]]).all()
        assert columns[f"{code}_n_forms"].tolist() == [2, 0]


def test_forms_that_do_not_count_are_still_reported():
    _, profile = profiled(household(4, 4, 4, form(1, relation="kin"), form(1, familiar=False)))
    columns = pillar_columns(profile, PLAN.panel)
    counts = [columns[f"nr_n_{name}"][0] for name in ("forms", "familiar", "recused")]
    assert counts == [3, 4, 1]


def test_excluded_entries_are_counted():
    entries = events(Event("ML05", "standard"), Event("ML05", "standard", status="revoked"))
    _, profile = profiled(household(events=entries))
    columns = {name: column.tolist() for name, column in event_columns(profile).items()}
    assert columns == {"event_points": [260], "n_events_counted": [1], "n_events_excluded": [1]}


def test_factors_are_shown_as_they_enter_the_card():
    given = household(factors={"customer_years": 2.25, "utility_payment": "often_late"})
    cases, _ = profiled(given, household(factors={"utility_payment": "unknown"}))
    assert factor_columns(cases, SCHEME) == {
        "customer_years": [2.25, None],
        "utility_payment": ["often_late", None],
        "household_income": [None, None],
    }
