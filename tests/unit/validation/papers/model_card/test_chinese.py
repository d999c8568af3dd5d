from __future__ import annotations

import re
from decimal import Decimal

import pytest

import sanzhixin as szx
from sanzhixin.modelling import expert_model
from sanzhixin.scoring.artifact import Provenance
from sanzhixin.validation.papers.layout import to_markdown
from sanzhixin.validation.papers.model_card.page import model_card
from tests.unit.modelling.test_fitted_model import MODEL
from tests.unit.validation.papers.model_card.test_page import PRUDENT, english

# Witnesses: lines written by hand, numbers of the file, and the English card, which is tested
# against scheme and model.


def chinese(file):
    return to_markdown(model_card(file, "zh"))


@pytest.fixture(scope="module")
def file():
    return expert_model(szx.load_scheme("tongxiang"), name="trial", version="1.2.3").file


def rows(card):
    """Sections as tables of first cells, which are codes, tiers, points or names."""
    parts = re.split(r"^## .+$", card, flags=re.MULTILINE)[1:]
    lines = [re.findall(r"^\| ([^|]*) \|", part, re.MULTILINE) for part in parts]
    return [[cell for cell in cells if cell.isascii()] for cells in lines]


@pytest.fixture(params=["expert", "prudent", "learned", "approved"])
def both(request, file):
    people = Provenance(fitted_by="A. Li", validated_by="B. Wu", approved_by="C. Xu")
    chosen = {
        "expert": file,
        "prudent": file.model_copy(update={"pd": PRUDENT}),
        "learned": MODEL.file,
        "approved": file.model_copy(update={"status": "approved", "provenance": people}),
    }[request.param]
    return chinese(chosen), english(chosen)


def test_both_cards_have_as_many_sections_and_rows(both):
    zh, en = both
    assert len(rows(zh)) == len(rows(en)) >= 16
    assert [zh.count(mark) for mark in ("\n| ", "\n- ")] == [en.count(m) for m in ("\n| ", "\n- ")]


def test_both_cards_have_the_same_digests_and_probabilities(both):
    for pattern in (r"sha256:[0-9a-f]{64}", r"\d\.\d\d%", r"^\| ([A-Z]{1,2}\d\d?) \|"):
        zh, en = (re.findall(pattern, card, re.MULTILINE) for card in both)
        assert zh == en


def test_words_of_the_scheme_are_chinese(file):
    card = chinese(file)
    tables = [line for line in card.splitlines() if line.startswith("| ")]
    names = {factor.name for factor in file.scheme.factors}
    names |= {factor.column for factor in file.scheme.factors}
    assert {word for line in tables for word in re.findall("[a-z_]{4,}", line)} == names


def test_a_draft_warns_and_an_approved_model_names_its_people(both):
    zh, en = both
    assert ("不得用于对农户的决定" in zh) == ("not for decisions on households" in en)
    assert ("批准：C. Xu" in zh) == ("Approved by: C. Xu" in en)


def test_lines_are_those_written_by_hand(file):
    card = chinese(file)
    for line in (
        "- 总点数：0 至 1000 点",
        "- 得分 1 分：10 点",
        "| AAA | 95 |  | 50 万元 |",
        "| FS07 | 移风易俗 一次 | 3 | 36 | 每 12 个月最多 6 分 |",
        "- 取整（向下）：1,000 元",
        "- 年收入倍数：3 倍",
        "- 贷后负债占资产：60%",
        "- 可评道德素养：道德评判团、邻居、村民小组长、客户经理",
        "- 负债高于资产的 60%（G3）；",
        "- 相邻等级的概率不低于 40%；",
        "- 目标：违约：发放后 12 个月内逾期超过 90 天",
        "| G4 | 贷款用途三不准（出借他人、购房、股市） | 否决项 |  |  | "
        "《个人贷款管理办法》：只用于约定用途 |",
    ):
        assert f"\n{line}\n" in card


def test_the_comparison_is_that_of_the_file():
    found, card = MODEL.file.provenance.comparison, chinese(MODEL.file)
    assert f"- 学习卡减少的对数损失：{found.gain:.5f}（村间标准误 {found.gain_se:.5f}）" in card
    assert (
        f"- 未参与学习的贷款：其他村，分五份：{found.n_loans} 笔，违约 {found.n_defaults} 笔"
        in card
    )


def test_no_english_sentence_stands_in_the_chinese_card(both):
    zh, _ = both
    assert [line for line in zh.splitlines() if re.search(r"[A-Za-z]+ [a-z]+ [a-z]+", line)] == []


def test_the_only_chinese_in_the_english_card_is_the_purpose_that_households_agree_to(both, file):
    _, en = both
    left = en.replace(f"“{file.scheme.consent_purpose}”", "")
    assert re.findall("[\u4e00-\u9fff]+", left) == []


def test_what_only_the_scheme_of_a_bank_says_stays_in_both_cards(file):
    own = "本行信贷手册第三章"
    debt = file.scheme.debt.model_copy(update={"legal_basis": own})
    scheme = file.scheme.model_copy(update={"debt": debt})
    for card in (chinese, english):
        assert f"| {own} |" in card(file.model_copy(update={"scheme": scheme}))


def test_a_tier_below_all_is_unrated_in_english_whatever_its_name(file):
    tiers = file.scheme.tiers.model_copy(update={"unrated": "无等级"})
    changed = file.model_copy(update={"scheme": file.scheme.model_copy(update={"tiers": tiers})})
    assert "低于最低等级：无等级，" in chinese(changed)
    assert "Below the lowest tier (unrated): the manual channel" in english(changed)


@pytest.mark.parametrize(("unit", "cap"), [("万元", 50), ("元", 500_000)])
def test_an_amount_is_the_same_in_both_units_of_a_scheme(file, unit, cap):
    # 50 ten-thousands are 500,000
    limits = file.scheme.limits.model_copy(update={"unit": unit, "product_cap": Decimal(cap)})
    changed = file.model_copy(update={"scheme": file.scheme.model_copy(update={"limits": limits})})
    assert "- Product cap: 500,000 yuan" in english(changed)
    assert f"- 产品上限：{'50 万元' if unit == '万元' else '500,000 元'}" in chinese(changed)
