from __future__ import annotations

import pytest

import sanzhixin as szx
from sanzhixin.modelling import expert_model
from sanzhixin.validation.papers.layout import Grid, Listing
from sanzhixin.validation.papers.writer import Writer


@pytest.fixture(scope="module", params=["zh", "en"])
def writer(request):
    model = expert_model(szx.load_scheme("tongxiang"), name="trial", version="1.0.0")
    return Writer(model.file, request.param)


def either(writer, zh, en):
    return zh if writer.lang == "zh" else en


def test_words_are_joined_and_none_are_said_to_be_none(writer):
    assert writer.joined(["a", "b"]) == either(writer, "a、b", "a, b")
    assert writer.joined([]) == either(writer, "无", "none")


def test_lists_and_tables_are_in_the_language(writer):
    pair = "名称", "name"
    assert writer.lines(pair) == Listing((either(writer, *pair),))
    assert writer.named((pair, 3)) == Listing((either(writer, "名称：3", "name: 3"),))
    assert writer.grid([pair], [["x"]]) == Grid((either(writer, *pair),), (("x",),))


def test_a_blank_and_a_legal_basis_are_told(writer):
    assert writer.blank("电话", "telephone") == either(
        writer, "【待填：电话】", "【to be filled in: telephone】"
    )
    assert writer.told("certificate no.") == either(writer, "证书编号", "certificate no.")
