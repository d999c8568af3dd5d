"""The command on a panel: measures of households and everything said of its raters."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanzhixin.cli.options import AS_OF, DIR, SCHEME
from sanzhixin.cli.voice import Voice

if TYPE_CHECKING:
    from sanzhixin.modelling.panel.report import PanelReport

__all__ = ["panel"]

_OTHER_FILES = ("report.txt", "_SUCCESS")


@click.command()
@DIR
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="New or empty folder, or that of an earlier report, which is replaced.",
)
@SCHEME
@AS_OF
@click.pass_obj
def panel(voice: Voice, folder: Path, *, out: Path, scheme: str, as_of: dt.date | None) -> int:
    """Examine the panel of DIR (评议团检查): severe, central, alike raters; measures; links."""
    from sanzhixin.batch import take_in
    from sanzhixin.modelling.panel.report import report_panel
    from sanzhixin.scheme import load_scheme

    rules = load_scheme(scheme)
    _refuse_others(out)
    intake = take_in(folder, rules, as_of)
    with voice.progress("fitting") as progress:
        done: list[str] = []

        def tell(name: str) -> None:
            done.append(name)
            if progress is not None:
                progress(len(done), len(rules.pillars))

        report = report_panel(intake.done.county, rules, intake.as_of, progress=tell)
    _write(report, out)
    voice.show(voice.pick(report.zh, report.en, joint="\n\n"))
    voice.tell("panel_written", path=out)
    if intake.n_rejected:
        voice.tell("fit_quarantined", rejected=intake.n_rejected)
    return 3 if intake.n_rejected else 0


def _refuse_others(out: Path) -> None:
    """Refuse a folder that holds anything but an earlier report."""
    from sanzhixin.errors import OutputError
    from sanzhixin.modelling.panel.report import PANEL_TABLES

    own = {*(f"{name}.csv" for name in PANEL_TABLES), *_OTHER_FILES}
    held = [path.name for path in out.iterdir()] if out.is_dir() else []
    if not own.issuperset(held):
        raise OutputError("output_folder_in_use", path=out.name, count=len(set(held) - own))


def _write(report: PanelReport, out: Path) -> None:
    """Write one CSV a table and the report; ``_SUCCESS`` last."""
    from sanzhixin.batch.files import publishing, whole_file

    with publishing(out):
        out.mkdir(parents=True, exist_ok=True)
        (out / "_SUCCESS").unlink(missing_ok=True)
        for name, table in report.tables.items():
            texts = table.select_dtypes(["object", "string"]).columns
            guarded = {column: table[column].map(_guarded) for column in texts}
            with whole_file(out / f"{name}.csv") as stream:
                table.assign(**guarded).to_csv(
                    stream, index=False, encoding="utf-8-sig", lineterminator="\r\n"
                )
        with whole_file(out / "report.txt") as stream:
            stream.write(f"{report.zh}\n\n{report.en}\n".encode())
        with whole_file(out / "_SUCCESS") as stream:
            stream.write(b"panel\n")


def _guarded(cell: object) -> object:
    """Keep a spreadsheet from taking a text for a formula."""
    from sanzhixin.batch.cells import guard_text

    return guard_text(cell) if isinstance(cell, str) else cell
