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
    """Rows in the order of their values."""

    distinct: Floats
    rows: NDArray[np.int64]  # at which each distinct value begins, and their number
    weights: Floats | None
    events: Floats  # weight of each row that is an event, else 0; without weights their values

    def below(self) -> Floats:
        """Weight of the rows below each distinct value, and of all."""
        if self.weights is None:
            return self.rows.astype(np.float64)
        return np.concatenate([[0.0], np.cumsum(self.weights)])[self.rows]

    def counts(self, starts: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Weights of events, and of all, in groups that begin with these distinct values."""
        rows = self.rows[starts]
        if self.weights is not None:
            return np.add.reduceat(self.events, rows), np.add.reduceat(self.weights, rows)
        before = np.searchsorted(self.events, self.distinct[starts])
        events = np.diff(before, append=self.events.size)
        return events.astype(np.float64), np.diff(rows, append=self.rows[-1]).astype(np.float64)


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
    column = _sort(values, is_event, weights)
    n_distinct = column.distinct.size
    if n_distinct <= max_prebins:
        by_rank = np.arange(1, n_distinct)
    else:
        by_rank = _group_starts(column.below(), max_prebins)
    for low, high in whole:
        begin, end = np.searchsorted(column.distinct, (low, high)).tolist()
        by_rank = by_rank[(by_rank <= begin) | (by_rank >= end)]
    fixed = np.searchsorted(column.distinct, np.asarray(splits, dtype=float))
    starts = np.unique(np.concatenate([[0], by_rank, fixed[fixed < n_distinct]]))
    events, weight = column.counts(starts)
    return Prebins(
        smallest=column.distinct[starts],
        largest=column.distinct[np.append(starts[1:], n_distinct) - 1],
        events=events,
        nonevents=weight - events,
        cuts=np.isin(starts[1:], fixed),
    )


def _group_starts(below: Floats, count: int) -> NDArray[np.int64]:
    """Cut mid-ranks into groups of equal weight, alike from either end but for the exact middle."""
    middle, whole = (below[1:] + below[:-1]) / 2, below[-1]
    half = int(np.searchsorted(2 * middle, whole, side="right"))
    shares = np.arange(1, count // 2 + 1)
    ends = whole * shares / count  # the middle of all is the last of an even number
    lower = np.searchsorted(middle[:half], ends)
    upper = np.searchsorted((whole - middle[half:])[::-1], ends[2 * shares < count])
    starts = np.concatenate([lower, middle.size - upper])
    return starts[(starts > 0) & (starts < middle.size)]


def _sort(values: Floats, is_event: Bools, weights: Floats | None) -> _Column:
    if weights is None:
        ordered, events = np.sort(values), np.sort(values[is_event])
    else:
        # Rows of one value in one order, so that sums do not depend on the order of the rows.
        order = np.lexsort((weights, is_event, values))
        ordered, weights = values[order], weights[order]
        events = np.where(is_event[order], weights, 0.0)
    starts = _starts(ordered)
    return _Column(ordered[starts], np.append(starts, ordered.size), weights, events)


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
