from __future__ import annotations

import datetime as dt

import pytest

from sanzhixin.errors import ArtifactError
from sanzhixin.scoring.plan import check_in_force, compile_plan, profile_plan
from tests.unit.scoring.factories import PLAN, SCHEME, model_file, plan_of


def test_records_are_sorted_into_gates_and_reviews():
    codes = PLAN.ledger.record_codes
    assert [codes[i] for i in PLAN.gates] == ["ML08", "ML09", "G1"]
    assert [codes[i] for i in PLAN.reviews] == ["FS08", "G2"]


def test_effects_are_named_in_the_order_of_card_events_and_clips():
    assert [effect.code for effect in PLAN.effects] == [
        "PANEL_fs",
        "PANEL_ml",
        "PANEL_nr",
        "FACTOR_customer_years",
        "FACTOR_utility_payment",
        "FACTOR_household_income",
        "EVENT_FS06",
        "EVENT_FS07",
        "EVENT_ML05",
        "EVENT_ML06",
        "EVENT_ML07",
        "EVENT_NR07",
        "CLIP_events",
        "CLIP_panel",
        "CLIP_factors",
        "CLIP_total",
    ]
    assert PLAN.reference.tolist() == [200, 160, 240, 0, 0, 0]


def test_a_profile_needs_no_model():
    plan = profile_plan(SCHEME)
    assert plan.panel.pillars == PLAN.panel.pillars == ("fs", "ml", "nr")
    assert plan.panel.unit.tolist() == [60, 12, 60]  # lcm of 1..5, 1..4 and 1..6
    assert plan.panel.starts.tolist() == [0, 5, 9]


LIFE = [
    ("draft", dt.date(2026, 6, 30), None),
    ("validated", dt.date(2026, 6, 30), None),
    ("approved", dt.date(2026, 6, 30), None),
    ("approved", dt.date(2028, 12, 31), None),
    ("retired", dt.date(2026, 6, 30), "model_retired"),
    ("approved", dt.date(2029, 1, 1), "model_expired"),
    ("approved", dt.date(2023, 12, 31), "scheme_not_in_force"),
]


@pytest.mark.parametrize(("status", "as_of", "code"), LIFE)
def test_a_model_is_in_force_unless_retired_or_outside_its_days(status, as_of, code):
    plan = plan_of(status=status)
    if code is None:
        check_in_force(plan, as_of)
        return
    with pytest.raises(ArtifactError) as caught:
        check_in_force(plan, as_of)
    assert caught.value.code == code


def test_compiling_twice_gives_the_same_rules():
    one, two = compile_plan(model_file()), compile_plan(model_file())
    assert one.effects == two.effects
    assert one.tiers.cutoffs.tolist() == two.tiers.cutoffs.tolist()
    assert one.slopes.pairs.tobytes() == two.slopes.pairs.tobytes()
