from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from sanzhixin.errors import SchemaError, SchemeError
from sanzhixin.model import SanzhixinModel
from sanzhixin.records import accept_county
from sanzhixin.scheme import load_scheme
from tests.unit.scoring.factories import SCHEME, model_file

# The questions that a domain expert asks first, answered from tables as banks have them to the
# proposal: 1 rules without code, 2 every item of one household, 5 imperfect input, 7 forbidden
# columns, 9 people's amounts beside the system's.

DAY = dt.date(2026, 6, 30)
MODEL = SanzhixinModel(model_file())
ITEMS = {item.zh: item.code for item in SCHEME.panel_items}
RATERS = pd.DataFrame(
    {
        "评议员编号": [f"R0{k}" for k in range(1, 6)],
        "村编号": "V1",
        "角色": ["评议员", "评议员", "邻居", "小组长", "客户经理"],
        "是否在任": "是",
    }
)


def household(number="H1", **fields):
    row = {
        "户号": number,
        "村编号": "V1",
        "授权书编号": f"C-{number}",
        "授权用途": "三治信农户贷款",
        "授权日期": "2026-01-05",
        "授权到期日": "2027-01-04",
        "申请金额（万元）": "20",
    }
    return {**row, **fields}


def form(rater, rating="4", number="H1", **fields):
    row = {
        "轮次": "1",
        "户号": number,
        "评议员编号": rater,
        "评议日期": "2026-05-01",
        "是否了解": "是",
        "与该户关系": "无",
        **dict.fromkeys(ITEMS, rating),
        "建议授信额度（万元）": "",
    }
    return {**row, **fields}


def forms(*ratings, number="H1"):
    return [form(f"R0{k}", rating, number) for k, rating in enumerate(ratings, 1)]


def accepted(households, sheets, scheme=SCHEME, **tables):
    frames = {"households": households, "raters": RATERS, "ratings": sheets, **tables}
    frames = {name: pd.DataFrame(rows, dtype=str) for name, rows in frames.items()}
    return accept_county(frames, scheme, as_of=DAY)


def proposals(done, model=MODEL):
    return model.propose(done.county).set_index("household_id")


VILLAGE = """
extends = "tongxiang"
name = "yuefeng"
version = "1.0.0"
zh = "越丰村方案"
en = "Yuefeng village"

[[indicators]]
code = "NR08"
kind = "panel"
pillar = "nr"
zh = "守时守约"
en = "keeps appointments"
evidence = "panel form"
who = "邻居"
legal_basis = "household consent"

[[indicators]]
code = "ML05"
levels = [{ level = "standard", zh = "一次", points = 2 }]
cap = { points = 20, months = 12 }

[tiers]
rows = [
  { grade = "优", at_least = 80, cap = 12 },
  { grade = "良", at_least = 70, below = 80, cap = 6 },
]
"""
REFUSED = [
    # rows of the tier table, words of the refusal
    ([("优", 81, None, 12), ("良", 70, 80, 6)], "no tier holds scores from 80 to 81"),
    ([("优", 80, None, 12), ("良", 70, 81, 6)], "80 belongs to both"),
    ([("优", 80, None, 5), ("良", 70, 80, 6)], "the limit would fall as the score rises"),
]


def test_question_1_items_points_tiers_and_caps_change_in_a_file_and_bad_tables_are_refused(
    tmp_path,
):
    path = tmp_path / "village.toml"
    path.write_text(VILLAGE, encoding="utf-8")
    village = load_scheme(path)
    model = SanzhixinModel(model_file(village))
    events = [
        {
            "事项编号": f"E{k}",
            "户号": "H1",
            "事项代码": "志愿服务",
            "级别": "一次",
            "发生日期": "2026-05-01",
            "登记日期": "2026-05-02",
            "状态": "已通过",
            "凭证编号": f"P{k}",
        }
        for k in range(4)
    ]
    sheets = [{**sheet, "守时守约": "4"} for sheet in forms("4", "4", "4")]
    done = accepted([household()], sheets, village, events=events)
    answer = proposals(done, model).loc["H1"]
    # 700 by the ratings, four times 2 score units by the events: 78, in the village's second tier
    assert (answer["points"], answer["tier"], answer["limit_yuan"]) == (780, "良", 60_000)
    assert model.explain(done.county, "H1").items[-1].zh == "守时守约"
    for rows, words in REFUSED:
        table = ",".join(
            f'{{grade="{grade}",at_least={low},cap={cap}{f",below={high}" if high else ""}}}'
            for grade, low, high, cap in rows
        )
        text = f'extends = "tongxiang"\n[tiers]\nrows = [{table}]\n'
        path.write_text(text, encoding="utf-8")
        with pytest.raises(SchemeError, match=words):
            load_scheme(path)


def test_question_2_every_item_rater_bound_and_the_way_up_are_told_for_one_household():
    sheets = forms("4", "4", "4", "5", "5")
    sheets[0] |= {"村务参与": "不了解", "家庭和睦": "5"}
    sheets[3] |= {"与该户关系": "亲属"}
    registers = [
        {
            "户号": "H1",
            "记录代码": "G2",
            "文书编号": "B-7",
            "清单类别": "bank_finding",
            "作出日期": "2026-02-01",
            "终止日期": "",
        }
    ]
    given = [{"户号": "H1", "议事会建议额度（万元）": "4", "客户经理建议额度（万元）": "6"}]
    done = accepted([household()], sheets, registers=registers, proposals=given)
    assert done.rejected.empty
    found = MODEL.explain(done.county, "H1")

    items = {line.code: (line.n_ratings, line.mean) for line in found.items}
    assert items["FS01"] == (3, 13 / 3)  # 5, 4, 4; kin and the account manager are not asked
    assert items["NR06"] == (2, 4.0)  # one did not know
    assert items["ML01"] == (4, 4.25)  # the account manager answers for ML
    assert len(items) == 15

    assert {line.rater for line in found.forms} == {f"#{k}" for k in range(1, 6)}
    why = [line.outcomes["fs"] for line in found.forms]
    assert why == ["counted", "counted", "counted", "recused", "role_not_asked"]
    assert [(r.code, r.in_force, r.action) for r in found.records] == [("G2", True, "review")]

    bounds = {line.bound: line.yuan for line in found.bounds}
    assert (bounds["village_limit"], bounds["manager_limit"]) == (40_000, 60_000)
    assert [line.bound for line in found.bounds if line.binds] == ["village_limit"]

    proposal = found.proposal
    assert (proposal.status, proposal.limit_yuan) == ("review", 40_000)
    # forms: FS (5 + 4 x 14) / 15, ML 4.25, NR 4: 153 + 130 + 180 + 250 points
    assert proposal.points == 153 + 130 + 180 + 250
    assert proposal.next_tier.tier == "BB"
    assert proposal.next_tier.points_needed == 37
    assert {step.code for step in proposal.next_tier.steps} == {
        "EVENT_ML05",
        "EVENT_NR07",
        "FACTOR_utility_payment",
    }


def test_question_5_two_familiar_raters_give_no_conclusion_and_say_so():
    sheets = forms("4", "4", "4")
    sheets[2] |= {"是否了解": "否", **dict.fromkeys(ITEMS, "")}
    answer = proposals(accepted([household()], sheets)).loc["H1"]
    assert answer["status"] == "insufficient_evidence"
    assert answer[["points", "tier", "limit_yuan"]].isna().all()
    assert "有效评议表2份，至少需要3份" in answer["reasons"][0]["zh"]


def test_question_5_blank_and_not_known_are_missing_and_never_three_or_zero():
    sheets = forms("5", "5", "5")
    sheets[0] |= {"家庭和睦": "", "敬老爱亲": "不了解"}
    answer = proposals(accepted([household()], sheets)).loc["H1"]
    assert answer["points"] == 850
    sheets[0] |= {"教子有方": ""}  # two of five answered: the form no longer counts for FS
    answer = proposals(accepted([household()], sheets)).loc["H1"]
    assert answer["status"] == "insufficient_evidence"
    assert [reason["code"] for reason in answer["reasons"]] == ["EVIDENCE_fs"]


def test_question_5_ten_thousands_and_yuan_give_the_same_limit():
    plain = household(**{"申请金额（元）": "35000"})
    del plain["申请金额（万元）"]
    for given in (household(**{"申请金额（万元）": "3.5"}), plain):
        answer = proposals(accepted([given], forms("4", "4", "4"))).loc["H1"]
        assert (answer["limit_yuan"], answer["binding_bound"]) == (35_000, "requested")


def test_question_5_a_damaged_number_is_rejected_and_the_others_are_scored():
    given = [household("3.30483E+17"), household("H2")]
    done = accepted(given, forms("4", "4", "4", number="H2"))
    assert done.rejected["code"].tolist() == ["id_damaged"]
    assert proposals(done)["points"].tolist() == [700]
    assert done.n_in == len(done.rejected) + sum(len(t) for t in done.county.tables().values())


def test_question_5_a_household_listed_twice_is_rejected_with_its_forms():
    given = [household("H1"), household("H1", 村编号="V2"), household("H2")]
    sheets = forms("4", "4", "4", number="H1") + forms("5", "5", "5", number="H2")
    done = accepted(given, sheets)
    assert set(done.rejected["code"]) == {"duplicate_differs", "household_rejected"}
    assert proposals(done)["points"].to_dict() == {"H2": 850}


def test_question_5_an_event_of_next_year_brings_nothing():
    event = {
        "事项编号": "E1",
        "户号": "H1",
        "事项代码": "FS06",
        "级别": "市级及以上",
        "发生日期": "2027-05-01",
        "登记日期": "2027-05-01",
        "状态": "通过",
        "凭证编号": "P1",
    }
    done = accepted([household()], forms("4", "4", "4"), events=[event])
    assert done.rejected["code"].tolist() == ["date_future"]
    assert proposals(done).loc["H1", "points"] == 700


@pytest.mark.parametrize(
    ("ended", "status"),
    [("2021-06-30", "propose"), ("2021-07-01", "gated"), ("", "gated")],
    ids=["five years ago", "a day less", "open"],
)
def test_question_5_a_negative_record_expires_five_years_after_its_end(ended, status):
    record = {
        "户号": "H1",
        "记录代码": "ML09",
        "文书编号": "（2018）浙1号",
        "清单类别": "失信被执行人名单",
        "作出日期": "2018-01-01",
        "终止日期": ended,
    }
    done = accepted([household()], forms("4", "4", "4"), registers=[record])
    assert done.rejected.empty
    assert proposals(done).loc["H1", "status"] == status
    assert [r.in_force for r in MODEL.explain(done.county, "H1").records] == [status == "gated"]


@pytest.mark.parametrize(("column", "zh"), [("健康状况", "健康"), ("宗教", "宗教")])
def test_question_7_an_import_with_a_forbidden_column_stops_with_a_clear_message(column, zh):
    with pytest.raises(SchemaError, match=f"column '{column}'.*Delete") as caught:
        accepted([household(**{column: "x"})], forms("4", "4", "4"))
    assert zh in caught.value.zh
    assert caught.value.exit_code == 5


def test_question_9_an_override_has_a_reason_and_all_four_limits_stand_together():
    sheets = forms("5", "5", "5")
    sheets[0] |= {"建议授信额度（万元）": "9"}
    given = [
        {
            "户号": "H1",
            "议事会建议额度（万元）": "12",
            "客户经理建议额度（万元）": "8.05",
            "调整理由": "水灾后暂缓",
        },
        {
            "户号": "H2",
            "议事会建议额度（万元）": "",
            "客户经理建议额度（万元）": "",
            "调整理由": "",
        },
    ]
    rows = [household(), household("H2")]
    sheets += [{**sheet, "户号": "H2"} for sheet in sheets]
    answers = proposals(accepted(rows, sheets, proposals=given))
    limits = ["village_limit_yuan", "manager_limit_yuan", "system_limit_yuan", "limit_yuan"]
    assert answers.loc["H1", limits].tolist() == [120_000, 80_500, 200_000, 80_000]
    assert answers.loc["H1", "binding_bound"] == "manager_limit"
    assert answers.loc["H1", "review_triggers"] == ["override"]
    assert answers.loc["H1", "status"] == "review"
    # without people's amounts the raters' median stands for the village
    assert answers.loc["H2", limits].tolist() == [90_000, pd.NA, 200_000, 90_000]
    assert answers.loc["H2", "status"] == "propose"
