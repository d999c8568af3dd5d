"""Cells of the page in words: statistics, columns, categories, shares as percentages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sanzhixin.errors.words import VERDICT_WORDS
from sanzhixin.validation.report.statistic_words import (
    CATEGORIES,
    COLUMNS,
    PARTS,
    SHARE_COLUMNS,
    SHARES,
    STATISTICS,
)

__all__ = [
    "Names",
    "category_words",
    "column_words",
    "is_share",
    "percent",
    "say_codes",
    "statistic_words",
]

Pair = tuple[str, str]

Names = Mapping[str, Pair]
"""Chinese and English name of pillars, factors, entries and of the tier without points, by code."""

_JOINED = ((" | ", " | "), (";", "、"))  # how one cell joins several codes, and how they are shown
_SCORE = ("评议得分", ", score")
_STATISTIC = frozenset(("value", "low", "high", "threshold"))
_SAID = {code: zh for code, (zh, _) in VERDICT_WORDS.items()} | {
    code: CATEGORIES[column][code][0]
    for column, code in (
        ("size", "hidden"),
        ("group", "(not stated)"),
        ("village_id", "(small villages)"),
    )
}
_CODE = re.compile(rf" ?(?<![A-Za-z_])({'|'.join(map(re.escape, _SAID))})(?![A-Za-z_]) ?")


def percent(value: float) -> str:
    """Write a share of 1 as a percentage.

    Parameters
    ----------
    value : float
        Share; NaN where there is none.

    Returns
    -------
    str
        One decimal from 1 % on, else two digits that tell something.

    Examples
    --------
    >>> percent(0.36170), percent(0.009434), percent(1), percent(0.0), percent(0.000012)
    ('36.2%', '0.94%', '100%', '0%', '0.0012%')
    """
    if value != value:
        return "–"
    size = 100 * value
    text = f"{size:.1f}" if abs(size) >= 1 or size == 0 else f"{size:.6f}"
    if 0 < abs(size) < 1:
        digits = next((k for k, sign in enumerate(text.split(".")[1]) if sign != "0"), 5)
        text = f"{size:.{digits + 2}f}"
    return f"{text.rstrip('0').rstrip('.')}%"


def statistic_words(table: str, code: str) -> Pair | None:
    """Name a statistic.

    Parameters
    ----------
    table : str
        Name of the table.
    code : str
        Of the statistic.

    Returns
    -------
    (str, str) or None
        Chinese and English; None where there are no words.

    Examples
    --------
    >>> statistic_words("pathway", "points")[1], statistic_words("sensitivity", "points")[1]
    ('households with points', 'mean size of the move in points')
    """
    return STATISTICS.get(f"{table}.{code}", STATISTICS.get(code))


def column_words(column: str, names: Names) -> Pair | None:
    """Name a column.

    Parameters
    ----------
    column : str
        As the table has it.
    names : mapping
        Names of codes.

    Returns
    -------
    (str, str) or None
        Chinese and English; None where there are no words.

    Examples
    --------
    >>> column_words("part_PANEL_fs", {"fs": ("家风", "family style")})
    ('评议 家风', 'panel family style')
    """
    return COLUMNS.get(column) or _part_words(column.removeprefix("part_"), names)


def category_words(column: str, value: str, names: Names) -> Pair | None:
    """Name the value of a category.

    Parameters
    ----------
    column : str
        In which it stands.
    value : str
        Code, or several as one cell joins them.
    names : mapping
        Names of codes.

    Returns
    -------
    (str, str) or None
        Chinese and English; None where the value tells itself, as a village or a month does.

    Examples
    --------
    >>> names = {"fs": ("家风", "family style"), "未评级": ("未评级", "unrated")}
    >>> category_words("characteristic", "fs_score", names)
    ('家风评议得分', 'family style, score')
    >>> category_words("tier", "C | 未评级", names), category_words("tier", "C", names)
    (('C | 未评级', 'C | unrated'), None)
    """
    own = CATEGORIES.get(column, {})
    if value in own:
        return own[value]
    for sign, shown in _JOINED:
        if sign in value:
            codes = value.split(sign)
            parts = [category_words(column, code, names) or (code, code) for code in codes]
            return shown.join(zh for zh, _ in parts), sign.join(en for _, en in parts)
    if value in names:
        return names[value]
    pillar = value.removesuffix("_score")
    if pillar != value and pillar in names:
        zh, en = names[pillar]
        return zh + _SCORE[0], en + _SCORE[1]
    return _part_words(value, names)


def is_share(table: str, statistic: str, column: str) -> bool:
    """Tell whether a number is a share of 1.

    Parameters
    ----------
    table, statistic : str
        Where it stands; no statistic is the empty text.
    column : str
        In which column.

    Returns
    -------
    bool
        Shown as a percentage if so.

    Examples
    --------
    >>> is_share("tiers", "default_rate", "low"), is_share("tiers", "default_rate", "p_value")
    (True, False)
    """
    if column in SHARE_COLUMNS:
        return True
    return column in _STATISTIC and (statistic in SHARES or f"{table}.{statistic}" in SHARES)


def say_codes(note: str) -> str:
    """Put the Chinese word in place of the code of a verdict or of a merged or hidden group.

    Parameters
    ----------
    note : str
        Chinese text that names them by their codes.

    Returns
    -------
    str
        Names of columns that hold such a word stay.

    Examples
    --------
    >>> say_codes("低于 0.05 为 watch，fail_above 为界限，隐去者写 hidden。")
    '低于 0.05 为关注，fail_above 为界限，隐去者写不显示。'
    """
    return _CODE.sub(lambda found: _SAID[found[1]], note)


def _part_words(code: str, names: Names) -> Pair | None:
    kind, _, name = code.partition("_")
    if kind not in PARTS:
        return None
    before, own = PARTS[kind], names.get(name) or _OF_BOUNDS.get(name, (name, name))
    return before[0] + own[0], before[1] + own[1]


_OF_BOUNDS: dict[str, Any] = {
    "events": ("事项合计", "entries"),
    "panel": ("评议合计", "the panel"),
    "factors": ("因素合计", "factors"),
    "total": ("总分", "the sum"),
}
