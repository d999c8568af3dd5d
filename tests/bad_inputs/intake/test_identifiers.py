"""Identifiers as files bring them: kept as they stand, or rejected with the rule that is named."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import numpy as np
import openpyxl
import pandas as pd
import pytest

from sanzhixin.records import accept_folder
from sanzhixin.records.grammar import RuleBroken, parse_id
from sanzhixin.records.rules import RULES

# GB 11643: weights of the first 17 digits, 2^(18 - k) mod 11; remainder 0..10 to check character.
WEIGHTS = [2 ** (17 - k) % 11 for k in range(17)]
CHECKS = "10X98765432"
# GB 32100: 31 characters without I, O, S, V, Z; weights 3^k mod 31; check = 31 - sum mod 31.
CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def resident(body):
    return body + CHECKS[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


def credit(body):
    total = sum(CREDIT.index(d) * 3**k for k, d in enumerate(body))
    return body + CREDIT[(31 - total % 31) % 31]


def wrong(identifier, digits):
    return identifier[:-1] + digits[(digits.index(identifier[-1]) + 1) % len(digits)]


RESIDENTS = [
    resident(f"{region}{birth}{serial}")
    for region in ("330483", "110105", "654321", "430102")
    for birth in ("19491231", "19800101", "20000229", "20251130")
    for serial in ("001", "112")
]
CREDITS = [
    credit(f"{kind}{region}{body}")
    for kind in ("91", "92", "93", "N2", "Y1", "51")
    for region in ("330483", "110105")
    for body in ("MA2CABCD1", "MA28ABC0X")
]
X = next(i for i in RESIDENTS if i.endswith("X"))
PLAIN = next(i for i in RESIDENTS if i[-1].isdigit() and not i.endswith("0"))
FULL_WIDTH = {ord("0") + k: ord("０") + k for k in range(10)} | {ord("X"): "Ｘ"}

KEPT = [
    *(RESIDENTS + CREDITS),
    *("V001-0001", "V001-0001-P1", "H1", "h1", "0012", "000", "0", "12", "1e5", "12E3", "1.5"),
    *("2026-06-30", "2026/1/2", "12.50", "A/B", "A.B", "A_B", "A-B", "12-3", "3#", "12#302", "#12"),
    *(
        "+1",
        "-1",
        "@1",
        "=1+1",
        "=cmd|A1",
        "(12)",
        "a" * 64,
        "9" * 15,
        "9" * 16,
        "9" * 17,
        "9" * 19,
        "330483800101123",
    ),
    *("62220212345678900", "6222021234567890123", "330483101200000123", "33048310120000012X"),
    *(
        "越丰村12组",
        "甲",
        "张三",
        "𠮷1",
        "㛃",
        "〇",
        "越丰村-1组",
        "浙0483执1号",
        "3月初一",
        "无锡村1组",
    ),
    *("NA", "NULL", "null", "None", "nan", "TRUE", "FALSE", "inf", "INF", "O0", "l1", "Il1"),
    *("91330483MA2CABCD", "V1330483MA2CABCD1A", "91330483000000001A"),
]
TRIMMED = {
    **{f"{blank}H1{blank}": "H1" for blank in (" ", "  ", "\t", "\n", "\r\n", "\u3000")},
    X[:-1] + "x": X,
    17: "17",
    0: "0",
    10**15 - 1: "999999999999999",
    np.int64(17): "17",
    np.int8(5): "5",
}
REJECTED = {
    "id_check_digit": [
        *(wrong(i, CHECKS) for i in RESIDENTS[:12]),
        *(wrong(i, CREDIT) for i in CREDITS[:12]),
        *(PLAIN[:-1] + d for d in "0123456789X" if PLAIN[:-1] + d != PLAIN),
        PLAIN[:16] + PLAIN[17] + PLAIN[16],  # two digits changed places
        X[:-1] + "1",
    ],
    "id_damaged": [
        *(
            "3.30483E+17",
            "3.30483198001011E+17",
            "3E+17",
            "1E+05",
            "3.3e17",
            "3.3E17",
            "1.0",
            "17.00",
        ),
        *(f"{PLAIN[:15]}000", "622202123456789000", "6222021234567890000", "62220212345678900000"),
        *(
            "330483198001011000",
            "12,345",
            "1,234,567",
            "12,345.00",
            "1月2日",
            "12月",
            "2026年1月2日",
        ),
        *("2-Jan", "31-Dec", "Jan-26", "Dec-1999", "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!"),
        *(
            "#NULL!",
            "#NUM!",
            "#SPILL!",
            f"'{PLAIN}",
            "'V001-0001",
            "'0012",
            f'="{PLAIN}"',
            '="0012"',
        ),
        *('"H1"', 'H"1', '=HYPERLINK("x")'),
        *(float(PLAIN), int(PLAIN), 10**15, 10**18, -1, 1.0, 1.5, 1e17, np.float64(2), True, False),
        *(Decimal(5), dt.date(2026, 1, 2), dt.datetime(2026, 1, 2), dt.time(1), np.bool_(True)),
    ],
    "id_placeholder": [
        *(
            "/",
            "-",
            "--",
            "---",
            "\\",
            "*",
            ".",
            "...",
            "?",
            "_",
            "(",
            "()",
            "+",
            "#",
            "####",
            "~",
            '"',
        ),
        *("N/A", "n/a", "无", "没有", "暂无", "不详", "未知", "待补", "同上"),
    ],
    "id_characters": [
        *(PLAIN.translate(FULL_WIDTH), X.translate(FULL_WIDTH), PLAIN[:17] + "５"),
        *(
            X[:-1] + "Х",
            X[:-1] + "х",
            X[:-1] + "Χ",
            X[:-1] + "×",
            X[:-1] + "Ｘ",
        ),  # Cyrillic, Greek, times
        *("НX1", "Н1", "АВ1", "ΑB1", "V００1", "Ｖ001", "V001－1", "V001–1", "V001—1", "V001−1"),
        *(f"V001{mark}1" for mark in "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u2061"),
        *(f"{mark}V001" for mark in "\u202a\u202b\u202d\u202e\u200e\u200f\u2066\u2067\u2068\u061c"),
        *(
            "V001\u202c",
            "V001\u2069",
            "H 1",
            "H\u00a01",
            "H\u20091",
            "H\u30001",
            "H\t1",
            "H\n1",
            "H\r1",
        ),
        *(
            "\u00a0H1",
            "H1\u00a0",
            "H\x001",
            "H\x7f1",
            "H\x1b1",
            "H\ud8001",
            "H\ue0001",
            "H\U000e00311",
        ),
        *(
            "é1",
            "e\u03011",
            "ß1",
            "Ⅷ",
            "①",
            "㈠",
            "½",
            "²",
            "٣1",
            "१1",
            "𝟏𝟐",
            "ｱ1",
            "あ1",
            "한1",
            "ı1",
        ),
        *(
            "H1。",
            "H1，",
            "“H1”",
            "‘H1’",
            "’H1",
            "A·B",
            "张·三",
            "—",
            "……",
            "、",
            "？",
            "＃1",
            "＝1",
            "＠1",
        ),
        *(
            "H" * 65,
            "9" * 65,
            "甲" * 65,
            "\u2f00",
            "\uf900",
            "家\ufe00",
            "1\u20e3",
            "H1\u0000",
            "🏠1",
        ),
    ],
}
CASES = [
    *((value, value) for value in KEPT),
    *TRIMMED.items(),
    *((value, code) for code, values in REJECTED.items() for value in values),
]


def outcome(value):
    try:
        return parse_id(value)
    except RuleBroken as broken:
        return broken.code


def test_there_are_enough_cases():
    assert len(CASES) >= 200
    assert set(REJECTED) <= set(RULES)


@pytest.mark.parametrize(("value", "wanted"), CASES, ids=range(len(CASES)))
def test_an_identifier_is_kept_as_it_stands_or_named_with_its_rule(value, wanted):
    assert outcome(value) == wanted


@pytest.mark.parametrize("value", [None, "", " ", "\t", "\u3000", float("nan")])
def test_a_blank_identifier_is_missing(value):
    assert parse_id(value) is None


def test_the_table_sees_what_pandas_makes_of_identifiers():
    kept = [text for text in KEPT if text.isascii() and "," not in text and '"' not in text]
    read = pd.read_csv(io.StringIO("id\n" + "\n".join(kept)), dtype="str")["id"]
    assert [text for text, cell in zip(kept, read, strict=True) if cell != text] == [
        *("NA", "NULL", "null", "None", "nan")
    ]
    numbers = [text for text in kept if text.isdecimal()]
    read = pd.read_csv(io.StringIO("id\n" + "\n".join(numbers)))["id"].astype("str")
    assert sum(cell != text for text, cell in zip(numbers, read, strict=True)) >= 2


HEADER = ["户号", "村编号", "授权书编号", "授权用途", "授权日期", "授权到期日"]
REST = ["V1", "C1", "三治信农户贷款", "2026-01-05", "2027-01-04"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_whole_way_in_keeps_text_and_tells_the_rule(folder, scheme, kind):
    (folder / "households.csv").unlink()
    texts = [PLAIN, X, CREDITS[0], "0012", "NA", f"{PLAIN[:15]}000", "3.30483E+17", "Ｈ1", "同上"]
    rows = [HEADER, *([text, *REST] for text in texts)]
    if kind == "csv":
        (folder / "农户信息.csv").write_bytes(
            "\n".join(",".join(row) for row in rows).encode("gb18030")
        )
    else:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(folder / "农户信息.xlsx")
    done = accept_folder(folder, scheme)
    assert done.county.households["household_id"].tolist() == texts[:5]
    assert done.rejected["code"].tolist() == [
        *("id_damaged", "id_damaged", "id_characters", "id_placeholder")
    ]
