"""Options that several commands share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sanzhixin.model import SanzhixinModel
    from sanzhixin.trust import Accepted, Secret

__all__ = [
    "ACCEPT",
    "AS_OF",
    "AUDIT",
    "DIR",
    "HOUSEHOLD",
    "JSON",
    "KEY",
    "MODEL",
    "REPORT_OUT",
    "SCHEME",
    "SECRET",
    "STOP",
    "TRUST",
    "ChosenModel",
    "read_day",
    "read_max_bad",
    "read_rate",
    "secret_of",
    "to_share",
]

_DAY = "write a day as 2026-06-30 (请写成 2026-06-30)"
_RATE = "write a rate between 0 and 1 as 0.02 or 2% (请写成 0.02 或 2%)"
_LOG_ALONE = "--secret FILE is needed with a log (使用日志须给出 --secret 文件)"
_BAD = "write rows as 50, or a share as 0.02 or 2% (请写行数或比例)"


def read_day(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> dt.date | None:
    """Read a calendar day; anything else is a usage error."""
    if value is None:
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(_DAY) from None


def read_max_bad(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> int | float | None:
    """Read a number of rows (50) as int, a share of them (0.02, 2%) as float."""
    if value is None:
        return None
    text = value.strip().replace("％", "%")
    try:
        if text.endswith("%"):
            number: int | float = float(Decimal(text[:-1]) / 100)  # 0.7 % are .007, not less
        else:
            number = float(text) if "." in text else int(text)
    except (ValueError, InvalidOperation):
        number = -1
    if not 0 <= number < float("inf") or (isinstance(number, float) and number > 1):
        raise click.BadParameter(_BAD)
    return number


def to_share(text: str) -> float | None:
    """Read 0.02, 2% or ２％ as a share strictly between 0 and 1; None for anything else."""
    number = text.strip().replace("％", "%")
    try:
        share = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ValueError:
        return None
    return share if 0 < share < 1 else None


def read_rate(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> float | None:
    """Read a rate; anything else is a usage error."""
    if value is None:
        return None
    share = to_share(value)
    if share is None:
        raise click.BadParameter(_RATE)
    return share


DIR = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """Which model a command was given, and what is asked of it."""

    path: Path
    trust: Path | None
    accept: tuple[Accepted, ...]

    def load(self) -> SanzhixinModel:
        """Load the model, judged by the trust list where one was given."""
        from sanzhixin.model import load_model

        return load_model(self.path, trust=self.trust, accept=self.accept)


_MODEL_PATH = click.option(
    "-m",
    "--model",
    "model_path",
    required=True,
    metavar="MODEL",
    type=click.Path(path_type=Path),
    help="Model folder or model.json.",
)
TRUST = click.option(
    "--trust",
    metavar="LIST",
    envvar="SANZHIXIN_TRUST",
    type=click.Path(path_type=Path),
    help="Trust list (TOML): only an approved model that it trusts is used.",
)
ACCEPT = click.option(
    "--accept",
    multiple=True,
    type=click.Choice(["unsigned", "not_approved", "retired", "withdrawn", "rolled_back"]),
    help="Let pass all the same what --trust would refuse; may be repeated.  unsigned: no "
    "signature that counts; not_approved: a draft or a validated model; withdrawn, rolled_back: "
    "what the list withdrew, or holds for too old; retired: for export and verify alone, since a "
    "retired model never scores (audit replay takes the approved state from the history, and "
    "needs no word).",
)


def MODEL(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options that choose a model, as one parameter ``chosen``."""

    @_MODEL_PATH
    @TRUST
    @ACCEPT
    @wraps(command)
    def chosen(
        *arguments: object,
        model_path: Path,
        trust: Path | None,
        accept: tuple[Accepted, ...],
        **options: object,
    ) -> int:
        return command(*arguments, chosen=ChosenModel(model_path, trust, accept), **options)

    return chosen


AUDIT = click.option(
    "--audit",
    "audit_log",
    metavar="LOG",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Append the record of every proposal to this log; needs --secret.",
)
SECRET = click.option(
    "--secret",
    "secret_file",
    metavar="FILE",
    envvar="SANZHIXIN_SECRET",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Secret of the log's pseudonyms, as sanzhixin keys secret makes it.",
)


def secret_of(path: Path | None) -> Secret:
    """Read the secret; without a file this is a usage error."""
    if path is None:
        raise click.UsageError(_LOG_ALONE)
    from sanzhixin.trust import read_secret

    return read_secret(path)


STOP = click.option(
    "--stop",
    metavar="FILE",
    envvar="SANZHIXIN_STOP",
    type=click.Path(path_type=Path),
    help="Stop file of sanzhixin monitor: a model that it names does not score.",
)
HOUSEHOLD = click.option("--household", required=True, metavar="ID", help="household_id (户号).")
KEY = click.option(
    "--key",
    "key_file",
    required=True,
    metavar="FILE",
    envvar="SANZHIXIN_KEY",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Private key (Ed25519, PEM), readable by its owner alone.",
)
REPORT_OUT = click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="New or empty folder, or that of an earlier report, which is replaced.",
)
AS_OF = click.option(
    "--as-of",
    metavar="DATE",
    callback=read_day,
    help="Scoring date, e.g. 2026-06-30; default: that of county.toml, else today.",
)
SCHEME = click.option(
    "--scheme", default="tongxiang", show_default=True, help="Built-in name or TOML file."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Machine summary on stdout.")
