"""Commands about a model: fit it, explain one household."""

from __future__ import annotations

import datetime as dt
import json
import warnings
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from sanzhixin.cli.county_commands import tell_notes
from sanzhixin.cli.options import AS_OF, DIR, HOUSEHOLD, JSON, MODEL, SCHEME, ChosenModel, read_rate
from sanzhixin.cli.paper_commands import check_page, tell_rejected, tell_trial, write_page
from sanzhixin.cli.texts import TEXTS
from sanzhixin.cli.voice import Voice

if TYPE_CHECKING:
    import pandas as pd

    from sanzhixin.errors.words import Lang
    from sanzhixin.model import SanzhixinModel
    from sanzhixin.modelling.county.pd_table import PdChoice
    from sanzhixin.records import County
    from sanzhixin.scoring.artifact import ModelFile
    from sanzhixin.scoring.explain import Explanation

__all__ = ["explain", "explain_household", "fit"]


@click.command()
@DIR
@SCHEME
@click.option(
    "-o",
    "--output",
    "output",
    required=True,
    metavar="MODEL",
    type=click.Path(path_type=Path),
    help="Folder for model.json.",
)
@click.option("--name", help="Name of the model; default: that of the scheme with -fitted.")
@click.option("--version", "version", default="0.1.0", show_default=True)
@click.option(
    "--card",
    type=click.Choice(["auto", "expert", "fitted"]),
    default="auto",
    show_default=True,
    help="auto: a learned card where it does better on unseen loans.",
)
@click.option(
    "--holdout",
    type=click.Choice(["village", "time"]),
    default="village",
    show_default=True,
    help="Unseen loans: of other villages, or the latest third.",
)
@click.option(
    "--fitted-by",
    metavar="NAME",
    help="Who fits; a model without it can be tried, but never validated or approved.",
)
@click.option(
    "--pd-method",
    type=click.Choice(
        ["auto", "none", "pluto_tasche", "bayesian", "firth", "logistic", "beta", "isotonic"]
    ),
    default="auto",
    show_default=True,
    help="How default probabilities are found.",
)
@click.option(
    "--anchor",
    metavar="RATE",
    callback=read_rate,
    help="Long-run default rate that the mean over the loans is moved to, as 0.02 or 2%.",
)
@AS_OF
@click.pass_obj
def fit(  # noqa: PLR0913 - one parameter an option of the command
    voice: Voice,
    folder: Path,
    *,
    scheme: str,
    output: Path,
    name: str | None,
    version: str,
    card: Literal["auto", "expert", "fitted"],
    holdout: Literal["village", "time"],
    pd_method: PdChoice,
    anchor: float | None,
    fitted_by: str | None,
    as_of: dt.date | None,
) -> int:
    """Make a model from the county in DIR: a card, and default probabilities from its loans."""
    from sanzhixin.batch import take_in
    from sanzhixin.batch.files import publishing, whole_file
    from sanzhixin.modelling import PanelLinkWarning
    from sanzhixin.modelling import fit as fit_model
    from sanzhixin.scheme import load_scheme
    from sanzhixin.validation.papers.card import card_markdown

    rules = load_scheme(scheme)
    intake = take_in(folder, rules, as_of)
    tell_notes(voice, intake.done.notes)
    if intake.n_rejected:
        voice.tell("fit_quarantined", rejected=intake.n_rejected)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PanelLinkWarning)  # told below, in both languages
        model = fit_model(
            intake.done.county,
            rules,
            name=name,
            version=version,
            as_of=intake.as_of,
            card=card,
            holdout=holdout,
            pd_method=pd_method,
            anchor=anchor,
            fitted_by=fitted_by,
            fitted_on=None if fitted_by is None else dt.date.today(),
        )
    former = _standing(output)
    path, file = model.save(output), model.file
    paper = path.with_name("card.md")
    with publishing(paper), whole_file(paper) as stream:
        stream.write(card_markdown(file).encode())
    _tell_model(voice, file, path)
    if former is not None and former.digest() != file.digest():
        status = TEXTS[f"model.{former.status}"]
        voice.tell("fit_replaced", model_id=file.model_id, status=status, digest=former.digest())
    if fitted_by is None:
        voice.tell("fit_nobody")
    if file.provenance.comparison is not None and file.provenance.comparison.chosen == "fitted":
        _tell_swap(voice, model, intake.done.county, intake.as_of)
    return 3 if intake.n_rejected else 0


def _standing(output: Path) -> ModelFile | None:
    """Read the model that stands where one will be written; None where there is none to read."""
    from sanzhixin.errors import ArtifactError, InputError
    from sanzhixin.scoring.artifact import read_model_file

    try:
        return read_model_file(output)
    except (ArtifactError, InputError):
        return None


def _tell_swap(voice: Voice, model: SanzhixinModel, county: County, as_of: dt.date | None) -> None:
    """Say what the learned card moves against the expert card."""
    from sanzhixin.modelling import compute_swap, expert_model

    expert = expert_model(model.scheme, name="expert", version="0.0.0")
    table = compute_swap(expert, model, county, as_of)
    grades = [model.scheme.tiers.unrated, *(row.grade for row in model.scheme.tiers.ascending)]
    place = {grade: k for k, grade in enumerate(grades)}
    both = table.dropna(subset=["tier_before", "tier_after"])
    step = both["tier_after"].map(place) - both["tier_before"].map(place)
    voice.tell(
        "fit_swap",
        higher=int(both["n_households"][step > 0].sum()),
        lower=int(both["n_households"][step < 0].sum()),
        same=int(both["n_households"][step == 0].sum()),
        before=f"{int(table['limit_before_yuan'].sum()):,}",
        after=f"{int(table['limit_after_yuan'].sum()):,}",
    )


def _tell_model(voice: Voice, file: ModelFile, path: Path) -> None:
    """Say what was made: measures, card, tiers that nobody reaches, default probability."""
    voice.tell(
        "fit_saved",
        model_id=file.model_id,
        path=path,
        status=TEXTS[f"model.{file.status}"],
        basis=TEXTS[f"basis.{file.pd.basis}"],
        until=file.valid_until,
    )
    if file.panel is not None:
        voice.tell(
            "fit_panel",
            link=TEXTS[f"link.{file.panel.link}"],
            compared=file.panel.n_compared,
            moved=file.panel.n_moved,
        )
    compared = file.provenance.comparison
    if compared is not None:
        voice.tell(
            "fit_cards",
            chosen=TEXTS["card.asked_for" if compared.asked_for else f"card.{compared.chosen}"],
            unseen=TEXTS[f"holdout.{compared.holdout}"],
            loans=compared.n_loans,
            defaults=compared.n_defaults,
            expert=f"{compared.expert.log_loss:.5f}",
            fitted=f"{compared.fitted.log_loss:.5f}",
            error=f"{compared.gain_se:.5f}",
        )
    refused = file.provenance.card_refused
    if refused is not None:
        voice.tell("fit_no_card", zh=refused.zh, en=refused.en)
    beyond = file.tiers_out_of_reach
    if beyond:
        low, high = (end / file.card.points_per_score for end in file.card.reach)
        voice.tell("fit_out_of_reach", low=f"{low:g}", high=f"{high:g}", tiers=", ".join(beyond))
    click.echo(voice.pick(file.pd.note_zh, file.pd.note_en), err=True)
    if file.pd.basis == "none" and file.scheme.limits.loss_cap is not None:
        voice.tell("fit_no_loss_cap")


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
    "page",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="New .html page for the household instead, in both languages.",
)
@AS_OF
@JSON
@click.pass_obj
def explain(
    voice: Voice,
    folder: Path,
    *,
    chosen: ChosenModel,
    household: str,
    lang: Lang | None,
    page: Path | None,
    as_of: dt.date | None,
    as_json: bool,
) -> int:
    """Say why: everything behind the proposal for one household (说明)."""
    from sanzhixin.batch import take_in
    from sanzhixin.cli.account import Account

    if page is not None:
        check_page(page)
    model = chosen.load()
    tell_trial(voice, model)
    intake = take_in(folder, model.scheme, as_of)
    county = intake.done.county
    speaker = Voice(lang or voice.one)
    tell_rejected(speaker, intake.done.rejected, household)
    if page is not None:
        write_page(page, model, county, household, intake.as_of, first=speaker.one)
        speaker.tell("page_written", path=page)
        return 0
    why, override = explain_household(model, county, household, intake.as_of)
    if as_json:
        content = json.loads(json.dumps(asdict(why), default=_plain))
        voice.show_json({**content, "override_reason": override})
    else:
        voice.show(Account(why, override, speaker).full())
    return 0


def explain_household(
    model: SanzhixinModel, county: County, household: str, as_of: dt.date
) -> tuple[Explanation, str | None]:
    """Explain one household from its own rows, with the reason given for an override."""

    def own(table: pd.DataFrame) -> pd.DataFrame:
        return table[table["household_id"] == household]

    home = replace(
        county,
        households=own(county.households),
        ratings=own(county.ratings),
        events=own(county.events),
        registers=own(county.registers),
        proposals=own(county.proposals),
    )
    why = model.explain(home, household, as_of)
    stated = home.proposals["override_reason"].dropna()
    return why, str(stated.iloc[0]) if len(stated) else None


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else str(value)
