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

# Witness: the English card of the same file, which is tested against scheme and model.


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
