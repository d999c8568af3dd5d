"""How well points part defaults from other loans: area under the curve, gap, concentration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from scipy.special import expit, logit, ndtr, stdtrit

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.choices import check_probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
    "AreaEstimate",
    "LargestGap",
    "RankCurve",
    "accuracy_ratio",
    "auc_fall_test",
    "estimate_auc",
    "find_largest_gap",
    "rank_curve",
]

_ROUNDING = 1e-15  # of an error; the least one of a million loans is some hundred times as large

_TIE = 1e-12  # between shares; those of a million loans differ by more


@dataclass(frozen=True, slots=True)
class AreaEstimate:
    """Area under the curve of points, with its error.

    Attributes
    ----------
    auc : float
        Share of pairs of a default and another loan in which the default has fewer points; ties
        count half.
    se : float
        Standard error (DeLong); NaN with fewer than two defaults or two other loans.
    low, high : float
        Interval; NaN where the error is 0 or NaN and the area neither 0 nor 1.
    n_loans, n_defaults : int
        Loans, and defaults among them.
    """

    auc: float
    se: float
    low: float
    high: float
    n_loans: int
    n_defaults: int

    @property
    def gini(self) -> float:
        """Twice the area less 1: the accuracy ratio, and Somers' D of points given the outcome."""
        return 2 * self.auc - 1


@dataclass(frozen=True, slots=True)
class RankCurve:
    """Shares of the loans with at most so many points, from the fewest up.

    `share_defaults` over `share_others` is the ROC curve, over `share_loans` the CAP curve.

    Attributes
    ----------
    points : ndarray of shape (1 + n_distinct,)
        Distinct points, ascending; NaN first, where no loan is counted yet.
    share_loans, share_defaults, share_others : ndarray of shape (1 + n_distinct,)
        Of all loans, of the defaults, of the other loans; 0 first, 1 last.
    default_rate : float
        Of all loans.
    """

    points: Floats
    share_loans: Floats
    share_defaults: Floats
    share_others: Floats
    default_rate: float


@dataclass(frozen=True, slots=True)
class LargestGap:
    """Largest distance between the points of defaults and of other loans (Kolmogorov-Smirnov).

    Attributes
    ----------
    distance : float
        Between the shares with at most `points`, 0 to 1.
    points : float
        Where; the fewest of several.
    sign : {-1, 0, 1}
        1: defaults have fewer points there, as they should; -1: more; 0: no distance at all.
    """

    distance: float
    points: float
    sign: Literal[-1, 0, 1]


class _Ranks(NamedTuple):
    """Defaults and other loans of each distinct number of points, ascending."""

    points: Floats
    bad: Ints
    good: Ints


def estimate_auc(points: ArrayLike, defaulted: ArrayLike, *, level: float = 0.95) -> AreaEstimate:
    r"""Estimate the area under the curve of points, with DeLong's error and an interval.

    Parameters
    ----------
    points : array-like of shape (n_loans,)
        Points; more are better.  Missing values are refused.
    defaulted : array-like of bool, shape (n_loans,)
        Outcomes.
    level : float, default=0.95
        Of the interval.

    Returns
    -------
    AreaEstimate
        Exact from counts, so the order of the loans changes no bit.

    Raises
    ------
    DomainError
        ``shape_differs``, ``not_finite``, ``outcome_not_binary``; ``probability_open``: `level`.
    EvidenceError
        ``ranking_one_class``: no default, or nothing else.

    Notes
    -----
    The interval is symmetric in the log-odds of the area, :math:`\operatorname{logit} A \pm t\,
    s / (A (1 - A))`, so it stays within 0 and 1; t is the quantile of Student's law with the
    degrees of freedom of Brunner and Munzel, as the error of few defaults is itself uncertain.
    Drawn from normal laws with 10 defaults among 300 loans, 95 % intervals cover 96 % at an area of
    0.58, 94 % at 0.76 and 91 % at 0.92; with 60 defaults 95 % at each.  The plain interval of Wald
    covers 92, 89 and 82 % there.

    At A = 1 the error is 0 and tells nothing; there the lower bound is :math:`((1 - \gamma) /
    2)^{1/m}` with level :math:`\gamma` and m the smaller of the numbers of defaults and of other
    loans: m pairs without a common loan were all in order, which has at most the probability
    :math:`A^m`.  At A = 0 it is mirrored.  Loans are taken as independent: where villages share
    luck the error is too small.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), https://doi.org/10.2307/2531595; Brunner and Munzel
    (2000), https://doi.org/10.1002/(SICI)1521-4036(200001)42:1<17::AID-BIMJ17>3.0.CO;2-U, for the
    degrees of freedom; Qin and Hotilovac (2008), https://doi.org/10.1177/0962280207087173, for the
    scale of log-odds.

    Examples
    --------
    >>> found = estimate_auc([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 0, 0])  # 8 of 9 pairs in order
    >>> round(found.auc, 4), round(found.gini, 4)
    (0.8889, 0.7778)
    >>> round(found.se, 4)
    0.1571
    """
    check_probability("level", level)
    ranks = _count(points, defaulted)
    bad, good = ranks.bad, ranks.good
    n_bad, n_good = int(bad.sum()), int(good.sum())
    below = np.cumsum(bad) - bad  # defaults with fewer points
    above = n_good - np.cumsum(good)  # other loans with more
    auc = int(bad @ (2 * above + good)) / (2 * n_bad * n_good)
    se = np.nan
    if min(n_bad, n_good) > 1:
        of_bad, of_good = (above + good / 2) / n_good, (below + bad / 2) / n_bad
        parts = _spread(of_bad, bad, auc) / n_bad, _spread(of_good, good, auc) / n_good
        se = float(np.sqrt(sum(parts)))
        se = 0.0 if se < _ROUNDING else se
    tail = (1 - level) / 2
    low, high = np.nan, np.nan
    if auc in {0.0, 1.0}:
        bound = float(tail ** (1 / min(n_bad, n_good)))
        low, high = (bound, 1.0) if auc == 1 else (0.0, 1 - bound)
    elif se > 0:
        freedom = sum(parts) ** 2 / (parts[0] ** 2 / (n_bad - 1) + parts[1] ** 2 / (n_good - 1))
        reach = -float(stdtrit(freedom, tail)) * se / (auc * (1 - auc))
        low, high = float(expit(logit(auc) - reach)), float(expit(logit(auc) + reach))
    return AreaEstimate(auc, se, low, high, n_bad + n_good, n_bad)


def auc_fall_test(found: AreaEstimate, initial: float) -> float:
    r"""Test that an area has not fallen below an earlier one.

    Parameters
    ----------
    found : AreaEstimate
        Present area.
    initial : float
        Earlier area, taken as known without error.

    Returns
    -------
    float
        One-sided p-value, small where the present area is smaller than chance explains; NaN
        without an error to measure by.

    Raises
    ------
    DomainError
        ``probability_open``: `initial` not strictly between 0 and 1.

    Notes
    -----
    :math:`1 - \Phi((A_0 - A) / s)`.

    References
    ----------
    European Central Bank (2019), Instructions for reporting the validation results of internal
    models, section 2.5.4.1.

    Examples
    --------
    >>> found = estimate_auc([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 0, 0])
    >>> round(auc_fall_test(found, 0.95), 4)  # (.95 - .8889) / .1571 = .389
    0.3487
    """
    check_probability("initial", initial, example=0.75)
    if not found.se > 0:
        return np.nan
    return float(ndtr((found.auc - initial) / found.se))


def rank_curve(points: ArrayLike, defaulted: ArrayLike) -> RankCurve:
    """Count defaults and other loans from the fewest points up.

    Parameters
    ----------
    points : array-like of shape (n_loans,)
        Points; more are better.  Missing values are refused.
    defaulted : array-like of bool, shape (n_loans,)
        Outcomes.

    Returns
    -------
    RankCurve
        One row per distinct number of points, after a row of zeros.

    Raises
    ------
    DomainError
        ``shape_differs``, ``not_finite``, ``outcome_not_binary``.
    EvidenceError
        ``ranking_one_class``: no default, or nothing else.

    Examples
    --------
    >>> curve = rank_curve([1, 1, 2, 3], [1, 0, 0, 0])
    >>> curve.share_defaults, curve.share_loans
    (array([0., 1., 1., 1.]), array([0.  , 0.5 , 0.75, 1.  ]))
    """
    ranks = _count(points, defaulted)
    bad, good = np.cumsum(ranks.bad), np.cumsum(ranks.good)
    every, of_bad, of_good = (np.append(0.0, one / one[-1]) for one in (bad + good, bad, good))
    rate = int(bad[-1]) / int(bad[-1] + good[-1])
    return RankCurve(np.append(np.nan, ranks.points), every, of_bad, of_good, rate)


def find_largest_gap(curve: RankCurve) -> LargestGap:
    """Find the largest distance between the points of defaults and of other loans.

    Parameters
    ----------
    curve : RankCurve
        All of it, not thinned.

    Returns
    -------
    LargestGap
        The statistic of Kolmogorov and Smirnov, where it is taken, and on which side.

    References
    ----------
    Smirnov (1948), https://doi.org/10.1214/aoms/1177730256

    Examples
    --------
    >>> find_largest_gap(rank_curve([1, 2, 3, 4], [1, 1, 0, 0]))
    LargestGap(distance=1.0, points=2.0, sign=1)
    """
    gap = curve.share_defaults - curve.share_others
    size = np.abs(gap)
    place = int(np.argmax(size >= size.max() - _TIE))
    if gap[place] == 0:
        return LargestGap(0.0, float(curve.points[-1]), 0)
    sign: Literal[-1, 1] = 1 if gap[place] > 0 else -1
    return LargestGap(float(abs(gap[place])), float(curve.points[place]), sign)


def accuracy_ratio(curve: RankCurve) -> float:
    r"""Compute the accuracy ratio: the area of the CAP curve between chance and the best one.

    Parameters
    ----------
    curve : RankCurve
        All of it, not thinned.

    Returns
    -------
    float
        1 where every default has fewer points than every other loan, 0 by chance; equal to
        :math:`2 A - 1` with A the area under the ROC curve.

    References
    ----------
    Engelmann, Hayden and Tasche (2003), Measuring the discriminative power of rating systems,
    Deutsche Bundesbank, Discussion Paper, Series 2, 01/2003.

    Examples
    --------
    >>> curve = rank_curve([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 0, 0])
    >>> round(accuracy_ratio(curve), 4)
    0.7778
    """
    area = float(np.trapezoid(curve.share_defaults, curve.share_loans))
    return (2 * area - 1) / (1 - curve.default_rate)


def _spread(component: Floats, count: Ints, mean: float) -> float:
    """Sample variance of a structural component."""
    return float(count @ (component - mean) ** 2) / (int(count.sum()) - 1)


def _count(points: ArrayLike, defaulted: ArrayLike) -> _Ranks:
    failed, given = np.asarray(defaulted, dtype=float), np.asarray(points, dtype=float)
    if failed.ndim != 1 or not failed.size:
        raise DomainError("shape_differs", name="defaulted", shape=failed.shape, expected="(n,)")
    if given.shape != failed.shape:
        raise DomainError("shape_differs", name="points", shape=given.shape, expected=failed.shape)
    bad = np.flatnonzero(~np.isfinite(given))
    if bad.size:
        raise DomainError("not_finite", name="points", row=int(bad[0]), count=bad.size)
    other = failed[(failed != 0) & (failed != 1)]  # NaN too
    if other.size:
        raise DomainError("outcome_not_binary", value=other[0])
    defaults = int(failed.sum())
    if not 0 < defaults < failed.size:
        raise EvidenceError("ranking_one_class", defaults=defaults, loans=failed.size)
    order = np.argsort(given)
    ranked = given[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), ranked.size - 1)
    seen = np.cumsum(failed[order]).astype(np.int64)[last]
    worst = np.diff(seen, prepend=0)
    return _Ranks(ranked[last], worst, np.diff(last, prepend=-1) - worst)
