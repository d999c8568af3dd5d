"""Reasons: the effects that made the points, in Chinese and English from one table."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sanzhixin.records.cases import MISSING
from sanzhixin.scheme.catalog import LISTED_CLASSES
from sanzhixin.scoring.assess import STATUSES
from sanzhixin.scoring.panel_rules import MICRO

if TYPE_CHECKING:
    from sanzhixin.scheme import Scheme
    from sanzhixin.scoring.card import BinCharacteristic, Card, Characteristic, LevelCharacteristic
    from sanzhixin.scoring.panel_rules import PanelRules
    from sanzhixin.scoring.plan import Plan
    from sanzhixin.scoring.view import View

__all__ = [
    "GATED",
    "INSUFFICIENT",
    "MOST_REASONS",
    "TEXTS",
    "Effect",
    "compile_effects",
    "events_add",
    "factor_label",
    "labelled_items",
    "panel_score",
    "plain_score",
    "point_reasons",
    "special_reasons",
]

GATED, INSUFFICIENT = STATUSES.index("gated"), STATUSES.index("insufficient_evidence")
MOST_REASONS = 4

TEXTS: dict[str, tuple[str, str]] = {
    "panel": (
        "{zh}评议得分 {score}（满分 100），使总分比最高可能少 {lost} 分",
        "{en}: panel score {score} of 100, which takes {lost} off the score",
    ),
    "panel_bin": (
        "{zh}评议得分 {score}（满分 100），处于“{label_zh}”档，使总分比最高档少 {lost} 分",
        "{en}: panel score {score} of 100, in the bin “{label_en}”, which takes {lost} off the "
        "score",
    ),
    "event_gain": ("{zh}加{gain}分", "{en}: {gain} added to the score"),
    "event_loss": ("{zh}减{lost}分", "{en}: {lost} taken off the score"),
    "factor_gain": (
        "{zh}：{label_zh}，加{gain}分",
        "{en}: {label_en}, {gain} added to the score",
    ),
    "factor_loss": (
        "{zh}：{label_zh}，减{lost}分",
        "{en}: {label_en}, {lost} taken off the score",
    ),
    "clip_loss": (
        "{zh}合计超过上限，按上限计，少计{lost}分",
        "{en}: the sum exceeds its ceiling, {lost} of the score not counted",
    ),
    "clip_gain": (
        "{zh}合计低于下限，按下限计，多计{gain}分",
        "{en}: the sum is below its floor, {gain} of the score restored",
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
        "得分{score}，低于最低等级起点{cut}，未评级，转人工办理（无建议额度）",
        "score {score} is below the lowest tier ({cut}); unrated: goes to the manual channel, no "
        "limit is proposed",
    ),
    "next_tier": ("距{tier}还差{need}分", "the score is {need} short of {tier}"),
    "next_reach": ("可争取：{steps}", "within reach: {steps}"),
    "next_panel": (
        "可争取：{steps}；其余有待下一轮评议",
        "within reach: {steps}; the rest is up to the next round of ratings",
    ),
    "next_closed": (
        "现有条件下最高可得{top}分，达不到{tier}",
        "a score of {top} at most can be reached here, which is below {tier}",
    ),
    "next_only_panel": ("有待下一轮评议", "up to the next round of ratings"),
    "next_step": ("{zh}最多加{gain}分", "{en} (up to {gain} of the score)"),
}
"""Chinese and English template of every sentence that an answer can hold."""

Row = dict[str, Any]


def say(key: str, code: str, points: int | None, values: Mapping[str, object]) -> Row:
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
    if not rest:
        return f"{sign}{whole}"
    decimals = next((d for d in _DECIMALS if 10**d % points_per_score == 0), None)
    if decimals is None:
        return f"{sign}{whole}+{rest}/{points_per_score}"
    tail = str(rest * 10**decimals // points_per_score).rjust(decimals, "0").rstrip("0")
    return f"{sign}{whole}.{tail}"


def panel_score(score: int) -> str:
    """Write a pillar's score of so many millionths with one decimal, never rounded up."""
    return plain_score(score * 10 // MICRO, 10)


_DECIMALS = range(1, 10)  # 512, the last power of two below 1000 points per score, needs nine


@dataclass(frozen=True, slots=True)
class Effect:
    """One column of the effects: what it is and how it is named.

    Attributes
    ----------
    kind : {"panel", "factor", "event", "clip"}
        Which sentence tells it; an event part in bins is told as a factor is.
    code : str
        Code of the reason.
    zh, en : str
        Name of the pillar, factor, event or group.
    place : int
        Pillar, or labelled characteristic.
    bins : BinCharacteristic or None
        Of a pillar whose points come in bins.
    """

    kind: Literal["panel", "factor", "event", "clip"]
    code: str
    zh: str
    en: str
    place: int = 0
    bins: BinCharacteristic | None = None


def compile_effects(card: Card, scheme: Scheme, panel: PanelRules) -> tuple[Effect, ...]:
    """Name the columns of `point_effects`, in the order in which ties are told."""
    pillars = {f"{code}_score": place for place, code in enumerate(panel.pillars)}
    labelled = [item.name for item in labelled_items(card, panel)]
    added = events_add(card)
    effects = [
        Effect(
            "panel",
            f"PANEL_{item.name}",
            item.zh,
            item.en,
            pillars[item.column],
            item if item.kind == "bins" else None,
        )
        if item.column in pillars
        else Effect("factor", _code(item), item.zh, item.en, labelled.index(item.name))
        for item in card.characteristics
        if not (added and item.group == "events")
    ]
    if added:
        effects += [
            Effect("event", f"EVENT_{code}", rule.zh, rule.en)
            for code, rule in scheme.event_rules.items()
        ]
        effects.append(Effect("clip", "CLIP_events", "事件积分", "event points"))
    effects += [
        Effect("clip", f"CLIP_{group.name}", group.zh, group.en)
        for group in card.groups
        if not (added and group.name == "events")
    ]
    return (*effects, Effect("clip", "CLIP_total", "总分", "total"))


def _code(item: Characteristic) -> str:
    return "EVENTS" if item.group == "events" else f"FACTOR_{item.name}"


def events_add(card: Card) -> bool:
    """Tell whether the points of single events add up to those of the event part."""
    return any(item.group == "events" and item.kind == "grid" for item in card.characteristics)


def labelled_items(
    card: Card, panel: PanelRules
) -> tuple[BinCharacteristic | LevelCharacteristic, ...]:
    """Collect the characteristics that are told by the text of a bin: all but the pillars'."""
    pillars = {f"{code}_score" for code in panel.pillars}
    return tuple(
        item for item in card.characteristics if item.kind != "grid" and item.column not in pillars
    )


def point_reasons(view: View, plan: Plan) -> list[Row]:
    """Tell the largest effects on the points of a case, ties in the order of the card.

    Parameters
    ----------
    view : View
        The case.
    plan : Plan
        The compiled model.

    Returns
    -------
    list of dict
        At most four, with the keys of `Reason`; empty where nothing deviates from the reference.
    """
    sizes = view.effects
    order = sorted((i for i, size in enumerate(sizes) if size), key=lambda i: -abs(sizes[i]))
    return [_tell(view, plan, plan.effects[i], sizes[i]) for i in order[:MOST_REASONS]]


def _tell(view: View, plan: Plan, effect: Effect, size: int) -> Row:
    per = plan.card.points_per_score
    values = {"zh": effect.zh, "en": effect.en}
    values["gain" if size > 0 else "lost"] = plain_score(abs(size), per)
    key = effect.kind if effect.kind == "panel" else f"{effect.kind}_{_SIGN[size > 0]}"
    if effect.kind == "panel":
        score = view.pillar_scores[effect.place]
        values["score"] = panel_score(score)
        if effect.bins is not None:
            key = "panel_bin"
            values |= factor_label(effect.bins, score)
    elif effect.kind == "factor":
        values |= factor_label(plan.labelled[effect.place], view.factors[effect.place])
    return say(key, effect.code, size, values)


_SIGN = {True: "gain", False: "loss"}


def factor_label(item: BinCharacteristic | LevelCharacteristic, value: int) -> dict[str, str]:
    """Name the bin or level of a factor's value in both languages."""
    if value == MISSING:
        return {"label_zh": "缺失", "label_en": "missing"}
    place = bisect_right(item.edges, value) if item.kind == "bins" else value
    return {"label_zh": item.labels_zh[place], "label_en": item.labels_en[place]}


def special_reasons(view: View, plan: Plan) -> list[Row]:
    """Tell what stands before the points: gates, missing evidence, a score below all tiers.

    Parameters
    ----------
    view : View
        The case.
    plan : Plan
        The compiled model.

    Returns
    -------
    list of dict
        Keys of `Reason`, in the order of the scheme.
    """
    if view.status == GATED:
        return [_gate(place, plan) for place, holds in enumerate(view.gate) if holds]
    if view.status == INSUFFICIENT:
        short = [place for place, enough in enumerate(view.sufficient) if not enough]
        return [_evidence(place, view.n_forms[place], plan) for place in short]
    if view.tier >= 0:
        return []
    per = plan.card.points_per_score
    cut = plain_score(plan.lowest_cutoff, per)
    values = {"score": plain_score(view.points, per), "cut": cut}
    return [say("unrated", "UNRATED", None, values)]


def _gate(place: int, plan: Plan) -> Row:
    if place == len(plan.gates):
        rule = plan.scheme.purpose
        names = {"zh": rule.zh, "en": rule.en} if rule else {}
        return say("purpose", f"GATE_{rule.code if rule else ''}", None, names)
    code = plan.ledger.record_codes[plan.gates[place]]
    record = plan.scheme.official_rules[code]
    names = {
        "zh": record.zh,
        "en": record.en,
        "list_zh": LISTED_CLASSES[record.list_class],
        "list_en": record.list_class.replace("_", " "),
    }
    return say("gate", f"GATE_{code}", None, names)


def _evidence(place: int, count: int, plan: Plan) -> Row:
    pillar = plan.scheme.pillars[place]
    values = {"zh": pillar.zh, "en": pillar.en, "count": count, "need": plan.panel.min_forms}
    return say("evidence", f"EVIDENCE_{pillar.code}", None, values)
