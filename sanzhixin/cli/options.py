"""Options that several commands share."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

__all__ = [
    "AS_OF",
    "DIR",
    "JSON",
    "MODEL",
    "REPORT_OUT",
    "SCHEME",
    "read_day",
    "read_max_bad",
    "read_rate",
    "to_share",
]

_DAY = "write a day as 2026-06-30 (请写成 2026-06-30)"
_RATE = "write a rate between 0 and 1 as 0.02 or 2% (请写成 0.02 或 2%)"
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
MODEL = click.option(
    "-m",
    "--model",
    "model_path",
    required=True,
    metavar="MODEL",
    type=click.Path(path_type=Path),
    help="Model folder or model.json.",
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
