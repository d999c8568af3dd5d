from __future__ import annotations

import pytest

from sanzhixin.scoring.expert import expert_card
from sanzhixin.scoring.panel_rules import MICRO
from tests.unit.scoring import oracle
from tests.unit.scoring.factories import (
    SCHEME,
    household,
    plan_of,
    scheme_with,
    score,
    volunteering,
)

CARD = expert_card(SCHEME)


def test_the_card_has_the_weights_of_the_form_in_tenths():
    points = {item.name: max(item.attainable) for item in CARD.characteristics}
    assert points == {
        "fs": 200,
        "ml": 160,
        "nr": 240,
        "events": 400,
        "customer_years": 20,
        "utility_payment": 15,
        "household_income": 20,
    }
    assert (CARD.lowest, CARD.highest, CARD.points_per_score) == (0, 1000, 10)
    assert [(g.name, g.lowest, g.highest) for g in CARD.groups] == [
        ("panel", 0, 600),
        ("events", 0, 400),
        ("factors", -50, 50),
    ]


FACTORS = [
    # Witnesses: the table of the scheme by hand, and oracle.py
    ({}, 0),
    ({"customer_years": 2.999999}, 0),
    ({"customer_years": 3}, 10),
    ({"customer_years": 7.999999}, 10),
    ({"customer_years": 8}, 20),
    ({"utility_payment": "on_time"}, 15),
    ({"utility_payment": "sometimes_late"}, 0),
    ({"utility_payment": "often_late"}, -15),
    ({"household_income": 0}, -10),
    ({"household_income": 29_999}, -10),
    ({"household_income": 30_000}, 0),
    ({"household_income": 80_000}, 10),
    ({"household_income": 149_999}, 10),
    ({"household_income": 150_000}, 20),
    ({"customer_years": 9, "utility_payment": "on_time", "household_income": 2e5}, 50),  # 55
    ({"utility_payment": "often_late", "household_income": 1_000}, -25),
]


@pytest.mark.parametrize(("factors", "points"), FACTORS)
def test_factors_bring_their_points_within_fifty_together(factors, points):
    given = household(factors=factors)
    assert score(given).assessment.points.total.tolist() == [700 + points]
    assert oracle.factor_points(given) == points


def test_factors_together_are_clipped_at_minus_fifty_too():
    worst = scheme_with(
        factors=tuple(
            {**factor, "bins": tuple({**b, "points": min(b["points"], -3 * (i == 0))}
             for i, b in enumerate(factor["bins"]))} if factor["kind"] == "numeric" else factor
            for factor in SCHEME.model_dump()["factors"]
        )
    )  # fmt: skip
    factors = {"customer_years": 0, "utility_payment": "often_late", "household_income": 0}
    answers = score(household(factors=factors), plan=plan_of(worst))
    assert answers.assessment.points.total.tolist() == [650]  # -30 - 15 - 30, clipped to -50
    assert answers.assessment.points.group_clip.tolist() == [[0, 0, 25]]


def test_a_scheme_without_factors_has_a_card_without_them():
    scheme = scheme_with(factors=())
    assert [group.name for group in expert_card(scheme).groups] == ["panel", "events"]
    answers = score(household(4, 4, 4), plan=plan_of(scheme))
    assert answers.assessment.points.total.tolist() == [700]


def test_the_total_is_clipped_to_a_thousand():
    factors = {"customer_years": 9, "utility_payment": "on_time"}
    given = household(5, 5, 5, events=volunteering(10), factors=factors)
    assert score(given).assessment.points.total.tolist() == [985]
    answers = score(given, plan=plan_of(scheme_with(event_part={"start": 40})))
    assert answers.assessment.points.total.tolist() == [1000]
    assert answers.assessment.points.total_clip.tolist() == [-35]


def test_edges_of_factors_are_held_in_millionths():
    edges = {c.name: c.edges for c in CARD.characteristics if c.kind == "bins"}
    assert edges["customer_years"] == (3 * MICRO, 8 * MICRO)
    assert edges["household_income"] == (30_000 * MICRO, 80_000 * MICRO, 150_000 * MICRO)


def test_a_scheme_with_other_units_keeps_its_proportions():
    answers = score(household(4, 4, 4), plan=plan_of(scheme_with(points_per_score=20)))
    assert answers.assessment.points.total.tolist() == [1400]
    assert answers.assessment.tier.tolist() == score(household(4, 4, 4)).assessment.tier.tolist()
