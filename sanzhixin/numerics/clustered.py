"""Members that come in clusters: means, ratios of rates, and how well a value tells a group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit, stdtr, stdtrit
from scipy.stats import rankdata

from sanzhixin.errors import DomainError
from sanzhixin.numerics.choices import check_probability, check_range

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "ClusterArea",
    "ClusterMean",
    "ClusterRatios",
    "cluster_auc",
    "cluster_mean",
    "cluster_ratios",
]

_BLOCK = 250
_LEAST_SHARE = 0.5
_ROUNDING = 1e-14


@dataclass(frozen=True, slots=True)
class ClusterRatios:
    """Rates of groups and their ratios to one of them.

    Attributes
    ----------
    rate : ndarray of shape (n_groups,)
        Sum over count; NaN for a group without members.
    rate_low, rate_high : ndarray of shape (n_groups,)
        Interval of the rate, from the bootstrap.
    ratio : ndarray of shape (n_groups,)
        Rate over that of the reference, which has 1; NaN where that is 0 or missing.
    low, high : ndarray of shape (n_groups,)
        Interval of the ratio, from the bootstrap; NaN where fewer than half of the draws have one.
    delta_low, delta_high : ndarray of shape (n_groups,)
        Interval of the ratio by the delta method on its logarithm; NaN where the ratio is 0.
    n_clusters : int
        Clusters with members.
    """

    rate: Floats
    rate_low: Floats
    rate_high: Floats
    ratio: Floats
    low: Floats
    high: Floats
    delta_low: Floats
    delta_high: Floats
    n_clusters: int


@dataclass(frozen=True, slots=True)
class ClusterArea:
    """Area under the curve with an error by cluster.

    Attributes
    ----------
    auc : float
        How often a member of the group has the higher value; ties count half.
    se : float
        Standard error; NaN with one cluster.
    low, high : float
        Interval; NaN where there is no error.
    n_clusters : int
        Clusters with members.
    """

    auc: float
    se: float
    low: float
    high: float
    n_clusters: int


@dataclass(frozen=True, slots=True)
class ClusterMean:
    """A mean with its error between clusters.

    Attributes
    ----------
    mean : float
        Of all members.
    se : float
        Standard error; NaN with one cluster.
    freedom : float
        Degrees of freedom of Student's law, clusters less one; NaN with one cluster.
    """

    mean: float
    se: float
    freedom: float

    def reach(self, level: float) -> float:
        """Half of the width of an interval; NaN with one cluster."""
        check_probability("level", level)
        return -float(stdtrit(self.freedom, (1 - level) / 2)) * self.se

    @property
    def p_value(self) -> float:
        """Two-sided p-value of a mean of 0; NaN without an error."""
        if not self.se > 0:
            return np.nan
        return float(2 * stdtr(self.freedom, -abs(self.mean) / self.se))

    @property
    def p_below(self) -> float:
        """One-sided p-value of a mean below 0: small where it is; NaN without an error."""
        return float(stdtr(self.freedom, self.mean / self.se)) if self.se > 0 else np.nan


def cluster_mean(values: ArrayLike, cluster: ArrayLike) -> ClusterMean:
    r"""Average values whose errors go together within a cluster.

    Parameters
    ----------
    values : array-like of shape (n,)
        Numbers without gaps, at least one.
    cluster : array-like of shape (n,)
        Cluster of each.

    Returns
    -------
    ClusterMean
        Mean, error and degrees of freedom.

    Raises
    ------
    DomainError
        ``array_shape``, ``not_finite``.

    Notes
    -----
    :math:`s^2 = \frac{G}{G - 1} \sum_g (\sum_{i \in g} (x_i - \bar x))^2 / n^2`.

    References
    ----------
    Liang and Zeger (1986), https://doi.org/10.1093/biomet/73.1.13

    Examples
    --------
    >>> found = cluster_mean([1, 3, 2, 6], ["a", "a", "b", "b"])
    >>> found.mean, round(found.se, 4), found.freedom
    (3.0, 1.0, 1.0)
    """
    x, given = np.asarray(values, dtype=np.float64), np.asarray(cluster)
    if x.ndim != 1 or not x.size:
        raise DomainError("array_shape", name="values", shape=x.shape, expected="(n,)")
    if given.shape != x.shape:
        raise DomainError("array_shape", name="cluster", shape=given.shape, expected=x.shape)
    bad = np.flatnonzero(~np.isfinite(x))
    if bad.size:
        raise DomainError("not_finite", name="values", row=int(bad[0]), count=bad.size)
    names, place = np.unique(given, return_inverse=True)
    mean = float(x.mean())
    if names.size < 2:
        return ClusterMean(mean, np.nan, np.nan)
    excess = np.bincount(place, weights=x - x.mean())
    factor = names.size / (names.size - 1)
    error = float(np.sqrt(factor * np.sum(excess**2)) / x.size)
    if error <= _ROUNDING * np.abs(x).max():
        error = 0.0  # equal values, but for the last digits of their mean
    return ClusterMean(mean, error, float(names.size - 1))


def cluster_ratios(
    sums: ArrayLike,
    counts: ArrayLike,
    *,
    reference: int,
    level: float = 0.95,
    draws: int = 2_000,
    seed: int = 0,
) -> ClusterRatios:
    r"""Compare the rates of groups with that of a reference group, clusters drawn as a whole.

    Parameters
    ----------
    sums, counts : array-like of shape (n_clusters, n_groups)
        Sum of what is averaged, and number of members, of each group in each cluster.
    reference : int
        Column of the reference group.
    level : float, default=0.95
        Of the intervals.
    draws : int, default=2000
        Of the bootstrap.
    seed : int, default=0
        Of the draws.

    Returns
    -------
    ClusterRatios
        Intervals are percentiles; NaN with fewer than two clusters.

    Raises
    ------
    DomainError
        ``array_shape``; ``probability_open``: `level`; ``option_range``: `draws`, `reference`.

    Notes
    -----
    With :math:`r_g = \sum_c s_{cg} / \sum_c n_{cg}`, cluster c moves the logarithm of the ratio by
    :math:`u_c = (s_{cg} - r_g n_{cg}) / (r_g N_g) - (s_{c0} - r_0 n_{c0}) / (r_0 N_0)`, and its
    variance is :math:`\frac{C}{C-1} \sum_c u_c^2`; the quantile is Student's with C - 1 degrees of
    freedom.  Clusters are taken as independent of each other, members of one as they come.  With
    fewer than about ten clusters percentiles are too narrow; the delta interval allows for it.
    Clusters without members of a group tell nothing of its error: either interval is too narrow for
    a group of few clusters, and a point for a rate of 0, however many clusters there are.

    References
    ----------
    Field and Welsh (2007), https://doi.org/10.1111/j.1467-9868.2007.00593.x, on drawing clusters;
    Cochran (1977), Sampling Techniques, section 6.19, on ratios.

    Examples
    --------
    >>> found = cluster_ratios([[8, 4], [6, 3], [7, 3]], [[10, 10], [10, 10], [10, 10]],
    ...     reference=0)
    >>> found.ratio.round(3)
    array([1.   , 0.476])
    """
    s, n = np.asarray(sums, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    if s.ndim != 2 or s.shape != n.shape:
        raise DomainError("array_shape", name="sums", shape=s.shape, expected=n.shape)
    check_range("reference", reference, 0, s.shape[1] - 1, is_whole=True)
    check_range("draws", draws, 100, 1e6, is_whole=True)
    _check_level(level)
    there = n.sum(axis=1) > 0
    s, n = s[there], n[there]
    rate = _over(s.sum(axis=0), n.sum(axis=0))
    ratio = _over(rate, rate[[reference]])
    nothing = np.full(rate.shape, np.nan)
    bands = [nothing] * 4
    deltas = nothing, nothing
    if len(s) > 1:
        drawn = _draw_rates(s, n, draws, seed)
        bands = [*_bands(drawn, level), *_bands(_over(drawn, drawn[:, [reference]]), level)]
        reach = -float(stdtrit(len(s) - 1, (1 - level) / 2)) * _log_error(s, n, rate, reference)
        deltas = ratio * np.exp(-reach), ratio * np.exp(reach)
    return ClusterRatios(rate, bands[0], bands[1], ratio, bands[2], bands[3], *deltas, len(s))


def cluster_auc(
    values: ArrayLike, is_member: ArrayLike, cluster: ArrayLike, *, level: float = 0.95
) -> ClusterArea:
    r"""Tell how well a value tells the members of a group, with an error by cluster.

    Parameters
    ----------
    values : array-like of shape (n_households,)
        Without missing ones.
    is_member : array-like of bool, shape (n_households,)
        Who belongs to the group.
    cluster : array-like of shape (n_households,)
        Cluster of each, such as its village.
    level : float, default=0.95
        Of the interval.

    Returns
    -------
    ClusterArea
        All NaN where everybody or nobody is a member.

    Raises
    ------
    DomainError
        ``not_finite``: a value is missing; ``probability_open``: `level`.

    Notes
    -----
    With the placement values of DeLong, cluster c moves the area by :math:`u_c = \sum_{i \in c}
    (V_i - A) / m + \sum_{j \in c} (V_j - A) / n`, and the variance is :math:`\frac{C}{C-1} \sum
    u_c^2`.  The interval is symmetric in the log-odds of the area with Student's quantile of C - 1
    degrees of freedom.

    References
    ----------
    Obuchowski (1997), https://doi.org/10.2307/2533958

    Examples
    --------
    >>> found = cluster_auc([1, 2, 3, 4, 5, 6], [0, 0, 1, 0, 1, 1], ["a", "b", "c", "a", "b", "c"])
    >>> round(found.auc, 4), found.n_clusters
    (0.8889, 3)
    """
    x, member = np.asarray(values, dtype=np.float64), np.asarray(is_member, dtype=np.bool_)
    _check_level(level)
    bad = np.flatnonzero(~np.isfinite(x))
    if bad.size:
        raise DomainError("not_finite", name="values", row=int(bad[0]), count=bad.size)
    place = np.unique(np.asarray(cluster), return_inverse=True)[1]
    m, n, size = int(member.sum()), int((~member).sum()), int(place.max(initial=-1)) + 1
    if not (m and n):
        return ClusterArea(np.nan, np.nan, np.nan, np.nan, size)
    ranks = rankdata(x)
    parts = np.empty(x.size)
    parts[member] = (ranks[member] - rankdata(x[member])) / n
    parts[~member] = 1 - (ranks[~member] - rankdata(x[~member])) / m
    auc = float(parts[member].mean())
    moves = (parts - auc) / np.where(member, m, n)
    by_cluster = np.bincount(place, moves, size)
    if size < 2:
        return ClusterArea(auc, np.nan, np.nan, np.nan, size)
    se = float(np.sqrt(size / (size - 1) * (by_cluster**2).sum()))
    low = high = np.nan
    if se > 0 and 0 < auc < 1:
        reach = -float(stdtrit(size - 1, (1 - level) / 2)) * se / (auc * (1 - auc))
        low, high = (float(expit(logit(auc) + side * reach)) for side in (-1, 1))
    return ClusterArea(auc, se, low, high, size)


def _check_level(level: float) -> None:
    check_probability("level", level)


def _over(numerator: Floats, denominator: Floats) -> Floats:
    """Divide; NaN over nothing."""
    known = denominator > 0
    return np.where(known, numerator, np.nan) / np.where(known, denominator, 1.0)


def _draw_rates(s: Floats, n: Floats, draws: int, seed: int) -> Floats:
    """Rates of each draw of clusters, in blocks so that many clusters need little memory."""
    rng = np.random.default_rng(seed)
    equal = np.full(len(s), 1 / len(s))
    found = []
    for begin in range(0, draws, _BLOCK):
        times = rng.multinomial(len(s), equal, size=min(_BLOCK, draws - begin)).astype(np.float64)
        found.append(_over(times @ s, times @ n))
    return np.concatenate(found)


def _bands(drawn: Floats, level: float) -> tuple[Floats, Floats]:
    bands = np.full((2, drawn.shape[1]), np.nan)
    for place, column in enumerate(drawn.T):
        known = column[~np.isnan(column)]
        if known.size >= _LEAST_SHARE * column.size:
            bands[:, place] = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return bands[0], bands[1]


def _log_error(s: Floats, n: Floats, rate: Floats, reference: int) -> Floats:
    """Give the standard error of the logarithm of each ratio."""
    own = _over(s - rate * n, rate * n.sum(axis=0))
    moves = own - own[:, [reference]]
    c = len(s)
    return np.asarray(np.sqrt(c / (c - 1) * (moves**2).sum(axis=0)))
