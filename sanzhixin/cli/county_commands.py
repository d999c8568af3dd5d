"""Commands about data: simulate a county, check a folder."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from sanzhixin.cli.options import AS_OF, DIR, JSON, SCHEME, read_day
from sanzhixin.cli.voice import Voice, aligned

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from sanzhixin.batch import Intake, TableCount
    from sanzhixin.records import County
    from sanzhixin.records.raw import Note

__all__ = [
    "check",
    "counts_table",
    "first_rejected",
    "noted",
    "refuse_used",
    "simulate",
    "tell_notes",
    "write_tables",
]

_SHOWN = 5


@click.command()
@DIR
@click.option("--villages", type=click.IntRange(1, 9999), default=40, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True)
@click.option(
    "--households-per-village", type=click.IntRange(1, 9999), default=60, show_default=True
)
@click.option(
    "--vignettes",
    type=click.IntRange(0, 20),
    default=0,
    show_default=True,
    help="Anchor cases that all villages rate.",
)
@click.option(
    "--format", "kind", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True
)
@click.option(
    "--as-of",
    metavar="DATE",
    callback=read_day,
    help="Day on which the tables stand.  [default: 2026-06-30]",
)
@click.option(
    "--stood-on",
    metavar="DATE",
    callback=read_day,
    help="The same county as it stood on this earlier day: later rows are left out.",
)
@click.pass_obj
def simulate(  # noqa: PLR0913 - one parameter an option of the command
    voice: Voice,
    folder: Path,
    *,
    villages: int,
    seed: int,
    households_per_village: int,
    vignettes: int,
    kind: Literal["csv", "parquet"],
    as_of: dt.date | None,
    stood_on: dt.date | None,
) -> int:
    """Write a made-up county into the new or empty folder DIR (模拟数据)."""
    from sanzhixin.simulate import SimulationSettings, earlier, simulate_county

    refuse_used(folder)
    settings = SimulationSettings(vignettes=vignettes)
    if as_of is not None:
        settings = replace(settings, as_of=as_of)
    county = simulate_county(villages, households_per_village, seed, settings=settings)
    if stood_on is not None:
        county = earlier.stood_on(county, stood_on)
    write_tables(county, folder, kind)
    voice.tell(
        "simulated",
        path=folder,
        households=len(county.households),
        forms=len(county.ratings),
        as_of=county.as_of,
    )
    return 0


def refuse_used(folder: Path) -> None:
    """Refuse a folder that holds anything, before the work for it is done."""
    from sanzhixin.records import writing

    writing.refuse_used(folder)


def write_tables(county: County, folder: Path, kind: Literal["csv", "parquet"]) -> None:
    """Write a county: all of it or nothing."""
    from sanzhixin.records import write_county

    write_county(county, folder, format=kind)


@click.command()
@DIR
@SCHEME
@click.option(
    "--quarantine",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the rejected rows with their reasons to this CSV file.",
)
@AS_OF
@JSON
@click.pass_obj
def check(
    voice: Voice,
    folder: Path,
    *,
    scheme: str,
    quarantine: Path | None,
    as_of: dt.date | None,
    as_json: bool,
) -> int:
    """Accept or reject every row of every table in DIR (校验数据); exit code 3 if some are bad."""
    from sanzhixin.batch import take_in, write_quarantine
    from sanzhixin.records.doubts import find_doubts
    from sanzhixin.records.folder import read_settings
    from sanzhixin.scheme import load_scheme

    rules = load_scheme(scheme)
    with voice.progress("checking"):
        intake = take_in(folder, rules, as_of)
    doubts = tuple(find_doubts(intake.done.county, rules))
    if quarantine is not None:
        write_quarantine(intake.done.rejected, quarantine)
    if as_json:
        voice.show_json(_summary(intake, doubts))
    else:
        is_stated = as_of is not None or read_settings(folder).as_of is not None
        _show(voice, intake, doubts, date="check_date" if is_stated else "check_today")
    return 3 if intake.n_rejected else 0


def _summary(intake: Intake, doubts: tuple[Note, ...]) -> dict[str, object]:
    codes = intake.done.rejected["code"].value_counts()
    return {
        "exit_code": 3 if intake.n_rejected else 0,
        "as_of": intake.as_of.isoformat(),
        "rows": {"in": intake.n_in, "rejected": intake.n_rejected},
        "tables": [
            {"table": c.table, "n_in": c.n_in, "accepted": c.accepted, "rejected": c.rejected}
            for c in intake.counts
        ],
        "rejected_by_code": {str(code): int(count) for code, count in sorted(codes.items())},
        "notes": noted((*intake.done.notes, *doubts)),
    }


def _show(voice: Voice, intake: Intake, doubts: tuple[Note, ...], *, date: str) -> None:
    voice.show(counts_table(voice, intake.counts))
    tell_notes(voice, (*intake.done.notes, *doubts))
    voice.show(voice.text(date, as_of=intake.as_of))
    if not intake.n_rejected:
        voice.show(voice.text("check_clean", n_in=intake.n_in))
        return
    voice.show(_rules_table(voice, intake.done.rejected))
    voice.show(voice.text("check_rejected", n_in=intake.n_in, rejected=intake.n_rejected))
    voice.show(first_rejected(voice, intake.done.rejected))


def tell_notes(voice: Voice, notes: Iterable[Note], folder: Path | None = None) -> None:
    """Say what was ignored, is lacking or could not be attributed; of two folders, in which."""
    for note in notes:
        file = note.file if folder is None else f"{folder.name}/{note.file}"
        voice.tell("note", file=file, zh=note.zh, en=note.en)


def noted(notes: Iterable[Note]) -> list[dict[str, str]]:
    """Write notes down for ``--json``."""
    return [{"file": note.file, "zh": note.zh, "en": note.en} for note in notes]


def counts_table(voice: Voice, counts: tuple[TableCount, ...]) -> str:
    """Lay out rows in, accepted and rejected by table."""
    from sanzhixin.records.columns import TABLES

    head = [voice.word(key) for key in ("table", "in", "accepted", "rejected")]
    named = [voice.pick(f"{TABLES[c.table].zh} ", "", joint="") + c.table for c in counts]
    rows = ([name, c.n_in, c.accepted, c.rejected] for name, c in zip(named, counts, strict=True))
    return aligned([head, *rows])


def _rules_table(voice: Voice, rejected: pd.DataFrame) -> str:
    """Lay out rejected rows by rule, rules broken through another row last."""
    from sanzhixin.records.rejected import own_first

    counts = own_first(rejected)["code"].value_counts(sort=False)
    head = [voice.word("rule"), voice.word("rejected")]
    return aligned([head, *([code, int(count)] for code, count in counts.items())])


def first_rejected(voice: Voice, rejected: pd.DataFrame, most: int = _SHOWN) -> str:
    """Tell file, line and reason of some rejected rows; never a cell.

    Rows that are rejected for what they say stand before those that follow from other rows.
    """
    from sanzhixin.records.rejected import own_first

    columns = own_first(rejected).head(most)[["file", "line", "reason_zh", "reason_en"]]
    return "\n".join(
        f"  {file}:{line}  {voice.pick(zh, en, joint=' ')}"
        for file, line, zh, en in columns.itertuples(index=False, name=None)
    )
