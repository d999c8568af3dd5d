"""What rules a characteristic out: drift between periods, inflation by the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sanzhixin.errors import DomainError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["population_stability", "variance_inflation"]

_FLOOR = 1e-4  # share that stands for an empty bin in the stability index


def variance_inflation(correlation: Floats) -> Floats:
    r"""Compute variance inflation factors.

    Parameters
    ----------
    correlation : ndarray of shape (n, n)
        Correlations of the covariates.

    Returns
    -------
    ndarray of shape (n,)
        :math:`1 / (1 - R_j^2)`: the diagonal of the inverse; infinite where a covariate follows
        from the others.

    References
    ----------
    Marquardt (1970), https://doi.org/10.1080/00401706.1970.10488699

    Examples
    --------
    >>> variance_inflation(np.array([[1.0, 0.6], [0.6, 1.0]])).round(4)  # 1 / (1 - 0.36)
    array([1.5625, 1.5625])
    """
    values, vectors = np.linalg.eigh(correlation)
    tiny = len(correlation) * np.finfo(float).eps
    loose = values <= tiny
    inverse = np.divide(1.0, values, out=np.zeros_like(values), where=~loose)
    factors = (vectors**2) @ inverse
    factors[(vectors[:, loose] ** 2).sum(axis=1) > tiny] = np.inf
    return np.asarray(factors)


def population_stability(before: ArrayLike, after: ArrayLike) -> float:
    r"""Compute the population stability index of two distributions over the same bins.

    Parameters
    ----------
    before, after : array-like of shape (n_bins,)
        Weights of the rows in each bin.

    Returns
    -------
    float
        :math:`\sum (a_b - b_b) \ln(a_b / b_b)` over the shares; a share below one in ten thousand
        counts as that, so that an empty bin does not make it infinite.

    Raises
    ------
    DomainError
        ``stability_empty``: one of the two holds no rows.

    References
    ----------
    Yurdakul and Naranjo (2020), https://doi.org/10.21314/JRMV.2020.227

    Examples
    --------
    >>> round(population_stability([50, 50], [60, 40]), 4)  # 0.1 ln 1.2 + 0.1 ln 1.25
    0.0405
    """
    b, a = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    if not (b.sum() > 0 and a.sum() > 0):
        raise DomainError("stability_empty")
    p, q = np.maximum(b / b.sum(), _FLOOR), np.maximum(a / a.sum(), _FLOOR)
    return float(np.sum((q - p) * np.log(q / p)))
