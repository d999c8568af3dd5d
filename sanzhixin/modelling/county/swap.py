"""Households by tier under two models: who moves, and what that does to the limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    import datetime as dt

    from sanzhixin.model import SanzhixinModel
    from sanzhixin.records import County

__all__ = ["compute_swap"]


def compute_swap(
    before: SanzhixinModel, after: SanzhixinModel, county: County, as_of: dt.date | None = None
) -> pd.DataFrame:
    """Count households by their tier under one model and under another.

    Use it before a model replaces another.

    Parameters
    ----------
    before, after : SanzhixinModel
        Present and proposed model; tiers of the present one alone, or of the proposed one alone,
        are listed in their order.
    county : County
        Households to be scored.
    as_of : date, optional
        Scoring date; default: the county's.

    Returns
    -------
    DataFrame
        One row for each pair of tiers that some household has: tier_before, tier_after (of
        households with points; missing where a model gives none), n_households, limit_before_yuan,
        limit_after_yuan (sums); the best tiers first.
    """
    tables = [model.scheme.tiers for model in (before, after)]
    grades = [row.grade for tiers in tables for row in reversed(tiers.ascending)]
    order = list(dict.fromkeys([*grades, *(tiers.unrated for tiers in tables), ""]))
    first, second = (
        model.propose(county, as_of).set_index("household_id") for model in (before, after)
    )
    both = pd.DataFrame(
        {
            "tier_before": _tier(first, order),
            "tier_after": _tier(second, order),
            "limit_before_yuan": first["limit_yuan"].astype("Int64").fillna(0),
            "limit_after_yuan": second["limit_yuan"].astype("Int64").fillna(0),
        }
    )
    groups = both.groupby(["tier_before", "tier_after"], observed=True)
    sums = groups[["limit_before_yuan", "limit_after_yuan"]].sum()
    counted = groups.size().rename("n_households").to_frame().join(sums).reset_index()
    for name in ("tier_before", "tier_after"):
        counted[name] = counted[name].astype("str").replace("", None)
    return counted


def _tier(proposals: pd.DataFrame, order: list[str]) -> pd.Categorical:
    shown = proposals["tier"].astype("object").where(proposals["points"].notna(), "").fillna("")
    return pd.Categorical(shown, categories=order, ordered=True)
