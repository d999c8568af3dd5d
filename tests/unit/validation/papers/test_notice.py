from __future__ import annotations

import re
from collections import Counter

import pytest

from sanzhixin.errors.words import BOUND_WORDS
from sanzhixin.modelling import expert_model
from sanzhixin.scheme.deny import DENIED
from sanzhixin.validation.papers.household import household_page, household_paper
from sanzhixin.validation.papers.layout import to_markdown, to_page, to_text
from sanzhixin.validation.papers.notice import compose_notice
from sanzhixin.validation.papers.words import SENTENCES
from tests.unit.scoring.factories import scheme_with

LANGS = ("zh", "en")
UNSUPPORTED = [
    # what no source supports, or what the words of the project forbid
    r"信用(很|较)?(差|不好|不良)",
    r"违约概率|违约率|default probab|probability of default",
    r"人品|品德|(?<!毒)品行|true character|moral truth|fair score",
    r"bad credit(?! record)|your credit is|creditworth",
    r"排名|名次|\brank",
    r"(最终|已经?)决定(不予|拒绝)|you are (declined|refused)|has been (declined|refused)",
    r"None|nan|<NA>|\{|\}",
]
DENIED_WORDS = [word for item in DENIED for word in item.synonyms if not word.isascii()]
DENIED_LATIN = [word for item in DENIED for word in item.synonyms if word.isascii()]


def notices(case):
    return [compose_notice(case, lang) for lang in LANGS]


@pytest.fixture(scope="module")
def walked(cases):
    """Every household of the county with its notice and text in both languages."""
    return [
        (case, lang, notice, to_text(notice.paper))
        for case in cases
        for lang, notice in zip(LANGS, notices(case), strict=True)
    ]


# all households of a county


def test_the_county_has_every_kind_of_notice(walked):
    assert set(Counter(notice.kind for _, _, notice, _ in walked)) == {
        "decline",
        "insufficient",
        "no_amount",
        "review",
        "proposal",
    }


def test_there_are_four_reasons_at_most_and_one_where_something_is_withheld(walked):
    for _, _, notice, _ in walked:
        assert len(notice.reasons) <= 4
        assert notice.reasons or notice.kind == "proposal"
        assert all(notice.reasons)
        assert len(set(notice.reasons)) == len(notice.reasons)


def test_no_rater_is_named(walked, simulated):
    raters = re.compile("|".join(map(re.escape, simulated.raters["rater_id"])))
    for _, _, _, text in walked:
        assert raters.search(text) is None


@pytest.mark.parametrize("pattern", UNSUPPORTED)
def test_nothing_is_said_that_no_source_supports(walked, pattern):
    found = [re.search(pattern, text, flags=re.IGNORECASE) for *_, text in walked]
    assert [match[0] for match in found if match] == []


def test_no_attribute_of_the_deny_list_is_named(walked):
    chinese = re.compile("|".join(map(re.escape, DENIED_WORDS)))
    latin = re.compile(rf"\b({'|'.join(map(re.escape, DENIED_LATIN))})\b", flags=re.IGNORECASE)
    for *_, text in walked:
        assert chinese.search(text) is None, chinese.search(text)
        assert latin.search(text) is None, latin.search(text)


def test_an_amount_is_told_exactly_where_one_is_proposed(walked):
    for case, lang, _, text in walked:
        limit = case.why.proposal.limit_yuan
        told = re.findall(r"建议额度 ([\d,]+) 元" if lang == "zh" else r"limit ([\d,]+) yuan", text)
        assert told == ([f"{limit:,}"] if limit else [])


def test_a_score_is_told_exactly_where_there_are_points(walked):
    for case, _, _, text in walked:
        told = re.findall(r"^- (?:得分|Score) ([\d.]+)(?:[，,]|$)", text, flags=re.MULTILINE)
        points = case.why.proposal.points
        assert told == ([] if points is None else [case.score_of(points)])


def test_every_notice_says_that_it_is_a_proposal_and_how_to_object(walked):
    for _, lang, _, text in walked:
        for key in ("only_proposal", "right_person", "head_rights", "head_decision"):
            assert SENTENCES[key][lang == "en"] in text
        assert text.count("【待填：" if lang == "zh" else "【to be filled in: ") == 9


def numbers(text):
    return Counter(re.findall(r"\d+(?:\.\d+)?", text))


def test_both_languages_tell_the_same_things(cases):
    for case in cases:
        zh, en = notices(case)
        assert zh.kind == en.kind
        assert len(zh.reasons) == len(en.reasons)
        assert [len(part.blocks) for part in zh.paper.parts] == [
            len(part.blocks) for part in en.paper.parts
        ]
        for own, other in zip(zh.reasons, en.reasons, strict=True):
            if not any(own.startswith(line.zh) for line in case.factors):  # 15万元 is 150,000 yuan
                assert numbers(own) == numbers(other), (own, other)


def test_each_language_is_its_own(walked):
    for case, lang, notice, _ in walked:
        unrated = case.scheme.tiers.unrated  # the name of a tier, the same in both languages
        told = [reason.replace(unrated, "") for reason in notice.reasons]
        chinese = [bool(re.search("[\u4e00-\u9fff]", reason)) for reason in told]
        assert chinese == [lang == "zh"] * len(chinese)


_OTHERS = {
    "zh": ["得分", "家庭负债", "事件积分", "其他因素合计"],
    "en": ["score", "debt of", "event points", "other factors: the sum"],
}


def test_every_reason_names_what_was_scored(walked):
    for case, lang, notice, _ in walked:
        documents = [line.document_no for line in case.documents]
        scheme = case.scheme
        items = (*scheme.pillars, *scheme.event_rules.values(), *scheme.factors)
        names = [item.zh if lang == "zh" else item.en for item in items]
        names += [bound[lang == "en"] for bound in BOUND_WORDS.values()]
        names += documents + (_OTHERS[lang])
        for reason in notice.reasons:
            assert any(name in reason for name in names), reason


def test_equal_cases_give_equal_bytes(cases):
    case = cases[0]
    for lang in LANGS:
        made = compose_notice(case, lang).paper
        assert to_markdown(made) == to_markdown(compose_notice(case, lang).paper)


# single households, written by hand


def test_a_record_is_named_by_class_document_and_days(case_of, official):
    ended = official("ML08", "桐公决1号", issued_on="2022-03-01", ended_on="2023-03-01")
    zh, en = notices(case_of(registers=[official(), ended]))
    assert zh.kind == "decline"
    assert zh.reasons == (
        "赌博或毒品行政处罚：类别 行政处罚决定，文书编号 桐公决1号，2022-03-01 作出"
        "，2023-03-01 终止",
        "失信被执行人：类别 失信被执行人名单，文书编号 浙0483执9981号，2026-01-05 作出，尚未终止",
    )
    assert en.reasons[1] == (
        "court defaulter list: class dishonest judgment debtor, document no. 浙0483执9981号, "
        "issued 2026-01-05, not ended"
    )
    assert "作出该记录的机关申请更正" in to_text(zh.paper)


def test_a_record_that_has_lapsed_is_no_reason(case_of, official):
    old = official("ML08", "桐公决1号", issued_on="2015-03-01", ended_on="2018-03-01")
    zh, _ = notices(case_of(registers=[official(), old]))
    assert len(zh.reasons) == 1
    assert "桐公决1号" not in to_text(zh.paper)


def test_two_documents_of_one_rule_are_one_reason(case_of, official):
    zh, _ = notices(case_of(registers=[official(), official(document="浙0483执9982号")]))
    (reason,) = zh.reasons
    assert "浙0483执9981号" in reason
    assert "浙0483执9982号" in reason


def test_an_excluded_purpose_is_named_as_it_was_declared(case_of):
    zh, en = notices(case_of(purpose="购房"))
    assert zh.reasons == ("贷款用途三不准（G4）：申报用途“购房”在方案列明的不支持用途之内",)
    assert "declared purpose “购房”" in en.reasons[0]
    assert "申请更正" not in to_text(zh.paper)


def test_five_gates_give_four_reasons(case_of, official, expert):
    scheme = expert.scheme.model_dump()
    gates = tuple(
        {**scheme["gates"][0], "code": f"X{k}", "zh": f"名单{k}", "en": f"list {k}"}
        for k in range(5)
    )
    model = expert_model(scheme_with(gates=gates), name="trial", version="1.0.0")
    rows = [{**official(), "code": f"X{k}", "list_class": "credit_report"} for k in range(5)]
    zh, _ = notices(case_of(registers=rows, model=model))
    assert [reason.partition("：")[0] for reason in zh.reasons] == [f"名单{k}" for k in range(4)]


def test_too_few_forms_are_told_with_what_did_not_count_and_why(case_of, sheet):
    sheets = [
        sheet("R1"),
        sheet("R2"),
        sheet("R3", relation="kin"),
        sheet("R4", familiar=False, scores={}),
        sheet("R5", rated_on="2024-05-01", round=1),
    ]
    zh, en = notices(case_of(ratings=sheets))
    assert zh.kind == "insufficient"
    assert len(zh.reasons) == 3
    assert zh.reasons[0].startswith("家风：有效评议表 2 份，至少需要 3 份（未计入：")
    assert "填写“不了解” 1 份" in zh.reasons[0]
    assert "有亲属、债务或生意关系而回避 1 份" in zh.reasons[0]
    assert "recused for kinship, debt or business: 1" in en.reasons[0]
    text = to_text(zh.paper)
    assert "这不是拒绝" in text
    assert "建议额度" not in text
    assert "不给出得分、等级和额度" in text
    assert text.count("得分") == 1


def test_a_household_without_any_form_gets_a_notice(case_of):
    zh, _ = notices(case_of(ratings=[]))
    assert zh.reasons[0] == "家风：有效评议表 0 份，至少需要 3 份"


def test_a_score_below_all_tiers_is_told_before_what_cost_points(case_of):
    # threes everywhere: half of 60 panel points and the start of 25 are 55 of 100
    zh, en = notices(case_of((3, 3, 3)))
    assert zh.kind == "no_amount"
    assert zh.reasons[0] == "得分 55，低于最低等级的起点 65"
    assert en.reasons[0] == "the score 55 is below 65, where the lowest tier begins"
    assert [reason[:4] for reason in zh.reasons[1:]] == ["邻里口碑", "家风评议", "道德素养"]
    told = (
        "未评级，转人工办理（无建议额度）",
        "unrated: goes to the manual channel, no limit is proposed",
    )
    assert zh.paper.title == "无建议额度告知书"
    for words, notice, lead in zip(
        told, (zh, en), ("按评定日的记录：{}。", "On the records of that day: {}."), strict=True
    ):
        text = to_text(notice.paper)
        assert lead.format(words) in text
        assert text.count(words.partition("，")[0].partition(":")[0]) == 1
        assert not re.search(r"建议授信|建议额度 0|limit 0|[Pp]ropose\b", text)


def test_an_amount_of_0_names_the_bound_that_leaves_no_room(case_of):
    zh, en = notices(case_of(exposure_yuan=500_000))
    assert zh.kind == "no_amount"
    assert zh.reasons[0] == "额度由“授信总额余量”限制为 0 元"
    assert en.reasons[0] == "the amount is held to 0 yuan by the room under the customer total"


def test_an_amount_that_is_smaller_than_a_step_says_what_the_bound_was(case_of):
    zh, _ = notices(case_of(requested_yuan=900))
    assert zh.reasons[0] == "额度由“申请金额”限制为 900 元"


REVIEWS = [
    # fields, words of the first reason in Chinese and in English
    (
        {"debt_yuan": 80_000, "assets_yuan": 100_000, "written_consent_id": "W1"},
        "资产负债率（G3）：家庭负债 80,000 元、家庭资产 100,000 元，负债与资产之比高于 60%",
        "debt to assets (G3): debt of 80,000 yuan against assets of 100,000 yuan is above 60%",
    ),
    (
        {"rejected_tables": ["events"]},
        "“积分台账”中有本户的记录未通过接收检查，未计入，须先核实",
        "a row of the household in “events” was not accepted and does not count; it has to be "
        "looked at first",
    ),
    (
        {"proposals": {"override_reason": "诸葛不识"}},
        "村或客户经理写明理由提出调整，须由人工核定",
        "the village or the account manager asked for another amount with a reason; a person has "
        "to settle it",
    ),
]


@pytest.mark.parametrize(("fields", "zh", "en"), REVIEWS)
def test_what_asks_for_a_review_is_the_first_reason(case_of, fields, zh, en):
    told = notices(case_of((5, 5, 5), **fields))
    assert [notice.kind for notice in told] == ["review", "review"]
    assert [notice.reasons[0] for notice in told] == [zh, en]
    assert "诸葛不识" not in to_text(told[0].paper)


def test_a_record_that_asks_for_a_review_is_named_by_its_document(case_of, official):
    zh, _ = notices(case_of(registers=[official("FS08", "桐公告7号")]))
    assert (zh.kind, "文书编号 桐公告7号" in zh.reasons[0]) == ("review", True)
    assert "申请更正" in to_text(zh.paper)


def test_a_score_near_a_cut_off_names_score_and_both_tiers(case_of):
    zh, en = notices(case_of((3, 4, 5)))
    assert zh.kind == "review"
    assert zh.reasons[0] == "得分 70 临近等级 C 与 B 的分界，评议误差可能改变等级"
    assert en.reasons[0].startswith("the score 70 is near the cut-off between C and B")


def test_a_low_opinion_is_told_without_saying_whose(case_of, sheet):
    sheets = [sheet(f"R{k}", 5) for k in range(6)] + [sheet("13957312345", 1)]
    zh, en = notices(case_of(ratings=sheets))
    assert "评议中有低分，按规则须由人工核实；单独一份意见不会导致不予授信" in zh.reasons
    assert any("a single opinion never leads to declining" in reason for reason in en.reasons)
    for notice in (zh, en):
        assert "13957312345" not in to_page([notice.paper])


def test_a_bound_that_the_scheme_requires_and_nobody_states_is_named(case_of):
    scheme = scheme_with(limits={"required": ("manager_limit",)})
    model = expert_model(scheme, name="trial", version="1.0.0")
    zh, en = notices(case_of(model=model))
    assert zh.reasons[0] == "缺少方案规定必须有的“客户经理建议额度”，因此不提出额度"
    text = to_text(zh.paper)
    assert "不提出额度" in text
    assert not re.search(r"建议额度 \d", text)
    assert "No amount is proposed" in to_text(en.paper)


def test_full_marks_have_a_notice_without_a_reason_against_them(case_of):
    zh, _ = notices(case_of((5, 5, 5)))
    assert (zh.kind, zh.reasons) == ("proposal", ())
    assert "没有加分或减分项" in to_text(zh.paper)


def test_hostile_texts_stay_texts(case_of, official):
    bad = "<script>alert(1)</script>"
    case = case_of(registers=[official(document=bad)], purpose="# 购 [x](http://a.example)")
    for notice in notices(case):
        page = to_page([notice.paper])
        assert bad not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script" not in to_markdown(notice.paper).replace("\\<script", "")


def test_a_notice_names_nobody_when_it_is_shown(case_of, official):
    assert repr(notices(case_of(registers=[official()]))[0]) == "Notice(kind='decline')"


def test_a_household_below_all_tiers_that_asks_for_a_review_is_told_once_too(case_of):
    zh, en = notices(case_of((3, 3, 3), rejected_tables=["events"]))
    assert zh.kind == "review"
    for notice, words in ((zh, "未评级"), (en, "unrated")):
        assert to_text(notice.paper).count(words) == 1
    assert "未评级" not in to_text(en.paper)


def test_a_cut_off_of_the_lowest_tier_is_english_in_english(walked):
    # in the county households lie about the start of tier C
    near = {lang: [] for lang in LANGS}
    for case, lang, notice, _ in walked:
        if any("未评级|" in code for code in case.why.proposal.review_triggers):
            near[lang].append(notice.reasons[0])
    assert near["en"]
    assert all("between unrated and C" in reason for reason in near["en"])
    assert all("等级 未评级 与 C" in reason for reason in near["zh"])


def test_no_english_notice_names_what_is_below_all_tiers_in_chinese(walked):
    assert [text for _, lang, _, text in walked if lang == "en" and "未评级" in text] == []


CREDIT = "向征信机构或信息提供者提出异议"
ISSUER = "向作出该记录的机关申请更正"


@pytest.mark.parametrize(
    ("codes", "told"),
    [(["G1"], [CREDIT]), (["ML09"], [ISSUER]), (["G1", "ML09"], [ISSUER, CREDIT])],
)
def test_whom_to_ask_follows_from_the_kind_of_the_record(case_of, official, codes, told):
    zh, en = notices(case_of(registers=[official(code) for code in codes]))
    text = to_text(zh.paper)
    assert [way for way in (ISSUER, CREDIT) if way in text] == told
    assert ("disputed with the bureau" in to_text(en.paper)) == (CREDIT in told)


def test_a_class_of_the_bank_is_named_in_words(case_of, official):
    zh, en = notices(case_of(registers=[official("G2", "桐档3号", ended_on="2026-02-01")]))
    assert zh.reasons[0].endswith(
        "：类别 银行认定，文书编号 桐档3号，2026-01-05 作出，2026-02-01 终止"
    )
    assert "class finding of the bank, document no. 桐档3号" in en.reasons[0]


def test_the_digest_stands_in_the_foot_alone(walked):
    for case, _, notice, text in walked:
        digest = case.why.proposal.input_digest
        assert text.count(digest) == 1
        assert digest in text.rstrip().rsplit("\n\n", 1)[1]
        assert digest in notice.paper.foot[0].text


def test_numbers_stand_apart_from_chinese_in_reasons_and_advice(walked):
    for case, lang, notice, _ in walked:
        documents = [line.document_no for line in case.documents]
        if lang == "zh":
            for reason in notice.reasons:
                if not any(number in reason for number in documents):
                    assert not re.search("[\u4e00-\u9fff][0-9]|[0-9][\u4e00-\u9fff]", reason), (
                        reason
                    )


# a model that is not approved

MARKS = {
    "draft": (
        "模型状态：草稿，仅供试用，不得送达农户",
        "Model status: draft; for trial only, not to be handed to the household",
    ),
    "validated": (
        "模型状态：已验证，仅供试用，不得送达农户",
        "Model status: validated; for trial only, not to be handed to the household",
    ),
    None: (
        "模型状态：未注明，仅供试用，不得送达农户",
        "Model status: not stated; for trial only, not to be handed to the household",
    ),
}


@pytest.mark.parametrize(("status", "told"), MARKS.items())
def test_what_an_unapproved_model_writes_is_marked_in_its_first_line(case_of, status, told):
    case = case_of()
    for lang, mark in zip(LANGS, told, strict=True):
        papers = (
            compose_notice(case, lang, status=status).paper,
            household_paper(case, lang, status=status),
        )
        for paper in papers:
            assert to_text(paper).split("\n\n")[1] == mark
    page = household_page(case, status=status)
    assert [page.count(f"</h1>\n<p>{mark}</p>") for mark in told] == [1, 1]


def test_what_an_approved_model_writes_has_no_mark_and_says_the_rest(case_of):
    case = case_of()
    for lang in LANGS:
        plain = compose_notice(case, lang, status="approved").paper
        marked = compose_notice(case, lang, status="draft").paper
        assert (plain.lead, plain.parts) == (marked.lead[1:], marked.parts)
    page = household_page(case, status="approved")
    assert "模型状态" not in page
    assert "Model status" not in page
