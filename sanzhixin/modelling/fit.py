"""From a county and a scheme to a model: the expert card, and what outcomes add to it."""

from __future__ import annotations

import datetime as dt
import hashlib
import platform
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING, get_args

import numpy as np

from sanzhixin.errors import DomainError, RecordError
from sanzhixin.model import SanzhixinModel, check_county, scoring_date
from sanzhixin.modelling.panel_county import fit_county_panel, fit_tables, mean_scheme
from sanzhixin.modelling.pd_table import PdChoice, fit_pd_table
from sanzhixin.records.encode_county import encode_county
from sanzhixin.scheme.scheme import Scheme
from sanzhixin.scoring.artifact import (
    MODEL_NAME,
    MODEL_VERSION,
    ModelFile,
    Provenance,
    review_quantile,
)
from sanzhixin.scoring.dates import months_before
from sanzhixin.scoring.expert import expert_card
from sanzhixin.scoring.measure import PLAIN_AGGREGATORS
from sanzhixin.scoring.pd_table import PdTable
from sanzhixin.scoring.scorer import score_cases

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from sanzhixin.records import County
    from sanzhixin.scoring.panel_tables import PanelTables

__all__ = ["Outcomes", "collect_outcomes", "expert_model", "fit"]

OUTCOME_MONTHS = 12
_LIBRARIES = ("sanzhixin", "numpy", "pandas", "pydantic", "scikit-learn", "scipy")


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Loans with a complete outcome, and the points that stood on the day of granting.

    Attributes
    ----------
    points : ndarray of shape (n_loans,)
        Points of the household on ``granted_on``: ratings, events and records dated by that day;
        factor values and event status as the tables hold them now.
    defaulted : ndarray of shape (n_loans,)
        90 days past due within 12 months.
    data_from, data_until : date or None
        First and last granting date.
    n_young : int
        Loans left out because their 12 months are not over.
    n_lost : int
        Loans left out because they were not observed to the end of their 12 months; all of them
        without default, so the more there are, the more the default rate is overstated.
    n_gated : int
        Loans left out because a record that gates was in force on the day of granting: such a
        household gets no default probability.
    n_unscored : int
        Loans left out because the ratings of that day were not sufficient.
    """

    points: NDArray[np.int64]
    defaulted: NDArray[np.bool_]
    data_from: dt.date | None
    data_until: dt.date | None
    n_young: int
    n_lost: int
    n_gated: int
    n_unscored: int


def fit(
    county: County,
    scheme: Scheme,
    *,
    name: str | None = None,
    version: str = "0.1.0",
    as_of: dt.date | None = None,
    pd_method: PdChoice = "auto",
    fitted_by: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> SanzhixinModel:
    """Fit a model: the expert card of the scheme with default probabilities from the loans.

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
    pd_method : {"auto", "none", "pluto_tasche", "logistic"}, default="auto"
        How default probabilities are found; ``auto`` takes the logistic curve from 20 defaults
        on, Pluto-Tasche below, none without loans.
    fitted_by : str, optional
        Who fits, for the provenance.
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
        the county or its scales cannot give; ``pd_method_unknown``: not one of the methods;
        ``model_name``: name or version cannot stand in a path.
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
    _check_request(scheme, pd_method)
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
    plan = expert.plan
    table = fit_pd_table(
        outcomes.points,
        outcomes.defaulted,
        cutoffs=plan.tiers.cutoffs,
        highest_points=plan.card.highest,
        method=pd_method,
    )
    year_on = months_before(day, -12)
    return SanzhixinModel(
        expert.file.model_copy(
            update={
                "pd": table,
                "valid_until": min(year_on, scheme.valid_until),
                "provenance": _provenance(county, outcomes, table, fitted_by),
            }
        )
    )


def _check_request(scheme: object, pd_method: str) -> None:
    if not isinstance(scheme, Scheme):
        raise DomainError("scheme_expected", given=type(scheme).__name__)
    known = get_args(PdChoice)
    if pd_method not in known:
        raise DomainError("pd_method_unknown", given=pd_method, known=", ".join(known))


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
    if not (re.fullmatch(MODEL_NAME, name) and re.fullmatch(MODEL_VERSION, version)):
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


def collect_outcomes(county: County, model: SanzhixinModel, as_of: dt.date) -> Outcomes:
    """Score every loan with a complete outcome on the day it was granted.

    Parameters
    ----------
    county : County
        With its loans.
    model : SanzhixinModel
        Whose points are wanted.
    as_of : date
        Outcomes known by then count.

    Returns
    -------
    Outcomes
        Points and defaults, and what was left out.

    Raises
    ------
    RecordError
        ``default_undated``: a loan is marked defaulted without the day.
    """
    over, known = _windows(county.loans, as_of)
    loans = known[over & known["ripe"]].sort_values(["household_id", "loan_id"], kind="stable")
    points, gated, sufficient = _points_when_granted(county, loans, model)
    used = ~gated & sufficient
    granted = loans["granted_on"][used]
    return Outcomes(
        points=points[used],
        defaulted=loans["defaulted"].to_numpy(dtype=np.bool_)[used],
        data_from=granted.min().date() if used.any() else None,
        data_until=granted.max().date() if used.any() else None,
        n_young=int((~over).sum()),
        n_lost=int((over & ~known["ripe"]).sum()),
        n_gated=int(gated.sum()),
        n_unscored=int((~gated & ~sufficient).sum()),
    )


def _windows(loans: pd.DataFrame, as_of: dt.date) -> tuple[pd.Series, pd.DataFrame]:
    """Tell which loans' 12 months are over, and mark defaults within them and followed loans."""
    import pandas as pd

    failed = loans["defaulted"].fillna(value=False).astype(bool)
    undated = int((failed & loans["defaulted_on"].isna()).sum())
    if undated:
        raise RecordError("default_undated", count=undated)
    window_end = loans["granted_on"] + pd.DateOffset(months=OUTCOME_MONTHS)
    followed = loans["defaulted"].notna() & (loans["observed_until"] >= window_end)
    within = failed & (loans["defaulted_on"] <= window_end)
    over: pd.Series = window_end <= pd.Timestamp(as_of)
    return over, loans.assign(defaulted=within, ripe=followed | failed)


def _points_when_granted(
    county: County, loans: pd.DataFrame, model: SanzhixinModel
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Points of each loan's household on the day of granting; gated; ratings sufficient."""
    if loans.empty:
        nothing = np.empty(0, dtype=np.bool_)
        return np.empty(0, dtype=np.int64), nothing, nothing
    days = np.array([day.toordinal() for day in loans["granted_on"].dt.date], dtype=np.int64)
    cases = encode_county(county, model.scheme, days, households=loans["household_id"].tolist())
    answers = score_cases(cases, model.plan)
    of_records = answers.assessment.gate[:, :-1]  # the last is the purpose: today's, not then's
    sufficient = np.asarray(answers.profile.sufficient.all(axis=1))
    return answers.assessment.points.total, np.asarray(of_records.any(axis=1)), sufficient


def _provenance(
    county: County, outcomes: Outcomes, table: PdTable, fitted_by: str | None
) -> Provenance:
    notes = [
        "Expert card: the points were not learned from outcomes.",
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
    truth = county.truth
    return Provenance(
        data_from=outcomes.data_from,
        data_until=outcomes.data_until,
        rows={key: len(frame) for key, frame in tables.items()},
        checksums={key: _checksum(frame) for key, frame in tables.items()},
        versions=_versions(),
        seed=None if truth is None else truth.seed,
        fitted_by=fitted_by,
        notes=tuple(notes),
    )


def _checksum(frame: pd.DataFrame) -> str:
    """SHA-256 of the sorted row hashes: the order of rows and columns does not matter."""
    import pandas as pd

    rows = pd.util.hash_pandas_object(frame[sorted(frame.columns)], index=False).to_numpy()
    return f"sha256:{hashlib.sha256(np.sort(rows).tobytes()).hexdigest()}"


def _versions() -> dict[str, str]:
    versions = {library: _version(library) for library in _LIBRARIES}
    return {"python": platform.python_version(), **versions}


def _version(library: str) -> str:
    try:
        return installed_version(library)
    except PackageNotFoundError:
        return "not installed"
