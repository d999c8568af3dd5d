"""A card as learning makes it: a base, pillars and the event part in bins, a clip of factors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sanzhixin.scoring.assess import assess
from sanzhixin.scoring.card import (
    BinCharacteristic,
    Card,
    GridCharacteristic,
    LevelCharacteristic,
    PointsGroup,
)
from sanzhixin.scoring.explain import PartLine, explain_case
from sanzhixin.scoring.panel_rules import MICRO
from sanzhixin.scoring.profile import take_profile
from sanzhixin.scoring.proposal import Proposal
from sanzhixin.scoring.scorer import propose_answers
from tests.unit.scoring.factories import (
    Event,
    encode,
    events,
    form,
    household,
    model_file,
    plan_of,
    propose,
    score,
    volunteering,
)

NAMES = {
    "fs": ("家风", "family style"),
    "ml": ("道德素养", "moral literacy"),
    "nr": ("邻里口碑", "neighbourhood reputation"),
    "events": ("事件积分", "event points"),
    "customer_years": ("与本行往来年限", "years as a customer"),
}


def bins(name, column, group, edges, points, **fields):
    zh, en = NAMES[name]
    return BinCharacteristic(
        kind="bins", name=name, column=column, zh=zh, en=en, group=group,
        edges=tuple(edge * MICRO for edge in edges), points=points,
        labels_zh=tuple(f"第{k}档" for k in range(1, len(points) + 1)),
        labels_en=tuple(f"bin {k}" for k in range(1, len(points) + 1)),
        **fields,
    )  # fmt: skip


PAYMENT = LevelCharacteristic(
    kind="levels", name="utility_payment", column="utility_payment", group="factors",
    zh="水电费缴纳", en="payment of utility bills",
    levels=("on_time", "sometimes_late", "often_late"), points=(25, 10, 0),
    labels_zh=("按时", "偶有拖欠", "经常拖欠"),
    labels_en=("on time", "sometimes late", "often late"),
)  # fmt: skip
FS = bins("fs", "fs_score", "panel", (50, 75), (0, 50, 100), reference_points=100)
ML = bins("ml", "ml_score", "panel", (60,), (0, 80), reference_points=80)
NR = bins("nr", "nr_score", "panel", (40, 70, 90), (0, 40, 80, 120), reference_points=120)
PART = bins("events", "event_points", "events", (250, 300), (0, 20, 60), reference_points=20)
YEARS = bins("customer_years", "customer_years", "factors", (3, 8), (0, 10, 20), missing_points=5)
PANEL = PointsGroup(name="panel", zh="评议", en="panel", lowest=0, highest=300)
EVENTS = PointsGroup(name="events", zh="事件", en="events", lowest=0, highest=60)
FACTORS = PointsGroup(name="factors", zh="其他因素", en="other factors", lowest=-30, highest=28)


def fitted(*, base=510, lowest=0, groups=(PANEL, EVENTS, FACTORS), items=None):
    items = items or (FS, ML, NR, PART, PAYMENT, YEARS)
    return plan_of(
        card=Card(
            points_per_score=10, lowest=lowest, highest=1000, base=base, groups=groups,
            characteristics=items,
        )
    )  # fmt: skip


MOST = events(*volunteering(10), *[Event("NR07", "5")] * 2)  # 250 + 100 + 100, held at 400
FULL = {"utility_payment": "on_time", "customer_years": 9}


def explained(given, plan=None):
    plan = plan or fitted()
    answers = score(given, plan=plan)
    return explain_case(answers, Proposal(**propose_answers(answers, plan)[0]), plan)


POINTS = [
    # three fours are 75 of 100: 510 + 100 + 80 + 80, no event 20, payment 0 and years 5 missing
    (household(4, 4, 4), 795, "BB"),
    # 510 + 0 + 0 + 0 + 20 + 5
    (household(1, 1, 1), 535, "未评级"),
    # 510 + 300 + 60, and 25 + 20 of the factors held at 28
    (household(5, 5, 5, events=MOST, factors=FULL), 898, "A"),
    # one point of the ledger lost, 24 units below 250: the lowest bin of the event part
    (household(4, 4, 4, events=events(Event("ML07", "1"))), 775, "BB"),
]


@pytest.mark.parametrize(("given", "points", "tier"), POINTS)
def test_base_bins_and_clips_make_the_points(given, points, tier):
    answer = propose(given, fitted())
    assert (answer["points"], answer["tier"]) == (points, tier)


def test_a_pillar_in_bins_is_told_by_its_bin_and_the_best_one():
    told = propose(household(4, 4, 4), fitted())["reasons"]
    assert told == [
        {
            "code": "PANEL_nr",
            "zh": "邻里口碑评议得分 75（满分 100），处于“第3档”档，使总分比最高档少 4 分",
            "en": "neighbourhood reputation: panel score 75 of 100, in the bin “bin 3”, "
            "which takes 4 off the score",
            "points": -40,
        },
        {
            "code": "FACTOR_customer_years",
            "zh": "与本行往来年限：缺失，加0.5分",
            "en": "years as a customer: missing, 0.5 added to the score",
            "points": 5,
        },
    ]


def test_the_event_part_in_bins_is_told_as_one():
    told = {
        row["code"]: row for row in propose(household(5, 5, 5, events=MOST), fitted())["reasons"]
    }
    assert told["EVENTS"] == {
        "code": "EVENTS",
        "zh": "事件积分：第3档，加4分",  # 60 against 20 without an event
        "en": "event points: bin 3, 4 added to the score",
        "points": 40,
    }
    assert not any(code.startswith("EVENT_") for code in told)


def test_points_that_the_clip_of_a_group_takes_off_are_told_once():
    answer = propose(household(5, 5, 5, factors=FULL), fitted())
    told = {row["code"]: row["points"] for row in answer["reasons"]}
    assert told == {
        "FACTOR_utility_payment": 25,
        "FACTOR_customer_years": 20,
        "CLIP_factors": -17,
    }


def test_effects_of_a_card_with_bins_are_named_in_the_order_of_the_card():
    plan = fitted()
    assert [effect.code for effect in plan.effects] == [
        "PANEL_fs", "PANEL_ml", "PANEL_nr", "EVENTS", "FACTOR_utility_payment",
        "FACTOR_customer_years", "CLIP_panel", "CLIP_events", "CLIP_factors", "CLIP_total",
    ]  # fmt: skip
    assert plan.labelled == (PART, PAYMENT, YEARS)
    assert not plan.events_add


def steps_of(given, plan=None):
    told = propose(given, plan or fitted())["next_tier"]
    return told, {step["code"]: step["points"] for step in told["steps"]}


def test_events_whose_points_do_not_add_up_are_one_step():
    told, steps = steps_of(household(4, 4, 4))
    # 400 of the event part bring 60 in place of 20; paying on time 25, of which the clip of the
    # factors leaves 23 beside the 5 of the missing years; 800 less 795 are needed
    assert steps == {"EVENTS": 40, "FACTOR_utility_payment": 23}
    assert (told["tier"], told["points_needed"], told["within_reach"]) == ("BBB", 5, True)
    assert told["zh"] == (
        "距BBB还差0.5分；可争取：志愿服务、调解配合或帮扶表扬最多加4分、水电费缴纳最多加2.3分"
    )
    assert told["en"] == (
        "the score is 0.5 short of BBB; within reach: volunteering and helps settle disputes, "
        "praised help (up to 4 of the score), "
        "payment of utility bills (up to 2.3 of the score)"
    )


def test_an_event_without_room_belongs_to_no_step():
    entries = events(*[Event("NR07", "5")] * 2)  # its cap is reached: 350 of the event part, 60
    told, steps = steps_of(household(4, 4, 4, events=entries))
    assert steps == {"FACTOR_utility_payment": 23}
    entries = volunteering(4)  # 290, still 20; room for 60 more and for the other event
    told, steps = steps_of(household(4, 4, 4, events=entries))
    assert steps == {"EVENTS": 40, "FACTOR_utility_payment": 23}
    entries = volunteering(10)
    told, steps = steps_of(household(1, 1, 1, events=entries, factors=FULL))
    assert (steps, told["points_needed"]) == ({}, 52)  # 510 + 60 + 28 = 598


def test_losses_of_the_event_part_may_be_made_up_for_within_the_bins():
    # 240 of the event part bring 0; with both events 400 bring 60
    _, steps = steps_of(household(4, 4, 4, events=events(Event("ML07", "1"))))
    assert steps["EVENTS"] == 60


def test_events_that_the_card_gives_no_points_for_are_no_step():
    plan = fitted(groups=(PANEL, FACTORS), items=(FS, ML, NR, PAYMENT, YEARS))
    told, steps = steps_of(household(4, 4, 4), plan)  # 510 + 260 + 5
    assert steps == {"FACTOR_utility_payment": 23}
    assert (told["points_needed"], told["within_reach"]) == (25, False)
    assert told["zh"] == "距BBB还差2.5分；可争取：水电费缴纳最多加2.3分；其余有待下一轮评议"


def test_ratings_of_the_panel_may_bring_what_the_steps_do_not():
    told, steps = steps_of(household(1, 1, 1))  # 535 of 650; 63 of the steps, 300 of the panel
    assert steps == {"EVENTS": 40, "FACTOR_utility_payment": 23}
    assert (told["tier"], told["points_needed"], told["within_reach"]) == ("C", 115, False)
    assert told["en"].endswith("; the rest is up to the next round of ratings")


CLOSED = [
    # the most is 510 + 300 + 60 + 28 = 898, below 900
    (household(5, 5, 5, events=MOST, factors=FULL), 2, "89.8"),
    (household(5, 5, 5, factors=FULL), 42, "89.8"),  # 858; 40 of the events
    # 858 with the lower bin of the neighbours; 40 of the panel
    (household(*[4] * 3, events=MOST, factors=FULL), 42, "89.8"),
]


@pytest.mark.parametrize(("given", "needed", "top"), CLOSED)
def test_a_tier_that_full_marks_would_not_bring_is_out_of_reach(given, needed, top):
    told = propose(given, fitted())["next_tier"]
    assert (told["tier"], told["points_needed"], told["within_reach"]) == ("AA", needed, False)
    assert told["zh"] == f"现有条件下最高可得{top}分，达不到AA"
    assert told["en"] == f"a score of {top} at most can be reached here, which is below AA"


def test_a_tier_that_steps_and_full_marks_bring_to_the_point_is_not_out_of_reach():
    plan = fitted(base=512)  # at most 900
    told = propose(household(*[4] * 3, events=MOST, factors=FULL), plan)["next_tier"]
    assert told["en"] == "the score is 4 short of AA; up to the next round of ratings"
    told = propose(household(5, 5, 5, factors=FULL), plan)["next_tier"]
    assert told["within_reach"]


def test_what_the_floor_restored_is_no_part_of_the_most_that_can_be_reached():
    plan = fitted(base=0, lowest=100)
    answer = propose(household(1, 1, 1), plan)  # 20 + 5, restored to 100
    told = answer["next_tier"]
    assert (answer["points"], told["points_needed"]) == (100, 625)
    assert told["en"] == (
        "a score of 38.8 at most can be reached here, which is below C"  # 300 + 60 + 28
    )


def test_the_parts_of_the_points_are_told_from_the_base_on():
    found = explained(household(4, 4, 4))
    assert tuple(replace(part, inner=()) for part in found.parts) == (
        PartLine("起始", "start", 510),
        PartLine("评议", "panel", 260),
        PartLine("事件", "events", 20),
        PartLine("其他因素", "other factors", 5),
    )
    assert found.points_per_score == 10
    assert sum(part.points for part in found.parts) == found.proposal.points == 795


def test_clips_stand_in_the_part_of_their_group_and_that_of_the_total_alone():
    found = explained(household(5, 5, 5, factors=FULL))
    assert [part.points for part in found.parts] == [510, 300, 20, 28]
    found = explained(household(1, 1, 1), fitted(base=0, lowest=100))
    assert all(sum(line.points for line in part.inner) == part.points for part in found.parts[:3])
    assert tuple(replace(part, inner=()) for part in found.parts) == (
        PartLine("评议", "panel", 0),
        PartLine("事件", "events", 20),
        PartLine("其他因素", "other factors", 5),
        PartLine("上下限", "ends of the scale", 75),
    )


def test_without_points_no_part_is_told():
    assert explained(household(4, 4)).parts == ()


def test_a_pillar_that_the_card_leaves_out_has_a_score_and_no_points():
    panel = PANEL.model_copy(update={"highest": 180})
    plan = fitted(groups=(panel, EVENTS, FACTORS), items=(FS, ML, PART, PAYMENT, YEARS))
    found = explained(household(4, 4, 4), plan)
    assert [(line.score, line.points, line.points_full) for line in found.pillars] == [
        (75.0, 100, 100),
        (75.0, 80, 80),
        (75.0, 0, 0),
    ]


def near(given, plan, pillar, error):
    """Whether the tiers below and above are near, when one pillar has this standard error."""
    cases = encode(given, scheme=plan.scheme)
    profile = take_profile(cases, plan)
    covariance = np.zeros((1, 3, 3))
    covariance[0, pillar, pillar] = error**2
    measures = replace(profile.measures, covariance=covariance)
    found = assess(cases, replace(profile, measures=measures), plan)
    return bool(found.near_lower[0]), bool(found.near_upper[0])


# z(0.60) is 0.253347.  Family style of 70 has 50 points, from 75 on 100: five units are reached
# with an error of 19.74 units.  The neighbours' 75 have 80 points, below 70 only 40.
SEVENTY = household(*[form(4, fs=(4, 4, 4, 4, 3))] * 3)
SIXTY_SIX = household(*[form(4, nr=(4, 4, 4, 4, 3, 3))] * 3)
REACHED = [
    # given, base, pillar, error, near the tier below, near the tier above
    (SEVENTY, 510, 0, 19.7, False, False),  # 745
    (SEVENTY, 510, 0, 19.8, False, True),  # 795 reach 750
    # neighbours of 66.666666 reach 70 with an error of 13.16 units: 40 more
    (SIXTY_SIX, 465, 2, 13.2, False, True),  # 710 reach 750
    (SIXTY_SIX, 464, 2, 13.2, False, False),  # 709 do not
    (household(4, 4, 4), 510, 2, 19.7, False, False),  # 795 and no bin is reached
    (household(4, 4, 4), 505, 2, 19.8, False, False),  # 790 less 40 are 750, still the tier
    (household(4, 4, 4), 504, 2, 19.8, True, False),  # 749
    (household(4, 4, 4), 510, 0, 1e-3, True, False),  # 75 on the edge: 795 less 50
    (household(4, 4, 4), 510, 0, 0.0, False, False),
]


@pytest.mark.parametrize(("given", "base", "pillar", "error", "below", "above"), REACHED)
def test_with_bins_a_tier_is_near_where_the_moved_scores_reach_it(
    given, base, pillar, error, below, above
):
    assert near(given, fitted(base=base), pillar, error) == (below, above)


def test_a_step_of_one_point_is_named_and_one_of_none_is_not():
    groups = (PANEL, EVENTS, FACTORS)
    for top, steps in ((21, {"EVENTS": 1}), (20, {})):
        part = PART.model_copy(update={"points": (0, 20, top)})
        plan = fitted(groups=groups, items=(FS, ML, NR, part, PAYMENT, YEARS))
        given = household(4, 4, 4, factors={"utility_payment": "on_time"})
        assert steps_of(given, plan)[1] == steps


@pytest.mark.parametrize(
    ("base", "out"),
    [
        (510, ("AA", "AAA")),  # 510 to 898
        (512, ("AAA",)),  # up to 900
        (650, ("未评级",)),  # 650 to 1038, held at 1000
    ],
)
def test_tiers_that_no_total_of_the_card_lies_in_are_named(base, out):
    card = fitted(base=base).card
    assert model_file(card=card).tiers_out_of_reach == out
    assert model_file().tiers_out_of_reach == ()


def test_a_pillar_in_equal_steps_does_not_make_events_add_up():
    steps = GridCharacteristic(
        kind="grid", name="nr", column="nr_score", zh="邻里口碑", en="neighbourhood reputation",
        group="panel", start=0, span=100 * MICRO, points=120,
    )  # fmt: skip
    plan = fitted(items=(FS, ML, steps, PART, PAYMENT, YEARS))
    assert not plan.events_add
    assert "EVENTS" in [effect.code for effect in plan.effects]
