"""Many tests at once: p-values adjusted for the false discovery rate or for any false alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sanzhixin.errors import DomainError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["adjust_holm", "adjust_p_values"]


def adjust_p_values(p: ArrayLike) -> Floats:
    r"""Adjust p-values for the false discovery rate (Benjamini and Hochberg).

    Parameters
    ----------
    p : array-like of shape (n_tests,)
        P-values; NaN where no test was made, which does not count as one.

    Returns
    -------
    ndarray of shape (n_tests,)
        Smallest false discovery rate at which each test is kept; NaN stays.

    Raises
    ------
    DomainError
        ``p_value_outside``: a value outside 0 to 1.

    Notes
    -----
    :math:`q_{(i)} = \min_{j \ge i} \min(1, m p_{(j)} / j)` over the m values that are not missing.
    The rate holds for independent or positively dependent tests.

    References
    ----------
    Benjamini and Hochberg (1995), https://doi.org/10.1111/j.2517-6161.1995.tb02031.x

    Examples
    --------
    >>> adjust_p_values([0.01, 0.04, np.nan, 0.03])
    array([0.03, 0.04,  nan, 0.04])
    """
    values, known = _read(p)
    order = known[np.argsort(-values[known], kind="stable")]
    factor = known.size / np.arange(known.size, 0, -1)
    adjusted = np.full(values.shape, np.nan)
    adjusted[order] = np.minimum(np.minimum.accumulate(values[order] * factor), 1.0)
    return adjusted


def adjust_holm(p: ArrayLike) -> Floats:
    r"""Adjust p-values so that the chance of any false alarm is held (Holm).

    Parameters
    ----------
    p : array-like of shape (n_tests,)
        P-values; NaN where no test was made, which does not count as one.

    Returns
    -------
    ndarray of shape (n_tests,)
        Smallest level at which each test is kept; NaN stays.

    Raises
    ------
    DomainError
        ``p_value_outside``: a value outside 0 to 1.

    Notes
    -----
    :math:`\tilde p_{(i)} = \max_{j \le i} \min(1, (m - j + 1) p_{(j)})` over the m values that are
    not missing; it holds whatever the tests have to do with each other.

    References
    ----------
    Holm (1979), https://www.jstor.org/stable/4615733

    Examples
    --------
    >>> adjust_holm([0.01, 0.04, np.nan, 0.03])
    array([0.03, 0.06,  nan, 0.06])
    """
    values, known = _read(p)
    order = known[np.argsort(values[known], kind="stable")]
    factor = np.arange(known.size, 0, -1)
    adjusted = np.full(values.shape, np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * factor), 1.0)
    return adjusted


def _read(p: ArrayLike) -> tuple[Floats, NDArray[np.intp]]:
    """Return the p-values and the places of those that are not missing."""
    values = np.atleast_1d(np.asarray(p, dtype=np.float64))
    bad = values[(values < 0) | (values > 1)]
    if bad.size:
        raise DomainError("p_value_outside", value=f"{bad[0]:g}", count=bad.size)
    known = np.flatnonzero(~np.isnan(values))
    return values, known
