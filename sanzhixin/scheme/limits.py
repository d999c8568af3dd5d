"""Bounds of the loan limit, gates that are not records, and what asks for a human review."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sanzhixin.scheme.base import Decision, MoneyUnit, Number, Text

__all__ = ["BOUNDS", "DebtRatioRule", "LimitRules", "LossCap", "PurposeRule", "ReviewRules"]

BOUNDS = (
    "tier_cap",
    "product_cap",
    "village_cap",
    "income_multiple",
    "debt_room",
    "exposure_room",
    "loss_cap",
    "village_limit",
    "manager_limit",
    "requested",
)
"""All bounds of a limit in the order that resolves ties; the first seven are the system's."""

RequiredBound = Literal[
    "village_cap",
    "income_multiple",
    "debt_room",
    "exposure_room",
    "loss_cap",
    "village_limit",
    "manager_limit",
    "requested",
]


class LossCap(Decision):
    """Largest loss to be expected of one household, at the upper bound of its default probability.

    The amount is ``at_most / (lgd * upper)``: it depends on the points alone, never on how exactly
    one household is known, and does not fall as the points rise.

    Attributes
    ----------
    at_most : Decimal
        Loss, in the unit of the table.
    lgd : Decimal
        Share of an exposure that is lost in default.
    """

    at_most: Annotated[Number, Field(gt=0)]
    lgd: Annotated[Number, Field(gt=0, le=1)]


class LimitRules(Decision):
    """Bounds of the limit; an amount that is not stated does not bind.

    Attributes
    ----------
    unit : {"元", "万元"}
        Unit of all amounts of this table.
    step : Decimal
        Limits are floored to multiples of it.
    product_cap : Decimal or None
        Largest amount of the product.
    village_cap : Decimal or None
        Largest amount for villages that `village_caps` does not name.
    village_caps : dict of str to Decimal
        Largest amount by village_id.
    income_multiple : Decimal or None
        Times the annual household income (written consent).
    debt_ratio : Decimal or None
        Debt after the loan stays within this share of the assets (written consent).
    customer_total : Decimal or None
        Largest total credit of a customer; existing exposure is taken off.
    loss_cap : LossCap or None
        Bound by the upper bound of the default probability, where a model gives one.
    village_aggregate : {"median", "mean", "min"}
        How the raters' proposed amounts become the village's, when the council states none.
    required : tuple of str
        Bounds without which no amount is proposed.
    """

    unit: MoneyUnit
    step: Annotated[Number, Field(gt=0)]
    product_cap: Number | None = None
    village_cap: Number | None = None
    village_caps: dict[str, Number] = Field(default_factory=dict)
    income_multiple: Annotated[Number, Field(gt=0)] | None = None
    debt_ratio: Annotated[Number, Field(gt=0, le=1)] | None = None
    customer_total: Number | None = None
    loss_cap: LossCap | None = None
    village_aggregate: Literal["median", "mean", "min"] = "median"
    required: tuple[RequiredBound, ...] = ()


class DebtRatioRule(Decision):
    """Review of households whose debt exceeds a share of their assets (written consent)."""

    code: Text
    zh: Text
    en: Text
    legal_basis: Text
    above: Annotated[Number, Field(gt=0)]


class PurposeRule(Decision):
    """Declared purposes that the product excludes; such an application is gated."""

    code: Text
    zh: Text
    en: Text
    legal_basis: Text
    refused: Annotated[tuple[Text, ...], Field(min_length=1)]


class ReviewRules(Decision):
    """What turns a proposal into a review; the amount is stated all the same.

    Attributes
    ----------
    review_probability : Decimal
        Near a cut-off: review when an adjacent tier is at least so probable (below one half).
    negative_form_mean : Decimal
        A counted form whose mean over a pillar is at or below it is a negative opinion.
    link_variance : Decimal
        Largest variance (logits squared) of the comparison with other villages.
    """

    review_probability: Annotated[Number, Field(gt=0, lt=0.5)]
    negative_form_mean: Number
    link_variance: Annotated[Number, Field(gt=0)]
