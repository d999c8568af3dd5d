from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from sanzhixin.scheme.limits import BOUNDS
from sanzhixin.scoring.explain import explain_case
from sanzhixin.scoring.proposal import Proposal
from sanzhixin.scoring.scorer import propose_cases, score_cases
from tests.unit.scoring.factories import (
    DAY,
    PILLARS,
    PLAN,
    SCHEME,
    Event,
    Record,
    encode,
    events,
    form,
    forms,
    household,
)


def explained(given, *others, plan=PLAN):
    cases = encode(given, *others, scheme=plan.scheme)  # tables that hold the others too
    alone = replace(
        cases,
        **{
            name: getattr(cases, name)[:1]
            for name in cases.__dataclass_fields__
            if name not in {"forms", "events", "registers", "members", "factors"}
        },
        factors={name: values[:1] for name, values in cases.factors.items()},
    )
    proposal = Proposal(**propose_cases(alone, plan)[0])
    return explain_case(score_cases(alone, plan), proposal, plan)


def test_every_form_is_told_with_what_counted_and_why_not():
    sheets = forms(
        form(4),
        form(4),
        form(4, amount=50_000),
        form(5, familiar=False),
        form(5, relation="kin"),
        form(5, role="account_manager"),
        form(5, nr=(5, 5, 0, 0, 0, 0)),
        form(1, rated_on=DAY - dt.timedelta(days=300), round=0),
    )
    found = explained(replace(household(), forms=sheets))
    outcomes = [tuple(line.outcomes[p] for p in PILLARS) for line in found.forms]
    assert outcomes == [
        ("counted",) * 3,
        ("counted",) * 3,
        ("counted",) * 3,
        ("counted", "counted", "under_half_answered"),
        ("recused",) * 3,
        ("role_not_asked", "counted", "role_not_asked"),
        ("unfamiliar",) * 3,
        ("other_round",) * 3,
    ]
    for place, line in enumerate(found.pillars):
        counted = sum(outcome[place] == "counted" for outcome in outcomes)
        assert line.n_forms == counted
        assert line.n_recused == 1
    assert [line.round for line in found.forms] == [1] * 7 + [0]
    assert found.forms[-1].rated_on == DAY - dt.timedelta(days=300)


def test_raters_are_numbers_that_tell_nothing_of_the_rater():
    sheets = forms(4, 4, form(1, relation="kin"), 4)
    found = explained(replace(household(), forms=sheets))
    assert [line.rater for line in found.forms] == ["#1", "#2", "#3", "#4"]
    assert "R001" not in repr(found)
    turned = tuple(
        replace(sheet, rater=other.rater) for sheet, other in zip(sheets, sheets[::-1], strict=True)
    )
    assert explained(replace(household(), forms=turned)).forms == found.forms


def test_items_tell_how_many_counted_forms_answered_them_and_their_mean():
    found = explained(household(form(4, fs=(5, 4, 4, 0, 0)), form(2), 3, form(1, relation="kin")))
    items = {line.code: (line.n_ratings, line.mean) for line in found.items}
    assert list(items) == list(SCHEME.panel_codes)
    assert items["FS01"] == (3, 10 / 3)  # 5, 2, 3
    assert items["FS04"] == (2, 2.5)  # blank, 2, 3
    assert items["NR06"] == (3, 3.0)


def test_an_item_that_nobody_answered_has_no_mean():
    found = explained(household(*[form(4, fs=(4, 4, 4, 4, 0))] * 3))
    assert {line.code: line.mean for line in found.items}["FS05"] is None


def test_pillars_tell_score_error_and_points():
    found = explained(household(3, 5, 4))
    assert [(p.score, p.points, p.points_full) for p in found.pillars] == [
        (75.0, 150, 200),
        (75.0, 120, 160),
        (75.0, 180, 240),
    ]
    assert found.pillars[0].se == pytest.approx(25 / 3**0.5)  # scores 50, 100, 75: sd 25
    assert sum(p.points for p in found.pillars) + 250 == found.proposal.points


def test_a_pillar_without_forms_has_no_score_and_no_error():
    line = explained(household(*[form(4, nr=0)] * 3)).pillars[2]
    assert (line.score, line.se, line.points, line.n_forms) == (None, None, 0, 0)
    line = explained(household(form(4), *[form(4, nr=0)] * 3)).pillars[2]
    assert (line.score, line.se, line.n_forms) == (75.0, None, 1)


def test_every_event_is_told_with_what_became_of_it():
    entries = events(
        Event("ML05", "standard", DAY - dt.timedelta(days=1)),
        Event("FS06", "town", DAY, status="pending"),
        Event("NR07", "3", DAY - dt.timedelta(days=700)),
    )
    lines = explained(household(events=entries)).events
    assert [(e.code, e.level, e.status, e.outcome) for e in lines] == [
        ("NR07", "3", "approved", "expired"),
        ("ML05", "standard", "approved", "counted"),
        ("FS06", "town", "pending", "pending"),
    ]
    assert (lines[1].zh, lines[1].en) == ("志愿服务", "volunteering")


def test_each_record_is_told_as_expired_or_in_force_on_its_own():
    old = Record("ML08", dt.date(2010, 1, 1), dt.date(2011, 1, 1), "D1")
    new = Record("ML08", dt.date(2025, 1, 1), None, "D2")
    lines = explained(household(records=(old, new))).records
    assert [(r.issued_on.year, r.ended_on, r.action, r.in_force) for r in lines] == [
        (2010, dt.date(2011, 1, 1), "gate", False),
        (2025, None, "gate", True),
    ]


def test_nothing_of_other_households_is_told():
    other = household(
        1, 1, 1, household_id="H0002", records=(Record("ML09"),), events=events(Event("ML07", "3"))
    )
    alone = explained(household(4, 4, 4))
    among = explained(household(4, 4, 4), other)
    assert among == alone
    assert (among.records, among.events, len(among.forms)) == ((), (), 3)


def test_all_bounds_stand_in_their_order_and_one_binds():
    amounts = {"council": 40_000, "manager": 60_000, "annual_income": 10_000, "exposure": 490_000}
    found = explained(household(5, 5, 5, amounts=amounts))
    assert [line.bound for line in found.bounds] == list(BOUNDS)
    assert {line.bound: line.yuan for line in found.bounds} == {
        "tier_cap": 200_000,
        "product_cap": 500_000,
        "village_cap": None,
        "income_multiple": 30_000,
        "debt_room": None,
        "exposure_room": 10_000,
        "loss_cap": None,
        "village_limit": 40_000,
        "manager_limit": 60_000,
        "requested": None,
    }
    assert [line.bound for line in found.bounds if line.binds] == ["exposure_room"]
    assert found.proposal.limit_yuan == 10_000


@pytest.mark.parametrize(
    "given",
    [household(4, 4), household(records=(Record("ML08"),))],
    ids=["insufficient evidence", "gated"],
)
def test_no_bounds_are_told_where_no_amount_is_proposed(given):
    assert explained(given).bounds == ()
