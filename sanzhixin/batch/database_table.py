"""Proposals into a table of a database: all of a run, or nothing, in one transaction."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sanzhixin.batch.database_supply import problem_of
from sanzhixin.batch.table import PROPOSAL_SCHEMA
from sanzhixin.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa

    from sanzhixin.batch.run import Deliver, Delivery

__all__ = ["PROPOSALS_TABLE", "deliver_to"]

PROPOSALS_TABLE = "sanzhixin_proposals"
_KEY = ("household_id", "as_of", "model_id")
_ROWS, _AT_ONCE = 5_000, 500


def deliver_to(
    engine: sa.Engine, *, table: str = PROPOSALS_TABLE, schema: str | None = None
) -> Deliver:
    """Give what brings the proposals of a run into a table of a database.

    They go to a temporary table first; then, in the same transaction, they take the place of what
    the same model proposed for the same households and scoring date.  What stands there of
    households that were handed in and rejected goes too; other households are left alone, so that
    counties can be scored one after another.  Lists and structs are JSON.

    Parameters
    ----------
    engine : Engine
        From `sanzhixin.batch.database_supply.open_engine`.
    table, schema : str, optional
        Where to; the table is made when it does not exist.

    Returns
    -------
    callable
        Takes the proposals, table by table, and the rejected households.

    Raises
    ------
    OutputError
        When called: ``database_not_committed``: the database refused something, and nothing of it
        stands there; ``database_table_foreign``: the table has other columns.
    """

    def deliver(proposals: Iterator[pa.Table], found: Delivery) -> None:
        import sqlalchemy as sa
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with engine.begin() as connection:
                target = _target(connection, table, schema)
                staging = _table(sa.MetaData(), f"sanzhixin_{secrets.token_hex(4)}", temporary=True)
                staging.create(connection)
                for rows in proposals:
                    for batch in rows.to_batches(max_chunksize=_ROWS):
                        connection.execute(sa.insert(staging), batch.to_pylist())
                own = sa.delete(target).where(
                    target.c.as_of == found.as_of, target.c.model_id == found.model_id
                )
                scored = sa.select(staging.c.household_id)
                connection.execute(own.where(target.c.household_id.in_(scored)))
                for begin in range(0, len(found.rejected), _AT_ONCE):
                    some = found.rejected[begin : begin + _AT_ONCE]
                    connection.execute(own.where(target.c.household_id.in_(some)))
                names = PROPOSAL_SCHEMA.names
                chosen = sa.select(*(staging.c[name] for name in names))
                connection.execute(sa.insert(target).from_select(names, chosen))
                staging.drop(connection)
        except SQLAlchemyError as error:
            problem = problem_of(error)
            raise OutputError("database_not_committed", table=table, problem=problem) from None

    return deliver


def _target(connection: sa.Connection, name: str, schema: str | None) -> sa.Table:
    """Find the table, or make it."""
    import sqlalchemy as sa

    target = _table(sa.MetaData(), name, schema=schema)
    if not sa.inspect(connection).has_table(name, schema=schema):
        target.create(connection)
        return target
    found = {str(column["name"]) for column in sa.inspect(connection).get_columns(name, schema)}
    if found != set(PROPOSAL_SCHEMA.names):
        raise OutputError("database_table_foreign", table=name)
    return target


def _table(
    metadata: sa.MetaData, name: str, *, schema: str | None = None, temporary: bool = False
) -> sa.Table:
    import sqlalchemy as sa

    columns: list[sa.Column[Any]] = [
        sa.Column(field.name, _type(field), primary_key=field.name in _KEY and not temporary)
        for field in PROPOSAL_SCHEMA
    ]
    prefixes = ["TEMPORARY"] if temporary else []
    return sa.Table(name, metadata, *columns, schema=schema, prefixes=prefixes)


def _type(field: pa.Field) -> Any:
    import sqlalchemy as sa

    if pa.types.is_string(field.type):
        return sa.String(255) if field.name in _KEY else sa.Text()
    if pa.types.is_integer(field.type):
        return sa.BigInteger()
    if pa.types.is_floating(field.type):
        return sa.Double()
    return sa.Date() if pa.types.is_date(field.type) else sa.JSON(none_as_null=True)
