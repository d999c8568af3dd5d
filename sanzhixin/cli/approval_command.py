"""The command on the approval sheet: proposals of whole villages, for people to sign."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Literal

import click

from sanzhixin.cli.options import AS_OF, DIR, MODEL, ChosenModel
from sanzhixin.cli.voice import Voice

__all__ = ["approval"]


@click.command()
@DIR
@MODEL
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The .xlsx file; an existing one is replaced.",
)
@click.option(
    "--unit",
    type=click.Choice(["万元", "元"]),
    default="万元",
    show_default=True,
    help="Of amounts.",
)
@click.option("--full-ids", is_flag=True, help="Numbers of members in full, not masked.")
@click.option(
    "--term-months",
    type=click.IntRange(1, 360),
    default=12,
    show_default=True,
    help="Term of the limits in months.",
)
@AS_OF
@click.pass_obj
def approval(
    voice: Voice,
    folder: Path,
    *,
    chosen: ChosenModel,
    out: Path,
    unit: Literal["万元", "元"],
    full_ids: bool,
    term_months: int,
    as_of: dt.date | None,
) -> int:
    """Write the batch approval sheet of DIR (整村授信批量审批表), a worksheet per village."""
    from sanzhixin.batch import take_in
    from sanzhixin.batch.approval_sheet import write_approval_sheet

    model = chosen.load()
    intake = take_in(folder, model.scheme, as_of)
    county = intake.done.county
    proposals = model.propose(county, intake.as_of)
    write_approval_sheet(
        out, proposals, county, unit=unit, full_ids=full_ids, term_months=term_months
    )
    voice.tell("approval_written", households=len(proposals), path=out)
    if intake.n_rejected:
        voice.tell("fit_quarantined", rejected=intake.n_rejected)
    return 3 if intake.n_rejected else 0
