from __future__ import annotations

import re

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
    for pattern in (r"sha256:[0-9a-f]{64}", r"\d\.\d{4}%", r"^\| ([A-Z]{1,2}\d\d?) \|"):
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
        "| FS07 | 移风易俗 一次 | 3 | 36 | 每 12 个月 6 |",
        "- 取整（向下）：0.1 万元",
        "- 可评道德素养：道德评判团、邻居、村民小组长、客户经理",
        "- 负债高于资产的 0.6（G3）；",
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


def test_chinese_in_the_english_card_is_a_law_a_name_of_the_scheme_or_a_unit(both):
    _, en = both
    known = "万元|评议表|三治信农户贷款|未评级|国办发|号|"
    known += "个人信息保护法|征信业管理条例|个人贷款管理办法"
    levels = r"\((?:村级|镇级|县级|市级及以上|一次|轻微|一般|较重|较好|好|突出)\)"
    left = re.sub(f"{levels}|{known}", "", en)
    assert re.findall("[\u4e00-\u9fff]+", left) == []
