"""Parts of the model card that tell what the scheme decides, as Markdown."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sanzhixin.scheme import Scheme
    from sanzhixin.scheme.catalog import EventRule

__all__ = [
    "bounds_section",
    "bullets",
    "events_section",
    "features_section",
    "number",
    "records_section",
    "table",
    "tiers_section",
    "triggers_section",
]

_CONSENT = {"general": "household consent", "written": "written consent of its own"}
_TRIGGERS = (
    "an official record whose rule says review;",
    "a reason for another amount, given by a person (`override_reason`);",
    "an amount that the scheme requires and nobody states; then no limit is proposed.",
)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a table; a missing cell is empty."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(value: object) -> str:
    text = number(value) if isinstance(value, Decimal) else str(value)
    return "" if value is None else text.replace("|", "\\|").replace("\n", " ")


def number(value: Decimal) -> str:
    """Write a number without idle zeros, as it reads back from the model file."""
    return f"{value.normalize():f}"


def bullets(pairs: Mapping[str, object]) -> str:
    """Write a list of names and values."""
    return "\n".join(f"- {name}: {value}" for name, value in pairs.items())


def features_section(scheme: Scheme) -> str:
    """Panel items, ledger entries and factors with legal basis and consent."""
    rows: list[Sequence[object]] = [
        (i.code, f"{i.zh} {i.en}", i.kind, i.pillar, i.evidence, i.legal_basis, _CONSENT["general"])
        for i in scheme.indicators
        if i.kind != "official"
    ]
    rows += [
        (f.name, f"{f.zh} {f.en}", "factor", "", f.column, f.legal_basis, _CONSENT[f.consent])
        for f in scheme.factors
    ]
    header = ("Code", "Name", "Kind", "Pillar", "Evidence or column", "Legal basis", "Consent")
    rules: dict[str, object] = {
        "Aggregator of the forms": scheme.aggregator,
        "Fewest counted forms in each pillar": scheme.min_forms,
        "Ratings count for": f"{scheme.rating_validity_months} months",
        "Recused relations": ", ".join(scheme.recused_relations) or "none",
    }
    rules |= {f"May rate {code}": ", ".join(r) for code, r in scheme.raters_by_pillar.items()}
    return f"{table(header, rows)}\n\n{bullets(rules)}"


def records_section(scheme: Scheme) -> str:
    """Official records, purposes and debt, which never carry points."""
    rows: list[Sequence[object]] = [
        (r.code, f"{r.zh} {r.en}", r.action, r.list_class, r.document, r.legal_basis)
        for r in scheme.official_rules.values()
    ]
    for rule, action in ((scheme.purpose, "gate"), (scheme.debt, "review")):
        if rule is not None:
            rows.append((rule.code, f"{rule.zh} {rule.en}", action, "", "", rule.legal_basis))
    header = ("Code", "Name", "Effect", "List class", "Document", "Legal basis")
    text = "Official records, declared purposes and the debt ratio only gate or ask for a review."
    return f"{text}\n\n{table(header, rows)}"


def events_section(scheme: Scheme) -> str:
    """Points that ledger entries bring or cost, and for how long."""
    rows = [
        (rule.code, f"{rule.zh} {level.zh}", level.points, rule.valid_months, _cap(rule))
        for rule in scheme.event_rules.values()
        for level in rule.levels
    ]
    part = scheme.event_part
    start, floor, cap = map(number, (part.start, part.floor, part.cap))
    text = f"The event part starts at {start} and stays within {floor} to {cap}."
    shown = table(("Code", "Entry", "Score units", "Months it counts", "Cap"), rows)
    return f"{text} An entry counts once approved.\n\n{shown}"


def _cap(rule: EventRule) -> str | None:
    return f"{number(rule.cap.points)} in {rule.cap.months} months" if rule.cap else None


def tiers_section(scheme: Scheme) -> str:
    """Tiers from the highest to the lowest."""
    tiers = scheme.tiers
    rows: list[tuple[object, ...]] = [
        (row.grade, row.at_least, row.below, f"{number(row.cap)} {tiers.unit}", row.rate_bp)
        for row in reversed(tiers.ascending)
    ]
    header = ["Tier", "Score from", "below", "Cap", "Rate, basis points a year"]
    if tiers.rows[0].rate_bp is None:
        rows, header = [row[:-1] for row in rows], header[:-1]
    below = f"Below the lowest tier: {tiers.unrated}, limit 0 and the manual channel."
    return f"{table(header, rows)}\n\n{below}"


def bounds_section(scheme: Scheme) -> str:
    """Bounds of the limit as the scheme states them."""
    rules = scheme.limits
    stated = {
        "Product cap": rules.product_cap,
        "Village cap": rules.village_cap,
        "Total credit of a customer": rules.customer_total,
    }
    bounds: dict[str, object] = {
        name: "none" if amount is None else f"{number(amount)} {rules.unit}"
        for name, amount in stated.items()
    }
    bounds |= {
        f"Cap of village {key}": f"{number(cap)} {rules.unit}"
        for key, cap in rules.village_caps.items()
    }
    bounds["Times the annual income"] = _or_none(rules.income_multiple)
    bounds["Debt after the loan as a share of the assets"] = _or_none(rules.debt_ratio)
    if rules.loss_cap is not None:
        most = f"{number(rules.loss_cap.at_most)} {rules.unit}"
        bounds["Expected loss at the upper bound of the default probability"] = (
            f"at most {most}, with a share of {number(rules.loss_cap.lgd)} lost in default"
        )
    bounds["The panel's amount, without one of the council"] = rules.village_aggregate
    bounds["Step, floored"] = f"{number(rules.step)} {rules.unit}"
    bounds["Needed for an amount"] = ", ".join(rules.required) or "none"
    text = "The smallest of the tier's cap, these, and what council, manager and household ask."
    return f"{text}\n\n{bullets(bounds)}"


def _or_none(value: Decimal | None) -> str:
    return "none" if value is None else number(value)


def triggers_section(scheme: Scheme) -> str:
    """Circumstances that turn a proposal into a review."""
    rules = scheme.review
    own = [
        f"a probability of at least {number(rules.review_probability)} of the tier next to it;",
        f"a counted form whose mean over a pillar is {number(rules.negative_form_mean)} or lower;",
    ]
    if scheme.debt is not None:
        own.append(f"debt above {number(scheme.debt.above)} of the assets ({scheme.debt.code});")
    lines = "\n".join(f"- {line}" for line in (*own, *_TRIGGERS))
    return f"A review states its reasons and, unless said otherwise, the amount.\n\n{lines}"
