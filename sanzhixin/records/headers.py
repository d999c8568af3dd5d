"""Which column a header means: whole-header match after normalisation, declared money units."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sanzhixin.errors import SchemaError
from sanzhixin.records.columns import Column
from sanzhixin.scheme.deny import denied_header, normalise_header

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sanzhixin.records.columns import TableSpec

__all__ = ["HeaderMatch", "MatchedColumn", "count_known", "find_header", "match_headers"]

_YUAN = {"元": 1, "yuan": 1, "万元": 10_000, "万": 10_000, "wan": 10_000}
_BRACKET_UNIT = re.compile(r"(.+)[(\[]([^()\[\]]*)[)\]]\Z")
_SUFFIX_UNIT = re.compile(r"(.+)_(yuan|wan)\Z")
_REMARK = re.compile(r"[(\[](?:是/否|分|1[-~_]5分?|yyyy-?mm-?dd)[)\]]\Z")
_FEWEST_KNOWN = 2
_JOINTS = ("", "_", "-", ".", "、")


@dataclass(frozen=True, slots=True)
class MatchedColumn:
    """Where a canonical column stands in a file, and the unit of its amounts."""

    column: Column
    position: int
    yuan_per_unit: int = 1


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """Columns found in a header.

    Attributes
    ----------
    columns : tuple of MatchedColumn
        In canonical order.
    ignored : tuple of str
        Headers that the table does not know, as they stand in the file.
    """

    columns: tuple[MatchedColumn, ...]
    ignored: tuple[str, ...]


def match_headers(
    headers: Sequence[str],
    spec: TableSpec,
    *,
    units: Mapping[str, str] | None = None,
    file: str | None = None,
) -> HeaderMatch:
    """Match the headers of a file with the columns of a table.

    Parameters
    ----------
    headers : sequence of str
        As they stand in the file.
    spec : TableSpec
        The table; see `table_spec`.
    units : mapping of str to str, optional
        Declared unit (元, 万元) of money columns whose header states none, by canonical name.
    file : str, optional
        Name for messages.

    Returns
    -------
    HeaderMatch
        What was found and what is ignored.

    Raises
    ------
    SchemaError
        ``denied_column``: a header names an attribute of the deny list; ``columns_repeated``: two
        headers mean one column; ``columns_missing``: a required column is absent;
        ``money_unit_missing``, ``money_unit_unknown``, ``money_unit_conflict``: the unit of an
        amount is absent, unknown, or contradicts the declaration.

    Examples
    --------
    >>> from sanzhixin.records.columns import table_spec
    >>> match = match_headers(["户号", "议事会建议额度（万元）"], table_spec("proposals"))
    >>> [(item.column.name, item.yuan_per_unit) for item in match.columns]
    [('household_id', 1), ('council_limit_yuan', 10000)]
    """
    where = file or spec.name
    _refuse_denied(headers, spec, where)
    synonyms, money = _synonyms(spec)
    found: dict[str, MatchedColumn] = {}
    ignored: list[str] = []
    for position, header in enumerate(headers):
        item = _match_one(header, position, synonyms, money, units or {}, where)
        if item is None and spec.free_columns and normalise_header(header):
            item = MatchedColumn(_free_column(header), position)
        if item is None:
            ignored.append(header)
            continue
        name = item.column.name
        if name in found:
            first = headers[found[name].position]
            raise SchemaError(
                "columns_repeated", file=where, first=first, second=header, column=name
            )
        found[name] = item
    _require(found, spec, where)
    order = {name: place for place, name in enumerate(spec.names)}
    columns = sorted(
        found.values(), key=lambda m: (order.get(m.column.name, len(order)), m.position)
    )
    return HeaderMatch(tuple(columns), tuple(ignored))


def count_known(headers: Sequence[str], spec: TableSpec) -> int:
    """Count the headers that mean a column of the table, units aside.

    A table with free columns counts them too, once one of its own columns is there.
    """
    return _counter(spec)(headers)


def find_header(rows: Sequence[Sequence[str]], spec: TableSpec) -> int | None:
    """Find the header among the first rows of a file.

    Parameters
    ----------
    rows : sequence of sequence of str
        The first rows; a title may stand above the header.
    spec : TableSpec
        Whose headers to expect.

    Returns
    -------
    int or None
        The row with the most known columns, the first of equals; None below two known columns.
    """
    counts = list(map(_counter(spec), rows))
    best = max(counts, default=0)
    return counts.index(best) if best >= _FEWEST_KNOWN else None


def _counter(spec: TableSpec) -> Callable[[Sequence[str]], int]:
    synonyms, money = _synonyms(spec)

    def count(headers: Sequence[str]) -> int:
        texts = [normalise_header(header) for header in headers]
        known = sum(
            _REMARK.sub("", text) in synonyms or _split_unit(text)[0] in money for text in texts
        )
        return sum(map(bool, texts)) if spec.free_columns and known else known

    return count


def _refuse_denied(headers: Sequence[str], spec: TableSpec, where: str) -> None:
    for header in headers:
        denied = denied_header(header, audit_table=spec.name == "audit_groups")
        if denied is not None:
            raise SchemaError(
                "denied_column",
                file=where,
                column=header.strip(),
                attribute=denied.en,
                attribute_zh=denied.zh,
                basis=denied.basis,
                basis_zh=denied.basis_zh,
            )


def _synonyms(spec: TableSpec) -> tuple[dict[str, Column], dict[str, Column]]:
    plain: dict[str, Column] = {}
    money: dict[str, Column] = {}
    for column in spec.columns:
        names = [column.name, column.zh, *column.aliases]
        if column.kind == "rating":
            names += [f"{column.name}{joint}{column.zh}" for joint in _JOINTS]
        if column.kind == "money":
            names = [column.name.removesuffix("_yuan"), *names[1:]]
        target = money if column.kind == "money" else plain
        target.update((normalise_header(name), column) for name in names)
    return plain, money


def _match_one(
    header: str,
    position: int,
    synonyms: Mapping[str, Column],
    money: Mapping[str, Column],
    units: Mapping[str, str],
    where: str,
) -> MatchedColumn | None:
    text = normalise_header(header)
    plain = synonyms.get(_REMARK.sub("", text))
    if plain is not None:
        return MatchedColumn(plain, position)
    base, unit = _split_unit(text)
    column = money.get(base)
    if column is None:
        return None
    declared = units.get(column.name)
    for given in (unit, declared):
        if given is not None and given not in _YUAN:
            raise SchemaError("money_unit_unknown", file=where, column=header, unit=given)
    stated = unit or declared
    if stated is None:
        raise SchemaError("money_unit_missing", file=where, column=header, name=column.name)
    if declared is not None and _YUAN[stated] != _YUAN[declared]:
        raise SchemaError("money_unit_conflict", file=where, column=header, unit=declared)
    return MatchedColumn(column, position, _YUAN[stated])


def _split_unit(text: str) -> tuple[str, str | None]:
    match = _BRACKET_UNIT.match(text) or _SUFFIX_UNIT.match(text)
    return (match[1], match[2]) if match else (text, None)


def _free_column(header: str) -> Column:
    return Column(header.strip(), "text", header.strip())


def _require(found: Mapping[str, MatchedColumn], spec: TableSpec, where: str) -> None:
    missing = [c for c in spec.columns if c.required and c.name not in found]
    ratings = [c for c in spec.columns if c.kind == "rating"]
    if ratings and not any(c.name in found for c in ratings):
        missing.append(ratings[0])
    if missing:
        names = ", ".join(f"{column.name} ({column.zh})" for column in missing)
        raise SchemaError("columns_missing", file=where, table=spec.name, columns=names)
