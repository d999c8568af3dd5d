"""From a county and a scheme to a model: the expert card, and what outcomes add to it."""

from __future__ import annotations

import datetime as dt
import hashlib
import platform
from typing import TYPE_CHECKING

import numpy as np

from sanzhixin.errors import DomainError
from sanzhixin.errors.findings import finding
from sanzhixin.model import SanzhixinModel, check_county, scoring_date
from sanzhixin.modelling.county.choice import CardChoice, ChosenCard, Holdout, choose_card
from sanzhixin.modelling.county.loans import Outcomes, collect_outcomes
from sanzhixin.modelling.county.pd_table import PdChoice, check_anchor, fit_pd_table
from sanzhixin.modelling.panel.county import fit_county_panel, fit_tables, mean_scheme
from sanzhixin.numerics.choices import check_choice
from sanzhixin.records.encode_county import encode_county
from sanzhixin.scheme.scheme import Scheme
from sanzhixin.scoring.artifact import ModelFile, review_quantile
from sanzhixin.scoring.dates import months_before
from sanzhixin.scoring.expert import expert_card
from sanzhixin.scoring.measure import PLAIN_AGGREGATORS
from sanzhixin.scoring.model_names import is_model_name, is_model_version
from sanzhixin.scoring.pd_table import PdTable
from sanzhixin.scoring.provenance import Provenance, Refusal
from sanzhixin.scoring.scorer import score_cases
from sanzhixin.versions import installed_version

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from sanzhixin.errors import SanzhixinError
    from sanzhixin.records import County
    from sanzhixin.scoring.panel_tables import PanelTables

__all__ = ["expert_model", "fit", "table_checksum"]

_LIBRARIES = ("sanzhixin", "numpy", "pandas", "pydantic", "scikit-learn", "scipy")


def fit(  # noqa: PLR0913 - the one call of an analyst; each keyword is a decision of its own
    county: County,
    scheme: Scheme,
    *,
    name: str | None = None,
    version: str = "0.1.0",
    as_of: dt.date | None = None,
    card: CardChoice = "auto",
    holdout: Holdout = "village",
    pd_method: PdChoice = "auto",
    anchor: float | None = None,
    fitted_by: str | None = None,
    fitted_on: dt.date | None = None,
    progress: Callable[[str], None] | None = None,
) -> SanzhixinModel:
    """Fit a model: a card with default probabilities, learned from the loans where they suffice.

    Each loan is scored on the day it was granted, with the ratings, events and records dated by
    then; factor values and the status of events are as the tables hold them now, so a table that
    was corrected after a default carries that knowledge.  Loans whose 12 months are
    not over are left out whether they defaulted or not, and a default after the 12 months does not
    count.  Loans that were lost from sight before that without default, and loans of households
    that were gated on the day of granting, are left out as well; the provenance counts them all.
    All loans stem from approved households, and the table says so.

    Parameters
    ----------
    county : County
        Accepted tables; ``loans`` may be empty.
    scheme : Scheme
        What the bank decided.
    name : str, optional
        Name of the model; else that of the scheme with ``-fitted``.
    version : str, default="0.1.0"
        Version of the model.
    as_of : date, optional
        Day of fitting; else that of the county, else today.
    card : {"auto", "expert", "fitted"}, default="auto"
        ``auto`` learns a card from at least 50 defaults and keeps it where its log-loss on unseen
        loans is smaller than the expert card's by more than one standard error; ``expert`` learns
        none; ``fitted`` takes the learned one, whatever the comparison says.
    holdout : {"village", "time"}, default="village"
        Unseen loans: those of other villages, in five parts, or the latest third.
    pd_method : str, default="auto"
        How default probabilities are found: ``none``, ``pluto_tasche``, ``bayesian``, ``firth``,
        ``logistic``, ``beta``, ``isotonic`` (see `ScoreCalibrator`); ``auto`` takes a curve from 20
        defaults on, Pluto-Tasche below, none without loans.
    anchor : float, optional
        Long-run default rate that the mean over the loans is moved to (`pd_basis` "anchored").
    fitted_by : str, optional
        Who fits, for the provenance.
    fitted_on : date, optional
        When, for the provenance.
    progress : callable, optional
        Told the name of each pillar when its severities are fitted.

    Returns
    -------
    SanzhixinModel
        With status ``draft``, valid for a year or as long as the scheme.

    Raises
    ------
    DomainError
        ``county_expected``, ``scheme_expected``: something else was given; ``county_empty``: no
        household; ``equating_few``, ``panel_scales``: the scheme asks for fitted severities that
        the county or its scales cannot give; ``option_choice``: not one of the methods;
        ``option_range``, ``pd_anchor_unused``: the anchor; ``model_name``: name or version cannot
        stand in a path.
    RecordError
        ``default_undated``: a loan is marked defaulted without the day.
    EvidenceError
        The method needs more defaults than there are; the sentence names the alternative.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=2, seed=7)
    >>> szx.fit(county, szx.load_scheme("tongxiang")).model_id
    'tongxiang-fitted/0.1.0'
    """
    check_county(county)
    _check_request(scheme, pd_method, anchor)
    if county.households.empty:
        raise DomainError("county_empty")
    day = scoring_date(as_of, county.as_of)
    expert = expert_model(
        scheme,
        name=name or f"{scheme.name}-fitted",
        version=version,
        panel=_fit_panel(county, scheme, day, progress),
    )
    outcomes = collect_outcomes(county, expert, day)
    chosen = choose_card(scheme, outcomes, card=card, holdout=holdout)
    plan = expert.plan
    final = plan.card if chosen.learned is None else chosen.learned.card
    table = fit_pd_table(
        outcomes.points if chosen.points is None else chosen.points,
        outcomes.defaulted,
        cutoffs=plan.tiers.cutoffs,
        highest_points=plan.card.highest,
        method=pd_method,
        anchor=anchor,
    )
    year_on = months_before(day, -12)
    return SanzhixinModel(
        expert.file.model_copy(
            update={
                "card": final,
                "pd": table,
                "valid_until": min(year_on, scheme.valid_until),
                "provenance": _provenance(county, outcomes, table, chosen).model_copy(
                    update={"fitted_by": fitted_by, "fitted_on": fitted_on}
                ),
            }
        )
    )


def _check_request(scheme: object, pd_method: str, anchor: float | None) -> None:
    if not isinstance(scheme, Scheme):
        raise DomainError("scheme_expected", given=type(scheme).__name__)
    check_choice("pd_method", pd_method, PdChoice)
    check_anchor(anchor, pd_method)


def _fit_panel(
    county: County, scheme: Scheme, day: dt.date, progress: Callable[[str], None] | None
) -> PanelTables | None:
    """Fit severities where the scheme asks for them.

    Outcomes do not link villages here: loans with a complete outcome are older than the ratings
    that count, and they make the table of default probability.
    """
    if scheme.aggregator in PLAIN_AGGREGATORS:
        return None
    model = fit_county_panel(county, scheme, day, progress=progress)
    tables = fit_tables(model, county, scheme, day)
    adjusted = expert_model(scheme, name="adjusted", version="0.0.0", panel=tables)
    plain = expert_model(mean_scheme(scheme), name="mean", version="0.0.0")
    tier, scored = _tiers(county, adjusted, day)
    before, _ = _tiers(county, plain, day)
    moved = int((scored & (tier != before)).sum())
    return tables.model_copy(update={"n_compared": int(scored.sum()), "n_moved": moved})


def _tiers(
    county: County, model: SanzhixinModel, day: dt.date
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Tier of every household, and whether its ratings suffice for one."""
    answers = score_cases(encode_county(county, model.scheme, day), model.plan)
    return answers.assessment.tier, np.asarray(answers.profile.sufficient.all(axis=1))


def expert_model(
    scheme: Scheme, *, name: str, version: str, panel: PanelTables | None = None
) -> SanzhixinModel:
    """Make the model of a scheme alone: its score table, no default probability.

    Parameters
    ----------
    scheme : Scheme
        What the bank decided.
    name, version : str
        Of the model.
    panel : PanelTables, optional
        Fitted severities, for a scheme whose aggregator is ``severity_adjusted``.

    Returns
    -------
    SanzhixinModel
        With status ``draft`` and ``pd_basis`` "none", valid as long as the scheme.

    Raises
    ------
    DomainError
        ``model_name``: name or version cannot stand in a path.

    Examples
    --------
    >>> from sanzhixin.scheme import load_scheme
    >>> expert_model(load_scheme("tongxiang"), name="tongxiang-expert", version="1.0.0").model_id
    'tongxiang-expert/1.0.0'
    """
    if not (is_model_name(name) and is_model_version(version)):
        raise DomainError("model_name", name=name, version=version)
    return SanzhixinModel(
        ModelFile(
            protocol=1,
            name=name,
            version=version,
            status="draft",
            valid_until=scheme.valid_until,
            scheme=scheme,
            panel=panel,
            card=expert_card(scheme),
            pd=PdTable.none(),
            review_z=review_quantile(scheme),
            provenance=Provenance(notes=("Expert card: no number was learned from outcomes.",)),
        )
    )


def _provenance(
    county: County,
    outcomes: Outcomes,
    table: PdTable,
    chosen: ChosenCard,
) -> Provenance:
    notes = [
        *_card_notes(chosen),
        f"Default probability: {table.method}; {table.n_defaults} defaults in {table.n_loans} "
        "loans of approved households.",
        f"Loans left out: {outcomes.n_young} whose 12 months are not over, {outcomes.n_lost} not "
        f"observed to their end, {outcomes.n_gated} gated on the day of granting, "
        f"{outcomes.n_unscored} without sufficient ratings on that day.",
        "Factor values and event status are those of the day of fitting, not of granting.",
    ]
    rejected = int((county.rejected_rows["table"] == "loans").sum())
    if rejected:
        notes.append(
            f"Loans of {rejected} households were rejected at acceptance and are in none of these "
            "counts; where rejection has to do with default, the rates are wrong."
        )
    tables = {key: frame for key, frame in county.tables().items() if len(frame)}
    truth, refused = county.truth, chosen.refused
    return Provenance(
        data_from=outcomes.data_from,
        data_until=outcomes.data_until,
        rows={key: len(frame) for key, frame in tables.items()},
        checksums={key: table_checksum(frame) for key, frame in tables.items()},
        versions=_versions(),
        seed=None if truth is None else truth.seed,
        comparison=chosen.comparison,
        card_refused=None if refused is None else _refusal(refused),
        notes=tuple(notes),
    )


def _refusal(refused: SanzhixinError) -> Refusal:
    """Keep what was found: the expert card that is advised was taken."""
    en, zh = finding(refused)
    return Refusal(code=refused.code, en=en, zh=zh)


def _card_notes(chosen: ChosenCard) -> list[str]:
    notes = []
    if chosen.learned is None:
        notes.append("Expert card: the points were not learned from outcomes.")
        if chosen.refused is not None:
            notes.append(f"No card was learned: {finding(chosen.refused)[0]}")
    else:
        scale = {
            "equal_default": "points stand for the default probability that they have under the "
            "expert card",
            "min_max": "the worst case has the lowest points of the score, the best the highest",
        }[chosen.learned.scale]
        notes.append(f"Fitted card: points learned from outcomes; {scale}.")
        notes.append(
            "Default probability by the points that each loan has by a fit that did not see it."
        )
    compared = chosen.comparison
    if compared is not None:
        notes.append(
            f"Learned card against expert card on unseen loans ({compared.holdout}): log-loss "
            f"{compared.fitted.log_loss:.5f} against {compared.expert.log_loss:.5f}, gain "
            f"{compared.gain:.5f} (standard error {compared.gain_se:.5f}); chosen: "
            f"{compared.chosen}{', as it was asked for' if compared.asked_for else ''}."
        )
    return notes


def table_checksum(frame: pd.DataFrame) -> str:
    """Digest a table, whatever the order of its rows and columns.

    Parameters
    ----------
    frame : DataFrame
        Of a county; missing values count as such.

    Returns
    -------
    str
        ``sha256:`` and the SHA-256 of the sorted row hashes, as provenance holds it.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    >>> table_checksum(table) == table_checksum(table.iloc[::-1][["b", "a"]])
    True
    """
    import pandas as pd

    rows = pd.util.hash_pandas_object(frame[sorted(frame.columns)], index=False).to_numpy()
    return f"sha256:{hashlib.sha256(np.sort(rows).tobytes()).hexdigest()}"


def _versions() -> dict[str, str]:
    versions = {name: installed_version(name) or "not installed" for name in _LIBRARIES}
    return {"python": platform.python_version(), **versions}
