"""The command on exports: a model as SQL of a warehouse, as PMML, as a workbook."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanzhixin.cli.options import AS_OF, MODEL, ChosenModel
from sanzhixin.cli.voice import Voice

if TYPE_CHECKING:
    from sanzhixin.model import SanzhixinModel

__all__ = ["export"]

_DIALECTS = ("postgres", "mysql", "oracle", "hive", "spark", "duckdb", "sqlite")
_NEEDS_DIALECT = "sql and ledger need --dialect (须同时给出 --dialect)."
_NEEDS_FILE = "xlsx needs -o FILE (须用 -o 指定文件)."


@click.command()
@click.argument("kind", type=click.Choice(["sql", "ledger", "pmml", "xlsx"]))
@MODEL
@click.option("--dialect", type=click.Choice(_DIALECTS), help="Of the warehouse; for sql, ledger.")
@click.option(
    "--table",
    metavar="NAME",
    default="warehouse_profile",
    show_default=True,
    help="Table of scored profiles that the SQL reads.",
)
@click.option(
    "-o",
    "--output",
    "out",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write; default: stdout.",
)
@AS_OF
@click.pass_obj
def export(
    voice: Voice,
    kind: str,
    *,
    chosen: ChosenModel,
    dialect: str | None,
    table: str,
    out: Path | None,
    as_of: dt.date | None,
) -> int:
    """Write a model for other engines: SQL of a warehouse, PMML, a workbook (导出)."""
    from sanzhixin.batch.files import publishing, whole_file

    if kind in ("sql", "ledger") and dialect is None:
        raise click.UsageError(_NEEDS_DIALECT)
    if kind == "xlsx" and out is None:
        raise click.UsageError(_NEEDS_FILE)
    model = chosen.load()
    if kind == "xlsx" and out is not None:
        from sanzhixin.batch.exchange import write_model_workbook

        write_model_workbook(model, out, lang="en" if voice.lang == "en" else "zh")
    else:
        data = _document(kind, model, dialect or "", table, as_of)
        if out is None:
            click.echo(data, nl=False)
            return 0
        with publishing(out), whole_file(out) as stream:
            stream.write(data)
    voice.tell("export_written", path=out)
    return 0


def _document(
    kind: str, model: SanzhixinModel, dialect: str, table: str, as_of: dt.date | None
) -> bytes:
    if kind == "pmml":
        from sanzhixin.batch.exchange import export_pmml

        return export_pmml(model)
    from sanzhixin.batch.sql import export_ledger_sql, export_score_sql
    from sanzhixin.model import scoring_date

    if kind == "sql":
        return export_score_sql(model, dialect, table=table).encode()
    return export_ledger_sql(model, dialect, scoring_date(as_of)).encode()
