"""How the uncertainty of the panel's scores becomes that of the points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sanzhixin.scoring.card import BinCharacteristic, Card, Characteristic, GridCharacteristic
from sanzhixin.scoring.panel_rules import MICRO, PanelRules

if TYPE_CHECKING:
    from sanzhixin.scoring.measure import PillarMeasures

__all__ = ["PanelSlopes", "compile_slopes", "points_error", "shifted_points"]

Floats = NDArray[np.float64]


_LEAST_SPAN = 10 * MICRO  # units over which the points of a single edge are taken to rise


@dataclass(frozen=True, slots=True)
class PanelSlopes:
    """Points that one unit of each pillar's score brings.

    Attributes
    ----------
    points : ndarray of shape (n_pillars,)
        Slopes: of the equal steps, or of a pillar's bins between their first and last edge; 0 for
        a pillar without points.
    pairs : ndarray of shape (n_pillars ** 2,)
        Their products.
    items : tuple of (int, Characteristic)
        Pillars and their characteristics, where some are in bins; else empty.
    """

    points: Floats
    pairs: Floats
    items: tuple[tuple[int, Characteristic], ...]


def compile_slopes(card: Card, panel: PanelRules) -> PanelSlopes:
    """Collect the slopes of a card over the panel's pillars.

    Parameters
    ----------
    card : Card
        The card.
    panel : PanelRules
        With the pillars.

    Returns
    -------
    PanelSlopes
        For `points_error` and `shifted_points`.
    """
    points = np.zeros(len(panel.pillars))
    places = {f"{code}_score": place for place, code in enumerate(panel.pillars)}
    items = tuple(
        (places[item.column], item) for item in card.characteristics if item.column in places
    )
    for place, item in items:
        if isinstance(item, GridCharacteristic):
            points[place] = item.points * MICRO / item.span
        elif isinstance(item, BinCharacteristic):
            span = max(item.edges[-1] - item.edges[0], _LEAST_SPAN)
            points[place] = (item.points[-1] - item.points[0]) * MICRO / span
    in_bins = any(isinstance(item, BinCharacteristic) for _, item in items)
    return PanelSlopes(points, np.outer(points, points).ravel(), items if in_bins else ())


def points_error(measures: PillarMeasures, slopes: PanelSlopes) -> Floats:
    """Take the root of w'Cw: C the covariance of the scores, w the points that a unit brings.

    Parameters
    ----------
    measures : PillarMeasures
        Scores with their covariance.
    slopes : PanelSlopes
        Of the card.

    Returns
    -------
    ndarray of shape (n_cases,)
        Points; NaN without enough forms.
    """
    pairs = measures.covariance.reshape(-1, slopes.pairs.size)
    variance = (pairs * slopes.pairs).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0, out=variance), out=variance))


def shifted_points(
    measures: PillarMeasures, slopes: PanelSlopes, error: Floats, z: float
) -> NDArray[np.int64]:
    """Tell what a case gains or loses when its scores move by z standard errors of the points.

    All pillars move together, each by what it is expected to when the points move by z of their
    standard errors.  Points in bins are no straight line: what they come to is looked up.

    Parameters
    ----------
    measures : PillarMeasures
        Scores with their covariance.
    slopes : PanelSlopes
        Of a card with pillars in bins.
    error : ndarray of shape (n_cases,)
        From `points_error`.
    z : float
        Standard errors; below 0 downwards.

    Returns
    -------
    ndarray of shape (n_cases,)
        Points more (or less); 0 without enough forms.
    """
    known = error > 0
    loads = (measures.covariance * slopes.points).sum(axis=2)
    reach = np.zeros_like(loads)
    np.divide(z * loads * MICRO, error[:, np.newaxis], out=reach, where=known[:, np.newaxis])
    moved = np.zeros(error.size, dtype=np.int64)
    for place, item in slopes.items:
        score = np.where(known, measures.score[:, place], 0)
        there = score + np.floor(reach[:, place]).astype(np.int64)
        moved += item.score(there) - item.score(score)
    return moved
