"""Commands on papers: the notice to a household, and the papers of a model."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanzhixin.cli.county_commands import first_rejected
from sanzhixin.cli.options import AS_OF, DIR, HOUSEHOLD, MODEL, ChosenModel
from sanzhixin.cli.report_folder import as_writer, publish_files, refuse_strangers
from sanzhixin.cli.texts import TEXTS
from sanzhixin.cli.voice import Voice

if TYPE_CHECKING:
    import pandas as pd

    from sanzhixin.errors.words import Lang
    from sanzhixin.model import SanzhixinModel
    from sanzhixin.records import County
    from sanzhixin.validation.papers.layout import Paper

__all__ = ["card", "check_page", "notice", "tell_rejected", "tell_trial", "write_page"]

_FORMATS = (".html", ".md", ".txt")
_FORMAT = "the name has to end in .html, .md or .txt (文件名须以 .html、.md 或 .txt 结尾)"
_PAGE = "the name has to end in .html (文件名须以 .html 结尾)"


@click.command()
@DIR
@MODEL
@HOUSEHOLD
@click.option(
    "--lang", type=click.Choice(["zh", "en"]), help="Default: that of sanzhixin --lang, else zh."
)
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="New file: .html, .md or .txt; nothing is ever overwritten.",
)
@AS_OF
@click.pass_obj
def notice(
    voice: Voice,
    folder: Path,
    *,
    chosen: ChosenModel,
    household: str,
    lang: Lang | None,
    out: Path,
    as_of: dt.date | None,
) -> int:
    """Write the notice to a household: to decline, to review, or what is proposed (告知书)."""
    from sanzhixin.batch import take_in
    from sanzhixin.records.whole_file import check_free, write_new
    from sanzhixin.validation.papers.case import household_case
    from sanzhixin.validation.papers.notice import compose_notice

    if out.suffix.lower() not in _FORMATS:
        raise click.BadParameter(_FORMAT, param_hint="--output")
    check_free(out)
    model = chosen.load()
    tell_trial(voice, model)
    intake = take_in(folder, model.scheme, as_of)
    record = intake.done.county.application(household)
    tell_rejected(Voice(lang or voice.one), intake.done.rejected, household)
    case = household_case(model, record, intake.as_of)
    made = compose_notice(case, lang or voice.one, status=model.file.status)
    write_new(out, _written(made.paper, out.suffix.lower()).encode())
    voice.tell("notice_written", path=out)
    return 0


def tell_trial(voice: Voice, model: SanzhixinModel) -> None:
    """Say that a model which nobody approved, and no trust list judged, serves trials alone."""
    status = model.file.status
    if model.trusted is None and status != "approved":
        voice.tell("score_trial", model_id=model.model_id, status=TEXTS[f"model.{status}"])


def tell_rejected(speaker: Voice, rejected: pd.DataFrame, household: str) -> None:
    """Say which rows of the household were rejected."""
    quarantined = rejected[rejected["household_id"] == household]
    if len(quarantined):
        speaker.tell("explain_quarantined", count=len(quarantined))
        click.echo(first_rejected(speaker, quarantined), err=True)


def _written(paper: Paper, suffix: str) -> str:
    from sanzhixin.validation.papers.layout import to_markdown, to_page, to_text

    if suffix == ".html":
        return to_page([paper])
    return to_markdown(paper) if suffix == ".md" else to_text(paper)


def check_page(out: Path) -> None:
    """Refuse a name for the page of a household before any work is done for it."""
    from sanzhixin.records.whole_file import check_free

    if out.suffix.lower() != ".html":
        raise click.BadParameter(_PAGE, param_hint="--output")
    check_free(out)


def write_page(
    out: Path,
    model: SanzhixinModel,
    county: County,
    household: str,
    as_of: dt.date,
    *,
    first: Lang,
) -> None:
    """Write the page of one household as a new file."""
    from sanzhixin.records.whole_file import write_new
    from sanzhixin.validation.papers.case import household_case
    from sanzhixin.validation.papers.household import household_page

    record = county.application(household)
    stated = None if record.proposals is None else record.proposals.override_reason
    case = household_case(model, record, as_of)
    page = household_page(case, stated, first=first, status=model.file.status)
    write_new(out, page.encode())


@click.command()
@click.argument("model_path", metavar="MODEL", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="New or empty folder, or that of earlier papers, which are replaced.",
)
@click.option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    help="Language that stands first.  Default: that of sanzhixin --lang, else zh.",
)
@click.pass_obj
def card(voice: Voice, model_path: Path, *, out: Path, lang: Lang | None) -> int:
    """Write the papers of a model: card, disclosure, traceability, impact assessment (披露材料)."""
    from sanzhixin.scoring.artifact import read_model_file
    from sanzhixin.validation.papers.card import PAPERS, model_papers

    refuse_strangers(out, PAPERS, kind="card")
    papers = model_papers(read_model_file(model_path), first=lang or voice.one)
    writers = {name: as_writer(content) for name, content in papers.items()}
    publish_files(out, writers, kind="papers")
    voice.tell("card_written", count=len(papers), path=out)
    return 0
