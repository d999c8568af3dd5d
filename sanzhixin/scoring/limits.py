"""From points to a tier and from bounds to a limit in whole yuan."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sanzhixin.records.cases import MISSING
from sanzhixin.scheme.base import to_yuan
from sanzhixin.scheme.limits import BOUNDS
from sanzhixin.scoring.pd_table import DECIMALS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sanzhixin.records.cases import Cases
    from sanzhixin.scheme import Scheme
    from sanzhixin.scoring.pd_table import PdTable

__all__ = [
    "NO_BOUND",
    "SYSTEM_BOUNDS",
    "LimitPlan",
    "Limits",
    "TierPlan",
    "compile_limits",
    "compile_tiers",
    "find_tier",
    "set_limits",
]

NO_BOUND = np.iinfo(np.int64).max
"""An amount that was not stated: it does not bind."""

_FAR = 1 << 40
SYSTEM_BOUNDS = BOUNDS.index("loss_cap") + 1
"""The first so many of `BOUNDS` are the system's own."""

_ENDS = [SYSTEM_BOUNDS - 1, len(BOUNDS) - 1]
_OF_AMOUNTS = [
    BOUNDS.index(name)
    for name in (
        "income_multiple",
        "debt_room",
        "exposure_room",
        "village_limit",
        "manager_limit",
        "requested",
    )
]
"""Bounds that rest on an amount of the household, in the order of `LimitPlan.numerator`."""

_LOSS = BOUNDS.index("loss_cap")
_PARTS = 10**DECIMALS

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TierPlan:
    """The tier table on points.

    Attributes
    ----------
    grades : tuple of str
        From the lowest tier to the highest.
    rates : tuple of (int or None)
        Yearly rate of each in basis points.
    unrated : str
        Name of what lies below the lowest tier.
    cutoffs : ndarray of shape (n_tiers,)
        Lowest points of each tier, ascending.
    caps : ndarray of shape (n_tiers + 1,)
        Yuan; 0 for unrated, which stands last and so has index -1.
    ends : ndarray of shape (n_tiers + 1, 2)
        Tier `t` lies from ``ends[t + 1, 0]`` up to ``ends[t + 1, 1]``; no points reach the outer
        ends.
    """

    grades: tuple[str, ...]
    rates: tuple[int | None, ...]
    unrated: str
    cutoffs: Ints
    caps: Ints
    ends: Ints

    def name(self, tier: int) -> str:
        """Name of a tier index; -1 is unrated."""
        return self.grades[tier] if tier >= 0 else self.unrated

    def rate(self, tier: int) -> int | None:
        """Rate of a tier index in basis points; None for unrated and where none is set."""
        return self.rates[tier] if tier >= 0 else None


@dataclass(frozen=True, slots=True)
class LimitPlan:
    """The limit rules in yuan and exact fractions.

    Attributes
    ----------
    step : int
        Limits are floored to multiples of it.
    product_cap, village_cap : int
        Yuan; `NO_BOUND` where the scheme states none.
    village_caps : mapping of str to int
        Yuan by village_id.
    customer_total : int or None
        Yuan that one customer may owe in all.
    loss_starts, loss_caps : ndarray of shape (n_rows,)
        Fewest points of each row of the table of default probability, and the yuan at which the
        largest expected loss is reached there; 0 where the table knows nothing of such points.
    numerator, denominator, total, in_force : ndarray of shape (6, 1)
        A bound of an amount is ``amount * numerator // denominator + total`` yuan, less the debt
        where it is one of the assets; and whether the scheme has it.
    debt_above : Fraction or None
        Share of the assets above which debt calls for a review.
    required : tuple of int
        Indices into `BOUNDS` that have to be stated.
    """

    step: int
    product_cap: int
    village_cap: int
    village_caps: Mapping[str, int]
    customer_total: int | None
    loss_starts: Ints
    loss_caps: Ints
    numerator: Ints
    denominator: Ints
    total: Ints
    in_force: NDArray[np.bool_]
    debt_above: Fraction | None
    required: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of every case, before status is looked at.

    Attributes
    ----------
    bounds : ndarray of shape (n_cases, n_bounds)
        Yuan in the order of `BOUNDS`; `NO_BOUND` where absent.
    system, final : ndarray of shape (n_cases,)
        Yuan, floored to the step; the second after the village, the manager and the request.
    binding : ndarray of shape (n_cases,)
        Index into `BOUNDS` of the smallest bound, the first of equals.
    incomplete : ndarray of shape (n_cases, n_required)
        A bound that the scheme requires is absent.
    over_debt : ndarray of shape (n_cases,)
        Stated debt exceeds the share of the stated assets that calls for a review.
    """

    bounds: Ints
    system: Ints
    final: Ints
    binding: Ints
    incomplete: NDArray[np.bool_]
    over_debt: NDArray[np.bool_]


def compile_tiers(scheme: Scheme) -> TierPlan:
    """Convert the tier table of a scheme to points and yuan."""
    table = scheme.tiers
    rows = table.ascending
    cutoffs = [scheme.points(row.at_least, f"tier {row.grade}") for row in rows]
    caps = [to_yuan(row.cap, table.unit, where=f"tier {row.grade}") for row in rows]
    return TierPlan(
        grades=tuple(row.grade for row in rows),
        rates=tuple(row.rate_bp for row in rows),
        unrated=table.unrated,
        cutoffs=np.array(cutoffs, dtype=np.int64),
        caps=np.array([*caps, 0], dtype=np.int64),
        ends=np.array([(-_FAR, *cutoffs), (*cutoffs, _FAR)], dtype=np.int64).T.copy(),
    )


def compile_limits(scheme: Scheme, pd: PdTable) -> LimitPlan:
    """Convert the limit rules of a scheme to yuan and exact fractions; `pd` is the model's."""
    rules = scheme.limits
    step = to_yuan(rules.step, rules.unit, where="limits.step")

    def bound(value: int | None) -> int:
        return NO_BOUND if value is None else value

    factors = (rules.income_multiple, rules.debt_ratio, -1, 1, 1, 1)
    parts = [Fraction(factor or 0) for factor in factors]
    total = scheme.yuan(rules.customer_total, "limits.customer_total")
    in_force = [factor is not None for factor in factors]
    in_force[2] = total is not None
    return LimitPlan(
        step=step,
        product_cap=bound(scheme.yuan(rules.product_cap, "limits.product_cap")),
        village_cap=bound(scheme.yuan(rules.village_cap, "limits.village_cap")),
        village_caps=MappingProxyType(
            {
                village: to_yuan(cap, rules.unit, where=f"limits.village_caps.{village}")
                for village, cap in rules.village_caps.items()
            }
        ),
        customer_total=total,
        loss_starts=np.array([row.at_least for row in pd.rows], dtype=np.int64),
        loss_caps=np.array(_loss_caps(scheme, pd), dtype=np.int64),
        numerator=np.array([[part.numerator] for part in parts], dtype=np.int64),
        denominator=np.array([[part.denominator] for part in parts], dtype=np.int64),
        total=np.array([[0], [0], [total or 0], [0], [0], [0]], dtype=np.int64),
        in_force=np.array(in_force)[:, None],
        debt_above=None if scheme.debt is None else Fraction(scheme.debt.above),
        required=tuple(BOUNDS.index(name) for name in rules.required),
    )


def _loss_caps(scheme: Scheme, pd: PdTable) -> list[int]:
    """Find the amount of each row of the table at which the largest expected loss is reached.

    In whole numbers: the upper bounds of the table have `DECIMALS` decimals.
    """
    rule = scheme.limits.loss_cap
    if rule is None or pd.basis == "none":
        return [NO_BOUND] * len(pd.rows)
    most = Fraction(scheme.yuan(rule.at_most, "limits.loss_cap.at_most") or 0) / Fraction(rule.lgd)
    uppers = [None if row.upper is None else round(row.upper * _PARTS) for row in pd.rows]
    return [
        0 if upper is None else _FAR if upper == 0 else min(int(most * _PARTS // upper), _FAR)
        for upper in uppers
    ]


def find_tier(points: Ints, plan: TierPlan) -> Ints:
    """Find the tier of points: ``cutoff <= points``, half-open, without rounding.

    Returns
    -------
    ndarray of shape (n_cases,)
        Index into the grades; -1 below the lowest tier.
    """
    return np.asarray(plan.cutoffs.searchsorted(points, side="right") - 1)


def set_limits(
    cases: Cases, points: Ints, tier: Ints, village_limit: Ints, plans: tuple[TierPlan, LimitPlan]
) -> Limits:
    """Put the bounds of every case together and floor their minimum to the step.

    Parameters
    ----------
    cases : Cases
        Households with amounts in yuan; `MISSING` does not bind.
    points, tier : ndarray of shape (n_cases,)
        Points, and their tier from `find_tier`; -1 has a cap of 0.
    village_limit : ndarray of shape (n_cases,)
        The council's amount, else the raters' aggregate; `MISSING` where there is none.
    plans : tuple of TierPlan and LimitPlan
        From `compile_tiers` and `compile_limits`.

    Returns
    -------
    Limits
        Bounds, system limit, limit, and which bound is the smallest.
    """
    tiers, plan = plans
    stated = (
        cases.annual_income,
        cases.assets,
        cases.exposure,
        village_limit,
        cases.manager,
        cases.requested,
        cases.debt,
    )
    amount = np.array(stated, dtype=np.int64)
    known = amount != MISSING
    amount *= known
    known[1] &= known[-1]
    room = amount[:-1] * plan.numerator // plan.denominator + plan.total
    room[1] -= amount[-1]
    bounds = np.empty((len(BOUNDS), amount.shape[1]), dtype=np.int64)
    bounds[0] = tiers.caps[tier]
    bounds[1] = plan.product_cap
    bounds[2] = _village_caps(cases, plan)
    bounds[_OF_AMOUNTS] = np.where(known[:-1] & plan.in_force, np.maximum(room, 0), NO_BOUND)
    row = plan.loss_starts.searchsorted(points, side="right") - 1
    bounds[_LOSS] = plan.loss_caps[row]
    least = np.minimum.accumulate(bounds, axis=0)[_ENDS] // plan.step * plan.step
    return Limits(
        bounds=bounds.T,
        system=least[0],
        final=least[1],
        binding=bounds.argmin(axis=0),
        incomplete=bounds[list(plan.required)].T == NO_BOUND,
        over_debt=_over_debt(known[1], amount, plan),
    )


def _over_debt(known: NDArray[np.bool_], amount: Ints, plan: LimitPlan) -> NDArray[np.bool_]:
    above = plan.debt_above
    if above is None:
        return np.zeros(amount.shape[1], dtype=np.bool_)
    debt, share = amount[-1] * above.denominator, amount[1] * above.numerator
    over: NDArray[np.bool_] = known & (debt > share)
    return over


def _village_caps(cases: Cases, plan: LimitPlan) -> Ints | int:
    if not plan.village_caps:
        return plan.village_cap
    caps = plan.village_caps
    return np.array([caps.get(v, plan.village_cap) for v in cases.village_id], dtype=np.int64)
