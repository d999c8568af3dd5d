"""The command that judges a model on a county: a page with pictures, a workbook, JSON."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanzhixin.cli.county_commands import noted, tell_notes
from sanzhixin.cli.options import AS_OF, DIR, JSON, MODEL, ChosenModel
from sanzhixin.cli.voice import Voice, aligned

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sanzhixin.errors.words import Lang
    from sanzhixin.records.raw import Note
    from sanzhixin.validation.face import Validation

__all__ = ["validate", "write_forms"]

_WRITERS = {".html": "to_html", ".json": "to_json", ".xlsx": "to_excel"}
_SUFFIX = "the name has to end in .html, .json or .xlsx (文件名须以 .html、.json 或 .xlsx 结尾)"


@click.command()
@DIR
@MODEL
@click.option(
    "-o",
    "--output",
    "outs",
    required=True,
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Report: .html, .json or .xlsx; only an earlier report is replaced; may be repeated.",
)
@AS_OF
@JSON
@click.pass_obj
def validate(
    voice: Voice,
    folder: Path,
    *,
    chosen: ChosenModel,
    outs: tuple[Path, ...],
    as_of: dt.date | None,
    as_json: bool,
) -> int:
    """Judge MODEL on the loans, households and panel of DIR (模型验证)."""
    _check(outs)
    from sanzhixin.batch import take_in
    from sanzhixin.validation.face import validate as judge

    model = chosen.load()
    with voice.progress("judging"):
        intake = take_in(folder, model.scheme, as_of)
        found = judge(model, intake.done.county, intake.as_of)
        write_forms(found, outs, voice.one)
    notes = intake.done.notes
    tell_notes(voice, notes)
    code = 3 if intake.n_rejected else 0
    _say(voice, found, notes, as_json=as_json, code=code)
    for out in outs:
        voice.tell("validate_written", path=out)
    if intake.n_rejected:
        voice.tell("fit_quarantined", rejected=intake.n_rejected)
    return code


def _check(outs: tuple[Path, ...]) -> None:
    """Refuse names, folders that are not there, and a missing library before any work."""
    from sanzhixin.errors import OutputError
    from sanzhixin.validation.report.earlier import is_report

    for out in outs:
        if out.suffix.lower() not in _WRITERS:
            raise click.BadParameter(_SUFFIX, param_hint="--output")
        if not out.parent.is_dir():
            raise OutputError("output_no_folder", path=out.name, folder=out.parent.name)
        if out.is_file() and not is_report(out):
            raise OutputError("file_stands", path=out.name)
    if any(out.suffix.lower() == ".html" for out in outs):
        from sanzhixin.validation.report.library import check_library

        check_library()


def write_forms(found: Validation, outs: Iterable[Path], lang: Lang) -> None:
    """Write every file; say once where no Chinese font is there, and let other warnings pass."""
    import warnings

    from sanzhixin.validation.plots.style import CjkFontWarning

    with warnings.catch_warnings(record=True) as told:
        for out in outs:
            ending = out.suffix.lower()
            options = {"lang": lang} if ending == ".html" else {}
            getattr(found, _WRITERS[ending])(out, **options)
    fonts = [warning for warning in told if issubclass(warning.category, CjkFontWarning)]
    for warning in fonts[:1]:
        click.echo(str(warning.message), err=True)
    for warning in told:
        if warning not in fonts:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )


def _say(
    voice: Voice, found: Validation, notes: tuple[Note, ...], *, as_json: bool, code: int
) -> None:
    """Show rows by verdict, table by table."""
    from sanzhixin.validation.tables.judged import VERDICTS

    counts = {name: dict(one.counts) for name, one in found.tables.items() if one.counts}
    if as_json:
        told = {"exit_code": code, "facts": found.facts, "verdicts": counts}
        voice.show_json({**told, "notes": noted(notes)})
        return
    head = [voice.word("validate_table"), *(voice.word(f"verdict.{word}") for word in VERDICTS)]
    rows: list[list[object]] = [
        [
            voice.pick(one.title_zh, one.title_en, joint=" "),
            *(counts[name][word] for word in VERDICTS),
        ]
        for name, one in found.tables.items()
        if name in counts
    ]
    voice.show(aligned([head, *rows]))
