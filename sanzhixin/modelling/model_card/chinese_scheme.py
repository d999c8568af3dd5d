"""Parts of the Chinese model card that tell what the scheme decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sanzhixin.errors.words import BOUND_WORDS
from sanzhixin.modelling.model_card.scheme import number, table
from sanzhixin.modelling.model_card.words import (
    AGGREGATOR_WORDS,
    CONSENT_WORDS,
    EFFECT_WORDS,
    KIND_WORDS,
    scheme_word,
)
from sanzhixin.records.vocabulary import RELATION_WORDS, ROLE_WORDS
from sanzhixin.scheme.catalog import LISTED_CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    from sanzhixin.scheme import Scheme
    from sanzhixin.scheme.catalog import EventRule

__all__ = [
    "bounds_zh",
    "bullets_zh",
    "events_zh",
    "features_zh",
    "records_zh",
    "tiers_zh",
    "triggers_zh",
]


def _told(text: str) -> str:
    return scheme_word("zh", text)


def _first(codes: Iterable[str], words: Mapping[str, tuple[str, ...]]) -> str:
    return "、".join(words[code][0] for code in codes) or "无"


def bullets_zh(pairs: Mapping[str, object]) -> str:
    """Write a list of names and values."""
    return "\n".join(f"- {name}：{value}" for name, value in pairs.items())


def features_zh(scheme: Scheme) -> str:
    """Panel items, ledger entries and factors with legal basis and consent."""
    pillars = {pillar.code: pillar.zh for pillar in scheme.pillars}
    rows: list[Sequence[object]] = [
        (
            *(i.code, i.zh, KIND_WORDS[i.kind], pillars.get(i.pillar or "", "")),
            *(_told(i.evidence), _told(i.legal_basis), CONSENT_WORDS["general"]),
        )
        for i in scheme.indicators
        if i.kind != "official"
    ]
    rows += [
        (
            *(f.name, f.zh, KIND_WORDS["factor"], "", f.column),
            *(_told(f.legal_basis), CONSENT_WORDS[f.consent]),
        )
        for f in scheme.factors
    ]
    header = ("代码", "名称", "种类", "维度", "证据或列", "依据", "同意")
    rules: dict[str, object] = {
        "评议表汇总方式": AGGREGATOR_WORDS[scheme.aggregator][0],
        "每个维度至少计入": f"{scheme.min_forms} 份",
        "评议有效": f"{scheme.rating_validity_months} 个月",
        "须回避的关系": _first(scheme.recused_relations, RELATION_WORDS),
    }
    rules |= {
        f"可评{pillars[code]}": _first(roles, ROLE_WORDS)
        for code, roles in scheme.raters_by_pillar.items()
    }
    return f"{table(header, rows)}\n\n{bullets_zh(rules)}"


def _class(name: str) -> str:
    return LISTED_CLASSES.get(name, {"bank_finding": "银行认定"}.get(name, name))


def records_zh(scheme: Scheme) -> str:
    """Official records, purposes and debt, which never carry points."""
    rows: list[Sequence[object]] = [
        (
            *(r.code, r.zh, EFFECT_WORDS[r.action], _class(r.list_class)),
            *(_told(r.document), _told(r.legal_basis)),
        )
        for r in scheme.official_rules.values()
    ]
    for rule, action in ((scheme.purpose, "gate"), (scheme.debt, "review")):
        if rule is not None:
            rows.append((rule.code, rule.zh, EFFECT_WORDS[action], "", "", _told(rule.legal_basis)))
    shown = table(("代码", "名称", "作用", "清单类别", "文书", "依据"), rows)
    return f"官方记录、申报用途和负债率只作否决项或触发人工复核。\n\n{shown}"


def events_zh(scheme: Scheme) -> str:
    """Points that ledger entries bring or cost, and for how long."""
    rows = [
        (rule.code, f"{rule.zh} {level.zh}", level.points, rule.valid_months, _cap(rule))
        for rule in scheme.event_rules.values()
        for level in rule.levels
    ]
    part = scheme.event_part
    start, floor, cap = map(number, (part.start, part.floor, part.cap))
    shown = table(("代码", "事项", "分", "计入月数", "上限"), rows)
    return f"事件部分从 {start} 分起，在 {floor} 至 {cap} 分之间。审核通过后计入。\n\n{shown}"


def _cap(rule: EventRule) -> str | None:
    return f"每 {rule.cap.months} 个月 {number(rule.cap.points)}" if rule.cap else None


def tiers_zh(scheme: Scheme) -> str:
    """Tiers from the highest to the lowest."""
    tiers = scheme.tiers
    rows: list[tuple[object, ...]] = [
        (row.grade, row.at_least, row.below, f"{number(row.cap)} {tiers.unit}", row.rate_bp)
        for row in reversed(tiers.ascending)
    ]
    header = ["等级", "得分起", "低于", "上限", "年利率（基点）"]
    if tiers.rows[0].rate_bp is None:
        rows, header = [row[:-1] for row in rows], header[:-1]
    return f"{table(header, rows)}\n\n低于最低等级：{tiers.unrated}，转人工办理（无建议额度）。"


def bounds_zh(scheme: Scheme) -> str:
    """Bounds of the limit as the scheme states them."""
    rules = scheme.limits
    stated = {
        "产品上限": rules.product_cap,
        "村上限": rules.village_cap,
        "客户授信总额": rules.customer_total,
    }
    bounds: dict[str, object] = {
        name: "无" if amount is None else f"{number(amount)} {rules.unit}"
        for name, amount in stated.items()
    }
    bounds |= {
        f"{key} 村上限": f"{number(cap)} {rules.unit}" for key, cap in rules.village_caps.items()
    }
    bounds["年收入倍数"] = _or_none(rules.income_multiple)
    bounds["贷后负债占资产"] = _or_none(rules.debt_ratio)
    if rules.loss_cap is not None:
        most = f"{number(rules.loss_cap.at_most)} {rules.unit}"
        bounds["按违约概率上限的预期损失"] = (
            f"不超过 {most}，违约损失率 {number(rules.loss_cap.lgd)}"
        )
    how = AGGREGATOR_WORDS.get(rules.village_aggregate, (rules.village_aggregate,))[0]
    bounds["村委会未提出时按评议表汇总"] = how
    bounds["取整（向下）"] = f"{number(rules.step)} {rules.unit}"
    needed = (BOUND_WORDS.get(name, (name,))[0] for name in rules.required)
    bounds["必须提供"] = "、".join(needed) or "无"
    text = "等级上限、下列各项，以及村、客户经理和农户提出的金额，取最小。"
    return f"{text}\n\n{bullets_zh(bounds)}"


def _or_none(value: Decimal | None) -> str:
    return "无" if value is None else number(value)


def triggers_zh(scheme: Scheme) -> str:
    """Circumstances that turn a proposal into a review."""
    rules = scheme.review
    lines = [
        f"相邻等级的概率不低于 {number(rules.review_probability)}；",
        f"一份计入的评议表在某一维度的均值不高于 {number(rules.negative_form_mean)}；",
    ]
    if scheme.debt is not None:
        lines.append(f"负债高于资产的 {number(scheme.debt.above)}（{scheme.debt.code}）；")
    lines += [
        "规则写明须复核的官方记录；",
        "有人写明理由提出其他金额；",
        "方案规定必须提供的金额没有提供，此时不提出额度。",
    ]
    return "复核时说明理由；除另有说明外，仍列出额度。\n\n" + "\n".join(f"- {x}" for x in lines)
