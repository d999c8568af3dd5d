"""Columns that nobody reads and columns that nobody gave: what was perhaps meant, what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sanzhixin.records.columns import table_spec
from sanzhixin.records.headers import nearest_column
from sanzhixin.records.raw import Note

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sanzhixin.records.columns import Column, TableSpec
    from sanzhixin.records.headers import HeaderMatch
    from sanzhixin.scheme import Scheme

__all__ = ["absent_notes", "ignored_note"]


def ignored_note(file: str, spec: TableSpec, match: HeaderMatch) -> Note:
    """Name the columns that are ignored, and for each the absent one that was perhaps meant.

    Parameters
    ----------
    file : str
        Name for messages.
    spec : TableSpec
        The table.
    match : HeaderMatch
        At least one of its headers is ignored.

    Returns
    -------
    Note
        A column that is there is never asked about.

    Examples
    --------
    >>> from sanzhixin.records.headers import match_headers
    >>> spec = table_spec("proposals")
    >>> match = match_headers(["户号", "council_limt_yuan", "备注"], spec)
    >>> ignored_note("proposals.csv", spec, match).en
    'columns ignored: council_limt_yuan、备注; council_limt_yuan: did you mean council_limit_yuan (议事会建议额度)?'
    """  # noqa: E501  the sentence stands on one line
    there = {item.column.name for item in match.columns}
    names = [header.strip() or "(blank)" for header in match.ignored]
    en, zh = f"columns ignored: {'、'.join(names)}", f"未使用的列：{'、'.join(names)}"
    for header, name in zip(match.ignored, names, strict=True):
        meant = nearest_column(header, spec, there)
        if meant is not None:
            of_en, of_zh = (f"{name}: ", f"{name} ") if len(names) > 1 else ("", "")
            en += f"; {of_en}did you mean {meant.name} ({meant.zh})?"
            zh += f"；{of_zh}是否应为 {_in_chinese(meant)}？"
    return Note(file, en, zh)


def absent_notes(given: Mapping[str, Collection[str]], scheme: Scheme) -> Iterator[Note]:
    """Say which columns the factors and the limits of a scheme use and no table has.

    Parameters
    ----------
    given : mapping of str to collection of str
        Canonical names of the columns that were handed in, by table.
    scheme : Scheme
        Its factors, the multiple of the income, the rules on debt and assets, and the total of a
        customer, which rests on the exposure of the household or of its members.

    Yields
    ------
    Note
        One, or none where all are there.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> given = {"households": ["annual_income_yuan", "debt_yuan", "assets_yuan", "exposure_yuan"]}
    >>> [note.en for note in absent_notes(given, szx.load_scheme("tongxiang"))]
    ['the scheme uses the columns customer_years, utility_payment, which are absent: they count as missing for every household']
    """  # noqa: E501  the sentence stands on one line
    there = set(given.get("households", ()))
    if "exposure_yuan" in given.get("members", ()):
        there.add("exposure_yuan")
    used = _used(scheme)
    absent = [
        column
        for column in table_spec("households", scheme).columns
        if column.name in used and column.name not in there
    ]
    if absent:
        names = ", ".join(column.name for column in absent)
        en = (
            f"columns {names}, which are absent: they count"
            if len(absent) > 1
            else f"column {names}, which is absent: it counts"
        )
        yield Note(
            "households",
            f"the scheme uses the {en} as missing for every household",
            f"方案所用的列 {'、'.join(map(_in_chinese, absent))} 没有提供，各户按缺失计",
        )


def _used(scheme: Scheme) -> set[str]:
    """Columns of households on which factors, bounds of the limit and reviews rest."""
    limits = scheme.limits
    used = {factor.column for factor in scheme.factors}
    if limits.income_multiple is not None:
        used.add("annual_income_yuan")
    if limits.debt_ratio is not None or scheme.debt is not None:
        used |= {"debt_yuan", "assets_yuan"}
    if limits.customer_total is not None:
        used.add("exposure_yuan")
    return used


def _in_chinese(column: Column) -> str:
    return f"{column.zh}（{column.name}）"
