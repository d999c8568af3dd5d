"""The panel model of a county under a scheme: which forms it learns from, what they become."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.modelling.panel.file import Equating, panel_tables
from sanzhixin.modelling.panel.model import PanelModel
from sanzhixin.records.encode_county import encode_county
from sanzhixin.scoring.dates import months_before
from sanzhixin.scoring.panel_rules import MICRO
from sanzhixin.scoring.plan import ProfilePlan, profile_plan
from sanzhixin.scoring.profile import take_profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sanzhixin.modelling.panel.link import LinkKind
    from sanzhixin.records import County
    from sanzhixin.scheme import Scheme
    from sanzhixin.scoring.panel_tables import PanelTables

__all__ = [
    "county_forms",
    "fit_county_panel",
    "fit_tables",
    "forms_in_force",
    "learn_equating",
    "mean_scheme",
]

_QUANTILES = np.linspace(0.0, 1.0, 41)
_LEAST_HOUSEHOLDS = 100


def fit_county_panel(
    county: County,
    scheme: Scheme,
    as_of: dt.date,
    *,
    outcomes: pd.DataFrame | None = None,
    linking: LinkKind = "auto",
    progress: Callable[[str], None] | None = None,
) -> PanelModel:
    """Fit the panel model to the forms that count under a scheme.

    Parameters
    ----------
    county : County
        Accepted tables.
    scheme : Scheme
        Pillars, items, who may answer, who is recused, how old a round may be.
    as_of : date
        Forms dated by then count.
    outcomes : DataFrame, optional
        ``household_id`` and ``defaulted``, one row per loan with a complete outcome.
    linking : {"auto", "vignettes", "bridge", "outcomes", "prior"}, default="auto"
        As in `PanelModel`.
    progress : callable, optional
        Told the name of each pillar when it is done.

    Returns
    -------
    PanelModel
        Fitted.

    Raises
    ------
    DomainError
        ``panel_scales``: the pillars have different rating scales; and those of `PanelModel.fit`.
    EvidenceError
        ``no_dated_forms``: no form is dated by then and not too old; those of `PanelModel.fit`.
    """
    ends = {(item.lowest, item.highest) for item in scheme.panel_items}
    if len(ends) > 1:
        raise DomainError("panel_scales")
    lowest, highest = next(iter(ends))
    forms = county_forms(county.ratings, county.raters, scheme, as_of)
    if forms.empty:
        raise EvidenceError("no_dated_forms", as_of=as_of, months=scheme.rating_validity_months)
    pillars = _pillars(scheme)
    # A pillar's fit knows nothing of the others.  Two a core: with one a core the last of three
    # pillars would leave a core of two without work.
    cores = os.cpu_count() or 1
    n_jobs = min(len(pillars), 2 * cores) if cores > 1 else 1
    model = PanelModel(pillars, linking, n_categories=highest - lowest + 1, n_jobs=n_jobs)
    has_anchors = len(county.vignettes) > 0
    return model.fit(
        forms,
        county.households,
        county_forms(county.vignettes, county.raters, scheme, as_of) if has_anchors else None,
        outcomes,
        progress=progress,
    )


def _pillars(scheme: Scheme) -> dict[str, tuple[str, ...]]:
    return {
        pillar.code: tuple(i.code for i in scheme.panel_items if i.pillar == pillar.code)
        for pillar in scheme.pillars
    }


def county_forms(
    forms: pd.DataFrame, raters: pd.DataFrame, scheme: Scheme, as_of: dt.date
) -> pd.DataFrame:
    """Forms as the panel model takes them: dated, of roles that may answer, rated from 1.

    Parameters
    ----------
    forms : DataFrame
        ``ratings`` or ``vignettes`` of a county.
    raters : DataFrame
        Of the same county.
    scheme : Scheme
        Whose rules apply.
    as_of : date
        Forms dated by then, and not older than the scheme allows, are kept.

    Returns
    -------
    DataFrame
        Items of pillars that a role may not answer are blank; a relation that the scheme does not
        recuse is ``none``.
    """
    kept = forms[forms_in_force(forms, scheme, as_of)].copy()
    role = kept["rater_id"].map(raters.set_index("rater_id")["role"])
    asked = {pillar: role.isin(roles) for pillar, roles in scheme.raters_by_pillar.items()}
    for item in scheme.panel_items:
        stated = kept[item.code]
        if not asked[item.pillar].all():
            stated = stated.where(asked[item.pillar])
        kept[item.code] = stated - (item.lowest - 1)
    recused = kept["relation"].isin(list(scheme.recused_relations))
    kept["relation"] = kept["relation"].where(recused, "none")
    return kept


def forms_in_force(forms: pd.DataFrame, scheme: Scheme, as_of: dt.date) -> pd.Series:
    """Tell the forms that a date finds: dated by then, and not older than the scheme allows.

    Parameters
    ----------
    forms : DataFrame
        ``ratings`` or ``vignettes`` of a county.
    scheme : Scheme
        Says how long ratings hold.
    as_of : date
        The date.

    Returns
    -------
    Series of bool
        One for each form.
    """
    oldest = pd.Timestamp(months_before(as_of, scheme.rating_validity_months))
    return (forms["rated_on"] <= pd.Timestamp(as_of)) & (forms["rated_on"] > oldest)


def fit_tables(model: PanelModel, county: County, scheme: Scheme, as_of: dt.date) -> PanelTables:
    """Tables of a fitted panel model, equated where the scheme says so.

    Parameters
    ----------
    model : PanelModel
        From `fit_county_panel`.
    county : County
        Whose households the scale is equated on.
    scheme : Scheme
        With ``equating``.
    as_of : date
        Scoring date.

    Returns
    -------
    PanelTables
        For a model file.

    Raises
    ------
    DomainError
        ``panel_other_scheme``: the model was fitted to other pillars or items.
    EvidenceError
        ``equating_few``: too few households with enough forms; ``panel_too_large``.
    ArtifactError
        ``panel_not_rising``.
    """
    wanted = _pillars(scheme)
    if list(model.pillar_columns_.items()) != list(wanted.items()):
        raise DomainError("panel_other_scheme", pillars=", ".join(wanted))
    masks = {name: _answered(county.ratings, items) for name, items in wanted.items()}
    tables = panel_tables(model, masks=masks)
    if scheme.equating != "mean":
        return tables
    equating = learn_equating(tables, county, scheme, as_of)
    return panel_tables(model, equating=equating, masks=masks)


def _answered(ratings: pd.DataFrame, items: tuple[str, ...]) -> list[int]:
    """List the sets of answered items over all rounds, for loans are scored by earlier ones."""
    answered = ratings[list(items)].notna().to_numpy(dtype=np.int64)
    found: list[int] = np.unique((answered << np.arange(len(items))).sum(axis=1)).tolist()
    return found


def learn_equating(
    tables: PanelTables, county: County, scheme: Scheme, as_of: dt.date
) -> dict[str, Equating]:
    """Learn the map that gives adjusted scores the distribution of the mean's scores.

    Equipercentile equating (Kolen and Brennan 2014, https://doi.org/10.1007/978-1-4939-0317-7):
    ranks stay, so a household moves only past those whose panels were more severe or more lenient.

    Parameters
    ----------
    tables : PanelTables
        Not equated.
    county : County
        Accepted tables.
    scheme : Scheme
        Which forms count.
    as_of : date
        Scoring date.

    Returns
    -------
    dict of str to Equating
        By pillar: 41 quantiles of both scales and the ends, rising.

    Raises
    ------
    EvidenceError
        ``equating_few``: fewer than 100 households have enough forms in a pillar.
    """
    plans = (profile_plan(scheme, tables), profile_plan(mean_scheme(scheme)))
    adjusted, mean = (_scores(county, plan, as_of) for plan in plans)
    found = {}
    for place, pillar in enumerate(scheme.pillars):
        both = ~np.isnan(adjusted[:, place]) & ~np.isnan(mean[:, place])
        if both.sum() < _LEAST_HOUSEHOLDS:
            raise EvidenceError("equating_few", pillar=pillar.code, least=_LEAST_HOUSEHOLDS)
        knots = [
            (0.0, *np.quantile(scores[both, place], _QUANTILES).tolist(), 100.0)
            for scores in (adjusted, mean)
        ]
        found[pillar.code] = (knots[0], knots[1])
    return found


def mean_scheme(scheme: Scheme) -> Scheme:
    """Give the same scheme with the mean as its aggregator, to compare with."""
    return scheme.model_copy(update={"aggregator": "mean", "equating": None})


def _scores(county: County, plan: ProfilePlan, as_of: dt.date) -> NDArray[np.float64]:
    """Scores of the pillars that have enough forms; NaN elsewhere."""
    profile = take_profile(encode_county(county, plan.scheme, as_of), plan)
    return np.where(profile.sufficient, profile.measures.score / MICRO, np.nan)
