"""Thresholds of partial-credit items by conditional maximum likelihood, given record totals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.symmetric import SymmetricFunctions, items_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["PartialCreditFit", "Steps", "TotalCounts", "count_totals", "fit_partial_credit"]

Steps = Literal["auto", "partial_credit", "rating_scale"]

MOST_ITEMS = 16
_MOST_MASKS = 64
_LEAST_COUNT = 10  # ratings of every category that partial credit asks of every item
_CURVE_SD, _SPREAD_SD = 2.0, 10.0  # of the weak penalty, in logits
_LONGEST_STEP = 2.0


@dataclass(frozen=True, slots=True)
class TotalCounts:
    """What conditional likelihood needs of the ratings; one pass over them.

    Attributes
    ----------
    masks : ndarray of shape (n_masks,)
        Which items a group of records answered; bit i stands for item i.
    counts : ndarray of shape (n_masks, largest total + 1)
        Records of the mask with each total; the total counts categories from 0.
    categories : ndarray of shape (n_items, n_categories)
        Ratings of each item in each category, over the records of `masks`.
    """

    masks: Ints
    counts: Ints
    categories: Ints


@dataclass(frozen=True, slots=True)
class PartialCreditFit:
    """Thresholds with their errors.

    Attributes
    ----------
    thresholds : ndarray of shape (n_items, n_categories - 1)
        Logit at which category k and k - 1 are equally likely; their mean is 0.
    covariance : ndarray of shape (n_parameters, n_parameters)
        Of the thresholds in row order, under the constraint.
    steps : {"partial_credit", "rating_scale"}
        Steps of each item, or steps common to all.
    categories : ndarray of shape (n_items, n_categories)
        Ratings of each item in each category; below 10 its threshold leans on the penalty.
    iterations : int
        Newton steps taken.
    converged : bool
        Whether the last step was below the tolerance.
    last_change : float
        Largest change of a threshold in the last step, in logits.
    """

    thresholds: Floats
    covariance: Floats
    steps: Literal["partial_credit", "rating_scale"]
    categories: Ints
    iterations: int
    converged: bool
    last_change: float

    @property
    def standard_error(self) -> Floats:
        """Standard error of each threshold, shape of `thresholds`."""
        error: Floats = np.sqrt(np.diag(self.covariance)).reshape(self.thresholds.shape)
        return error


def count_totals(ratings: NDArray[np.int8], n_categories: int) -> TotalCounts:
    """Count records by mask and total, and ratings by item and category.

    Records with fewer than two answered items carry nothing about the thresholds and are left
    out; so are masks beyond the 64 most frequent ones, whose part of the information is small.

    Parameters
    ----------
    ratings : ndarray of shape (n_records, n_items)
        Categories from 1; 0 means blank.
    n_categories : int
        Number of categories.

    Returns
    -------
    TotalCounts
        Sufficient statistics.

    Raises
    ------
    DomainError
        ``too_many_items``: more than 16 items.

    Examples
    --------
    >>> found = count_totals(np.array([[1, 2], [2, 0], [2, 2]], dtype=np.int8), 2)
    >>> found.masks, found.counts.tolist(), found.categories.tolist()
    (array([3]), [[0, 1, 1]], [[1, 1], [0, 2]])
    """
    n_items = ratings.shape[1]
    if n_items > MOST_ITEMS:
        raise DomainError("too_many_items", count=n_items, most=MOST_ITEMS)
    mask, total = masks_and_totals(ratings)
    width = n_items * (n_categories - 1) + 1
    by_mask = np.bincount(mask, minlength=1 << n_items)
    order = np.argsort(-by_mask, kind="stable")[: _MOST_MASKS + n_items + 1]
    useful = [m for m in order.tolist() if by_mask[m] and len(items_of(m)) > 1][:_MOST_MASKS]
    masks = np.array(sorted(useful), dtype=np.int64)
    place = np.full(1 << n_items, -1, dtype=np.int64)
    place[masks] = np.arange(masks.size)
    row = place[mask]
    kept = row >= 0
    if not kept.all():
        row, total, ratings = row[kept], total[kept], ratings[kept]
    counts = np.bincount(row * width + total, minlength=masks.size * width)
    categories = [np.bincount(column, minlength=n_categories + 1)[1:] for column in ratings.T]
    return TotalCounts(
        masks=masks,
        counts=counts.reshape(masks.size, width),
        categories=np.array(categories, dtype=np.int64).reshape(n_items, n_categories),
    )


def masks_and_totals(ratings: NDArray[np.int8]) -> tuple[Ints, Ints]:
    """Answered items as bits, and the sum of the categories counted from 0, of each record.

    Parameters
    ----------
    ratings : ndarray of shape (n_records, n_items)
        Categories from 1; 0 means blank.

    Returns
    -------
    mask, total : ndarray of shape (n_records,)
        Bit i of the mask is set when item i is answered.

    Examples
    --------
    >>> masks_and_totals(np.array([[1, 5], [0, 3]], dtype=np.int8))
    (array([3, 2]), array([4, 2]))
    """
    mask = np.zeros(ratings.shape[0], dtype=np.uint16)
    total = np.zeros(ratings.shape[0], dtype=np.int16)
    for i, column in enumerate(ratings.T):
        answered = column > 0
        mask |= answered.astype(np.uint16) << np.uint16(i)
        total += column
        total -= answered
    return mask.astype(np.int64), total.astype(np.int64)


def fit_partial_credit(
    stats: TotalCounts,
    *,
    steps: Steps = "auto",
    tolerance: float = 1e-9,
    max_iterations: int = 60,
) -> PartialCreditFit:
    r"""Estimate thresholds from how totals split over the items: conditional likelihood.

    Given the total of a record, standing, severity, halo and village cancel, so the estimate needs
    none of them and is consistent for any panel.

    Parameters
    ----------
    stats : TotalCounts
        From `count_totals`.
    steps : {"auto", "partial_credit", "rating_scale"}, default="auto"
        ``auto`` takes partial credit when every category of every item has 10 ratings.
    tolerance : float, default=1e-9
        Largest change of a threshold in the last step, in logits.
    max_iterations : int, default=60
        Newton steps at most; the result says whether they sufficed.

    Returns
    -------
    PartialCreditFit
        Thresholds whose mean is 0, and their covariance.

    Raises
    ------
    EvidenceError
        ``no_two_items``: no record answers two items, so nothing tells the thresholds apart.

    Notes
    -----
    With cumulated thresholds :math:`C_{ik} = \sum_{l \le k} d_{il}` the log-likelihood is
    :math:`-\sum_{ik} n_{ik} C_{ik} - \sum_{m,s} n_{ms} \log \gamma_{ms}`, with the elementary
    symmetric functions :math:`\gamma` of each mask m.  It is concave; Newton steps use its exact
    second derivatives.  A weak normal penalty on second differences (sd 2 logits) and on the
    spread of the thresholds (sd 10 logits) keeps those of unused categories finite.  Assumes that
    the thresholds are common to all raters and villages, and items independent given the record.

    References
    ----------
    Andersen (1972), https://doi.org/10.1111/j.2517-6161.1972.tb00887.x; Masters (1982),
    https://doi.org/10.1007/BF02296272

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> ratings = random.integers(1, 4, (500, 3)).astype(np.int8)
    >>> fit = fit_partial_credit(count_totals(ratings, 3))
    >>> fit.converged, bool(abs(fit.thresholds).max() < 0.5)
    (True, True)
    """
    if not stats.masks.size:
        raise EvidenceError("no_two_items")
    n_items, n_categories = stats.categories.shape
    sparse = stats.categories < _LEAST_COUNT
    chosen: Literal["partial_credit", "rating_scale"] = (
        steps if steps != "auto" else "rating_scale" if sparse.any() else "partial_credit"
    )
    to_thresholds = _design(n_items, n_categories, common=chosen == "rating_scale")
    penalty = to_thresholds.T @ _penalty(n_items, n_categories) @ to_thresholds
    across = to_thresholds.T @ np.ones(to_thresholds.shape[0])
    start = np.tile(np.linspace(-1, 1, n_categories - 1), n_items) * (n_categories > 2)
    values = np.linalg.lstsq(to_thresholds, start, rcond=None)[0]
    change, iterations = np.inf, 0
    while change > tolerance and iterations < max_iterations:
        score, information = _derivatives(to_thresholds @ values, stats)
        slope = to_thresholds.T @ score - penalty @ values
        curve = to_thresholds.T @ information @ to_thresholds + penalty
        curve += np.outer(across, across) * (np.trace(curve) / (across @ across) / across.size)
        step = np.linalg.solve(curve, slope)
        change = float(np.abs(step).max())
        values = values + step * min(1.0, _LONGEST_STEP / max(change, _LONGEST_STEP))
        iterations += 1
    centre = np.eye(to_thresholds.shape[0]) - 1 / to_thresholds.shape[0]
    spread = centre @ to_thresholds
    return PartialCreditFit(
        thresholds=(spread @ values).reshape(n_items, n_categories - 1),
        covariance=spread @ np.linalg.inv(curve) @ spread.T,
        steps=chosen,
        categories=stats.categories,
        iterations=iterations,
        converged=change <= tolerance,
        last_change=change,
    )


def _design(n_items: int, n_categories: int, *, common: bool) -> Floats:
    """From parameters to thresholds in row order: each its own, or item location plus step."""
    n_steps = n_categories - 1
    if not common:
        return np.eye(n_items * n_steps)
    location = np.kron(np.eye(n_items), np.ones((n_steps, 1)))
    steps = np.kron(np.ones((n_items, 1)), np.eye(n_steps)[:, 1:] - np.eye(n_steps)[:, :1])
    return np.hstack([location, steps])


def _penalty(n_items: int, n_categories: int) -> Floats:
    """Precision of the weak prior of the thresholds."""
    n_steps = n_categories - 1
    second = np.diff(np.eye(n_steps), n=2, axis=0)
    curve = second.T @ second / _CURVE_SD**2 + np.eye(n_steps) / _SPREAD_SD**2
    return np.asarray(np.kron(np.eye(n_items), curve), dtype=np.float64)


def _derivatives(thresholds: Floats, stats: TotalCounts) -> tuple[Floats, Floats]:
    """Score and information of the thresholds (row order), without the penalty."""
    n_items, n_categories = stats.categories.shape
    n_steps = n_categories - 1
    cumulated = np.cumsum(thresholds.reshape(n_items, n_steps), axis=1)
    weights = np.exp(-np.hstack([np.zeros((n_items, 1)), cumulated]))
    functions = SymmetricFunctions(weights)
    expected = np.zeros((n_items, n_steps))
    information = np.zeros((n_items, n_steps, n_items, n_steps))
    for mask, counts in zip(stats.masks.tolist(), stats.counts, strict=True):
        _add_mask(mask, counts, functions, weights, (expected, information))
    to_thresholds = np.kron(np.eye(n_items), np.tril(np.ones((n_steps, n_steps))))
    score = to_thresholds.T @ (expected - stats.categories[:, 1:]).ravel()
    flat = information.reshape(thresholds.size, thresholds.size)
    return score, to_thresholds.T @ flat @ to_thresholds


def _add_mask(
    mask: int, counts: Ints, functions: SymmetricFunctions, weights: Floats,
    sums: tuple[Floats, Floats],
) -> None:  # fmt: skip
    """Add expected category counts, and their covariance, of the records of one mask."""
    expected, information = sums
    items, whole = items_of(mask), functions(mask)
    n, n_steps = counts[: whole.size], weights.shape[1] - 1
    ratio = n / whole
    padded = np.concatenate([ratio, np.zeros(2 * n_steps)])
    power = np.add.outer(np.arange(1, n_steps + 1), np.arange(1, n_steps + 1))
    chance = np.zeros((len(items), n_steps, whole.size))
    for a, i in enumerate(items):
        rest = functions(mask ^ 1 << i)
        for k in range(1, n_steps + 1):
            chance[a, k - 1, k : k + rest.size] = weights[i, k] * rest
        mean = chance[a] @ ratio
        expected[i] += mean
        information[i, :, i, :] += np.diag(mean)
        for j in items[:a]:
            both = np.correlate(padded, functions(mask ^ 1 << i ^ 1 << j), "valid")
            joint = np.outer(weights[i, 1:], weights[j, 1:]) * both[power]
            information[i, :, j, :] += joint
            information[j, :, i, :] += joint.T
    scaled = (chance * np.sqrt(n) / whole).reshape(-1, whole.size)
    cross = (scaled @ scaled.T).reshape(len(items), n_steps, len(items), n_steps)
    information[np.ix_(items, range(n_steps), items, range(n_steps))] -= cross
