"""Rows that belong to cases: from start and end to one row index per case and row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Expansion", "expand"]

_T = TypeVar("_T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Expansion:
    """One entry per pair of a case and a row of it.

    Attributes
    ----------
    case : ndarray of shape (n_pairs,)
        Index of the case, ascending.
    row : ndarray of shape (n_pairs,)
        Index of the row in its table.
    place : ndarray of shape (n_pairs,)
        Position of the row within its case, from 0.
    n_cases, longest : int
        Number of cases; largest number of rows of one case.
    whole : bool
        The pairs are exactly the rows of the table in their order.
    """

    case: NDArray[np.int64]
    row: NDArray[np.int64]
    place: NDArray[np.int64]
    n_cases: int
    longest: int
    whole: bool

    def gather(self, values: NDArray[_T]) -> NDArray[_T]:
        """Values of the rows, pair by pair."""
        return values if self.whole else values[self.row]

    def spread(self, values: NDArray[_T]) -> NDArray[_T]:
        """Values of the cases, pair by pair (of one case: as they are, to be broadcast)."""
        return values if self.n_cases == 1 else values[self.case]

    def lay_out(self, values: NDArray[_T], fill: int) -> NDArray[_T]:
        """Lay pairs out as one row per case, padded on the right with `fill`.

        Returns
        -------
        ndarray of shape (n_cases, max(longest, 1), ...)
            The pairs in their order.
        """
        shape = (self.n_cases, max(self.longest, 1), *values.shape[1:])
        if values.shape[0] == shape[0] * shape[1]:
            return values.reshape(shape)
        grid = np.full(shape, fill, dtype=values.dtype)
        grid[self.case, self.place] = values
        return grid


def expand(start: NDArray[np.int64], end: NDArray[np.int64], n_rows: int) -> Expansion:
    """Expand half-open row ranges; a table's row may belong to several cases.

    Parameters
    ----------
    start, end : ndarray of shape (n_cases,)
        Rows ``start <= row < end`` belong to the case.
    n_rows : int
        Rows of the table.

    Returns
    -------
    Expansion
        Pairs in the order of the cases.

    Examples
    --------
    >>> expand(np.array([0, 2]), np.array([2, 3]), 3).case.tolist()
    [0, 0, 1]
    """
    if start.size == 1:
        first, last = int(start[0]), int(end[0])
        row = np.arange(first, last)
        place = row - first if first else row
        whole = row.size == n_rows and not first
        return Expansion(np.zeros(row.size, dtype=np.int64), row, place, 1, row.size, whole)
    counts = end - start
    longest = int(counts.max()) if counts.size else 0
    case = np.repeat(np.arange(counts.size), counts)
    place = np.arange(case.size) - (np.cumsum(counts) - counts)[case]
    row = start[case] + place
    whole = row.size == n_rows and bool((row == np.arange(n_rows)).all())
    return Expansion(case, row, place, counts.size, longest, whole)
