"""The bounds of a limit as expressions over the amounts of a household and its points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from sanzhixin.batch.sql.dialects import Columns, choose, column, whole
from sanzhixin.batch.sql.expressions import ladder, scale, to_whole
from sanzhixin.scoring.limits import NO_BOUND

if TYPE_CHECKING:
    from sanzhixin.batch.sql.dialects import Dialect
    from sanzhixin.scoring.plan import Plan

__all__ = ["amount_columns", "bound_columns", "floored"]

_AMOUNTS = {
    "income_multiple": ("annual_income_yuan",),
    "debt_room": ("assets_yuan", "debt_yuan"),
    "exposure_room": ("exposure_yuan",),
    "village_limit": ("village_limit_yuan",),
    "manager_limit": ("manager_limit_yuan",),
    "requested": ("requested_yuan",),
}
"""Bounds that rest on amounts of a household, in the order of the arrays of `LimitPlan`."""


def amount_columns(plan: Plan, dialect: Dialect | None = None) -> Columns:
    """Amounts that the bounds rest on, and the cap of the household's village.

    Parameters
    ----------
    plan : Plan
        The compiled model.
    dialect : Dialect, optional
        With it the columns are read from the table of profiles; else kept.

    Returns
    -------
    dict of str to Expression
        By name.
    """
    in_force = plan.limits.in_force[:, 0].tolist()
    names = [
        name
        for names, holds in zip(_AMOUNTS.values(), in_force, strict=True)
        for name in names
        if holds
    ]
    made: Columns = {name: column(name) for name in names}
    if plan.limits.village_caps:
        made["village_cap"] = column("village_cap")
    if dialect is None:
        return made
    read = {name: to_whole(value) for name, value in made.items()}
    return read | ({"village_cap": _village_cap(plan, dialect)} if "village_cap" in made else {})


def _village_cap(plan: Plan, dialect: Dialect) -> exp.Expression:
    caps = plan.limits.village_caps.items()
    branches = ((dialect.is_text("village_id", name), whole(cap)) for name, cap in caps)
    return to_whole(choose(*branches, otherwise=whole(plan.limits.village_cap)))


def bound_columns(plan: Plan) -> Columns:
    """Bounds that the scheme has, in the order of `BOUNDS`; `NO_BOUND` where not stated.

    Parameters
    ----------
    plan : Plan
        The compiled model.

    Returns
    -------
    dict of str to Expression
        By name; the cap of the tier is always there.
    """
    limits, tiers = plan.limits, plan.tiers
    caps = (int(tiers.caps[-1]), *tiers.caps[:-1].tolist())
    made: Columns = {"tier_cap": ladder("points", tiers.cutoffs.tolist(), caps, _amount)}
    if limits.product_cap != NO_BOUND:
        made["product_cap"] = _amount(limits.product_cap)
    if limits.village_caps:
        made["village_cap"] = column("village_cap")
    elif limits.village_cap != NO_BOUND:
        made["village_cap"] = _amount(limits.village_cap)
    rooms = _rooms(plan)
    made |= {name: rooms.pop(name) for name in ("income_multiple", "debt_room") if name in rooms}
    made |= {name: rooms.pop(name) for name in ("exposure_room",) if name in rooms}
    if (limits.loss_caps != NO_BOUND).any():
        starts = limits.loss_starts[1:].tolist()
        made["loss_cap"] = ladder("points", starts, limits.loss_caps.tolist(), _amount)
    return made | rooms


def _amount(value: int) -> exp.Expression:
    return to_whole(whole(value))


def _rooms(plan: Plan) -> Columns:
    limits, made = plan.limits, {}
    arrays = (limits.in_force, limits.numerator, limits.denominator, limits.total)
    rows = zip(*(array[:, 0].tolist() for array in arrays), strict=True)
    for (bound, names), (holds, numerator, denominator, total) in zip(
        _AMOUNTS.items(), rows, strict=True
    ):
        if holds:
            part = _part(column(names[0]), numerator, denominator, total)
            made[bound] = _room(part, names)
    return made


def _part(amount: exp.Expression, numerator: int, denominator: int, total: int) -> exp.Expression:
    """Write ``amount * numerator // denominator + total``; -1 takes the amount from a total."""
    if numerator < 0:
        return exp.Sub(this=whole(total), expression=amount)
    return scale(amount, numerator, denominator)


def _room(part: exp.Expression, names: tuple[str, ...]) -> exp.Expression:
    """Take off the second amount; nothing is left below 0, and no bound without the amounts."""
    taken = column(names[1]) if len(names) > 1 else None
    absent = [
        (exp.Is(this=column(name), expression=exp.Null()), _amount(NO_BOUND)) for name in names
    ]
    is_less = exp.LT(this=part, expression=whole(0) if taken is None else taken)
    left = part.copy()
    if taken is not None:
        left = exp.Sub(this=exp.Paren(this=left), expression=taken.copy())
    return choose(*absent, (is_less, whole(0)), otherwise=left)


def floored(name: str, step: int) -> exp.Expression:
    """Floor a column of whole yuan, none negative, to multiples of a step."""
    if step == 1:
        return column(name)
    return exp.Sub(this=column(name), expression=exp.Mod(this=column(name), expression=whole(step)))
