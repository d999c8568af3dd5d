"""One strict grammar per kind of cell: text or typed value to canonical value, or a broken rule.

The same parsers read the unique values of a table column and the fields of one record.

Declared normalisations, all others are refused: outer blanks are dropped; full-width forms
(U+FF01-FF5E) of numbers, dates and words count as their ASCII twins; dates drop a time of day;
the last letter of a resident ID number becomes ``X``.  A floating number in a money cell is read
with the 15 digits that a spreadsheet shows; one of kind ``number`` keeps every digit and may have
an exponent.  Identifiers are never changed otherwise.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from sanzhixin.records.vocabulary import BOOL_WORDS, NOT_RATED_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sanzhixin.records.columns import Column

__all__ = [
    "FIRST_DAY",
    "LAST_DAY",
    "MAX_YUAN",
    "RuleBroken",
    "parse_bool",
    "parse_date",
    "parse_id",
    "parse_int",
    "parse_money",
    "parse_number",
    "parse_rating",
    "parse_round",
    "parse_text",
    "parser_for",
    "word",
]

MAX_YUAN = 10**12
"""Amounts above it are refused as slips of the pen."""

FIRST_DAY, LAST_DAY = dt.date(1900, 1, 1), dt.date(2200, 12, 31)
"""Dates outside are refused as slips of the pen or stand-ins for no date."""

_LONGEST_INTEGER = 1024  # bits; Python refuses to write integers of many digits as text
MAX_TEXT = 1_000
_MAX_ID_NUMBER = 10**15

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_BLANKS = " \t\r\n\u3000"
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,12})?\Z")
_REAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?\Z")
_UNIT_MARK = re.compile("[万元千¥￥$%]")
_DATE = re.compile(
    r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)"
    r"(?:[ T][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.0+)?)?)?\Z"
)
_SERIAL = re.compile(r"[0-9]{5}(\.[0-9]+)?\Z")
_ROUND = re.compile(r"第([0-9]{1,3}|[一二三四五六七八九十]{1,3})轮\Z")
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CREDIT_CODE = r"[1-9ANY][1-59][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}\Z"
_PLAIN_ID = re.compile(
    rf"(?![Nn]/[Aa]\Z|{_MONTH}-[0-9]{{1,4}}\Z|{_CREDIT_CODE})[A-Za-z][A-Za-z0-9_./-]{{0,63}}\Z"
)
_ANY_ID = re.compile("[!-~\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003fffd]{1,64}\\Z")
_DAMAGED_ID = re.compile(
    r"[0-9]+(?:\.[0-9]+[eE]\+?|[eE]\+)[0-9]+\Z|[0-9]+\.0+\Z|[0-9]{15}0{3,}\Z"
    r"|[0-9]{1,3}(?:,[0-9]{3})+(?:\.0+)?\Z"  # thousands
    r"|(?:[0-9]{4}年)?[0-9]{1,2}月(?:[0-9]{1,2}日)?\Z"  # 1-2 became a date
    rf"|[0-9]{{1,2}}-{_MONTH}\Z|{_MONTH}-[0-9]{{1,4}}\Z"
    r"|#(?:N/A|NAME\?|(?:REF|VALUE|DIV/0|NULL|NUM|SPILL|CALC|FIELD)!)\Z"
    "|'|.*\""  # the marks that keep a text from being a number: '0012, ="0012"
)
_NO_ID = re.compile(r"[!-/:-@\[-`{-~]+\Z|[Nn]/[Aa]\Z|(?:无|没有|暂无|不详|未知|待补|同上)\Z")
_CREDIT_ID = re.compile(rf"(?=[ANY]|.{{8}}[0-9]{{0,8}}[A-Y]){_CREDIT_CODE}")
_CREDIT_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_RESIDENT_ID = re.compile(
    r"[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]\Z"
)
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_NESTED = (bytes, bytearray, dict, list, set, tuple)
_CHINESE_DIGITS = {digit: place for place, digit in enumerate("一二三四五六七八九", start=1)}


class RuleBroken(ValueError):
    """A cell breaks a rule; carries the rule's code only, never the value."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def parse_id(value: object) -> str | None:
    """Read an identifier: text that Excel cannot have damaged, or a whole number below 10^15."""
    if type(value) is str:
        text = value.strip(_BLANKS)
        if _PLAIN_ID.match(text):
            return text
        return _checked_id(text) if text else None
    plain = _plain(value)
    if plain is None:
        return None
    if isinstance(plain, int) and not isinstance(plain, bool) and 0 <= plain < _MAX_ID_NUMBER:
        return str(plain)
    raise RuleBroken("id_damaged")


def _checked_id(text: str) -> str:
    if _NO_ID.match(text):
        raise RuleBroken("id_placeholder")
    if _DAMAGED_ID.match(text):
        raise RuleBroken("id_damaged")
    if not _ANY_ID.match(text) or unicodedata.normalize("NFKC", text) != text:
        raise RuleBroken("id_characters")
    if _RESIDENT_ID.match(text):
        text = text.upper()
        total = sum(int(d) * w for d, w in zip(text, _RESIDENT_WEIGHTS, strict=False))
        if "10X98765432"[total % 11] != text[-1]:
            raise RuleBroken("id_check_digit")
    elif _CREDIT_ID.match(text):
        total = sum(_CREDIT_DIGITS.index(d) * pow(3, k, 31) for k, d in enumerate(text[:-1]))
        if _CREDIT_DIGITS[-total % 31] != text[-1]:
            raise RuleBroken("id_check_digit")
    return text


def parse_text(value: object) -> str | None:
    """Read free text of up to 1,000 characters without control characters."""
    plain = _plain(value)
    if plain is None:
        return None
    text = plain.strip(_BLANKS) if isinstance(plain, str) else str(plain)
    if not text:
        return None
    if len(text) > MAX_TEXT or not (text.isprintable() or _is_clean(text)):
        raise RuleBroken("text_characters")
    return text


def _is_clean(text: str) -> bool:
    return not any(unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in text)


def parse_number(value: object) -> float | None:
    """Read a finite number with any number of decimals, and an exponent or none."""
    text = _ascii(value) if isinstance(value, str) else ""
    if _REAL.match(text):
        number = float(text)
    else:
        plain = _decimal(value)
        if plain is None:
            return None
        number = float(value) if isinstance(value, float) else float(plain)
    if abs(number) > MAX_YUAN:
        raise RuleBroken("number_too_large")
    return number


def parse_money(value: object, yuan_per_unit: int = 1) -> int | None:
    """Read an amount in units of 1 or 10,000 yuan; exact, whole yuan, not negative."""
    number = _decimal(value)
    if number is None:
        return None
    if number < 0:
        raise RuleBroken("money_negative")
    if number > MAX_YUAN // yuan_per_unit:
        raise RuleBroken("number_too_large")
    yuan = number * yuan_per_unit
    whole = int(yuan)
    if whole != yuan:
        raise RuleBroken("money_not_whole")
    return whole


def parse_int(value: object) -> int | None:
    """Read a whole number."""
    number = _decimal(value)
    if number is None:
        return None
    if abs(number) > MAX_YUAN:
        raise RuleBroken("number_too_large")
    whole = int(number)
    if whole != number:
        raise RuleBroken("number_not_whole")
    return whole


def parse_round(value: object) -> int | None:
    """Read a round: a whole number from 1, or 第N轮."""
    if isinstance(value, str):
        match = _ROUND.match(_ascii(value))
        if match:
            return _chinese_int(match[1])
    try:
        number = parse_int(value)
    except RuleBroken:
        raise RuleBroken("round_grammar") from None
    if number is not None and not 1 <= number <= 999:
        raise RuleBroken("round_grammar")
    return number


def parse_rating(value: object, lowest: int = 1, highest: int = 5) -> int | None:
    """Read a whole rating; blank and 不了解 are missing, never the middle and never 0."""
    if type(value) is str and value.strip(_BLANKS) in NOT_RATED_WORDS:
        return None
    try:
        number = parse_int(value)
    except RuleBroken:
        raise RuleBroken("rating_grammar") from None
    if number is not None and not lowest <= number <= highest:
        raise RuleBroken("rating_scale")
    return number


def parse_bool(value: object, words: Mapping[str, bool] | None = None) -> bool | None:
    """Read yes or no."""
    plain = _plain(value)
    if plain is None or isinstance(plain, bool):
        return plain
    text = word(str(plain))
    if not text:
        return None
    found = (_BOOL if words is None else words).get(text)
    if found is None:
        raise RuleBroken("bool_grammar")
    return found


def parse_date(value: object) -> dt.date | None:
    """Read a date of the years 1900 to 2200: ISO, 2026/6/30, 2026年6月30日, or a date object."""
    if type(value) is str:
        return _date_of_text(value)
    plain = _plain(value)
    if plain is None:
        return None
    if not isinstance(plain, dt.date):
        raise RuleBroken("date_serial")
    if not FIRST_DAY.year <= plain.year <= LAST_DAY.year:
        raise RuleBroken("date_range")
    return plain.date() if isinstance(plain, dt.datetime) else plain


@lru_cache(maxsize=4096)
def _date_of_text(value: str) -> dt.date | None:
    text = _ascii(value)
    if not text:
        return None
    match = _DATE.match(text)
    if match is None:
        raise RuleBroken("date_serial" if _SERIAL.match(text) else "date_grammar")
    year, _, month, day, month_zh, day_zh = match.groups()
    try:
        date = dt.date(int(year), int(month or month_zh), int(day or day_zh))
    except ValueError:
        raise RuleBroken("date_impossible") from None
    if not FIRST_DAY <= date <= LAST_DAY:
        raise RuleBroken("date_range")
    return date


def parser_for(column: Column, yuan_per_unit: int = 1) -> Callable[[object], object]:
    """Choose the parser of a column.

    Parameters
    ----------
    column : Column
        What the cells mean.
    yuan_per_unit : int, default=1
        Unit of a money column: 1 or 10,000 yuan.

    Returns
    -------
    callable
        Takes a cell, returns the canonical value or None when it is missing, raises `RuleBroken`.
    """
    kind = column.kind
    if kind == "rating":
        lowest, highest = column.scale
        return lambda value: parse_rating(value, lowest, highest)
    if kind == "money":
        return lambda value: parse_money(value, yuan_per_unit)
    if kind == "bool":
        words = _bool_words(column.words)
        return lambda value: parse_bool(value, words)
    if kind in {"choice", "code"}:
        return _choice_parser(
            column.words, "choice_unknown" if kind == "choice" else "code_unknown"
        )
    return _SIMPLE[kind]


def _choice_parser(
    words: Mapping[str, tuple[str, ...]], code: str
) -> Callable[[object], str | None]:
    table = {word(alias): name for name, aliases in words.items() for alias in (name, *aliases)}

    def parse_choice(value: object) -> str | None:
        plain = _plain(value)
        text = "" if plain is None else word(str(plain))
        if not text:
            return None
        if text not in table:
            raise RuleBroken(code)
        return table[text]

    return parse_choice


def word(text: str) -> str:
    """Bring a word to the form in which choices are compared: NFKC, lower case, no blanks."""
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


def _plain(value: object) -> object:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, _NESTED) or getattr(value, "ndim", None):
        raise RuleBroken("value_nested")
    if type(value) is int and value.bit_length() > _LONGEST_INTEGER:
        raise RuleBroken("number_too_large")
    item = getattr(value, "item", None)
    return item() if callable(item) else value


def _ascii(value: str) -> str:
    text = value if value.isascii() else value.translate(_FULL_WIDTH)
    return text.strip(_BLANKS)


def _decimal(value: object) -> Decimal | None:
    if type(value) is int:
        return Decimal(value)
    plain = _plain(value)
    if plain is None or isinstance(plain, Decimal):
        if plain is not None and not plain.is_finite():
            raise RuleBroken("number_not_finite")
        return plain
    if isinstance(plain, str):
        text = _ascii(plain)
        return _decimal_of_text(text) if text else None
    if isinstance(plain, bool) or not isinstance(plain, int | float):
        raise RuleBroken("number_grammar")
    if isinstance(plain, float) and math.isinf(plain):
        raise RuleBroken("number_not_finite")
    return Decimal(plain if isinstance(plain, int) else f"{plain:.15g}")


def _decimal_of_text(text: str) -> Decimal:
    if _NUMBER.match(text):
        return Decimal(text)
    if _THOUSANDS.match(text):
        raise RuleBroken("number_thousands")
    if _UNIT_MARK.search(text):
        raise RuleBroken("number_unit")
    raise RuleBroken("number_grammar")


def _chinese_int(text: str) -> int:
    if text.isascii():
        return int(text)
    tens, has_ten, ones = text.rpartition("十")
    if len(tens) > 1 or len(ones) > 1 or "十" in tens:
        raise RuleBroken("round_grammar")
    return (_CHINESE_DIGITS.get(tens, 1) * 10 if has_ten else 0) + _CHINESE_DIGITS.get(ones, 0)


def _bool_words(words: Mapping[str, tuple[str, ...]]) -> dict[str, bool]:
    return {
        text: name == "true"
        for name in ("true", "false")
        for text in (*BOOL_WORDS[name], *words.get(name, ()))
    }


_BOOL = _bool_words({})
_SIMPLE: dict[str, Callable[[object], object]] = {
    "id": parse_id,
    "text": parse_text,
    "int": parse_int,
    "round": parse_round,
    "date": parse_date,
    "number": parse_number,
}
