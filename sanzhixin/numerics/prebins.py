"""Pre-bins: a column of numbers cut at ranks into fine groups, the material of optimal binning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["Prebins", "edge_between", "prebin_ranks"]

_MOST_DIGITS = 17  # significant digits that tell any two doubles apart


@dataclass(frozen=True, slots=True)
class Prebins:
    """Fine groups of the values of one column, in ascending order.

    Attributes
    ----------
    smallest, largest : ndarray of shape (n_prebins,)
        Ends of the values in each group.
    events, nonevents : ndarray of shape (n_prebins,)
        Weights of the rows in each group.
    cuts : ndarray of bool, shape (n_prebins - 1,)
        Between which groups a fixed split lies.
    """

    smallest: Floats
    largest: Floats
    events: Floats
    nonevents: Floats
    cuts: Bools


class _Column(NamedTuple):
    """Distinct values, and the weight of the rows below each and in all."""

    distinct: Floats
    weight: Floats
    events: Floats


def prebin_ranks(
    values: Floats,
    is_event: Bools,
    weights: Floats | None = None,
    *,
    max_prebins: int = 64,
    splits: Sequence[float] = (),
    whole: Sequence[tuple[float, float]] = (),
) -> Prebins:
    """Cut a column into groups of about equal weight; few distinct values get a group each.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        Finite numbers.
    is_event : ndarray of bool, shape (n_rows,)
        Whether the row is an event.
    weights : ndarray of shape (n_rows,), optional
        Frequencies, positive; None stands for ones.
    max_prebins : int, default=64
        Groups at most, fixed splits aside.
    splits : sequence of float, default=()
        Where a group must begin: ``value >= split``.
    whole : sequence of (float, float), default=()
        Half-open intervals within which no group ends.

    Returns
    -------
    Prebins
        Groups with their counts; the order of the rows does not matter.

    Notes
    -----
    A distinct value goes to the group of its mid-rank, the weight below it and half its own, so a
    value that many rows share stands alone.

    Examples
    --------
    >>> made = prebin_ranks(np.array([3.0, 1, 2, 2]), np.array([True, False, False, True]))
    >>> made.smallest, made.events, made.nonevents
    (array([1., 2., 3.]), array([0., 1., 1.]), array([1., 1., 0.]))
    """
    if not values.size:
        nothing = np.empty(0)
        return Prebins(nothing, nothing, nothing, nothing, np.empty(0, dtype=np.bool_))
    column = _distinct(values, is_event, weights)
    if column.distinct.size <= max_prebins:
        group = np.arange(column.distinct.size)
    else:
        middle = np.cumsum(column.weight) - column.weight / 2
        group = _groups(middle, float(column.weight.sum()), max_prebins)
    ends = np.diff(group) > 0
    for low, high in whole:
        inside = (column.distinct >= low) & (column.distinct < high)
        ends &= ~(inside[1:] & inside[:-1])
    part = np.searchsorted(np.asarray(sorted(splits), dtype=float), column.distinct, side="right")
    fixed = np.diff(part) > 0
    starts = np.concatenate([[0], np.flatnonzero(ends | fixed) + 1])
    events = np.add.reduceat(column.events, starts)
    weight = np.add.reduceat(column.weight, starts)
    return Prebins(
        smallest=column.distinct[starts],
        largest=column.distinct[np.append(starts[1:], column.distinct.size) - 1],
        events=events,
        nonevents=weight - events,
        cuts=fixed[starts[1:] - 1],
    )


def _groups(middle: Floats, whole: float, count: int) -> NDArray[np.int64]:
    """Cut mid-ranks into groups of equal weight, the same from either end."""
    from_below = np.floor(middle / whole * count)
    from_above = count - 1 - np.floor((whole - middle) / whole * count)
    group = np.where(middle * 2 <= whole, from_below, from_above)
    return np.clip(group, 0, count - 1).astype(np.int64)


def _distinct(values: Floats, is_event: Bools, weights: Floats | None) -> _Column:
    if weights is None:
        ordered, bad = np.sort(values), np.sort(values[is_event])
        starts = _starts(ordered)
        distinct = ordered[starts]
        events = np.bincount(np.searchsorted(distinct, bad), minlength=distinct.size)
        weight = np.diff(np.append(starts, ordered.size)).astype(np.float64)
        return _Column(distinct, weight, events.astype(np.float64))
    # Rows of one value in one order, so that sums do not depend on the order of the rows.
    order = np.lexsort((weights, is_event, values))
    ordered, failed, weight = values[order], is_event[order], weights[order]
    starts = _starts(ordered)
    return _Column(
        ordered[starts],
        np.add.reduceat(weight, starts),
        np.add.reduceat(np.where(failed, weight, 0.0), starts),
    )


def _starts(ordered: Floats) -> NDArray[np.int64]:
    """Rows at which a new value begins."""
    new = np.ones(ordered.size, dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return np.flatnonzero(new)


def edge_between(largest_below: float, smallest_above: float) -> float:
    """Return a readable edge between two neighbouring values.

    Parameters
    ----------
    largest_below, smallest_above : float
        Neighbouring values, ascending.

    Returns
    -------
    float
        Above the first and not above the second: the middle of the two in as few significant
        digits as keep it there.

    Examples
    --------
    >>> edge_between(41_873.2, 52_120.9), edge_between(3, 4)
    (50000.0, 4.0)
    """
    middle = largest_below / 2 + smallest_above / 2
    for digits in range(_MOST_DIGITS):
        edge = float(f"{middle:.{digits}e}")
        if largest_below < edge <= smallest_above:
            return edge
    return smallest_above
