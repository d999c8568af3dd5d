"""The command that scores: a folder or the tables of a database to proposals."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from sanzhixin.cli.county_commands import counts_table, first_rejected, tell_notes
from sanzhixin.cli.options import AS_OF, JSON, MODEL, read_max_bad

if TYPE_CHECKING:
    from sanzhixin.batch import RunOptions, RunResult
    from sanzhixin.cli.voice import Voice

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
@AS_OF
@JSON
@click.pass_obj
def score(  # noqa: PLR0913 - one parameter per option
    voice: Voice,
    folder: Path | None,
    *,
    model_path: Path,
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
    as_of: dt.date | None,
    as_json: bool,
) -> int:
    """Propose a tier and a limit for every household in DIR or a database (批量评定)."""
    from sanzhixin.batch import RunOptions, available_jobs, score_folder, score_supply
    from sanzhixin.batch.database_supply import DatabaseSupply, open_engine
    from sanzhixin.batch.database_table import deliver_to
    from sanzhixin.model import load_model

    if (folder is None) == (from_sql is None):
        raise click.UsageError(_ONE_SOURCE)
    chosen = RunOptions(
        format=kind,
        chunk_rows=chunk_rows,
        jobs=available_jobs() if jobs is None else jobs,
        resume=resume,
        dry_run=dry_run,
        max_bad=max_bad,
        as_of=as_of,
    )
    model = load_model(model_path)
    deliver = None
    if to_sql is not None:
        deliver = deliver_to(open_engine(to_sql), table=to_table, schema=sql_schema)
    with voice.progress("scoring") as progress:
        if folder is not None:
            result = score_folder(
                folder, model, out, options=chosen, deliver=deliver, progress=progress
            )
        else:
            supply = DatabaseSupply(open_engine(from_sql or ""), model.scheme, schema=sql_schema)
            result = score_supply(
                supply, model, out, options=chosen, deliver=deliver, progress=progress
            )
    _tell_result(voice, result, chosen)
    if as_json:
        voice.show_json(_result_summary(result, out))
    return result.exit_code


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
    }
