"""The tables of a database as the supply of a run: page by page of a key, in one view."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sanzhixin.batch.intake import InputFile
from sanzhixin.batch.spool import pack_rows, stream_bytes
from sanzhixin.errors import DomainError, InputError
from sanzhixin.records.columns import TABLES, table_spec
from sanzhixin.records.folder import CountySettings
from sanzhixin.records.headers import match_headers
from sanzhixin.records.parquet_files import ArrowRows
from sanzhixin.records.raw import RawTable

if TYPE_CHECKING:
    import sqlalchemy as sa

    from sanzhixin.batch.supply import Input
    from sanzhixin.scheme import Scheme

__all__ = ["DatabaseSupply", "open_engine"]

_BLOCK = 50_000
_EXACT: dict[type, pa.DataType] = {
    str: pa.string(),
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    dt.date: pa.date32(),
    dt.datetime: pa.timestamp("us"),
}
_KNOWN = (str, bool, int, float, Decimal, dt.date, dt.datetime, dt.time, dt.timedelta)
_SNAPSHOT = ("postgresql", "mysql", "mariadb")
_LOOSE = ("sqlite",)
"""Engines whose columns hold cells of any type."""


def open_engine(url: str) -> sa.Engine:
    """Open a database by its URL.

    Parameters
    ----------
    url : str
        Of SQLAlchemy, as ``postgresql://user@host/bank``; never shown in a message.

    Returns
    -------
    Engine
        Not connected yet.

    Raises
    ------
    DomainError
        ``database_missing``: SQLAlchemy or the driver is not installed; ``database_url``.
    """
    try:
        import sqlalchemy as sa
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    except ImportError:
        raise DomainError("database_missing", package="sqlalchemy") from None
    try:
        place = sa.make_url(url)
        if place.drivername == "postgresql":
            place = place.set(drivername="postgresql+psycopg")
        return sa.create_engine(place, hide_parameters=True, poolclass=sa.NullPool)
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise DomainError("database_url") from None
    except ImportError as error:
        raise DomainError("database_missing", package=error.name or "driver") from None


class DatabaseSupply:
    """Tables of one schema that are named as in ``docs/tables.md``.

    On PostgreSQL, MySQL and SQLite all of them are seen as at one moment.

    Parameters
    ----------
    engine : Engine
        From `open_engine`.
    scheme : Scheme
        Whose headers to expect.
    schema : str, optional
        By default that of the connection.
    page : int, default=100000
        Rows of a page; those of its last household come with it.

    Raises
    ------
    InputError
        ``database_unreadable``: no connection, no permission.
    """

    def __init__(
        self, engine: sa.Engine, scheme: Scheme, *, schema: str | None = None, page: int = 100_000
    ) -> None:
        self.settings = CountySettings(None, {})
        self._scheme = scheme
        self._schema = schema
        self._page = page
        with _readable():
            if engine.dialect.name in _SNAPSHOT:
                engine = engine.execution_options(isolation_level="REPEATABLE READ")
            self._connection = engine.connect()
            if engine.dialect.name in _LOOSE:
                self._connection.exec_driver_sql("BEGIN")

    def inputs(self) -> Sequence[Input]:
        """List the tables and views that have the name of a table."""
        import sqlalchemy as sa

        with _readable():
            seen = sa.inspect(self._connection)
            names = {*seen.get_table_names(self._schema), *seen.get_view_names(self._schema)}
        return [_TableInput(name, self) for name in TABLES if name in names]

    def others(self) -> tuple[InputFile, ...]:
        """Nothing else decides the result."""
        return ()

    def require_any(self, tables: set[str]) -> None:
        """Refuse a schema in which nothing is named after a table.

        Raises
        ------
        InputError
            ``database_without_tables``.
        """
        if not tables:
            raise InputError("database_without_tables", tables=", ".join(TABLES))

    def close(self) -> None:
        """End the view of the database."""
        self._connection.close()

    def read(self, name: str) -> Iterator[RawTable | ArrowRows]:
        """Read one table page by page; lines count its rows.

        Raises
        ------
        InputError
            ``database_unreadable``.
        SchemaError
            The columns are not those of the table.
        """
        import sqlalchemy as sa

        with _readable():
            found = sa.inspect(self._connection).get_columns(name, self._schema)
        table = sa.table(
            name, *(sa.column(item["name"], item["type"]) for item in found), schema=self._schema
        )
        columns = [self._bare(column) for column in table.columns]
        own = self._own_columns(table, columns)
        wanted = sa.select(*columns)
        order = [own[key] for key in ("household_id", *TABLES[name].key) if key in own]
        if order:
            wanted = wanted.order_by(*dict.fromkeys(order))
        line = 1
        for where in self._pages(own.get("household_id")):
            for rows in self._rows(wanted.where(where)):
                yield self._block(table, rows, line)
                line += len(rows)
        if line == 1:
            yield self._block(table, [], line)

    def _bare(self, column: sa.ColumnClause[Any]) -> Any:
        """Take the cells of a column as they are, where its type does not bind them."""
        import sqlalchemy as sa

        if self._connection.dialect.name not in _LOOSE:
            return column
        return sa.type_coerce(column, sa.types.NullType()).label(column.name)

    def _own_columns(self, table: sa.TableClause, columns: Sequence[Any]) -> dict[str, Any]:
        spec = table_spec(table.name, self._scheme)
        headers = [str(column.name) for column in table.columns]
        match = match_headers(headers, spec, file=table.name)
        return {item.column.name: columns[item.position] for item in match.columns}

    def _pages(self, household: Any) -> Iterator[Any]:
        """Walk through a table by the number of the household; what has none comes last.

        Each table is walked by its own column, so that types and collations need not agree.
        """
        import sqlalchemy as sa

        if household is None:
            yield sa.true()
            return
        numbered, low = household.is_not(None), None
        while True:
            beyond = numbered if low is None else household > low
            step = sa.select(household).where(beyond).order_by(household)
            with _readable():
                high = self._connection.scalar(step.offset(self._page - 1).limit(1))
            if high is None:
                break
            yield beyond & (household <= high)
            low = high
        yield beyond
        yield household.is_(None)

    def _rows(self, wanted: Any) -> Iterator[Sequence[Sequence[object]]]:
        with _readable():
            found = self._connection.execution_options(yield_per=_BLOCK).execute(wanted)
            yield from found.partitions()

    def _block(
        self, table: sa.TableClause, rows: Sequence[Sequence[object]], line: int
    ) -> RawTable | ArrowRows:
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(table.columns)
        with _readable():
            return self._laid_out(table, columns, line)

    def _laid_out(
        self, table: sa.TableClause, columns: Sequence[Sequence[object]], line: int
    ) -> RawTable | ArrowRows:
        headers = [str(column.name) for column in table.columns]
        lines = np.arange(line, line + len(columns[0]), dtype=np.int64)
        if self._connection.dialect.name in _LOOSE:
            frame = pd.DataFrame({k: _cells(values) for k, values in enumerate(columns)})
            frame.columns = pd.Index(headers, dtype=object)
            return RawTable(frame, lines, table.name)
        arrays = [
            _array(values, column) for values, column in zip(columns, table.columns, strict=True)
        ]
        return ArrowRows(pa.Table.from_arrays(arrays, names=headers), line, table.name)


@dataclass(slots=True)
class _TableInput:
    """One table of a database."""

    name: str
    supply: DatabaseSupply
    _digest: Any = field(default_factory=hashlib.sha256)
    _bytes: int = 0

    def may_hold(self, table: str) -> bool:
        """Tell whether it is this table."""
        return self.name == table

    def blocks(self) -> Iterator[tuple[str, RawTable | ArrowRows]]:
        """Read the table, and digest what is read."""
        for block in self.supply.read(self.name):
            content = stream_bytes(pack_rows(block))
            self._digest.update(content)
            self._bytes += len(content)
            yield self.name, block

    def facts(self) -> InputFile:
        """Tell the digest of the rows that were read."""
        digest = f"sha256:{self._digest.hexdigest()}"
        return InputFile(self.name, digest, self._bytes, (self.name,))


@contextmanager
def _readable() -> Iterator[None]:
    """Turn every failure of a database into one `InputError`, without a word of its data."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except InputError:
        raise
    except (SQLAlchemyError, pa.ArrowException, ValueError, TypeError, ArithmeticError) as error:
        raise InputError("database_unreadable", problem=problem_of(error)) from None


def problem_of(error: Exception) -> str:
    """Name a failure of a database: its kind and SQL state, never its text, which may hold data."""
    cause = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None)
    return f"{type(cause).__name__} {state}" if state else type(cause).__name__


def _cells(values: Sequence[object]) -> pd.Series:
    return pd.Series([_plain(value) for value in values], dtype=object)


def _plain(value: object) -> object:
    """Keep what a cell of a file could be; times as the clock shows them; the rest as text."""
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode()
    return value if value is None or isinstance(value, _KNOWN) else str(value)


def _array(values: Sequence[object], column: sa.ColumnClause[Any]) -> pa.Array:
    """Turn a column into the Arrow type of its declared type; other types become text."""
    kind = _EXACT.get(_declared(column))
    plain = [_plain(value) for value in values]
    if kind is not None:
        return pa.array(plain, kind)
    return pa.array([None if value is None else _words(value) for value in plain], pa.string())


def _words(value: object) -> str:
    """Write a value as text; a decimal without an exponent and without zeros at its end."""
    if isinstance(value, Decimal) and value.is_finite():
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def _declared(column: sa.ColumnClause[Any]) -> type:
    try:
        return column.type.python_type
    except NotImplementedError:
        return object
