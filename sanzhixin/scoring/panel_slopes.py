"""How the uncertainty of the panel's scores becomes that of the points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sanzhixin.records.cases import MISSING
from sanzhixin.scoring.card import BinCharacteristic, Card, GridCharacteristic
from sanzhixin.scoring.panel_rules import MICRO, PanelRules

if TYPE_CHECKING:
    from sanzhixin.scoring.measure import PillarMeasures

__all__ = ["PanelSlopes", "compile_slopes", "points_error"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PanelSlopes:
    """Points that one unit of each pillar's score brings.

    Attributes
    ----------
    pair_points : ndarray of shape (n_pillars ** 2,)
        Products of the slopes of equal steps; 0 for a pillar in bins or without points.
    binned : tuple of (int, BinCharacteristic)
        Pillars in bins: there the slope is taken about the household's own score.
    """

    pair_points: Floats
    binned: tuple[tuple[int, BinCharacteristic], ...]


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
        For `points_error`.
    """
    steps = np.zeros(len(panel.pillars))
    binned = []
    places = {f"{code}_score": place for place, code in enumerate(panel.pillars)}
    for item in card.characteristics:
        if item.column not in places:
            continue
        if isinstance(item, GridCharacteristic):
            steps[places[item.column]] = item.points * MICRO / item.span
        elif isinstance(item, BinCharacteristic):
            binned.append((places[item.column], item))
    return PanelSlopes(np.outer(steps, steps).ravel(), tuple(binned))


def points_error(measures: PillarMeasures, slopes: PanelSlopes) -> Floats:
    """Take the root of w'Cw: C the covariance of the scores, w the points that a unit brings.

    In bins, w is the change of the points from one standard error below the score to one above,
    for each unit between: a score in the middle of a wide bin is as good as certain.

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
    pairs = measures.covariance.reshape(-1, slopes.pair_points.size)
    if not slopes.binned:
        variance = (pairs * slopes.pair_points).sum(axis=1)
    else:
        variance = (pairs * _own_pairs(measures, slopes)).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0, out=variance), out=variance))


def _own_pairs(measures: PillarMeasures, slopes: PanelSlopes) -> Floats:
    n_pillars = measures.score.shape[1]
    weight = np.tile(np.sqrt(slopes.pair_points[:: n_pillars + 1]), (len(measures.score), 1))
    for place, item in slopes.binned:
        error = np.sqrt(np.maximum(measures.covariance[:, place, place], 0.0))
        reach = np.where(np.isnan(error), 0.0, np.floor(error * MICRO)).astype(np.int64)
        score = measures.score[:, place]
        known = score != MISSING
        low, high = (item.score(np.where(known, score + side * reach, 0)) for side in (-1, 1))
        weight[:, place] = (high - low) * MICRO / np.maximum(2 * reach, 1)
    pairs: Floats = weight[:, :, np.newaxis] * weight[:, np.newaxis, :]
    return pairs.reshape(len(weight), -1)
