"""Likelihood of a record's total along the logit scale, the halo integrated out, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sanzhixin.numerics.symmetric import items_of, stretch_thresholds

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "RecordTables",
    "Slope",
    "expected_share",
    "log_integrals",
    "log_likelihood",
    "tabulate_records",
]

_STEP = 0.1
_REACH = 9.0  # logits beyond the outermost thresholds
_NEGLIGIBLE_SD = 1e-6
_MODE_STEP = 0.1
_FINE, _FAR = 0.01, 25.0  # step of the item grid, and its reach beyond the thresholds, in logits


class Slope(NamedTuple):
    """Derivative of the log-likelihood of records, and how fast it falls.

    Attributes
    ----------
    first : ndarray of shape (n_records,)
        First derivative by the logit.
    curvature : ndarray of shape (n_records,)
        Negative second derivative; never below 0.
    """

    first: Floats
    curvature: Floats


@dataclass(frozen=True, slots=True)
class RecordTables:
    r"""What the answered items say of the logit, on a grid; totals enter outside of it.

    With the halo normal, :math:`\log L(S \mid t) = S t + S^2 \sigma_h^2 / 2 + \log H(t + S
    \sigma_h^2)`, so one function of one variable serves all totals of a mask.

    Attributes
    ----------
    start : float
        First point of the grid, whose step is 0.1.
    n_grid : int
        Points of the grid.
    values : ndarray of shape (n_masks * n_grid, 4)
        First, second and third derivative of :math:`\log H`, then itself; the grid runs fastest.
    halo_variance : float
        :math:`\sigma_h^2`.
    """

    start: float
    n_grid: int
    values: Floats
    halo_variance: float

    def slope(self, mask: NDArray[np.int32], total: Floats, logit: Floats) -> Slope:
        """Slope of records at logits, by the expansion about the nearest grid point.

        Parameters
        ----------
        mask : ndarray of shape (n_records,)
            Place of each record's mask in the table.
        total : ndarray of shape (n_records,)
            Sum of the categories counted from 0.
        logit : ndarray of shape (n_records,)
            Standing less severity of each record.

        Returns
        -------
        Slope
            Beyond the grid, that of its end.
        """
        at = total * self.halo_variance
        at += logit
        at -= self.start
        place = np.rint(at * (1 / _STEP))
        np.minimum(np.maximum(place, 0, out=place), self.n_grid - 1, out=place)
        at -= place * _STEP
        np.minimum(np.maximum(at, -_STEP, out=at), _STEP, out=at)
        row = mask * np.int32(self.n_grid)
        row += place.astype(np.int32)
        found = self.values.take(row, axis=0)
        bend = at * found[:, 2]
        first = total + found[:, 0] + at * (found[:, 1] + 0.5 * bend)
        curvature = -(found[:, 1] + bend)
        return Slope(first, np.maximum(curvature, 0, out=curvature))


class _Moments(NamedTuple):
    """By logit: log of the normalising sums of the items, their mean, variance, third moment."""

    log_sum: Floats
    mean: Floats
    variance: Floats
    third: Floats


@dataclass(frozen=True, slots=True)
class _Items:
    """Moments of some items, computed anew at every logit."""

    thresholds: Floats

    @property
    def most(self) -> int:
        return self.thresholds.size

    def __call__(self, at: Floats) -> _Moments:
        return _Moments(*_moments(self.thresholds, at))


@dataclass(frozen=True, slots=True)
class _ItemGrid:
    """Moments of items on a fine grid, read by expansion about the nearest point.

    The fourth derivative of a log-sum is below 1 for an item of five categories, so that log-sum
    and mean are right to 1e-9 and 1e-7 for each item; far out they are straight lines.
    """

    start: float
    values: Floats
    most: int

    @classmethod
    def make(cls, thresholds: Floats) -> _ItemGrid:
        """Values of shape (n_items, 4, n_grid)."""
        end = round((float(np.abs(thresholds).max()) + _FAR) / _FINE)
        grid: Floats = np.arange(-end, end + 1, dtype=np.float64) * _FINE
        values = np.stack([_moments(item[None], grid) for item in thresholds])
        return cls(-end * _FINE, values, thresholds.shape[1])

    def of(self, mask: int) -> _ItemGrid:
        """Sum over the items of a mask."""
        answered = items_of(mask)
        return _ItemGrid(self.start, self.values[answered].sum(axis=0), self.most * len(answered))

    def __call__(self, at: Floats) -> _Moments:
        last = self.values.shape[1] - 1
        place = np.clip(np.rint((at - self.start) * (1 / _FINE)), 0, last)
        off = at - self.start - place * _FINE
        log_sum, mean, variance, third = self.values.take(place.astype(np.int32), axis=1)
        bend = off * third
        return _Moments(
            log_sum + off * (mean + off * (variance / 2 + bend / 6)),
            mean + off * (variance + bend / 2),
            variance + bend,
            third,
        )


def tabulate_records(
    thresholds: Floats,
    masks: ArrayLike,
    halo_sd: float,
    *,
    nodes: int = 11,
    stretches: tuple[float, ...] = (1.0,),
) -> RecordTables:
    r"""Tabulate the log-likelihood of records for the masks that occur, the halo integrated out.

    Parameters
    ----------
    thresholds : ndarray of shape (n_items, n_categories - 1)
        Of the items, in logits.
    masks : array-like of shape (n_masks,)
        Answered items, ascending; bit i stands for item i.
    halo_sd : float
        Spread of rater x household opinions, in logits.
    nodes : int, default=11
        Gauss-Hermite nodes for the halo, placed about the mode of the integrand.
    stretches : tuple of float, default=(1,)
        Factors on the distances between thresholds, one for each class of raters.

    Returns
    -------
    RecordTables
        One row for each mask, class after class.

    Notes
    -----
    :math:`L(S \mid t) = \int e^{S x - G(x)} N(x; t, \sigma_h^2) dx` with
    :math:`G(x) = \sum_i \log \sum_k e^{k x - C_{ik}}`; factors without t are left out.
    Completing the square moves S into the argument of
    :math:`H(u) = \int e^{-G(x)} N(x; u, \sigma_h^2) dx`.  The derivatives of :math:`\log H` are
    moments over the nodes.

    References
    ----------
    Liu and Pierce (1994), A note on Gauss-Hermite quadrature,
    https://doi.org/10.1093/biomet/81.3.624
    """
    thresholds = np.asarray(thresholds, dtype=np.float64)
    masks = np.asarray(masks, dtype=np.int64)
    scaled = [stretch_thresholds(thresholds, stretch) for stretch in stretches]
    below = round((max(float(np.abs(one).max()) for one in scaled) + _REACH) / _STEP)
    most = thresholds.shape[1] * max(mask.bit_count() for mask in masks.tolist())
    above = below + round(most * halo_sd**2 / _STEP) + 1
    grid = np.arange(-below, above + 1) * _STEP
    parts = []
    for one in scaled:
        items = _ItemGrid.make(one)
        parts += [_log_h(items.of(m), grid, halo_sd, nodes) for m in masks.tolist()]
    return RecordTables(
        start=-below * _STEP,
        n_grid=grid.size,
        values=np.concatenate(parts),
        halo_variance=halo_sd**2,
    )


def log_integrals(
    thresholds: Floats, masks: ArrayLike, halo_sd: float, logit: Floats, *, stretch: float = 1.0
) -> Floats:
    r"""Tabulate :math:`\log H` of `tabulate_records` itself, at given logits.

    Parameters
    ----------
    thresholds : ndarray of shape (n_items, n_categories - 1)
        Of the items, in logits.
    masks : array-like of shape (n_masks,)
        Answered items; bit i stands for item i.
    halo_sd : float
        Spread of rater x household opinions, in logits.
    logit : ndarray of shape (n_points,)
        Where.
    stretch : float, default=1
        Factor on the distances between thresholds.

    Returns
    -------
    ndarray of shape (n_masks, n_points)
        Concave and falling; a straight line far from the thresholds.

    Examples
    --------
    >>> log_integrals(np.zeros((1, 1)), [1], 0.0, np.array([0.0])).round(6)
    array([[-0.693147]])
    """
    items = _ItemGrid.make(stretch_thresholds(np.asarray(thresholds, dtype=np.float64), stretch))
    listed = np.asarray(masks, dtype=np.int64).tolist()
    return np.stack([_log_h(items.of(mask), logit, halo_sd, 21)[:, 3] for mask in listed])


def log_likelihood(
    thresholds: Floats, total: ArrayLike, logit: ArrayLike, halo_sd: float, *, nodes: int = 31
) -> Floats:
    """Log-likelihood of totals at given logits, every item answered, without a table.

    Parameters
    ----------
    thresholds : ndarray of shape (n_items, n_categories - 1)
        Of the answered items, in logits.
    total, logit : array-like of shape (n_records,)
        Total of each record, and where its likelihood is wanted.
    halo_sd : float
        Spread of rater x household opinions, in logits.
    nodes : int, default=31
        Gauss-Hermite nodes for the halo.

    Returns
    -------
    ndarray of shape (n_records,)
        Factors that do not depend on the logit are left out.

    Examples
    --------
    >>> log_likelihood(np.zeros((1, 1)), [1], [0.0], 0.0)
    array([-0.69314718])
    """
    sums = np.asarray(total, dtype=np.float64)
    at = np.asarray(logit, dtype=np.float64)
    bare = np.asarray(thresholds, dtype=np.float64)
    moved = _log_h(_Items(bare), at + sums * halo_sd**2, halo_sd, nodes)
    found: Floats = sums * at + sums**2 * halo_sd**2 / 2 + moved[:, 3]
    return found


def expected_share(thresholds: Floats, logit: ArrayLike, halo_sd: float) -> Floats:
    """Share of the largest total that a rater of average severity is expected to give.

    Parameters
    ----------
    thresholds : ndarray of shape (n_items, n_categories - 1)
        In logits.
    logit : array-like of shape (n,)
        Standing.
    halo_sd : float
        Spread of rater x household opinions, in logits; it is averaged over.

    Returns
    -------
    ndarray of shape (n,)
        From 0 to 1, rising with the standing.

    Examples
    --------
    >>> expected_share(np.array([[-1.0, 1.0]]), [0.0], 0.5)
    array([0.5])
    """
    points, weights = np.polynomial.hermite_e.hermegauss(21)
    at = np.asarray(logit, dtype=np.float64)[:, None] + halo_sd * points
    found: Floats = _moments(thresholds, at)[1] @ (weights / weights.sum()) / thresholds.size
    return found


def _log_h(items: _Items | _ItemGrid, at: Floats, halo_sd: float, nodes: int) -> Floats:
    """Compute derivatives 1 to 3 of log H, then itself, at logits; shape (n, 4)."""
    if halo_sd < _NEGLIGIBLE_SD:
        bare = items(at)
        return np.stack([-bare.mean, -bare.variance, -bare.third, -bare.log_sum], axis=1)
    variance = halo_sd**2
    mode, width = _mode(items, at, variance)
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    x = mode[:, None] + width[:, None] * points
    found = items(x)
    height = np.log(weights) + points**2 / 2 - found.log_sum - (x - at[:, None]) ** 2 / 2 / variance
    top = height.max(axis=1, keepdims=True)
    share = np.exp(height - top)
    whole = share.sum(axis=1)
    share /= whole[:, None]
    first = -(share * found.mean).sum(axis=1)
    apart = -found.mean - first[:, None]
    spread = (share * found.variance).sum(axis=1)
    second = (share * apart**2).sum(axis=1) - spread
    inner = apart**3 - 3 * apart * (found.variance - spread[:, None]) - found.third
    log_h = top[:, 0] + np.log(whole * width / np.sqrt(2 * np.pi * variance))
    return np.stack([first, second, (share * inner).sum(axis=1), log_h], axis=1)


def _mode(items: _Items | _ItemGrid, at: Floats, variance: float) -> tuple[Floats, Floats]:
    """Mode of ``-G(x) - (x - at)^2 / 2 variance`` and its width.

    At the mode ``at = x + variance * G'(x)``, which rises with x: it is tabulated and inverted,
    then improved by two Newton steps.
    """
    reach = (at.min() - variance * items.most, at.max())
    table = np.linspace(*reach, 2 + int((reach[1] - reach[0]) / _MODE_STEP))
    x = np.interp(at, table + variance * items(table).mean, table)
    for _ in range(2):
        found = items(x)
        x = x + ((at - x) / variance - found.mean) / (1 / variance + found.variance)
    return x, 1 / np.sqrt(1 / variance + found.variance)


def _moments(thresholds: Floats, at: Floats) -> Floats:
    """Sum the moments of the items' categories at logits; shape (4, *shape of `at`)."""
    n_steps = thresholds.shape[1]
    category = np.arange(n_steps + 1.0).reshape(-1, *[1] * at.ndim)
    sums = np.zeros((4, *at.shape))
    for steps in thresholds:
        height = category * at
        height[1:] -= np.cumsum(steps).reshape(-1, *[1] * at.ndim)
        top = height.max(axis=0)
        chance = np.exp(height - top)
        total = chance.sum(axis=0)
        chance /= total
        mean = (category * chance).sum(axis=0)
        apart = category - mean
        squared = apart * apart * chance
        sums += top + np.log(total), mean, squared.sum(axis=0), (apart * squared).sum(axis=0)
    return sums
