"""Stability index of the same households at two dates, against before and after turned round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sanzhixin.errors import DomainError
from sanzhixin.numerics.choices import check_range
from sanzhixin.numerics.stability import StabilityTest, drawn_test, stability_index

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["PairedCells", "pair_cells", "swap_test"]

_AT_ONCE = 20_000  # draws that are held in memory together


@dataclass(frozen=True, slots=True)
class PairedCells:
    """Households by their cells at two dates.

    Attributes
    ----------
    moves : ndarray of shape (n_cells, n_cells)
        Households of both dates by cell before (rows) and after (columns).
    before_only, after_only : ndarray of shape (n_cells,)
        Households that are in a cell at one date alone.
    """

    moves: Ints
    before_only: Ints
    after_only: Ints


def pair_cells(
    households: tuple[ArrayLike, ArrayLike], cells: tuple[ArrayLike, ArrayLike], n_cells: int
) -> PairedCells:
    """Count households by their cells at two dates.

    Parameters
    ----------
    households : pair of array-like of shapes (n_before,) and (n_after,)
        Identifiers, each once at a date.
    cells : pair of array-like of int, of the same shapes
        Cell of each from 0; negative where it is in none.
    n_cells : int
        Cells that there are.

    Returns
    -------
    PairedCells
        Those in a cell at both dates, and at one alone.

    Raises
    ------
    DomainError
        ``array_shape``; ``households_repeated``: a household stands twice at a date.

    Examples
    --------
    >>> found = pair_cells((["a", "b"], ["b", "c"]), ([0, 1], [0, 1]), 2)
    >>> found.moves.tolist(), found.before_only.tolist(), found.after_only.tolist()
    ([[0, 0], [1, 0]], [1, 0], [0, 1])
    """
    ids, places = [], []
    for names, cell in zip(households, cells, strict=True):
        own, place = np.asarray(names).astype(np.str_), np.asarray(cell, dtype=np.int64)
        if own.shape != place.shape:
            raise DomainError("array_shape", name="cells", shape=place.shape, expected=own.shape)
        repeated = own.size - np.unique(own).size
        if repeated:
            raise DomainError("households_repeated", count=repeated)
        ids.append(own[place >= 0])
        places.append(place[place >= 0])
    _, first, second = np.intersect1d(ids[0], ids[1], assume_unique=True, return_indices=True)
    pairs = places[0][first] * n_cells + places[1][second]
    moves = np.bincount(pairs, minlength=n_cells**2).reshape(n_cells, n_cells)
    before, after = (np.bincount(place, minlength=n_cells) for place in places)
    return PairedCells(moves, before - moves.sum(axis=1), after - moves.sum(axis=0))


def swap_test(
    cells: PairedCells,
    *,
    levels: tuple[float, ...] = (0.05, 0.001),
    draws: int = 9_999,
    seed: int = 0,
) -> StabilityTest:
    r"""Test whether a stability index is larger than turning before and after round gives.

    Use it where most households are the same at both dates.  Their cells go together, so that two
    samples of one population, as `stability_test` takes them, would differ far more.

    Parameters
    ----------
    cells : PairedCells
        Of `pair_cells`; cut at breaks from elsewhere, or from the values of both dates together.
    levels : tuple of float, default=(0.05, 0.001)
        Rates of false alarm that limits are wanted for.
    draws : int, default=9999
        Draws.
    seed : int, default=0
        Of the draws.

    Returns
    -------
    StabilityTest
        Index, p-value and limits; the law is ``swapped``.

    Raises
    ------
    DomainError
        ``stability_empty``: a date without households; ``option_range``: `draws`.

    Notes
    -----
    Under no change before and after of a household are exchangeable, so each is turned round with
    probability 1/2.  Of the :math:`N_{ij} + N_{ji}` households between cells i and j a binomial
    number then goes from i to j; nothing else is drawn, whatever the number of households.  Those
    of one date alone are parted anew between the dates, without replacement.  The p-value is
    (1 + number as large) / (1 + draws): false alarms are at most as many as stated.  Households are
    taken as independent: where whole villages move together it rings too readily.

    References
    ----------
    Fisher (1935), The Design of Experiments, section 21, on turning pairs round; for the p-value
    Phipson and Smyth (2010), https://doi.org/10.2202/1544-6115.1585

    Examples
    --------
    >>> moves = np.array([[40, 0], [10, 40]])  # ten of ten moved one way: 2 in 1024
    >>> found = swap_test(PairedCells(moves, np.zeros(2, int), np.zeros(2, int)))
    >>> round(found.p_value, 3), found.law
    (0.002, 'swapped')
    """
    check_range("draws", draws, 99, 1e7, is_whole=True)
    before, after = (cells.moves.sum(axis=side) for side in (1, 0))
    before, after = before + cells.before_only, after + cells.after_only
    if not (before.sum() and after.sum()):
        raise DomainError("stability_empty")
    rng = np.random.default_rng(seed)
    used = (before + after) > 0
    sizes = [min(_AT_ONCE, draws - done) for done in range(0, draws, _AT_ONCE)]
    values = np.concatenate([_draw(cells, before + after, size, rng, used) for size in sizes])
    index = float(stability_index(before, after))
    return drawn_test(index, values, levels, "swapped")


def _draw(
    cells: PairedCells, pooled: Ints, draws: int, rng: np.random.Generator, used: NDArray[np.bool_]
) -> Floats:
    """Draw indices of households turned round at random."""
    both = cells.moves + cells.moves.T
    before = np.tile(np.diagonal(cells.moves), (draws, 1))
    for i, j in np.argwhere(np.triu(both, 1) > 0):
        forth = rng.binomial(both[i, j], 0.5, size=draws)
        before[:, i] += forth
        before[:, j] += both[i, j] - forth
    alone, own = cells.before_only + cells.after_only, int(cells.before_only.sum())
    if 0 < own < alone.sum():
        before += rng.multivariate_hypergeometric(alone, own, size=draws, method="marginals")
    else:
        before += cells.before_only
    return stability_index(before[:, used], (pooled - before)[:, used])
