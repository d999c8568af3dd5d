"""Parts of the model card that tell what the scheme decides."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sanzhixin.errors.words import BOUND_WORDS
from sanzhixin.records.vocabulary import RELATION_WORDS, ROLE_WORDS
from sanzhixin.validation.papers.layout import Text
from sanzhixin.validation.papers.scheme_words import (
    AGGREGATOR_WORDS,
    CONSENT_WORDS,
    EFFECT_WORDS,
    KIND_WORDS,
    amount_word,
    class_word,
    tier_word,
)
from sanzhixin.validation.papers.terms import column_word
from sanzhixin.validation.papers.words import share

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sanzhixin.scheme.catalog import EventRule
    from sanzhixin.validation.papers.layout import Block
    from sanzhixin.validation.papers.writer import Pair, Writer

__all__ = ["bounds", "events", "features", "records", "tiers", "triggers"]

_NONE: Pair = ("无", "none")
_CODE, _NAME, _BASIS = ("代码", "Code"), ("名称", "Name"), ("依据", "Legal basis")


def _number(value: Decimal) -> str:
    """Write a number without idle zeros, as it reads back from the model file."""
    return f"{value.normalize():f}"


def features(w: Writer) -> Iterator[Block]:
    """Panel items, ledger entries and factors with legal basis and consent."""
    scheme = w.scheme
    pillars = {p.code: w.pick(p.zh, p.en) for p in scheme.pillars}
    rows = []
    for item in scheme.indicators:
        if item.kind != "official":
            pillar, evidence = pillars.get(item.pillar or "", ""), w.told(item.evidence)
            basis, consent = w.told(item.legal_basis), w.pick(*CONSENT_WORDS["general"])
            name, kind = w.pick(item.zh, item.en), w.pick(*KIND_WORDS[item.kind])
            rows.append((item.code, name, kind, pillar, evidence, basis, consent))
    for factor in scheme.factors:
        basis, consent = w.told(factor.legal_basis), w.pick(*CONSENT_WORDS[factor.consent])
        name, kind = w.pick(factor.zh, factor.en), w.pick(*KIND_WORDS["factor"])
        rows.append(
            (
                factor.name,
                name,
                kind,
                "",
                column_word(w.lang, factor.column, scheme),
                basis,
                consent,
            )
        )
    heads = (
        *(_CODE, _NAME, ("种类", "Kind"), ("维度", "Pillar")),
        *(("证据或列", "Evidence or column"), _BASIS, ("同意", "Consent")),
    )
    yield w.grid(heads, rows)
    months = scheme.rating_validity_months
    yield w.named(
        (
            ("评议表汇总方式", "Aggregator of the forms"),
            w.pick(*AGGREGATOR_WORDS[scheme.aggregator]),
        ),
        (("每个维度至少计入的评议表", "Fewest counted forms in each pillar"), scheme.min_forms),
        (("评议有效", "Ratings count for"), w.pick(f"{months} 个月", f"{months} months")),
        (
            ("须回避的关系", "Recused relations"),
            _words(w, scheme.recused_relations, RELATION_WORDS),
        ),
        *(
            ((f"可评{p.zh}", f"May rate {p.en}"), _words(w, roles, ROLE_WORDS))
            for p in scheme.pillars
            if (roles := scheme.raters_by_pillar.get(p.code))
        ),
    )


def _words(w: Writer, codes: Iterable[str], words: dict[str, tuple[str, ...]]) -> str:
    """Say codes of a table's column; in English the codes are the words."""
    return w.joined(w.pick(words[code][0], code.replace("_", " ")) for code in codes)


def records(w: Writer) -> Iterator[Block]:
    """Official records, purposes and debt, which never carry points."""
    scheme = w.scheme
    yield Text(
        w.pick(
            "官方记录、申报用途和负债率只作否决项或触发人工复核。",
            "Official records, declared purposes and the debt ratio only gate or ask for a review.",
        )
    )
    rows = []
    for record in scheme.official_rules.values():
        name, effect = w.pick(record.zh, record.en), w.pick(*EFFECT_WORDS[record.action])
        listed = class_word(w.lang, record.list_class)
        document, basis = w.told(record.document), w.told(record.legal_basis)
        rows.append((record.code, name, effect, listed, document, basis))
    for rule, action in ((scheme.purpose, "gate"), (scheme.debt, "review")):
        if rule is not None:
            name, effect = w.pick(rule.zh, rule.en), w.pick(*EFFECT_WORDS[action])
            if rule is scheme.purpose:
                told = w.joined(_purposes(w, scheme.purpose.refused))
                name += w.pick(f"（{told}）", f" ({told})")
            rows.append((rule.code, name, effect, "", "", w.told(rule.legal_basis)))
    heads = (
        *(_CODE, _NAME, ("作用", "Effect"), ("清单类别", "List class")),
        *(("文书", "Document"), _BASIS),
    )
    yield w.grid(heads, rows)


def _purposes(w: Writer, refused: Iterable[str]) -> Iterator[str]:
    """Give the refused purposes that the scheme writes in the language, else all of them."""
    all_words = [word.replace("_", " ") for word in refused]
    own = [word for word in all_words if word.isascii() == (w.lang == "en")]
    yield from own or all_words


def events(w: Writer) -> Iterator[Block]:
    """Points that ledger entries bring or cost, and for how long."""
    part = w.scheme.event_part
    start, floor, cap = map(_number, (part.start, part.floor, part.cap))
    yield Text(
        w.pick(
            f"事件部分从 {start} 分起，在 {floor} 至 {cap} 分之间。审核通过后计入。",
            f"The event part starts at {start} units of the score and stays within {floor} to "
            f"{cap}. An entry counts once approved.",
        )
    )
    rows = (
        (
            *(
                rule.code,
                w.pick(f"{rule.zh} {level.zh}", f"{rule.en}, {_level(level.level)}"),
            ),
            *(_number(level.points), str(rule.valid_months), _cap(w, rule)),
        )
        for rule in w.scheme.event_rules.values()
        for level in rule.levels
    )
    heads = (
        *(_CODE, ("事项", "Entry"), ("分值（分）", "Score units")),
        *(("计入月数", "Months it counts"), ("周期上限", "Cap")),
    )
    yield w.grid(heads, rows)


def _level(level: str) -> str:
    return f"level {level}" if level.isdigit() else level.replace("_", " ")


def _cap(w: Writer, rule: EventRule) -> str:
    if rule.cap is None:
        return ""
    most, months = _number(abs(rule.cap.points)), rule.cap.months
    off = rule.cap.points < 0
    return w.pick(
        f"每 {months} 个月最多{'减' * off} {most} 分",
        f"at most {most} {'off ' * off}in {months} months",
    )


def tiers(w: Writer) -> Iterator[Block]:
    """Tiers from the highest to the lowest."""
    stated = w.scheme.tiers
    heads: list[Pair] = [
        *(("等级", "Tier"), ("得分起", "Score from"), ("低于", "below"), ("上限", "Cap")),
    ]
    rows = [
        [
            *(row.grade, _number(row.at_least), "" if row.below is None else _number(row.below)),
            amount_word(w.lang, row.cap, stated.unit),
        ]
        for row in reversed(stated.ascending)
    ]
    if stated.rows[0].rate_bp is not None:
        heads.append(("年利率（基点）", "Rate, basis points a year"))
        for cells, row in zip(rows, reversed(stated.ascending), strict=True):
            cells.append(str(row.rate_bp))
    yield w.grid(heads, rows)
    unrated = tier_word(w.lang, stated.unrated, w.scheme)
    yield Text(
        w.pick(
            f"低于最低等级：{unrated}，转人工办理（无建议额度）。",
            f"Below the lowest tier ({unrated}): the manual channel, no limit is proposed.",
        )
    )


def bounds(w: Writer) -> Iterator[Block]:
    """Bounds of the limit as the scheme states them."""
    rules = w.scheme.limits

    def amount(value: Decimal | None) -> str:
        return w.pick(*_NONE) if value is None else amount_word(w.lang, value, rules.unit)

    none, times, ratio = w.pick(*_NONE), rules.income_multiple, rules.debt_ratio
    step = rules.step * 10_000 if rules.unit == "万元" else rules.step

    yield Text(
        w.pick(
            "等级上限、下列各项，以及村、客户经理和农户提出的金额，取最小。",
            "The smallest of the tier's cap, these, and what council, manager and household ask.",
        )
    )
    loss: list[tuple[Pair, object]] = []
    if rules.loss_cap is not None:
        most, lgd = amount(rules.loss_cap.at_most), share(rules.loss_cap.lgd)
        name = (
            "按违约概率上限的预期损失",
            "Expected loss at the upper bound of the default probability",
        )
        told = (
            f"不超过 {most}，违约损失率 {lgd}",
            f"at most {most}, with a share of {lgd} lost in default",
        )
        loss.append((name, w.pick(*told)))
    how = AGGREGATOR_WORDS.get(rules.village_aggregate, (rules.village_aggregate,) * 2)
    yield w.named(
        (("产品上限", "Product cap"), amount(rules.product_cap)),
        (("村上限", "Village cap"), amount(rules.village_cap)),
        (("客户授信总额", "Total credit of a customer"), amount(rules.customer_total)),
        *(
            ((f"{key} 村上限", f"Cap of village {key}"), amount(cap))
            for key, cap in rules.village_caps.items()
        ),
        (
            ("年收入倍数", "Times the annual income"),
            none if times is None else w.pick(f"{_number(times)} 倍", _number(times)),
        ),
        (
            ("贷后负债占资产", "Debt after the loan as a share of the assets"),
            none if ratio is None else share(ratio),
        ),
        *loss,
        (
            ("村委会未提出时按评议表汇总", "The panel's amount, without one of the council"),
            w.pick(*how),
        ),
        (("取整（向下）", "Step, floored"), amount_word(w.lang, step, "元")),
        (("必须提供", "Needed for an amount"), w.joined(_bound(w, n) for n in rules.required)),
    )


def _bound(w: Writer, name: str) -> str:
    return w.pick(*BOUND_WORDS.get(name, (name, name)))


def triggers(w: Writer) -> Iterator[Block]:
    """Circumstances that turn a proposal into a review."""
    rules, debt = w.scheme.review, w.scheme.debt
    near, low = share(rules.review_probability), _number(rules.negative_form_mean)
    own: list[Pair] = [
        (
            f"相邻等级的概率不低于 {near}；",
            f"a probability of at least {near} of the tier next to it;",
        ),
        (
            f"一份计入的评议表在某一维度的均值不高于 {low}；",
            f"a counted form whose mean over a pillar is {low} or lower;",
        ),
    ]
    if debt is not None:
        above = share(debt.above)
        own.append(
            (
                f"负债高于资产的 {above}（{debt.code}）；",
                f"debt above {above} of the assets ({debt.code});",
            )
        )
    yield Text(
        w.pick(
            "复核时说明理由；除另有说明外，仍列出额度。",
            "A review states its reasons and, unless said otherwise, the amount.",
        )
    )
    yield w.lines(*own, *_TRIGGERS)


_TRIGGERS: tuple[Pair, ...] = (
    ("规则写明须复核的官方记录；", "an official record whose rule says review;"),
    (
        "有人写明理由提出其他金额；",
        "a reason for another amount, given by a person (override_reason);",
    ),
    (
        "方案规定必须提供的金额没有提供，此时不提出额度。",
        "an amount that the scheme requires and nobody states; then no limit is proposed.",
    ),
)
