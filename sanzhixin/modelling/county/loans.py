"""Loans with a complete outcome, and what stood of their households on the day of granting."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sanzhixin.errors import RecordError
from sanzhixin.model.frames import case_chunks
from sanzhixin.scoring.profile import card_values
from sanzhixin.scoring.scorer import score_cases

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from sanzhixin.model import SanzhixinModel
    from sanzhixin.records import County
    from sanzhixin.records.cases import Cases

__all__ = ["Outcomes", "collect_outcomes"]

OUTCOME_MONTHS = 12


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
    card_values : dict of str to ndarray of shape (n_loans,)
        What a card may use, of the same day: millionths, or level indices of categories.
    village : ndarray of str, shape (n_loans,)
        Village of the household; the household itself where it has none.
    loan_id, household_id : ndarray of str, shape (n_loans,)
        Which loan, of whom.
    granted_on : ndarray of shape (n_loans,)
        Day number of granting.
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
    card_values: dict[str, NDArray[np.int64]]
    village: NDArray[np.str_]
    loan_id: NDArray[np.str_]
    household_id: NDArray[np.str_]
    granted_on: NDArray[np.int64]
    data_from: dt.date | None
    data_until: dt.date | None
    n_young: int
    n_lost: int
    n_gated: int
    n_unscored: int

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Outcomes:
        """Take some of the loans.

        Parameters
        ----------
        rows : ndarray of int or bool
            Which.

        Returns
        -------
        Outcomes
            Of these; what was left out is counted as before.
        """
        return replace(
            self,
            points=self.points[rows],
            defaulted=self.defaulted[rows],
            card_values={name: column[rows] for name, column in self.card_values.items()},
            village=self.village[rows],
            loan_id=self.loan_id[rows],
            household_id=self.household_id[rows],
            granted_on=self.granted_on[rows],
        )


class _WhenGranted(NamedTuple):
    points: NDArray[np.int64]
    gated: NDArray[np.bool_]
    sufficient: NDArray[np.bool_]
    card_values: dict[str, NDArray[np.int64]]
    granted_on: NDArray[np.int64]


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
    when = _when_granted(county, loans, model)
    used = ~when.gated & when.sufficient
    granted = loans["granted_on"][used]
    return Outcomes(
        points=when.points[used],
        defaulted=loans["defaulted"].to_numpy(dtype=np.bool_)[used],
        card_values={name: column[used] for name, column in when.card_values.items()},
        village=_villages(county, loans)[used],
        loan_id=loans["loan_id"].to_numpy(dtype=np.str_)[used],
        household_id=loans["household_id"].to_numpy(dtype=np.str_)[used],
        granted_on=when.granted_on[used],
        data_from=granted.min().date() if used.any() else None,
        data_until=granted.max().date() if used.any() else None,
        n_young=int((~over).sum()),
        n_lost=int((over & ~known["ripe"]).sum()),
        n_gated=int(when.gated.sum()),
        n_unscored=int((~when.gated & ~when.sufficient).sum()),
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


def _when_granted(county: County, loans: pd.DataFrame, model: SanzhixinModel) -> _WhenGranted:
    """Score each loan's household on the day of granting, some at a time."""
    days = np.array([day.toordinal() for day in loans["granted_on"].dt.date], dtype=np.int64)
    chunks = case_chunks(county, model.plan, days, loans["household_id"].tolist())
    parts = [_chunk(cases, model) for cases in chunks]
    return _WhenGranted(
        points=np.concatenate([part.points for part in parts]),
        gated=np.concatenate([part.gated for part in parts]),
        sufficient=np.concatenate([part.sufficient for part in parts]),
        card_values={
            name: np.concatenate([part.card_values[name] for part in parts])
            for name in parts[0].card_values
        },
        granted_on=days,
    )


def _chunk(cases: Cases, model: SanzhixinModel) -> _WhenGranted:
    answers = score_cases(cases, model.plan)
    of_records = answers.assessment.gate[:, :-1]  # the last is the purpose: today's, not then's
    return _WhenGranted(
        points=answers.assessment.points.total,
        gated=np.asarray(of_records.any(axis=1)),
        sufficient=np.asarray(answers.profile.sufficient.all(axis=1)),
        card_values=card_values(cases, answers.profile, model.plan.panel),
        granted_on=cases.as_of,
    )


def _villages(county: County, loans: pd.DataFrame) -> NDArray[np.str_]:
    village = county.households.set_index("household_id")["village_id"]
    own = loans["household_id"].map(village).fillna(loans["household_id"])
    return np.asarray(own.to_numpy(), dtype=np.str_)
