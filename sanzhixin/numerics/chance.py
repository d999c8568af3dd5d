"""What an information value comes to by chance when its bins were chosen to make it large."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["ChanceLaw", "level_probabilities"]

_NEGLIGIBLE = 1e-15  # probability of a number of levels
_GRID = np.linspace(0.0, 20.0, 4001) ** 2  # of the statistic, for its mean


@dataclass(frozen=True, slots=True)
class ChanceLaw:
    r"""Law of :math:`N \cdot IV` without any relation to events, with the best bins.

    Attributes
    ----------
    n_groups : int
        Ordered groups from which bins were made.
    n_courses : int
        0: every group counts, as with levels that are ordered by their rates; 1: a declared
        monotone course; 2: the better of the two monotone ones.
    n_apart : int
        Groups outside the order (missing, special codes).

    Notes
    -----
    The best monotone bins have, in the limit, the statistic of the order-restricted test of equal
    rates: a mixture of :math:`\chi^2_{l-1}` over the number of levels :math:`l`, with the level
    probabilities of a simple order with equal weights.  For the better of two courses tails are
    doubled.  Limits on the number and size of bins make the
    statistic smaller, so the probability is an upper bound in large samples; with few events the
    statistic is heavier than its limit, which takes back about as much.

    References
    ----------
    Robertson, Wright and Dykstra (1988), Order Restricted Statistical Inference, Wiley, ch. 2.
    """

    n_groups: int
    n_courses: int
    n_apart: int = 0

    def p_value(self, statistic: float) -> float:
        r"""Compute the probability of so large a statistic by chance.

        Parameters
        ----------
        statistic : float
            :math:`N \cdot IV` with :math:`N = (1/E + 1/G)^{-1}`.

        Returns
        -------
        float
            Between 0 and 1.
        """
        return float(self._tails(np.array([statistic]))[0])

    def expected(self) -> float:
        """Compute the mean of the statistic.

        Returns
        -------
        float
            Integral of the tails.
        """
        return _mean(self)

    def _tails(self, statistic: Floats) -> Floats:
        if self.n_courses == 0:
            return _chi_square(statistic, max(self.n_groups - 1, 0) + self.n_apart)
        weights = level_probabilities(max(self.n_groups, 1))
        tails = sum(
            weight * _chi_square(statistic, level + self.n_apart)
            for level, weight in enumerate(weights)
            if weight > _NEGLIGIBLE
        )
        courses = self.n_courses if self.n_groups > 1 else 1  # one group has no course to choose
        return np.asarray(np.minimum(courses * np.asarray(tails), 1.0))


@lru_cache(maxsize=256)
def _mean(law: ChanceLaw) -> float:
    if law.n_courses == 0:
        return float(max(law.n_groups - 1, 0) + law.n_apart)
    if law.n_courses == 1:
        return sum(1 / k for k in range(2, law.n_groups + 1)) + law.n_apart
    return float(np.trapezoid(law._tails(_GRID), _GRID))


def _chi_square(statistic: Floats, freedom: int) -> Floats:
    if freedom == 0:
        return np.where(statistic > 0, 0.0, 1.0)
    return np.asarray(chdtrc(freedom, statistic))


@lru_cache(maxsize=256)
def level_probabilities(n_groups: int) -> tuple[float, ...]:
    """Compute how probable each number of levels is in an isotonic fit of equal groups.

    Parameters
    ----------
    n_groups : int
        Groups of equal weight and equal rate.

    Returns
    -------
    tuple of float
        Of 1, 2, ... `n_groups` levels.

    References
    ----------
    Barlow et al. (1972), Statistical Inference under Order Restrictions, Wiley, p. 145.

    Examples
    --------
    >>> [round(p, 4) for p in level_probabilities(3)]  # 1/3, 1/2, 1/6
    [0.3333, 0.5, 0.1667]
    """
    weights = np.array([1.0])
    for k in range(2, n_groups + 1):
        longer = np.zeros(k)
        longer[1:] = weights / k
        longer[:-1] += weights * (k - 1) / k
        weights = longer
    return tuple(weights.tolist())
