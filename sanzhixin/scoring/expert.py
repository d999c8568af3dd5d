"""The expert card: the score table that a scheme states, as a scorecard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sanzhixin.scheme.factors import NumericFactor
from sanzhixin.scoring.card import (
    BinCharacteristic,
    Card,
    Characteristic,
    GridCharacteristic,
    LevelCharacteristic,
    PointsGroup,
)
from sanzhixin.scoring.panel_rules import MICRO

if TYPE_CHECKING:
    from sanzhixin.scheme import CategoricalFactor, Scheme

__all__ = ["EVENT_COLUMN", "expert_card"]

EVENT_COLUMN = "event_points"


def expert_card(scheme: Scheme) -> Card:
    """Turn the score table of a scheme into a scorecard.

    Parameters
    ----------
    scheme : Scheme
        Pillar weights, event part and factors in score units.

    Returns
    -------
    Card
        Grids for the pillars and the event part, bins or levels for the factors.

    Examples
    --------
    >>> from sanzhixin.scheme import load_scheme
    >>> card = expert_card(load_scheme("tongxiang"))
    >>> [item.points for item in card.characteristics[:4]]
    [200, 160, 240, 400]
    """
    panel = tuple(_pillar(scheme, pillar.code) for pillar in scheme.pillars)
    factors = tuple(_factor(scheme, factor) for factor in scheme.factors)
    together = scheme.points(scheme.factor_limits.together, "factor limits")
    weights = sum(item.points for item in panel)
    top = scheme.points(scheme.event_part.cap, "event part")
    events = (_event_part(top),) if top else ()
    groups = (
        PointsGroup(name="panel", zh="评议", en="panel", lowest=0, highest=weights),
        PointsGroup(name="events", zh="事件", en="events", lowest=0, highest=top),
        PointsGroup(
            name="factors", zh="其他因素", en="other factors", lowest=-together, highest=together
        ),
    )
    items = (*panel, *events, *factors)
    return Card(
        points_per_score=scheme.points_per_score,
        lowest=0,
        highest=scheme.points(scheme.highest_score, "highest_score"),
        groups=tuple(g for g in groups if any(item.group == g.name for item in items)),
        characteristics=items,
    )


def _pillar(scheme: Scheme, code: str) -> GridCharacteristic:
    pillar = next(item for item in scheme.pillars if item.code == code)
    return GridCharacteristic(
        kind="grid",
        name=code,
        column=f"{code}_score",
        zh=pillar.zh,
        en=pillar.en,
        group="panel",
        start=0,
        span=100 * MICRO,
        points=scheme.points(pillar.weight, f"pillar {code}"),
    )


def _event_part(top: int) -> GridCharacteristic:
    return GridCharacteristic(
        kind="grid",
        name="events",
        column=EVENT_COLUMN,
        zh="事件积分",
        en="event points",
        group="events",
        start=0,
        span=top * MICRO,
        points=top,
    )


def _factor(scheme: Scheme, factor: NumericFactor | CategoricalFactor) -> Characteristic:
    items = factor.bins if isinstance(factor, NumericFactor) else factor.levels
    points = tuple(scheme.points(item.points, factor.name) for item in items)
    labels = (tuple(item.zh for item in items), tuple(item.en for item in items))
    if isinstance(factor, NumericFactor):
        return BinCharacteristic(
            kind="bins",
            name=factor.name,
            column=factor.name,
            zh=factor.zh,
            en=factor.en,
            group="factors",
            edges=tuple(int(edge * MICRO) for edge in factor.edges),
            points=points,
            labels_zh=labels[0],
            labels_en=labels[1],
        )
    return LevelCharacteristic(
        kind="levels",
        name=factor.name,
        column=factor.name,
        zh=factor.zh,
        en=factor.en,
        group="factors",
        levels=tuple(item.level for item in factor.levels),
        points=points,
        labels_zh=labels[0],
        labels_en=labels[1],
    )
