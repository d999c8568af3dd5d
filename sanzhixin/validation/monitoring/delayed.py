"""Default probabilities against the loans whose twelve months ended since the last look."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sanzhixin.numerics.choices import check_probability
from sanzhixin.numerics.multiplicity import adjust_holm
from sanzhixin.validation.tables.columns import check_columns, group_loans
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.rates import LEAST_EXPECTED, RATE_NOTES, rate_row, read_forecast
from sanzhixin.validation.tables.statistic_rows import judge_p, make_table

if TYPE_CHECKING:
    import datetime as dt

    from sanzhixin.scoring.pd_table import PdBasis

__all__ = ["LoanWindows", "compute_delayed_calibration", "count_windows"]

_MONTHS = 12
_NOTES = (
    "只计 {since} 之后满 12 个月的贷款；此前已满的可能用于建模，不计。{fitted_zh}"
    "截至 {until} 尚未满 12 个月的贷款 {n_open} 笔，不以不完整的观察期估计；"
    "已满而未观察到期末、未见违约的 {n_lost} 笔不计。{rates}"
    "p_adjusted 为各行的 Holm 调整，判断依此。ratio 为观察与预期违约笔数之比。{basis}",
    "Loans whose 12 months ended after {since} alone; earlier ones may have taught the model. "
    "{fitted_en}By {until} {n_open} loans are not yet through their 12 months; no part of a window "
    "is used. {n_lost} were not observed to the end, without a default, and are left out. {rates} "
    "p_adjusted is that of Holm over the rows, and judges. ratio: observed over expected "
    "defaults. {basis}",
)


class LoanWindows(NamedTuple):
    """Loans of a county by how far their twelve months have gone.

    Attributes
    ----------
    n_ended : int
        Ended since the last look, and known.
    n_open : int
        Not over yet.
    n_lost : int
        Over since the last look, but not observed to the end.
    """

    n_ended: int
    n_open: int
    n_lost: int


def count_windows(loans: pd.DataFrame, *, since: dt.date, until: dt.date) -> LoanWindows:
    """Count the loans of a county by their windows.

    Parameters
    ----------
    loans : DataFrame
        Table ``loans`` of a county: granted_on, observed_until, defaulted.
    since, until : date
        Of the last look and of this one.

    Returns
    -------
    LoanWindows
        Loans granted by `until`.

    Raises
    ------
    DomainError
        ``judged_columns``.

    Examples
    --------
    >>> import datetime as dt
    >>> loans = pd.DataFrame({"granted_on": pd.to_datetime(["2025-01-05", "2026-01-05"]),
    ...     "observed_until": pd.to_datetime(["2026-02-01"] * 2), "defaulted": [False, False]})
    >>> tuple(count_windows(loans, since=dt.date(2025, 12, 31), until=dt.date(2026, 3, 31)))
    (1, 1, 0)
    """
    check_columns(loans, "granted_on", "observed_until", "defaulted")
    end = loans["granted_on"] + pd.DateOffset(months=_MONTHS)
    granted = loans["granted_on"] <= pd.Timestamp(until)
    ended = (end > pd.Timestamp(since)) & (end <= pd.Timestamp(until))
    failed = loans["defaulted"].fillna(value=False).astype(bool)
    known = failed | (loans["defaulted"].notna() & (loans["observed_until"] >= end))
    is_open = granted & (end > pd.Timestamp(until))
    return LoanWindows(int((ended & known).sum()), int(is_open.sum()), int((ended & ~known).sum()))


def compute_delayed_calibration(
    loans: pd.DataFrame,
    *,
    since: dt.date,
    until: dt.date,
    windows: LoanWindows,
    basis: PdBasis = "fitted",
    level: float = 0.95,
) -> Judged:
    """Judge default probabilities by the loans whose outcome has become known since the last look.

    Parameters
    ----------
    loans : DataFrame
        Of `loan_table`: granted_on, tier, prob_default, defaulted; with ``in_window``, loans that
        the model was fitted on are left out and counted in the note.
    since, until : date
        Of the last look and of this one; the twelve months of a loan that counts ended between.
    windows : LoanWindows
        Of the same dates; told in the note.
    basis : {"none", "prudent", "fitted", "anchored"}, default="fitted"
        What the probabilities are; ``none`` judges nothing.
    level : float, default=0.95
        Of the intervals.

    Returns
    -------
    Judged
        ``delayed_calibration``: rows ``default_rate`` of ``all`` and of each tier; ``p_value`` is
        one-sided, that probabilities are not too low.

    Raises
    ------
    DomainError
        ``judged_columns``, ``outcome_not_binary``, ``prob_outside``, ``option_choice``,
        ``probability_open``.

    References
    ----------
    European Central Bank (2019), Instructions for reporting the validation results of internal
    models, section 2.5.3.1; Holm (1979), https://www.jstor.org/stable/4615733

    Examples
    --------
    >>> import datetime as dt
    >>> loans = pd.DataFrame({"granted_on": pd.Timestamp("2025-05-01"), "tier": "A",
    ...     "prob_default": 0.02, "defaulted": [k < 31 for k in range(1000)]})
    >>> judged = compute_delayed_calibration(loans, since=dt.date(2026, 3, 31),
    ...     until=dt.date(2026, 6, 30), windows=LoanWindows(1000, 0, 0))
    >>> judged.table[["tier", "n", "events", "verdict"]].values.tolist()
    [['all', 1000, 31, 'watch'], ['A', 1000, 31, 'watch']]
    """
    check_probability("level", level)
    check_columns(loans, "granted_on", "tier")
    end = loans["granted_on"] + pd.DateOffset(months=_MONTHS)
    new = loans[(end > pd.Timestamp(since)) & (end <= pd.Timestamp(until))]
    new, fitted = _unseen(new)
    given = read_forecast(new, basis)
    rows = [rate_row({"tier": "all"}, given.prob, given.failed, level=level)]
    for group in group_loans(given.loans, "tier"):
        own = given.prob[group.rows], given.failed[group.rows]
        rows.append(rate_row({"tier": group.label}, *own, level=level))
    table = make_table(rows, ("tier",), more=("ratio", "p_value", "p_adjusted", "p_over"))
    expected = table["threshold"] * table["n"]
    observed = table["events"].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    table["ratio"] = np.where(expected > 0, observed, np.nan) / expected.where(expected > 0, 1.0)
    table = _adjusted(table)
    zh, en = (
        text.format(
            since=since.isoformat(),
            until=until.isoformat(),
            n_open=windows.n_open,
            n_lost=windows.n_lost,
            rates=rates.format(level=level, least=LEAST_EXPECTED),
            basis=own,
            **fitted,
        )
        for text, rates, own in zip(_NOTES, RATE_NOTES, given.notes(), strict=True)
    )
    return Judged(
        "delayed_calibration", table, "新到期贷款的校准", "Calibration on newly ended loans", zh, en
    )


def _unseen(loans: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Leave out the loans that the model was fitted on, and say how many."""
    if "in_window" not in loans:
        return loans, {"fitted_zh": "", "fitted_en": ""}
    is_own = loans["in_window"].fillna(value=False).astype(bool)
    n = int(is_own.sum())
    told = {
        "fitted_zh": f"其中 {n} 笔为模型拟合所用，不能当作新贷款，已剔除。",
        "fitted_en": f"{n} of these are left out: the model was fitted on them. ",
    }
    return loans[~is_own].drop(columns="in_window"), told


def _adjusted(table: pd.DataFrame) -> pd.DataFrame:
    is_judged = table["verdict"].isin(("pass", "watch", "fail"))
    adjusted = adjust_holm(table["p_value"].to_numpy(dtype=np.float64))  # few loans count too
    table["p_adjusted"] = adjusted
    table.loc[is_judged, "verdict"] = [judge_p(p) for p in adjusted[is_judged.to_numpy()]]
    return table
