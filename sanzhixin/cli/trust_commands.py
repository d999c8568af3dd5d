"""Commands on keys, signatures and the life of models."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from sanzhixin.cli.options import JSON, KEY, read_day
from sanzhixin.cli.texts import TEXTS
from sanzhixin.cli.voice import Voice, aligned

if TYPE_CHECKING:
    from sanzhixin.trust import RegistryEntry

__all__ = ["PASSPHRASE", "keys", "models", "past_day", "promote", "read_passphrase", "sign"]

PASSPHRASE = "SANZHIXIN_KEY_PASSPHRASE"  # noqa: S105 - name of a variable

_OF_RETIRED = "--because is for retired models (--because 仅用于停用)"
_OF_APPROVED = "--valid-until is for approval (--valid-until 仅用于批准)"
_TO_COME = "a day after today is not possible here (日期不能晚于今天)"
_MODEL = click.argument("model_path", metavar="MODEL", type=click.Path(path_type=Path))
_NEW = click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
_ON = click.option(
    "--on", "day", metavar="DATE", callback=read_day, help="Day, e.g. 2026-06-30; default: today."
)


@click.group()
def keys() -> None:
    """Make keys for signatures, and the secret of the audit log (密钥)."""


@keys.command("new")
@_NEW
@click.option("--person", required=True, metavar="NAME", help="Who will hold the key.")
@click.option(
    "--may",
    multiple=True,
    type=click.Choice(["draft", "validated", "approved", "retired", "checkpoint"]),
    default=["approved"],
    help="What it may sign for: models of a status, checkpoints of a log; may be repeated.  "
    "[default: approved]",
)
@click.pass_obj
def new(voice: Voice, path: Path, *, person: str, may: tuple[str, ...]) -> int:
    """Make an Ed25519 key in FILE and show its entry for the trust list.

    The variable SANZHIXIN_KEY_PASSPHRASE encrypts it.
    """
    from sanzhixin.trust import new_key_file

    key = new_key_file(path, read_passphrase())
    today = dt.date.today()
    voice.show(
        f'[[keys]]\nkey = "{key}"\nperson = {_quoted(person)}\nmay = {_quoted(may)}\n'
        f"valid_from = {today}\nvalid_until = {today + dt.timedelta(days=730)}"
    )
    voice.tell("key_written", path=path)
    return 0


@keys.command("secret")
@_NEW
@click.pass_obj
def secret(voice: Voice, path: Path) -> int:
    """Make the secret of pseudonyms and keyed digests in FILE."""
    from sanzhixin.trust import new_secret_file

    new_secret_file(path)
    voice.tell("secret_written", path=path)
    return 0


@click.command()
@_MODEL
@KEY
@_ON
@click.pass_obj
def sign(voice: Voice, model_path: Path, *, key_file: Path, day: dt.date | None) -> int:
    """Sign a model as it is; the signature stands beside it in model.json.sig (签名)."""
    from sanzhixin.trust import read_signer, sign_model

    signer = read_signer(key_file, read_passphrase())
    made = sign_model(model_path, signer, past_day(day))
    voice.tell("model_signed", path=made, key=signer.key)
    return 0


@click.command()
@_MODEL
@click.option(
    "--to",
    "status",
    required=True,
    type=click.Choice(["validated", "approved", "retired"]),
    help="The next status; a change of numbers is a new version instead.",
)
@click.option("--by", required=True, metavar="NAME", help="Who takes the step.")
@click.option("--because", metavar="TEXT", help="Why a model is retired.")
@click.option("--valid-until", metavar="DATE", callback=read_day, help="Earlier end, on approval.")
@_ON
@click.pass_obj
def promote(
    voice: Voice,
    model_path: Path,
    *,
    status: Literal["validated", "approved", "retired"],
    by: str,
    because: str | None,
    valid_until: dt.date | None,
    day: dt.date | None,
) -> int:
    """Take a model one step on: validated, approved, retired (审批); the former file is kept."""
    from sanzhixin.batch.files import publishing, whole_file
    from sanzhixin.scoring.artifact import read_model_file
    from sanzhixin.trust import promote_model
    from sanzhixin.validation.papers.card import card_markdown

    if because is not None and status != "retired":
        raise click.UsageError(_OF_RETIRED)
    if valid_until is not None and status != "approved":
        raise click.UsageError(_OF_APPROVED)
    former = read_model_file(model_path).digest()
    file = promote_model(
        model_path,
        status,
        by=by,
        on=past_day(day),
        because=because,
        valid_until=valid_until,
    )
    folder = model_path if model_path.is_dir() else model_path.parent
    paper = folder / "card.md"
    if paper.is_file():
        with publishing(paper), whole_file(paper) as stream:
            stream.write(card_markdown(file).encode())
    voice.tell(
        "model_promoted",
        model_id=file.model_id,
        status=TEXTS[f"model.{file.status}"],
        until=file.valid_until,
    )
    if status == "retired":
        voice.tell("model_retired", digest=former)
    return 0


@click.command()
@click.argument(
    "root", metavar="[DIR]", default="models", type=click.Path(path_type=Path, file_okay=False)
)
@JSON
@click.pass_obj
def models(voice: Voice, root: Path, *, as_json: bool) -> int:
    """List the models of a registry: version, status, end, signatures (模型库)."""
    from sanzhixin.errors import InputError
    from sanzhixin.trust import Registry

    if not root.is_dir():
        raise InputError("file_not_found", file=root.name)
    entries = Registry(root).entries()
    rows = [_listed(entry) for entry in entries]
    refused = [entry.refused for entry in entries if entry.refused is not None]
    if as_json:
        voice.show_json({"exit_code": 6 if refused else 0, "models": rows})
    else:
        heads = ("model", "status", "until", "signatures")
        voice.show(
            aligned(
                [
                    [voice.word(f"models.{head}") for head in heads],
                    *(list(r.values())[:4] for r in rows),
                ]
            )
        )
        for error in refused:
            voice.error(error)
    return 6 if refused else 0


def _listed(entry: RegistryEntry) -> dict[str, Any]:
    from sanzhixin.errors import ArtifactError
    from sanzhixin.trust import read_signatures

    name = f"{entry.folder.parent.name}/{entry.folder.name}"
    try:
        signed = str(len(read_signatures(entry.folder)))
    except ArtifactError:
        signed = "!"
    file = entry.file
    if file is None:
        code = "" if entry.refused is None else entry.refused.code
        return {
            "model": name,
            "status": code,
            "valid_until": "",
            "signatures": signed,
            "digest": "",
        }
    return {
        "model": name,
        "status": file.status,
        "valid_until": file.valid_until.isoformat(),
        "signatures": signed,
        "digest": file.digest(),
    }


def past_day(day: dt.date | None) -> dt.date:
    """Give a stated day, else today; a day to come is a usage error."""
    today = dt.date.today()
    if day is not None and day > today:
        raise click.UsageError(_TO_COME)
    return day or today


def read_passphrase() -> bytes | None:
    """Read the passphrase of key files from the environment; it is never an argument."""
    found = os.environ.get(PASSPHRASE)
    return found.encode() if found else None


def _quoted(text: str | tuple[str, ...]) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)
