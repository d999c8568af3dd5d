"""Rows that belong to cases: expansion of start and end into one row index per case and row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Expansion", "expand"]


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
    longest : int
        Largest number of rows of one case.
    """

    case: NDArray[np.int64]
    row: NDArray[np.int64]
    place: NDArray[np.int64]
    longest: int


def expand(start: NDArray[np.int64], end: NDArray[np.int64]) -> Expansion:
    """Expand half-open row ranges; a table's row may belong to several cases.

    Parameters
    ----------
    start, end : ndarray of shape (n_cases,)
        Rows ``start <= row < end`` belong to the case.

    Returns
    -------
    Expansion
        Pairs in the order of the cases.

    Examples
    --------
    >>> expand(np.array([0, 2]), np.array([2, 3])).case.tolist()
    [0, 0, 1]
    """
    counts = end - start
    case = np.repeat(np.arange(start.size), counts)
    before = np.cumsum(counts) - counts
    place = np.arange(case.size) - before[case]
    return Expansion(
        case=case,
        row=start[case] + place,
        place=place,
        longest=int(counts.max()) if counts.size else 0,
    )
