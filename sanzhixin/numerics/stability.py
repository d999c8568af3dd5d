"""Stability of distributions: the index with its small-sample limits, migration, concentration."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import gammaln
from scipy.stats import chi2

from sanzhixin.errors import DomainError
from sanzhixin.numerics.choices import check_choice, check_range

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
    "BreaksFrom",
    "Concentration",
    "Law",
    "Mobility",
    "StabilityTest",
    "concentration",
    "count_cells",
    "drawn_test",
    "find_cells",
    "mobility",
    "stability_index",
    "stability_parts",
    "stability_test",
]

BreaksFrom = Literal["elsewhere", "before"]
"""Where the breaks of the cells come from: ``before`` is the first of the two samples itself."""

Law = Literal["enumerated", "drawn", "chi-square", "swapped"]
"""How the law of the index under no change was found."""

_FLOOR = 1e-4  # share that stands for an empty cell, as in population_stability
_MOST_TABLES = 20_000  # that are enumerated
_MANY, _MANY_A_CELL = 1000, 50  # rows of a sample, and expected in a cell, for the chi-square
_SAME = 1e-9  # indices closer than this, relatively, are equal


@dataclass(frozen=True, slots=True)
class StabilityTest:
    """A stability index and what it comes to where nothing changed.

    Attributes
    ----------
    index : float
        The stability index of the two samples.
    p_value : float
        Probability of an index at least as large where both samples come from one population.
    limits : tuple of float
        For each level: an index above it has a `p_value` below the level.
    law : {"enumerated", "drawn", "chi-square", "swapped"}
        How the law was found.
    """

    index: float
    p_value: float
    limits: tuple[float, ...]
    law: Law


@dataclass(frozen=True, slots=True)
class Mobility:
    """How far households moved between ordered classes.

    Attributes
    ----------
    upper, lower : float
        Matrix weighted bandwidth above and below the diagonal: classes moved over the most that
        was possible, of those who moved that way.  NaN where nobody did.
    share_later, share_earlier : float
        Share of all who moved to a later, or an earlier, class.
    """

    upper: float
    lower: float
    share_later: float
    share_earlier: float


@dataclass(frozen=True, slots=True)
class Concentration:
    """How far amounts are in few hands.

    Attributes
    ----------
    index : float
        Herfindahl index, the sum of squared shares: from one over the number of classes to 1.
    adjusted : float
        The same from 0 (all alike) to 1 (one has all); NaN with one class.
    largest : float
        Largest share.
    """

    index: float
    adjusted: float
    largest: float


def count_cells(values: ArrayLike, breaks: ArrayLike) -> Ints:
    """Count values in the cells between breaks.

    Parameters
    ----------
    values : array-like of shape (n,)
        Missing values are in no cell.
    breaks : array-like of shape (n_cells - 1,)
        Ascending; a value at a break belongs to the cell above it.  The outer cells are open.

    Returns
    -------
    ndarray of shape (n_cells,)
        Counts.

    Raises
    ------
    DomainError
        ``breaks_order``: breaks that do not ascend, or are missing.

    Examples
    --------
    >>> count_cells([1, 2, 3, float("nan")], [2])
    array([1, 2])
    """
    place = find_cells(values, breaks)
    size = np.size(breaks) + 1
    return np.bincount(place[place >= 0], minlength=size).astype(np.int64)


def find_cells(values: ArrayLike, breaks: ArrayLike) -> Ints:
    """Find the cell of each value between breaks.

    Parameters
    ----------
    values : array-like of shape (n,)
        Missing values are in no cell.
    breaks : array-like of shape (n_cells - 1,)
        Ascending; a value at a break belongs to the cell above it.  The outer cells are open.

    Returns
    -------
    ndarray of shape (n,)
        Places from 0; -1 for a missing value.

    Raises
    ------
    DomainError
        ``breaks_order``: breaks that do not ascend, or are missing.

    Examples
    --------
    >>> find_cells([1, 2, 3, float("nan")], [2])
    array([ 0,  1,  1, -1])
    """
    given, edges = np.asarray(values, dtype=float), np.asarray(breaks, dtype=float)
    if edges.ndim != 1 or not np.isfinite(edges).all() or not (np.diff(edges) > 0).all():
        raise DomainError("breaks_order")
    return np.where(np.isnan(given), -1, np.searchsorted(edges, given, side="right"))


def stability_index(before: ArrayLike, after: ArrayLike) -> Floats:
    r"""Compute the population stability index of counts, for many pairs of samples at once.

    Parameters
    ----------
    before, after : array-like of shape (..., n_cells)
        Counts, each row with at least one; leading axes are broadcast.

    Returns
    -------
    ndarray of shape (...,)
        :math:`\sum (a_c - b_c) \ln(a_c / b_c)` over the shares; a share below one in ten thousand
        counts as that, as in `population_stability`.

    References
    ----------
    Yurdakul and Naranjo (2020), https://doi.org/10.21314/JRMV.2020.227

    Examples
    --------
    >>> stability_index([50, 50], [[60, 40], [50, 50]]).round(4)  # 0.1 ln 1.2 + 0.1 ln 1.25
    array([0.0405, 0.    ])
    """
    return np.asarray(stability_parts(before, after).sum(axis=-1))


def stability_parts(before: ArrayLike, after: ArrayLike) -> Floats:
    """Compute what each cell adds to the population stability index.

    Parameters
    ----------
    before, after : array-like of shape (..., n_cells)
        Counts, each row with at least one; leading axes are broadcast.

    Returns
    -------
    ndarray of shape (..., n_cells)
        The terms that `stability_index` sums, none below 0.

    Examples
    --------
    >>> stability_parts([50, 50], [60, 40]).round(4)  # 0.1 ln 1.2 and 0.1 ln 1.25
    array([0.0182, 0.0223])
    """
    b, a = (np.asarray(one, dtype=float) for one in (before, after))
    p = np.maximum(b / b.sum(axis=-1, keepdims=True), _FLOOR)
    q = np.maximum(a / a.sum(axis=-1, keepdims=True), _FLOOR)
    return np.asarray((q - p) * np.log(q / p))


def stability_test(
    before: ArrayLike,
    after: ArrayLike,
    *,
    breaks_from: BreaksFrom = "elsewhere",
    levels: tuple[float, ...] = (0.05, 0.001),
    draws: int = 9_999,
    seed: int = 0,
) -> StabilityTest:
    r"""Test whether a stability index is larger than two samples of one population give.

    A limit that looks at the sizes of the samples, unlike the customary .10 and .25: of two samples
    of 60 over ten cells most indices exceed .25, of two samples of 5,000 none does.

    Parameters
    ----------
    before, after : array-like of shape (n_cells,)
        Whole counts.
    breaks_from : {"elsewhere", "before"}, default="elsewhere"
        ``before`` where the cells were cut at values of the first sample itself.
    levels : tuple of float, default=(0.05, 0.001)
        Rates of false alarm that limits are wanted for.
    draws : int, default=9999
        Tables that are drawn where they are too many to be enumerated.
    seed : int, default=0
        Of the draws.

    Returns
    -------
    StabilityTest
        Index, p-value, limits and the law they come from.

    Raises
    ------
    DomainError
        ``stability_empty``: a sample without rows; ``array_shape``: other cells after than
        before, or fewer than two; ``cell_counts``: counts that are missing, broken or below 0;
        ``option_choice``, ``option_range``.

    Notes
    -----
    Cells that are empty in both samples are left out.  With breaks from elsewhere the samples are
    exchangeable under no change: given the pooled counts the first is a draw without replacement
    (multivariate hypergeometric), whatever the population is, so the rate of false alarm is at most
    the level.  With breaks at values of the first sample the shares of the population between them
    are Dirichlet with the counts as parameters (the lowest cell has one more), whatever the
    continuous population is, and the second sample is a multinomial draw from them.  Either law is
    enumerated up to 20,000 tables, else drawn, with p-value (1 + number as large) / (1 + draws).
    With 1,000 rows in each and 50 expected in the smallest cell it is
    :math:`(1/n + 1/m) \chi^2_{k-1}`.  Rows are taken as independent: where whole villages move
    together the limits are too narrow.

    References
    ----------
    Yurdakul and Naranjo (2020), https://doi.org/10.21314/JRMV.2020.227; for the p-value of draws
    Phipson and Smyth (2010), https://doi.org/10.2202/1544-6115.1585; for the shares between order
    statistics Wilks (1962), Mathematical Statistics, section 8.7.

    Examples
    --------
    >>> found = stability_test([3, 0], [0, 3])  # 2 of the 20 ways to part six rows
    >>> round(found.p_value, 4), found.law
    (0.1, 'enumerated')
    """
    check_choice("breaks_from", breaks_from, BreaksFrom)
    check_range("draws", draws, 99, 1e7, is_whole=True)
    b, a = _check_counts(before, after)
    index = float(stability_index(b, a))
    used = (b + a) > 0
    b, a = b[used], a[used]
    n, m = int(b.sum()), int(a.sum())
    smallest = min(n, m) * float((b + a).min()) / (n + m)
    if min(n, m) >= _MANY and smallest >= _MANY_A_CELL:
        scale, freedom = 1 / n + 1 / m, max(b.size - 1, 1)
        limits = tuple(float(scale * chi2.isf(level, freedom)) for level in levels)
        return StabilityTest(index, float(chi2.sf(index / scale, freedom)), limits, "chi-square")
    own = breaks_from == "before" and bool((b > 0).all())
    found = _enumerate(b, a, own=own)
    if found is not None:
        return _enumerated(index, *found, levels)
    rng = np.random.default_rng(seed)
    return drawn_test(index, _draw(b, a, draws, rng, own=own), levels, "drawn")


def drawn_test(index: float, drawn: Floats, levels: tuple[float, ...], law: Law) -> StabilityTest:
    """Test an index by those that were drawn where nothing changed.

    Parameters
    ----------
    index : float
        Of the samples.
    drawn : ndarray of shape (n_draws,)
        Indices under no change.
    levels : tuple of float
        Rates of false alarm that limits are wanted for.
    law : str
        How they were drawn.

    Returns
    -------
    StabilityTest
        With p-value (1 + number as large) / (1 + draws).

    Examples
    --------
    >>> drawn_test(0.5, np.arange(19) / 19, (0.05,), "drawn").p_value  # 10 to 18 of 19
    0.5
    """
    values = np.sort(drawn)[::-1]
    as_large = int((values >= index * (1 - _SAME)).sum())
    places = [max(int(np.ceil(level * (values.size + 1))) - 2, 0) for level in levels]
    limits = tuple(float(values[place]) for place in places)
    return StabilityTest(index, (1 + as_large) / (1 + values.size), limits, law)


def _check_counts(before: ArrayLike, after: ArrayLike) -> tuple[Ints, Ints]:
    b, a = (np.asarray(one, dtype=float) for one in (before, after))
    if b.ndim != 1 or b.shape != a.shape or b.size < 2:
        raise DomainError("array_shape", name="after", shape=a.shape, expected=b.shape)
    for counts in (b, a):
        bad = np.flatnonzero(~(np.isfinite(counts) & (counts >= 0) & (counts == np.floor(counts))))
        if bad.size:
            value = f"{counts[bad[0]]:g}"
            raise DomainError("cell_counts", at=int(bad[0]), value=value, count=bad.size)
        if not counts.sum() > 0:
            raise DomainError("stability_empty")
    return b.astype(np.int64), a.astype(np.int64)


def _draw(b: Ints, a: Ints, draws: int, rng: np.random.Generator, *, own: bool) -> Floats:
    """Draw indices of two samples between which nothing changed."""
    if own:
        shares = rng.standard_gamma(_spacings(b), size=(draws, b.size))
        shares /= shares.sum(axis=1, keepdims=True)
        return stability_index(b, rng.multinomial(int(a.sum()), shares))
    pooled = b + a
    drawn = rng.multivariate_hypergeometric(pooled, int(b.sum()), size=draws, method="marginals")
    return stability_index(drawn, pooled - drawn)


def _spacings(b: Ints) -> Floats:
    """Count the spacings between the values of a sample that lie in each cell."""
    return np.asarray(b + np.append(1.0, np.zeros(b.size - 1)), dtype=np.float64)


def _enumerate(b: Ints, a: Ints, *, own: bool) -> tuple[Floats, Floats] | None:
    """Give the indices of all tables and their probabilities; None where they are too many."""
    n, m, k = int(b.sum()), int(a.sum()), b.size
    if comb(m + k - 1, k - 1) > _MOST_TABLES:
        return None
    tables = _compositions(m, k)
    if own:
        alpha = _spacings(b)
        total = float(alpha.sum())
        weight = gammaln(m + 1) + gammaln(total) - gammaln(m + total)
        each = gammaln(tables + alpha) - gammaln(tables + 1) - gammaln(alpha)
        return stability_index(b, tables), np.exp(weight + each.sum(axis=1))
    pooled = b + a
    tables = tables[(tables <= pooled).all(axis=1)]
    ways = gammaln(pooled + 1) - gammaln(tables + 1) - gammaln(pooled - tables + 1)
    weight = gammaln(n + m + 1) - gammaln(n + 1) - gammaln(m + 1)
    return stability_index(pooled - tables, tables), np.exp(ways.sum(axis=1) - weight)


def _compositions(total: int, parts: int) -> Ints:
    """List all ways to put a number of rows into cells."""
    bars = np.array(list(combinations(range(total + parts - 1), parts - 1)), dtype=np.int64)
    ends = np.full((len(bars), 1), total + parts - 1)
    return np.diff(np.hstack([np.full((len(bars), 1), -1), bars, ends]), axis=1) - 1


def _enumerated(
    index: float, values: Floats, probs: Floats, levels: tuple[float, ...]
) -> StabilityTest:
    order = np.argsort(-values, kind="stable")
    values, tail = values[order], np.cumsum(probs[order])
    last = np.searchsorted(-values, -values * (1 - _SAME), side="right") - 1
    tail = np.minimum(tail[last], 1.0)  # equal indices together
    own = np.flatnonzero(values >= index * (1 - _SAME))
    limits = tuple(float(values[np.flatnonzero(tail >= level)[0]]) for level in levels)
    return StabilityTest(index, float(tail[own[-1]]), limits, "enumerated")


def mobility(counts: ArrayLike) -> Mobility:
    r"""Compute how far households moved between ordered classes.

    Parameters
    ----------
    counts : array-like of shape (n_classes, n_classes)
        Households by class before (rows) and after (columns), in order.

    Returns
    -------
    Mobility
        Both bandwidths and both shares.

    Raises
    ------
    DomainError
        ``array_shape``: not square, or fewer than two classes; ``stability_empty``: no household.

    Notes
    -----
    With :math:`N_{ij}` households from class i to class j of K, the upper bandwidth is
    :math:`\sum_{i<j} (j - i) N_{ij} / \sum_{i<j} \max(i - 1, K - i) N_{ij}`, the lower one
    likewise below the diagonal.

    References
    ----------
    European Central Bank (2019), Instructions for reporting the validation results of internal
    models, section 2.5.5.1.

    Examples
    --------
    >>> found = mobility([[8, 2], [1, 9]])
    >>> found.upper, found.share_later, found.share_earlier
    (1.0, 0.1, 0.05)
    """
    table = np.asarray(counts, dtype=float)
    size = table.shape[-1]
    if table.shape != (size, size) or size < 2:
        raise DomainError("array_shape", name="counts", shape=table.shape, expected="(k, k)")
    if not table.sum() > 0:
        raise DomainError("stability_empty")
    row, column = np.indices(table.shape)
    farthest = np.maximum(row, size - 1 - row)
    found = []
    for side in (column > row, column < row):
        possible = float((farthest * table)[side].sum())
        moved = float((np.abs(column - row) * table)[side].sum())
        found.append(moved / possible if possible > 0 else np.nan)
    total = float(table.sum())
    later, earlier = (float(table[side].sum()) / total for side in (column > row, column < row))
    return Mobility(upper=found[0], lower=found[1], share_later=later, share_earlier=earlier)


def concentration(sizes: ArrayLike) -> Concentration:
    r"""Compute the Herfindahl index of amounts by class.

    Parameters
    ----------
    sizes : array-like of shape (n_classes,)
        Households or yuan in each class, classes without any included.

    Returns
    -------
    Concentration
        Index :math:`H = \sum s^2`, adjusted :math:`(H - 1/K) / (1 - 1/K)`, and largest share.

    Raises
    ------
    DomainError
        ``stability_empty``: nothing in any class.

    References
    ----------
    Herfindahl (1950), Concentration in the steel industry; Hirschman (1964), The paternity of an
    index, American Economic Review 54, 761.

    Examples
    --------
    >>> found = concentration([50, 30, 20])  # .25 + .09 + .04
    >>> round(found.index, 4), round(found.adjusted, 4), found.largest
    (0.38, 0.07, 0.5)
    """
    amounts = np.asarray(sizes, dtype=float)
    if not amounts.sum() > 0:
        raise DomainError("stability_empty")
    shares = amounts / amounts.sum()
    index, equal = float(shares @ shares), 1 / shares.size
    adjusted = (index - equal) / (1 - equal) if shares.size > 1 else np.nan
    return Concentration(index, adjusted, float(shares.max()))
