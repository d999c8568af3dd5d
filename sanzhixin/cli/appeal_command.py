"""The command on appeals: the proposal without a form, event or record that is doubted."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanzhixin.cli.options import (
    AS_OF,
    DIR,
    HOUSEHOLD,
    MODEL,
    SECRET,
    ChosenModel,
    secret_of,
)
from sanzhixin.cli.voice import Voice, aligned

if TYPE_CHECKING:
    from sanzhixin.model import SanzhixinModel
    from sanzhixin.scoring.appeal import Appeal
    from sanzhixin.trust import Secret

__all__ = ["appeal"]

_SHOWN = (
    *("status", "score", "tier", "limit_yuan", "system_limit_yuan", "village_limit_yuan"),
    *("manager_limit_yuan", "prob_default"),
)
_ALL_THREE = "--override needs --by and --reason (须同时给出 --by 与 --reason)"


@click.command()
@DIR
@MODEL
@HOUSEHOLD
@click.option(
    "--without",
    "pieces",
    multiple=True,
    required=True,
    metavar="PIECE",
    help="What is doubted: rating:RATER, rating:RATER:INDICATOR, event:ID or register:DOCUMENT; "
    "may be repeated.",
)
@click.option("--statement", metavar="TEXT", help="What the household says.")
@click.option(
    "--override",
    "limit_yuan",
    type=click.IntRange(min=0),
    metavar="YUAN",
    help="What a person decides instead; needs --by and --reason.",
)
@click.option("--by", metavar="NAME", help="Who decides.")
@click.option("--reason", metavar="TEXT", help="Why.")
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="New JSON file with both proposals; nothing is ever overwritten.",
)
@click.option(
    "--audit",
    "audit_log",
    metavar="LOG",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Append the appeal and what was decided to this log; needs --secret.",
)
@SECRET
@AS_OF
@click.pass_obj
def appeal(  # noqa: PLR0913 - one parameter an option of the command
    voice: Voice,
    folder: Path,
    *,
    chosen: ChosenModel,
    household: str,
    pieces: tuple[str, ...],
    statement: str | None,
    limit_yuan: int | None,
    by: str | None,
    reason: str | None,
    out: Path,
    audit_log: Path | None,
    secret_file: Path | None,
    as_of: dt.date | None,
) -> int:
    """Propose once more without what is doubted, old and new side by side (复核)."""
    from sanzhixin.batch import take_in
    from sanzhixin.records.whole_file import check_free, write_new
    from sanzhixin.scoring.canonical import canonical_json

    if (limit_yuan is None) != (by is None and reason is None):
        raise click.UsageError(_ALL_THREE)
    check_free(out)
    secret = None if audit_log is None else secret_of(secret_file)
    model = chosen.load()
    intake = take_in(folder, model.scheme, as_of)
    record = intake.done.county.application(household)
    found = model.reconsider(record, without=pieces, statement=statement, as_of=intake.as_of)
    if limit_yuan is not None:
        found = found.decide(limit_yuan, by=by or "", reason=reason or "", on=dt.date.today())
    if audit_log is not None and secret is not None:
        _log(audit_log, found, model, secret)
    write_new(out, canonical_json(found.model_dump(mode="json")) + b"\n")
    _tell(voice, found, out)
    return 0


def _log(path: Path, found: Appeal, model: SanzhixinModel, secret: Secret) -> None:
    from sanzhixin.trust import AuditLog, appeal_record, override_record, read_entries

    record = appeal_record(found, None, model.file.digest(), secret)
    same = ("subject", "as_of", "model_digest", "input")
    log = AuditLog(path, secret)
    with log.turn():
        log.append([], in_turn=True)
        of = None
        for entry in read_entries(path, in_turn=True):
            body = entry.body or {}
            if entry.kind == "proposal" and all(body.get(key) == record[key] for key in same):
                of = entry.seq
        last = log.append([("appeal", {**record, "of": of})], in_turn=True)
        if found.override is not None:
            log.append([("override", override_record(found, last.seq, secret))], in_turn=True)


def _tell(voice: Voice, found: Appeal, out: Path) -> None:
    heads = [voice.word("appeal.value"), voice.word("appeal.before"), voice.word("appeal.after")]
    names = _SHOWN
    rows = [
        [name, *(_cell(getattr(side, name)) for side in (found.before, found.after))]
        for name in names
    ]
    voice.show(aligned([heads, *rows]))
    if not found.changes:
        voice.show(voice.text("appeal_same"))
    if found.override is not None:
        voice.show(voice.text("appeal_decided", yuan=f"{found.override.limit_yuan:,}"))
    voice.tell("appeal_written", path=out)


def _cell(value: object) -> str:
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
