"""Integer points of a scorecard, and the default probability that the points stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from sanzhixin.errors import DomainError
from sanzhixin.numerics.choices import check_probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_LEAST, _FAR = 0.1, 1e6  # points stay exact, and tell something

__all__ = [
    "ScaledPoints",
    "match_mean",
    "points_to_log_odds",
    "points_to_probability",
    "scale_linear",
    "scale_min_max",
    "scale_pdo",
]


@dataclass(frozen=True, slots=True)
class ScaledPoints:
    """Points of every characteristic.

    Attributes
    ----------
    base : int
        Points of every case.
    points : tuple of ndarray of int
        Points of each group of each characteristic.
    per_log_odds : float
        Points of one unit of the log-odds of repayment.
    """

    base: int
    points: tuple[Ints, ...]
    per_log_odds: float


def scale_pdo(
    intercept: float,
    effects: Sequence[Floats],
    *,
    pdo: float = 20.0,
    base_score: float = 600.0,
    base_odds: float = 50.0,
) -> ScaledPoints:
    r"""Scale effects so that a fixed number of points doubles the odds of repayment.

    Parameters
    ----------
    intercept : float
        Log-odds of repayment where every effect is 0.
    effects : sequence of ndarray
        By characteristic: what each group adds to the log-odds of repayment; NaN for groups
        without points, which get 0.
    pdo : float, default=20
        Points that double the odds, at least 0.1.
    base_score, base_odds : float, default=600 and 50
        Points at which the odds of repayment to default are `base_odds`, before rounding.

    Returns
    -------
    ScaledPoints
        Each rounded to a whole number by itself, so that a larger effect never gets fewer points.

    Raises
    ------
    DomainError
        ``scale_option``: pdo not from 0.1 to a million, odds not positive, a score beyond a
        million.

    Notes
    -----
    Points :math:`= \text{base} + \frac{\text{pdo}}{\ln 2} \cdot \text{log-odds}`; rounding moves a
    total by at most half a point for each characteristic, and what a total stands for is then
    found from the rounded points (`match_mean`).

    Examples
    --------
    >>> made = scale_pdo(3.0, [np.array([-0.5, 0.25])])
    >>> made.base, made.points
    (574, (array([-14,   7]),))
    """
    if not (_LEAST <= pdo <= _FAR and 0 < base_odds < np.inf and abs(base_score) <= _FAR):
        raise DomainError("scale_option", given=f"pdo={pdo}, base={base_score} at {base_odds}:1")
    per_log_odds = float(pdo / np.log(2))
    base = base_score + per_log_odds * (intercept - np.log(base_odds))
    return scale_linear(base, effects, per_log_odds)


def scale_linear(base: float, effects: Sequence[Floats], per_log_odds: float) -> ScaledPoints:
    """Scale effects by a given number of points for each unit of log-odds.

    Parameters
    ----------
    base : float
        Points where every effect is 0.
    effects : sequence of ndarray
        By characteristic: what each group adds to the log-odds of repayment; NaN for groups
        without points, which get 0.
    per_log_odds : float
        Points of one unit of log-odds, positive.

    Returns
    -------
    ScaledPoints
        Each rounded to a whole number by itself, so that a larger effect never gets fewer points.

    Examples
    --------
    >>> scale_linear(500.4, [np.array([-0.5, 0.25])], 100).points
    (array([-50,  25]),)
    """
    points = tuple(_whole(per_log_odds * effect) for effect in effects)
    return ScaledPoints(int(np.rint(base)), points, float(per_log_odds))


def scale_min_max(
    effects: Sequence[Floats], *, lowest: int = 300, highest: int = 850
) -> ScaledPoints:
    """Scale effects so that the worst case gets the lowest and the best the highest points.

    Parameters
    ----------
    effects : sequence of ndarray
        By characteristic: what each group adds to the log-odds of repayment; NaN for groups
        without points, which get 0.
    lowest, highest : int, default=300 and 850
        Ends, both reached exactly.

    Returns
    -------
    ScaledPoints
        The worst group of every characteristic has 0 points.

    Raises
    ------
    DomainError
        ``scale_option``: ends in the wrong order or not whole.

    Notes
    -----
    The span is shared among the characteristics in whole points by largest remainders, in
    proportion to their largest effect; within a characteristic points are rounded by themselves.

    Examples
    --------
    >>> made = scale_min_max([np.array([-1.0, 0.0, 1.0]), np.array([0.0, 1.0])], highest=450)
    >>> made.base, made.points
    (300, (array([  0,  50, 100]), array([ 0, 50])))
    """
    whole = np.isfinite([lowest, highest]).all() and lowest % 1 == 0 and highest % 1 == 0
    if not (whole and lowest < highest):
        raise DomainError("scale_option", given=f"lowest={lowest}, highest={highest}")
    low = [float(np.nanmin(effect)) for effect in effects]
    span = np.array([np.nanmax(effect) - end for effect, end in zip(effects, low, strict=True)])
    if not span.sum() > 0:
        nothing = tuple(np.zeros(effect.size, dtype=np.int64) for effect in effects)
        return ScaledPoints(int(lowest), nothing, 0.0)
    exact = (highest - lowest) * span / span.sum()
    share = np.floor(exact)
    rest = int(highest - lowest - share.sum())
    share[np.argsort(share - exact, kind="stable")[:rest]] += 1
    points = tuple(
        _whole(part * (effect - end) / max(width, np.finfo(float).tiny))
        for part, effect, end, width in zip(share, effects, low, span, strict=True)
    )
    return ScaledPoints(int(lowest), points, float((highest - lowest) / span.sum()))


def _whole(points: Floats) -> Ints:
    return np.rint(np.where(np.isnan(points), 0.0, points)).astype(np.int64)


def points_to_probability(points: ArrayLike, offset: float, per_log_odds: float) -> Floats:
    """Compute the default probability that points stand for.

    Parameters
    ----------
    points : array-like
        Total points.
    offset : float
        Points at which default and repayment are equally likely.
    per_log_odds : float
        Points of one unit of log-odds; 0 where the points tell nothing, with the log-odds of
        repayment in `offset`.

    Returns
    -------
    ndarray
        Probabilities, falling in the points.

    Examples
    --------
    >>> points_to_probability([600, 620], 600 - 20 * np.log2(50), 20 / np.log(2)).round(5)
    array([0.01961, 0.0099 ])
    """
    return np.asarray(expit(points_to_log_odds(points, offset, per_log_odds)))


def points_to_log_odds(points: ArrayLike, offset: float, per_log_odds: float) -> Floats:
    """Compute the log-odds of default that points stand for.

    Parameters
    ----------
    points : array-like
        Total points.
    offset, per_log_odds : float
        As in `points_to_probability`.

    Returns
    -------
    ndarray
        Log-odds, falling in the points.

    Examples
    --------
    >>> points_to_log_odds([500, 520], 500, 20 / np.log(2)).round(4)  # 20 points halve the odds
    array([ 0.    , -0.6931])
    """
    totals = np.asarray(points, dtype=float)
    if per_log_odds == 0:
        return np.full_like(totals, -offset)
    return (offset - totals) / per_log_odds


def match_mean(
    points: ArrayLike, per_log_odds: float, rate: float, weights: ArrayLike | None = None
) -> float:
    """Find the offset with which the mean default probability of the points is a given rate.

    Parameters
    ----------
    points : array-like of shape (n_loans,)
        Total points.
    per_log_odds : float
        Points of one unit of log-odds; 0 where all points are equal.
    rate : float
        Observed default rate, strictly between 0 and 1.
    weights : array-like of shape (n_loans,), optional
        Frequencies.

    Returns
    -------
    float
        For `points_to_probability`.

    Raises
    ------
    DomainError
        ``probability_open``: a rate of 0, 1 or beyond.

    References
    ----------
    Puhr et al. (2017), https://doi.org/10.1002/sim.7273, for the intercept after a penalised fit.

    Examples
    --------
    >>> offset = match_mean([580, 620], 20 / np.log(2), 0.02)
    >>> round(float(points_to_probability([580, 620], offset, 20 / np.log(2)).mean()), 12)
    0.02
    """
    check_probability("rate", rate, example=0.02)
    log_odds = float(np.log(rate) - np.log1p(-rate))
    if per_log_odds == 0:
        return -log_odds
    given = np.asarray(points, dtype=float)
    totals, place = np.unique(given, return_inverse=True)
    mass = np.bincount(place, weights=None if weights is None else np.asarray(weights, float))
    share = mass / mass.sum()

    def excess(shift: float) -> float:
        return float(share @ expit((shift - totals) / per_log_odds)) - rate

    centre = per_log_odds * log_odds
    low, high = totals[0] + centre - 1, totals[-1] + centre + 1
    return float(brentq(excess, low, high, xtol=1e-12, rtol=8.9e-16, maxiter=500))
