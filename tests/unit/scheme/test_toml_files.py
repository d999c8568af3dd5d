from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanzhixin.errors import InputError
from sanzhixin.scheme.toml_files import read_toml


def read(text):
    return read_toml(text.encode(), "village.toml", dates=["valid_from"])


def refusal(text):
    with pytest.raises(InputError) as caught:
        read(text)
    return caught.value


def test_numbers_keep_the_digits_that_were_written():
    assert str(read("step = 0.10")["step"]) == "0.10"
    assert isinstance(read("step = 0.10")["step"], Decimal)


def test_quoted_chinese_keys_and_texts_are_read():
    text = 'valid_from = 2026-06-30\n"桃园村" = "十五"\nlimits."桃园村" = 15'
    assert read(text) == {
        "valid_from": datetime.date(2026, 6, 30),
        "桃园村": "十五",
        "limits": {"桃园村": 15},
    }


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("桃园村 = 15", 1, "桃园村"),
        ("a = 1\r\n桃园村 = 15", 2, "桃园村"),
        ("# 注\n\ncaps = { 桃园村 = 15 }", 3, "桃园村"),
        ("caps = { V1 = 2, 桃园村 = 15 }", 1, "桃园村"),
        ("limits.桃园村 = 15", 1, "桃园村"),
        ("桃园.东 = 15", 1, "桃园"),
        ("V桃园 = 15", 1, "V桃园"),
        ("3组 = 15", 1, "3组"),
        ("[limits.桃园村]", 1, "桃园村"),
        ("[V村]", 1, "V村"),
        ("[[村]]", 1, "村"),
        ("[[V村]]", 1, "V村"),
        ("zh = 桃园村规则", 1, "桃园村规则"),
        ("zh = “桃园村”", 1, "桃园村"),
        ("roles = [邻居]", 1, "邻居"),
        ("é = 1", 1, "é"),
    ],
)
def test_a_word_without_quotation_marks_is_shown_with_them(text, line, word):
    error = refusal(text)
    assert error.code == "toml_unquoted"
    assert str(error).startswith(f'village.toml, line {line}: write "{word}", with straight')
    assert error.zh.startswith(f'village.toml 第 {line} 行：请加英文引号，写成 "{word}"。')


@pytest.mark.parametrize(
    "text",
    [
        "a = ",
        "a = 1，",
        "a ＝ 1",
        "a = “”",
        'a = "x" 桃园',
        "a = 1 # 注\n[a]",
        "a = x # 桃园",
        "a = 1.0.0",
        "a = 2026年6月30日",
        "[" * 5000,
        f"a = {'1' * 5000}",
        f"a = 1e{'9' * 30}",
    ],
)
def test_what_is_no_word_gets_the_general_sentence(text):
    assert refusal(text).code == "toml_invalid"


@pytest.mark.parametrize(
    "value", ["2026-02-30", "2026-13-45", "2026/6/30", "2026年6月30日", "June", ""]
)
def test_a_key_of_a_date_is_named(value):
    error = refusal(f"a = 1\n  valid_from = {value}\n")
    assert error.code == "toml_date"
    assert str(error).startswith("village.toml: valid_from has to be a date of the calendar")
    assert error.zh.startswith("village.toml：valid_from 应为实际存在的日期")


def test_a_date_on_another_line_is_not_blamed():
    assert refusal("valid_from = 2026-06-30\na = 2026-02-30").code == "toml_invalid"


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_our_error(text):
    try:
        outcome = isinstance(read(text), dict)
    except InputError as error:
        outcome = error.zh.startswith("village.toml")
    assert outcome
