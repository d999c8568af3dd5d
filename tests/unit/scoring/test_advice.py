from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.scoring import oracle
from tests.unit.scoring.factories import (
    DAY,
    PLAN,
    SCHEME,
    Event,
    Record,
    drawn_form,
    events,
    household,
    plan_of,
    propose,
    scheme_with,
    volunteering,
)

TIERS = SCHEME.model_dump()["tiers"]["rows"]
CUTOFFS = (650, 700, 750, 800, 850, 900, 950)


def best_level(factor):
    return max(factor.levels, key=lambda level: level.points).level


def carried_out(given, steps, scheme=SCHEME):
    entries, factors = list(given.events), dict(given.factors)
    for step in steps:
        kind, _, name = step["code"].partition("_")
        if kind == "FACTOR":
            factors[name] = best_level(next(f for f in scheme.factors if f.name == name))
            continue
        rule = scheme.event_rules[name]
        level = max(rule.levels, key=lambda lv: lv.points)
        entries += [Event(name, level.level, DAY)] * int(rule.cap.points / level.points + 1)
    return replace(given, events=events(*entries), factors=factors)


ADVICE = [
    # household, next tier, points needed, steps, within reach
    (household(4, 4, 4), "BB", 50, {"ML05": 100, "NR07": 100, "utility_payment": 15}, True),
    (
        household(4, 4, 4, events=volunteering(4)),
        "BB",
        10,
        {"NR07": 100, "ML05": 60, "utility_payment": 15},
        True,
    ),
    (
        household(4, 4, 4, events=volunteering(10)),  # 50 of the event part are left
        "A",
        50,
        {"NR07": 50, "utility_payment": 15},
        True,
    ),
    (
        household(4, 4, 4, factors={"utility_payment": "on_time"}),
        "BB",
        35,
        {"ML05": 100, "NR07": 100},
        True,
    ),
    (
        household(4, 4, 4, factors={"utility_payment": "often_late"}),
        "B",
        15,
        {"ML05": 100, "NR07": 100, "utility_payment": 30},
        True,
    ),
    (
        household(2, 2, 2),  # 400 points; 150 of the event part and 15 are not enough
        "C",
        250,
        {"ML05": 100, "NR07": 100, "utility_payment": 15},
        False,
    ),
    (
        household(
            4, 4, 4,
            events=events(Event("FS06", "city")), factors={"utility_payment": "on_time"},
        ),
        "AA",
        35,
        {},
        False,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("given", "tier", "needed", "steps", "reach"), ADVICE)
def test_the_next_tier_is_told_with_what_the_household_can_change(
    given, tier, needed, steps, reach
):
    told = propose(given)["next_tier"]
    assert (told["tier"], told["points_needed"], told["within_reach"]) == (tier, needed, reach)
    named = {step["code"].partition("_")[2]: step["points"] for step in told["steps"]}
    assert named == steps
    assert list(named.values()) == sorted(named.values(), reverse=True)


def test_in_the_highest_tier_there_is_nothing_to_reach():
    assert propose(household(5, 5, 5, events=events(Event("FS06", "county"))))["next_tier"] is None


@pytest.mark.parametrize("given", [household(4, 4), household(records=(Record("ML08"),))])
def test_without_points_there_is_no_advice(given):
    assert propose(given)["next_tier"] is None


def test_the_sentence_is_the_same_in_both_languages():
    told = propose(household(4, 4, 4, events=volunteering(10)))["next_tier"]
    assert told["zh"] == "距A还差5分；可争取：调解配合或帮扶表扬最多加5分、水电费缴纳最多加1.5分"
    assert told["en"] == (
        "the score is 5 short of A; within reach: helps settle disputes, praised help "
        "(up to 5 of the score), payment of utility bills (up to 1.5 of the score)"
    )
    assert [step["en"] for step in told["steps"]] == [
        "helps settle disputes, praised help (up to 5 of the score)",
        "payment of utility bills (up to 1.5 of the score)",
    ]


def test_what_is_left_is_up_to_the_next_round_of_ratings():
    told = propose(household(2, 2, 2))["next_tier"]
    assert told["zh"].endswith("；其余有待下一轮评议")
    assert told["en"].endswith("; the rest is up to the next round of ratings")
    given = household(
        4, 4, 4, events=events(Event("FS06", "city")), factors={"utility_payment": "on_time"}
    )
    told = propose(given)["next_tier"]
    assert (told["zh"], told["en"]) == (
        "距AA还差3.5分；有待下一轮评议",
        "the score is 3.5 short of AA; up to the next round of ratings",
    )


def test_only_changeable_items_are_ever_named():
    changeable = {f"EVENT_{code}" for code in ("ML05", "NR07")} | {"FACTOR_utility_payment"}
    assert {chance.code for chance in PLAN.chances} == changeable
    marked = {code for code, rule in SCHEME.event_rules.items() if rule.changeable}
    assert marked == {"ML05", "NR07"}
    assert {f.name for f in SCHEME.factors if f.changeable} == {"utility_payment"}


def drawn_household(random):
    codes = list(oracle.LEVEL_POINTS)
    entries = [Event(*codes[random.integers(len(codes))]) for _ in range(random.integers(0, 9))]
    factors = {
        "customer_years": (None, 1, 5, 9)[random.integers(4)],
        "utility_payment": (None, "on_time", "sometimes_late", "often_late")[random.integers(4)],
        "household_income": (None, 10_000, 50_000, 90_000, 200_000)[random.integers(5)],
    }
    sheets = [drawn_form(random) for _ in range(random.integers(3, 7))]
    return household(*sheets, events=events(*entries), factors=factors)


def hold_the_advice(given, plan=PLAN):
    answer = propose(given, plan)
    told = answer["next_tier"]
    if told is None:
        return
    cutoffs = plan.tiers.cutoffs.tolist()
    place = plan.tiers.grades.index(told["tier"])
    assert told["points_needed"] == cutoffs[place] - answer["points"] > 0
    for step in told["steps"]:  # each alone brings what it says
        alone = propose(carried_out(given, [step], plan.scheme), plan)
        assert alone["points"] - answer["points"] == step["points"]
    done = propose(carried_out(given, told["steps"], plan.scheme), plan)
    reached = done["points"] >= cutoffs[place]
    assert told["within_reach"] == reached


def test_the_steps_bring_what_they_say_when_they_are_carried_out():
    random = np.random.default_rng(12)
    for _ in range(80):
        hold_the_advice(drawn_household(random))


def test_steps_stay_honest_where_losses_were_restored_by_the_floor():
    plan = plan_of(scheme_with(event_part={"floor": 25}))
    loss = [Event("ML07", "3")] * 2  # 250 - 60, restored to 250
    for gains in (0, 3, 9):
        given = household(4, 4, 4, events=events(*loss, *volunteering(gains)))
        hold_the_advice(given, plan)


@pytest.mark.parametrize(("lowest", "reach"), [(21, True), (22, False)])
def test_what_the_floor_of_the_total_restored_has_to_be_made_up_for_first(lowest, reach):
    rows = tuple(
        row | {"at_least": lowest * (row["grade"] == "C") or row["at_least"]} for row in TIERS
    )
    scheme = scheme_with(event_part={"start": 0}, tiers={"rows": rows})
    plan = plan_of(scheme)
    given = household(1, 1, 1, factors={"utility_payment": "often_late"})  # -15, shown as 0
    answer = propose(given, plan)
    told = answer["next_tier"]
    assert (answer["points"], told["tier"]) == (0, "C")
    assert told["points_needed"] == 10 * lowest + 15
    done = propose(carried_out(given, told["steps"], scheme), plan)
    assert done["points"] == 215  # 100 + 100 + 15
    assert told["within_reach"] == (done["tier"] == "C") == reach


def two_changeable_factors():
    factors = SCHEME.model_dump()["factors"]
    second = {**factors[1], "name": "water_payment", "column": "water_payment"}
    strong = tuple(
        {**level, "points": {"on_time": 3, "sometimes_late": 0, "often_late": -3}[level["level"]]}
        for level in second["levels"]
    )
    pair = ({**factors[1], "levels": strong}, {**second, "levels": strong})
    return plan_of(scheme_with(factors=(factors[0], *pair)))


@pytest.mark.parametrize("first", [None, "sometimes_late", "often_late", "on_time"])
@pytest.mark.parametrize("second", [None, "often_late"])
@pytest.mark.parametrize("years", [None, 9])
def test_factors_that_are_clipped_together_are_not_counted_twice(first, second, years):
    given = household(4, 4, 4, factors={
        "utility_payment": first, "water_payment": second, "customer_years": years,
    })  # fmt: skip
    hold_the_advice(given, two_changeable_factors())


def test_a_factor_at_its_best_is_not_named():
    given = household(4, 4, 4, factors={"utility_payment": "on_time"})
    codes = [step["code"] for step in propose(given)["next_tier"]["steps"]]
    assert codes == ["EVENT_ML05", "EVENT_NR07"]


def test_an_entry_of_the_period_before_does_not_take_up_room():
    occurred = DAY.replace(year=2025)
    given = household(4, 4, 4, events=events(*[Event("ML05", "standard", occurred)] * 10))
    assert propose(given)["points"] == 700
    steps = {s["code"]: s["points"] for s in propose(given)["next_tier"]["steps"]}
    assert steps["EVENT_ML05"] == 100
