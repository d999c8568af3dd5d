"""What a cut-off would do, and whether tiers keep their order in defaults."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import hypergeom

from sanzhixin.errors import DomainError
from sanzhixin.numerics.choices import check_probability
from sanzhixin.numerics.intervals import clopper_pearson_interval, jeffreys_interval
from sanzhixin.validation.tables.columns import (
    check_columns,
    check_one_row_each,
    check_proposals,
    group_loans,
    read_numbers,
    read_outcomes,
)
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.statistic_rows import WATCH_BELOW, judge_p, make_row, make_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from sanzhixin.validation.tables.judged import Verdict

    Floats = NDArray[np.float64]

__all__ = [
    "LEAST_EVENTS",
    "LEAST_TIER_SHARE",
    "compute_strategy",
    "compute_tiers",
]

LEAST_EVENTS = 5
"""Defaults of two adjacent tiers together; below, their order is stated and not judged."""

LEAST_TIER_SHARE = 0.02
"""Share of the loans that a tier holds at least, as `TierOptimizer` demands."""

_CUTOFFS = 20


def compute_strategy(
    proposals: pd.DataFrame,
    loans: pd.DataFrame,
    *,
    cutoffs: ArrayLike | None = None,
    level: float = 0.95,
) -> Judged:
    """Show for each cut-off how many households it takes, what they defaulted, what they would get.

    Parameters
    ----------
    proposals : DataFrame
        Of `SanzhixinModel.propose`: points, status, limit_yuan; one row per household.
    loans : DataFrame
        One row per loan with a complete outcome: points of the day of granting, defaulted.
    cutoffs : array-like, optional
        Points from which households are taken; default: the twentieths of the points proposed.
    level : float, default=0.95
        Of the Jeffreys interval of each rate.

    Returns
    -------
    Judged
        ``strategy``: one row per cut-off, the lowest first.  ``value`` is the default rate of the
        loans at or above it, missing where there is none; ``share_approved`` is of all households,
        those that are gated or have no points included, which no cut-off takes; ``limit_yuan`` sums
        the limits of those taken.

    Raises
    ------
    DomainError
        ``judged_columns``, ``proposals_columns``, ``proposals_repeated``; ``outcome_not_binary``,
        ``probability_open``.

    Examples
    --------
    >>> loans = pd.DataFrame({"points": [600, 700, 800], "defaulted": [True, False, False]})
    >>> proposals = pd.DataFrame({"points": [600, 800], "status": "propose", "limit_yuan": [1, 2]})
    >>> found = compute_strategy(proposals, loans, cutoffs=[600, 700]).table
    >>> found[["cutoff_points", "share_approved", "n", "limit_yuan"]].values.tolist()
    [[600.0, 1.0, 3.0, 3.0], [700.0, 0.5, 2.0, 2.0]]
    """
    check_probability("level", level)
    check_columns(loans, "points")
    check_proposals(proposals, "points", "status", "limit_yuan")
    check_one_row_each(proposals)
    failed, known = read_outcomes(loans), read_numbers(loans, "points")
    points = read_numbers(proposals, "points")
    limits = np.nan_to_num(read_numbers(proposals, "limit_yuan"))
    open_to = (~np.isnan(points)) & proposals["status"].ne("gated").to_numpy()
    rows = []
    for cut in _cutoffs(points[open_to], cutoffs):
        own, taken = known >= cut, open_to & (points >= cut)
        told: dict[str, Any] = {
            "n": int(own.sum()),
            "events": int(failed[own].sum()),
            "cutoff_points": float(cut),
            "n_households": int(taken.sum()),
            "share_approved": float(taken.mean()) if taken.size else np.nan,
            "limit_yuan": float(limits[taken].sum()),
        }
        rows.append(_rate_row("default_rate", told, level))
    more = ("cutoff_points", "n_households", "share_approved", "limit_yuan")
    return Judged(
        name="strategy",
        table=make_table(rows, more=more),
        title_zh="不同准入点数的后果",
        title_en="What a cut-off would do",
        note_zh=(
            f"value 为点数不低于准入点数的已结清观察贷款的违约率及 {level:.0%} Jeffreys 区间。"
            "违约率只来自已发放的贷款：对以往未获贷款的农户没有信息，"
            "降低准入点数时实际违约率可能更高。"
            "share_approved 以全部农户为分母。"
        ),
        note_en=(
            f"value is the default rate of loans with a complete outcome at or above the cut-off, "
            f"with the Jeffreys interval at {level:.0%}. It comes from granted loans alone: of "
            "households that got none it says nothing, and below former cut-offs the rate may be "
            "higher. share_approved is of all households."
        ),
    )


def compute_tiers(
    loans: pd.DataFrame, *, tiers: Sequence[str] | None = None, level: float = 0.95
) -> Judged:
    """Tell whether better tiers default less, and whether a tier is too small.

    Parameters
    ----------
    loans : DataFrame
        One row per loan with a complete outcome: tier, defaulted; points, where nothing else
        tells the order.
    tiers : sequence of str, optional
        All tiers, the best first and the unrated one, if any, last; default: the categories of the
        column where they are ordered (as in the table of `loan_table`), else the tiers of the
        loans by their mean points.
    level : float, default=0.95
        Of the Clopper-Pearson intervals.

    Returns
    -------
    Judged
        ``tiers``: ``default_rate`` of each tier; ``reversal`` of each tier and the next lower one
        that has loans, whose value is the rate of the better less that of the worse, judged by the
        exact one-sided test that the better one defaults more; ``smallest_share``, the share of
        the smallest tier, ``watch`` where its whole interval lies below `LEAST_TIER_SHARE`.  A tier
        of the order without any loan is the smallest; the last one counts only if it has some, as
        it may be the unrated one.

    Raises
    ------
    DomainError
        ``judged_columns``: also where neither `tiers`, nor ordered categories, nor points tell the
        order; ``outcome_not_binary``, ``probability_open``; ``tiers_unknown``: a tier of the loans
        is not in `tiers`.

    Notes
    -----
    Fisher's exact test given the defaults of both tiers; loans are taken as independent.  With
    fewer than `LEAST_EVENTS` defaults in both together, or where even all of them in the better
    tier would be no alarm, the order is not judged.  The interval of the smallest share has the
    level of all tiers together (Bonferroni), as the smallest of several is small by choice; it is
    not judged where even a tier of one loan could hold `LEAST_TIER_SHARE`.

    References
    ----------
    Fisher (1922), https://doi.org/10.2307/2340521; Clopper and Pearson (1934),
    https://doi.org/10.1093/biomet/26.4.404

    Examples
    --------
    >>> tier, failed = ["A"] * 50 + ["B"] * 50, [True] * 8 + [False] * 42 + [True] + [False] * 49
    >>> judged = compute_tiers(pd.DataFrame({"tier": tier, "defaulted": failed}), tiers=["A", "B"])
    >>> judged.table.loc[judged.table["statistic"] == "reversal", "verdict"].tolist()  # 8 to 1
    ['watch']
    """
    check_probability("level", level)
    check_columns(loans, "tier")
    failed = read_outcomes(loans)
    order = _order(loans, tiers)
    label = loans["tier"].astype("string").fillna("").to_numpy(dtype=object)
    counts = [(int((label == tier).sum()), int(failed[label == tier].sum())) for tier in order]
    rates = [
        _rate_row("default_rate", {"tier": tier, "n": n, "events": bad}, level, exact=True)
        for tier, (n, bad) in zip(order, counts, strict=True)
    ]
    held = [place for place, (n, _) in enumerate(counts) if n]
    pairs = [
        _reversal(f"{order[one]} | {order[two]}", counts[one], counts[two])
        for one, two in pairwise(held)
    ]
    named = [k for k, (n, _) in enumerate(counts) if n or k < len(counts) - 1]
    smallest = (
        [_smallest([order[k] for k in named], [counts[k] for k in named], level)] if held else []
    )
    return Judged(
        name="tiers",
        table=make_table([*rates, *pairs, *smallest], ("tier",), more=("p_value",)),
        title_zh="各等级的违约率与次序",
        title_en="Default rates of the tiers and their order",
        note_zh=(
            f"default_rate 附 {level:.0%} Clopper-Pearson 区间；"
            "reversal 为较高等级违约率减去较低等级，以单侧精确检验判断较高等级是否违约更多"
            "（低于 5% 关注，低于 0.1% 不通过），"
            f"两级合计违约不足 {LEAST_EVENTS} 笔、"
            "或贷款太少以致任何结果都不会低于 5% 的，不作判断。"
            "通过只表示没有发现倒挂。"
            "smallest_share 为最小等级的贷款占比，没有贷款的等级也计（末级可能是未评级，"
            "有贷款才计），其区间按等级数调整（Bonferroni），"
            f"整个区间低于 {LEAST_TIER_SHARE:.0%} 才关注；"
            "贷款太少以致任何占比都不会如此的，不作判断。"
        ),
        note_en=(
            f"default_rate with the Clopper-Pearson interval at {level:.0%}. reversal is the rate "
            "of a better tier less that of the next; the exact one-sided test asks whether the "
            "better one defaults more (watch below 5 %, fail below 0.1 %), and is not judged with "
            f"fewer than {LEAST_EVENTS} defaults in both, nor where a tier is so small that no "
            "outcome could be below 5 %. A pass tells that no reversal was found, not that the "
            "tiers differ. smallest_share is that of the smallest tier, one without any loan "
            "included (but for the last, which may be the unrated one), its interval widened for "
            "the number of tiers (Bonferroni); to be watched where all of it lies below "
            f"{LEAST_TIER_SHARE:.0%}, and not judged where loans are too few for that."
        ),
    )


def _cutoffs(points: Floats, given: ArrayLike | None) -> Floats:
    if given is not None:
        return np.unique(np.asarray(given, dtype=float))
    if not points.size:
        return np.empty(0)
    ranked = np.sort(points)
    return np.unique(ranked[(np.arange(_CUTOFFS) * ranked.size) // _CUTOFFS])


def _rate_row(
    statistic: str, told: dict[str, Any], level: float, *, exact: bool = False
) -> dict[str, Any]:
    n, bad = told["n"], told["events"]
    make = clopper_pearson_interval if exact else jeffreys_interval
    band = make([bad], [max(n, 1)], level=level)
    between = (float(band.lower[0]), float(band.upper[0])) if n else (np.nan, np.nan)
    verdict: Verdict = "info" if n else "insufficient"
    return make_row(statistic, verdict, told, value=bad / n if n else np.nan, between=between)


def _order(loans: pd.DataFrame, tiers: Sequence[str] | None) -> list[str]:
    kind = loans["tier"].dtype
    if tiers is None and isinstance(kind, pd.CategoricalDtype) and kind.ordered:
        tiers = [str(name) for name in kind.categories]
    elif tiers is None:
        check_columns(loans, "tier", "points")
    found = [group.label for group in group_loans(loans, "tier")]
    if tiers is None:
        return found
    unknown = sorted(set(found) - set(tiers))
    if unknown:
        raise DomainError("tiers_unknown", unknown=", ".join(name or "-" for name in unknown))
    return list(tiers)


def _reversal(label: str, better: tuple[int, int], worse: tuple[int, int]) -> dict[str, Any]:
    (n, bad), (others, other_bad) = better, worse
    p_value = float(hypergeom.sf(bad - 1, n + others, bad + other_bad, n))
    told = {"tier": label, "n": n + others, "events": bad + other_bad, "p_value": p_value}
    most = min(n, bad + other_bad)
    smallest = float(hypergeom.sf(most - 1, n + others, bad + other_bad, n))
    enough = bad + other_bad >= LEAST_EVENTS and smallest < WATCH_BELOW
    verdict = judge_p(p_value, enough=enough)
    return make_row("reversal", verdict, told, value=bad / n - other_bad / others, threshold=0.0)


def _smallest(order: list[str], counts: list[tuple[int, int]], level: float) -> dict[str, Any]:
    """Judge the smallest tier by an interval that holds for the smallest of so many."""
    total = sum(n for n, _ in counts)
    place = min(range(len(order)), key=lambda k: counts[k][0])
    own, bad = counts[place]
    each = 1 - (1 - level) / len(order)
    band = clopper_pearson_interval([own, 1], [total, total], level=each)
    verdict: Verdict = "watch" if band.upper[0] < LEAST_TIER_SHARE else "pass"
    return make_row(
        "smallest_share",
        verdict if band.upper[1] < LEAST_TIER_SHARE else "insufficient",
        {"tier": order[place], "n": own, "events": bad},
        value=own / total,
        between=(float(band.lower[0]), float(band.upper[0])),
        threshold=LEAST_TIER_SHARE,
    )
