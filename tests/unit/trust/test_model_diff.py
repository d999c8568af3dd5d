from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from typing import get_args

import pytest

from sanzhixin.errors.words import (
    BASIS_WORDS,
    LINK_WORDS,
    METHOD_WORDS,
    MODEL_STATUS_WORDS,
    POPULATION_WORDS,
)
from sanzhixin.modelling.county.pd_table import POPULATION
from sanzhixin.scoring.card import Card
from sanzhixin.scoring.panel_tables import LinkKind
from sanzhixin.scoring.pd_table import PdBasis, PdMethod, PdRow, PdTable
from sanzhixin.scoring.provenance import Status
from sanzhixin.trust import compare_models
from sanzhixin.trust import model_diff as room
from tests.unit.scoring.adjusted_plan import adjusted_scheme, adjusted_tables
from tests.unit.scoring.factories import ORIGIN, SCHEME, indicators_with, model_file, scheme_with

PARTS = ("model", "tiers", "points", "pd", "panel", "scheme", "origin")
BEFORE = model_file()


def table(*rows, **changes):
    given = {
        "basis": "prudent", "method": "pluto_tasche", "population": "approved households",
        "n_loans": 900, "n_defaults": 6, "confidence": 0.5, "note_zh": "少违约",
        "note_en": "few defaults",
        "rows": tuple(PdRow(at_least=a, prob_default=p, lower=0.0, upper=0.5) for a, p in rows),
    }  # fmt: skip
    return PdTable(**{**given, **changes})


FIRST = table((0, 0.04), (650, 0.03), (900, 0.01))


def other_card(change):
    content = BEFORE.card.model_dump(mode="json")
    change(content)
    return Card.model_validate_json(json.dumps(content))


def utility(content):
    return next(c for c in content["characteristics"] if c["name"] == "utility_payment")


def one_point_less(content):
    points = utility(content)["points"]
    place = points.index(min(points))
    points[place] += 1


def tiers_with(grade, **changes):
    tiers = SCHEME.model_dump()["tiers"]
    rows = tuple({**r, **changes} if r["grade"] == grade else r for r in tiers["rows"])
    return {"tiers": {**tiers, "rows": rows}}


def factors_with(**changes):
    first, *rest = SCHEME.model_dump()["factors"]
    return {"factors": ({**first, **changes}, *rest)}


FIRST_FACTOR = SCHEME.factors[0]
OLD, NEW = (("否", "false"), ("是", "true"))[:: -1 if FIRST_FACTOR.changeable else 1]
PANEL = model_file(adjusted_scheme(), panel=adjusted_tables())

# the models, and the lines that are expected: part, words in Chinese, words in English
CASES = {
    "status": (
        BEFORE, model_file(status="validated"),
        [("model", "状态：草稿 → 已验证", "status: draft -> validated")]),
    "version": (
        BEFORE, model_file(version="1.0.1"),
        [("model", "模型：tongxiang-expert/1.0.0 → tongxiang-expert/1.0.1",
          "model: tongxiang-expert/1.0.0 -> tongxiang-expert/1.0.1")]),
    "end": (
        BEFORE, model_file(valid_until=dt.date(2027, 12, 31)),
        [("model", "有效期至：2028-12-31 → 2027-12-31",
          "valid until: 2028-12-31 -> 2027-12-31")]),
    "cap of a tier": (
        BEFORE, model_file(scheme_with(**tiers_with("AA", cap=40))),
        [("tiers", "等级 AA 上限：300,000 → 400,000", "tier AA cap: 300,000 -> 400,000")]),
    "defaults of a bank": (
        model_file(pd=FIRST), model_file(pd=table((0, 0.04), (650, 0.03), (900, 0.01),
                                                  n_defaults=7)),
        [("pd", "违约概率违约数：6 → 7", "default probability, defaults: 6 -> 7")]),
    "a person": (
        BEFORE, model_file(provenance=ORIGIN.model_copy(update={"validated_by": "E"})),
        [("origin", "验证人：B → E", "validated_by: B -> E")]),
    "the link of villages": (
        PANEL, PANEL.model_copy(update={"panel": PANEL.panel.model_copy(
            update={"link": "bridge"})}),
        [("panel", "村际比较依据：设定比例 → 跨村评议员",
          "villages compared by: a stated prior alone -> raters of several villages")]),
    "a method": (
        model_file(pd=FIRST), model_file(pd=FIRST.model_copy(update={"method": "firth"})),
        [("pd", "违约概率方法：Pluto-Tasche 审慎估计 → Firth 逻辑回归",
          "default probability, method: pluto_tasche -> firth")]),
    "what a household can change": (
        BEFORE,
        model_file(scheme_with(**factors_with(changeable=not FIRST_FACTOR.changeable))),
        [("scheme", f"factors[{FIRST_FACTOR.name}].changeable：{OLD[0]} → {NEW[0]}",
          f"factors[{FIRST_FACTOR.name}].changeable: {OLD[1]} -> {NEW[1]}")]),
}  # fmt: skip


def lines(before, after):
    return [(line.part, line.zh, line.en) for line in compare_models(before, after)]


@pytest.mark.parametrize(("before", "after", "expected"), CASES.values(), ids=CASES)
def test_one_change_is_one_sentence_in_each_language(before, after, expected):
    assert lines(before, after) == expected


# changes whose sentences are looked at by part alone
BY_PART = {
    "a tier that begins elsewhere": (
        BEFORE,
        model_file(scheme_with(**{
            "tiers": {**SCHEME.model_dump()["tiers"], "rows": tuple(
                {**r, **({"at_least": 86} if r["grade"] == "A" else {}),
                 **({"below": 86} if r["grade"] == "BBB" else {})}
                for r in SCHEME.model_dump()["tiers"]["rows"])}})),
        "tiers", "tier A from"),
    "points of a level": (
        BEFORE, model_file(card=other_card(one_point_less)), "points", "utility_payment"),
    "a probability": (
        model_file(pd=FIRST), model_file(pd=table((0, 0.04), (650, 0.025), (900, 0.01))),
        "pd", "moves most at 650 points: 3.0000% -> 2.5000%"),
    "a table where there was none": (
        BEFORE, model_file(pd=FIRST), "pd", "basis: none -> prudent"),
    "a panel where there was none": (
        BEFORE, PANEL, "panel", "severe and lenient raters: none -> there"),
    "a panel that is gone": (
        PANEL, BEFORE, "panel", "severe and lenient raters: there -> none"),
    "the name of an indicator": (
        BEFORE, model_file(scheme_with(indicators=indicators_with("FS01", en="order at home"))),
        "scheme", "order at home"),
    "forms that are needed": (BEFORE, model_file(scheme_with(min_forms=4)), "scheme", "3 -> 4"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "part", "words"), BY_PART.values(), ids=BY_PART)
def test_a_change_is_told_in_its_part(before, after, part, words):
    found = [line for line in compare_models(before, after) if words in line.en]
    assert [line.part for line in found] == [part]


SHOWN = [
    # value, in Chinese, in English
    (True, "是", "true"),
    (False, "否", "false"),
    (None, "-", "-"),
    (12_000, "12,000", "12,000"),
    (["a", None, True], "a、-、是", "a, -, true"),
    ([], "-", "-"),
    ("draft", "草稿", "draft"),
]


@pytest.mark.parametrize(("value", "zh", "en"), SHOWN)
def test_values_are_written_in_both_languages(value, zh, en):
    assert room._shown(value, MODEL_STATUS_WORDS) == (zh, en)


def test_every_choice_of_a_model_file_has_its_words():
    tables = {
        PdBasis: BASIS_WORDS, PdMethod: METHOD_WORDS, LinkKind: LINK_WORDS,
        Status: MODEL_STATUS_WORDS,
    }  # fmt: skip
    assert {kind: set(get_args(kind)) for kind in tables} == {k: set(v) for k, v in tables.items()}
    assert POPULATION in POPULATION_WORDS


def test_no_english_word_of_ours_stands_in_a_chinese_sentence():
    words = {"draft", "none", "prudent", "pluto_tasche", "approved households", "no loans observed"}
    found = compare_models(BEFORE, model_file(pd=FIRST, status="validated"))
    assert [line.zh for line in found if any(word in line.zh for word in words)] == []


def test_a_factor_that_is_renamed_is_told_by_its_name():
    after = model_file(scheme_with(**factors_with(en="years at the bank")))
    found = [line for line in compare_models(BEFORE, after) if line.part == "scheme"]
    assert len(found) == 1
    name = SCHEME.factors[0].name
    assert found[0].en.startswith(f"factors[{name}].en: ")
    assert found[0].en.endswith(" -> years at the bank")


ALL = {
    **{name: (b, a) for name, (b, a, _) in CASES.items()},
    **{name: (b, a) for name, (b, a, *_) in BY_PART.items()},
}


@pytest.mark.parametrize(("before", "after"), ALL.values(), ids=ALL)
def test_lines_are_in_order_in_both_languages_and_can_be_sent(before, after):
    found = compare_models(before, after)
    back = compare_models(after, before)
    assert found
    assert len(back) >= 1
    for line in (*found, *back):
        assert line.part in PARTS
        assert line.zh.strip()
        assert line.en.strip()
    assert [line.part for line in found] == sorted((line.part for line in found), key=PARTS.index)
    assert json.loads(json.dumps([asdict(line) for line in found], ensure_ascii=False))
    assert compare_models(before, before) == compare_models(after, after) == ()


def test_every_part_is_seen_by_some_case():
    told = {line.part for before, after in ALL.values() for line in compare_models(before, after)}
    assert told == set(PARTS)


def test_equal_models_read_apart_are_equal():
    assert compare_models(model_file(), model_file()) == ()
    assert compare_models(PANEL, PANEL.model_copy()) == ()


# models whose digests differ, and nothing that is compared
SILENT = {
    "data of another origin": (
        BEFORE, model_file(provenance=ORIGIN.model_copy(update={"checksums": {"loans": "x"}}))),
    "a note": (BEFORE, model_file(provenance=ORIGIN.model_copy(update={"notes": ("n",)}))),
    "a day of approval": (
        BEFORE,
        model_file(provenance=ORIGIN.model_copy(update={"approved_on": dt.date(2026, 3, 6)}))),
    "another reason of its end": (
        BEFORE, model_file(provenance=ORIGIN.model_copy(update={"retired_because": "wrong"}))),
    "bounds of a probability": (
        model_file(pd=FIRST),
        model_file(pd=FIRST.model_copy(update={"confidence": 0.9}))),
    "whose loans": (
        model_file(pd=FIRST), model_file(pd=FIRST.model_copy(update={"population": "all"}))),
    "the correlation of pillars": (
        PANEL,
        PANEL.model_copy(update={"panel": PANEL.panel.model_copy(update={
            "correlation": tuple(
                tuple(1.0 if i == j else 0.0 for j in range(3)) for i in range(3))})})),
    "which villages": (
        PANEL,
        PANEL.model_copy(update={"panel": PANEL.panel.model_copy(
            update={"villages": tuple(f"{name}x" for name in PANEL.panel.villages)})})),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), SILENT.values(), ids=SILENT)
def test_models_with_two_digests_are_never_called_the_same(before, after):
    assert before.digest() != after.digest()
    assert compare_models(before, after) != ()
