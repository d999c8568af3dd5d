"""The engines that are written for, and the few things that they say in their own way."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from typing import Literal

from sqlglot import exp, parse_one

from sanzhixin.errors import DomainError

__all__ = [
    "DIALECTS",
    "Columns",
    "Dialect",
    "alias",
    "all_of",
    "any_of",
    "check_names",
    "choose",
    "column",
    "find_dialect",
    "free_names",
    "name_table",
    "null",
    "text",
    "whole",
]

Columns = dict[str, exp.Expression]
"""Names of the columns of a query and what they are."""

_NO_LIMIT = 2**63 - 1
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between engines.

    Attributes
    ----------
    name : str
        Name that sqlglot knows.
    has_booleans : bool
        There are columns of truth values; without them 1 is true and 0 is not.
    fence : {"", "word", "hint", "limit"}
        How a step of a query is kept by itself, lest its expressions are put into those of the
        next step once for every mention: ``AS MATERIALIZED``, a hint, a limit that no table
        reaches; or not at all, where the engine sees to it.
    compares_bytes : bool
        Texts are brought to bytes before they are compared: by default the engine takes capital
        letters and accents for the same as others.
    date_function : str
        Function with a format that makes a date, where a cast depends on the session.
    date_as_text : bool
        Dates are ISO texts.
    most_parts : int
        Of the name of a table: schema and table, or catalogue, schema and table.
    """

    name: str
    has_booleans: bool = True
    fence: Literal["", "word", "hint", "limit"] = ""
    compares_bytes: bool = False
    date_function: str = ""
    date_as_text: bool = False
    most_parts: int = 3

    def holds(self, name: str) -> exp.Expression:
        """Say that a column of truth values is true."""
        return column(name) if self.has_booleans else exp.EQ(this=column(name), expression=whole(1))

    def fails(self, name: str) -> exp.Expression:
        """Say that a column of truth values is false; a missing value is neither."""
        if self.has_booleans:
            return exp.Not(this=column(name))
        return exp.EQ(this=column(name), expression=whole(0))

    def truth(self, *, value: bool) -> exp.Expression:
        """Write a truth value."""
        if self.has_booleans:
            return exp.Boolean(this=value)
        return whole(int(value))

    def key(self, value: exp.Expression) -> exp.Expression:
        """Write a text so that it equals itself alone."""
        if not self.compares_bytes:
            return value
        coded = exp.Cast(this=value, to=_charset().copy())
        return exp.Cast(this=coded, to=exp.DataType.build("binary"))

    def is_text(self, name: str, value: str) -> exp.Expression:
        """Say that a text column has this value."""
        return exp.EQ(this=self.key(column(name)), expression=self.key(text(value)))

    def from_day(self, name: str, day: dt.date) -> exp.Expression:
        """Say that a date, with or without a time, lies on the day or later."""
        return exp.GTE(this=column(name), expression=self._date(day))

    def until_day(self, name: str, day: dt.date) -> exp.Expression:
        """Say that a date, with or without a time, lies on the day or earlier."""
        return exp.LT(this=column(name), expression=self._date(day + _DAY))

    def _date(self, day: dt.date) -> exp.Expression:
        literal = text(day.isoformat())
        if self.date_as_text:
            return literal
        if self.date_function:
            return exp.Anonymous(this=self.date_function, expressions=[literal, text("YYYY-MM-DD")])
        return exp.Cast(this=literal, to=exp.DataType.build("date"))

    def select(self, columns: Columns, source: exp.Table, *, is_last: bool = False) -> exp.Select:
        """Select columns from a table, as one step of a query or as the query itself."""
        named = [alias(value, name) for name, value in columns.items()]
        query = exp.Select(expressions=named).from_(source, copy=False)
        if self.fence == "hint" and not is_last:
            query.hint(exp.Var(this="NO_MERGE"), copy=False)
        if self.fence == "limit" and not is_last:
            query.limit(exp.Literal.number(_NO_LIMIT), copy=False)
        return query

    def put_together(self, query: exp.Select, steps: Mapping[str, exp.Select], remark: str) -> str:
        """Write a query over its steps as text.

        Parameters
        ----------
        query : Select
            What stands last.
        steps : mapping of str to Select
            By name, each reading the tables or steps before it.
        remark : str
            A comment; stars are left out of it.

        Returns
        -------
        str
            One statement.
        """
        for name, step in steps.items():
            query.with_(
                exp.TableAlias(this=_identifier(name)),
                as_=step,
                materialized=True if self.fence == "word" else None,
                copy=False,
            )
        query.add_comments([remark.replace("*", "")])
        return query.sql(dialect=self.name, pretty=True, copy=False) + "\n"


_KNOWN = {
    dialect.name: dialect
    for dialect in (
        Dialect("postgres", fence="word"),
        Dialect("mysql", has_booleans=False, fence="limit", compares_bytes=True, most_parts=2),
        Dialect("oracle", has_booleans=False, fence="hint", date_function="TO_DATE", most_parts=2),
        Dialect("hive", most_parts=2),
        Dialect("spark"),
        Dialect("duckdb"),
        Dialect("sqlite", has_booleans=False, fence="word", date_as_text=True, most_parts=2),
    )
}

DIALECTS: tuple[str, ...] = tuple(_KNOWN)
"""Names of the engines that SQL is written for."""


def find_dialect(name: str) -> Dialect:
    """Find an engine by its name.

    Raises
    ------
    DomainError
        ``sql_dialect``: none of `DIALECTS`.
    """
    if name not in DIALECTS:
        raise DomainError("sql_dialect", given=name, known=", ".join(DIALECTS))
    return _KNOWN[name]


@cache
def _charset() -> exp.Expression:
    """Give the target of a cast to UTF-8; releases of sqlglot differ in how they build it."""
    cast = parse_one("CAST('' AS CHAR CHARACTER SET utf8mb4)", read="mysql")
    target: exp.Expression = cast.args["to"]
    return target


def _identifier(name: str) -> exp.Identifier:
    return exp.Identifier(this=_printable(name), quoted=True)


def _printable(value: str) -> str:
    """Refuse what some engine cannot hold in a name or in a text, however it is quoted."""
    if not value or not value.isprintable():
        raise DomainError("sql_name", given=value)
    return value


def name_table(name: str, most_parts: int = 1) -> exp.Table:
    """Name a table; dots part a catalogue and a schema from it, and each part is quoted.

    Raises
    ------
    DomainError
        ``sql_name``: an empty part, more parts than the engine knows, or a character that cannot
        be printed.
    """
    parts = name.split(".")
    if len(parts) > most_parts:
        raise DomainError("sql_name", given=name)
    places = zip(("this", "db", "catalog"), reversed(parts), strict=False)
    return exp.Table(**{place: _identifier(part) for place, part in places})


def free_names(tables: Sequence[exp.Table], names: Sequence[str]) -> list[str]:
    """Name the steps of a query so that none hides a table that it reads."""
    taken = {table.name.lower() for table in tables}
    mark = ""
    while taken.intersection(f"szx{mark}_{name}" for name in names):
        mark += "_"
    return [f"szx{mark}_{name}" for name in names]


def check_names(names: Sequence[str]) -> None:
    """Refuse names of columns that some engine takes for one: capital letters are no difference.

    Raises
    ------
    DomainError
        ``sql_columns``: two columns would have one name.
    """
    counts = Counter(name.lower() for name in names)
    repeated = sorted({name for name in names if counts[name.lower()] > 1})
    if repeated:
        raise DomainError("sql_columns", columns=", ".join(repeated))


def column(name: str, table: str = "") -> exp.Column:
    """Name a column, of a table where several are read."""
    return exp.Column(this=_identifier(name), table=_identifier(table) if table else None)


def alias(value: exp.Expression, name: str) -> exp.Alias:
    """Name what a query gives."""
    return exp.Alias(this=value, alias=_identifier(name))


def whole(value: int) -> exp.Expression:
    """Write a whole number."""
    literal = exp.Literal.number(abs(value))
    return exp.Neg(this=literal) if value < 0 else literal


def text(value: str) -> exp.Literal:
    """Write a text."""
    return exp.Literal.string(_printable(value))


def null(kind: str) -> exp.Cast:
    """Write a missing value of a kind."""
    return exp.Cast(this=exp.Null(), to=exp.DataType.build(kind))


def all_of(*conditions: exp.Expression) -> exp.Expression:
    """Say that all conditions hold, one at least."""
    return reduce(lambda one, other: exp.And(this=one, expression=other), conditions)


def any_of(*conditions: exp.Expression) -> exp.Expression:
    """Say that one of the conditions holds, in parentheses; one at least."""
    bracketed = (exp.Paren(this=item) if isinstance(item, exp.And) else item for item in conditions)
    return exp.Paren(this=reduce(lambda one, other: exp.Or(this=one, expression=other), bracketed))


def choose(
    *branches: tuple[exp.Expression, exp.Expression], otherwise: exp.Expression
) -> exp.Expression:
    """Write the first branch whose condition is true, else `otherwise`."""
    if not branches:
        return otherwise
    return exp.Case(
        ifs=[exp.If(this=condition, true=value) for condition, value in branches],
        default=otherwise,
    )
