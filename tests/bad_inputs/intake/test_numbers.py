"""Numbers as files bring them: the exact value, or the rule that is named; never a guess."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import numpy as np
import openpyxl
import pandas as pd
import pytest

from sanzhixin.records.grammar import RuleBroken, parse_int, parse_money, parse_number, parse_rating
from sanzhixin.records.rules import RULES
from sanzhixin.records.xlsx_files import read_workbook

FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
GRAMMAR, UNIT, THOUSANDS = "number_grammar", "number_unit", "number_thousands"
LARGE, FINITE, NEGATIVE = "number_too_large", "number_not_finite", "money_negative"


def each(values, wanted):
    return [(value, wanted) for value in (values.split() if isinstance(values, str) else values)]


def ints(template, *numbers):
    return [(template.format(n), n) for n in numbers]


NO_NUMBERS = """
1_000 10_000 _1 1_ 1__0 1,00 1,0 1,,000 ,1 1, 1,0000 12,34 1. .5 . .. 1..2 1.2.3 1'000 1’000 1·5
1e3 1E3 1e+3 1e-3 1e999 -1e999 1e e3 5E4 5e0 1d3 1.5e4 inf Inf INF -inf +inf infinity Infinity
nan NaN NAN -nan NA N/A n/a #N/A null NULL None none nil TRUE true False
0x10 0xFF 0b1 0o7 10h FF 1L 1f 5k 5K 5w 5W 5M 5m (123) （123） [5] {5} <5 >5 ≥5 ≤5 =5 =1+1 5+ 5- --5
++5 +-5 −5 –5 —5 ±5 ~5 ～5 5~6 3-5 1/2 5:00 5;6 ½ ¼ ² 5² ① ⑤ Ⅴ ㈤ ㊄ ٣ १ 五 伍 零 〇 十 廿 两
𝟓 🄇 ５５𝟓 5️⃣ 5。 5， 5、 、 。 - -- — / \\ * 5* + 5\u200b \u200b5 5\ufeff 5\u00ad 5\u202e 5\x00 '5 5'
"5" “5” ‘5 `5 5; a5 5a 户5 5户 2026-06-30 2026年 6月 第5 5号 5年 5人 5个 无 暂无 不详 同上 未知
5.0000000000000 00000000000000050000 0.3333333333333 111111111111111.1111111111111
"""
WITH_UNITS = """
5万 5万元 0.1万 万 元 5元 5元整 50000元 5千 5千元 五千 一万 壹万元整 伍万 十万 1.5万元 ５万 ￥5 ¥5
￥50,000
$5 5$ ＄5 US$5 60% 60％ ％ 5% 0.5% -5万 约5万 5万左右 3-5万 5万以上 5元/年 人民币5元 千 1千5 ¥ ￥
"""

# text or typed value, and what an amount in yuan is read as
YUAN = [
    *ints("{}", 0, 1, 7, 10, 99, 50_000, 123_456_789, 10**12),
    *((text.translate(FULL_WIDTH), n) for text, n in ints("{}", 0, 5, 12, 50_000, 10**12)),
    *ints("+{}", 0, 5, 50_000),
    *ints("{}.0", 0, 5, 50_000),
    *ints("{}.000000000000", 1, 50_000),
    *((blank + "5" + blank, 5) for blank in (" ", "\t", "\n", "\r\n", "\u3000", "  ")),
    *each("-0 -0.0 +0.00 －０", 0),
    *each("007", 7),
    *each("000000000000005 ５.０ ５．０ ＋５", 5),
    *each(("", " ", "\u3000", "\t\n", None, float("nan")), None),
    *each((5, 5.0, np.int64(5), np.float32(5), Decimal("5.00"), 5.000000000000001), 5),
    *each((0.0, -0.0, Decimal("-0")), 0),
    (Decimal("1E+3"), 1_000),
    *each("-1 -5.0 －５ -0.5 -1000000000001", NEGATIVE),
    *each((-1, -0.5, Decimal(-1), Decimal("-9E+999999")), NEGATIVE),
    *each("0.5 5.01 0.000000000001 ５．５", "money_not_whole"),
    *each((0.5, 49999.99, Decimal("1E-999999")), "money_not_whole"),
    *each("1000000000001 999999999999999 ９９９９９９９９９９９９９", LARGE),
    *each((10**13, 1e13, 10**400, 1e300, Decimal("9E+999999"), Decimal(10) ** 30), LARGE),
    *each("1,000 10,000 1,234,567 10,000.00 -1,000 +1,000 1,000. １，０００", THOUSANDS),
    *each(WITH_UNITS, UNIT),
    *each(("5 万", "¥ 5"), UNIT),
    *each(NO_NUMBERS, GRAMMAR),
    *each(("1. 5", "1 000", "1 .5", "5 5", "- 5", "+ 5", "5\n5", "5\t5", "5\r5"), GRAMMAR),
    *each(("5\u00a0", "\u00a05", "5\u20095", "5\u2028"), GRAMMAR),
    *each(("1" * 16, "0" * 16, "9" * 4_000, "1" + "0" * 5_000, "1." + "0" * 4_000), GRAMMAR),
    *each((True, False, np.bool_(True), dt.date(2026, 1, 2), dt.time(1), 1j), GRAMMAR),
    *each((float("inf"), float("-inf"), np.float64("inf"), Decimal("Infinity")), FINITE),
    *each((Decimal("NaN"), Decimal("sNaN")), FINITE),
]
WAN = [
    *(("5", 50_000), ("5.0", 50_000), ("0.1", 1_000), ("0.0001", 1), ("3.5", 35_000), ("0", 0)),
    *(("３．５", 35_000), ("12.3456", 123_456), ("100000000", 10**12), (0.1, 1_000), (8.9, 89_000)),
    *((0.1 + 0.2, 3_000), (2.675, 26_750), (1.1, 11_000), (0.29, 2_900), (4.35, 43_500)),
    *((Decimal("0.0001"), 1), (7, 70_000)),
    *each("0.00001 1.23456 0.000000000001", "money_not_whole"),
    *each((1e-9, 0.00015), "money_not_whole"),
    *each("100000000.0001 100000001", LARGE),
    *each((1e9, Decimal("9E+999999")), LARGE),
    *each("5万 5万元 0.1万", UNIT),
    *each(("-1", -0.1), NEGATIVE),
]
WHOLE = [
    *(("5", 5), ("-5", -5), ("+5", 5), ("-0", 0), ("5.0", 5), ("１２", 12), ("007", 7), (5.0, 5)),
    (np.int8(4), 4),
    *each(("0.5", "-0.5", 0.5, "1.000000000001", Decimal("1E-999999")), "number_not_whole"),
    *each(("1000000000001", "-1000000000001", 10**13, Decimal("-9E+999999")), LARGE),
    *each(("1_000", "1e3", "0x10", "inf", "五", "½", True), GRAMMAR),
    *each("5万 5%", UNIT),
    *each("1,000", THOUSANDS),
]
REAL = [
    *(("0.1", 0.1), ("1e3", 1_000.0), ("1E-3", 0.001), ("-0.5", -0.5), ("１．５", 1.5), (7, 7.0)),
    *(("3.39E+02", 339.0), ("0." + "3" * 400, 1 / 3), ("5e-324", 5e-324), ("1e12", 1e12)),
    *(("1e-400", 0.0), (0.1, 0.1)),
    *each(("1e999", "-1e999", "1e13", "9" * 4_000, 1e300, 10**400), LARGE),
    *each("inf nan 1e e3 .5 5. 1_0 0x10 1e1.5 ½", GRAMMAR),
    *each("5% 5万", UNIT),
    *each("1,000.5", THOUSANDS),
    *((True, GRAMMAR), (float("inf"), FINITE)),
]
RATING = [
    *(("1", 1), ("5", 5), ("４", 4), ("4.0", 4), (" 4 ", 4), (4.0, 4), ("004", 4), ("+4", 4)),
    *(("不了解", None), ("", None)),
    *each(("0", "6", "-1", 0, 6, "99"), "rating_scale"),
    *each("4.5 四 ④ ４分 4分 好 4/5 4-5 A NA", "rating_grammar"),
    (True, "rating_grammar"),
]
TABLES = {
    "yuan": (parse_money, YUAN),
    "wan": (lambda value: parse_money(value, 10_000), WAN),
    "whole": (parse_int, WHOLE),
    "real": (parse_number, REAL),
    "rating": (parse_rating, RATING),
}
CASES = [(name, value, wanted) for name, (_, table) in TABLES.items() for value, wanted in table]


def outcome(parse, value):
    try:
        return parse(value)
    except RuleBroken as broken:
        return broken.code


def test_there_are_enough_strings():
    assert sum(isinstance(value, str) for _, value, _ in CASES) >= 300
    assert {wanted for _, _, wanted in CASES if isinstance(wanted, str)} <= set(RULES)


@pytest.mark.parametrize(("name", "value", "wanted"), CASES, ids=range(len(CASES)))
def test_a_number_is_its_exact_value_or_named_with_its_rule(name, value, wanted):
    found = outcome(TABLES[name][0], value)
    assert found == wanted
    assert type(found) is type(wanted)


def is_taken(text, read):
    try:
        read(text)
    except (ValueError, TypeError, OverflowError):
        return False
    return True


def test_the_table_sees_what_python_takes_for_numbers():
    refused = [value for value, wanted in YUAN if isinstance(value, str) and wanted == GRAMMAR]
    assert sum(is_taken(text, float) for text in refused) >= 40
    assert sum(is_taken(text, int) for text in refused) > 10


def test_the_table_sees_what_pandas_takes_for_numbers():
    texts = [value for value, wanted in YUAN if wanted in {GRAMMAR, THOUSANDS}]
    texts = [text for text in texts if isinstance(text, str) and is_taken(f"x\n{text}\n", numbers)]
    assert len(texts) > 20


def numbers(text):
    column = pd.read_csv(io.StringIO(text), thousands=",", skip_blank_lines=False)["x"]
    if not pd.api.types.is_numeric_dtype(column):
        raise ValueError


def test_a_worksheet_brings_the_same_values_as_text(scheme):
    whole = [(v, n) for v, n in YUAN if isinstance(v, str) and isinstance(n, int)]
    book = openpyxl.Workbook()
    book.active.title = "授信建议"
    book.active.append(["户号", "议事会建议额度（元）"])
    for text, _ in whole:
        book.active.append(["H1", text])
    stream = io.BytesIO()
    book.save(stream)
    ((_, raw),) = read_workbook(stream.getvalue(), scheme, "f.xlsx")
    cells = raw.frame["议事会建议额度（元）"]
    assert [outcome(parse_money, cell) for cell in cells] == [number for _, number in whole]
