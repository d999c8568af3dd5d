"""A portfolio's limits within totals: one ceiling for all, found in whole steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sanzhixin.errors import DomainError

__all__ = ["Allocation", "allocate", "common_ceiling"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Allocation:
    """Limits after the totals of the villages and of the portfolio.

    Attributes
    ----------
    limit : ndarray of shape (n_households,)
        Yuan.
    village_ceiling : ndarray of shape (n_villages,)
        Yuan, in the order of the village numbers; -1 where the village's total holds all.
    ceiling : int
        Of the whole portfolio; -1 where the total holds all.
    """

    limit: Ints
    village_ceiling: Ints
    ceiling: int


def common_ceiling(limits: Ints, total: int, step: int) -> int:
    """Find the highest ceiling under which limits add up to no more than a total.

    Parameters
    ----------
    limits : ndarray of int64 of shape (n_households,)
        Yuan, none negative.
    total : int
        Yuan, not negative.
    step : int
        The ceiling is a multiple of it.

    Returns
    -------
    int
        Yuan; -1 where the limits as they are do not exceed the total.

    Notes
    -----
    Equal limits stay equal, no limit is raised, and small ones are touched last.  A household
    whose limit rises never gets less for it: under its old limit as ceiling the sum is no larger
    than before, so the new ceiling is not below that.

    Examples
    --------
    >>> common_ceiling(np.array([100_000, 50_000, 20_000, 20_000]), 120_000, 1_000)
    40000
    """
    if int(limits.sum()) <= total:
        return -1
    ordered = np.sort(limits)
    below = np.append(0, np.cumsum(ordered))
    low, high = 0, -(-int(ordered[-1]) // step)  # in steps: `low` holds, `high` does not
    while high - low > 1:
        middle = (low + high) // 2
        place = int(np.searchsorted(ordered, middle * step))
        sum_under = int(below[place]) + (ordered.size - place) * middle * step
        low, high = (middle, high) if sum_under <= total else (low, middle)
    return low * step


def allocate(
    limits: Ints, village: Ints, *, total: int | None, village_total: int | None, step: int
) -> Allocation:
    """Lower limits to ceilings, village by village and then over all, until the totals hold.

    Parameters
    ----------
    limits, village : ndarray of int64 of shape (n_households,)
        Yuan, none negative; number of the village, from 0.
    total, village_total : int or None
        Yuan of all limits and of those of one village; None sets none.
    step : int
        Ceilings are multiples of it.

    Returns
    -------
    Allocation
        The same whatever the order of the households.

    Raises
    ------
    DomainError
        ``portfolio_too_small``, ``village_too_small``: a total is less than one step for each
        household with a limit.
    """
    n_villages = int(village.max()) + 1 if village.size else 0
    ceilings = np.full(n_villages, -1, dtype=np.int64)
    found = limits.copy()
    if village_total is not None:
        for number in range(n_villages):
            inside = village == number
            ceilings[number] = _ceiling(limits[inside], village_total, step, "village_too_small")
            if ceilings[number] >= 0:
                found[inside] = np.minimum(limits[inside], ceilings[number])
    ceiling = -1 if total is None else _ceiling(found, total, step, "portfolio_too_small")
    if ceiling >= 0:
        found = np.minimum(found, ceiling)
    return Allocation(found, ceilings, ceiling)


def _ceiling(limits: Ints, total: int, step: int, code: str) -> int:
    ceiling = common_ceiling(limits, total, step)
    if ceiling == 0:
        raise DomainError(code, total=total, households=int((limits > 0).sum()), step=step)
    return ceiling
