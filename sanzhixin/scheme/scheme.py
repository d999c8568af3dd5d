"""The scheme: everything that the bank decides, dated and validated, without a fitted number."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sanzhixin.errors import SchemeError
from sanzhixin.scheme.base import (
    NAME_FORM,
    VERSION_FORM,
    Decision,
    Number,
    Text,
    to_points,
    to_yuan,
)
from sanzhixin.scheme.catalog import EventRule, Indicator, OfficialRule, PanelItem, Pillar, Role
from sanzhixin.scheme.deny import denied_name
from sanzhixin.scheme.factors import Factor
from sanzhixin.scheme.limits import DebtRatioRule, LimitRules, PurposeRule, ReviewRules
from sanzhixin.scheme.tiers import TierTable

__all__ = ["Aggregator", "EventPart", "FactorLimits", "Scheme"]

Aggregator = Literal["min", "mean", "median", "trimmed_mean", "severity_adjusted"]
Relation = Literal["kin", "debt", "business"]

_RESERVED = frozenset(
    {"household_id", "village_id", "consent_id", "consent_purpose", "consent_on"}
    | {"consent_until", "written_consent_id", "requested_yuan", "purpose"}
)
_MOST_YUAN = 10**12  # larger amounts are refused when they are read
_EXACT = 2**63  # whole numbers below it are exact in the arrays of the scorer
_MOST_POINTS = 20_000  # a grid of so many steps stays exact in double precision
_MOST_ITEMS = 12  # the forms' means are kept as exact integers: a multiple of lcm(1..12) fits


class EventPart(Decision):
    """Where the event part starts and its ends, in score units; it is never negative."""

    start: Number
    floor: Annotated[Number, Field(ge=0)]
    cap: Number


class FactorLimits(Decision):
    """Largest effect of one factor and of all together, in score units."""

    each: Annotated[Number, Field(ge=0)]
    together: Annotated[Number, Field(ge=0)]


class Scheme(Decision):
    """A validated scheme; built by `load_scheme`.

    Attributes
    ----------
    name, version : str
        Together the `scheme_id`; a file that extends another without naming itself has the
        version of the other with a mark of its content (``1.0.0+1a2b3c4d``).
    zh, en : str
        Titles.
    valid_from, valid_until : date
        Scoring dates for which the scheme is in force, both included.
    consent_purpose : str
        Purpose that a household's consent has to name.
    points_per_score : int
        Points of one score unit.
    highest_score : Decimal
        Top of the score scale; the pillar weights and the event cap add up to it.
    aggregator : str
        How the forms of a household become a measure.
    equating : {"none", "mean"} or None
        With ``severity_adjusted``: whether the tier table was made for adjusted scores, or these
        are brought to the scale of the mean; None for plain aggregators.
    min_forms : int
        Counted forms that every pillar needs.
    rating_validity_months, proposal_validity_months : int
        Age up to which a round of ratings is used; life of a proposal.
    recused_relations : tuple of str
        Relations whose forms are not counted.
    pillars : tuple of Pillar
        Fields of conduct with their weights.
    raters_by_pillar : dict of str to tuple of str
        Roles that may answer a pillar.
    indicators : tuple of PanelItem, EventRule or OfficialRule
        The catalog.
    gates : tuple of OfficialRule
        The bank's own official records, outside the catalog.
    event_part : EventPart
        Start and ends of the event part.
    factor_limits : FactorLimits
        Largest effect of one factor and of all.
    factors : tuple of NumericFactor or CategoricalFactor
        Other agreed factors.
    purpose : PurposeRule or None
        Excluded purposes.
    debt : DebtRatioRule or None
        Debt ratio that calls for a review.
    tiers : TierTable
        Tiers and their caps.
    limits : LimitRules
        Bounds of the limit.
    review : ReviewRules
        What turns a proposal into a review.

    Examples
    --------
    >>> from sanzhixin.scheme import load_scheme
    >>> scheme = load_scheme("tongxiang")
    >>> [row.grade for row in scheme.tiers.ascending]
    ['C', 'B', 'BB', 'BBB', 'A', 'AA', 'AAA']
    """

    name: Annotated[str, Field(pattern=NAME_FORM)]
    version: Annotated[str, Field(pattern=VERSION_FORM)]
    zh: Text
    en: Text
    valid_from: datetime.date
    valid_until: datetime.date
    consent_purpose: Text
    points_per_score: Annotated[int, Field(ge=1, le=1000)]
    highest_score: Number
    aggregator: Aggregator
    equating: Literal["none", "mean"] | None = None
    min_forms: Annotated[int, Field(ge=1, le=50)]
    rating_validity_months: Annotated[int, Field(ge=1, le=60)]
    proposal_validity_months: Annotated[int, Field(ge=1, le=12)]
    recused_relations: tuple[Relation, ...]
    pillars: Annotated[tuple[Pillar, ...], Field(min_length=1)]
    raters_by_pillar: dict[str, Annotated[tuple[Role, ...], Field(min_length=1)]]
    indicators: tuple[Indicator, ...]
    gates: tuple[OfficialRule, ...] = ()
    event_part: EventPart
    factor_limits: FactorLimits
    factors: tuple[Factor, ...] = ()
    purpose: PurposeRule | None = None
    debt: DebtRatioRule | None = None
    tiers: TierTable
    limits: LimitRules
    review: ReviewRules

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.valid_until < self.valid_from:
            raise SchemeError("scheme_dates", start=self.valid_from, end=self.valid_until)
        _check_codes(self)
        _check_denied(self)
        _check_ratios(self)
        if (self.equating is None) != (self.aggregator != "severity_adjusted"):
            raise SchemeError("equating", aggregator=self.aggregator)
        _check_pillars(self)
        _check_columns(self)
        _check_score_table(self)
        _check_amounts(self)
        return self

    def _repr_html_(self) -> str:
        from sanzhixin.scheme.notebook import show_scheme

        return show_scheme(self)

    @property
    def scheme_id(self) -> str:
        """``name/version``."""
        return f"{self.name}/{self.version}"

    @cached_property
    def panel_items(self) -> tuple[PanelItem, ...]:
        """Panel items, pillar by pillar in the order of the pillars."""
        items = [item for item in self.indicators if isinstance(item, PanelItem)]
        order = {pillar.code: place for place, pillar in enumerate(self.pillars)}
        return tuple(sorted(items, key=lambda item: order[item.pillar]))

    @cached_property
    def panel_codes(self) -> tuple[str, ...]:
        """Codes of the panel items, in the order of `panel_items`."""
        return tuple(item.code for item in self.panel_items)

    @cached_property
    def event_rules(self) -> dict[str, EventRule]:
        """Event rules by code."""
        return {item.code: item for item in self.indicators if isinstance(item, EventRule)}

    @cached_property
    def official_rules(self) -> dict[str, OfficialRule]:
        """Rules for official records by code: those of the catalog, then the bank's gates."""
        official = [item for item in self.indicators if isinstance(item, OfficialRule)]
        return {item.code: item for item in (*official, *self.gates)}

    def points(self, score: Decimal, where: str) -> int:
        """Convert score units to whole points.

        Parameters
        ----------
        score : Decimal
            In score units.
        where : str
            Names the value in a refusal.

        Returns
        -------
        int
            Points.
        """
        return to_points(score, self.points_per_score, where=where)

    def yuan(self, amount: Decimal | None, where: str) -> int | None:
        """Convert an amount of the limits table to yuan.

        Parameters
        ----------
        amount : Decimal or None
            In the unit of the table.
        where : str
            Names the value in a refusal.

        Returns
        -------
        int or None
            Yuan; None stays None.
        """
        return None if amount is None else to_yuan(amount, self.limits.unit, where=where)


def _check_codes(scheme: Scheme) -> None:
    codes = [item.code for item in (*scheme.indicators, *scheme.gates)]
    codes += [rule.code for rule in (scheme.purpose, scheme.debt) if rule is not None]
    names = [factor.name for factor in scheme.factors]
    pillars = [pillar.code for pillar in scheme.pillars]
    for kind, values in (("indicators, gates", codes), ("factors", names), ("pillars", pillars)):
        repeated = sorted(value for value, count in Counter(values).items() if count > 1)
        if repeated:
            raise SchemeError("code_repeated", kind=kind, codes=", ".join(repeated))


def _check_columns(scheme: Scheme) -> None:
    columns = [factor.column for factor in scheme.factors]
    for factor in scheme.factors:
        if factor.column in _RESERVED or columns.count(factor.column) > 1:
            raise SchemeError("factor_column", name=factor.name, column=factor.column)
    headers = Counter(item.zh for item in scheme.panel_items)
    repeated = sorted(header for header, count in headers.items() if count > 1)
    if repeated:
        raise SchemeError("code_repeated", kind="indicators (zh)", codes=", ".join(repeated))


def _check_ratios(scheme: Scheme) -> None:
    """Amounts times the parts of these fractions have to stay exact."""
    ratios = {
        "limits.income_multiple": scheme.limits.income_multiple,
        "limits.debt_ratio": scheme.limits.debt_ratio,
        "debt.above": None if scheme.debt is None else scheme.debt.above,
    }
    for where, value in ratios.items():
        if value is not None and max(value.as_integer_ratio()) * _MOST_YUAN >= _EXACT:
            raise SchemeError("ratio_too_fine", where=where, given=value)


def _check_denied(scheme: Scheme) -> None:
    for names in _names(scheme):
        denied = denied_name(*names)
        if denied is not None:
            raise SchemeError(
                "denied_attribute",
                name=next(name for name in names if denied_name(name) is not None),
                attribute=denied.en,
                attribute_zh=denied.zh,
                basis=denied.basis,
                basis_zh=denied.basis_zh,
            )


def _names(scheme: Scheme) -> Iterator[tuple[str, ...]]:
    yield from ((pillar.code, pillar.zh) for pillar in scheme.pillars)
    yield from ((item.code, item.zh) for item in (*scheme.indicators, *scheme.gates))
    for rule in scheme.event_rules.values():
        yield from ((rule.code, level.level, level.zh) for level in rule.levels)
    for factor in scheme.factors:
        yield factor.name, factor.column, factor.zh
        if factor.kind == "categorical":
            yield from ((factor.name, level.level, level.zh) for level in factor.levels)
    yield from ((rule.code, rule.zh) for rule in (scheme.purpose, scheme.debt) if rule is not None)


def _check_pillars(scheme: Scheme) -> None:
    codes = [pillar.code for pillar in scheme.pillars]
    for item in scheme.indicators:
        if item.pillar is not None and item.pillar not in codes:
            raise SchemeError(
                "pillar_unknown", code=item.code, pillar=item.pillar, known=", ".join(codes)
            )
    for pillar in codes:
        items = [
            item
            for item in scheme.indicators
            if isinstance(item, PanelItem) and item.pillar == pillar
        ]
        if not items:
            raise SchemeError("pillar_empty", pillar=pillar)
        if len(items) > _MOST_ITEMS:
            raise SchemeError("pillar_crowded", pillar=pillar, count=len(items), most=_MOST_ITEMS)
        if len({(item.lowest, item.highest) for item in items}) > 1:
            raise SchemeError("pillar_scales", pillar=pillar)
        if not items[0].lowest <= scheme.review.negative_form_mean < items[0].highest:
            raise SchemeError("negative_off_scale", pillar=pillar)
    roles = scheme.raters_by_pillar
    if set(roles) != set(codes) or any(len(set(r)) < len(r) for r in roles.values()):
        raise SchemeError("raters_by_pillar", known=", ".join(codes))


def _check_score_table(scheme: Scheme) -> None:
    part = scheme.event_part
    if not part.floor <= part.start <= part.cap:
        raise SchemeError("event_part", floor=part.floor, start=part.start, cap=part.cap)
    total = sum((pillar.weight for pillar in scheme.pillars), part.cap)
    if total != scheme.highest_score:
        raise SchemeError("score_table_total", total=total, highest=scheme.highest_score)
    if any(pillar.weight <= 0 for pillar in scheme.pillars):
        raise SchemeError("pillar_weight")
    if max(scheme.highest_score, part.cap) * scheme.points_per_score > _MOST_POINTS:
        raise SchemeError("score_scale_too_large", most=_MOST_POINTS)
    for where, value in _score_values(scheme):
        scheme.points(value, where)


def _score_values(scheme: Scheme) -> Iterator[tuple[str, Decimal]]:
    part = scheme.event_part
    yield from ((f"pillars[{pillar.code}].weight", pillar.weight) for pillar in scheme.pillars)
    yield from (("event_part", value) for value in (part.start, part.floor, part.cap))
    for rule in scheme.event_rules.values():
        where = f"indicators[{rule.code}]"
        yield from ((f"{where}.levels[{level.level}]", level.points) for level in rule.levels)
        if rule.cap is not None:
            yield f"{where}.cap", rule.cap.points
    yield from _factor_values(scheme)
    for row in scheme.tiers.ascending:
        if not 0 <= row.at_least <= scheme.highest_score:
            raise SchemeError(
                "tier_out_of_scale",
                grade=row.grade,
                at_least=row.at_least,
                highest=scheme.highest_score,
            )
        yield f"tiers.rows[{row.grade}].at_least", row.at_least


def _factor_values(scheme: Scheme) -> Iterator[tuple[str, Decimal]]:
    each = scheme.factor_limits.each
    yield from (("factor_limits", value) for value in (each, scheme.factor_limits.together))
    for factor in scheme.factors:
        for item in factor.bins if factor.kind == "numeric" else factor.levels:
            if abs(item.points) > each:
                raise SchemeError(
                    "factor_too_strong", name=factor.name, points=item.points, each=each
                )
            yield f"factors[{factor.name}]", item.points


def _check_amounts(scheme: Scheme) -> None:
    rules = scheme.limits
    amounts = {"limits.step": rules.step, "limits.product_cap": rules.product_cap}
    amounts |= {"limits.village_cap": rules.village_cap}
    amounts |= {"limits.customer_total": rules.customer_total}
    if rules.loss_cap is not None:
        amounts |= {"limits.loss_cap.at_most": rules.loss_cap.at_most}
    amounts |= {f"limits.village_caps.{key}": value for key, value in rules.village_caps.items()}
    for where, amount in amounts.items():
        scheme.yuan(amount, where)
    missing = {
        "income_multiple": rules.income_multiple,
        "debt_room": rules.debt_ratio,
        "exposure_room": rules.customer_total,
        "loss_cap": rules.loss_cap,
    }
    for bound in rules.required:
        if bound in missing and missing[bound] is None:
            raise SchemeError("required_bound_without_rule", bound=bound)
