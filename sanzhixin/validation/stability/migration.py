"""Households by tier before and after, and how far limits and households are concentrated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sanzhixin.errors import DomainError
from sanzhixin.numerics.choices import check_probability, check_range
from sanzhixin.numerics.intervals import clopper_pearson_interval
from sanzhixin.numerics.stability import concentration, mobility
from sanzhixin.validation.tables.columns import (
    check_one_row_each,
    check_proposals,
    read_numbers,
    village_numbers,
)
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.statistic_rows import make_row, make_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from sanzhixin.validation.tables.judged import Verdict

    Floats = NDArray[np.float64]

__all__ = ["OUTSIDE", "compute_concentration", "compute_migration"]

OUTSIDE = ("gated", "insufficient_evidence", "absent")
"""States beside the tiers, in the order they are shown; ``absent`` is in one table only."""

_LEAST_MOVED = 30  # households with a tier in both tables
_LEAST_VILLAGES = 5


def compute_migration(
    before_proposals: pd.DataFrame,
    after_proposals: pd.DataFrame,
    *,
    tiers: Sequence[str],
    level: float = 0.95,
    draws: int = 2_000,
    seed: int = 0,
) -> Judged:
    """Count households by their tier in two tables of proposals.

    Parameters
    ----------
    before_proposals, after_proposals : DataFrame
        Of `SanzhixinModel.propose`: household_id, status, tier.
    tiers : sequence of str
        All tiers, the best first and the unrated one last.
    level : float, default=0.95
        Of the intervals.
    draws : int, default=2000
        Of the bootstrap.
    seed : int, default=0
        Of the draws.

    Returns
    -------
    Judged
        ``migration``: ``households``, one row for each pair of states that some household has,
        whose value is its share of the households of the state before; ``share_down`` and
        ``share_up``; ``mwb_down`` and ``mwb_up``, the matrix weighted bandwidths of the households
        with a tier in both tables.  Nothing is judged: no accepted limit exists.

    Raises
    ------
    DomainError
        ``proposals_columns``; ``proposals_repeated``: a household stands twice in a table;
        ``tiers_unknown``: a tier that `tiers` does not name; ``option_range``;
        ``probability_open``: `level`.

    Notes
    -----
    Intervals of both shares are those of Clopper and Pearson, of both bandwidths percentiles of a
    bootstrap over households, drawn with the stated seed.  Where villages move together they are
    too narrow.

    References
    ----------
    European Central Bank (2019), Instructions for reporting the validation results of internal
    models, section 2.5.5.1.

    Examples
    --------
    >>> before = pd.DataFrame({"household_id": ["1", "2"], "status": "propose", "tier": ["A", "B"]})
    >>> after = pd.DataFrame({"household_id": ["1", "3"], "status": "propose", "tier": ["B", "B"]})
    >>> found = compute_migration(before, after, tiers=["A", "B"], draws=100).table
    >>> found[["before", "after", "n"]].head(3).values.tolist()
    [['A', 'B', 1], ['B', 'absent', 1], ['absent', 'B', 1]]
    """
    check_probability("level", level)
    check_range("draws", draws, 100, 1e6, is_whole=True)
    first, second = (_states(frame, tiers) for frame in (before_proposals, after_proposals))
    order = [*tiers, *OUTSIDE]
    both = pd.concat([first.rename("before"), second.rename("after")], axis=1).fillna("absent")
    table = pd.crosstab(both["before"], both["after"]).reindex(index=order, columns=order)
    counts = table.fillna(0).to_numpy(dtype=np.int64)
    k = len(tiers)
    rows = _pairs(counts, order) + _moves(counts[:k, :k], level, draws, seed)
    return Judged(
        name="migration",
        table=make_table(rows, ("before", "after")),
        title_zh="等级迁移",
        title_en="Migration between tiers",
        note_zh=(
            "households 各行的 value 为占之前同一状态农户的比重；"
            "share_down、share_up 为两期均有等级的农户中下降与上升的占比；"
            "mwb 为矩阵加权带宽（ECB 2019，2.5.5.1）：移动级数与可能移动级数之比。"
            f"占比区间为 {level:.0%} Clopper-Pearson 区间，mwb 为 {level:.0%} 自助法"
            f"（按农户，种子 {seed}）；整村一同变动时偏窄。不作判断。"
        ),
        note_en=(
            "value of the rows households is the share of the households of the state before. "
            "share_down and share_up are of households with a tier in both tables; mwb is the "
            "matrix weighted bandwidth (ECB 2019, 2.5.5.1), tiers moved over tiers that could be "
            f"moved. Intervals at {level:.0%}: of the shares those of Clopper and Pearson, of mwb "
            f"by bootstrap over households (seed {seed}); too narrow where villages move together. "
            "Not judged."
        ),
    )


def compute_concentration(
    proposals: pd.DataFrame,
    households: pd.DataFrame | None = None,
    *,
    tiers: Sequence[str] | None = None,
    level: float = 0.95,
    draws: int = 2_000,
    seed: int = 0,
) -> Judged:
    r"""Tell how far households and limits are concentrated in few tiers or villages.

    Parameters
    ----------
    proposals : DataFrame
        Of `SanzhixinModel.propose`: household_id, status, tier, limit_yuan; or with a village_id.
    households : DataFrame, optional
        household_id and village_id, where the proposals do not carry it.
    tiers : sequence of str, optional
        All tiers, so that empty ones count as classes; default: those that occur.
    level : float, default=0.95
        Of the intervals.
    draws : int, default=2000
        Of the bootstrap.
    seed : int, default=0
        Of the draws.

    Returns
    -------
    Judged
        ``concentration``: Herfindahl index, adjusted index and largest share, of the households
        with a tier and of their limits, by tier and by village.  The interval by tier is a
        bootstrap of whole villages; by village there is none, as all villages are there.  Nothing
        is judged.

    Raises
    ------
    DomainError
        ``proposals_columns``; ``proposals_repeated``; ``tiers_unknown``; ``option_range``;
        ``probability_open``: `level`.

    Notes
    -----
    The index is the sum of squared shares, adjusted from 0 where K classes are equal to 1.  Drawn
    shares are further apart than those they are drawn from, so that percentiles would lie above the
    index of classes that are nearly equal; the interval is from :math:`2 v - q` to q with the value
    v and the upper quantile q of the draws, cut at the least that K classes can have.  That
    households and amounts are both looked at, by rating grade, follows section 2.5.5.3 of the
    European Central Bank's instructions.  Its form of the index, :math:`1 + \ln H / \ln K`, orders
    tables of K classes as H does; its test against the first validation, by the coefficient of
    variation of the shares, is not made here.

    References
    ----------
    Hirschman (1964), The paternity of an index, American Economic Review 54, 761, for the index;
    European Central Bank (2019), Instructions for reporting the validation results of internal
    models, section 2.5.5.3, for what is looked at.

    Examples
    --------
    >>> proposals = pd.DataFrame({"household_id": ["1", "2"], "status": "propose",
    ...     "tier": ["A", "B"], "limit_yuan": [30_000, 10_000], "village_id": "V1"})
    >>> found = compute_concentration(proposals, draws=100).table
    >>> found.loc[found["of"] == "limits", "value"].head(3).tolist()
    [0.625, 0.25, 0.75]
    """
    check_probability("level", level)
    check_range("draws", draws, 100, 1e6, is_whole=True)
    check_proposals(proposals, "household_id", "status", "tier", "limit_yuan")
    states = _states(proposals, tiers or sorted(set(proposals["tier"].dropna())))
    own = proposals.assign(state=states.to_numpy())[~states.isin(OUTSIDE).to_numpy()]
    village = village_numbers(own, households)
    limit = np.nan_to_num(read_numbers(own, "limit_yuan"))
    names = list(tiers) if tiers is not None else sorted(set(own["state"]))
    by_tier = pd.Categorical(own["state"], categories=names)
    rows: list[dict[str, Any]] = []
    for of, weight in (("households", np.ones(len(own))), ("limits", limit)):
        cells = _cells(village, by_tier.codes, weight, len(names))
        rows += _concentrated("tier", of, cells, level, draws, seed)
        if cells.shape[0] > 1:
            rows += _concentrated("village", of, cells.sum(axis=1)[np.newaxis], level, 0, seed)
    return Judged(
        name="concentration",
        table=make_table(rows, ("by", "of")),
        title_zh="集中度",
        title_en="Concentration",
        note_zh=(
            "hhi 为 Herfindahl 指数（占比平方和），hhi_adjusted 由 0（各类相等）到 1，"
            f"largest 为最大占比。按等级的区间为按村自助法（{level:.0%}，种子 {seed}；"
            "上界为上分位数，下界为其关于估计值的对称点，不低于各类相等时的值），"
            f"不足 {_LEAST_VILLAGES} 村不给出。"
            "只含有等级的农户；不作判断。"
        ),
        note_en=(
            "hhi is the Herfindahl index, the sum of squared shares; hhi_adjusted runs from 0 (all "
            "alike) to 1; largest is the largest share. Intervals by tier come from a bootstrap of "
            f"whole villages ({level:.0%}, seed {seed}; up to the upper quantile, and as far "
            f"below the value, but not below all alike), and are not given for fewer than "
            f"{_LEAST_VILLAGES} villages. Households with a tier alone; not judged."
        ),
    )


def _states(proposals: pd.DataFrame, tiers: Iterable[str]) -> pd.Series:
    """Tier of each household, or why it has none."""
    check_proposals(proposals, "household_id", "status", "tier")
    status = proposals["status"].astype("object")
    state = proposals["tier"].astype("object").where(~status.isin(OUTSIDE), status)
    unknown = sorted({str(name) for name in state} - {*tiers, *OUTSIDE})
    if unknown:
        raise DomainError("tiers_unknown", unknown=", ".join(unknown))
    found = pd.Series(state.to_numpy(), index=proposals["household_id"].to_numpy())
    check_one_row_each(proposals)
    return found


def _pairs(counts: NDArray[np.int64], order: list[str]) -> list[dict[str, Any]]:
    totals = counts.sum(axis=1)
    return [
        make_row(
            "households",
            "info",
            {
                "before": order[i],
                "after": order[j],
                "n": int(counts[i, j]),
                "events": pd.NA,
            },
            value=float(counts[i, j] / totals[i]),
        )
        for i, j in np.argwhere(counts > 0)
    ]


def _moves(counts: NDArray[np.int64], level: float, draws: int, seed: int) -> list[dict[str, Any]]:
    """Shares and bandwidths of moves; later tiers are worse, so the upper triangle is down."""
    total = int(counts.sum())
    if not total or len(counts) < 2:
        return []
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(total, counts.ravel() / total, size=draws)
    found = mobility(counts)
    many = [mobility(table) for table in drawn.reshape(draws, *counts.shape)]
    moved = [int(np.tril(counts, -1).sum()), int(np.triu(counts, 1).sum())]
    exact = clopper_pearson_interval(moved, [total, total], level=level)
    bands = [(float(low), float(high)) for low, high in zip(exact.lower, exact.upper, strict=True)]
    bands.append(_percentiles(np.array([one.lower for one in many]), level))
    bands.append(_percentiles(np.array([one.upper for one in many]), level))
    values = found.share_earlier, found.share_later, found.lower, found.upper
    verdict: Verdict = "info" if total >= _LEAST_MOVED else "insufficient"
    names = ("share_up", "share_down", "mwb_up", "mwb_down")
    told = {"before": "", "after": "", "n": total, "events": pd.NA}
    return [
        make_row(name, verdict, told, value=value, between=between)
        for name, value, between in zip(names, values, bands, strict=True)
    ]


def _percentiles(values: Floats, level: float) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if not known.size:
        return np.nan, np.nan
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _reflected(value: float, quantiles: tuple[float, float], least: float) -> tuple[float, float]:
    """Reach as far below the value as the upper quantile of draws lies above it."""
    high = float(np.maximum(quantiles[1], value))
    return float(np.maximum(2 * value - high, least)), high


def _cells(
    village: NDArray[np.int64], place: NDArray[np.int64], weight: Floats, n_classes: int
) -> Floats:
    cells = np.zeros((int(village.max(initial=-1)) + 1, n_classes))
    np.add.at(cells, (village, place), weight)
    return cells


def _concentrated(
    by: str, of: str, cells: Floats, level: float, draws: int, seed: int
) -> list[dict[str, Any]]:
    """Three figures of the classes in columns, with intervals from drawing rows."""
    sizes = cells.sum(axis=0)
    if not sizes.sum() > 0:
        return []
    found, bands = concentration(sizes), np.empty((0, 3))
    if draws and len(cells) >= _LEAST_VILLAGES:
        rng = np.random.default_rng(seed)
        times = rng.multinomial(len(cells), np.full(len(cells), 1 / len(cells)), size=draws)
        shares = times @ cells
        shares = shares / np.where(shares.sum(axis=1) > 0, shares.sum(axis=1), 1)[:, np.newaxis]
        index, equal = (shares**2).sum(axis=1), 1 / sizes.size
        adjusted = (index - equal) / (1 - equal) if sizes.size > 1 else np.full(draws, np.nan)
        bands = np.stack([index, adjusted, shares.max(axis=1)], axis=1)
    rows = []
    names = (("hhi", found.index), ("hhi_adjusted", found.adjusted), ("largest", found.largest))
    for place, (name, value) in enumerate(names):
        least = 0.0 if name == "hhi_adjusted" else 1 / sizes.size
        between = _reflected(value, _percentiles(bands[:, place], level), least)
        told = {"by": by, "of": of, "n": sizes.size, "events": pd.NA}
        rows.append(make_row(name, "info", told, value=value, between=between))
    return rows
