"""Curves of default probability over points: isotonic blocks, beta calibration, Venn-Abers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import expit

from sanzhixin.errors import DomainError
from sanzhixin.numerics.intervals import RateInterval, jeffreys_interval
from sanzhixin.numerics.logistic import LogisticFit, fit_logistic

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
    "BetaCurve",
    "IsotonicBlocks",
    "fit_beta_curve",
    "fit_isotonic_blocks",
    "venn_abers_bounds",
]


@dataclass(frozen=True, slots=True)
class IsotonicBlocks:
    """Runs of points of one default rate, falling from run to run.

    Attributes
    ----------
    starts : ndarray of shape (n_blocks,)
        Fewest points of each block, ascending.
    defaults, loans : ndarray of shape (n_blocks,)
        Counts.
    rate : ndarray of shape (n_blocks,)
        Default rate; never rises with the points.
    lower, upper : ndarray of shape (n_blocks,)
        Jeffreys bounds of the block's own counts, held to the order of the blocks.
    """

    starts: Floats
    defaults: Floats
    loans: Floats
    rate: Floats
    lower: Floats
    upper: Floats

    def place(self, points: ArrayLike) -> Ints:
        """Find the block of each number of points; below the first it is the first.

        Parameters
        ----------
        points : array-like of shape (n_points,)
            Points.

        Returns
        -------
        ndarray
            Index of the block.
        """
        found = np.searchsorted(self.starts, np.asarray(points, dtype=float), side="right") - 1
        return np.maximum(found, 0)


class _Counts(NamedTuple):
    points: Floats
    defaults: Floats
    loans: Floats


def fit_isotonic_blocks(
    points: ArrayLike,
    defaulted: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    level: float = 0.95,
) -> IsotonicBlocks:
    """Pool adjacent violators: the likeliest default rates that never rise with the points.

    Use it with some hundred defaults and no faith in a curve.  Its bounds take the blocks as given
    and are therefore too short where few defaults made them.

    Parameters
    ----------
    points : array-like of shape (n_loans,)
        Points; more are better.
    defaulted : array-like of bool, shape (n_loans,)
        Outcomes.
    weights : array-like of shape (n_loans,), optional
        Frequencies.
    level : float, default=0.95
        Content of the bounds.

    Returns
    -------
    IsotonicBlocks
        Neighbours of one rate are one block.

    Raises
    ------
    DomainError
        ``shape_differs``, ``not_finite``, ``outcome_not_binary``, ``weights_negative``;
        ``probability_open``: `level`.

    References
    ----------
    Ayer et al. (1955), https://doi.org/10.1214/aoms/1177728423

    Examples
    --------
    >>> blocks = fit_isotonic_blocks([1, 1, 2, 2, 3, 3], [1, 0, 1, 1, 0, 0])
    >>> blocks.starts, blocks.rate
    (array([1., 3.]), array([0.75, 0.  ]))
    """
    counts = _count(points, defaulted, weights)
    fit = isotonic_regression(
        counts.defaults / counts.loans, weights=counts.loans, increasing=False
    )
    first = np.asarray(fit.blocks[:-1], dtype=np.int64)
    defaults = np.add.reduceat(counts.defaults, first)
    loans = np.add.reduceat(counts.loans, first)
    rate = defaults / loans
    keep = np.append(True, np.diff(rate) < 0)  # neighbours of one rate
    group = np.cumsum(keep) - 1
    defaults, loans = _sums(group, defaults), _sums(group, loans)
    band: RateInterval = jeffreys_interval(defaults, loans, level=level)
    return IsotonicBlocks(
        starts=counts.points[first[keep]],
        defaults=defaults,
        loans=loans,
        rate=defaults / loans,
        lower=np.maximum.accumulate(band.lower[::-1])[::-1],
        upper=np.minimum.accumulate(band.upper),
    )


@dataclass(frozen=True, slots=True)
class BetaCurve:
    r"""Log-odds :math:`c - a \ln s + b \ln(1 - s)` of default over the share s of the range.

    Attributes
    ----------
    fit : LogisticFit
        Intercept c, then -a and -b with their covariance.
    lowest, highest : float
        Range of the points that was fitted.
    """

    fit: LogisticFit
    lowest: float
    highest: float

    def design(self, points: ArrayLike) -> Floats:
        """Write the covariates of the curve: 1, ln s and -ln(1 - s).

        Parameters
        ----------
        points : array-like of shape (n_points,)
            Points.

        Returns
        -------
        ndarray
            Of shape (n_points, 3).
        """
        share = _share(np.asarray(points, dtype=float), self.lowest, self.highest)
        return np.stack([np.ones(share.size), np.log(share), -np.log1p(-share)], axis=1)

    def probability(self, points: ArrayLike) -> Floats:
        """Compute default probabilities, which never rise with the points.

        Parameters
        ----------
        points : array-like of shape (n_points,)
            Points.

        Returns
        -------
        ndarray
            Probabilities.
        """
        return np.asarray(expit(self.design(points) @ self.fit.coef))


def fit_beta_curve(
    points: ArrayLike,
    defaulted: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    lowest: float,
    highest: float,
) -> BetaCurve:
    """Fit a curve of three parameters, which may bend at both ends (beta calibration).

    Parameters
    ----------
    points : array-like of shape (n_loans,)
        Points within the range.
    defaulted : array-like of bool, shape (n_loans,)
        Outcomes.
    weights : array-like of shape (n_loans,), optional
        Frequencies.
    lowest, highest : float
        Ends of the attainable points; half a point is left beyond each.

    Returns
    -------
    BetaCurve
        Its probabilities never rise with the points.

    Raises
    ------
    DomainError
        What `fit_logistic` refuses; ``points_outside``: points beyond the ends.
    EvidenceError
        What `fit_logistic` refuses.

    References
    ----------
    Kull, Silva Filho and Flach (2017), https://doi.org/10.1214/17-EJS1338SI

    Examples
    --------
    >>> failed = [1, 0, 0, 0] * 4 + [0, 1, 0, 0]
    >>> curve = fit_beta_curve([0, 1, 2, 3] * 5, failed, lowest=0, highest=3)
    >>> bool((np.diff(curve.probability([0, 1, 2, 3])) <= 0).all())
    True
    """
    counts = _count(points, defaulted, weights)
    if counts.points[0] < lowest or counts.points[-1] > highest:
        raise DomainError("points_outside", lowest=lowest, highest=highest)
    share = _share(counts.points, lowest, highest)
    covariates = np.stack([np.log(share), -np.log1p(-share)], axis=1)
    fit = fit_logistic(
        np.concatenate([covariates, covariates]),
        np.repeat([0, 1], share.size),
        np.concatenate([counts.loans - counts.defaults, counts.defaults]),
        signs=[-1, -1],
    )
    return BetaCurve(fit, lowest, highest)


def venn_abers_bounds(
    points: ArrayLike, defaulted: ArrayLike, at: ArrayLike, weights: ArrayLike | None = None
) -> RateInterval:
    """Bound the default probability of new loans by what either outcome would make of it.

    Use it to see how far an isotonic curve hangs on single loans.  One of the two bounds is
    calibrated; they are no interval of a stated confidence.

    Parameters
    ----------
    points : array-like of shape (n_loans,)
        Points; more are better.
    defaulted : array-like of bool, shape (n_loans,)
        Outcomes.
    at : array-like of shape (n_points,)
        Points of new loans.
    weights : array-like of shape (n_loans,), optional
        Frequencies; the new loan counts once.

    Returns
    -------
    RateInterval
        Isotonic rate at the new loan's points with it as no default, and as a default.

    Raises
    ------
    DomainError
        ``shape_differs``, ``not_finite``, ``outcome_not_binary``, ``weights_negative``.

    References
    ----------
    Vovk and Petej (2014), Venn-Abers predictors, https://arxiv.org/abs/1211.0025

    Examples
    --------
    >>> band = venn_abers_bounds([1, 2, 3], [1, 0, 0], [2])
    >>> band.lower, band.upper  # 0 beside two, or half of two
    (array([0.]), array([0.5]))
    """
    counts = _count(points, defaulted, weights)
    asked = np.asarray(at, dtype=float)
    bounds = np.empty((2, asked.size))
    for column, new in enumerate(asked.tolist()):
        place = int(np.searchsorted(counts.points, new))
        there = place < counts.points.size and counts.points[place] == new
        for row, default in enumerate((0.0, 1.0)):
            defaults, loans = counts.defaults, counts.loans
            if there:
                defaults, loans = defaults.copy(), loans.copy()
                defaults[place] += default
                loans[place] += 1
            else:
                defaults = np.insert(defaults, place, default)
                loans = np.insert(loans, place, 1.0)
            fit = isotonic_regression(defaults / loans, weights=loans, increasing=False)
            bounds[row, column] = fit.x[place]
    return RateInterval(lower=bounds[0], upper=bounds[1])


def _share(points: Floats, lowest: float, highest: float) -> Floats:
    return (np.clip(points, lowest, highest) - lowest + 0.5) / (highest - lowest + 1)


def _count(points: ArrayLike, defaulted: ArrayLike, weights: ArrayLike | None) -> _Counts:
    given, failed = np.asarray(points, dtype=float), np.asarray(defaulted, dtype=float)
    mass = np.ones(failed.shape) if weights is None else np.asarray(weights, dtype=float)
    for name, array in (("points", given), ("weights", mass)):
        if array.shape != failed.shape or failed.ndim != 1 or not failed.size:
            raise DomainError(
                "shape_differs", name=name, shape=array.shape, expected=failed.shape or "(n,)"
            )
        bad = np.flatnonzero(~np.isfinite(array))
        if bad.size:
            raise DomainError("not_finite", name=name, row=int(bad[0]), count=bad.size)
    if not np.isin(failed, (0.0, 1.0)).all():
        raise DomainError("outcome_not_binary", value=failed[~np.isin(failed, (0.0, 1.0))][0])
    if (mass < 0).any():
        raise DomainError("weights_negative", row=int(np.flatnonzero(mass < 0)[0]))
    used = mass > 0
    distinct, place = np.unique(given[used], return_inverse=True)
    return _Counts(distinct, _sums(place, (mass * failed)[used]), _sums(place, mass[used]))


def _sums(place: Ints, values: Floats) -> Floats:
    return np.asarray(np.bincount(place, values), dtype=np.float64)
