"""Inverse of the border matrix of a panel: raters, villages and anchors after the households."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from sanzhixin.errors import EvidenceError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.integer]

__all__ = ["BorderInverse", "invert_border"]

LARGEST_BLOCK = 6_000


@dataclass(frozen=True, slots=True)
class BorderInverse:
    """Exact inverse of a matrix that falls into blocks once a few hubs are taken out.

    The inverse is ``blocks + reach @ hub_inverse @ reach.T``.

    Attributes
    ----------
    blocks : sparse array of shape (n, n)
        Inverses of the blocks; empty rows for hubs.
    reach : ndarray of shape (n, n_hubs)
        How a change of each hub moves the others; identity in the rows of the hubs.
    hub_inverse : ndarray of shape (n_hubs, n_hubs)
        Covariance of the hubs.
    """

    blocks: sparse.csr_array
    reach: Floats
    hub_inverse: Floats

    def diagonal(self) -> Floats:
        """Variances of all entries; shape (n,)."""
        inner = self.reach @ self.hub_inverse
        found: Floats = self.blocks.diagonal() + (inner * self.reach).sum(axis=1)
        return found

    def quadratic(self, left: sparse.csr_array, right: sparse.csr_array | None = None) -> Floats:
        """Quadratic form of each pair of rows; shape (n_rows,).

        Parameters
        ----------
        left, right : sparse array of shape (n_rows, n)
            Rows; `right` is `left` when not given.
        """
        other = left if right is None else right
        found: Floats = np.asarray((left @ self.blocks).multiply(other).sum(axis=1)).ravel()
        if self.reach.shape[1]:
            over = left @ self.reach
            under = over if right is None else other @ self.reach
            found += ((over @ self.hub_inverse) * under).sum(axis=1)
        return found


def invert_border(matrix: sparse.csc_array, hubs: Bools) -> BorderInverse:
    """Invert a symmetric positive definite matrix by blocks and hubs.

    Parameters
    ----------
    matrix : sparse array of shape (n, n)
        Symmetric, positive definite.
    hubs : ndarray of bool of shape (n,)
        Entries that tie blocks together: raters of several villages, anchor cases, a common bias.

    Returns
    -------
    BorderInverse
        Exact up to rounding.

    Raises
    ------
    EvidenceError
        ``block_too_large``: without the hubs a block of more than 6,000 entries remains.

    Notes
    -----
    With blocks P, hubs R and their coupling Q, the covariance of the hubs is
    :math:`(R - Q' P^{-1} Q)^{-1}` and the reach :math:`-P^{-1} Q`.
    """
    n = matrix.shape[0]
    others, hub_places = np.flatnonzero(~hubs), np.flatnonzero(hubs)
    rows = matrix.tocsr()[others]
    blocks = _invert_blocks(rows[:, others].tocsr(), others, n)
    reach = np.zeros((n, hub_places.size))
    reach[hub_places, np.arange(hub_places.size)] = 1.0
    if not hub_places.size:
        return BorderInverse(blocks, reach, np.zeros((0, 0)))
    coupling = np.zeros((n, hub_places.size))
    coupling[others] = rows[:, hub_places].toarray()
    reach -= blocks @ coupling
    own = matrix.tocsr()[hub_places][:, hub_places].toarray()
    schur = own + coupling.T @ reach
    return BorderInverse(blocks, reach, np.asarray(np.linalg.inv(schur), dtype=np.float64))


def _invert_blocks(inner: sparse.csr_array, places: Ints, n: int) -> sparse.csr_array:
    """Invert block by block; blocks of one size together."""
    _, label = connected_components(inner, directed=False)
    size = np.bincount(label)
    if size.size and size.max() > LARGEST_BLOCK:
        raise EvidenceError("block_too_large", size=int(size.max()), most=LARGEST_BLOCK)
    order = np.argsort(label, kind="stable")
    start = np.concatenate([[0], np.cumsum(size)])
    inner = inner[order][:, order].tocsr()
    rows, columns, values = [], [], []
    for width in np.unique(size).tolist():
        first = start[:-1][size == width]
        members = first[:, None] + np.arange(width)
        dense = _dense_blocks(inner, members)
        inverse = np.linalg.inv(dense)
        place = places[order[members]]
        rows.append(np.repeat(place, width, axis=1).ravel())
        columns.append(np.tile(place, (1, width)).ravel())
        values.append(((inverse + inverse.transpose(0, 2, 1)) / 2).ravel())
    if not values:
        return sparse.csr_array((n, n))
    found = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return sparse.csr_array(found, shape=(n, n))


def _dense_blocks(inner: sparse.csr_array, members: Ints) -> Floats:
    """Blocks of one size as dense matrices; shape (n_blocks, width, width)."""
    n_blocks, width = members.shape
    taken = inner[members.ravel()].tocoo()
    dense = np.zeros((n_blocks, width, width))
    block = taken.row // width
    np.add.at(dense, (block, taken.row % width, taken.col - members[block, 0]), taken.data)
    return dense
