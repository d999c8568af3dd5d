"""Amounts that people put in place of the system's: how often, which way, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from sanzhixin.numerics.choices import check_probability
from sanzhixin.numerics.intervals import clopper_pearson_interval
from sanzhixin.validation.tables.columns import (
    check_columns,
    check_one_row_each,
    check_proposals,
    read_numbers,
    read_outcomes,
)
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.statistic_rows import make_row, make_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sanzhixin.validation.tables.judged import Verdict

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["LEAST_LOANS", "compute_overrides"]

LEAST_LOANS = 30
"""Loans of a direction; below, their default rate is stated and not told apart."""

Direction = Literal["lower", "same", "higher"]

_BY = {"village": "village_limit_yuan", "manager": "manager_limit_yuan"}
_DIRECTIONS: tuple[Direction, ...] = ("lower", "same", "higher")


def compute_overrides(
    proposals: pd.DataFrame, loans: pd.DataFrame, *, level: float = 0.95
) -> Judged:
    """Tell how often people's amounts differ from the system's, and how those loans did.

    Parameters
    ----------
    proposals : DataFrame
        Of `SanzhixinModel.propose`: household_id, system_limit_yuan, village_limit_yuan,
        manager_limit_yuan, review_triggers; one row per household.  Missing amounts are not
        compared; missing triggers are none.
    loans : DataFrame
        One row per loan with a complete outcome: household_id, limit_yuan, defaulted.
    level : float, default=0.95
        Of the Clopper-Pearson intervals.

    Returns
    -------
    Judged
        ``overrides``, by ``who`` and ``direction``.  ``share``: of the households with both
        amounts, those whose amount by the village or the manager is lower, the same, or higher
        than the system's; for ``granted``, of the loans of such households, by the limit that was
        granted.  ``no_reason``: of those that differ, the share without a stated reason.
        ``default_rate``: of the loans of a direction.

    Raises
    ------
    DomainError
        ``proposals_columns``, ``judged_columns``, ``outcome_not_binary``, ``probability_open``;
        ``proposals_repeated``: a household stands twice, so that no loan has one system's limit.

    Notes
    -----
    An amount by the village or the manager above the system's never raises the proposal, which is
    the least of them; it tells which way people lean.  A loan granted above the system's limit was
    an override in the strict sense, and is to be watched where no reason is stated.  The
    system's limit is that of the proposals, which may be younger than the loan.

    References
    ----------
    Basel Committee on Banking Supervision, CRE36, on overrides of model-based ratings: reasons are
    to be documented and overrides tracked by themselves.

    Examples
    --------
    >>> proposals = pd.DataFrame({"household_id": ["1", "2"], "system_limit_yuan": [50_000, 30_000],
    ...     "village_limit_yuan": [40_000, 30_000], "manager_limit_yuan": [None, None],
    ...     "review_triggers": [[], []]})
    >>> loans = pd.DataFrame({"household_id": [], "limit_yuan": [], "defaulted": []})
    >>> found = compute_overrides(proposals, loans).table
    >>> found.loc[(found["who"] == "village") & (found["statistic"] == "share"), "value"].tolist()
    [0.5, 0.5, 0.0]
    """
    check_probability("level", level)
    check_proposals(proposals, "household_id", "system_limit_yuan", "review_triggers")
    check_proposals(proposals, *_BY.values())
    check_columns(loans, "household_id", "limit_yuan")
    system = read_numbers(proposals, "system_limit_yuan")
    stated = _stated(proposals["review_triggers"])
    failed, place = read_outcomes(loans), _places(proposals, loans)
    rows: list[dict[str, Any]] = []
    for who, column in _BY.items():
        side = _side(read_numbers(proposals, column), system)
        rows += _shares(who, side, stated, level)
        rows += _rates(who, np.append(side, "")[place], failed, level)
    granted = _side(read_numbers(loans, "limit_yuan"), np.append(system, np.nan)[place])
    rows += _shares("granted", granted, np.append(stated, False)[place], level)
    rows += _rates("granted", granted, failed, level)
    return Judged(
        name="overrides",
        table=make_table(rows, ("who", "direction")),
        title_zh="人工调整",
        title_en="Overrides",
        note_zh=(
            "who：village 为村评议金额，manager 为客户经理金额，granted 为实际授信，"
            "均与系统额度比较。"
            f"share 为方向占比，no_reason 为有差异而未说明理由的占比，default_rate 为其贷款违约率；"
            f"区间为 {level:.0%} Clopper-Pearson。高于系统额度授信而未说明理由的，列为关注。"
            f"少于 {LEAST_LOANS} 笔贷款不作比较。系统额度取自建议表，可能晚于放款。"
        ),
        note_en=(
            "who: village is the amount of the village, manager that of the account manager, "
            "granted what was granted, each against the system's limit. share is that of a "
            "direction, no_reason the share of those that differ without a stated reason, "
            f"default_rate that of their loans; Clopper-Pearson intervals at {level:.0%}. Loans "
            "granted above the system's limit without a reason are to be watched. Fewer than "
            f"{LEAST_LOANS} loans are not compared. The system's limit is that of the table of "
            "proposals, which may be younger than the loan."
        ),
    )


def _stated(triggers: pd.Series) -> Bools:
    """Tell which households have a stated reason among their triggers; missing ones are none."""
    known = triggers.where(triggers.notna(), "")
    return np.array(["override" in told for told in known], dtype=np.bool_)


def _places(proposals: pd.DataFrame, loans: pd.DataFrame) -> NDArray[np.int64]:
    """Find each loan's household among the proposals; -1, the end, where it has none."""
    ids = pd.Index(proposals["household_id"].astype("object"))
    check_one_row_each(proposals)
    return np.asarray(ids.get_indexer(loans["household_id"].astype("object")), dtype=np.int64)


def _side(amounts: Floats, system: Floats) -> NDArray[np.str_]:
    """Tell the direction of each amount; empty where one of the two is missing."""
    known = ~(np.isnan(amounts) | np.isnan(system))
    lower, higher = amounts < system, amounts > system
    side = np.select([lower, higher], ["lower", "higher"], default="same")
    return np.where(known, side, "")


def _shares(who: str, side: NDArray[np.str_], stated: Bools, level: float) -> list[dict[str, Any]]:
    n, rows = int((side != "").sum()), []
    for direction in _DIRECTIONS:
        own = side == direction
        rows.append(_row("share", (who, direction), (int(own.sum()), n), "info", level))
    for direction in ("lower", "higher"):
        own = side == direction
        silent, total = int((own & ~stated).sum()), int(own.sum())
        strict = who == "granted" and direction == "higher"
        verdict: Verdict = "info" if not strict else "watch" if silent else "pass"
        rows.append(_row("no_reason", (who, direction), (silent, total), verdict, level))
    return rows


def _rates(who: str, side: NDArray[np.str_], failed: Bools, level: float) -> list[dict[str, Any]]:
    rows = []
    for direction in _DIRECTIONS:
        own = side == direction
        n, bad = int(own.sum()), int(failed[own].sum())
        verdict: Verdict = "info" if n >= LEAST_LOANS else "insufficient"
        row = _row("default_rate", (who, direction), (bad, n), verdict, level)
        rows.append(row | {"events": bad})
    return rows


def _row(
    statistic: str,
    about: tuple[str, str],
    counts: tuple[int, int],
    verdict: Verdict,
    level: float,
) -> dict[str, Any]:
    own, n = counts
    told = {"who": about[0], "direction": about[1], "n": n, "events": pd.NA}
    if not n:
        return make_row(statistic, "insufficient", told, value=np.nan)
    band = clopper_pearson_interval([own], [n], level=level)
    between = float(band.lower[0]), float(band.upper[0])
    return make_row(statistic, verdict, told, value=own / n, between=between)
