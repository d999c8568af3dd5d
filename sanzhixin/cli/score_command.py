"""The command that scores: a folder or the tables of a database to proposals."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from sanzhixin.cli.county_commands import counts_table, first_rejected, noted, tell_notes
from sanzhixin.cli.options import (
    AS_OF,
    AUDIT,
    JSON,
    MODEL,
    SECRET,
    STOP,
    ChosenModel,
    read_max_bad,
    secret_of,
)
from sanzhixin.cli.texts import TEXTS

if TYPE_CHECKING:
    from sanzhixin.batch import RunOptions, RunResult
    from sanzhixin.batch.run import Deliver
    from sanzhixin.cli.voice import Voice
    from sanzhixin.model import SanzhixinModel

__all__ = ["score"]

_ONE_SOURCE = "give either DIR or --from-sql (请给出 DIR 或 --from-sql 其一)"


@click.command()
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@MODEL
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="New or empty folder, or that of an earlier run, which is replaced.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["parquet", "csv", "xlsx"]),
    default="parquet",
    show_default=True,
)
@click.option("--resume", is_flag=True, help="Go on with an interrupted run of the same input.")
@click.option(
    "--chunk-rows",
    type=click.IntRange(1),
    default=10_000,
    show_default=True,
    help="Households of one part.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    help="Processes that score parts side by side.  [default: one a core, on Linux]",
)
@click.option("--dry-run", is_flag=True, help="Accept only; write nothing.")
@click.option(
    "--max-bad",
    metavar="ROWS|SHARE",
    callback=read_max_bad,
    help="Most rejected rows of all tables together, as 50 or as 0.02 or 2%; above it no "
    "proposal is published and the exit code is 8.",
)
@click.option(
    "--from-sql",
    metavar="URL",
    envvar="SANZHIXIN_FROM_SQL",
    help="Read the tables of a database instead of DIR, e.g. postgresql://user@host/bank; best "
    "given as SANZHIXIN_FROM_SQL, where no list of processes shows it.",
)
@click.option(
    "--to-sql",
    metavar="URL",
    envvar="SANZHIXIN_TO_SQL",
    help="Write the proposals into a database besides, in one transaction.",
)
@click.option("--sql-schema", metavar="NAME", help="Schema of both; default: the connection's.")
@click.option(
    "--to-table",
    metavar="NAME",
    default="sanzhixin_proposals",
    show_default=True,
    help="Table for the proposals; made when it does not exist.",
)
@AUDIT
@SECRET
@STOP
@AS_OF
@JSON
@click.pass_obj
def score(  # noqa: PLR0913 - one parameter per option
    voice: Voice,
    folder: Path | None,
    *,
    chosen: ChosenModel,
    out: Path,
    kind: Literal["parquet", "csv", "xlsx"],
    resume: bool,
    chunk_rows: int,
    jobs: int | None,
    dry_run: bool,
    max_bad: int | float | None,
    from_sql: str | None,
    to_sql: str | None,
    sql_schema: str | None,
    to_table: str,
    audit_log: Path | None,
    secret_file: Path | None,
    stop: Path | None,
    as_of: dt.date | None,
    as_json: bool,
) -> int:
    """Propose a tier and a limit for every household in DIR or a database (批量评定)."""
    from sanzhixin.batch import RunOptions, available_jobs, score_folder, score_supply
    from sanzhixin.batch.database_supply import DatabaseSupply, open_engine

    if (folder is None) == (from_sql is None):
        raise click.UsageError(_ONE_SOURCE)
    options = RunOptions(
        format=kind,
        chunk_rows=chunk_rows,
        jobs=available_jobs() if jobs is None else jobs,
        resume=resume,
        dry_run=dry_run,
        max_bad=max_bad,
        as_of=as_of,
        stop=stop,
    )
    if stop is not None and not stop.exists():
        voice.tell("score_no_stop", path=stop)
    model = chosen.load()
    if model.trusted is None and model.file.status != "approved":
        voice.tell(
            "score_trial", model_id=model.model_id, status=TEXTS[f"model.{model.file.status}"]
        )
    deliver = (
        [] if dry_run else _deliveries(model, audit_log, secret_file, to_sql, to_table, sql_schema)
    )
    with voice.progress("scoring") as progress:
        if folder is not None:
            result = score_folder(
                folder, model, out, options=options, deliver=deliver, progress=progress
            )
        else:
            supply = DatabaseSupply(open_engine(from_sql or ""), model.scheme, schema=sql_schema)
            result = score_supply(
                supply, model, out, options=options, deliver=deliver, progress=progress
            )
    _tell_result(voice, result, options)
    if result.proposals is not None:
        _tell_trust(voice, model, audit_log, result.households.accepted)
    if as_json:
        voice.show_json(_result_summary(result, out))
    return result.exit_code


def _deliveries(
    model: SanzhixinModel,
    audit_log: Path | None,
    secret_file: Path | None,
    to_sql: str | None,
    to_table: str,
    sql_schema: str | None,
) -> list[Deliver]:
    """Say who takes the proposals besides: the log first, so that nothing unlogged goes out."""
    deliver: list[Deliver] = []
    if audit_log is not None:
        from sanzhixin.batch.audit_delivery import log_to
        from sanzhixin.trust import AuditLog

        secret = secret_of(secret_file)
        log = AuditLog(audit_log, secret)
        deliver.append(log_to(log, model, secret))
        log.append([])  # that it can be written is known before a county is scored
    if to_sql is not None:
        from sanzhixin.batch.database_supply import open_engine
        from sanzhixin.batch.database_table import deliver_to

        deliver.append(deliver_to(open_engine(to_sql), table=to_table, schema=sql_schema))
    return deliver


def _tell_result(voice: Voice, result: RunResult, options: RunOptions) -> None:
    tell_notes(voice, result.notes)
    quarantined = sum(count.rejected for count in result.counts)
    if options.dry_run:
        click.echo(counts_table(voice, result.counts), err=True)
        voice.tell("score_dry", accepted=result.households.accepted, quarantined=quarantined)
    elif result.proposals is not None:
        voice.tell(
            "score_done",
            scored=result.households.accepted,
            quarantined=quarantined,
            as_of=result.as_of,
            model_id=result.model_id,
        )
        voice.tell("score_where", path=result.proposals)
    else:
        voice.tell(
            "score_over",
            quarantined=quarantined,
            max_bad=options.max_bad,
            path=result.quarantine,
        )
    if quarantined and result.rejected is not None:
        click.echo(first_rejected(voice, result.rejected), err=True)


def _tell_trust(voice: Voice, model: SanzhixinModel, audit_log: Path | None, n_logged: int) -> None:
    """Say whose signature the model has, and that the log has the proposals."""
    if model.trusted is not None and model.trusted.signed_by:
        voice.tell("score_signed", people=", ".join(model.trusted.signed_by))
    if audit_log is not None:
        voice.tell("score_logged", count=n_logged, path=audit_log)


def _result_summary(result: RunResult, out: Path) -> dict[str, Any]:
    return {
        "exit_code": result.exit_code,
        "out": str(out),
        "proposals": None if result.proposals is None else str(result.proposals),
        "quarantine": None if result.quarantine is None else str(result.quarantine),
        "as_of": result.as_of.isoformat(),
        "model_id": result.model_id,
        "households": asdict(result.households),
        "tables": [asdict(count) for count in result.counts],
        "statuses": result.statuses,
        "tiers": result.tiers,
        "resumed_parts": result.resumed_parts,
        "notes": noted(result.notes),
    }
