"""Limits side by side: by hand; the sentences name what the bounds say."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from pydantic import ValidationError

from sanzhixin.errors.words import BOUND_WORDS
from sanzhixin.scheme.limits import BOUNDS
from sanzhixin.scoring.explain import explain_case
from sanzhixin.scoring.limit_account import limit_rows, member_rows
from sanzhixin.scoring.limits import find_tier, set_limits
from sanzhixin.scoring.pd_table import PdRow, PdTable
from sanzhixin.scoring.proposal import Proposal
from sanzhixin.scoring.scorer import propose_answers, propose_cases
from tests.unit.scoring.factories import (
    PLAN,
    SCHEME,
    Record,
    encode,
    form,
    household,
    plan_of,
    propose,
    scheme_with,
    score,
)


def side_by_side(*given, plan=PLAN):
    answers = score(*given, plan=plan)
    return limit_rows(propose_answers(answers, plan), answers, plan)


def adults(*given, plan=PLAN):
    answers = score(*given, plan=plan)
    return member_rows(propose_answers(answers, plan), answers, plan)


def test_every_bound_has_a_name():
    assert tuple(BOUND_WORDS) == BOUNDS


def test_four_amounts_stand_side_by_side_with_the_reason_for_their_difference():
    amounts = {"council": 40_000, "manager": 45_000, "annual_income": 12_345}
    row = side_by_side(household(4, 4, 4, amounts=amounts))[0]
    four = ("village_limit_yuan", "manager_limit_yuan", "system_limit_yuan", "limit_yuan")
    assert [row[name] for name in four] == [40_000, 45_000, 37_000, 37_000]
    assert row["binding_bound"] == "income_multiple"
    assert row["why_en"] == (
        "Proposed 37,000 yuan: the smallest bound is the income multiple, 37,035, floored to "
        "steps of 1,000. Village's proposal 40,000: 3,000 above. Manager's proposal 45,000: 8,000 "
        "above. System limit 37,000: the same. Absent, so not binding: village cap, room "
        "for further debt, room under the customer total, cap on the expected loss, "
        "requested amount."
    )
    assert row["why_zh"].startswith(
        "建议额度 37,000 元：最小一项为收入倍数 37,035 元，按 1,000 元向下取整。"
        "村建议额度 40,000 元，高出 3,000 元。"
    )
    stated = {name: row[f"bound_{name}_yuan"] for name in BOUNDS if row[f"bound_{name}_yuan"]}
    assert stated == {
        "tier_cap": 50_000,
        "product_cap": 500_000,
        "income_multiple": 37_035,
        "village_limit": 40_000,
        "manager_limit": 45_000,
    }


def test_without_points_there_is_no_amount_and_the_sentence_says_why():
    gated = household(records=(Record("ML09"),), amounts={"council": 10_000})
    few = household(form(4), form(4))
    rows = side_by_side(gated, few)
    assert [row["limit_yuan"] for row in rows] == [None, None]
    assert [row["village_limit_yuan"] for row in rows] == [10_000, None]
    assert rows[0]["why_en"] == "No amount is proposed: gated, to be confirmed by a person."
    assert rows[1]["why_zh"] == "不提出额度：有效评议不足。"
    assert all(row[f"bound_{name}_yuan"] is None for row in rows for name in BOUNDS)


def test_a_required_bound_that_is_not_stated_is_named():
    plan = plan_of(scheme_with(limits={"required": ("requested", "manager_limit")}))
    row = side_by_side(household(), plan=plan)[0]
    assert row["why_en"] == "No amount is proposed without: requested amount, manager's proposal."


def test_the_limits_are_those_of_the_proposals():
    random = np.random.default_rng(3)
    names = ("annual_income", "assets", "debt", "exposure", "council", "manager", "requested")
    given = [
        household(
            *random.integers(3, 6, 3).tolist(),
            household_id=f"H{i}",
            amounts={name: int(random.integers(0, 300_000)) for name in names
                     if random.random() < 0.5},
        )
        for i in range(60)
    ]  # fmt: skip
    rows = side_by_side(*given)
    for row, proposal in zip(rows, propose_cases(encode(*given), PLAN), strict=True):
        same = ("household_id", "status", "tier", "system_limit_yuan", "limit_yuan",
                "village_limit_yuan", "manager_limit_yuan", "binding_bound")  # fmt: skip
        assert {name: row[name] for name in same} == {name: proposal[name] for name in same}
        bounds = [row[f"bound_{name}_yuan"] for name in BOUNDS]
        least = min(yuan for yuan in bounds if yuan is not None)
        assert least // 1_000 * 1_000 == row["limit_yuan"]


MEMBERS = [
    # adults and what they owe, the household's exposure, its limit, what each may sign for
    ({}, None, 200_000, []),
    ({"P1": 0, "P2": 0}, 0, 200_000, [(200_000, "household_limit")] * 2),
    ({"P1": None}, None, 200_000, [(200_000, "household_limit")]),
    (
        # 380,000 together leave 120,000 for the household and 120,500 for P1
        {"P1": 379_500, "P2": 500}, 0, 120_000,
        [(120_000, "household_limit"), (120_000, "household_limit")],
    ),
    # what is stated of the household is larger than what its members state
    ({"P1": 100_000}, 450_000, 50_000, [(50_000, "household_limit")]),
    ({"P1": 600_000, "P2": 0}, None, 0, [(0, "household_limit")] * 2),
]  # fmt: skip


@pytest.mark.parametrize(("members", "exposure", "limit", "expected"), MEMBERS)
def test_adults_share_one_limit_and_stay_within_their_own_total(members, exposure, limit, expected):
    stated = [] if exposure is None else [exposure]
    owed = [yuan for yuan in members.values() if yuan is not None]
    if owed:
        stated.append(sum(owed))
    amounts = {"exposure": max(stated)} if stated else {}
    given = household(5, 5, 5, amounts=amounts, members=members)
    assert propose(given)["limit_yuan"] == limit
    rows = adults(given)
    assert [(row["member_limit_yuan"], row["binding_bound"]) for row in rows] == expected
    assert all(row["household_limit_yuan"] == limit for row in rows)


def test_an_adult_who_owes_more_than_the_household_states_is_held_by_the_person():
    # encoded by hand with a smaller exposure of the household, as no table would give it
    given = household(5, 5, 5, amounts={"exposure": 0}, members={"P1": 420_500, "P2": 0})
    rows = adults(given)
    assert [row["member_limit_yuan"] for row in rows] == [79_000, 200_000]
    assert [row["binding_bound"] for row in rows] == ["exposure_room", "household_limit"]


def test_without_an_amount_no_adult_signs():
    rows = adults(household(form(4), members={"P1": 5}))
    assert rows == [
        {
            "household_id": "H0001",
            "person_id": "P1",
            "exposure_yuan": 5,
            "household_limit_yuan": None,
            "member_limit_yuan": None,
            "binding_bound": None,
        }
    ]


def test_without_a_customer_total_the_household_limit_alone_holds():
    plan = plan_of(scheme_with(limits={"customer_total": None}))
    rows = adults(household(5, 5, 5, members={"P1": 900_000}), plan=plan)
    assert rows[0]["member_limit_yuan"] == 200_000


GRADES = ("C", "B", "BB", "BBB", "A", "AA", "AAA")
RATES = dict(zip(GRADES, (600, 580, 560, 560, 500, 450, 400), strict=True))


def rated(rates):
    rows = SCHEME.model_dump()["tiers"]["rows"]
    priced = tuple(row | {"rate_bp": rates.get(row["grade"])} for row in rows)
    return scheme_with(tiers={"rows": priced})


def test_a_rate_by_tier_stands_beside_the_limit_and_in_the_explanation():
    plan = plan_of(rated(RATES))
    given = (household(5, 5, 5), household(4, 4, 4), household(3, 3, 3), household(form(4)))
    rows = side_by_side(*given, plan=plan)
    assert [row["rate_bp"] for row in rows] == [500, 580, None, None]
    cases = encode(given[0], scheme=plan.scheme)
    proposal = Proposal(**propose_cases(cases, plan)[0])
    found = explain_case(score(given[0], plan=plan), proposal, plan)
    assert found.rate_bp == 500
    assert found.why_limit == (rows[0]["why_zh"], rows[0]["why_en"])


def test_rates_are_complete_and_do_not_rise_with_the_score():
    with pytest.raises(ValidationError, match="Tiers AAA have no rate_bp"):
        rated({name: rate for name, rate in RATES.items() if name != "AAA"})
    with pytest.raises(
        ValidationError, match="Tier AA lies above A, but its rate 501 bp is above 500"
    ):
        rated(RATES | {"AA": 501})


def table(*rows):
    return PdTable(
        basis="fitted",
        method="logistic",
        population="approved households",
        n_loans=900,
        n_defaults=30,
        rows=tuple(
            PdRow(
                at_least=at,
                prob_default=None if upper is None else round(upper / 2, 8),
                lower=None if upper is None else 0.0,
                upper=upper,
            )
            for at, upper in rows
        ),
    )


LOSS = [
    # upper bound of the default probability, cap at 2,000 yuan of loss and 45 % lost
    (0.05, 88_888),
    (0.02, 222_222),
    (0.00000001, 444_444_444_444),
    (0.0, 1 << 40),
    (None, 0),
]


@pytest.mark.parametrize(("upper", "cap"), LOSS)
def test_the_cap_on_the_expected_loss_by_hand(upper, cap):
    scheme = scheme_with(limits={"loss_cap": {"at_most": Decimal("0.2"), "lgd": Decimal("0.45")}})
    rows = ((0, None), (851, 0.01)) if upper is None else ((0, upper),)
    limits = score(household(5, 5, 5), plan=plan_of(scheme, pd=table(*rows))).assessment.limits
    bound = limits.bounds[0, BOUNDS.index("loss_cap")]
    assert bound == cap
    if upper:
        exact = Fraction(2_000) / (Fraction("0.45") * Fraction(str(upper)))
        assert bound == min(int(exact), 1 << 40)
        assert Fraction(int(bound)) * Fraction("0.45") * Fraction(str(upper)) <= 2_000


def test_the_sentence_shows_the_working_of_the_cap_on_the_expected_loss():
    scheme = scheme_with(limits={"loss_cap": {"at_most": Decimal("0.2"), "lgd": Decimal("0.45")}})
    plan = plan_of(scheme, pd=table((0, 0.05)))
    row = side_by_side(household(5, 5, 5), plan=plan)[0]
    assert row["limit_yuan"] == 88_000
    assert "The cap on the expected loss is 2,000 ÷ (45% × 5.0000%)." in row["why_en"]
    row = side_by_side(household(5, 5, 5), plan=plan_of(scheme, pd=table((0, None), (851, 0.01))))
    assert "No outcome is known at these points or below, so it is 0." in row[0]["why_en"]


def test_an_unrated_household_is_told_so():
    row = side_by_side(household(3, 3, 3))[0]
    assert row["why_en"].startswith("Unrated: goes to the manual channel, no limit is proposed.")


def test_the_cap_is_absent_without_a_table_and_may_be_required():
    rule = {"loss_cap": {"at_most": Decimal("0.2"), "lgd": Decimal("0.45")}}
    answer = propose(household(5, 5, 5), plan_of(scheme_with(limits=rule)))
    assert answer["limit_yuan"] == 200_000
    scheme = scheme_with(limits=rule | {"required": ("loss_cap",)})
    answer = propose(household(5, 5, 5), plan_of(scheme))
    assert (answer["limit_yuan"], answer["system_limit_yuan"]) == (None, None)
    assert answer["review_triggers"] == ["required_bound:loss_cap"]
    with pytest.raises(ValidationError, match="loss_cap"):
        scheme_with(limits={"required": ("loss_cap",)})


def test_the_system_limit_never_falls_as_points_rise_whatever_the_table():
    scheme = scheme_with(limits={"loss_cap": {"at_most": Decimal("0.1"), "lgd": Decimal("0.6")}})
    random = np.random.default_rng(5)
    given = [household(*[form(4)] * 3, household_id=f"H{i}") for i in range(1001)]
    cases = encode(*given, scheme=scheme)
    points = np.arange(1001)
    for _ in range(20):
        starts = np.unique(np.append(0, random.integers(1, 1000, 30)))
        uppers = np.sort(np.round(random.random(starts.size) * 0.2, 8))[::-1].tolist()
        unknown = random.integers(0, 4)
        rows = [(int(at), None if k < unknown else upper)
                for k, (at, upper) in enumerate(zip(starts, uppers, strict=True))]  # fmt: skip
        plan = plan_of(scheme, pd=table(*rows))
        tier = find_tier(points, plan.tiers)
        limits = set_limits(cases, points, tier, cases.council, (plan.tiers, plan.limits))
        assert (np.diff(limits.system) >= 0).all()
        assert (np.diff(limits.bounds[:, BOUNDS.index("loss_cap")]) >= 0).all()
