"""Commands on the audit log: check it, read it, sign how far it goes, replay, forget."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sanzhixin.cli.options import (
    DIR,
    HOUSEHOLD,
    JSON,
    KEY,
    MODEL,
    SECRET,
    ChosenModel,
    read_day,
    secret_of,
)
from sanzhixin.cli.trust_commands import past_day, read_passphrase
from sanzhixin.cli.voice import Voice, aligned

if TYPE_CHECKING:
    from sanzhixin.errors import SanzhixinError
    from sanzhixin.trust import Entry, LogCheck

__all__ = ["audit", "forget"]

_LOG = click.argument("path", metavar="LOG", type=click.Path(path_type=Path, dir_okay=False))
_OF_ONE = click.option("--household", metavar="ID", help="Entries of one household alone.")
_SHOWN = 24  # characters of a pseudonym in a list
_LISTED = (
    *("seq", "at", "kind", "subject", "as_of", "model_id", "scheme_id", "code", "status"),
    *("points", "tier", "limit_yuan"),
)
_AFTER = ("status", "points", "tier", "limit_yuan")
_COLUMNS = (*_LISTED, "of", *(f"{name}_after" for name in _AFTER), "hash")
_ONE_WAY = "give either --household or --before (请给出 --household 或 --before 其一)"


@click.group()
def audit() -> None:
    """Check and read the log of proposals (审计日志)."""


@audit.command("verify")
@_LOG
@click.option(
    "--checkpoint",
    "kept",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Checkpoint that was kept elsewhere; without one a cut at the end is not seen.",
)
@click.option(
    "--trust",
    metavar="LIST",
    envvar="SANZHIXIN_TRUST",
    type=click.Path(path_type=Path),
    help="Trust list (TOML): checkpoints count by its keys alone.",
)
@JSON
@click.pass_obj
def verify_log(
    voice: Voice, path: Path, *, kept: tuple[Path, ...], trust: Path | None, as_json: bool
) -> int:
    """Check every entry of LOG, its chain and its checkpoints (核验)."""
    from sanzhixin.trust import check_log, read_checkpoint, read_trust_list

    trusted = None if trust is None else read_trust_list(trust)
    done = check_log(
        path, trust=trusted, checkpoints=[read_checkpoint(checkpoint) for checkpoint in kept]
    )
    code = done.findings[0].exit_code if done.findings else 0
    if as_json:
        voice.show_json({"exit_code": code, **_check_summary(done)})
        return code
    facts = {"log": done.log or "-", "count": done.count, "head": done.head, **done.kinds}
    facts |= {"erased": done.erased, "checkpoints": done.checkpoints}
    voice.show(aligned([(voice.word(f"log.{key}"), value) for key, value in facts.items()]))
    for finding in done.findings:
        voice.show(voice.pick(finding.zh, finding.en))
    if done.findings:
        voice.tell("verify_findings", path=path, count=len(done.findings))
    else:
        voice.show(voice.text("verify_agrees", path=path))
        if not kept:
            voice.tell("audit_no_checkpoint")
        elif trusted is None:
            voice.tell("audit_any_key")
        if done.orders_since:
            voice.tell("audit_orders", count=done.orders_since)
    return code


def _check_summary(done: LogCheck) -> dict[str, Any]:
    return {
        "log": done.log,
        "count": done.count,
        "head": done.head,
        "kinds": done.kinds,
        "erased": done.erased,
        "checkpoints": done.checkpoints,
        "orders_since": done.orders_since,
        "findings": [{"code": f.code, "zh": f.zh, "en": f.en} for f in done.findings],
    }


@audit.command("show")
@_LOG
@_OF_ONE
@SECRET
@click.option("--seq", type=click.IntRange(1), metavar="N", help="One entry, with all it says.")
@click.option("--last", type=click.IntRange(1), metavar="N", help="The last N that fit.")
@JSON
@click.pass_obj
def show(
    voice: Voice,
    path: Path,
    *,
    household: str | None,
    secret_file: Path | None,
    seq: int | None,
    last: int | None,
    as_json: bool,
) -> int:
    """Show entries of LOG: one in full, or a line for each (查看)."""
    from sanzhixin.errors import ArtifactError

    found = _entries(path, household, secret_file)
    if seq is not None:
        found = itertools.islice((entry for entry in found if entry.seq == seq), 1)
    chosen: deque[Entry] = deque(found, maxlen=last)
    if not chosen:
        raise ArtifactError("audit_none") if seq is None else _no_entry(seq)
    if as_json or seq is not None:
        voice.show_json({"entries": [json.loads(entry.line()) for entry in chosen]})
        return 0
    rows = [[_short(entry, name) for name in _LISTED] for entry in chosen]
    voice.show(aligned([list(_LISTED), *rows]))
    return 0


@audit.command("export")
@_LOG
@_OF_ONE
@SECRET
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV to write, a row for each entry.",
)
@click.pass_obj
def export_log(
    voice: Voice, path: Path, *, household: str | None, secret_file: Path | None, out: Path
) -> int:
    """Write a table of the entries of LOG for auditors (导出), households as pseudonyms."""
    from sanzhixin.batch.files import publishing, whole_file
    from sanzhixin.records.whole_file import check_free

    check_free(out)
    count = 0
    with publishing(out), whole_file(out) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="", write_through=True)
        writer = csv.writer(text)
        writer.writerow(_COLUMNS)
        for entry in _entries(path, household, secret_file):
            writer.writerow([_cell(entry, name) for name in _COLUMNS])
            count += 1
        text.detach()
    voice.tell("audit_exported", count=count, path=out)
    return 0


@audit.command("checkpoint")
@_LOG
@KEY
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="New file; keep it where writers of the log cannot change it.",
)
@click.pass_obj
def checkpoint(voice: Voice, path: Path, *, key_file: Path, out: Path) -> int:
    """Check LOG and sign how far it goes (检查点)."""
    from sanzhixin.records.whole_file import check_free, write_new
    from sanzhixin.scoring.canonical import canonical_json
    from sanzhixin.trust import AuditLog, make_checkpoint, read_signer

    check_free(out)
    signer = read_signer(key_file, read_passphrase())
    made = make_checkpoint(AuditLog(path), signer, dt.date.today())
    write_new(out, canonical_json(made.model_dump(mode="json")) + b"\n", 0o644)
    voice.tell("audit_signed", count=made.count, path=out)
    return 0


@audit.command("replay")
@_LOG
@DIR
@MODEL
@HOUSEHOLD
@click.option("--seq", type=click.IntRange(1), metavar="N", help="Entry; default: the latest.")
@SECRET
@click.pass_obj
def replay(
    voice: Voice,
    path: Path,
    folder: Path,
    *,
    chosen: ChosenModel,
    household: str,
    seq: int | None,
    secret_file: Path | None,
) -> int:
    """Propose once more from the inputs in DIR and compare with what LOG says (重放).

    MODEL is the folder of the model; of its states the one that decided is used.
    """
    from sanzhixin.batch import take_in
    from sanzhixin.errors import ArtifactError
    from sanzhixin.trust import compare_record, proposal_record, state_of

    secret = secret_of(secret_file)
    fitting = (
        entry
        for entry in _entries(path, household, secret_file)
        if entry.kind == "proposal" and seq in (None, entry.seq)
    )
    found: deque[Entry] = deque(fitting, maxlen=1)
    logged = found[0].body if found else None
    named = {key: str((logged or {}).get(key)) for key in ("model_digest", "as_of")}
    if logged is None or not _is_day(named["as_of"]):
        raise ArtifactError("audit_none") if seq is None else _no_entry(seq)
    folder_of = chosen.path if chosen.path.is_dir() else chosen.path.parent
    state = state_of(folder_of, named["model_digest"])
    model = ChosenModel(state, chosen.trust, chosen.accept).load()
    as_of = dt.date.fromisoformat(named["as_of"])
    county = take_in(folder, model.scheme, as_of).done.county
    proposal = model.propose_one(county.application(household), as_of)
    again = proposal_record(proposal, model.file.digest(), secret)
    differs = compare_record(logged, again)
    if differs:
        raise ArtifactError("replay_differs", keys=", ".join(differs))
    voice.show(voice.text("replay_agrees", seq=found[0].seq, model_id=model.model_id, as_of=as_of))
    return 0


@click.command()
@_LOG
@click.option("--household", metavar="ID", help="Whose data have to be forgotten.")
@SECRET
@click.option(
    "--before",
    metavar="DATE",
    callback=read_day,
    help="Forget what was said of every household before this day (end of retention).",
)
@click.option("--by", required=True, metavar="NAME", help="Who orders it.")
@click.option(
    "--because",
    required=True,
    metavar="TEXT",
    help="On which ground; it stays in the log, so name nobody.",
)
@click.option("--dry-run", is_flag=True, help="Count what would be erased; change nothing.")
@click.pass_obj
def forget(
    voice: Voice,
    path: Path,
    *,
    household: str | None,
    secret_file: Path | None,
    before: dt.date | None,
    by: str,
    because: str,
    dry_run: bool,
) -> int:
    """Erase what LOG says of a household, or before a day; the chain still holds (删除)."""
    from sanzhixin.errors import ArtifactError
    from sanzhixin.trust import AuditLog, is_about, read_entries
    from sanzhixin.trust.audit_entry import ERASABLE

    if (household is None) == (before is None):
        raise click.UsageError(_ONE_WAY)
    if household is not None:
        subject = _subject(path, household, secret_file)

        def concerns(entry: Entry) -> bool:
            return is_about(entry, subject)
    else:
        past_day(before)
        midnight = dt.datetime.combine(before or dt.date.min, dt.time.min).astimezone(dt.UTC)
        moment = midnight.isoformat()

        def concerns(entry: Entry) -> bool:
            return entry.at < moment

    if dry_run:
        entries = (entry for entry in read_entries(path) if entry.kind in ERASABLE)
        count = sum(not entry.is_erased and concerns(entry) for entry in entries)
    else:
        count = AuditLog(path).erase(concerns, by=by, because=because)
    if household is not None and not count:
        raise ArtifactError("audit_none")
    done = "audit_would" if dry_run else "audit_forgotten"
    voice.tell(done if count else "audit_nothing", count=count)
    return 0


def _entries(path: Path, household: str | None, secret_file: Path | None) -> Iterator[Entry]:
    from sanzhixin.trust import is_about, read_entries

    if household is None:
        return read_entries(path)
    subject = _subject(path, household, secret_file)
    return (entry for entry in read_entries(path) if is_about(entry, subject))


def _subject(path: Path, household: str, secret_file: Path | None) -> str:
    """Give the pseudonym of a household in a log, spelled as the tables spell it."""
    from sanzhixin.records.grammar import RuleBroken, parse_id
    from sanzhixin.trust import pseudonym
    from sanzhixin.trust.audit_log import check_secret

    secret = secret_of(secret_file)
    check_secret(path, secret)
    try:
        spelled = parse_id(household) or household
    except RuleBroken:
        spelled = household
    return pseudonym(spelled, secret)


def _is_day(text: str) -> bool:
    try:
        return bool(dt.date.fromisoformat(text))
    except ValueError:
        return False


def _no_entry(seq: int) -> SanzhixinError:
    from sanzhixin.errors import ArtifactError

    return ArtifactError("audit_no_entry", seq=seq)


def _short(entry: Entry, name: str) -> Any:
    """Give a cell of the list: a pseudonym cut short, and of an appeal both values."""
    value = _cell(entry, name)
    if name == "subject" and value:
        return f"{value[:_SHOWN]}…"
    if entry.kind == "appeal" and name in _AFTER:
        after = _cell(entry, f"{name}_after")
        return value if after == value else f"{value} → {after}"
    return value


def _cell(entry: Entry, name: str) -> Any:
    """Give a value of an entry for a table; nothing for what it does not say."""
    from sanzhixin.records.cells import guard_text

    if name in ("seq", "at", "kind", "hash"):
        return getattr(entry, name)
    body = entry.body or {}
    of_after = name.endswith("_after")
    side = body.get("after" if of_after else "output")
    stated = side.get(name.removesuffix("_after")) if isinstance(side, dict) else None
    found = stated if of_after else body.get(name, stated)
    if found is None or isinstance(found, dict | list):
        return ""
    return guard_text(found) if isinstance(found, str) else found
