from __future__ import annotations

import re

import pytest

import sanzhixin as szx
from sanzhixin.model import SanzhixinModel
from sanzhixin.modelling import expert_model
from sanzhixin.scoring.card import Card
from sanzhixin.scoring.pd_table import PdRow, PdTable
from sanzhixin.simulate import SimulationSettings
from sanzhixin.validation.papers.case import household_case
from sanzhixin.validation.papers.household import household_page, household_paper
from sanzhixin.validation.papers.layout import to_text
from sanzhixin.validation.papers.notice import compose_notice
from tests.unit.scoring.factories import indicators_with, model_file, scheme_with
from tests.unit.scoring.test_fitted_card import (
    EVENTS,
    FACTORS,
    FS,
    ML,
    NR,
    PANEL,
    PART,
    PAYMENT,
    YEARS,
)
from tests.unit.validation.papers.conftest import RATERS


def section(case, title, lang="zh", **options):
    paper = household_paper(case, lang, **options)
    (found,) = [part for part in paper.parts if part.title == title]
    return to_text(type(paper)(lang, "", (), (found,))).split("\n\n", 2)[2]


# one household worked by hand: fours everywhere are 75 of 100 in each pillar, so 150, 120 and 180
# points of 200, 160 and 240; the ledger starts at 250; together 700 points, which are 70, tier B


def test_the_parts_of_the_points_add_up(case_of):
    told = section(case_of(), "得分的构成")
    assert "评议 | 450" in told
    assert "事件 | 250" in told
    assert "其他因素 | 0" in told
    assert "合计 700 点；10 点合得分 1 分" in told


def test_pillars_stand_with_their_points(case_of):
    told = section(case_of(), "评议维度")
    assert "家风 | 75 | 各份一致，没有标准误 | 150 / 200 | 3 | 0 | 0" in told
    assert "邻里口碑 | 75 | 各份一致，没有标准误 | 180 / 240 | 3 | 0 | 0" in told


def test_every_item_stands_with_its_mean(case_of, expert):
    told = section(case_of((3, 4, 4)), "评议指标（仅计有效评议表）")
    assert told.count("\n") >= len(expert.scheme.panel_items)
    assert "家庭和睦 | 家风 | 3 | 3.67 / 5 | FS01" in told


def test_a_mean_of_fewer_than_three_answers_is_not_shown(case_of, sheet):
    sheets = [sheet("R1"), sheet("R2"), sheet("R3")]
    for given in sheets[1:]:
        given["scores"] = {**given["scores"], "FS01": None}
    told = section(case_of(ratings=sheets), "评议指标（仅计有效评议表）")
    assert "家庭和睦 | 家风 | 1 | 不足 3 份，不单列 | FS01" in told


def test_what_became_of_every_form_is_told_without_role_relation_or_day(case_of, sheet):
    sheets = [
        sheet("R9", role="account_manager"),
        sheet("R1", relation="kin"),
        sheet("R2", familiar=False, scores={}),
        *(sheet(f"R{k}") for k in (3, 4, 5)),
    ]
    told = section(case_of(ratings=sheets), "评议表（评议员身份保密）")
    recused = "有亲属、债务或生意关系而回避"
    assert told.splitlines()[:7] == [
        "评议表 | 家风 | 道德素养 | 邻里口碑",
        "#1 | 计入 | 计入 | 计入",
        "#2 | 计入 | 计入 | 计入",
        "#3 | 计入 | 计入 | 计入",
        "#4 | 填写“不了解” | 填写“不了解” | 填写“不了解”",
        f"#5 | {recused} | {recused} | {recused}",
        "#6 | 按规定不评此维度 | 计入 | 按规定不评此维度",
    ]


def test_the_order_of_the_forms_does_not_tell_who_rated(case_of, sheet):
    sheets = [sheet("R1", relation="kin"), *(sheet(f"R{k}") for k in (2, 3, 4))]
    renamed = [{**s, "rater_id": name} for s, name in zip(sheets, "ZYXW", strict=True)]
    pages = [household_page(case_of(ratings=given)) for given in (sheets, renamed)]
    cleaned = [re.sub("sha256:[0-9a-f]{64}", "", page) for page in pages]
    assert cleaned[0] == cleaned[1]


def entry(number, code="ML05", level="standard", day="2026-03-01", **fields):
    return {
        "event_id": f"E{number}",
        "code": code,
        "level": level,
        "occurred_on": day,
        "recorded_on": day,
        "status": "approved",
        "evidence_id": f"P{number}",
        **fields,
    }


def test_events_stand_with_what_became_of_them_and_their_cap(case_of):
    # twelve times 1 are 12, capped at 10 in 12 months; one of them too old, one pending
    events = [entry(k) for k in range(12)]
    events += [entry(20, day="2024-03-01"), entry(21, status="pending"), entry(23, "ML07", "3")]
    told = section(case_of(events=events), "积分事项")
    assert told.count("志愿服务 | 一次 | 2026-03-01 | 计入 | ML05") == 12
    assert "志愿服务 | 一次 | 2024-03-01 | 已过有效期，未计 | ML05" in told
    assert "志愿服务 | 一次 | 2026-03-01 | 待审，未计 | ML05" in told
    assert "起始分 | 25 | - | -" in told  # 25 + 10 - 3 = 32
    assert "志愿服务 | 10 | 每 12 个月最多 10 | 12 个月" in told
    assert "村规民约轻微违反 | -3 | 每 12 个月最多减 6 | 12 个月" in told
    assert "起始 25 分，加上各项合计 32 分，最多 40 分" in told


def test_events_without_a_cap_have_none(case_of):
    told = section(case_of(events=[entry(1, "FS06", "village")]), "Ledger entries", "en")
    assert "family honours | 5 | - | 36 months" in told


def test_records_stand_with_their_effect(case_of, official):
    rows = [
        official("FS08", "桐公告7号"),
        official("ML08", "桐公决1号", issued_on="2015-03-01", ended_on="2018-03-01"),
    ]
    told = section(case_of(registers=rows), "官方记录")
    assert "| 2026-01-05 | - | 有效：须人工复核；尚未终止，终止后再计 60 个月" in told
    assert "桐公决1号 | 2015-03-01 | 2018-03-01 | 已过期或尚未生效，不计" in told


def test_a_record_that_has_ended_says_until_when_it_counts(case_of, official):
    # sixty months from 2024-05-10: on 2029-05-10 the five years are over
    case = case_of(registers=[official(issued_on="2024-01-05", ended_on="2024-05-10")])
    assert "建议不予授信，须人工确认；计至 2029-05-09" in section(case, "官方记录")
    told = section(case, "Official records", "en")
    assert told.endswith("to be confirmed; counts until 2029-05-09\n")


def test_factors_stand_with_value_points_and_consent(case_of):
    case = case_of(
        factors={"utility_payment": "often_late"},
        annual_income_yuan=100_000,
        written_consent_id="W1",
    )
    told = section(case, "其他约定因素")
    assert "与本行往来年限 | 未提供 | 0 | 授权书" in told
    assert "水电费缴纳 | 经常拖欠 | -15 | 授权书" in told
    assert "家庭年纯收入 | 8至15万元 | 10 | 书面同意" in told


def test_limits_stand_side_by_side_with_the_binding_bound(case_of):
    proposals = {"council_limit_yuan": 40_000, "manager_limit_yuan": 45_000}
    told = section(case_of(proposals=proposals), "额度（元）")
    assert "40,000 | 45,000 | 50,000 | 40,000" in told
    assert "村建议额度 | 40,000 | 起限制作用" in told
    assert "等级上限 | 50,000 |" in told
    assert "收入倍数 | - | 未填，不作限制" in told
    assert told.count("| 起限制作用") == 1


def test_adults_are_numbered_and_what_they_owe_is_not_shown(case_of):
    members = [
        {"person_id": "P-13957312345", "adult": True, "exposure_yuan": 123_456},
        {"person_id": "P2", "adult": True},
    ]
    case = case_of(members=members)
    told = section(case, "Limits (yuan)", "en")
    assert "#1 | 50,000" in told
    assert "#2 | 50,000" in told
    page = household_page(case)
    assert "P-13957312345" not in page
    assert "123,456" not in page


def test_the_way_up_names_changeable_items_alone(case_of):
    told = section(case_of(), "如何提高")
    assert "距BB还差5分" in told
    assert "志愿服务" in told
    assert "家庭荣誉" not in told
    assert "升等级不会增加额度" not in told  # the tier cap of 50,000 holds the limit


def test_where_another_bound_holds_the_limit_the_way_up_says_so(case_of):
    # 500,000 in all less 480,000 leave 20,000 to the household, below the 50,000 of tier B
    case = case_of(exposure_yuan=480_000)
    assert case.why.held_by == "exposure_room"
    assert section(case, "如何提高").endswith("目前额度受“授信总额余量”限制，升等级不会增加额度\n")
    told = section(case, "What would bring more", "en")
    assert "held by the room under the customer total: a higher tier would not raise it" in told


def test_an_unrated_household_is_told_one_thing(case_of):
    case = case_of((3, 3, 3))
    text = to_text(household_paper(case, "zh"))
    assert "建议：未评级，转人工办理（无建议额度）" in text
    assert re.search(r"未提出 \| 未提出 \| 0 \| 无建议额度", text)
    assert "建议授信" not in text
    text = to_text(household_paper(case, "en"))
    assert "Proposal: unrated: goes to the manual channel, no limit is proposed" in text


def test_the_highest_tier_has_no_way_up(case_of):
    events = [entry(k, day="2026-03-01") for k in range(10)]
    events += [entry(30, "NR07", "5"), entry(31, "NR07", "5")]
    assert section(case_of((5, 5, 5), events=events), "如何提高") == "已是最高等级\n"


def test_what_a_person_has_to_look_at_is_told(case_of):
    told = section(case_of((3, 4, 5)), "须人工查看的情况")
    assert "得分 70 临近等级 C 与 B 的分界" in told
    assert section(case_of((5, 5, 5)), "须人工查看的情况") == "无\n"


def test_where_nothing_is_scored_the_gate_or_the_missing_forms_are_to_be_confirmed(
    case_of, official
):
    told = section(case_of(registers=[official()]), "须人工查看的情况")
    assert told == "- 上列否决项须由银行工作人员核实确认\n"
    told = section(case_of((4, 4)), "What a person has to look at", "en")
    assert told.startswith("- the forms that are named above as missing have to be supplied")


def test_the_counts_of_a_pillar_are_those_of_the_listed_outcomes(case_of, sheet):
    sheets = [sheet(f"R{k}") for k in (3, 4, 5)]
    sheets += [sheet("R1", relation="kin", familiar=False, scores={}), sheet("R2", relation="kin")]
    sheets += [sheet("R6", familiar=False, scores={})]
    case = case_of(ratings=sheets)
    assert " | 3 | 2 | 1\n" in section(case, "评议维度")
    told = section(case, "评议表（评议员身份保密）")
    assert told.count("有亲属、债务或生意关系而回避 | 有亲属") == 2  # one does not know it besides
    assert told.count("填写“不了解” |") == 2  # one form, three pillars
    assert "应回避的，填写“不了解”也列为回避" in told


def test_the_counts_are_those_of_the_outcomes_in_every_household(cases):
    for case in cases:
        for line in case.why.pillars:
            outcomes = [form.outcomes[line.code] for form in case.why.forms]
            counts = (line.n_forms, line.n_recused, line.n_unfamiliar)
            assert counts == tuple(map(outcomes.count, ("counted", "recused", "unfamiliar")))


def test_only_the_list_of_the_notice_is_headed_reasons(case_of, official):
    for case in (case_of(), case_of((3, 4, 5)), case_of(registers=[official()]), case_of((4, 4))):
        for lang in ("zh", "en"):
            titles = [part.title for part in household_paper(case, lang).parts]
            assert compose_notice(case, lang).paper.parts[0].title not in titles


def test_a_score_below_all_tiers_stands_before_what_moved_it(case_of):
    told = section(case_of((3, 3, 3)), "影响得分的主要因素（按影响大小）")
    assert told.startswith("得分55，低于最低等级起点65，未评级")
    assert "\n\n1. " in told


def test_the_page_ends_with_the_rights_that_the_notice_states(case_of, official):
    for case in (case_of(), case_of(registers=[official()]), case_of(ratings=[])):
        for lang in ("zh", "en"):
            last = household_paper(case, lang).parts[-1]
            assert last in compose_notice(case, lang).paper.parts
            text = to_text(household_paper(case, lang))
            for words in (
                ("《个人信息保护法》", "【待填：电话、地址】")
                if lang == "zh"
                else (
                    "Personal Information Protection Law",
                    "【to be filled in: telephone, address】",
                )
            ):
                assert words in text


def test_the_reason_for_another_amount_is_shown_as_it_was_stated(case_of):
    told = section(case_of(), "额度（元）", override="<i>去年 & 今年</i>")
    assert "调整理由：<i>去年 & 今年</i>" in told
    page = household_page(case_of(), "<i>去年</i>")
    assert "调整理由：&lt;i&gt;去年&lt;/i&gt;" in page


def test_without_points_there_is_no_sum_no_probability_and_no_advice(case_of, official):
    for case in (case_of(ratings=[]), case_of(registers=[official()])):
        for lang, absent in (
            ("zh", {"得分的构成", "违约概率", "如何提高"}),
            ("en", {"How the score adds up", "Default probability", "What would bring more"}),
        ):
            paper = household_paper(case, lang)
            assert absent.isdisjoint(part.title for part in paper.parts)
        text = to_text(household_paper(case, "zh"))
        assert "不给出得分、等级和额度" in text
        assert " / 200" not in text
        assert "未提出 | 未提出 | 不给出 | 不给出" in text


def test_no_probability_is_told_without_a_basis(case_of):
    assert section(case_of(), "违约概率") == "不给出：模型没有使用贷款结果\n"


PRUDENT = PdTable(
    basis="prudent",
    method="pluto_tasche",
    population="approved households",
    n_loans=300,
    n_defaults=2,
    confidence=0.5,
    rows=(
        PdRow(at_least=0, prob_default=None, lower=None, upper=None),
        PdRow(at_least=650, prob_default=0.02, lower=0.001, upper=0.05),
    ),
)


def test_a_probability_is_told_with_its_basis_and_ends(case_of, expert):
    model = SanzhixinModel(expert.file.model_copy(update={"pd": PRUDENT}))
    told = section(case_of(model=model), "违约概率")
    assert told == "2.00%（0.10% 至 5.00%）；审慎估计，不是预期值；仅以获批农户校准\n"
    wide = PdRow(at_least=650, prob_default=0.5, lower=0.0, upper=0.95)
    unsure = PdTable(**{**PRUDENT.model_dump(), "rows": (PRUDENT.rows[0], wide)})
    few = SanzhixinModel(expert.file.model_copy(update={"pd": unsure}))
    assert section(case_of(model=few), "违约概率") == "不给出：该分数附近贷款太少\n"
    beyond = section(case_of((3, 3, 3), model=model), "Default probability", "en")
    assert beyond == "Not given: no outcome is known at this score or below\n"


def test_the_rate_of_a_tier_is_shown_where_the_scheme_sets_one(case_of):
    given = scheme_with().tiers.rows
    rows = tuple({**row.model_dump(), "rate_bp": 400 + 50 * k} for k, row in enumerate(given))
    model = expert_model(scheme_with(tiers={"rows": rows}), name="trial", version="1.0.0")
    assert "该等级年利率 6.5%" in to_text(household_paper(case_of(model=model), "zh"))


# every household of a county, in both languages


def test_no_page_names_a_rater(cases, simulated):
    raters = re.compile("|".join(map(re.escape, simulated.raters["rater_id"])))
    for case in cases:
        assert raters.search(household_page(case)) is None


def test_both_languages_have_the_same_parts_and_tables(cases):
    for case in cases:
        zh, en = (household_paper(case, lang) for lang in ("zh", "en"))
        assert [[type(b) for b in p.blocks] for p in zh.parts] == [
            [type(b) for b in p.blocks] for p in en.parts
        ]


def test_the_language_that_is_asked_for_is_shown_first(cases):
    assert household_page(cases[0], first="en").index('id="en" checked') > 0
    assert 'lang="zh-CN">\n<head>' in household_page(cases[0])


def test_pages_are_the_same_bytes_each_time(cases):
    assert household_page(cases[3]) == household_page(cases[3])


# hostile texts in every place that a table or a scheme can fill

BAD = "</td><script>alert('x')</script><img src=x onerror=alert(1)>"


def test_hostile_texts_of_a_household_stay_texts(case_of, official):
    case = case_of(
        household_id="户号",
        registers=[official("FS08", BAD)],
        purpose=BAD,
        proposals={"override_reason": BAD},
    )
    page = household_page(case, BAD)
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;/td&gt;&lt;script&gt;") >= 2


@pytest.mark.parametrize("place", ["zh", "en"])
def test_hostile_texts_of_a_scheme_stay_texts(case_of, place):
    item = indicators_with("FS01", **{place: BAD})
    model = expert_model(scheme_with(indicators=item), name="trial", version="1.0.0")
    page = household_page(case_of(model=model))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_page_has_no_rater_of_a_household_written_by_hand(case_of):
    page = household_page(case_of())
    assert [rater for rater in RATERS if rater in page] == []


def test_scores_that_are_corrected_for_severity_say_so_and_show_the_plain_mean():
    scheme = scheme_with(aggregator="severity_adjusted", equating="mean")
    county = szx.simulate_county(villages=4, seed=3, settings=SimulationSettings(vignettes=3))
    model = szx.fit(county, scheme)
    home = county.households["household_id"].iloc[0]
    told = to_text(
        household_paper(household_case(model, county.application(home), county.as_of), "zh")
    )
    assert "维度得分按评议员宽严调整；村际比较依据：锚定案例" in told
    assert "维度 | 得分（满分100） | 标准误 | 简单均值 |" in told


# a learned card: the event part in bins, one factor with points for a missing value


def learned(*names):
    items = {"payment": PAYMENT, "years": YEARS}
    kept = (FS, ML, NR, PART, *(items[name] for name in names))
    groups = (PANEL, EVENTS, FACTORS) if names else (PANEL, EVENTS)
    card = Card(
        points_per_score=10,
        lowest=0,
        highest=1000,
        base=510,
        groups=groups,
        characteristics=kept,
    )
    return SanzhixinModel(model_file(card=card))


def test_a_learned_card_says_that_the_ledger_comes_in_bins(case_of):
    case = case_of(model=learned("payment", "years"), events=[entry(1)])
    assert "本模型按台账合计分档给分，见“得分的构成”" in section(case, "积分事项")
    assert "本模型按台账" not in section(case_of(), "积分事项")


def test_a_learned_card_tells_which_factors_it_does_not_use(case_of):
    # years are not given: 5 points of the card; household_income is not on it
    told = section(case_of(model=learned("years")), "Other agreed factors", "en")
    assert "years as a customer | not given | 5 | household consent" in told
    assert "payment of utility bills | not used by this model | 0 | household consent" in told
    assert "annual net household income | not used by this model | 0 | written consent" in told


def test_a_learned_card_adds_up_from_its_start(case_of):
    # 510 to start with; 75 in each pillar is 100, 80 and 80; the ledger of 250 is 20: 790
    told = section(case_of(model=learned()), "得分的构成")
    assert "起始 | 510" in told
    assert "评议 | 260" in told
    assert "事件 | 20" in told
    assert "合计 790 点" in told


def test_a_single_form_that_is_enough_has_no_error_and_says_so(case_of, sheet):
    model = expert_model(scheme_with(min_forms=1), name="trial", version="1.0.0")
    case = case_of(model=model, ratings=[sheet("R1")])
    text = to_text(household_paper(case, "zh"))
    assert "- 得分 70，等级 B" in text
    assert "家风 | 不足 3 份，不单列 | - | - / 200 | 1 | 0 | 0" in text
    assert "有效评议表过少，评议误差无法估计" in text
