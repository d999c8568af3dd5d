"""Reasons and advice: the effects that made the points, in Chinese and English from one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from sanzhixin.scheme.catalog import LISTED_CLASSES
from sanzhixin.scoring.measure import MICRO

if TYPE_CHECKING:
    from sanzhixin.records.cases import Cases
    from sanzhixin.scheme import Scheme
    from sanzhixin.scoring.assess import Assessment
    from sanzhixin.scoring.card import Card
    from sanzhixin.scoring.measure import PanelRules
    from sanzhixin.scoring.plan import Plan
    from sanzhixin.scoring.profile import Profile

__all__ = [
    "MOST_REASONS",
    "TEXTS",
    "Effect",
    "compile_effects",
    "point_effects",
    "point_reasons",
    "special_reasons",
]

MOST_REASONS = 4

TEXTS: dict[str, tuple[str, str]] = {
    "panel": (
        "{zh}评议得分{score}（满分100），比满分少{lost}分",
        "{en}: panel score {score} of 100, {lost} below full marks",
    ),
    "event_gain": ("{zh}加{gain}分", "{en}: {gain} added"),
    "event_loss": ("{zh}减{lost}分", "{en}: {lost} taken off"),
    "factor_gain": ("{zh}：{label_zh}，加{gain}分", "{en}: {label_en}, {gain} added"),
    "factor_loss": ("{zh}：{label_zh}，减{lost}分", "{en}: {label_en}, {lost} taken off"),
    "clip_loss": (
        "{zh}合计超过上限，按上限计，少计{lost}分",
        "{en}: the sum exceeds its ceiling, {lost} not counted",
    ),
    "clip_gain": (
        "{zh}合计低于下限，按下限计，多计{gain}分",
        "{en}: the sum is below its floor, {gain} restored",
    ),
    "gate": (
        "{zh}（{list_zh}）：建议不予授信，须人工核实确认",
        "{en} ({list_en}): proposal to decline, to be confirmed by a person",
    ),
    "purpose": (
        "{zh}：申报用途不在本产品范围内，建议不予授信，须人工确认",
        "{en}: the declared purpose is outside this product, to be confirmed by a person",
    ),
    "evidence": (
        "{zh}有效评议表{count}份，至少需要{need}份，暂不能下结论；请补充了解该户的评议员，或转人工",
        "{en}: {count} counted forms, {need} required; ask one more rater who knows the household, "
        "or send it to manual review",
    ),
    "unrated": (
        "得分{score}，低于最低等级起点{cut}，未评级，转人工渠道",
        "score {score} is below the lowest tier ({cut}): unrated, manual channel",
    ),
    "next_tier": ("距{tier}还差{need}分", "{need} short of {tier}"),
    "next_reach": ("可争取：{steps}", "within reach: {steps}"),
    "next_panel": (
        "可争取：{steps}；其余有待下一轮评议",
        "within reach: {steps}; the rest is up to the next round of ratings",
    ),
    "next_only_panel": ("有待下一轮评议", "up to the next round of ratings"),
    "next_step": ("{zh}最多加{gain}分", "{en} up to {gain}"),
}
"""Chinese and English template of every sentence that an answer can hold."""

Row = dict[str, Any]


def say(key: str, code: str, points: int | None, /, **values: object) -> Row:
    """Fill both templates of a sentence into one reason."""
    zh, en = TEXTS[key]
    return {
        "code": code,
        "zh": zh.format_map(values),
        "en": en.format_map(values),
        "points": points,
    }


def plain_score(points: int, points_per_score: int) -> str:
    """Write points in score units without rounding: 899 points of 10 are 89.9, never 90."""
    whole, rest = divmod(abs(points), points_per_score)
    sign = "-" if points < 0 else ""
    decimals = len(str(points_per_score)) - 1
    if not rest or not decimals:
        return f"{sign}{whole}" if not rest else f"{sign}{whole}+{rest}/{points_per_score}"
    tail = str(rest * 10**decimals // points_per_score).rjust(decimals, "0").rstrip("0")
    return f"{sign}{whole}.{tail or '0'}"


@dataclass(frozen=True, slots=True)
class Effect:
    """One column of the effects: what it is and how it is named.

    Attributes
    ----------
    kind : {"panel", "factor", "event", "clip"}
        Which sentence tells it.
    code : str
        Code of the reason.
    zh, en : str
        Name of the pillar, factor, event or group.
    place : int
        Pillar, or characteristic of the card.
    """

    kind: Literal["panel", "factor", "event", "clip"]
    code: str
    zh: str
    en: str
    place: int = 0


def compile_effects(card: Card, scheme: Scheme, panel: PanelRules) -> tuple[Effect, ...]:
    """Name the columns of `point_effects`, in the order in which ties are told."""
    pillars = {f"{code}_score": place for place, code in enumerate(panel.pillars)}
    effects = [
        Effect("panel", f"PANEL_{item.name}", item.zh, item.en, pillars[item.column])
        if item.column in pillars
        else Effect("factor", f"FACTOR_{item.name}", item.zh, item.en, place)
        for place, item in enumerate(card.characteristics)
        if item.group != "events"
    ]
    effects += [
        Effect("event", f"EVENT_{code}", rule.zh, rule.en)
        for code, rule in scheme.event_rules.items()
    ]
    effects.append(Effect("clip", "CLIP_events", "事件积分", "event points"))
    effects += [
        Effect("clip", f"CLIP_{group.name}", group.zh, group.en)
        for group in card.groups
        if group.name != "events"
    ]
    return (*effects, Effect("clip", "CLIP_total", "总分", "total"))


def point_effects(profile: Profile, answer: Assessment, plan: Plan) -> NDArray[np.int64]:
    """Split the points into effects against full marks, no event and reference factors.

    The effects of a case add up to its points less those of the reference, exactly.

    Parameters
    ----------
    profile, answer : Profile, Assessment
        Of the same cases.
    plan : Plan
        The compiled model.

    Returns
    -------
    ndarray of shape (n_cases, n_effects)
        In the order of ``plan.effects``.
    """
    card, points = plan.card, answer.points
    own = [i for i, item in enumerate(card.characteristics) if item.group != "events"]
    full = np.array([_reference(card, i) for i in own], dtype=np.int64)
    groups = [i for i, group in enumerate(card.groups) if group.name != "events"]
    return np.column_stack(
        [
            points.by_characteristic[:, own] - full,
            profile.events.by_event,
            profile.events.clipped,
            points.group_clip[:, groups],
            points.total_clip,
        ]
    )


def _reference(card: Card, place: int) -> int:
    item = card.characteristics[place]
    return item.points if item.kind == "grid" else 0


def point_reasons(
    effects: NDArray[np.int64], cases: Cases, profile: Profile, plan: Plan
) -> list[list[Row]]:
    """Tell the largest effects of every case, at most four, ties in the order of the card.

    Parameters
    ----------
    effects : ndarray of shape (n_cases, n_effects)
        From `point_effects`.
    cases, profile : Cases, Profile
        Of the same cases.
    plan : Plan
        The compiled model.

    Returns
    -------
    list of list of dict
        Keys of `Reason`; empty where nothing deviates from the reference.
    """
    order = np.argsort(-np.abs(effects), axis=1, kind="stable")[:, :MOST_REASONS].tolist()
    labels = _factor_labels(cases, plan)
    scores = profile.measures.score.tolist()
    per = plan.card.points_per_score

    def tell(case: int, place: int, size: int) -> Row:
        effect = plan.effects[place]
        names = {"zh": effect.zh, "en": effect.en}
        amount = {"gain": plain_score(size, per), "lost": plain_score(-size, per)}
        if effect.kind == "panel":
            score = plain_score(scores[case][effect.place] * 10 // MICRO, 10)
            return say("panel", effect.code, size, score=score, **names, **amount)
        key = f"{effect.kind}_{'gain' if size > 0 else 'loss'}"
        if effect.kind == "factor":
            zh, en = labels[effect.place][case]
            return say(key, effect.code, size, label_zh=zh, label_en=en, **names, **amount)
        return say(key, effect.code, size, **names, **amount)

    return [
        [tell(case, place, sizes[place]) for place in places if sizes[place]]
        for case, (places, sizes) in enumerate(zip(order, effects.tolist(), strict=True))
    ]


def _factor_labels(cases: Cases, plan: Plan) -> dict[int, list[tuple[str, str]]]:
    labels = {}
    for place, item in enumerate(plan.card.characteristics):
        if item.kind == "grid":
            continue
        names = [*zip(item.labels_zh, item.labels_en, strict=True), ("缺失", "missing")]
        labels[place] = [names[i] for i in item.bins(cases.factors[item.column]).tolist()]
    return labels


def special_reasons(profile: Profile, answer: Assessment, plan: Plan) -> list[list[Row]]:
    """Tell what stands before the points: gates, missing evidence, a score below all tiers.

    Parameters
    ----------
    profile, answer : Profile, Assessment
        Of the same cases.
    plan : Plan
        The compiled model.

    Returns
    -------
    list of list of dict
        Keys of `Reason`, in the order of the scheme.
    """
    told: list[list[Row]] = [[] for _ in range(answer.status.size)]
    for case, place in np.argwhere(answer.gate).tolist():
        told[case].append(_gate(place, plan))
    n_forms = profile.measures.n_forms
    for case, place in np.argwhere(~profile.sufficient).tolist():
        if answer.status[case] == _INSUFFICIENT:
            told[case].append(_evidence(place, int(n_forms[case, place]), plan))
    per, cut = plan.card.points_per_score, int(plan.tiers.cutoffs[0])
    for case in np.flatnonzero((answer.tier < 0) & (answer.status < _GATED)).tolist():
        score = plain_score(int(answer.points.total[case]), per)
        told[case].append(say("unrated", "UNRATED", None, score=score, cut=plain_score(cut, per)))
    return told


_GATED, _INSUFFICIENT = 2, 3


def _gate(place: int, plan: Plan) -> Row:
    if place == len(plan.gates):
        rule = plan.scheme.purpose
        names = {"zh": rule.zh, "en": rule.en} if rule else {}
        return say("purpose", f"GATE_{rule.code if rule else ''}", None, **names)
    code = plan.ledger.record_codes[plan.gates[place]]
    record = plan.scheme.official_rules[code]
    list_en = record.list_class.replace("_", " ")
    list_zh = LISTED_CLASSES[record.list_class]
    return say(
        "gate", f"GATE_{code}", None, zh=record.zh, en=record.en, list_zh=list_zh, list_en=list_en
    )


def _evidence(place: int, count: int, plan: Plan) -> Row:
    pillar = plan.scheme.pillars[place]
    return say(
        "evidence", f"EVIDENCE_{pillar.code}", None, zh=pillar.zh, en=pillar.en, count=count,
        need=plan.panel.min_forms,
    )  # fmt: skip
