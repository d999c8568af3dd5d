"""What the best bins of a free or a turning course come to by chance, by drawing it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from operator import add
from typing import TYPE_CHECKING, Literal

import numpy as np

from sanzhixin.numerics.chance import ChanceLaw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["DrawnLaw", "free_statistics", "turning_statistics"]

_MOST_DRAWS, _LEAST_DRAWS = 2000, 200  # .05 then has the standard error .005, or .015
_WORK = 50_000  # groups squared times bins for which most draws are quick


@dataclass(frozen=True, slots=True)
class DrawnLaw:
    r"""Law of :math:`N \cdot IV` without any relation to events, for courses without a formula.

    Attributes
    ----------
    n_groups : int
        Ordered groups from which bins were made.
    course : {"free", "turning"}
        Any course; one that rises to a group and falls from it, or the other way round.
    max_bins : int
        Bins at most of a free course; a turning one takes no account of it.
    n_apart : int
        Groups outside the order (missing, special codes).

    Notes
    -----
    In the limit groups of equal weight hold normal deviations, and the best bins explain the most
    of their sum of squares: 2,000 draws from a fixed seed, down to 200 for many groups (some 200 in
    12 bins).  The smallest size of a bin is left out, so the probability is an upper bound in large
    samples, as is that of every group's :math:`\chi^2`, which is taken where it is smaller, and
    alone where even few draws would take seconds (1,000 groups in 8 bins).

    Examples
    --------
    >>> law = DrawnLaw(50, "free", 8)
    >>> 20 < law.expected() < 49  # every group of its own would have 49
    True
    """

    n_groups: int
    course: Literal["free", "turning"]
    max_bins: int = 0
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
            Between 0 and 1; never 0 by the draws alone, which count the statistic as one of them.
        """
        bound = ChanceLaw(self.n_groups, 0, self.n_apart).p_value(statistic)
        if not self.n_draws:
            return bound
        draws = _draw(self)
        reached = draws.size - int(np.searchsorted(draws, statistic))
        return min(bound, (1 + reached) / (1 + draws.size))

    def expected(self) -> float:
        """Compute the mean of the statistic.

        Returns
        -------
        float
            Mean of the draws, at most that of every group's.
        """
        every = ChanceLaw(self.n_groups, 0, self.n_apart).expected()
        return min(every, float(_draw(self).mean())) if self.n_draws else every

    @property
    def n_draws(self) -> int:
        """Draws that are made; 0 where they would take too long."""
        turning = self.course == "turning"
        work = 800 * self.n_groups if turning else self.n_groups**2 * self.max_bins
        if work > 100 * _WORK:
            return 0
        return int(np.clip(_MOST_DRAWS * _WORK / max(work, 1), _LEAST_DRAWS, _MOST_DRAWS))


@lru_cache(maxsize=64)
def _draw(law: DrawnLaw) -> Floats:
    random = np.random.default_rng(0)
    n_draws = law.n_draws
    groups = random.normal(size=(n_draws, max(law.n_groups, 1)))
    if law.course == "free":
        drawn = free_statistics(groups, law.max_bins)
    else:
        drawn = turning_statistics(groups)
    apart = random.normal(size=(n_draws, _apart(law.n_groups, law.n_apart)))
    return np.sort(drawn + (apart**2).sum(axis=1))


def _apart(n_groups: int, n_apart: int) -> int:
    """Degrees of freedom of the groups outside the order; the first one stands for the order."""
    return n_apart if n_groups else max(n_apart - 1, 0)


def free_statistics(groups: Floats, max_bins: int) -> Floats:
    """Explain the sum of squares of groups of equal weight by the best runs of them.

    Parameters
    ----------
    groups : ndarray of shape (n_draws, n_groups)
        Deviations.
    max_bins : int
        Runs at most.

    Returns
    -------
    ndarray of shape (n_draws,)
        Sum of squares between the best runs.

    Examples
    --------
    >>> free_statistics(np.array([[1.0, 3.0, 2.0]]), 2)  # 1 | 3 2: means 1 and 2.5 about 2
    array([1.5])
    """
    n_draws, n_groups = groups.shape
    centred = groups - groups.mean(axis=1, keepdims=True)
    sums = np.concatenate([np.zeros((n_draws, 1)), np.cumsum(centred, axis=1)], axis=1)
    most = max(1, min(max_bins, n_groups))
    best = np.full((most + 1, n_draws, n_groups + 1), -np.inf)  # runs, draw, groups so far
    best[0, :, 0] = 0.0
    for end in range(1, n_groups + 1):
        run = (sums[:, [end]] - sums[:, :end]) ** 2 / np.arange(end, 0, -1)
        best[1:, :, end] = (best[:-1, :, :end] + run).max(axis=2)
    return np.asarray(best[1:, :, -1].max(axis=0))


def turning_statistics(groups: Floats) -> Floats:
    """Explain the sum of squares of groups of equal weight by the best rise and fall.

    Parameters
    ----------
    groups : ndarray of shape (n_draws, n_groups)
        Deviations.

    Returns
    -------
    ndarray of shape (n_draws,)
        Sum of squares of the best fit that rises to a group and falls from it.

    Examples
    --------
    >>> turning_statistics(np.array([[1.0, 3.0, 2.0]]))  # it does so itself
    array([2.])
    """
    centred = groups - groups.mean(axis=1, keepdims=True)
    found = []
    for row in centred.tolist():
        rise, fall = _rising(row), _rising(row[::-1])
        found.append(max(map(add, rise, reversed(fall))))
    return np.array(found)


def _rising(values: Sequence[float]) -> list[float]:
    """Sum of squares of the isotonic fit of the first 0, 1, 2 ... values."""
    sums: list[float] = []
    sizes: list[int] = []
    gains = []
    for value in values:
        total, size, lost = value, 1, 0.0
        while sums and sums[-1] * size >= total * sizes[-1]:
            lost += sums[-1] ** 2 / sizes[-1]
            total, size = total + sums.pop(), size + sizes.pop()
        sums.append(total)
        sizes.append(size)
        gains.append(total**2 / size - lost)
    return list(accumulate(gains, initial=0.0))
