"""What would move a household up one tier: only items that it can change."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sanzhixin.scoring.expert import EVENT_COLUMN
from sanzhixin.scoring.panel_rules import MICRO
from sanzhixin.scoring.reasons import TEXTS, plain_score

if TYPE_CHECKING:
    from sanzhixin.scheme import Scheme
    from sanzhixin.scoring.card import Card
    from sanzhixin.scoring.plan import Plan
    from sanzhixin.scoring.view import View

__all__ = ["Chance", "compile_chances", "next_tier"]

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chance:
    """A changeable item.

    Attributes
    ----------
    kind : {"event", "factor"}
        Where its points come from.
    code, zh, en : str
        Code of the step and names.
    place : int
        Column of the event, or of the characteristic.
    best : int
        Points of a factor's best bin; 0 for events, whose room depends on the ledger.
    members : tuple of int
        Characteristics that are clipped together with a factor.
    ends : tuple of int
        Lowest and highest points of that clip.
    """

    kind: Literal["event", "factor"]
    code: str
    zh: str
    en: str
    place: int = -1
    best: int = 0
    members: tuple[int, ...] = ()
    ends: tuple[int, int] = (0, 0)


def compile_chances(card: Card, scheme: Scheme) -> tuple[Chance, ...]:
    """Collect the changeable events and factors of a scheme."""
    events = [
        Chance("event", f"EVENT_{code}", rule.zh, rule.en, place)
        for place, (code, rule) in enumerate(scheme.event_rules.items())
        if rule.changeable and not rule.is_loss
    ]
    changeable = {factor.name for factor in scheme.factors if factor.changeable}
    groups = {group.name: group for group in card.groups}
    owners = [item.group for item in card.characteristics]
    factors = [
        Chance(
            "factor",
            f"FACTOR_{item.name}",
            item.zh,
            item.en,
            place,
            best=max(item.attainable),
            members=tuple(i for i, owner in enumerate(owners) if owner == item.group),
            ends=(groups[item.group].lowest, groups[item.group].highest),
        )
        for place, item in enumerate(card.characteristics)
        if item.name in changeable
    ]
    return (*events, *factors)


def next_tier(view: View, plan: Plan) -> Row | None:
    """Say how far the next tier is and which changeable items could bring it.

    Ratings are the panel's and are not named as steps.  An event brings at most what its cap and
    the event part leave room for; a factor at most its best bin, within the clip of all factors.
    What the floor of the total restored has to be made up for first, so it is part of what is
    needed.  A tier that not even full marks of the panel would bring is said to be out of reach.

    Parameters
    ----------
    view : View
        The case.
    plan : Plan
        The compiled model.

    Returns
    -------
    dict or None
        Keys of `NextTier`; None in the highest tier.
    """
    upper = view.tier + 1
    if upper == len(plan.tiers.grades):
        return None
    need = int(plan.tiers.cutoffs[upper]) - (view.points - view.total_clip)
    chances = list(plan.chances)
    gains = [(one, _gain(view, plan, list(members))) for one, members in _steps(view, plan)]
    steps = sorted((pair for pair in gains if pair[1] > 0), key=lambda pair: -pair[1])
    reach = _gain(view, plan, chances)
    room = sum(best - view.by_characteristic[place] for place, best in plan.panel_best)
    told = _tell(plan, plan.tiers.grades[upper], need, steps, within_reach=reach >= need)
    if reach + room < need:
        return _tell_closed(plan, told, view.points - view.total_clip + reach + room)
    return told


def _steps(view: View, plan: Plan) -> list[tuple[Chance, tuple[Chance, ...]]]:
    """Name each step and what belongs to it: events whose points do not add up are one step."""
    if plan.events_add:
        return [(chance, (chance,)) for chance in plan.chances]
    events = tuple(
        chance
        for chance in plan.chances
        if chance.kind == "event" and view.event_room[chance.place] > 0
    )
    steps: list[tuple[Chance, tuple[Chance, ...]]] = [
        (chance, (chance,)) for chance in plan.chances if chance.kind == "factor"
    ]
    if events:
        zh, en = "、".join(e.zh for e in events), " and ".join(e.en for e in events)
        steps.append((Chance("event", "EVENTS", zh, en), events))
    return steps


def _gain(view: View, plan: Plan, chances: list[Chance]) -> int:
    """Points that all of the items bring, each as far as it goes."""
    room = sum(view.event_room[chance.place] for chance in chances if chance.kind == "event")
    part = min(max(view.event_sum + room, plan.ledger.floor), plan.ledger.top)
    factors = [chance for chance in chances if chance.kind == "factor"]
    gained = _event_points(part, plan) - _event_points(view.event_part, plan)
    return gained + _together(view, factors)


def _event_points(part: int, plan: Plan) -> int:
    """Points that an event part of so many units brings: the part itself, or those of its bin."""
    if plan.events_add:
        return part
    for item in plan.labelled:
        if item.kind == "bins" and item.column == EVENT_COLUMN:
            return item.points[bisect_right(item.edges, part * MICRO)]
    return 0  # the card gives no points for events


def _together(view: View, chances: list[Chance]) -> int:
    """Points that factors bring when all are at their best, within the clip of their group."""
    if not chances:
        return 0
    low, high = chances[0].ends
    now = sum(view.by_characteristic[i] for i in chances[0].members)
    then = now + sum(chance.best - view.by_characteristic[chance.place] for chance in chances)
    return min(max(then, low), high) - min(max(now, low), high)


def _tell(
    plan: Plan, grade: str, need: int, steps: list[tuple[Chance, int]], *, within_reach: bool
) -> Row:
    per = plan.card.points_per_score
    key = "next_only_panel" if not steps else "next_reach" if within_reach else "next_panel"
    (step_zh, step_en), first, rest = TEXTS["next_step"], TEXTS["next_tier"], TEXTS[key]
    told: list[Row] = []
    for chance, points in steps:
        gain = plain_score(points, per)
        zh, en = step_zh.format(zh=chance.zh, gain=gain), step_en.format(en=chance.en, gain=gain)
        told.append({"code": chance.code, "zh": zh, "en": en, "points": points})
    short = plain_score(need, per)
    items_zh, items_en = "、".join(s["zh"] for s in told), ", ".join(s["en"] for s in told)
    return {
        "tier": grade,
        "points_needed": need,
        "within_reach": within_reach,
        "steps": told,
        "zh": f"{first[0].format(tier=grade, need=short)}；{rest[0].format(steps=items_zh)}",
        "en": f"{first[1].format(tier=grade, need=short)}; {rest[1].format(steps=items_en)}",
    }


def _tell_closed(plan: Plan, told: Row, most: int) -> Row:
    """Say that the tier is out of reach, and the most points that the household could have."""
    zh, en = TEXTS["next_closed"]
    top = plain_score(most, plan.card.points_per_score)
    return told | {
        "zh": zh.format(tier=told["tier"], top=top),
        "en": en.format(tier=told["tier"], top=top),
    }
