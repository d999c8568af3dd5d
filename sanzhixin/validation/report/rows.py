"""One row of a table in a phrase: the statistic, of whom, and its value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from sanzhixin.validation.report.cells import (
    Names,
    category_words,
    column_words,
    is_share,
    percent,
    statistic_words,
)

if TYPE_CHECKING:
    from sanzhixin.scheme import Scheme

__all__ = ["NO_NUMBER", "scheme_names", "tell_number", "tell_row"]

NO_NUMBER = "–"
"""What stands where a number is missing."""

_MOST_WHOLE = 1e15
_NOT_ABOUT = frozenset(("statistic", "verdict", "convention", "law", "method", "size", "of"))


def scheme_names(scheme: Scheme, unrated: str) -> dict[str, tuple[str, str]]:
    """Chinese and English name of pillars, entries, factors and of households without a tier.

    Parameters
    ----------
    scheme : Scheme
        Of the model.
    unrated : str
        What the scheme calls households below all tiers.

    Returns
    -------
    dict of str to pair of str
        By code.

    Examples
    --------
    >>> from sanzhixin.scheme import load_scheme
    >>> scheme_names(load_scheme("tongxiang"), "未评级")["fs"]
    ('家风', 'family style')
    """
    told = {one.code: (one.zh, one.en) for one in scheme.pillars}
    told |= {code: (rule.zh, rule.en) for code, rule in scheme.event_rules.items()}
    told |= {one.name: (one.zh, one.en) for one in scheme.factors}
    return told | {unrated: (unrated, "unrated")}


def tell_number(table: str, row: Mapping[Any, Any], name: str) -> str:
    """Write a number of a row: shares as percentages, whole numbers without a point.

    Parameters
    ----------
    table : str
        Name of the table.
    row : mapping
        Columns and values of the row.
    name : str
        Column of the number.

    Returns
    -------
    str
        `NO_NUMBER` where it is missing.

    Examples
    --------
    >>> row = {"statistic": "default_rate", "value": 0.0314, "n": 1200}
    >>> tell_number("tiers", row, "value"), tell_number("tiers", row, "n")
    ('3.1%', '1,200')
    """
    value = row[name]
    if pd.isna(value):
        return NO_NUMBER
    if is_share(table, str(row.get("statistic", "")), name):
        return percent(float(value))
    if float(value).is_integer() and abs(value) < _MOST_WHOLE:
        return f"{int(value):,}"
    return f"{value:.4g}"


def tell_row(table: str, row: Mapping[Any, Any], names: Names) -> tuple[str, str]:
    """Say which row it is in a phrase.

    Parameters
    ----------
    table : str
        Name of the table.
    row : mapping
        Columns and values of the row.
    names : mapping
        Names of codes, of `scheme_names`.

    Returns
    -------
    (str, str)
        Chinese and English.

    Examples
    --------
    >>> tell_row("tiers", {"statistic": "default_rate", "tier": "A", "value": 0.0314}, {})[1]
    'default rate (tier A): 3.1%'
    """
    statistic = str(row["statistic"])
    zh, en = statistic_words(table, statistic) or (statistic, statistic)
    parts = [
        _said(name, value, names)
        for name, value in row.items()
        if isinstance(value, str) and value not in {"", "all"} and name not in _NOT_ABOUT
    ]
    of_zh, of_en = "，".join(one for one, _ in parts), ", ".join(one for _, one in parts)
    value = tell_number(table, row, "value")
    zh = f"{zh}（{of_zh}）：{value}" if parts else f"{zh}：{value}"
    return zh, f"{en} ({of_en}): {value}" if parts else f"{en}: {value}"


def _said(name: str, value: str, names: Names) -> tuple[str, str]:
    """Say a category; one without words behind the name of its column."""
    told = category_words(name, value, names)
    if told is not None:
        return told
    zh, en = column_words(name, names) or (name, name)
    return f"{zh} {value}", f"{en} {value}"
