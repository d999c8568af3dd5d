"""Intervals for default rates estimated from few defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import beta

from sanzhixin.errors import DomainError
from sanzhixin.numerics.choices import check_probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["RateInterval", "check_counts", "clopper_pearson_interval", "jeffreys_interval"]

_LEAST = float(np.finfo(np.float64).tiny)  # counts below are 0: scipy fails at them


@dataclass(frozen=True, slots=True)
class RateInterval:
    """Two-sided interval for a default rate.

    Attributes
    ----------
    lower, upper : ndarray of shape (n_grades,)
        Bounds, as probabilities in [0, 1].
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]


def jeffreys_interval(
    defaults: ArrayLike, loans: ArrayLike, *, level: float = 0.95
) -> RateInterval:
    r"""Jeffreys interval for the default rate of each grade.

    Use it for grades with fewer than about 30 defaults, where the normal approximation is too
    narrow.  Its coverage is near `level` on average, not at least `level`; for the latter see
    `clopper_pearson_interval`.

    Parameters
    ----------
    defaults : array-like of shape (n_grades,)
        Number of defaulted loans, :math:`d`.
    loans : array-like of shape (n_grades,)
        Number of loans observed for the full outcome window, :math:`n`.
    level : float, default=0.95
        Probability content of the interval.

    Returns
    -------
    RateInterval
        Bounds of each grade.

    Raises
    ------
    DomainError
        ``probability_open``: `level` not strictly between 0 and 1.
        ``counts_impossible``: missing counts, a grade without loans, or more defaults than loans.

    Notes
    -----
    Equal-tailed quantiles of :math:`\mathrm{Beta}(d + 1/2,\, n - d + 1/2)`; the lower bound is 0
    at :math:`d = 0` and the upper bound 1 at :math:`d = n`.  Loans are taken as independent.

    References
    ----------
    Brown, Cai and DasGupta (2001), Interval estimation for a binomial proportion,
    https://doi.org/10.1214/ss/1009213286

    Examples
    --------
    >>> band = jeffreys_interval([6], [900])
    >>> band.lower.round(4), band.upper.round(4)
    (array([0.0028]), array([0.0137]))
    """
    tail = _tail(level)
    d, n = check_counts(defaults, loans)
    lower = np.where(d == 0, 0.0, beta.ppf(tail, d + 0.5, n - d + 0.5))
    upper = np.where(d == n, 1.0, beta.ppf(1 - tail, d + 0.5, n - d + 0.5))
    return RateInterval(lower=lower, upper=upper)


def clopper_pearson_interval(
    defaults: ArrayLike, loans: ArrayLike, *, level: float = 0.95
) -> RateInterval:
    r"""Clopper-Pearson interval for the default rate of each grade.

    Use it where the coverage must be at least `level` for every rate; it is wider than
    `jeffreys_interval`.

    Parameters
    ----------
    defaults : array-like of shape (n_grades,)
        Number of defaulted loans, :math:`d`; frequencies that are not whole are allowed.
    loans : array-like of shape (n_grades,)
        Number of loans observed for the full outcome window, :math:`n`.
    level : float, default=0.95
        Smallest probability content of the interval.

    Returns
    -------
    RateInterval
        Bounds of each grade.

    Raises
    ------
    DomainError
        ``probability_open``: `level` not strictly between 0 and 1.
        ``counts_impossible``: missing counts, a grade without loans, or more defaults than loans.

    Notes
    -----
    The rates at which :math:`P(X \ge d)` and :math:`P(X \le d)` of a binomial variable equal
    half of 1 - level: quantiles of :math:`\mathrm{Beta}(d,\, n - d + 1)` and
    :math:`\mathrm{Beta}(d + 1,\, n - d)`; 0 without a default and 1 without anything else.  Counts
    need not be whole: the quantiles are those of the same law.

    References
    ----------
    Clopper and Pearson (1934), https://doi.org/10.1093/biomet/26.4.404

    Examples
    --------
    >>> band = clopper_pearson_interval([0], [300])
    >>> band.lower, band.upper.round(4)
    (array([0.]), array([0.0122]))
    """
    tail = _tail(level)
    d, n = check_counts(defaults, loans)
    some_bad, some_good = d > _LEAST, n - d > _LEAST
    lower = beta.ppf(tail, np.where(some_bad, d, 1.0), n - d + 1)
    upper = beta.ppf(1 - tail, d + 1, np.where(some_good, n - d, 1.0))
    return RateInterval(lower=np.where(some_bad, lower, 0.0), upper=np.where(some_good, upper, 1.0))


def check_counts(
    defaults: ArrayLike, loans: ArrayLike, *, empty_allowed: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bring counts of defaults and loans to arrays of one shape, or refuse them.

    Parameters
    ----------
    defaults, loans : array-like of shape (n_grades,)
        Counts; missing values are refused.
    empty_allowed : bool, default=False
        Whether a grade may have no loans.

    Returns
    -------
    tuple of two ndarrays of shape (n_grades,)
        Defaults and loans as floats.

    Raises
    ------
    DomainError
        ``counts_impossible``: a count is missing, below 0, or more defaults than loans; a grade
        without loans unless `empty_allowed`.

    Examples
    --------
    >>> check_counts([1, 0], 10)
    (array([1., 0.]), array([10., 10.]))
    """
    d, n = np.broadcast_arrays(np.asarray(defaults, dtype=float), np.asarray(loans, dtype=float))
    enough = n >= 0 if empty_allowed else n > 0
    bad = np.flatnonzero(~(enough & np.isfinite(n) & (d >= 0) & (d <= n)))  # also catches NaN
    if bad.size:
        raise DomainError(
            "counts_impossible",
            at=int(bad[0]),
            defaults=f"{d.flat[bad[0]]:g}",
            loans=f"{n.flat[bad[0]]:g}",
            count=bad.size,
        )
    return d, n


def _tail(level: float) -> float:
    check_probability("level", level)
    return (1 - level) / 2
