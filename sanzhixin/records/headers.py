"""Which column a header means, its unit, and what the names and the title of a sheet state."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from sanzhixin.errors import SchemaError
from sanzhixin.records.columns import Column
from sanzhixin.records.raw import RawTable
from sanzhixin.records.table_names import round_of, table_of
from sanzhixin.scheme.deny import denied_header, normalise_header

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from sanzhixin.records.columns import TableSpec

__all__ = [
    "HeaderMatch",
    "MatchedColumn",
    "add_stated",
    "count_known",
    "find_header",
    "match_headers",
    "nearest_column",
    "raters_in",
]

_YUAN = {"元": 1, "yuan": 1, "万元": 10_000, "万": 10_000, "wan": 10_000}
_BRACKET_UNIT = re.compile(r"(.+)[(\[]([^()\[\]]*)[)\]]\Z")
_SUFFIX_UNIT = re.compile(r"(.+)_(yuan|wan)\Z")
_REMARK = re.compile(r"[(\[](?:是/否|分|1[-~_]5分?|yyyy-?mm-?dd)[)\]]\Z")
_FEWEST_KNOWN = 2
_JOINTS = ("", "_", "-", ".", "、")
_RATER = re.compile(
    r"(?:评议员|评议人)(?P<label>编号|代码|姓名)?\s*(?P<mark>[:：_])?[\s_\-(（]*"
    r"(?P<rater>(?>[A-Za-z0-9]+(?:[-_./](?!(?:19|20)[0-9]{2})[A-Za-z0-9]+)*"
    r"|[\u3400-\u9fff·]{2,8}))(?!\s*[:：])"
)
_RATER_LABEL = re.compile(r"\s*(?:评议员|评议人)(?:编号|代码|姓名)?\s*[:：]?\s*\Z")
_RATER_SHEET = re.compile(r"[A-Za-z]{1,3}[-_]?[0-9]{1,8}\Z")


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


def nearest_column(header: str, spec: TableSpec, there: Collection[str]) -> Column | None:
    """Find the column that a header perhaps means, among those that are not `there`.

    Names, Chinese headers and further headers are compared without unit, as letters go; None
    where none is near.

    Examples
    --------
    >>> from sanzhixin.records.columns import table_spec
    >>> nearest_column("年收人（万元）", table_spec("households"), []).name
    'annual_income_yuan'
    """
    plain, money = _synonyms(spec)
    absent = {name: column for name, column in (plain | money).items() if column.name not in there}
    text = _split_unit(_REMARK.sub("", normalise_header(header)))[0]
    near = get_close_matches(text, absent, n=1)
    return absent[near[0]] if near else None


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
        An earlier row with every needed column is taken if other rows stand between the two: they
        are data.
    """
    counts = list(map(_counter(spec), rows))
    best = max(counts, default=0)
    if best < _FEWEST_KNOWN:
        return None
    place = counts.index(best)
    for earlier in range(place - 1):
        between = rows[earlier + 1 : place]
        if _is_complete(rows[earlier], spec) and any(map(any, between)):
            return earlier
    return place


def _is_complete(headers: Sequence[str], spec: TableSpec) -> bool:
    needed = {column.name for column in spec.columns if column.required} - _stated_columns(spec)
    ratings = {c.name for c in spec.columns if c.kind == "rating"}
    names = {column.name for column in _found(headers, spec)}
    return names >= needed and (not ratings or bool(names & ratings))


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


def add_stated(
    raw: RawTable, spec: TableSpec, names: Sequence[str], above: Sequence[Sequence[str]]
) -> RawTable:
    """Add the round and the rater that names or a title state for a whole sheet.

    Only what the table needs and has no column for is added.  The new columns stand last, so that
    the cells of broken rows stay under their headers.

    Parameters
    ----------
    raw : RawTable
        One file or sheet.
    spec : TableSpec
        Its table.
    names : sequence of str
        Name of the sheet and of the file, the nearer one first.
    above : sequence of sequence of str
        The rows above the header.

    Returns
    -------
    RawTable
        With ``round`` where 第N轮 stands in the first name, the title or another name, and with
        ``rater_id`` where one of them states it; see `raters_in`.  A sheet that is named R003 and
        states no rater otherwise is that rater's.

    Raises
    ------
    SchemaError
        ``rater_stated_twice``: names and title state different raters.
    """
    new = stated_for_all([str(name) for name in raw.frame.columns], spec, names, above, raw.file)
    return RawTable(raw.frame.assign(**new), raw.lines, raw.file, raw.broken) if new else raw


def stated_for_all(
    headers: Sequence[str],
    spec: TableSpec,
    names: Sequence[str],
    above: Sequence[Sequence[str]] = (),
    file: str = "",
) -> dict[str, str | int]:
    """Find the columns that `add_stated` adds, and the one value of each; errors as there."""
    lacking = _stated_columns(spec) - {column.name for column in _found(headers, spec)}
    stated: dict[str, str | int | None] = {}
    if "round" in lacking:
        title = " ".join(text for row in above for text in row)
        stated["round"] = round_of(*names[:1], title, *names[1:])
    if "rater_id" in lacking:
        stated["rater_id"] = _rater(names, above, file)
    return {name: value for name, value in stated.items() if value is not None}


def raters_in(text: str) -> list[str]:
    """Find the raters that a name or a title cell states behind 评议员 or 评议人.

    An identifier (R003) may follow at once, a Chinese name behind 姓名, 编号, a colon or ``_``.

    Examples
    --------
    >>> [raters_in(name) for name in ("第2轮评议表_评议员R003", "评议员姓名：张三", "评议员名册")]
    [['R003'], ['张三'], []]
    """
    return [
        found["rater"]
        for found in _RATER.finditer(text)
        if found["rater"].isascii()
        or ((found["mark"] or found["label"]) and table_of(found["rater"]) is None)
    ]


def _rater(names: Sequence[str], above: Iterable[Sequence[str]], file: str) -> str | None:
    """Take the one rater that is stated; where a number and a name stand, the number."""
    stated = [rater for name in names for rater in raters_in(name)]
    for row in above:
        for place, cell in enumerate(row):
            stated += raters_in(cell)
            if _RATER_LABEL.match(cell):
                stated += [text.strip() for text in row[place + 1 :] if text.strip()][:1]
    numbers = {rater for rater in stated if rater.isascii()}
    found = numbers or set(stated) or {name for name in names[:1] if _RATER_SHEET.match(name)}
    if len(found) > 1:
        raise SchemaError("rater_stated_twice", file=file)
    return next(iter(found), None)


def _stated_columns(spec: TableSpec) -> set[str]:
    """Columns that a name or a title may state for a whole sheet: those of a form."""
    return {"round", "rater_id"} if "round" in spec.names else set()


def _found(headers: Iterable[str], spec: TableSpec) -> list[Column]:
    """Columns that the headers mean, units aside."""
    synonyms, money = _synonyms(spec)
    texts = map(normalise_header, headers)
    columns = (
        synonyms.get(_REMARK.sub("", text)) or money.get(_split_unit(text)[0]) for text in texts
    )
    return [column for column in columns if column is not None]
