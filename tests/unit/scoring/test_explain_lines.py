"""Every line of an explanation in full, by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from sanzhixin.scoring.explain import (
    EventLine,
    FormLine,
    ItemLine,
    MemberLine,
    PartLine,
    PillarLine,
    RecordLine,
    explain_case,
)
from sanzhixin.scoring.proposal import Proposal
from sanzhixin.scoring.scorer import propose_answers
from tests.unit.scoring.adjusted_plan import adjusted_plan
from tests.unit.scoring.factories import (
    DAY,
    PLAN,
    Event,
    Record,
    form,
    household,
    score,
    volunteering,
)


def explained(given, plan=PLAN):
    answers = score(given, plan=plan)
    return explain_case(answers, Proposal(**propose_answers(answers, plan)[0]), plan)


def test_a_line_of_an_event_holds_both_names_the_level_and_the_day():
    entries = (
        Event("NR07", "5", DAY - dt.timedelta(days=3), status="revoked", event_id="E2"),
        Event("ML06", "county", DAY - dt.timedelta(days=5), event_id="E1"),
    )
    assert explained(household(events=entries)).events == (
        EventLine(
            code="ML06", zh="道德模范或见义勇为", en="moral model, good citizen, bravery",
            level="county", level_zh="县级", occurred_on=dt.date(2026, 6, 25),
            status="approved", outcome="counted",
        ),
        EventLine(
            code="NR07", zh="调解配合或帮扶表扬", en="helps settle disputes, praised help",
            level="5", level_zh="突出", occurred_on=dt.date(2026, 6, 27),
            status="revoked", outcome="revoked",
        ),
    )  # fmt: skip


def test_a_line_of_a_record_holds_both_names_what_it_asks_for_and_its_days():
    records = (
        Record("G2", dt.date(2026, 3, 1), None, "D2"),
        Record("ML09", dt.date(2008, 2, 29), dt.date(2011, 1, 31), "D1"),
    )
    assert explained(household(records=records)).records == (
        RecordLine(
            code="ML09", zh="失信被执行人", en="court defaulter list", action="gate",
            issued_on=dt.date(2008, 2, 29), ended_on=dt.date(2011, 1, 31), in_force=False,
            counts_until=dt.date(2016, 1, 30), expires_months=60,
        ),
        RecordLine(
            code="G2", zh="高息借贷或过度融资",
            en="borrowing at high interest or from many lenders", action="review",
            issued_on=dt.date(2026, 3, 1), ended_on=None, in_force=True,
            counts_until=None, expires_months=60,
        ),
    )  # fmt: skip


def test_a_line_of_an_item_holds_its_names_its_pillar_and_the_mean_of_counted_forms():
    found = explained(household(form(4, nr=(5, 4, 4, 4, 4, 1)), 3, 5, form(1, familiar=False)))
    assert len(found.items) == 15
    assert found.items[0] == ItemLine("FS01", "家庭和睦", "family harmony", "fs", 3, 4.0, 5)
    assert found.items[7] == ItemLine("ML03", "信用意识", "attitude to repayment", "ml", 3, 4.0, 5)
    # 1, 3 and 5; the form of a stranger does not count
    assert found.items[14] == ItemLine(
        "NR06", "村务参与", "attends council and shared work", "nr", 3, 3.0, 5
    )
    assert [line.pillar for line in found.items] == ["fs"] * 5 + ["ml"] * 4 + ["nr"] * 6


def test_an_item_is_counted_by_the_forms_that_count_for_its_own_pillar():
    # the manager's form is asked for moral literacy alone
    found = explained(household(4, 4, 4, form(1, role="account_manager")))
    means = {line.code: (line.n_ratings, line.mean) for line in found.items}
    assert (means["FS01"], means["ML01"], means["NR01"]) == ((3, 4.0), (4, 3.25), (3, 4.0))


def test_a_line_of_a_pillar_holds_names_score_error_points_and_counts():
    sheets = household(3, 5, 4, form(1, relation="kin"), form(1, familiar=False))
    found = explained(sheets).pillars
    # scores 50, 100 and 75: mean 75, spread 25 over the root of three
    assert found[2].se == pytest.approx(25 / 3**0.5)
    assert [replace(line, se=None) for line in found] == [
        PillarLine("fs", "家风", "family style", 75.0, "75", None, None, 150, 200, 3, 1, 1),
        PillarLine("ml", "道德素养", "moral literacy", 75.0, "75", None, None, 120, 160, 3, 1, 1),
        PillarLine(
            "nr", "邻里口碑", "neighbourhood reputation", 75.0, "75", None, None, 180, 240, 3, 1, 1
        ),
    ]


def test_a_shown_score_has_one_decimal_and_is_never_rounded_up():
    # 4 + 4 + 5 of fs: 75, 75 and 100 are 83.333333
    found = explained(household(4, 4, form(4, fs=5))).pillars
    assert [line.shown for line in found] == ["83.3", "75", "75"]
    assert explained(household(*[form(4, fs=0)] * 3)).pillars[0].shown == "-"


def test_forms_that_agree_without_spread_have_an_error_of_nought():
    assert [line.se for line in explained(household(4, 4, 4)).pillars] == [0.0, 0.0, 0.0]


def test_a_line_of_a_form_holds_everything_but_the_rater():
    day = DAY - dt.timedelta(days=9)
    sheet = form(4, role="neighbour", relation="none", round=3, rated_on=day)
    found = explained(household(sheet))
    outcomes = {"fs": "counted", "ml": "counted", "nr": "counted"}
    assert found.forms == (FormLine("#1", "neighbour", "none", 3, day, outcomes),)


def test_forms_stand_by_round_outcome_role_relation_and_day():
    early, late = DAY - dt.timedelta(days=40), DAY - dt.timedelta(days=20)
    sheets = household(
        form(4, rated_on=late),
        form(4, relation="kin", rated_on=early),
        form(4, rated_on=early),
        form(4, role="group_leader", rated_on=late),
        form(4, round=0, rated_on=late),
    )
    found = [
        (line.rater, line.round, line.role, line.relation, line.rated_on)
        for line in explained(sheets).forms
    ]
    assert found == [
        ("#1", 1, "group_leader", "none", late),
        ("#2", 1, "panel", "none", early),
        ("#3", 1, "panel", "none", late),
        ("#4", 1, "panel", "kin", early),  # recused, after what counted
        ("#5", 0, "panel", "none", late),
    ]


def test_parts_of_an_expert_card_have_no_start():
    found = explained(household(4, 4, 4, events=volunteering(2)))
    panel, events, factors = found.parts
    assert panel == PartLine(
        "评议", "panel", 450,
        (
            PartLine("家风", "family style", 150),
            PartLine("道德素养", "moral literacy", 120),
            PartLine("邻里口碑", "neighbourhood reputation", 180),
        ),
    )  # fmt: skip
    start, added = PartLine("起始", "start", 250), PartLine("志愿服务", "volunteering", 20)
    assert events == PartLine("事件", "events", 270, (start, added))
    assert (factors.points, [line.en for line in factors.inner]) == (
        0,
        [
            "years as a customer (missing)",
            "payment of utility bills (missing)",
            "annual net household income (missing)",
        ],
    )


def test_every_part_adds_up_even_where_a_clip_holds_it():
    full = [Event("NR07", "5", DAY - dt.timedelta(days=k), event_id=f"E{k}") for k in (1, 2, 3)]
    least = (Event("ML07", "3", DAY - dt.timedelta(days=k), event_id=f"L{k}") for k in (1, 2, 3))
    factors = {"customer_years": 9, "utility_payment": "on_time", "household_income": 2e5}
    for given in (
        household(5, 5, 5, events=(*volunteering(12), *full), factors=factors),
        household(1, 1, 1, events=tuple(least)),
        household(4, 3, 5, events=volunteering(1)),
    ):
        found = explained(given)
        for part in found.parts:
            if part.en != "ends of the scale":
                assert sum(line.points for line in part.inner) == part.points
        assert sum(part.points for part in found.parts) == found.proposal.points
    clipped = explained(household(5, 5, 5, events=(*volunteering(12), *full))).parts[1]
    assert clipped.points == 400
    assert clipped.inner[-1] == PartLine("上下限", "ends of the scale", -50)  # 250 + 100 + 100


def test_a_related_rater_who_does_not_know_the_household_is_recused_everywhere():
    both = form(1, relation="kin", familiar=False)
    found = explained(household(4, 4, 4, both, form(1, familiar=False)))
    outcomes = [line.outcomes["fs"] for line in found.forms]
    assert outcomes == ["counted"] * 3 + ["recused", "unfamiliar"]
    for line in found.pillars:
        assert (line.n_forms, line.n_recused, line.n_unfamiliar) == (3, 1, 1)


def test_the_part_of_a_group_is_what_its_clip_left():
    factors = {"customer_years": 9, "utility_payment": "on_time", "household_income": 2e5}
    found = explained(household(5, 5, 5, factors=factors))
    part = found.parts[2]
    assert [line.points for line in part.inner] == [20, 15, 20, -5]
    assert part.points == 50  # held at 5 of the score


def test_adults_are_numbers_and_their_amounts_stand_by_what_they_owe():
    given = household(
        5, 5, 5, amounts={"exposure": 0}, members={"330483A": 420_500, "330483B": None}
    )
    found = explained(given)
    # 500,000 in all less 420,500, in steps of a thousand
    assert found.members == (
        MemberLine("#1", 420_500, 79_000, "exposure_room"),
        MemberLine("#2", None, 200_000, "household_limit"),
    )


def test_a_plain_scale_has_no_link_and_no_second_score():
    found = explained(household(4, 4, 4))
    assert found.link is None
    assert [line.plain for line in found.pillars] == [None] * 3
    assert found.points_per_score == 10


def test_an_adjusted_score_stands_beside_the_mean_of_the_same_forms():
    given = household(5, 3, form(4, nr=(4, 4, 4, 3, 3, 3)))
    found = explained(given, adjusted_plan())
    assert found.link == "prior"
    # fs 100, 50 and 75; nr 100, 50 and 62.5, which are 70.833333 on average
    assert [line.plain for line in found.pillars] == ["75", "75", "70.8"]
    blank = household(*[form(4, ml=0)] * 3)
    assert [line.plain for line in explained(blank, adjusted_plan()).pillars] == ["75", "-", "75"]
