"""Raters whose residuals go together more than those of their village: pairs, with error rates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse
from scipy.stats import norm

from sanzhixin.errors import DomainError
from sanzhixin.numerics.multiplicity import adjust_p_values

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["RaterPairs", "compare_raters"]

LEAST_COMMON = 15
_FEWEST = 4  # common households for which Fisher's z has an error
_LEAST_PAIRS = 5  # judged pairs of a village whose median is taken
_LEAST_POOLED = 30  # judged pairs of all small villages whose median is taken
_NOISE = 1e-12


@dataclass(frozen=True, slots=True)
class RaterPairs:
    """Pairs of raters with common households, sorted by their indices.

    Attributes
    ----------
    rater_a, rater_b : ndarray of shape (n_pairs,)
        Indices of the raters; a is below b.
    n_common : ndarray of shape (n_pairs,)
        Households that both rated.
    correlation : ndarray of shape (n_pairs,)
        Of the standardised residuals; NaN where one of them does not vary.
    centre : ndarray of shape (n_pairs,)
        What the correlation is compared with, below 0 as a rule; NaN where no value follows.
    z : ndarray of shape (n_pairs,)
        Correlation less centre, times the root of `n_common`; NaN where not judged.
    p_value : ndarray of shape (n_pairs,)
        One-sided: chance of so high a correlation between independent raters; NaN where not
        judged.
    q_value : ndarray of shape (n_pairs,)
        `p_value` adjusted over all judged pairs after Benjamini and Hochberg.
    judged : ndarray of shape (n_pairs,)
        False where common households are too few, or a correlation is missing.
    """

    rater_a: Ints
    rater_b: Ints
    n_common: Ints
    correlation: Floats
    centre: Floats
    z: Floats
    p_value: Floats
    q_value: Floats
    judged: NDArray[np.bool_]

    def verdict(self, rate: float = 0.05) -> NDArray[np.str_]:
        """Say what may be said of each pair.

        Parameters
        ----------
        rate : float, default=0.05
            False discovery rate to be accepted.

        Returns
        -------
        ndarray of shape (n_pairs,)
            ``cannot_tell`` where not judged, ``alike`` where `q_value` is at most `rate`, else
            ``as_expected``.  Alike asks for a talk with the raters; it proves no agreement between
            them.
        """
        told = np.where(self.q_value <= rate, "alike", "as_expected")
        verdict: NDArray[np.str_] = np.where(self.judged, told, "cannot_tell")
        return verdict


class _Sums(NamedTuple):
    """Pairs and sums over their common households."""

    a: Ints
    b: Ints
    n: Floats
    correlation: Floats
    expected: Floats


def compare_raters(
    household: ArrayLike,
    rater: ArrayLike,
    residual: ArrayLike,
    village_of_rater: ArrayLike,
    *,
    least_common: int = LEAST_COMMON,
) -> RaterPairs:
    r"""Compare the residuals of every two raters on the households that both rated.

    Use it to find raters who copy from one another or agree beforehand.  Raters who favour the
    same friends in the same way look alike too; a pair is a question to be asked, not a finding.

    Parameters
    ----------
    household, rater : array-like of shape (n_records,)
        Indices from 0 of each record's household and rater.
    residual : array-like of shape (n_records,)
        Standardised residual of the record, slope over root of curvature, :math:`g / \sqrt w`, at
        the fitted measures.  NaN where the record carries nothing (w = 0); it is left out.
    village_of_rater : array-like of shape (n_raters,)
        Index of each rater's village; -1 for raters of no single village.
    least_common : int, default=15
        Common households from which on a pair is judged; at least 4 are always needed.

    Returns
    -------
    RaterPairs
        One entry for each pair with a common household.

    Raises
    ------
    DomainError
        ``array_shape``: arrays of differing length.
        ``index_outside``: an index that is not whole, below 0 or beyond the raters.
        ``not_finite``: an infinite residual.
        ``records_repeated``: two records of one rater on one household.

    Notes
    -----
    Residuals about a fitted household sum to nearly 0, so independent raters correlate negatively:
    with r records on a household by :math:`-1 / (r - 1)`.  The correlation is therefore compared
    with the median of the judged pairs of the village.  Where they are fewer than 5, or the raters
    are not of one village, it is compared with the mean of :math:`-1 / (r - 1)` over the common
    households; where all m raters of a village rated all of them that is :math:`-1 / (m - 1)`.
    Households with no third record tell nothing: pairs without others are not judged.  A village
    in which most pairs copy moves its own median and is not found here.
    The p-value is normal for Fisher's :math:`(\operatorname{artanh} r - \operatorname{artanh} c)
    \sqrt{n - 3}`, pairs taken as exchangeable within a village.

    References
    ----------
    Fisher (1921), On the probable error of a coefficient of correlation, Metron 1, 3-32;
    Benjamini and Hochberg (1995), https://doi.org/10.1111/j.2517-6161.1995.tb02031.x; Yen (1984),
    https://doi.org/10.1177/014662168400800201

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> residual = random.normal(size=(40, 5))
    >>> residual[:, 1] = residual[:, 0]
    >>> household, rater = np.indices(residual.shape)
    >>> pairs = compare_raters(household.ravel(), rater.ravel(), residual.ravel(), [0] * 5)
    >>> pairs.verdict()[:3], pairs.n_common[:3]
    (array(['alike', 'as_expected', 'as_expected'], dtype='<U11'), array([40, 40, 40]))
    """
    village = np.asarray(village_of_rater)
    sums = _pair_sums(*_check_records(household, rater, residual, village.size), village.size)
    judged = (sums.n >= max(least_common, _FEWEST)) & np.isfinite(sums.correlation)
    home = np.where(village[sums.a] == village[sums.b], village[sums.a], -1)
    centre = _centres(sums, judged, home)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.arctanh(sums.correlation) - np.arctanh(centre)
        p_value = norm.sf(apart * np.sqrt(sums.n - 3))
    judged &= ~np.isnan(p_value)
    p_value = np.where(judged, p_value, np.nan)
    z = np.where(judged, (sums.correlation - centre) * np.sqrt(sums.n), np.nan)
    return RaterPairs(
        rater_a=sums.a,
        rater_b=sums.b,
        n_common=sums.n.astype(np.int64),
        correlation=sums.correlation,
        centre=centre,
        z=z,
        p_value=p_value,
        q_value=adjust_p_values(p_value),
        judged=judged,
    )


def _check_records(
    household: ArrayLike, rater: ArrayLike, residual: ArrayLike, n_raters: int
) -> tuple[Ints, Ints, Floats]:
    """Check records and keep those with a residual."""
    values = np.asarray(residual, dtype=np.float64)
    found = []
    for name, given in (("household", household), ("rater", rater)):
        index = np.asarray(given)
        if index.shape != (values.size,):
            expected = f"({values.size},)"
            raise DomainError("array_shape", name=name, shape=index.shape, expected=expected)
        most = n_raters if name == "rater" else np.inf
        bad = index[~((index >= 0) & (index < most) & (index == np.rint(index)))]
        if bad.size:
            raise DomainError("index_outside", name=name, value=f"{bad[0]:g}", count=bad.size)
        found.append(index.astype(np.int64))
    infinite = np.flatnonzero(np.isinf(values))
    if infinite.size:
        row = int(infinite[0])
        raise DomainError("not_finite", name="residual", row=row, count=infinite.size)
    kept = ~np.isnan(values)
    households, raters = found[0][kept], found[1][kept]
    repeated = households.size - np.unique(households * n_raters + raters).size
    if repeated:
        raise DomainError("records_repeated", count=repeated)
    return households, raters, values[kept]


def _pair_sums(household: Ints, rater: Ints, residual: Floats, n_raters: int) -> _Sums:
    """Correlation of every pair with a common household, by sparse products."""
    count = np.bincount(rater, minlength=n_raters)
    mean = np.bincount(rater, residual, n_raters) / np.maximum(count, 1)
    own = residual - mean[rater]  # leaves the correlation as it is, and loses fewer digits
    size = np.bincount(household)
    expected = -1 / np.maximum(size - 1.0, 1.0)

    def columns(values: Floats) -> sparse.csc_array:
        return sparse.csc_array((values, (household, rater)), shape=(size.size, n_raters))

    one, x = columns(np.ones(own.size)), columns(own)
    pairs = sparse.triu(one.T @ one, k=1).tocoo()
    order = np.lexsort((pairs.col, pairs.row))
    a, b = pairs.row[order].astype(np.int64), pairs.col[order].astype(np.int64)
    n = pairs.data[order]
    sum_of, squares_of = (x.T @ one).tocsr(), (columns(own**2).T @ one).tocsr()
    both = _entries((x.T @ x).tocsr(), a, b)
    sum_a, sum_b = _entries(sum_of, a, b), _entries(sum_of, b, a)
    square_a, square_b = _entries(squares_of, a, b), _entries(squares_of, b, a)
    spread_a, spread_b = square_a - sum_a**2 / n, square_b - sum_b**2 / n
    varies = (spread_a > _NOISE * square_a) & (spread_b > _NOISE * square_b)
    correlation = np.full(n.size, np.nan)
    joint = both - sum_a * sum_b / n
    np.divide(joint, np.sqrt(np.abs(spread_a * spread_b)), out=correlation, where=varies)
    by_size = (one.T @ columns(expected[household])).tocsr()
    return _Sums(a, b, n, np.clip(correlation, -1, 1), _entries(by_size, a, b) / n)


def _entries(matrix: sparse.csr_array, rows: Ints, columns: Ints) -> Floats:
    if not rows.size:
        return np.zeros(0)
    return np.asarray(matrix[rows, columns], dtype=np.float64).ravel()


def _centres(sums: _Sums, judged: NDArray[np.bool_], home: Ints) -> Floats:
    """Median of the judged pairs of the village, or of all small villages about their size."""
    centre = sums.expected.copy()
    used = np.flatnonzero(judged & (home >= 0))
    order = used[np.lexsort((sums.correlation[used], home[used]))]
    villages, start, size = np.unique(home[order], return_index=True, return_counts=True)
    ranked = sums.correlation[order]
    low, high = start + (size - 1) // 2, start + size // 2
    enough = size >= _LEAST_PAIRS
    medians = (ranked[low] + ranked[high])[enough] / 2
    villages = villages[enough]
    place = np.searchsorted(villages, home)
    known = np.isin(home, villages)
    centre[known] = medians[place[known]]
    small = ~known & (home >= 0)
    few = judged & small
    if few.sum() >= _LEAST_POOLED:  # small villages together: how far they lie above that size
        apart = sums.correlation[few] - sums.expected[few]
        centre[small] += float(np.median(apart))
    centre[centre <= _NOISE - 1] = np.nan  # two records are each other's mirror
    return centre
