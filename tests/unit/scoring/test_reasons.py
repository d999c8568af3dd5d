from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from sanzhixin.scoring.card import Card
from sanzhixin.scoring.reasons import MOST_REASONS, plain_score
from sanzhixin.scoring.view import point_effects
from tests.unit.scoring import oracle
from tests.unit.scoring.factories import (
    PLAN,
    Event,
    Record,
    drawn_form,
    events,
    form,
    household,
    plan_of,
    propose,
    scheme_with,
    score,
    volunteering,
)

PLAIN = [
    (899, 10, "89.9"),
    (900, 10, "90"),
    (-15, 10, "-1.5"),
    (5, 10, "0.5"),
    (0, 10, "0"),
    (7, 1, "7"),
    (-7, 1, "-7"),
    (101, 100, "1.01"),
    (110, 100, "1.1"),
    (199, 20, "9.95"),
    (1, 20, "0.05"),
    (9, 4, "2.25"),
    (-9, 8, "-1.125"),
    (7, 3, "2+1/3"),
    (6, 3, "2"),
    (511, 512, "0.998046875"),
]


@pytest.mark.parametrize(("points", "per", "text"), PLAIN)
def test_points_are_written_in_score_units_without_rounding(points, per, text):
    assert plain_score(points, per) == text
    whole, _, part = text.partition("+")
    sign = -1 if points < 0 else 1
    assert Fraction(whole) + sign * Fraction(part or 0) == Fraction(points, per)


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


def test_effects_add_up_to_the_points_less_those_of_the_reference():
    random = np.random.default_rng(8)
    given = [drawn_household(random) for _ in range(300)]
    answers = score(*given)
    effects = point_effects(answers.profile, answers.assessment, PLAN)
    assert effects.shape == (300, len(PLAN.effects))
    totals = [oracle.total_points(h) - 850 for h in given]  # 600 of the panel and 250
    assert effects.sum(axis=1).tolist() == totals


def test_effects_are_those_of_the_oracle_one_by_one():
    random = np.random.default_rng(9)
    for _ in range(60):
        given = drawn_household(random)
        answers = score(given)
        found = dict(
            zip(
                (effect.code for effect in PLAN.effects),
                point_effects(answers.profile, answers.assessment, PLAN)[0].tolist(),
                strict=True,
            )
        )
        for pillar, full in (("fs", 200), ("ml", 160), ("nr", 240)):
            assert found[f"PANEL_{pillar}"] == oracle.pillar_points(given, pillar) - full
        alone = sum(points for code, points in found.items() if code.startswith("EVENT_"))
        assert oracle.event_part(given) == 250 + alone + found["CLIP_events"]
        factors = sum(points for code, points in found.items() if code.startswith("FACTOR_"))
        assert oracle.factor_points(given) == factors + found["CLIP_factors"]


def test_at_most_four_reasons_stand_in_the_order_of_their_effects():
    random = np.random.default_rng(10)
    codes = [effect.code for effect in PLAN.effects]
    for _ in range(100):
        given = drawn_household(random)
        answers = score(given)
        effects = point_effects(answers.profile, answers.assessment, PLAN)[0].tolist()
        told = propose(given)["reasons"]
        points = [reason for reason in told if reason["points"] is not None]
        assert len(told) <= MOST_REASONS == 4
        ranked = sorted((-abs(e), i) for i, e in enumerate(effects) if e)
        expected = [(codes[i], effects[i]) for _, i in ranked[: 4 - (len(told) - len(points))]]
        assert [(reason["code"], reason["points"]) for reason in points] == expected


def test_ties_are_told_in_the_order_of_the_card():
    given = household(5, 5, 5, events=events(Event("NR07", "5"), Event("FS06", "village")))
    assert [reason["code"] for reason in propose(given)["reasons"]] == ["EVENT_FS06", "EVENT_NR07"]


def test_a_household_like_the_reference_has_no_reasons():
    assert propose(household(5, 5, 5))["reasons"] == []


# one household for every sentence
SENTENCES = [
    (
        household(5, 5, form(5, fs=4)),
        "PANEL_fs",
        "家风评议得分 91.6（满分 100），使总分比最高可能少 1.7 分",
        "family style: panel score 91.6 of 100, which takes 1.7 off the score",
    ),
    (
        household(5, 5, 5, events=volunteering(2)),
        "EVENT_ML05",
        "志愿服务加2分",
        "volunteering: 2 added to the score",
    ),
    (
        household(5, 5, 5, events=events(Event("ML07", "2"))),
        "EVENT_ML07",
        "村规民约轻微违反减2分",
        "minor breach of village rules: 2 taken off the score",
    ),
    (
        household(5, 5, 5, factors={"utility_payment": "on_time"}),
        "FACTOR_utility_payment",
        "水电费缴纳：按时，加1.5分",
        "payment of utility bills: on time, 1.5 added to the score",
    ),
    (
        household(5, 5, 5, factors={"household_income": 29_999}),
        "FACTOR_household_income",
        "家庭年纯收入：不足3万元，减1分",
        "annual net household income: under 30,000 yuan, 1 taken off the score",
    ),
    (
        household(5, 5, 5, factors={"customer_years": 3}),
        "FACTOR_customer_years",
        "与本行往来年限：3至8年，加1分",
        "years as a customer: 3 to 8 years, 1 added to the score",
    ),
    (
        household(5, 5, 5, events=events(Event("FS06", "city"), Event("ML06", "city"))),
        "CLIP_events",
        "事件积分合计超过上限，按上限计，少计15分",
        "event points: the sum exceeds its ceiling, 15 of the score not counted",
    ),
    (
        household(
            5, 5, 5,
            factors={"customer_years": 9, "utility_payment": "on_time", "household_income": 2e5},
        ),
        "CLIP_factors",
        "其他因素合计超过上限，按上限计，少计0.5分",
        "other factors: the sum exceeds its ceiling, 0.5 of the score not counted",
    ),
    (
        household(records=(Record("ML09"),)),
        "GATE_ML09",
        "失信被执行人（失信被执行人名单）：建议不予授信，须人工核实确认",
        "court defaulter list (dishonest judgment debtor): proposal to decline, "
        "to be confirmed by a person",
    ),
    (
        household(purpose="购房"),
        "GATE_G4",
        "贷款用途三不准：申报用途不在本产品范围内，建议不予授信，须人工确认",
        "excluded loan purposes: the declared purpose is outside this product, "
        "to be confirmed by a person",
    ),
    (
        household(4, 4, form(4, ml=0)),
        "EVIDENCE_ml",
        "道德素养有效评议表2份，至少需要3份，暂不能下结论；请补充了解该户的评议员，或转人工",
        "moral literacy: 2 counted forms, 3 required; ask one more rater who knows the household, "
        "or send it to manual review",
    ),
    (
        household(3, 3, 3, events=volunteering(9)),
        "UNRATED",
        "得分64，低于最低等级起点65，未评级，转人工办理（无建议额度）",
        "score 64 is below the lowest tier (65); unrated: goes to the manual channel, no limit is "
        "proposed",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "code", "zh", "en"), SENTENCES, ids=[row[1] for row in SENTENCES]
)
def test_sentences_are_told_in_both_languages(given, code, zh, en):
    told = {reason["code"]: reason for reason in propose(given)["reasons"]}
    assert (told[code]["zh"], told[code]["en"]) == (zh, en)


def test_a_floor_that_restores_points_is_told():
    plan = plan_of(scheme_with(event_part={"floor": 20}))
    given = household(5, 5, 5, events=events(Event("ML07", "3"), Event("ML07", "3")))
    told = {reason["code"]: reason for reason in propose(given, plan)["reasons"]}
    assert told["CLIP_events"]["points"] == 10
    assert told["CLIP_events"]["zh"] == "事件积分合计低于下限，按下限计，多计1分"
    assert told["CLIP_events"]["en"] == (
        "event points: the sum is below its floor, 1 of the score restored"
    )


def test_a_missing_factor_is_told_only_when_the_card_gives_it_points():
    content = PLAN.card.model_dump()
    item = next(i for i in content["characteristics"] if i["name"] == "utility_payment")
    item["missing_points"] = -5
    plan = plan_of(card=Card.model_validate(content))
    told = propose(household(5, 5, 5), plan)["reasons"]
    assert [(reason["code"], reason["zh"]) for reason in told] == [
        ("FACTOR_utility_payment", "水电费缴纳：缺失，减0.5分")
    ]


def test_all_gates_are_told_before_anything_else_and_points_are_not():
    given = household(records=(Record("G1"), Record("ML08"), Record("ML09")), purpose="股市")
    answer = propose(given)
    codes = ["GATE_ML08", "GATE_ML09", "GATE_G1", "GATE_G4"]
    assert [reason["code"] for reason in answer["reasons"]] == codes
    assert {reason["points"] for reason in answer["reasons"]} == {None}


def test_every_pillar_without_evidence_is_told():
    answer = propose(household(4, 4))
    assert [r["code"] for r in answer["reasons"]] == ["EVIDENCE_fs", "EVIDENCE_ml", "EVIDENCE_nr"]


def test_below_all_tiers_three_effects_follow_the_sentence():
    codes = [reason["code"] for reason in propose(household(2, 2, 2))["reasons"]]
    assert codes == ["UNRATED", "PANEL_nr", "PANEL_fs", "PANEL_ml"]


def test_no_identifier_stands_in_a_reason():
    given = household(
        4, 4, form(5, relation="kin"), 4,
        household_id="330483199001011234", village_id="V99", events=volunteering(3),
    )  # fmt: skip
    told = propose(given)
    texts = repr(told["reasons"]) + repr(told["next_tier"]) + repr(told["review_triggers"])
    for name in ("330483199001011234", "V99", "R001", "E001", "D1"):
        assert name not in texts
