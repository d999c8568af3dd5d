"""Posterior of a standing on a grid, in whole numbers: the same bits on every machine.

Log-densities are whole numbers of 2^-27.  Their exponential comes from two tables of fixed-point
numbers, one for the high and one for the low bits, so that scoring adds, multiplies, divides and
looks up; it calls no exponential and runs no loop until convergence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["LOG_BITS", "MEAN_BITS", "Posterior", "fixed_exp", "take_posterior"]

Ints = NDArray[np.int64]

LOG_BITS = 27
"""Log-densities are counted in 2^-27."""

MEAN_BITS = 20
"""Posterior means are counted in 2^-20 steps of the grid."""

_DROPPED = 3  # so that exponents are counted in 2^-24
_LOW_BITS, _HIGH_BITS = 14, 15  # 2^-24 and 2^-10 apart; the high part reaches to 32
_ONE = 31  # weights are counted in 2^-31
_WORK = 96  # bits behind the point while the tables are made
_ZERO_SHIFT = 62  # a product of two entries is below it


class _Tables(NamedTuple):
    mantissa: Ints
    shift: Ints
    low: Ints


@dataclass(frozen=True, slots=True)
class Posterior:
    """Mean and variance of each row.

    Attributes
    ----------
    mean : ndarray of int64 of shape (n,)
        In 2^-20 steps of the grid from its first point, floored.
    variance : ndarray of shape (n,)
        In squared steps.
    """

    mean: Ints
    variance: NDArray[np.float64]


def take_posterior(log_density: Ints) -> Posterior:
    """Mean and variance of densities that are given by their logarithms up to a constant.

    Parameters
    ----------
    log_density : ndarray of int64 of shape (n, n_points)
        In 2^-27; differences below 2^62.

    Returns
    -------
    Posterior
        From weights that are rounded down to 2^-31 of the largest.

    Examples
    --------
    >>> found = take_posterior(np.array([[0, 0, 0], [-(1 << 40), 0, -(1 << 40)]]))
    >>> (found.mean >> MEAN_BITS).tolist(), found.variance.round(6).tolist()
    ([1, 1], [0.666667, 0.0])
    """
    weight = fixed_exp(log_density.max(axis=1, keepdims=True) - log_density)
    place = np.arange(log_density.shape[1])
    first = (weight * place).sum(axis=1)
    whole = weight.sum(axis=1)
    steps, rest = first // whole, first % whole
    middle = first / whole
    variance = (weight * (place * place)).sum(axis=1) / whole - middle * middle
    mean = (steps << MEAN_BITS) + (rest << MEAN_BITS) // whole
    return Posterior(mean=mean, variance=np.maximum(variance, 0.0))


def fixed_exp(below: Ints) -> Ints:
    """``exp(-below)`` in 2^-31, for exponents in 2^-27; it never rises with `below`.

    Parameters
    ----------
    below : ndarray of int64
        Not negative.

    Returns
    -------
    ndarray of int64
        Within 2^-24 of the value in relative and 2^-31 in absolute terms.

    Examples
    --------
    >>> fixed_exp(np.array([0, 1 << LOG_BITS])) / 2**31
    array([1.        , 0.36787944])
    """
    tables = _tables()
    small = np.minimum(below >> _DROPPED, (1 << (_LOW_BITS + _HIGH_BITS)) - 1)
    high = small >> _LOW_BITS
    small &= (1 << _LOW_BITS) - 1
    product: Ints = tables.mantissa.take(high)
    product *= tables.low.take(small)
    product >>= tables.shift.take(high)
    return product


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    """Powers of exp(-2^-10) with a shift each, and of exp(-2^-24), by whole numbers alone."""
    powers = list(_powers(10, 1 << _HIGH_BITS))
    lengths = [power.bit_length() for power in powers]
    mantissa = [power >> (n - _ONE) for power, n in zip(powers, lengths, strict=True)]
    shift = [min(_WORK + _ONE - n, _ZERO_SHIFT) for n in lengths]
    low = [power >> (_WORK - _ONE) for power in _powers(24, 1 << _LOW_BITS)]
    return _Tables(*(np.array(table, dtype=np.int64) for table in (mantissa, shift, low)))


def _powers(bits: int, count: int) -> list[int]:
    """Powers of exp(-2^-bits) from the 0th, in 2^-96."""
    term = one = 1 << _WORK
    base = 0
    for k in range(1, _WORK):
        base += term
        term = -(term >> bits) // k
    powers = [one]
    for _ in range(count - 1):
        powers.append(powers[-1] * base >> _WORK)
    return powers
