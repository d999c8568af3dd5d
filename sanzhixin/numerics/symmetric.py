"""Elementary symmetric functions of partial-credit items: sums over all ways to reach a total."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["SymmetricFunctions", "items_of", "stretch_thresholds"]


def items_of(mask: int) -> list[int]:
    """Items of a mask, ascending.

    Parameters
    ----------
    mask : int
        Bit i stands for item i.

    Returns
    -------
    list of int
        Positions of the set bits.

    Examples
    --------
    >>> items_of(0b101)
    [0, 2]
    """
    return [i for i in range(mask.bit_length()) if mask >> i & 1]


def stretch_thresholds(thresholds: Floats, factor: float) -> Floats:
    """Move thresholds away from, or towards, the mean of their item.

    Parameters
    ----------
    thresholds : ndarray of shape (n_items, n_categories - 1)
        In logits.
    factor : float
        1 leaves them.

    Returns
    -------
    ndarray of the same shape
        Item means stay.

    Examples
    --------
    >>> stretch_thresholds(np.array([[0.0, 2.0]]), 2.0)
    array([[-1.,  3.]])
    """
    middle = thresholds.mean(axis=1, keepdims=True)
    stretched: Floats = middle + factor * (thresholds - middle)
    return stretched


class SymmetricFunctions:
    r"""Polynomials :math:`\prod_{i \in mask} \sum_k w_{ik} z^k`, one coefficient for each total.

    The coefficient of :math:`z^s` is the sum, over all ways in which the items of the mask can add
    up to s, of the products of their category weights.  Polynomials of submasks are shared.

    Parameters
    ----------
    weights : ndarray of shape (n_items, n_categories)
        Category weights of each item; the first is 1.

    References
    ----------
    Andersen (1972), https://doi.org/10.1111/j.2517-6161.1972.tb00887.x

    Examples
    --------
    >>> two = SymmetricFunctions(np.array([[1.0, 2.0], [1.0, 3.0]]))
    >>> two(0b11)
    array([1., 5., 6.])
    """

    def __init__(self, weights: Floats) -> None:
        self._weights = weights
        self._known: dict[int, Floats] = {0: np.ones(1)}

    def __call__(self, mask: int) -> Floats:
        """Coefficients for the items of a mask, from total 0 up; shape (largest total + 1,)."""
        found = self._known.get(mask)
        if found is None:
            lowest = mask & -mask
            item = self._weights[lowest.bit_length() - 1]
            found = np.convolve(self(mask ^ lowest), item)
            self._known[mask] = found
        return found
