"""A default curve from two figures of a portfolio: its rate, and how well points rank it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from sanzhixin.errors import DomainError
from sanzhixin.numerics.points import match_mean, points_to_probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["MatchedCurve", "implied_auc", "match_moments"]

_STEEPEST, _FLATTEST = 1e-3, 1e4  # points of one unit of log-odds, in spreads of the points


@dataclass(frozen=True, slots=True)
class MatchedCurve:
    """A line of default log-odds over points.

    Attributes
    ----------
    offset : float
        Points at which default and repayment are equally likely.
    per_log_odds : float
        Points of one unit of log-odds.
    """

    offset: float
    per_log_odds: float

    def probability(self, points: ArrayLike) -> Floats:
        """Compute default probabilities.

        Parameters
        ----------
        points : array-like
            Points.

        Returns
        -------
        ndarray
            Probabilities, falling in the points.
        """
        return points_to_probability(points, self.offset, self.per_log_odds)


def implied_auc(
    points: ArrayLike, prob_default: ArrayLike, weights: ArrayLike | None = None
) -> float:
    """Compute the area under the curve that default probabilities imply of themselves.

    Parameters
    ----------
    points : array-like of shape (n_loans,)
        Points; more are better.
    prob_default : array-like of shape (n_loans,)
        Probabilities of these loans.
    weights : array-like of shape (n_loans,), optional
        Frequencies.

    Returns
    -------
    float
        Probability that a defaulting loan has fewer points than a loan that does not default, ties
        counted half, were the probabilities right.

    References
    ----------
    Tasche (2009), Estimating discriminatory power and PD curves when the number of defaults is
    small, https://arxiv.org/abs/0905.3928

    Examples
    --------
    >>> implied_auc([1, 2], [0.5, 0.5])
    0.5
    """
    distinct, place = np.unique(np.asarray(points, dtype=float), return_inverse=True)
    prob = np.asarray(prob_default, dtype=float)
    mass = np.ones(prob.size) if weights is None else np.asarray(weights, dtype=float)
    bad = np.bincount(place, mass * prob, minlength=distinct.size)
    good = np.bincount(place, mass * (1 - prob), minlength=distinct.size)
    above = good.sum() - np.cumsum(good)
    return float(bad @ (above + good / 2) / (bad.sum() * good.sum()))


def match_moments(
    points: ArrayLike, *, rate: float, auc: float, weights: ArrayLike | None = None
) -> MatchedCurve:
    r"""Find the curve whose mean is a rate and whose implied ranking is an area under the curve.

    Use it when defaults are too few for a slope and both figures come from elsewhere: a rate from
    a bank's long run or a Bayesian estimate, an area from a larger portfolio of the same card.

    Parameters
    ----------
    points : array-like of shape (n_loans,)
        Points of the portfolio; outcomes are not needed.
    rate : float
        Mean default probability, strictly between 0 and 1.
    auc : float
        Area under the curve, above one half.
    weights : array-like of shape (n_loans,), optional
        Frequencies.

    Returns
    -------
    MatchedCurve
        Log-odds that fall in a straight line over the points.

    Raises
    ------
    DomainError
        ``probability_open``: a rate of 0, 1 or beyond; ``auc_unreachable``: no curve over these
        points ranks so well, or so badly, at this rate.

    Notes
    -----
    Quasi-moment matching (Tasche): two equations for the two parameters of
    :math:`\ln(p / (1 - p)) = (c - s) / \beta`.  For each :math:`\beta` the mean gives c; the area
    falls in :math:`\beta`.

    References
    ----------
    Tasche (2009), https://arxiv.org/abs/0905.3928; Tasche (2013), The art of probability-of-default
    curve calibration, https://doi.org/10.21314/JCR.2013.169

    Examples
    --------
    >>> curve = match_moments(np.arange(600, 700), rate=0.02, auc=0.75)
    >>> prob = curve.probability(np.arange(600, 700))
    >>> round(float(prob.mean()), 9), round(implied_auc(np.arange(600, 700), prob), 9)
    (0.02, 0.75)
    """
    given = np.asarray(points, dtype=float)
    mass = np.ones(given.size) if weights is None else np.asarray(weights, dtype=float)
    mean = float(np.average(given, weights=mass)) if given.size else 0.0
    spread = float(np.sqrt(np.average((given - mean) ** 2, weights=mass))) if given.size else 0.0

    def area(log_width: float) -> float:
        width = spread * float(np.exp(log_width))
        offset = match_mean(given, width, rate, mass)
        return implied_auc(given, points_to_probability(given, offset, width), mass)

    ends = np.log(_STEEPEST), np.log(_FLATTEST)
    best = area(ends[0]) if spread > 0 else 0.5
    if not (spread > 0 and area(ends[1]) <= auc <= best):
        raise DomainError("auc_unreachable", auc=auc, best=f"{best:.4f}", rate=rate)
    root = brentq(lambda log_width: area(log_width) - auc, *ends, xtol=1e-12)
    width = spread * float(np.exp(root))
    return MatchedCurve(match_mean(given, width, rate, mass), width)
