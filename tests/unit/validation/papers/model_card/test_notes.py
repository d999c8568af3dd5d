from __future__ import annotations

import re

import pytest

import sanzhixin as szx
from sanzhixin.scoring.provenance import Provenance
from sanzhixin.validation.papers.model_card.notes import note_in_chinese
from tests.unit.modelling.test_fitted_model import MODEL

# Witnesses: sentences put into Chinese by hand, and the notes of models as fits leave them.


@pytest.mark.parametrize(
    ("note", "told"),
    [
        (
            "Learned card against expert card on unseen loans (time): log-loss 0.30000 against "
            "0.31000, gain 0.01000 (standard error 0.00400); chosen: fitted.",
            "学习卡与专家卡在未见过的贷款（最近三分之一）上比较：对数损失 0.30000 比 0.31000，"
            "减少 0.01000（标准误 0.00400）；所用：学习卡。",
        ),
        (
            "Loans of 3 households were rejected at acceptance and are in none of these counts; "
            "where rejection has to do with default, the rates are wrong.",
            "有 3 户的贷款在受理时被退回，未计入以上各数；若退回与违约有关，违约率会有偏差。",
        ),
        ("A note of the bank's own.", "A note of the bank's own."),
    ],
)
def test_a_note_is_told_as_by_hand(note, told):
    assert note_in_chinese(note, Provenance()) == told


@pytest.fixture(scope="module")
def refused():
    county = szx.simulate_county(villages=1, seed=7)
    return szx.fit(county, szx.load_scheme("tongxiang")).file


def test_every_note_of_a_fit_is_chinese(refused):
    for origin in (MODEL.file.provenance, refused.provenance):
        told = [note_in_chinese(note, origin) for note in origin.notes]
        assert len(told) >= 5
        assert [one for one in told if re.search(r"[A-Za-z]+ [a-z]+ [a-z]+", one)] == []


def test_why_no_card_was_learned_is_the_sentence_of_the_file(refused):
    told = [note_in_chinese(note, refused.provenance) for note in refused.provenance.notes]
    assert f"未学习评分卡：{refused.provenance.card_refused.zh}" in told
