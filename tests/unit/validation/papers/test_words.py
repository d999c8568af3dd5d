from __future__ import annotations

import string
from decimal import Decimal

import pytest

from sanzhixin.errors.words import BASIS_MEANINGS, BASIS_WORDS, LINK_WORDS, TRIGGER_WORDS
from sanzhixin.scoring.ledger import EVENT_OUTCOMES
from sanzhixin.scoring.panel_tables import PanelTables
from sanzhixin.scoring.pd_table import PdTable
from sanzhixin.validation.papers.words import EVENT_WORDS, FORM_WORDS, SENTENCES, share


def places(template):
    return sorted(name for _, name, _, _ in string.Formatter().parse(template) if name)


@pytest.mark.parametrize("key", sorted(SENTENCES))
def test_both_languages_of_a_sentence_name_the_same_values(key):
    zh, en = SENTENCES[key]
    assert places(zh) == places(en)
    assert not any("\u4e00" <= char <= "\u9fff" for char in en)


def test_every_review_trigger_has_a_sentence():
    assert set(TRIGGER_WORDS) - {"official_record"} - set(SENTENCES) == set()  # told by document


def test_every_outcome_of_an_entry_and_every_basis_has_its_words():
    assert set(EVENT_WORDS) == set(EVENT_OUTCOMES)
    bases = PdTable.model_fields["basis"].annotation.__args__
    assert set(BASIS_WORDS) == set(bases)
    assert set(BASIS_MEANINGS) == set(bases) - {"none"}
    assert set(LINK_WORDS) == set(PanelTables.model_fields["link"].annotation.__args__)


def test_every_outcome_of_a_form_has_its_words(cases):
    told = {o for case in cases for form in case.why.forms for o in form.outcomes.values()}
    assert told >= {"counted", "other_round", "unfamiliar", "recused"}
    assert told <= set(FORM_WORDS)


@pytest.mark.parametrize(
    ("value", "text"), [("0.6", "60%"), ("0.60", "60%"), ("0.625", "62.5%"), ("1", "100%")]
)
def test_shares_are_exact(value, text):
    assert share(Decimal(value)) == text
