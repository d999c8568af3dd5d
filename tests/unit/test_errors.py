from __future__ import annotations

import pytest

from sanzhixin.errors import MESSAGES, EvidenceError, mask_id
from sanzhixin.errors.findings import ADVICE, finding


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", "***"),
        ("H1", "***"),
        ("H12", "H***"),
        ("H1234", "H***"),
        ("H12345", "H***5"),
        ("330483198001011234", "3***4"),
    ],
)
def test_a_short_identifier_shows_one_character_at_most(value, shown):
    assert mask_id(value) == shown


@pytest.mark.parametrize("code", ADVICE)
def test_advice_begins_once_in_the_message_of_its_code(code):
    for text, start in zip(MESSAGES[code], ADVICE[code], strict=True):
        assert text.count(start) == 1
        assert text.index(start) > 20


def test_a_finding_is_the_sentence_without_its_advice():
    values = {"needed": 50, "folds": 5, "defaults": 1, "loans": 32, "villages": 1}
    en, zh = finding(EvidenceError("card_few_defaults", **values))
    assert en.endswith("there are 1 defaults in 32 loans and in 1 villages.")
    assert zh.endswith("现有 32 笔贷款、违约 1 笔、涉及 1 个村。")
    assert finding(EvidenceError("card_no_characteristic", loans=9)) == (
        "No characteristic tells defaults from the rest among 9 loans, so there is no card to "
        "learn.",
        "9 笔贷款中没有任何特征能区分违约与否，无法学习评分卡。",
    )


def test_an_error_without_known_advice_is_told_whole():
    error = EvidenceError("outcome_single", rows=3, label=0)
    assert finding(error) == (error.en, error.zh)
