"""What would move a household up one tier: only items that it can change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sanzhixin.scoring.reasons import TEXTS, plain_score

if TYPE_CHECKING:
    from sanzhixin.scoring.assess import Assessment
    from sanzhixin.scoring.plan import Plan
    from sanzhixin.scoring.profile import Profile

__all__ = ["next_tiers"]

Row = dict[str, Any]


def next_tiers(profile: Profile, answer: Assessment, plan: Plan) -> list[Row | None]:
    """Say, case by case, how far the next tier is and which changeable items could bring it.

    Ratings are the panel's and are not named as steps.  An event brings at most what its cap and
    the event part leave room for; a factor at most its best level, within the clip of all factors.

    Parameters
    ----------
    profile, answer : Profile, Assessment
        Of the same cases.
    plan : Plan
        The compiled model.

    Returns
    -------
    list of dict or None
        Keys of `NextTier`; None in the highest tier.
    """
    names, gains, reach = _changeable(profile, answer, plan)
    cutoffs = plan.tiers.cutoffs
    upper = answer.tier + 1
    top = cutoffs.size
    needed = cutoffs[np.minimum(upper, top - 1)] - answer.points.total
    order = np.argsort(-gains, axis=1, kind="stable").tolist()
    rows = zip(upper.tolist(), needed.tolist(), order, gains.tolist(), reach.tolist(), strict=True)
    return [
        None
        if tier == top
        else _tell(plan, tier, need, [(names[i], gain[i]) for i in places if gain[i] > 0], most)
        for tier, need, places, gain, most in rows
    ]


def _changeable(
    profile: Profile, answer: Assessment, plan: Plan
) -> tuple[list[tuple[str, str, str]], NDArray[np.int64], NDArray[np.int64]]:
    """Names, largest gain of each item alone, and largest gain of all together."""
    n = answer.tier.size
    events, rules = profile.events, list(plan.scheme.event_rules.values())
    own = [i for i, rule in enumerate(rules) if rule.changeable and not rule.is_loss]
    names = [(f"EVENT_{rules[i].code}", rules[i].zh, rules[i].en) for i in own]
    part_room = (plan.ledger.top - events.part)[:, None]
    gains = np.minimum(events.room[:, own], part_room)
    reach = np.minimum(gains.sum(axis=1), part_room[:, 0])
    changeable = {factor.name for factor in plan.scheme.factors if factor.changeable}
    for place, item in enumerate(plan.card.characteristics):
        if item.name in changeable and item.kind != "grid":
            names.append((f"FACTOR_{item.name}", item.zh, item.en))
            gain = _factor_gain(answer, plan, place, max(item.points))
            gains = np.column_stack([gains, gain])
            reach = reach + gain
    return names, gains.reshape(n, len(names)), reach


def _factor_gain(answer: Assessment, plan: Plan, place: int, best: int) -> NDArray[np.int64]:
    item = plan.card.characteristics[place]
    group = next(group for group in plan.card.groups if group.name == item.group)
    members = [i for i, other in enumerate(plan.card.characteristics) if other.group == item.group]
    points = answer.points.by_characteristic
    now = points[:, members].sum(axis=1)
    then = now - points[:, place] + best
    low, high = group.lowest, group.highest
    return np.clip(then, low, high) - np.clip(now, low, high)


def _tell(
    plan: Plan, tier: int, need: int, steps: list[tuple[tuple[str, str, str], int]], most: int
) -> Row:
    per = plan.card.points_per_score
    told = [
        {
            "code": code,
            "zh": TEXTS["next_step"][0].format(zh=zh, gain=plain_score(gain, per)),
            "en": TEXTS["next_step"][1].format(en=en, gain=plain_score(gain, per)),
            "points": gain,
        }
        for (code, zh, en), gain in steps
    ]
    key = "next_only_panel" if not told else "next_reach" if most >= need else "next_panel"
    grade = plan.tiers.name(tier)
    sentences = []
    for language, comma, joint in ((0, "、", "；"), (1, ", ", "; ")):
        items = comma.join(step["zh" if language == 0 else "en"] for step in told)
        first = TEXTS["next_tier"][language].format(tier=grade, need=plain_score(need, per))
        sentences.append(first + joint + TEXTS[key][language].format(steps=items))
    return {
        "tier": grade,
        "points_needed": need,
        "within_reach": most >= need,
        "steps": told,
        "zh": sentences[0],
        "en": sentences[1],
    }
