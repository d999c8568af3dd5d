"""The command on limits: side by side, by adult, and within the total of a portfolio."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanzhixin.cli.county_commands import tell_notes
from sanzhixin.cli.options import AS_OF, DIR, MODEL, REPORT_OUT, ChosenModel, read_rate
from sanzhixin.cli.report_folder import refuse_others, write_report
from sanzhixin.cli.texts import TEXTS
from sanzhixin.cli.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sanzhixin.batch.limit_tables import LimitTables, PortfolioTables

__all__ = ["limits"]

_NEEDS_TOTAL = "--village-share needs --total (须同时给出 --total)。"
_TABLES = ("limits", "members", "portfolio", "villages")


@click.command()
@DIR
@MODEL
@REPORT_OUT
@click.option(
    "--total",
    "total_yuan",
    type=click.IntRange(min=1),
    metavar="YUAN",
    help="Yuan of all limits together; the largest limits give way first.",
)
@click.option(
    "--village-share",
    callback=read_rate,
    metavar="SHARE",
    help="Largest share of the total that one village may have, as 0.05 or 5%; needs --total.",
)
@AS_OF
@click.pass_obj
def limits(
    voice: Voice,
    folder: Path,
    *,
    chosen: ChosenModel,
    out: Path,
    total_yuan: int | None,
    village_share: float | None,
    as_of: dt.date | None,
) -> int:
    """Put the limits of DIR side by side (额度并列): four amounts, bounds, adults, totals."""
    from sanzhixin.batch import compute_limits, compute_portfolio, take_in
    from sanzhixin.model import scoring_date

    if village_share is not None and total_yuan is None:
        raise click.UsageError(_NEEDS_TOTAL)
    model = chosen.load()
    refuse_others(out, _TABLES, kind="limits")
    intake = take_in(folder, model.scheme, as_of)
    county = intake.done.county
    found = compute_limits(model, county, scoring_date(intake.as_of, county.as_of))
    tables = {"limits": found.limits, "members": found.members}
    within = None
    if total_yuan is not None:
        within = compute_portfolio(found, total_yuan=total_yuan, village_share=village_share)
        tables |= {
            "members": within.members,
            "portfolio": within.households,
            "villages": within.villages,
        }
    tell_notes(voice, intake.done.notes)
    lines = _lines(found, within)
    zh, en = ("\n".join(line[k] for line in lines) for k in (0, 1))
    write_report(out, tables, zh, en, kind="limits", names=_TABLES)
    voice.show(voice.pick(zh, en, joint="\n\n"))
    voice.tell("limits_written", path=out)
    if intake.n_rejected:
        voice.tell("fit_quarantined", rejected=intake.n_rejected)
    return 3 if intake.n_rejected else 0


def _lines(found: LimitTables, within: PortfolioTables | None) -> list[tuple[str, str]]:
    proposed = found.limits.dropna(subset=["limit_yuan"])
    lines = [
        _both(
            "limits_sum",
            households=f"{len(proposed):,}",
            zero=int((proposed["limit_yuan"] == 0).sum()),
            review=int((proposed["status"] == "review").sum()),
            limit=f"{int(proposed['limit_yuan'].sum()):,}",
            members=f"{len(found.members):,}",
        )
    ]
    return lines if within is None else [*lines, *_totals(within, found.step)]


def _totals(within: PortfolioTables, step: int) -> Iterator[tuple[str, str]]:
    """Say what the totals took off and why something is left, over all and by village."""
    households, villages = within.households, within.villages
    asked, allocated = households["limit_yuan"], households["allocated_yuan"]
    of_village = households["village_id"].map(villages.set_index("village_id")["ceiling_yuan"])
    lowered, at_village = allocated < asked, (allocated == of_village).fillna(value=False)
    n_village, n_over_all = int((lowered & at_village).sum()), int((lowered & ~at_village).sum())
    ceiling, total = within.ceiling_yuan, within.total_yuan or 0
    held = (
        _both("limits_no_ceiling")
        if ceiling is None
        else _both("limits_ceiling", ceiling=f"{ceiling:,}")
    )
    by = ("", "")
    if within.village_total_yuan is not None:
        by = _both("limits_lowered_by", village=n_village, over_all=n_over_all)
    yield _both(
        "limits_total",
        total=f"{total:,}",
        asked=f"{int(asked.sum()):,}",
        allocated=f"{int(allocated.sum()):,}",
        lowered=int(lowered.sum()),
        by=by,
        ceiling=held,
    )
    left = total - int(allocated.sum())
    if left and ceiling is not None:
        yield _both("limits_left_step", left=f"{left:,}", over_all=n_over_all, step=f"{step:,}")
    elif left and n_village:
        most, count = within.village_total_yuan or 0, int((villages["n_lowered"] > 0).sum())
        yield _both(
            "limits_left_villages" if count == len(villages) else "limits_left_village",
            left=f"{left:,}",
            village_total=f"{most:,}",
            count=count,
            villages=len(villages),
            most=f"{most * count:,}",
        )
    elif left:
        yield _both("limits_left_asked", left=f"{left:,}")
    if within.village_total_yuan is not None:
        count = int(villages["ceiling_yuan"].notna().sum())
        yield _both("limits_village_total", total=f"{within.village_total_yuan:,}", count=count)
    for row in villages[villages["n_lowered"] > 0].to_dict("records"):
        yield _both(
            "limits_village",
            village=row["village_id"],
            lowered=row["n_lowered"],
            before=f"{row['limit_yuan']:,}",
            after=f"{row['allocated_yuan']:,}",
        )


def _both(key: str, **values: object) -> tuple[str, str]:
    """Fill a sentence in both languages; a pair of values is a word in either."""
    zh, en = (
        text.format_map({n: v[k] if isinstance(v, tuple) else v for n, v in values.items()})
        for k, text in enumerate(TEXTS[key])
    )
    return zh, en
