from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanzhixin.records import grammar
from sanzhixin.records.columns import TABLES, table_spec
from sanzhixin.records.grammar import RuleBroken
from sanzhixin.records.rules import RULES
from sanzhixin.scheme import load_scheme


def code_of(parse, value):
    with pytest.raises(RuleBroken) as caught:
        parse(value)
    return caught.value.code


@pytest.mark.parametrize("value", [None, "", "  ", "\u3000", float("nan"), np.float64("nan")])
@pytest.mark.parametrize(
    "parse",
    [
        grammar.parse_id,
        grammar.parse_text,
        grammar.parse_int,
        grammar.parse_round,
        grammar.parse_rating,
        grammar.parse_bool,
        grammar.parse_date,
        grammar.parse_money,
        grammar.parse_number,
    ],
)
def test_blank_is_missing_for_every_kind(parse, value):
    assert parse(value) is None


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("H0001", "H0001"),
        (" H0001 ", "H0001"),
        ("0012", "0012"),
        ("越丰村12组", "越丰村12组"),
        (17, "17"),
        (np.int64(17), "17"),
        # GB 11643 example number: 11010519491231002X (check digit by its published weights)
        ("11010519491231002X", "11010519491231002X"),
        ("11010519491231002x", "11010519491231002X"),
        # 12 digits of a village and a serial number: month 00, so not a resident ID number
        ("330483101200000123", "330483101200000123"),
    ],
)
def test_identifiers_stay_text(value, wanted):
    assert grammar.parse_id(value) == wanted


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("3.30483E+17", "id_damaged"),
        ("3E+17", "id_damaged"),
        ("330483198001011000", "id_damaged"),
        ("123.0", "id_damaged"),
        (123.0, "id_damaged"),
        (330483198001011234, "id_damaged"),
        (True, "id_damaged"),
        (dt.date(2026, 1, 1), "id_damaged"),
        ("110105194912310021", "id_check_digit"),
        ("Ｈ１", "id_characters"),
        ("H 1", "id_characters"),
        ("H\u200b1", "id_characters"),
        ("\u202eH1", "id_characters"),
        ("НX1", "id_characters"),  # the first letter is Cyrillic
        ("H" * 65, "id_characters"),
    ],
)
def test_damaged_or_ambiguous_identifiers_are_refused(value, code):
    assert code_of(grammar.parse_id, value) == code


@pytest.mark.parametrize(
    ("value", "unit", "yuan"),
    [
        ("50000", 1, 50_000),
        ("５００００", 1, 50_000),
        ("50000.00", 1, 50_000),
        ("+5", 10_000, 50_000),
        ("3.5", 10_000, 35_000),
        (0.1, 10_000, 1_000),
        (0.1 + 0.2, 10_000, 3_000),  # 0.30000000000000004; a spreadsheet shows 0.3
        (Decimal("0.0001"), 10_000, 1),
        (np.int64(7), 1, 7),
        (0, 1, 0),
    ],
)
def test_money_is_exact_in_yuan(value, unit, yuan):
    assert grammar.parse_money(value, unit) == yuan


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("1,000", "number_thousands"),
        ("１，０００", "number_thousands"),
        ("5万", "number_unit"),
        ("￥5", "number_unit"),
        ("60%", "number_unit"),
        ("1_000", "number_grammar"),
        ("1e3", "number_grammar"),
        ("1e999", "number_grammar"),
        ("inf", "number_grammar"),
        ("NaN", "number_grammar"),
        ("NA", "number_grammar"),
        ("(123)", "number_grammar"),
        ("²", "number_grammar"),
        ("٣", "number_grammar"),  # an Arabic digit, which int() would take
        ("0x10", "number_grammar"),
        ("1.2.3", "number_grammar"),
        (True, "number_grammar"),
        (float("inf"), "number_not_finite"),
        (Decimal("NaN"), "number_not_finite"),
        ("0.5", "money_not_whole"),
        ("-1", "money_negative"),
        ("1000000000001", "number_too_large"),
    ],
)
def test_money_that_is_not_plain_is_refused(value, code):
    assert code_of(grammar.parse_money, value) == code


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("3.3976728268309375", 3.3976728268309375),
        ("1e-3", 0.001),
        ("3.39E+02", 339.0),
        ("-0.5", -0.5),
        ("１．５", 1.5),
        ("1000000000000.0", 1e12),
        (f"0.{'3' * 400}", 1 / 3),
        ("5e-324", 5e-324),
        (3.3976728268309375, 3.3976728268309375),
        (np.float32(0.5), 0.5),
        (Decimal("0.1"), 0.1),
        (7, 7.0),
    ],
)
def test_a_number_keeps_every_digit(value, wanted):
    assert grammar.parse_number(value) == wanted


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("1e999", "number_too_large"),
        ("-1.1e12", "number_too_large"),
        (1e13, "number_too_large"),
        (10**400, "number_too_large"),
        ("inf", "number_grammar"),
        ("nan", "number_grammar"),
        ("1e", "number_grammar"),
        (".5", "number_grammar"),
        ("5.", "number_grammar"),
        ("1_0", "number_grammar"),
        ("1,000.5", "number_thousands"),
        ("5%", "number_unit"),
        (True, "number_grammar"),
        (float("-inf"), "number_not_finite"),
    ],
)
def test_a_number_is_finite_and_bounded(value, code):
    assert code_of(grammar.parse_number, value) == code


@pytest.mark.parametrize("value", ["4", " 4 ", "４", 4, 4.0, "4.0", np.int8(4)])
def test_a_rating_is_a_whole_number(value):
    assert grammar.parse_rating(value) == 4


@pytest.mark.parametrize("value", ["不了解", "不清楚", "不知道"])
def test_an_unknowing_rater_is_missing_and_not_the_middle(value):
    assert grammar.parse_rating(value) is None


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("0", "rating_scale"),
        (6, "rating_scale"),
        ("-1", "rating_scale"),
        ("4.5", "rating_grammar"),
        ("好", "rating_grammar"),
        ("NA", "rating_grammar"),
        ("①", "rating_grammar"),
        (True, "rating_grammar"),
    ],
)
def test_a_rating_off_the_scale_is_refused(value, code):
    assert code_of(grammar.parse_rating, value) == code


@pytest.mark.parametrize(
    "value",
    [
        "2026-06-30",
        "2026/6/30",
        "2026.06.30",
        "2026年6月30日",
        "２０２６-０６-３０",
        "2026-06-30 14:05",
        "2026-06-30T00:00:00",
        dt.date(2026, 6, 30),
        dt.datetime(2026, 6, 30, 14, 5),
    ],
)
def test_dates_in_the_usual_spellings(value):
    assert grammar.parse_date(value) == dt.date(2026, 6, 30)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("46203", "date_serial"),
        (46203, "date_serial"),
        (46203.5, "date_serial"),
        ("30.06.2026", "date_grammar"),
        ("2026-06/30", "date_grammar"),
        ("2026-02-30", "date_impossible"),
        ("1899-12-31", "date_range"),
        ("2201/1/1", "date_range"),
        ("0001-01-01", "date_range"),
        (dt.date(9999, 12, 31), "date_range"),
        (dt.datetime(1899, 12, 31), "date_range"),
        ("昨天", "date_grammar"),
    ],
)
def test_dates_that_could_be_misread_are_refused(value, code):
    assert code_of(grammar.parse_date, value) == code


@pytest.mark.parametrize("value", ["1900-01-01", "2200-12-31"])
def test_the_years_1900_to_2200_are_read(value):
    assert grammar.parse_date(value) == dt.date.fromisoformat(value)


@pytest.mark.parametrize("value", [[1], (1,), {"a": 1}, {1}, b"1", np.array([1]), np.array([1, 2])])
def test_no_kind_takes_a_nested_value(value):
    for parse in PARSERS:
        assert code_of(parse, value) in {"value_nested", "rating_grammar", "round_grammar"}


@pytest.mark.parametrize(
    ("value", "wanted"), [("第1轮", 1), ("第十二轮", 12), ("第二十轮", 20), ("3", 3), (3, 3)]
)
def test_rounds_in_figures_and_in_chinese(value, wanted):
    assert grammar.parse_round(value) == wanted


@pytest.mark.parametrize("value", ["第十十轮", "0", "1.5", "first"])
def test_other_rounds_are_refused(value):
    assert code_of(grammar.parse_round, value) == "round_grammar"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("是", True),
        ("Y", True),
        ("1", True),
        (1, True),
        ("ＴＲＵＥ", True),
        ("否", False),
        (0, False),
    ],
)
def test_yes_and_no(value, wanted):
    assert grammar.parse_bool(value) is wanted


def test_maybe_is_neither_yes_nor_no():
    assert code_of(grammar.parse_bool, "也许") == "bool_grammar"


@pytest.mark.parametrize(
    ("table", "name", "value", "wanted"),
    [
        ("raters", "role", "道德评判团", "panel"),
        ("raters", "role", "村民小组长", "group_leader"),
        ("ratings", "relation", "合伙", "business"),
        ("ratings", "relation", " NONE ", "none"),
        ("events", "status", "驳回", "rejected"),
        ("events", "code", "志愿服务", "ML05"),
        ("events", "code", "ML05 志愿服务", "ML05"),
        ("registers", "code", "G1", "G1"),
        ("households", "utility_payment", "偶有拖欠", "sometimes_late"),
    ],
)
def test_choices_have_chinese_words(table, name, value, wanted):
    spec = table_spec(table, load_scheme("tongxiang"))
    column = next(column for column in spec.columns if column.name == name)
    assert grammar.parser_for(column)(value) == wanted
    code = "code_unknown" if column.kind == "code" else "choice_unknown"
    assert code_of(grammar.parser_for(column), "nothing of the kind") == code


ANYTHING = st.one_of(st.text(max_size=20), st.integers(), st.floats(), st.booleans(), st.dates())


PARSERS = [
    grammar.parser_for(column)
    for table in TABLES
    for column in table_spec(table, load_scheme("tongxiang")).columns
]


@settings(deadline=None)
@given(ANYTHING)
def test_parsers_break_named_rules_only(value):
    codes = set()
    for parse in PARSERS:
        try:
            parse(value)
        except RuleBroken as broken:
            codes.add(broken.code)
    assert codes <= set(RULES)
