"""Look-up tables of a scheme that turn codes into array positions, built once per scheme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sanzhixin.records.columns import TABLES, table_spec
from sanzhixin.records.grammar import parser_for, word
from sanzhixin.records.levels import level_table, list_class_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from sanzhixin.records.columns import Column
    from sanzhixin.scheme import Scheme

__all__ = ["MICRO", "FactorIndex", "SchemeIndex", "scheme_index"]

MICRO = 1_000_000
"""Numeric factors are kept in millionths."""


@dataclass(frozen=True, slots=True)
class FactorIndex:
    """Where a factor stands and how it becomes an integer.

    Attributes
    ----------
    name, column : str
        Of the factor.
    written : bool
        It needs a written consent.
    levels : dict of str to int or None
        Position of each level; None for a numeric factor.
    words : dict of str to int
        Position by normalised word: name and Chinese name of each level.
    """

    name: str
    column: str
    written: bool
    levels: dict[str, int] | None
    words: dict[str, int]


@dataclass(frozen=True, slots=True)
class SchemeIndex:
    """Positions of panel items, event levels, records and factors.

    Attributes
    ----------
    panel : tuple of str
        Panel codes in array order.
    scales : dict of str to (int, int)
        Lowest and highest rating by panel code.
    event_codes, register_codes : dict of str to int
        Code to array position.
    events : dict of (str, str) to (int, int)
        (code, level) to array positions.
    levels, list_classes : dict of (str, str) to str
        See `sanzhixin.records.levels`.
    factors : tuple of FactorIndex
        In the order of the scheme.
    columns : dict of str to dict of str to Column
        Table to column name to column.
    consent_purpose : str
        Purpose that a consent has to name.
    panel_set : frozenset of str
        The panel codes.
    common : frozenset of (int or None)
        None and the ratings that lie on the scale of every panel item.
    event_words, register_words : dict of str to str
        Normalised word, e.g. the Chinese name, to code.
    parsers : dict of str to callable
        Grammar of the factor columns that are not columns of ``households`` anyway.
    written_columns : tuple of str
        Columns that need a written consent.
    """

    panel: tuple[str, ...]
    scales: dict[str, tuple[int, int]]
    event_codes: dict[str, int]
    register_codes: dict[str, int]
    events: dict[tuple[str, str], tuple[int, int]]
    levels: dict[tuple[str, str], str]
    list_classes: dict[tuple[str, str], str]
    factors: tuple[FactorIndex, ...]
    columns: dict[str, dict[str, Column]]
    consent_purpose: str
    panel_set: frozenset[str]
    common: frozenset[int | None]
    event_words: dict[str, str]
    register_words: dict[str, str]
    parsers: dict[str, Callable[[object], object]]
    written_columns: tuple[str, ...]


_BUILT: dict[int, tuple[Scheme, SchemeIndex]] = {}
_KEPT = 8


def scheme_index(scheme: Scheme) -> SchemeIndex:
    """Return the index of a scheme; the last few are kept, by identity."""
    known = _BUILT.get(id(scheme))
    if known is not None and known[0] is scheme:
        return known[1]
    built = _build(scheme)
    for key in list(_BUILT)[: max(0, len(_BUILT) - _KEPT + 1)]:
        _BUILT.pop(key, None)
    _BUILT[id(scheme)] = (scheme, built)
    return built


def _build(scheme: Scheme) -> SchemeIndex:
    events = {
        (code, level.level): (place, position)
        for place, (code, rule) in enumerate(scheme.event_rules.items())
        for position, level in enumerate(rule.levels)
    }
    tables = ("households", "raters", "ratings", "events", "registers", "members", "proposals")
    columns = {name: {c.name: c for c in table_spec(name, scheme).columns} for name in tables}
    factors = tuple(
        FactorIndex(
            factor.name,
            factor.column,
            factor.consent == "written",
            {item.level: place for place, item in enumerate(factor.levels)}
            if factor.kind == "categorical"
            else None,
            {
                word(text): place
                for place, item in enumerate(factor.levels)
                for text in (item.level, item.zh)
            }
            if factor.kind == "categorical"
            else {},
        )
        for factor in scheme.factors
    )
    scales = {code: columns["ratings"][code].scale for code in scheme.panel_codes}
    households = columns["households"].values()
    fixed = TABLES["households"].names
    return SchemeIndex(
        panel=scheme.panel_codes,
        scales=scales,
        event_codes={code: place for place, code in enumerate(scheme.event_rules)},
        register_codes={code: place for place, code in enumerate(scheme.official_rules)},
        events=events,
        levels=level_table(scheme),
        list_classes=list_class_table(scheme),
        factors=factors,
        columns=columns,
        consent_purpose=scheme.consent_purpose,
        panel_set=frozenset(scheme.panel_codes),
        common=frozenset(
            {None, *range(max(map(min, scales.values())), 1 + min(map(max, scales.values())))}
        ),
        event_words=_words(columns["events"]["code"]),
        register_words=_words(columns["registers"]["code"]),
        parsers={c.name: parser_for(c) for c in households if c.name not in fixed},
        written_columns=tuple(c.name for c in households if c.written_consent),
    )


def _words(column: Column) -> dict[str, str]:
    return {
        text: code
        for code, aliases in column.words.items()
        for text in (code, word(code), *map(word, aliases))
    }
