"""Rows of limits in full and their sentences in both languages, by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sanzhixin.scheme.limits import BOUNDS
from sanzhixin.scoring.limit_account import limit_rows, member_rows, why_limit
from sanzhixin.scoring.pd_table import PdRow, PdTable
from sanzhixin.scoring.scorer import propose_answers
from tests.unit.scoring.factories import (
    Record,
    form,
    household,
    plan_of,
    propose,
    scheme_with,
    score,
)

LOSS = {"loss_cap": {"at_most": Decimal("0.2"), "lgd": Decimal("0.45")}}


def side_by_side(given, plan=None):
    plan = plan or plan_of()
    answers = score(given, plan=plan)
    return limit_rows(propose_answers(answers, plan), answers, plan)[0]


def known(upper):
    """Plan with a cap on the expected loss, and an upper bound of the default probability."""
    rows = [PdRow(at_least=0, prob_default=0.0, lower=0.0, upper=upper)]
    if upper is None:
        rows = [
            PdRow(at_least=0, prob_default=None, lower=None, upper=None),
            PdRow(at_least=999, prob_default=0.0, lower=0.0, upper=0.01),
        ]
    table = PdTable(
        basis="fitted", method="logistic", population="approved households", n_loans=900,
        n_defaults=30, rows=tuple(rows),
    )  # fmt: skip
    return plan_of(scheme_with(limits=LOSS), pd=table)


def test_a_row_holds_who_what_every_bound_and_why():
    given = household(
        4, 4, 4, village_id="V07", household_id="H9",
        amounts={"council": 40_000, "manager": 45_000, "annual_income": 12_345,
                 "assets": 500_000, "debt": 100_000, "exposure": 400_000, "requested": 60_000},
    )  # fmt: skip
    assert side_by_side(given) == {
        "household_id": "H9",
        "village_id": "V07",
        "status": "propose",
        "tier": "B",
        "rate_bp": None,
        "village_limit_yuan": 40_000,
        "manager_limit_yuan": 45_000,
        "system_limit_yuan": 37_000,
        "limit_yuan": 37_000,
        "binding_bound": "income_multiple",
        "bound_tier_cap_yuan": 50_000,
        "bound_product_cap_yuan": 500_000,
        "bound_village_cap_yuan": None,
        "bound_income_multiple_yuan": 37_035,  # three times 12,345
        "bound_debt_room_yuan": 200_000,  # 60 % of 500,000 less 100,000
        "bound_exposure_room_yuan": 100_000,  # 500,000 less 400,000
        "bound_loss_cap_yuan": None,
        "bound_village_limit_yuan": 40_000,
        "bound_manager_limit_yuan": 45_000,
        "bound_requested_yuan": 60_000,
        "why_zh": "建议额度 37,000 元：最小一项为收入倍数 37,035 元，按 1,000 元向下取整。"
        "村建议额度 40,000 元，高出 3,000 元。客户经理建议额度 45,000 元，高出 8,000 元。"
        "系统测算额度 37,000 元，与建议相同。以下各项未填，不作限制：村上限、预期损失上限。",
        "why_en": "Proposed 37,000 yuan: the smallest bound is the income multiple, 37,035, "
        "floored to steps of 1,000. Village's proposal 40,000: 3,000 above. Manager's proposal "
        "45,000: 8,000 above. System limit 37,000: the same. Absent, so not binding: village cap, "
        "cap on the expected loss.",
    }


def test_amounts_that_nobody_proposes_are_told_as_none():
    row = side_by_side(household(4, 4, 4, amounts={"requested": 20_500}))
    assert row["why_en"].startswith(
        "Proposed 20,000 yuan: the smallest bound is the requested amount, 20,500, floored to "
        "steps of 1,000. Village's proposal: none. Manager's proposal: none. System limit 50,000: "
        "30,000 above. Absent"
    )
    assert (
        row["why_zh"]
        .split("取整。")[1]
        .startswith(
            "村建议额度：未提出。客户经理建议额度：未提出。系统测算额度 50,000 元，高出 30,000 元。"
        )
    )


def test_an_unrated_household_is_told_so_in_both_languages():
    row = side_by_side(household(3, 3, 3))
    assert (row["tier"], row["limit_yuan"], row["binding_bound"]) == ("未评级", 0, "tier_cap")
    assert row["why_zh"].startswith("未评级，转人工办理（无建议额度）。村建议额度：未提出。")
    assert row["why_en"].startswith(
        "Unrated: goes to the manual channel, no limit is proposed. Village's proposal: none."
    )


def test_a_bound_of_nothing_is_not_told_as_unrated():
    row = side_by_side(household(5, 5, 5, amounts={"exposure": 500_000}))
    assert row["why_en"].startswith(
        "No limit is proposed: the smallest bound is the room under the customer total, 0, floored "
        "to steps of 1,000."
    )
    assert row["tier"] == "A"


def test_the_tier_of_a_rated_household_may_be_the_smallest_bound():
    row = side_by_side(household(4, 4, 4))
    assert row["why_en"].startswith("Proposed 50,000 yuan: the smallest bound is the ")
    assert (row["binding_bound"], row["bound_tier_cap_yuan"]) == ("tier_cap", 50_000)


WORKED = [
    # at 5 % and 45 % lost, 2,000 yuan of loss are reached at 88,888
    (0.05, 88_000, "The cap on the expected loss is 2,000 ÷ (45% × 5.0000%).",
     "预期损失上限 = 2,000 ÷ (45% × 5.0000%)。"),
    (None, 0, "No outcome is known at these points or below, so it is 0.",
     "该分数及以下没有贷款结果，违约概率无从得知，故为 0。"),
]  # fmt: skip


@pytest.mark.parametrize(("upper", "limit", "en", "zh"), WORKED)
def test_the_working_of_the_loss_cap_stands_after_the_proposal(upper, limit, en, zh):
    row = side_by_side(household(5, 5, 5), known(upper))
    assert (row["limit_yuan"], row["binding_bound"]) == (limit, "loss_cap")
    first, second, *_ = row["why_en"].split(". ")
    told = f"Proposed {limit:,} yuan" if limit else "No limit is proposed"
    assert first.startswith(f"{told}: the smallest bound is the cap on the")
    assert en.startswith(second)
    assert row["why_zh"].split("取整。")[1].startswith(zh)


def test_the_working_is_told_of_the_loss_cap_alone():
    row = side_by_side(household(4, 4, 4), known(0.05))
    assert row["binding_bound"] == "tier_cap"
    assert "÷" not in row["why_en"] + row["why_zh"]


NOTHING = [
    (
        household(records=(Record("ML09"),)),
        "gated",
        ("不提出额度：存在否决项，须人工确认。",
         "No amount is proposed: gated, to be confirmed by a person."),
    ),
    (
        household(form(4)),
        "insufficient_evidence",
        ("不提出额度：有效评议不足。", "No amount is proposed: too few forms count."),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("given", "status", "why"), NOTHING, ids=[row[1] for row in NOTHING])
def test_without_points_no_bound_no_rate_and_no_amount_is_told(given, status, why):
    row = side_by_side(given)
    assert (row["status"], row["tier"], row["rate_bp"]) == (status, None, None)
    assert (row["why_zh"], row["why_en"]) == why
    assert {row[f"bound_{name}_yuan"] for name in BOUNDS} == {None}


def test_required_bounds_that_are_absent_are_named_in_both_languages():
    plan = plan_of(scheme_with(limits={"required": ("requested", "manager_limit")}))
    row = side_by_side(household(), plan)
    assert row["why_zh"] == "不提出额度：缺少必需项（申请金额、客户经理建议额度）。"
    assert row["why_en"] == "No amount is proposed without: requested amount, manager's proposal."


def test_where_every_bound_is_stated_none_is_told_as_absent():
    plan = plan_of()
    row = {
        "points": 800, "limit_yuan": 10_000, "binding_bound": "requested", "pd_upper": None,
        "village_limit_yuan": 10_000, "manager_limit_yuan": 10_000, "system_limit_yuan": 11_000,
        "review_triggers": [],
    }  # fmt: skip
    zh, en = why_limit(row, dict.fromkeys(BOUNDS, 10_500), plan)
    assert en.endswith("System limit 11,000: 1,000 above.")
    assert zh.endswith("系统测算额度 11,000 元，高出 1,000 元。")


def test_a_row_of_an_adult_holds_what_is_owed_and_what_may_be_signed():
    plan = plan_of()
    given = household(
        5, 5, 5, household_id="H9", amounts={"exposure": 0},
        members={"P1": 420_500, "P2": None, "P3": 300_000, "P4": 700_000},
    )  # fmt: skip
    answers = score(household(members={"P0": 1}), given, plan=plan)
    rows = member_rows(propose_answers(answers, plan), answers, plan)
    shared = {"household_id": "H9", "household_limit_yuan": 200_000}
    assert rows[1:] == [
        # 500,000 less 420,500, in steps of a thousand
        {**shared, "person_id": "P1", "exposure_yuan": 420_500, "member_limit_yuan": 79_000,
         "binding_bound": "exposure_room"},
        {**shared, "person_id": "P2", "exposure_yuan": None, "member_limit_yuan": 200_000,
         "binding_bound": "household_limit"},
        {**shared, "person_id": "P3", "exposure_yuan": 300_000, "member_limit_yuan": 200_000,
         "binding_bound": "household_limit"},
        {**shared, "person_id": "P4", "exposure_yuan": 700_000, "member_limit_yuan": 0,
         "binding_bound": "exposure_room"},
    ]  # fmt: skip
    assert (rows[0]["household_id"], rows[0]["person_id"]) == ("H0001", "P0")


def test_a_scheme_without_a_debt_rule_never_asks_for_a_review_of_debt():
    given = household(4, 4, 4, amounts={"assets": 10, "debt": 9_000})
    assert propose(given, plan_of())["review_triggers"] == ["debt_ratio"]
    plan = plan_of(scheme_with(debt=None))
    assert propose(given, plan)["review_triggers"] == []
    assert score(given, plan=plan).assessment.limits.over_debt.dtype == bool
