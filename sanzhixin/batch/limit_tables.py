"""Tables of limits of a county: side by side, by member, and within the totals of a portfolio."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sanzhixin.errors import DomainError
from sanzhixin.model import case_chunks, check_county, scoring_date
from sanzhixin.scoring.allocation import Allocation, allocate
from sanzhixin.scoring.limit_account import limit_rows, member_rows
from sanzhixin.scoring.scorer import check_cases, propose_answers, score_cases

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sanzhixin.model import SanzhixinModel
    from sanzhixin.records import County

__all__ = ["LimitTables", "PortfolioTables", "compute_limits", "compute_portfolio"]

_MOST_YUAN = 10**15
_MEMBER_COLUMNS = (
    "household_id",
    "person_id",
    "exposure_yuan",
    "household_limit_yuan",
    "member_limit_yuan",
    "binding_bound",
)


@dataclass(frozen=True, slots=True, repr=False)
class LimitTables:
    """Limits of a county.

    Attributes
    ----------
    limits : DataFrame
        One row per household, sorted by household_id: household_id, village_id, status, tier,
        rate_bp (basis points a year; missing where the scheme sets none), village_limit_yuan,
        manager_limit_yuan, system_limit_yuan, limit_yuan (proposed), binding_bound, one column
        ``bound_*_yuan`` for each bound (missing: not stated, so not binding), why_zh, why_en.
    members : DataFrame
        One row per adult: household_id, person_id, exposure_yuan, household_limit_yuan (shared by
        the members), member_limit_yuan (what this person may sign for at most), binding_bound
        (``household_limit``, ``exposure_room``).
    step : int
        Yuan to which limits are floored.
    """

    limits: pd.DataFrame
    members: pd.DataFrame
    step: int


@dataclass(frozen=True, slots=True, repr=False)
class PortfolioTables:
    """Limits within totals.

    Attributes
    ----------
    households : DataFrame
        One row per household with a proposed limit: household_id, village_id, status, limit_yuan,
        allocated_yuan, ceiling_yuan (the lower of the two that hold for it; missing: none),
        why_zh, why_en.
    members : DataFrame
        As `LimitTables.members`, with what is allocated to the household as its limit; the
        binding_bound is ``portfolio`` where that is what holds the person.
    villages : DataFrame
        One row per village: village_id, n_households, limit_yuan (sum), ceiling_yuan (of the
        village; missing: its total holds all), allocated_yuan (sum, after the ceiling over all
        villages), n_lowered.
    total_yuan, village_total_yuan, ceiling_yuan : int or None
        Totals that were asked for, and the ceiling over all villages.
    """

    households: pd.DataFrame
    members: pd.DataFrame
    villages: pd.DataFrame
    total_yuan: int | None
    village_total_yuan: int | None
    ceiling_yuan: int | None


def compute_limits(
    model: SanzhixinModel, county: County, as_of: dt.date | None = None
) -> LimitTables:
    """Put the limits of every household and of its members side by side.

    Parameters
    ----------
    model : SanzhixinModel
        As for proposals.
    county : County
        Accepted tables.
    as_of : date, optional
        Scoring date; else that of the county, else today.

    Returns
    -------
    LimitTables
        The same proposals as `SanzhixinModel.propose` makes, with everything behind the amount.

    Raises
    ------
    ArtifactError, RecordError, DomainError
        As `SanzhixinModel.propose`.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> tables = compute_limits(szx.fit(county, szx.load_scheme("tongxiang")), county)
    >>> row = tables.limits.dropna(subset=["limit_yuan"]).iloc[0]
    >>> bool(row["limit_yuan"] <= row["system_limit_yuan"])
    True
    """
    check_county(county)
    plan = model.plan
    limits: list[dict[str, Any]] = []
    members: list[dict[str, Any]] = []
    for cases in case_chunks(county, plan, scoring_date(as_of, county.as_of)):
        check_cases(cases, plan)
        answers = score_cases(cases, plan)
        rows = propose_answers(answers, plan)
        limits.extend(limit_rows(rows, answers, plan))
        members.extend(member_rows(rows, answers, plan))
    return LimitTables(
        limits=_frame(limits, tuple(limits[0])),
        members=_frame(members, _MEMBER_COLUMNS),
        step=plan.limits.step,
    )


def compute_portfolio(
    tables: LimitTables,
    *,
    total_yuan: int | None = None,
    village_share: float | None = None,
) -> PortfolioTables:
    """Bring the limits of a county within the totals of a portfolio, by ceilings.

    Where the limits of a village exceed its total, all limits above one ceiling are lowered to
    it; then the same over all villages.  So the largest limits give way first, equal limits stay
    equal, nobody is ranked, the order of the rows plays no part, and a household whose limit rises
    never gets less for it.

    Parameters
    ----------
    tables : LimitTables
        Households to be proposed or reviewed take part with their limit; the others have none.
    total_yuan : int, optional
        Yuan of all limits together; None sets no total.
    village_share : float, optional
        Largest share of `total_yuan` that the limits of one village may have; needs `total_yuan`.

    Returns
    -------
    PortfolioTables
        Every limit before and after, and why.

    Raises
    ------
    DomainError
        ``portfolio_options``: no total, one that is no whole yuan above 0, or a share outside
        (0, 1]; ``portfolio_too_small``: less than one step for each household.

    Examples
    --------
    >>> limits = pd.DataFrame(
    ...     {
    ...         "household_id": ["A", "B", "C"],
    ...         "village_id": ["V1", "V1", "V2"],
    ...         "status": "propose",
    ...         "limit_yuan": pd.array([100_000, 30_000, 50_000], dtype="Int64"),
    ...     }
    ... )
    >>> nobody = pd.DataFrame(columns=["household_id", "member_limit_yuan", "binding_bound"])
    >>> found = compute_portfolio(LimitTables(limits, nobody, 1_000), total_yuan=120_000)
    >>> found.households["allocated_yuan"].tolist(), found.ceiling_yuan
    ([45000, 30000, 45000], 45000)
    """
    village_total = _village_total(total_yuan, village_share)
    asked = tables.limits[tables.limits["limit_yuan"].notna()]
    asked = asked.sort_values("household_id", ignore_index=True)
    number, names = pd.factorize(asked["village_id"], sort=True)
    limits = asked["limit_yuan"].to_numpy(dtype=np.int64)
    totals = {"total": total_yuan, "village_total": village_total}
    found = allocate(limits, number.astype(np.int64), **totals, step=tables.step)
    households = _households(asked, number, found, (total_yuan, village_total))
    by_village = households.groupby("village_id", sort=True)
    villages = pd.DataFrame(
        {
            "village_id": pd.array(list(names), dtype="str"),
            "n_households": by_village.size().to_numpy(),
            "limit_yuan": by_village["limit_yuan"].sum().to_numpy(),
            "ceiling_yuan": _whole(found.village_ceiling),
            "allocated_yuan": by_village["allocated_yuan"].sum().to_numpy(),
            "n_lowered": np.bincount(number, found.limit < limits, len(names)).astype(np.int64),
        }
    )
    ceiling = None if found.ceiling < 0 else found.ceiling
    members = _members_within(tables.members, households)
    return PortfolioTables(households, members, villages, total_yuan, village_total, ceiling)


def _village_total(total_yuan: int | None, village_share: float | None) -> int | None:
    whole = isinstance(total_yuan, (int, np.integer)) and not isinstance(total_yuan, bool)
    number = isinstance(village_share, (int, float)) and 0 < village_share <= 1
    if (
        not whole
        or total_yuan is None
        or not 0 < total_yuan <= _MOST_YUAN
        or not (village_share is None or number)
    ):
        raise DomainError("portfolio_options", total=total_yuan, share=village_share)
    if village_share is None:
        return None
    return int(total_yuan * Fraction(str(village_share)))  # 5 % are 5 %, whatever 0.05 is in binary


def _members_within(members: pd.DataFrame, households: pd.DataFrame) -> pd.DataFrame:
    """Let nobody sign for more than what is allocated to the household."""
    given = households.set_index("household_id")["allocated_yuan"].astype("Int64")
    allocated = members["household_id"].map(given).astype("Int64")
    own = members["member_limit_yuan"].astype("Int64")
    lowered = (allocated < own).fillna(value=False).astype(bool)
    return members.assign(
        household_limit_yuan=allocated,
        member_limit_yuan=own.where(~lowered, allocated),
        binding_bound=members["binding_bound"].where(~lowered, "portfolio"),
    )


def _households(
    asked: pd.DataFrame,
    number: np.ndarray[Any, np.dtype[np.int64]],
    found: Allocation,
    totals: tuple[int | None, int | None],
) -> pd.DataFrame:
    own = found.village_ceiling[number]
    both = np.where(own < 0, found.ceiling, own)
    ceiling = np.where(found.ceiling < 0, both, np.minimum(both, found.ceiling))
    words = [
        _why(before, after, is_village=(0 <= of_village == after), totals=totals)
        for before, after, of_village in zip(
            asked["limit_yuan"].tolist(), found.limit.tolist(), own.tolist(), strict=True
        )
    ]
    return asked[["household_id", "village_id", "status", "limit_yuan"]].assign(
        allocated_yuan=found.limit,
        ceiling_yuan=_whole(ceiling),
        why_zh=[zh for zh, _ in words],
        why_en=[en for _, en in words],
    )


def _why(
    before: int, after: int, *, is_village: bool, totals: tuple[int | None, int | None]
) -> tuple[str, str]:
    if after == before:
        return "总量之内，额度不变。", "Within the totals: unchanged."
    total = totals[1] if is_village else totals[0]
    zh, en = ("本村", "the village's limits") if is_village else ("全部", "all limits")
    return (
        f"{zh}额度合计超过总量 {total:,} 元：高于 {after:,} 元的额度一律降至 {after:,} 元"
        f"（原 {before:,} 元）。",
        f"Together {en} exceed {total:,} yuan: every limit above {after:,} is lowered to it "
        f"(from {before:,}).",
    )


def _whole(ceilings: np.ndarray[Any, np.dtype[np.int64]]) -> pd.Series[int]:
    shown = pd.Series(ceilings, dtype="Int64")
    return shown.mask(shown < 0)


def _frame(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(columns))
    whole = [name for name in columns if name.endswith("_yuan") or name == "rate_bp"]
    texts = [name for name in columns if name not in whole]
    return frame.astype(dict.fromkeys(whole, "Int64") | dict.fromkeys(texts, "str"))
