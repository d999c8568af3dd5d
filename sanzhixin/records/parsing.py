"""Columns of a table through the grammar: every distinct cell is parsed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sanzhixin.records.dtypes import DTYPES
from sanzhixin.records.grammar import RuleBroken, parser_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sanzhixin.records.columns import Kind
    from sanzhixin.records.headers import MatchedColumn

__all__ = ["ParsedColumn", "parse_column"]

_INTEGERS: dict[Kind, Any] = {
    "money": np.int64,
    "int": np.int64,
    "round": np.int64,
    "rating": np.int8,
    "bool": np.bool_,
    "number": np.float64,
}
_NESTED = (tuple, ())
"""Type and value that every cell without a hash stands for; each grammar refuses a tuple."""


@dataclass(frozen=True, slots=True)
class ParsedColumn:
    """A canonical column and what was wrong with its cells.

    Attributes
    ----------
    series : Series of length n_rows
        Canonical dtype; missing where a cell was blank or broke a rule.
    broken : tuple of (str, ndarray)
        Rule code and the positions of the rows that break it.
    """

    series: pd.Series
    broken: tuple[tuple[str, NDArray[np.int64]], ...]


def parse_column(cells: pd.Series, matched: MatchedColumn) -> ParsedColumn:
    """Read one column.

    Parameters
    ----------
    cells : Series of length n_rows
        Text or typed values as they stand in the file; blank text is missing.
    matched : MatchedColumn
        What the column means, and the unit of its amounts.

    Returns
    -------
    ParsedColumn
        With a fresh row index.
    """
    kind = matched.column.kind
    codes, uniques = _factorize(cells)
    parsed, failures = _parse_all(uniques, parser_for(matched.column, matched.yuan_per_unit))
    if kind == "id" and cells.dtype == DTYPES["id"] and not failures and parsed == uniques:
        return ParsedColumn(cells.reset_index(drop=True), ())
    return ParsedColumn(_assemble(parsed, codes, kind), _spread(failures, codes, len(uniques)))


def _factorize(cells: pd.Series) -> tuple[NDArray[np.int64], list[object]]:
    if cells.dtype != object or pd.api.types.infer_dtype(cells, skipna=True) == "string":
        codes, uniques = pd.factorize(cells)
        is_text = isinstance(uniques.dtype, pd.StringDtype)  # gives its items one by one slowly
        distinct = uniques.to_numpy(dtype=object) if is_text else uniques
        return codes.astype(np.int64, copy=False), list(distinct)
    seen: dict[tuple[type, object], int] = {}
    missing = cells.isna().to_numpy()
    codes = np.full(len(cells), -1, dtype=np.int64)
    values = cells.to_numpy()
    for place in np.flatnonzero(~missing):
        value = values[place]
        try:
            codes[place] = seen.setdefault((type(value), value), len(seen))
        except TypeError:  # a list or the like has no hash
            codes[place] = seen.setdefault(_NESTED, len(seen))
    return codes, [value for _, value in seen]


def _parse_all(
    uniques: Sequence[object], parse: Callable[[object], object]
) -> tuple[list[object], dict[int, str]]:
    parsed: list[object] = []
    failures: dict[int, str] = {}
    for place, value in enumerate(uniques):
        try:
            parsed.append(parse(value))
        except RuleBroken as broken:
            parsed.append(None)
            failures[place] = broken.code
    return parsed, failures


def _assemble(parsed: list[object], codes: NDArray[np.int64], kind: Kind) -> pd.Series:
    values = [*parsed, None]  # code -1, a missing cell, takes the last place
    if kind == "date":
        days = np.array(
            [
                np.datetime64("NaT", "s") if v is None else np.datetime64(str(v), "s")
                for v in values
            ],
            dtype="datetime64[s]",
        )
        return pd.Series(days[codes])
    if kind not in _INTEGERS:
        return pd.Series(pd.array(values, dtype=DTYPES[kind]).take(codes))
    blank = np.array([value is None for value in values])
    numbers = np.array([0 if v is None else v for v in values], dtype=_INTEGERS[kind])
    array: Any = {
        "bool": pd.arrays.BooleanArray,
        "number": pd.arrays.FloatingArray,
    }.get(kind, pd.arrays.IntegerArray)
    return pd.Series(array(numbers[codes], blank[codes]))


def _spread(
    failures: dict[int, str], codes: NDArray[np.int64], n_uniques: int
) -> tuple[tuple[str, NDArray[np.int64]], ...]:
    if not failures:
        return ()
    names = sorted(set(failures.values()))
    number = np.zeros(n_uniques + 1, dtype=np.int64)
    for place, code in failures.items():
        number[place] = names.index(code) + 1
    hit = number[codes]
    return tuple((name, np.flatnonzero(hit == k)) for k, name in enumerate(names, start=1))
