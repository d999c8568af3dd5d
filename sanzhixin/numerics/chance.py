"""What an information value comes to by chance when its bins were chosen to make it large."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc, gammaln, xlogy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["ChanceLaw", "level_probabilities"]

_NEGLIGIBLE = 1e-15  # probability of a number of levels
_NODES, _WIDTHS = np.polynomial.legendre.leggauss(200)
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
        freedom = self._freedom_apart
        if self.n_groups < 2:
            return _chi_square(statistic, freedom)
        if self.n_courses == 0 or (self.n_courses, self.n_groups) == (2, 2):
            return _chi_square(statistic, self.n_groups - 1 + freedom)
        if self.n_courses == 1 or freedom == 0:
            return np.minimum(self.n_courses * _mixture(self.n_groups, statistic, freedom), 1.0)
        # The better course is surely below `even`; what lies apart is added to it.
        even = _even_statistic(self.n_groups)
        far = np.maximum(statistic - even, 0.0)
        root = np.sqrt(far)[..., np.newaxis]
        of_apart = root / 2 * (_NODES + 1)
        rest = statistic[..., np.newaxis] - of_apart**2
        density = _chi_density(of_apart, freedom)
        tails = 2 * _mixture(self.n_groups, np.maximum(rest, 0.0), 0) * density
        beyond = root[..., 0] / 2 * (tails @ _WIDTHS)
        return np.asarray(np.minimum(beyond + _chi_square(far, freedom), 1.0))

    @property
    def _freedom_apart(self) -> int:
        """Degrees of the groups outside the order; without order the first is what others face."""
        return self.n_apart if self.n_groups else max(self.n_apart - 1, 0)


def _mixture(n_groups: int, statistic: Floats, freedom: int) -> Floats:
    """Tails of the best bins of one course, and so many degrees of freedom beside them."""
    tails = np.zeros(np.shape(statistic))
    for level, weight in enumerate(level_probabilities(n_groups)):
        if weight > _NEGLIGIBLE:
            tails += weight * _chi_square(statistic, level + freedom)
    return tails


@lru_cache(maxsize=256)
def _even_statistic(n_groups: int) -> float:
    """Statistic that one course exceeds in half of all cases."""

    def excess(statistic: float) -> float:
        return float(_mixture(n_groups, np.array([statistic]), 0)[0]) - 0.5

    return float(brentq(excess, 0.0, 100.0)) if excess(0.0) > 0 else 0.0


def _chi_density(values: Floats, freedom: int) -> Floats:
    """Density of the root of a chi-square, which is finite at 0."""
    half = freedom / 2
    logs = xlogy(freedom - 1, values) - values**2 / 2 - gammaln(half) - (half - 1) * np.log(2)
    return np.asarray(np.exp(logs))


@lru_cache(maxsize=256)
def _mean(law: ChanceLaw) -> float:
    apart = law._freedom_apart
    if law.n_groups < 2:
        return float(apart)
    if law.n_courses == 0:
        return float(law.n_groups - 1 + apart)
    if law.n_courses == 1:
        return sum(1 / k for k in range(2, law.n_groups + 1)) + apart
    ordered = replace(law, n_apart=0)
    return float(np.trapezoid(ordered._tails(_GRID), _GRID)) + apart


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
