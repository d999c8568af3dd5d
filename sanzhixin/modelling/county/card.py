"""A card learned from a county's loans, put on the scale of the scheme's score."""

from __future__ import annotations

import warnings
from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from sanzhixin.errors import EvidenceError
from sanzhixin.modelling.bins.binner import MonotoneBinner
from sanzhixin.modelling.cards.scorecard import CardWarning, Scorecard
from sanzhixin.numerics.logistic import LogisticFit, fit_logistic
from sanzhixin.numerics.points import ScaledPoints, match_mean, scale_linear, scale_min_max
from sanzhixin.records.cases import MISSING
from sanzhixin.scheme.factors import CategoricalFactor, NumericFactor
from sanzhixin.scoring.card import (
    BinCharacteristic,
    Card,
    Characteristic,
    LevelCharacteristic,
    PointsGroup,
    score_card,
)
from sanzhixin.scoring.expert import EVENT_COLUMN
from sanzhixin.scoring.panel_rules import MICRO

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sanzhixin.modelling.bins.feature_bins import FeatureBins
    from sanzhixin.modelling.county.loans import Outcomes
    from sanzhixin.numerics.binning import Trend
    from sanzhixin.scheme import Scheme
    from sanzhixin.scheme.factors import Factor

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["CountyCard", "card_frame", "fit_scorecard", "scale_card"]

_MOST_CLIPPED = 0.01  # share of the loans whose total may lie beyond the ends of the score
_Z_SLOPE = 2.0  # standard errors by which default has to fall with the expert points
_GROUPS = (
    ("panel", "评议", "panel"),
    ("events", "事件", "events"),
    ("factors", "其他因素", "other factors"),
)


@dataclass(frozen=True, slots=True)
class CountyCard:
    """A learned card on the scale of the scheme's score.

    Attributes
    ----------
    card : Card
        For the model file.
    scorecard : Scorecard
        The fit behind it.
    scale : {"equal_default", "min_max"}
        ``equal_default``: a number of points stands for the default probability that it has under
        the expert card; ``min_max``: the worst case gets the lowest points, the best the highest.
    offset, per_log_odds : float
        Points of default log-odds of 0, and of one unit less of them.
    """

    card: Card
    scorecard: Scorecard
    scale: Literal["equal_default", "min_max"]
    offset: float
    per_log_odds: float

    def points(self, log_odds: Floats) -> Ints:
        """Put default log-odds on the scale of the card.

        Parameters
        ----------
        log_odds : ndarray
            Of default.

        Returns
        -------
        ndarray of int
            Whole points within the ends of the score.
        """
        exact = self.offset - self.per_log_odds * log_odds
        return np.rint(np.clip(exact, self.card.lowest, self.card.highest)).astype(np.int64)


def fit_scorecard(scheme: Scheme, loans: Outcomes) -> Scorecard:
    """Fit bins and coefficients on loans.

    Parameters
    ----------
    scheme : Scheme
        Its pillars, event part and factors are the characteristics, with their directions.
    loans : Outcomes
        With values and defaults.

    Returns
    -------
    Scorecard
        Without a scale of the scheme yet.

    Raises
    ------
    EvidenceError
        ``card_no_characteristic``: nothing tells defaults from the rest.

    Notes
    -----
    A pillar or the event part admits only default rates that fall as it rises; a factor follows the
    direction of the scheme's points where they have one.  A missing factor has the weight of
    evidence 0, the average of the households that disclose it.  Weights of few events are drawn to
    a straight line.
    """
    scorecard = Scorecard(
        binner=MonotoneBinner(
            max_bins=8,
            min_bin_share=0.05,
            trend=_trends(scheme),
            missing="neutral",
            unseen="neutral",
            shrinkage="trend",
        ),
        slope_shrinkage=False,  # measured on unseen loans instead
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CardWarning)  # an empty card is refused below
        scorecard.fit(card_frame(scheme, loans), loans.defaulted)
    if not scorecard.card_.characteristics:
        raise EvidenceError("card_no_characteristic", loans=loans.defaulted.size)
    return scorecard


def scale_card(
    scheme: Scheme, scorecard: Scorecard, loans: Outcomes, *, slope: float = 1.0
) -> CountyCard:
    """Put a fitted scorecard on the scale of the scheme's score.

    Parameters
    ----------
    scheme : Scheme
        With its score.
    scorecard : Scorecard
        From `fit_scorecard` on the same loans.
    loans : Outcomes
        With expert points and defaults.
    slope : float, default=1
        What the effects are worth on loans that the fit has not seen.

    Returns
    -------
    CountyCard
        Effects times the slope; default log-odds read on the line that expert points have among the
        loans.  Where that line is not clearly falling, or more than 1 % of the totals would leave
        the score's range, the range is filled instead.
    """
    items = scorecard.card_.characteristics
    features = [item.bins for item in items]
    effects = [slope * item.coefficient * item.bins.woe for item in items]
    highest = scheme.points(scheme.highest_score, "highest_score")
    rate = float(loans.defaulted.mean())
    line = _expert_line(loans)
    if line is not None:
        per_log_odds = float(-1 / line.coef[1])
        zero = float(line.coef[0]) * per_log_odds  # points at which the line has log-odds 0
        scaled = scale_linear(0.0, effects, per_log_odds)
        loose = _card(scheme, features, scaled, highest)
        parts = score_card(loose, loans.card_values).by_characteristic.sum(axis=1)
        own = match_mean(parts + loose.base, per_log_odds, rate)
        card = _card(scheme, features, replace(scaled, base=round(zero - own)), highest)
        if float((score_card(card, loans.card_values).total_clip != 0).mean()) <= _MOST_CLIPPED:
            return CountyCard(card, scorecard, "equal_default", zero, per_log_odds)
    filled = scale_min_max(effects, lowest=0, highest=highest)
    card = _card(scheme, features, filled, highest)
    offset = match_mean(score_card(card, loans.card_values).total, filled.per_log_odds, rate)
    return CountyCard(card, scorecard, "min_max", offset, filled.per_log_odds)


def card_frame(scheme: Scheme, loans: Outcomes) -> pd.DataFrame:
    """Write what a card may use as a frame.

    Parameters
    ----------
    scheme : Scheme
        With the levels of categories.
    loans : Outcomes
        With values.

    Returns
    -------
    DataFrame
        Numbers in millionths, which doubles hold exactly; categories by the rank of the scheme's
        points.
    """
    ranks = {
        factor.name: np.array([*_ranks(factor), np.nan])
        for factor in scheme.factors
        if isinstance(factor, CategoricalFactor)
    }
    columns: dict[str, Floats] = {}
    for name, values in loans.card_values.items():
        if name in ranks:
            columns[name] = ranks[name][np.where(values < 0, -1, values)]
        else:
            columns[name] = np.where(values == MISSING, np.nan, values.astype(np.float64))
    return pd.DataFrame(columns)


def _ranks(factor: CategoricalFactor) -> list[float]:
    """Order the levels of a category by the scheme's points; those of equal points are one."""
    points = [level.points for level in factor.levels]
    order = sorted(set(points))
    return [float(order.index(own)) for own in points]


def _trends(scheme: Scheme) -> dict[str, Trend]:
    rated = [f"{pillar.code}_score" for pillar in scheme.pillars]
    trends: dict[str, Trend] = dict.fromkeys([*rated, EVENT_COLUMN], "descending")
    for factor in scheme.factors:
        if isinstance(factor, NumericFactor):
            points = [item.points for item in factor.bins]
            rises = all(a <= b for a, b in pairwise(points))
            falls = all(a >= b for a, b in pairwise(points))
            trends[factor.name] = "descending" if rises else "ascending" if falls else "none"
        else:
            trends[factor.name] = "descending"  # over the ranks of the scheme's points
    return trends


def _expert_line(loans: Outcomes) -> LogisticFit | None:
    """Fit default log-odds on expert points; None where they do not clearly fall."""
    try:
        line = fit_logistic(loans.points, loans.defaulted)
    except ValueError:  # one class, one number of points, or separated
        return None
    error = float(np.sqrt(line.covariance[1, 1]))
    return line if line.coef[1] < -_Z_SLOPE * error else None


def _card(scheme: Scheme, features: list[FeatureBins], scaled: ScaledPoints, highest: int) -> Card:
    """Give every characteristic's worst group 0 points; the base holds the rest."""
    factors = {factor.name: factor for factor in scheme.factors}
    items = []
    base = scaled.base
    for bins, points in zip(features, scaled.points, strict=True):
        least = int(points[np.isfinite(bins.woe)].min())
        base += least
        items.append(_characteristic(scheme, bins, points - least, factors.get(bins.name)))
    groups = [
        PointsGroup(
            name=name,
            zh=zh,
            en=en,
            lowest=0,
            highest=sum(max(*x.attainable, x.missing_points) for x in items if x.group == name),
        )
        for name, zh, en in _GROUPS
        if any(item.group == name for item in items)
    ]
    order = [group.name for group in groups]
    return Card(
        points_per_score=scheme.points_per_score,
        lowest=0,
        highest=highest,
        base=base,
        groups=tuple(groups),
        characteristics=tuple(sorted(items, key=lambda item: order.index(item.group))),
    )


def _characteristic(
    scheme: Scheme, bins: FeatureBins, points: Ints, factor: Factor | None
) -> Characteristic:
    missing = int(points[bins.kinds.index("missing")])
    if isinstance(factor, CategoricalFactor):
        return _levels(bins, points, factor, missing)
    zh, en, group = _names(scheme, bins.name, factor)
    edges = tuple(int(np.ceil(edge)) for edge in bins.edges)
    unit = MICRO * (scheme.points_per_score if bins.name == EVENT_COLUMN else 1)
    texts = [f"{edge / unit:.15g}" for edge in edges]
    of_bins = points[: bins.n_bins].tolist()
    name = bins.name.removesuffix("_score") if factor is None else bins.name
    return BinCharacteristic(
        kind="bins",
        name="events" if bins.name == EVENT_COLUMN else name,
        column=bins.name,
        zh=zh,
        en=en,
        group=group,
        missing_points=missing if factor is not None else 0,
        edges=edges,
        points=tuple(of_bins),
        labels_zh=tuple(_intervals(texts, "不满{}", "{}以上不满{}", "{}以上")),
        labels_en=tuple(_intervals(texts, "below {}", "{} to below {}", "{} or more")),
        reference_points=_reference(scheme, bins.name, edges, of_bins, missing),
    )


def _reference(
    scheme: Scheme, column: str, edges: tuple[int, ...], points: list[int], missing: int
) -> int:
    """Full marks of a pillar, an event part without events, a factor that is not disclosed."""
    if column == EVENT_COLUMN:
        start = scheme.points(scheme.event_part.start, "event_part") * MICRO
        return points[bisect_right(edges, start)]
    return max(points) if column.endswith("_score") else missing


def _names(scheme: Scheme, column: str, factor: Factor | None) -> tuple[str, str, str]:
    if factor is not None:
        return factor.zh, factor.en, "factors"
    if column == EVENT_COLUMN:
        return "事件积分", "event points", "events"
    pillar = next(p for p in scheme.pillars if column == f"{p.code}_score")
    return pillar.zh, pillar.en, "panel"


def _intervals(edges: list[str], first: str, middle: str, last: str) -> list[str]:
    inner = [middle.format(low, high) for low, high in pairwise(edges)]
    return [first.format(edges[0]), *inner, last.format(edges[-1])]


def _levels(
    bins: FeatureBins, points: Ints, factor: CategoricalFactor, missing: int
) -> LevelCharacteristic:
    place = np.searchsorted(np.array(bins.edges), _ranks(factor), side="right")
    return LevelCharacteristic(
        kind="levels",
        name=factor.name,
        column=factor.name,
        zh=factor.zh,
        en=factor.en,
        group="factors",
        missing_points=missing,
        levels=tuple(level.level for level in factor.levels),
        points=tuple(points[place].tolist()),
        labels_zh=tuple(level.zh for level in factor.levels),
        labels_en=tuple(level.en for level in factor.levels),
        reference_points=missing,
    )
