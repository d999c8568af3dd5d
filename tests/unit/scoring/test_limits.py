from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from sanzhixin.records.cases import MISSING
from sanzhixin.scheme.limits import BOUNDS
from sanzhixin.scoring.limits import (
    NO_BOUND,
    SYSTEM_BOUNDS,
    compile_limits,
    compile_tiers,
    find_tier,
    set_limits,
)
from sanzhixin.scoring.pd_table import PdTable
from tests.unit.scoring import oracle
from tests.unit.scoring.factories import (
    SCHEME,
    Event,
    encode,
    form,
    household,
    plan_of,
    propose,
    scheme_with,
    score,
)

TIERS = compile_tiers(SCHEME)
LIMITS = compile_limits(SCHEME, PdTable.none())

EDGES = [
    # points, tier, cap: the table of the scheme, both ends of every interval
    (0, "未评级", 0),
    (649, "未评级", 0),
    (650, "C", 30_000),
    (699, "C", 30_000),
    (700, "B", 50_000),
    (749, "B", 50_000),
    (750, "BB", 80_000),
    (799, "BB", 80_000),
    (800, "BBB", 100_000),
    (849, "BBB", 100_000),
    (850, "A", 200_000),
    (899, "A", 200_000),  # 89.9 is not 90
    (900, "AA", 300_000),
    (949, "AA", 300_000),
    (950, "AAA", 500_000),
    (1000, "AAA", 500_000),
]


@pytest.mark.parametrize(("points", "grade", "cap"), EDGES)
def test_intervals_are_half_open_at_both_ends(points, grade, cap):
    tier = int(find_tier(np.array([points]), TIERS)[0])
    assert TIERS.name(tier) == grade
    assert (int(TIERS.caps[tier]) if tier >= 0 else 0) == cap


def test_every_point_maps_as_the_table_and_never_falls():
    points = np.arange(1001)
    tier = find_tier(points, TIERS)
    caps = np.where(tier >= 0, TIERS.caps[tier], 0)
    found = [(TIERS.name(t), cap) for t, cap in zip(tier.tolist(), caps.tolist(), strict=True)]
    assert found == [oracle.tier(p) for p in points.tolist()]
    assert (np.diff(tier) >= 0).all()
    assert (np.diff(caps) >= 0).all()


def test_a_score_just_below_a_bound_is_not_rounded_up_to_it():
    # fifteen forms, one rating a four instead of a five: 239.33 of 240 points, in all 899.33
    sheets = [form(5, nr=(4, 5, 5, 5, 5, 5))] + [5] * 14
    answer = propose(household(*sheets, events=(Event("FS06", "village"),)))
    assert (answer["points"], answer["score"], answer["tier"]) == (899, 89.9, "A")
    assert answer["next_tier"]["points_needed"] == 1


def bounds_in_words(cap, amounts, *, step=1_000, product=500_000, village=None, multiple=3,
                    ratio=Fraction(6, 10), total=500_000):  # fmt: skip
    given = amounts.get
    debt_room = None
    if given("assets") is not None and given("debt") is not None and ratio is not None:
        debt_room = max(0, math.floor(given("assets") * ratio) - given("debt"))
    bounds = {
        "tier_cap": cap,
        "product_cap": product,
        "village_cap": village,
        "income_multiple": None
        if given("annual_income") is None or multiple is None
        else math.floor(given("annual_income") * multiple),
        "debt_room": debt_room,
        "exposure_room": None
        if given("exposure") is None or total is None
        else max(0, total - given("exposure")),
        "village_limit": given("council", given("raters")),
        "manager_limit": given("manager"),
        "requested": given("requested"),
    }
    stated = {name: amount for name, amount in bounds.items() if amount is not None}
    system = min(amount for name, amount in stated.items() if name in BOUNDS[:SYSTEM_BOUNDS])
    final = min(stated.values())
    binding = next(name for name in BOUNDS if stated.get(name) == final)
    return system // step * step, final // step * step, binding


CASES = [
    # rating, amounts, system limit, limit, binding bound
    (5, {}, 200_000, 200_000, "tier_cap"),
    (3, {}, 0, 0, "tier_cap"),
    (5, {"annual_income": 40_333}, 120_000, 120_000, "income_multiple"),  # 120,999 floored
    (5, {"assets": 500_000, "debt": 200_000}, 100_000, 100_000, "debt_room"),
    (5, {"assets": 500_000, "debt": 400_000}, 0, 0, "debt_room"),
    (5, {"assets": 500_000}, 200_000, 200_000, "tier_cap"),  # no debt stated: no bound
    (5, {"exposure": 450_500}, 49_000, 49_000, "exposure_room"),
    (5, {"exposure": 600_000}, 0, 0, "exposure_room"),
    (5, {"council": 60_000}, 200_000, 60_000, "village_limit"),
    (5, {"council": 60_999}, 200_000, 60_000, "village_limit"),
    (5, {"council": 0}, 200_000, 0, "village_limit"),
    (5, {"manager": 70_000, "council": 80_000}, 200_000, 70_000, "manager_limit"),
    (5, {"requested": 999}, 200_000, 0, "requested"),
    (5, {"council": 7_000, "manager": 7_000, "requested": 7_000}, 200_000, 7_000, "village_limit"),
    (5, {"manager": 70_000, "requested": 70_000}, 200_000, 70_000, "manager_limit"),
    (5, {"requested": 200_000}, 200_000, 200_000, "tier_cap"),  # tie: the first listed
    (5, {"exposure": 300_000, "council": 200_000}, 200_000, 200_000, "tier_cap"),
    (4, {"requested": 49_999}, 50_000, 49_000, "requested"),
    (4, {"raters": 20_000}, 50_000, 20_000, "village_limit"),
    (4, {"raters": 20_000, "council": 90_000}, 50_000, 50_000, "tier_cap"),  # the council speaks
    (3, {"council": 0, "requested": 0}, 0, 0, "tier_cap"),
]  # fmt: skip


@pytest.mark.parametrize(("rating", "amounts", "system", "final", "binding"), CASES)
def test_limits_agree_with_the_hand_and_with_plain_python(rating, amounts, system, final, binding):
    stated = {name: amount for name, amount in amounts.items() if name != "raters"}
    sheets = [form(rating, amount=amounts.get("raters"))] * 3
    answer = propose(household(*sheets, amounts=stated))
    found = (answer["system_limit_yuan"], answer["limit_yuan"], answer["binding_bound"])
    assert found == (system, final, binding)
    cap = {5: 200_000, 4: 50_000, 3: 0}[rating]
    assert found == bounds_in_words(cap, amounts)


def drawn_amounts(random):
    names = ("annual_income", "assets", "debt", "exposure", "council", "manager", "requested")
    low = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
    return {
        name: int(random.integers(0, low[random.integers(len(low))]))
        for name in names
        if random.integers(2)
    }


SCHEMES = [
    # limits of the scheme, the same for the oracle
    ({}, {}),
    (
        {"step": Decimal("0.37"), "product_cap": 7, "village_cap": 6},
        {"step": 3_700, "product": 70_000, "village": 60_000},
    ),
    ({"income_multiple": Decimal("0.5"), "debt_ratio": Decimal("0.333")},
     {"multiple": Fraction(1, 2), "ratio": Fraction(333, 1000)}),
    ({"unit": "元", "step": 1, "product_cap": 12_345, "customer_total": 99_999},
     {"step": 1, "product": 12_345, "total": 99_999}),
    ({"product_cap": None, "income_multiple": None, "debt_ratio": None, "customer_total": None},
     {"product": None, "multiple": None, "ratio": None, "total": None}),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "same"), SCHEMES)
def test_drawn_limits_agree_with_plain_python_and_stay_within_every_bound(rules, same):
    random = np.random.default_rng(7)
    scheme = scheme_with(limits=rules)
    drawn = [drawn_amounts(random) for _ in range(300)]
    cases = encode(
        *(household(amounts=amounts, household_id=f"H{i}") for i, amounts in enumerate(drawn))
    )
    tier = random.integers(-1, 7, 300)
    plans = (compile_tiers(scheme), compile_limits(scheme, PdTable.none()))
    found = set_limits(cases, np.zeros(300, dtype=np.int64), tier, cases.council, plans)
    for i, amounts in enumerate(drawn):
        cap = int(TIERS.caps[tier[i]]) if tier[i] >= 0 else 0
        system, final, binding = bounds_in_words(cap, amounts, **same)
        assert (found.system[i], found.final[i]) == (system, final)
        assert BOUNDS[found.binding[i]] == binding
        assert final <= system
        assert (found.final[i] <= found.bounds[i]).all()


def test_villages_have_their_own_caps():
    scheme = scheme_with(limits={"village_cap": 9, "village_caps": {"V02": 2, "V03": 30}})
    given = [household(5, 5, 5, village_id=name) for name in ("V01", "V02", "V03")]
    limits = score(*given, plan=plan_of(scheme)).assessment.limits
    assert limits.final.tolist() == [90_000, 20_000, 200_000]
    assert [BOUNDS[i] for i in limits.binding] == ["village_cap", "village_cap", "tier_cap"]
    scheme = scheme_with(limits={"village_caps": {"V02": 2}})
    limits = score(*given, plan=plan_of(scheme)).assessment.limits
    assert limits.bounds[:, 2].tolist() == [NO_BOUND, 20_000, NO_BOUND]


REQUIRED = [
    # required bounds, amounts, those that are missing
    (("requested",), {}, ["requested"]),
    (("requested",), {"requested": 0}, []),
    (("manager_limit", "requested"), {"requested": 5_000}, ["manager_limit"]),
    (("income_multiple", "debt_room"), {"assets": 5, "annual_income": 1}, ["debt_room"]),
    (("village_limit",), {"council": 10_000}, []),
    (("exposure_room", "village_limit"), {}, ["exposure_room", "village_limit"]),
]


@pytest.mark.parametrize(("required", "amounts", "missing"), REQUIRED)
def test_without_a_required_bound_no_amount_is_proposed_and_a_person_looks(
    required, amounts, missing
):
    plan = plan_of(scheme_with(limits={"required": required}))
    answer = propose(household(5, 5, 5, amounts=amounts), plan)
    assert answer["review_triggers"] == [f"required_bound:{name}" for name in missing]
    assert answer["status"] == ("review" if missing else "propose")
    assert ([answer["limit_yuan"], answer["binding_bound"]] == [None] * 2) == bool(missing)
    # The system's own limit is known unless one of its own six bounds is missing.
    own = set(missing) & set(BOUNDS[:SYSTEM_BOUNDS])
    assert (answer["system_limit_yuan"] is None) == bool(own)


DEBT = [
    # debt, assets, above 60 %
    (600, 1_000, False),
    (601, 1_000, True),
    (0, 0, False),
    (1, 0, True),
    (None, 0, False),
    (1_000, None, False),
    (3, 5, False),  # exactly 0.6, which binary fractions miss
]


@pytest.mark.parametrize(("debt", "assets", "above"), DEBT)
def test_debt_above_the_share_of_assets_asks_for_a_review(debt, assets, above):
    amounts = {"debt": debt, "assets": assets}
    given = household(amounts={name: yuan for name, yuan in amounts.items() if yuan is not None})
    assert score(given).assessment.limits.over_debt.tolist() == [above]
    assert ("debt_ratio" in propose(given)["review_triggers"]) == above
    without = score(given, plan=plan_of(scheme_with(debt=None)))
    assert without.assessment.limits.over_debt.tolist() == [False]


def test_bounds_that_are_not_stated_do_not_bind():
    limits = set_limits(
        encode(household()), np.array([990]), np.array([6]), np.array([MISSING]), (TIERS, LIMITS)
    )  # fmt: skip
    names = [name for name, bound in zip(BOUNDS, limits.bounds[0], strict=True) if bound < NO_BOUND]
    assert names == ["tier_cap", "product_cap"]


def test_no_case_has_no_limits():
    none = encode(household()).take(slice(0, 0))
    empty = np.array([], dtype=np.int64)
    limits = set_limits(none, empty, empty, none.council, (TIERS, LIMITS))
    assert limits.final.shape == (0,)
