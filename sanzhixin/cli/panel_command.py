"""The command on a panel: measures of households and everything said of its raters."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from sanzhixin.cli.options import AS_OF, DIR, REPORT_OUT, SCHEME
from sanzhixin.cli.report_folder import refuse_others, write_report
from sanzhixin.cli.voice import Voice

__all__ = ["panel"]


@click.command()
@DIR
@REPORT_OUT
@SCHEME
@AS_OF
@click.pass_obj
def panel(voice: Voice, folder: Path, *, out: Path, scheme: str, as_of: dt.date | None) -> int:
    """Examine the panel of DIR (评议团检查): severe, central, alike raters; measures; links."""
    from sanzhixin.batch import take_in
    from sanzhixin.modelling.panel.report import PANEL_TABLES, report_panel
    from sanzhixin.scheme import load_scheme

    rules = load_scheme(scheme)
    refuse_others(out, PANEL_TABLES, kind="panel")
    intake = take_in(folder, rules, as_of)
    with voice.progress("fitting") as progress:
        done: list[str] = []

        def tell(name: str) -> None:
            done.append(name)
            if progress is not None:
                progress(len(done), len(rules.pillars))

        report = report_panel(intake.done.county, rules, intake.as_of, progress=tell)
    write_report(out, report.tables, report.zh, report.en, kind="panel")
    voice.show(voice.pick(report.zh, report.en, joint="\n\n"))
    voice.tell("panel_written", path=out)
    if intake.n_rejected:
        voice.tell("fit_quarantined", rejected=intake.n_rejected)
    return 3 if intake.n_rejected else 0
