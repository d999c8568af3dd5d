"""Which raters and households can be compared: the graph of who rated whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.integer]
    Bools = NDArray[np.bool_]

__all__ = ["Connectivity", "count_parts", "examine_connectivity"]

_THIN = 3


@dataclass(frozen=True, slots=True)
class Connectivity:
    """Connected parts of a panel.

    Attributes
    ----------
    n_components : int
        Parts between which nobody was rated in common.
    household_component, rater_component : ndarray of int
        Part of each household or anchor case, shape (n_rated,), and of each rater, shape
        (n_raters,), numbered from 0 by size; -1 without a record.
    cut_raters : ndarray of int
        Raters whose absence would split their part.
    thin_raters : ndarray of int
        Raters with fewer than 3 households.
    """

    n_components: int
    household_component: Ints
    rater_component: Ints
    cut_raters: Ints
    thin_raters: Ints


def examine_connectivity(
    household: Ints, rater: Ints, n_households: int, n_raters: int
) -> Connectivity:
    """Find the connected parts of a panel, and the raters that hold them together.

    Parameters
    ----------
    household, rater : ndarray of shape (n_records,)
        Who was rated by whom; anchor cases count as households.
    n_households, n_raters : int
        How many there are.

    Returns
    -------
    Connectivity
        Within a part severities can be compared; between parts only through an assumption.

    Notes
    -----
    Parts by breadth-first search; raters that would split a part are the articulation points of
    the graph of raters with a household in common (Tarjan).

    References
    ----------
    Tarjan (1972), https://doi.org/10.1137/0201010

    Examples
    --------
    >>> found = examine_connectivity(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 2, 3]), 3, 4)
    >>> found.n_components, found.rater_component, found.cut_raters, found.thin_raters
    (2, array([0, 0, 0, 1]), array([1]), array([0, 1, 2, 3]))
    """
    size = n_households + n_raters
    label = _label_parts(household, rater, n_households, n_raters)
    seen = np.zeros(size, dtype=np.bool_)
    seen[household] = True
    seen[n_households + rater] = True
    count = np.bincount(label[seen], minlength=label.max(initial=-1) + 1)
    rank = np.full(count.size, -1)
    held = np.flatnonzero(count)
    rank[held[np.argsort(-count[held], kind="stable")]] = np.arange(held.size)
    part = np.where(seen, rank[label], -1)
    pairs = sparse.csr_array(
        (np.ones(household.size, dtype=np.int32), (household, rater)), (n_households, n_raters)
    )
    pairs.data[:] = 1
    return Connectivity(
        n_components=held.size,
        household_component=part[:n_households],
        rater_component=part[n_households:],
        cut_raters=_articulation_points(pairs),
        thin_raters=_thin(pairs),
    )


def count_parts(household: Ints, rater: Ints, n_households: int, n_raters: int) -> int:
    """Count the connected parts of a panel, as `examine_connectivity` numbers them.

    Parameters
    ----------
    household, rater : ndarray of shape (n_records,)
        Who was rated by whom; anchor cases count as households.
    n_households, n_raters : int
        How many there are.

    Returns
    -------
    int
        Parts with a record.

    Examples
    --------
    >>> count_parts(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 2, 3]), 3, 4)
    2
    """
    label = _label_parts(household, rater, n_households, n_raters)
    return np.unique(label[household]).size


def _label_parts(household: Ints, rater: Ints, n_households: int, n_raters: int) -> Ints:
    """Give the number of the connected part of every household, then of every rater."""
    size = n_households + n_raters
    ones = np.ones(household.size, dtype=np.int8)
    graph = sparse.coo_array((ones, (household, n_households + rater)), shape=(size, size))
    _, label = connected_components(graph.tocsr(), directed=False)
    return np.asarray(label)


def _thin(pairs: sparse.csr_array) -> Ints:
    rated = np.bincount(pairs.indices, minlength=pairs.shape[1])
    return np.flatnonzero((rated > 0) & (rated < _THIN))


def _articulation_points(pairs: sparse.csr_array) -> Ints:
    """Articulation points of the raters' graph, by depth-first search without recursion."""
    graph = (pairs.T @ pairs).tocsr()
    indptr, indices = graph.indptr.tolist(), graph.indices.tolist()
    n = graph.shape[0]
    order, low, cut = [-1] * n, [0] * n, [False] * n
    clock = 0
    for root in range(n):
        if order[root] >= 0:
            continue
        order[root] = low[root] = clock
        clock += 1
        stack, children = [(root, -1, indptr[root])], 0
        while stack:
            node, parent, place = stack.pop()
            if place < indptr[node + 1]:
                stack.append((node, parent, place + 1))
                other = indices[place]
                if order[other] < 0:
                    order[other] = low[other] = clock
                    clock += 1
                    children += node == root
                    stack.append((other, node, indptr[other]))
                elif other != parent:
                    low[node] = min(low[node], order[other])
            elif parent >= 0:
                low[parent] = min(low[parent], low[node])
                cut[parent] |= parent != root and low[node] >= order[parent]
        cut[root] = children > 1
    return np.flatnonzero(cut)
