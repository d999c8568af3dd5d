from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

from sanzhixin.records import write_county


@pytest.fixture
def account(run, model):
    def explain(folder, *words, household="H1"):
        return run("explain", folder, "-m", model, "--household", household, *words)

    return explain


def test_the_account_in_chinese_shows_everything_behind_the_proposal(folder, account):
    # 15 items at 4 of 5: 45 of 60; events start at 25: 70 points of 100, tier B, cap 50,000
    said = account(folder, "--lang", "zh").out
    for words in (
        "农户 H1 的建议：建议授信。这是建议，不是最终决定。",
        "得分 70，等级 B",
        "村 40,000 | 客户经理 45,000 | 系统 50,000 | 建议额度 40,000",
        "评议 450 点 = 家风 150 + 道德素养 120 + 邻里口碑 180",
        "事件 250 点 = 起始 250",
        "合计 700 点 = 评议 450 + 事件 250 + 其他因素 0；10 点合得分 1 分，即得分 70",
        "家风：75（各份评议一致，没有标准误），计150/200点；计入3份（另有回避0份，不了解0份）",
        "FS01  家庭和睦             3  4 / 5",
        "等级上限           50,000",
        "村建议额度         40,000  ← 最小，起作用",
        "收入倍数          -        未填，不作限制",
        "距BB还差5分",
    ):
        assert words in said, words


def test_the_account_in_english_says_the_same(folder, account):
    said = " ".join(account(folder, "--lang", "en").out.split())
    for words in (
        "Household H1: propose. This is a proposal, not a decision.",
        "score 70, tier B",
        "village 40,000 | manager 45,000 | system 50,000 | proposed 40,000",
        "panel: 450 points = family style 150 + moral literacy 120 + neighbourhood reputation 180",
        "together 700 points = panel 450 + events 250 + other factors 0; 10 points are one of the "
        "score, so the score is 70",
        "family style: 75 (the forms agree: no standard error), 150 of 200 points; 3 forms counted "
        "(besides, 0 recused, 0 of raters who do not know it)",
        "village's proposal 40,000 <- the smallest: binding",
        "income multiple - absent, does not bind",
        "the score is 5 short of BB",
    ):
        assert words in said, words


def test_an_unrated_household_is_told_one_thing(rows, write, account):
    # threes everywhere: 30 of 60, and the start of 25: 55 of 100, below the 65 of the lowest tier
    for row in rows["ratings"]:
        row |= {name: 3 for name in row if name[:2] in {"FS", "ML", "NR"}}
    folder = write(rows)
    said = account(folder, "--lang", "zh").out
    assert "农户 H1 的建议：未评级，转人工办理（无建议额度）。" in said
    assert "| 无建议额度\n  未评级，转人工办理（无建议额度）。" in said
    assert "建议授信" not in said
    assert "建议额度 0" not in said
    assert "等级 未评级" in said
    said = account(folder, "--lang", "en").out
    assert ", tier unrated" in said
    assert "未评级" not in said
    assert "Household H1: unrated: goes to the manual channel, no limit is proposed." in said


def test_the_language_of_the_group_is_the_default(folder, run, model):
    words = ["explain", folder, "-m", model, "--household", "H1"]
    assert "Household H1" in run("--lang", "en", *words).out
    assert "农户 H1" in run("--lang", "both", *words).out


def test_forms_say_for_which_pillars_they_count_or_why_not(rows, write, account):
    template = rows["ratings"][0]
    rows["raters"] += [
        {"rater_id": f"R{i}", "village_id": "V1", "role": role, "active": "true"}
        for i, role in ((4, "panel"), (5, "panel"), (6, "account_manager"))
    ]
    rows["ratings"] += [
        template | {"rater_id": "R4", "relation": "kin"},
        template
        | {"rater_id": "R5", "familiar": "false"}
        | dict.fromkeys([name for name in template if name[:2] in {"FS", "ML", "NR"}], ""),
        template | {"rater_id": "R6"},
    ]
    why = json.loads(account(write(rows), "--json").out)
    assert [form["outcomes"] for form in why["forms"]][3:] == [
        {"fs": "recused", "ml": "recused", "nr": "recused"},
        {"fs": "role_not_asked", "ml": "counted", "nr": "role_not_asked"},
        {"fs": "unfamiliar", "ml": "unfamiliar", "nr": "unfamiliar"},
    ]


def test_raters_are_masked(folder, rows, write, account):
    for place, row in enumerate(rows["ratings"]):
        row["rater_id"] = f"王小明{place % 3}"
    for place, row in enumerate(rows["raters"]):
        row["rater_id"] = f"王小明{place}"
    folder = write(rows)
    for words in (["--lang", "zh"], ["--lang", "en"], ["--json"]):
        assert "王小明" not in account(folder, *words).out


def test_an_override_with_its_reason_stands_beside_all_four_limits(
    rows, write, run, model, account, tmp_path
):
    rows["proposals"][0] |= {
        "council_limit_yuan": 60_000,
        "manager_limit_yuan": 45_000,
        "override_reason": "种植大户，季节性用款",
    }
    folder = write(rows)
    said = account(folder, "--lang", "zh").out
    assert "农户 H1 的建议：建议人工复核" in said
    assert "村 60,000 | 客户经理 45,000 | 系统 50,000 | 建议额度 45,000" in said
    assert "调整理由（村或客户经理填写）\n  种植大户，季节性用款" in said
    assert said.endswith("有人提出调整并写明理由\n")
    run("score", folder, "-m", model, "-o", tmp_path / "out")
    row = pq.read_table(tmp_path / "out" / "proposals.parquet").to_pylist()[0]
    assert row["review_triggers"] == ["override"]
    four = ("village_limit_yuan", "manager_limit_yuan", "system_limit_yuan", "limit_yuan")
    assert [row[name] for name in four] == [60_000, 45_000, 50_000, 45_000]
    assert row["binding_bound"] == "manager_limit"


def test_too_few_forms_name_the_pillars_and_state_no_amount(rows, write, account):
    rows["ratings"] = [row for row in rows["ratings"] if row["rater_id"] != "R3"]
    said = account(write(rows), "--lang", "en").out
    assert "Household H1: insufficient evidence" in said
    assert "family style: 2 counted forms, 3 required" in said
    assert "system none given | proposed none given" in said
    assert "What would move it one tier up" not in said


def test_rejected_rows_of_the_household_are_pointed_out(rows, write, account):
    rows["ratings"].append(rows["ratings"][0] | {"round": 2, "FS01": 9})
    done = account(write(rows), "--lang", "zh")
    assert done.code == 0
    assert "该户有 1 行在接收时被退回" in done.err
    assert "ratings.csv:8" in done.err


def test_a_rejected_row_is_told_to_its_own_household_alone(rows, write, account):
    rows["households"] = [
        rows["households"][0] | {"household_id": home, "customer_years": 5, "备注": "王小明"}
        for home in ("5", "王小明", "H3")
    ]
    rows["households"][2]["consent_until"] = "2026-01-01"
    rows["ratings"] = [
        rows["ratings"][place] | {"household_id": home}
        for home in ("5", "王小明")
        for place in range(3)
    ]
    del rows["proposals"]
    folder = write(rows)
    for household in ("5", "王小明"):
        done = account(folder, "--lang", "zh", household=household)
        assert done.code == 0
        assert "被退回" not in done.err
    assert "该户有 1 行在接收时被退回" in account(folder, "--lang", "zh", household="H3").err


def trial_alone(done):
    """Nothing is told but that the model is a draft, in both languages."""
    return [line[:5] for line in done.err.splitlines()] == ["注意：模型", "Note:"]


def test_a_row_that_belongs_to_nobody_is_told_to_nobody(rows, write, account):
    rows["ratings"].append(rows["ratings"][0] | {"round": 2, "household_id": "H1​"})
    folder = write(rows)
    with (folder / "ratings.csv").open("a", encoding="utf-8") as stream:
        stream.write("2,H9,R1\r\n")
    done = account(folder, "--lang", "zh")
    assert (done.code, trial_alone(done)) == (0, True)


def test_a_row_that_does_not_fit_is_told_to_the_household_that_it_names(folder, account):
    with (folder / "ratings.csv").open("a", encoding="utf-8") as stream:
        stream.write("2,H1,R1\r\n")
    done = account(folder, "--lang", "zh")
    assert "该户有 1 行在接收时被退回" in done.err
    assert "该户有记录被退回：评议表" in done.out
    assert "rows_rejected" not in done.out
    assert trial_alone(account(folder, "--lang", "zh", household="H2"))


def test_only_the_records_of_the_household_are_shown(rows, write, account):
    rows["registers"] = [
        {
            "household_id": "H2",
            "code": "ML09",
            "document_no": "D-2",
            "list_class": "dishonest_judgment_debtor",
            "issued_on": "2026-01-05",
            "ended_on": "",
        }
    ]
    folder = write(rows)
    assert json.loads(account(folder, "--json").out)["records"] == []
    (record,) = json.loads(account(folder, "--json", household="H2").out)["records"]
    assert (record["code"], record["in_force"]) == ("ML09", True)
    said = account(folder, "--lang", "zh", household="H2").out
    assert "有效，尚未终止（终止后再计 60 个月）：建议不予授信\n" in said
    assert said.endswith("上列否决项须由银行工作人员核实确认\n")


def test_a_record_that_asks_for_a_review_is_named_and_no_code_is_read(rows, write, account):
    rows["registers"] = [
        {
            "household_id": "H1",
            "code": "G2",
            "document_no": "D-2",
            "list_class": "bank_finding",
            "issued_on": "2026-01-05",
            "ended_on": "2026-02-05",
        }
    ]
    folder = write(rows)
    said = account(folder, "--lang", "en").out
    assert "official record “borrowing at high interest or from many lenders”" in said
    assert "in force until 2031-02-04: " in said  # sixty months from 2026-02-05
    assert "[official_record" not in said
    codes = json.loads(account(folder, "--json").out)["proposal"]["review_triggers"]
    assert "official_record:G2" in codes


def test_an_unknown_household_is_refused_with_a_masked_number(folder, account):
    done = account(folder, household="330483198001011237")
    assert done.code == 3
    assert "3***7" in done.err
    assert "330483" not in done.err


def test_every_account_of_a_simulated_county_can_be_written(simulated, account, tmp_path):
    write_county(simulated, tmp_path / "county")
    for household in simulated.households["household_id"].iloc[::40]:
        for lang in ("zh", "en"):
            done = account(tmp_path / "county", "--lang", lang, household=household)
            assert (done.code, trial_alone(done)) == (0, True)
            assert household in done.out
