"""The command that looks at a model in use: two dates of a county, alarms, and the stop file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sanzhixin.cli.county_commands import noted, tell_notes
from sanzhixin.cli.options import AS_OF, JSON, MODEL, ChosenModel, read_day
from sanzhixin.cli.report_folder import refuse_others, write_report
from sanzhixin.cli.voice import Voice
from sanzhixin.errors.words import alarms_told

if TYPE_CHECKING:
    from sanzhixin.batch.stop import StopOrder
    from sanzhixin.validation.monitoring import Monitoring
    from sanzhixin.validation.report.cells import Names

__all__ = ["monitor"]

_NAME = "stop.json"


@click.command()
@click.argument("old", metavar="DIR_OLD", type=click.Path(path_type=Path))
@click.argument("new", metavar="DIR_NEW", type=click.Path(path_type=Path))
@MODEL
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="New or empty folder, or that of an earlier look that stopped nothing, which is replaced.",
)
@click.option(
    "--as-of-old",
    metavar="DATE",
    callback=read_day,
    help="Date of DIR_OLD; default: that of its county.toml, else today.",
)
@AS_OF
@click.option(
    "--look",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Number of this look among those that are planned.",
)
@click.option(
    "--looks",
    type=click.IntRange(1, 1_000),
    default=12,
    show_default=True,
    help="Looks that are planned; they share the chance of a false alarm.",
)
@click.option(
    "--stop",
    metavar="FILE",
    envvar="SANZHIXIN_STOP",
    type=click.Path(path_type=Path),
    help="Stop file that a stop is added to; default: stop.json in OUT.",
)
@JSON
@click.pass_obj
def monitor(  # noqa: PLR0913 - one parameter per option
    voice: Voice,
    old: Path,
    new: Path,
    *,
    chosen: ChosenModel,
    out: Path,
    as_of_old: dt.date | None,
    as_of: dt.date | None,
    look: int,
    looks: int,
    stop: Path | None,
    as_json: bool,
) -> int:
    """Compare DIR_NEW with DIR_OLD (模型监测): drift, entries, points, defaults, who moved."""
    from sanzhixin.batch import take_in
    from sanzhixin.batch.stop import StopOrder, read_stops
    from sanzhixin.errors import OutputError
    from sanzhixin.records.turns import lock_of
    from sanzhixin.validation.monitoring import MONITORING_TABLES, AlarmPlan
    from sanzhixin.validation.monitoring import monitor as look_at
    from sanzhixin.validation.report.rows import scheme_names

    plan = AlarmPlan(look=look, looks=looks)
    if (out / _NAME).exists():
        raise OutputError("look_holds_stop", path=out.name, file=_NAME)
    refuse_others(out, MONITORING_TABLES, lock_of(out / _NAME).name, kind="monitor")
    stop_file = out / _NAME if stop is None else stop
    stopped = {order.model_id for order in read_stops(stop_file)}
    model = chosen.load()
    with voice.progress("looking"):
        before, after = take_in(old, model.scheme, as_of_old), take_in(new, model.scheme, as_of)
        found = look_at(
            before.done.county,
            after.done.county,
            model,
            as_of_old=before.as_of,
            as_of=after.as_of,
            plan=plan,
        )
    order = StopOrder(model.model_id, found.as_of, found.reasons) if found.stop else None
    names = scheme_names(model.scheme, model.plan.tiers.unrated)
    _publish(out, found, names, order, stop_file)
    for folder, intake in ((old, before), (new, after)):
        tell_notes(voice, intake.done.notes, folder)
    _tell(voice, out, found, stop_file, is_stopped=model.model_id in stopped)
    n_rejected = before.n_rejected + after.n_rejected
    if n_rejected:
        voice.tell("fit_quarantined", rejected=n_rejected)
    code = 3 if n_rejected else 0
    if as_json:
        told = {
            "already_stopped": model.model_id in stopped,
            "notes_old": noted(before.done.notes),
            "notes": noted(after.done.notes),
        }
        voice.show_json(_summary(found, out, stop_file, code) | told)
    return code


def _publish(
    out: Path, found: Monitoring, names: Names, order: StopOrder | None, stop_file: Path
) -> None:
    """Write the stop first: a report that fails to be written must not lose it."""
    from sanzhixin.batch.files import publishing
    from sanzhixin.batch.stop import write_stop
    from sanzhixin.validation.monitoring import MONITORING_TABLES
    from sanzhixin.validation.report.look import look_text

    if order is not None:
        with publishing(out):
            stop_file.parent.mkdir(parents=True, exist_ok=True)
        write_stop(stop_file, order)
    tables = {name: one.table for name, one in found.tables.items()}
    zh, en = look_text(found, names, "zh"), look_text(found, names, "en")
    write_report(out, tables, zh, en, kind="monitor", names=MONITORING_TABLES)


def _tell(voice: Voice, out: Path, found: Monitoring, stop_file: Path, *, is_stopped: bool) -> None:
    if found.ringing:
        kinds = alarms_told("zh", found.ringing), alarms_told("en", found.ringing)
        voice.tell("monitor_rung", kinds=kinds)
    else:
        voice.tell("monitor_quiet")
    if found.n_leads:
        voice.tell("monitor_leads", n=found.n_leads, path=out / "report.txt")
    if found.stop:
        voice.tell("monitor_stopped", model_id=found.model_id, path=stop_file)
    elif is_stopped:
        voice.tell("monitor_still_stopped", model_id=found.model_id, path=stop_file)
    voice.tell("monitor_written", path=out)


def _summary(found: Monitoring, out: Path, stop_file: Path, code: int) -> dict[str, Any]:
    return {
        "exit_code": code,
        "out": str(out),
        "model_id": found.model_id,
        "as_of_old": found.as_of_old.isoformat(),
        "as_of": found.as_of.isoformat(),
        "alarms": list(found.ringing),
        "stop": found.stop,
        "reasons": list(found.reasons),
        "stop_file": str(stop_file),
        "tables": {
            name: one.counts or {"rows": len(one.table)} for name, one in found.tables.items()
        },
    }
