"""A model compiled anew: what every table of the plan holds, by hand from the score table."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from sanzhixin.errors import SchemeError
from sanzhixin.scoring.advice import Chance
from sanzhixin.scoring.card import GridCharacteristic, LevelCharacteristic, PointsGroup
from sanzhixin.scoring.expert import expert_card
from sanzhixin.scoring.ledger import compile_ledger
from sanzhixin.scoring.limits import NO_BOUND, compile_limits, compile_tiers
from sanzhixin.scoring.panel_rules import MICRO, compile_panel
from sanzhixin.scoring.pd_table import PdRow, PdTable
from tests.unit.scoring.factories import SCHEME, model_file, plan_of, scheme_with

EFFECTS = [
    ("panel", "PANEL_fs", "家风", "family style", 0),
    ("panel", "PANEL_ml", "道德素养", "moral literacy", 1),
    ("panel", "PANEL_nr", "邻里口碑", "neighbourhood reputation", 2),
    ("factor", "FACTOR_customer_years", "与本行往来年限", "years as a customer", 0),
    ("factor", "FACTOR_utility_payment", "水电费缴纳", "payment of utility bills", 1),
    ("factor", "FACTOR_household_income", "家庭年纯收入", "annual net household income", 2),
    ("event", "EVENT_FS06", "家庭荣誉", "family honours", 0),
    ("event", "EVENT_FS07", "移风易俗", "simple weddings and funerals", 0),
    ("event", "EVENT_ML05", "志愿服务", "volunteering", 0),
    ("event", "EVENT_ML06", "道德模范或见义勇为", "moral model, good citizen, bravery", 0),
    ("event", "EVENT_ML07", "村规民约轻微违反", "minor breach of village rules", 0),
    ("event", "EVENT_NR07", "调解配合或帮扶表扬", "helps settle disputes, praised help", 0),
    ("clip", "CLIP_events", "事件积分", "event points", 0),
    ("clip", "CLIP_panel", "评议", "panel", 0),
    ("clip", "CLIP_factors", "其他因素", "other factors", 0),
    ("clip", "CLIP_total", "总分", "total", 0),
]


def test_effects_hold_their_sentence_both_names_and_their_place():
    effects = plan_of().effects
    assert [(one.kind, one.code, one.zh, one.en, one.place) for one in effects] == EFFECTS
    assert {one.bins for one in effects} == {None}


def test_records_reference_and_clips_follow_from_scheme_and_card():
    plan = plan_of()
    # FS08, ML08, ML09, G1, G2: the first and the last ask for a review
    assert (plan.gates, plan.reviews) == ((1, 2, 3), (0, 4))
    assert plan.own.tolist() == [0, 1, 2, 4, 5, 6]  # the event part is the third
    assert plan.reference.tolist() == [200, 160, 240, 0, 0, 0]
    assert plan.clipped_groups.tolist() == [0, 2]
    assert plan.panel_best == ((0, 200), (1, 160), (2, 240))
    assert [item.name for item in plan.labelled] == [
        "customer_years", "utility_payment", "household_income",
    ]  # fmt: skip
    assert plan.events_add
    assert plan.adjusted is None


def test_what_the_file_says_stands_in_the_plan():
    plan, file = plan_of(), model_file()
    assert (plan.model_id, plan.status, plan.valid_until) == (
        "tongxiang-expert/1.0.0", "draft", file.valid_until,
    )  # fmt: skip
    assert (plan.lowest_cutoff, plan.most_link_variance) == (650, 0.25)
    assert plan.review_z == file.review_z
    assert plan.refused_purposes == {
        "购房", "股市", "出借他人", "housepurchase", "stockmarket", "relending",
    }  # fmt: skip
    assert plan_of(scheme_with(purpose=None)).refused_purposes == frozenset()
    assert plan.slopes.points.tolist() == [2.0, 1.6, 2.4]  # points a unit of the score


def test_chances_are_the_changeable_events_and_factors():
    assert plan_of().chances == (
        Chance("event", "EVENT_ML05", "志愿服务", "volunteering", 2),
        Chance(
            "event", "EVENT_NR07", "调解配合或帮扶表扬", "helps settle disputes, praised help", 5
        ),
        Chance(
            "factor", "FACTOR_utility_payment", "水电费缴纳", "payment of utility bills", 5,
            best=15, members=(4, 5, 6), ends=(-50, 50),
        ),
    )  # fmt: skip


def test_arrays_of_a_plan_cannot_be_written():
    plan = plan_of()
    for array in (plan.own, plan.reference, plan.tiers.cutoffs, plan.panel.deviation):
        assert not array.flags.writeable


def test_panel_rules_are_those_of_the_form():
    rules = compile_panel(SCHEME)
    assert rules.pillars == ("fs", "ml", "nr")
    assert rules.starts.tolist() == [0, 5, 9]
    assert rules.n_items.tolist() == [5, 4, 6]
    assert (rules.lowest.tolist(), rules.most.tolist()) == ([1, 1, 1], [20, 16, 24])
    assert rules.bits.tolist() == [1, 2, 4, 8, 16, 1, 2, 4, 8, 1, 2, 4, 8, 16, 32]
    assert rules.unit.tolist() == [60, 12, 60]  # lcm of 1..5, 1..4 and 1..6
    # of a mean over k of the items; less than half of them are none
    assert rules.share.tolist() == [
        [0, 0, 0, 20, 15, 12, 10],
        [0, 0, 6, 4, 3, 2, 2],
        [0, 0, 0, 20, 15, 12, 10],
    ]
    assert rules.zero.tolist() == [200 * MICRO * u - 4 * u for u in (60, 12, 60)]
    assert rules.step.tolist() == [480, 96, 480]  # twice four ratings in units
    assert rules.negative.tolist() == [90, 18, 90]  # a form mean of 1.5
    assert (rules.min_forms, rules.validity.months) == (3, ((12,),))
    assert (rules.aggregator, rules.village_aggregate) == ("mean", "median")


def test_the_error_of_a_mean_is_scaled_by_the_number_of_forms():
    found = compile_panel(SCHEME).deviation
    assert found.shape == (201, 3)
    assert np.isnan(found[:2]).all()
    for n in (2, 3, 10, 200):
        # 100 of the score over four ratings; (n - 1) n under the root, and n as means times n
        by_hand = [100 / (4 * u) / n / math.sqrt(n * (n - 1)) for u in (60, 12, 60)]
        assert found[n].tolist() == pytest.approx(by_hand, rel=1e-14)


def test_places_of_the_amounts_in_the_middle_are_counted_from_the_largest():
    middle = compile_panel(SCHEME).amount_places
    assert middle[:6].tolist() == [[0, 0], [0, 0], [1, 0], [1, 1], [2, 1], [2, 2]]
    assert middle[200].tolist() == [100, 99]
    least = compile_panel(scheme_with(limits={"village_aggregate": "min"})).amount_places
    assert least[:4].tolist() == [[0, 0], [0, 0], [1, 1], [2, 2]]
    assert least.shape == (201, 2)


def test_who_counts_is_recused_or_only_knows_the_household():
    standing = compile_panel(SCHEME).standing
    # role, relation, familiar: counted, familiar, recused for each pillar
    assert standing[0, 0, 1].tolist() == [[True] * 3, [True] * 3, [False] * 3]
    assert standing[0, 0, 0].tolist() == [[False] * 3] * 3
    assert standing[0, 1, 1].tolist() == [[False] * 3, [True] * 3, [True] * 3]
    assert standing[0, 1, 0].tolist() == [[False] * 3, [False] * 3, [True] * 3]
    manager = [False, True, False]  # asked for moral literacy alone
    assert standing[3, 0, 1].tolist() == [manager, manager, [False] * 3]
    assert standing[3, 3, 1].tolist() == [[False] * 3, manager, manager]


def test_the_ledger_holds_points_periods_and_caps():
    rules = compile_ledger(SCHEME)
    assert rules.event_codes == ("FS06", "FS07", "ML05", "ML06", "ML07", "NR07")
    assert rules.record_codes == ("FS08", "ML08", "ML09", "G1", "G2")
    assert rules.level_points.tolist() == [
        [50, 80, 120, 150], [30, 0, 0, 0], [10, 0, 0, 0],
        [50, 100, 150, 0], [-10, -20, -30, 0], [20, 30, 40, 50],
    ]  # fmt: skip
    # months that an entry counts, then the ends of the first two periods of its cap
    assert rules.periods.months == (
        (36, 36, 72), (36, 12, 24), (12, 12, 24), (36, 36, 72), (12, 12, 24), (12, 12, 24),
    )  # fmt: skip
    assert rules.n_windows == 3  # three years of twelve months
    endless = (1 << 61) - 1
    assert rules.cap.tolist() == [endless, 60, 100, endless, 60, 100]
    assert rules.lowest.ravel().tolist() == [-c for c in rules.cap.tolist()]
    assert rules.highest.tolist() == [[c] for c in rules.cap.tolist()]
    assert (rules.start, rules.floor, rules.top) == (250, 0, 400)
    assert rules.record_periods.months == ((60,),) * 5


def test_tiers_hold_cut_offs_caps_and_their_ends():
    tiers = compile_tiers(SCHEME)
    assert tiers.grades == ("C", "B", "BB", "BBB", "A", "AA", "AAA")
    assert tiers.cutoffs.tolist() == [650, 700, 750, 800, 850, 900, 950]
    assert tiers.caps.tolist() == [
        30_000, 50_000, 80_000, 100_000, 200_000, 300_000, 500_000, 0,
    ]  # fmt: skip
    assert tiers.ends[:, 0].tolist()[1:] == tiers.cutoffs.tolist() == tiers.ends[:, 1].tolist()[:-1]
    assert tiers.ends[0, 0] < -(10**9)
    assert tiers.ends[-1, 1] > 10**9
    assert (tiers.unrated, tiers.rates, tiers.name(-1)) == ("未评级", (None,) * 7, "未评级")


def test_limits_hold_their_fractions_and_what_is_in_force():
    plan = compile_limits(SCHEME, PdTable.none())
    assert (plan.step, plan.product_cap, plan.customer_total) == (1_000, 500_000, 500_000)
    assert (plan.village_cap, plan.village_caps, plan.required) == (NO_BOUND, {}, ())
    assert plan.numerator.ravel().tolist() == [3, 3, -1, 1, 1, 1]  # debt: 3/5 of the assets
    assert plan.denominator.ravel().tolist() == [1, 5, 1, 1, 1, 1]
    assert plan.total.ravel().tolist() == [0, 0, 500_000, 0, 0, 0]
    assert plan.in_force.ravel().tolist() == [True] * 6
    assert plan.debt_above == Fraction(3, 5)
    assert (plan.loss_starts.tolist(), plan.loss_caps.tolist()) == ([0], [NO_BOUND])


def test_limits_that_a_scheme_leaves_out_are_not_in_force():
    absent = {"income_multiple": None, "debt_ratio": None, "customer_total": None}
    plan = compile_limits(scheme_with(limits=absent, debt=None), PdTable.none())
    assert plan.in_force.ravel().tolist() == [False, False, False, True, True, True]
    assert plan.total.ravel().tolist() == [0] * 6
    assert plan.customer_total is None
    assert plan.debt_above is None


def test_caps_by_village_are_yuan_and_the_common_one_holds_elsewhere():
    caps = {"village_cap": Decimal(9), "village_caps": {"V07": Decimal("4.5")}}
    plan = compile_limits(scheme_with(limits=caps), PdTable.none())
    assert (plan.village_cap, plan.village_caps) == (90_000, {"V07": 45_000})


def test_caps_on_the_expected_loss_are_whole_yuan_by_row():
    rule = {"loss_cap": {"at_most": Decimal("0.2"), "lgd": Decimal("0.45")}}
    uppers = [(0, None), (500, 0.05), (700, 0.02), (900, 0.0)]
    table = PdTable(
        basis="fitted", method="logistic", population="p", n_loans=9, n_defaults=1,
        rows=tuple(
            PdRow(
                at_least=at,
                prob_default=None if upper is None else 0.0,
                lower=None if upper is None else 0.0,
                upper=upper,
            )
            for at, upper in uppers
        ),
    )  # fmt: skip
    plan = compile_limits(scheme_with(limits=rule), table)
    assert plan.loss_starts.tolist() == [0, 500, 700, 900]
    # 2,000 / (0.45 * 0.05) and 2,000 / (0.45 * 0.02), floored; without a loss as good as none
    assert plan.loss_caps.tolist() == [0, 88_888, 222_222, 1 << 40]


PLACES = [
    ({"step": Decimal("0.00001")}, "limits.step"),
    ({"product_cap": Decimal("49.99999")}, "limits.product_cap"),
    ({"village_cap": Decimal("9.00001")}, "limits.village_cap"),
    ({"village_caps": {"V07": Decimal("9.00001")}}, "limits.village_caps.V07"),
    ({"customer_total": Decimal("50.00001")}, "limits.customer_total"),
    ({"loss_cap": {"at_most": Decimal("0.20001"), "lgd": Decimal(1)}}, "limits.loss_cap.at_most"),
]


@pytest.mark.parametrize(("changes", "place"), PLACES, ids=[place for _, place in PLACES])
def test_an_amount_that_is_no_whole_yuan_is_refused_by_its_place(changes, place):
    # the scheme as read refuses it too, so it is put in behind its back
    limits = SCHEME.limits.model_copy(update=scheme_free(changes))
    scheme = SCHEME.model_copy(update={"limits": limits})
    table = PdTable(
        basis="fitted", method="logistic", population="p", n_loans=9, n_defaults=1,
        rows=(PdRow(at_least=0, prob_default=0.0, lower=0.0, upper=0.01),),
    )  # fmt: skip
    with pytest.raises(SchemeError) as caught:
        compile_limits(scheme, table)
    assert caught.value.code == "amount_not_whole"
    assert str(caught.value).startswith(f"{place}: ")


def scheme_free(changes):
    from sanzhixin.scheme.limits import LossCap

    return {
        name: LossCap(**value) if name == "loss_cap" else value for name, value in changes.items()
    }


def test_the_expert_card_holds_every_name_span_and_label():
    card = expert_card(SCHEME)
    panel = {"kind": "grid", "group": "panel", "start": 0, "span": 100 * MICRO}
    assert card.characteristics[:4] == (
        GridCharacteristic(
            name="fs", column="fs_score", zh="家风", en="family style", points=200, **panel
        ),
        GridCharacteristic(
            name="ml", column="ml_score", zh="道德素养", en="moral literacy", points=160, **panel
        ),
        GridCharacteristic(
            name="nr", column="nr_score", zh="邻里口碑", en="neighbourhood reputation", points=240,
            **panel,
        ),
        GridCharacteristic(
            kind="grid", name="events", column="event_points", zh="事件积分", en="event points",
            group="events", start=0, span=400 * MICRO, points=400,
        ),
    )  # fmt: skip
    assert card.characteristics[5] == LevelCharacteristic(
        kind="levels", name="utility_payment", column="utility_payment", group="factors",
        zh="水电费缴纳", en="payment of utility bills",
        levels=("on_time", "sometimes_late", "often_late"), points=(15, 0, -15),
        labels_zh=("按时", "偶有拖欠", "经常拖欠"),
        labels_en=("on time", "sometimes late", "often late"),
    )  # fmt: skip
    years = card.characteristics[4]
    assert (years.name, years.column, years.group) == ("customer_years",) * 2 + ("factors",)
    assert (years.zh, years.en) == ("与本行往来年限", "years as a customer")
    assert (years.edges, years.points) == ((3 * MICRO, 8 * MICRO), (0, 10, 20))
    assert years.labels_zh == ("不足3年", "3至8年", "8年以上")
    assert years.labels_en == ("under 3 years", "3 to 8 years", "8 years and more")
    assert card.groups == (
        PointsGroup(name="panel", zh="评议", en="panel", lowest=0, highest=600),
        PointsGroup(name="events", zh="事件", en="events", lowest=0, highest=400),
        PointsGroup(name="factors", zh="其他因素", en="other factors", lowest=-50, highest=50),
    )
    assert (card.points_per_score, card.lowest, card.highest, card.base) == (10, 0, 1000, 0)
