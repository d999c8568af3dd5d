"""What a model is judged by: loans with a known outcome, as they stood on the day of granting."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sanzhixin.errors import DomainError
from sanzhixin.model.frames import scoring_date
from sanzhixin.modelling.county.loans import Outcomes, collect_outcomes
from sanzhixin.records.cases import MISSING
from sanzhixin.records.scheme_index import MICRO
from sanzhixin.scoring.limits import find_tier
from sanzhixin.validation.tables.columns import check_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sanzhixin.model import SanzhixinModel
    from sanzhixin.records import County
    from sanzhixin.scoring.provenance import Provenance

__all__ = ["granted_inside", "loan_table", "loans_left_out", "outcome_table"]

_EPOCH = dt.date(1970, 1, 1).toordinal()


def loan_table(
    model: SanzhixinModel,
    county: County,
    as_of: dt.date | None = None,
    *,
    outcomes: Outcomes | None = None,
) -> pd.DataFrame:
    """Score every loan with a known outcome as its household stood on the day of granting.

    Parameters
    ----------
    model : SanzhixinModel
        Whose points, tier and default probability are wanted.
    county : County
        With its loans.
    as_of : date, optional
        Outcomes known by then count; else the date of the county, else today.
    outcomes : Outcomes, optional
        From `collect_outcomes` with the same county, model and day, where they are at hand.

    Returns
    -------
    DataFrame
        As from `outcome_table`.

    Raises
    ------
    RecordError
        ``default_undated``: a loan is marked defaulted without the day.
    DomainError
        ``judged_columns``: loans without loan_id or limit_yuan; ``loans_repeated``: one loan_id in
        two rows.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=3, seed=7)
    >>> loans = loan_table(szx.fit(county, szx.load_scheme("tongxiang")), county)
    >>> bool(loans["points"].between(0, 1000).all())
    True
    """
    check_columns(county.loans, "loan_id", "limit_yuan")
    repeated = county.loans["loan_id"].duplicated()
    if repeated.any():
        row = int(np.flatnonzero(repeated)[0])
        raise DomainError("loans_repeated", row=row, count=int(repeated.sum()))
    if outcomes is None:
        outcomes = collect_outcomes(county, model, scoring_date(as_of, county.as_of))
    found = outcome_table(outcomes, model)
    granted = county.loans.set_index("loan_id")["limit_yuan"]
    found.insert(5, "limit_yuan", found["loan_id"].map(granted).astype("Int64"))
    return found


def outcome_table(outcomes: Outcomes, model: SanzhixinModel) -> pd.DataFrame:
    """Lay out loans whose outcome is known, with what the model says of their points.

    Parameters
    ----------
    outcomes : Outcomes
        From `collect_outcomes` with the same model.
    model : SanzhixinModel
        Tiers and default probabilities.

    Returns
    -------
    DataFrame
        One row per loan, in the order of `outcomes`: ``loan_id, household_id, village_id``;
        ``granted_on`` and its quarter ``vintage``; ``defaulted`` (90 days past due within 12
        months); ``in_window`` (granted within the data that the model was fitted on); ``points``,
        ``score``, ``tier`` (an ordered category, best first);
        ``prob_default, pd_lower, pd_upper`` (missing where the model has none); ``*_score`` of
        the pillars on the scale of 0 to 100 and ``event_points``, as the card uses them.
    """
    points, plan = outcomes.points, model.plan
    granted = pd.to_datetime(outcomes.granted_on - _EPOCH, unit="D")
    chance = model.file.pd.lookup(points)
    names = np.array([*plan.tiers.grades, plan.tiers.unrated])
    order = [*reversed(plan.tiers.grades), plan.tiers.unrated]
    values = outcomes.card_values
    used = [name for name in values if name.endswith("_score") or name == "event_points"]
    return pd.DataFrame(
        {
            "loan_id": outcomes.loan_id.astype(object),
            "household_id": outcomes.household_id.astype(object),
            "village_id": outcomes.village.astype(object),
            "granted_on": granted,
            "vintage": granted.to_period("Q").astype(str),
            "defaulted": outcomes.defaulted,
            "in_window": granted_inside(outcomes.granted_on, model.file.provenance),
            "points": points,
            "score": points / model.file.card.points_per_score,
            "tier": pd.Categorical(names[find_tier(points, plan.tiers)], order, ordered=True),
            "prob_default": chance.prob_default,
            "pd_lower": chance.lower,
            "pd_upper": chance.upper,
            **{name: _plain(values[name]) for name in used},
        }
    )


def granted_inside(granted_on: NDArray[np.int64], origin: Provenance) -> NDArray[np.bool_]:
    """Tell which loans were granted within the data window of a model.

    Parameters
    ----------
    granted_on : ndarray of shape (n_loans,)
        Day number of granting, as `datetime.date.toordinal` counts.
    origin : Provenance
        Of the model.

    Returns
    -------
    ndarray of bool, shape (n_loans,)
        Both ends count; False throughout where the model has no window.

    Examples
    --------
    >>> from sanzhixin.scoring.provenance import Provenance
    >>> window = Provenance(data_from=dt.date(2024, 1, 1), data_until=dt.date(2024, 12, 31))
    >>> days = [dt.date(2024, 12, 31).toordinal(), dt.date(2025, 1, 1).toordinal()]
    >>> granted_inside(np.array(days), window).tolist()
    [True, False]
    """
    first, last = origin.data_from, origin.data_until
    if first is None or last is None:
        return np.zeros(granted_on.size, dtype=np.bool_)
    return np.asarray((granted_on >= first.toordinal()) & (granted_on <= last.toordinal()))


def loans_left_out(outcomes: Outcomes) -> dict[str, int]:
    """Count the loans that say nothing, by the reason.

    Parameters
    ----------
    outcomes : Outcomes
        From `collect_outcomes`.

    Returns
    -------
    dict of str to int
        ``young`` (their 12 months are not over), ``lost`` (not observed to the end), ``gated``,
        ``unscored``.
    """
    return {
        "young": outcomes.n_young,
        "lost": outcomes.n_lost,
        "gated": outcomes.n_gated,
        "unscored": outcomes.n_unscored,
    }


def _plain(millionths: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(millionths == MISSING, np.nan, millionths / MICRO)
