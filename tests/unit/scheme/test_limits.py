from __future__ import annotations

import pytest
from pydantic import ValidationError

from sanzhixin.scheme import load_scheme
from sanzhixin.scheme.limits import BOUNDS, LimitRules, ReviewRules

SCHEME = load_scheme("tongxiang")


def test_the_bounds_stand_in_the_order_that_resolves_ties():
    assert (
        *("tier_cap", "product_cap", "village_cap", "income_multiple", "debt_room"),
        *("exposure_room", "loss_cap", "village_limit", "manager_limit", "requested"),
    ) == BOUNDS


def test_an_amount_that_is_not_stated_does_not_bind():
    rules = LimitRules(unit="元", step=1000)
    absent = ("product_cap", "village_cap", "income_multiple", "debt_ratio", "customer_total")
    assert rules.loss_cap is None
    assert all(getattr(rules, key) is None for key in absent)
    assert (rules.village_caps, rules.village_aggregate, rules.required) == ({}, "median", ())


@pytest.mark.parametrize(
    "change",
    [
        {"step": 0},
        {"step": -1},
        {"income_multiple": 0},
        {"debt_ratio": 0},
        {"debt_ratio": 1.01},
        {"unit": "美元"},
        {"village_aggregate": "max"},
        {"required": ("tier_cap",)},
    ],
)
def test_a_rule_outside_its_range_is_refused(change):
    with pytest.raises(ValidationError, match=next(iter(change))):
        LimitRules(**({"unit": "元", "step": 1000} | change))


@pytest.mark.parametrize(
    ("value", "accepted"), [(0.40, True), (0.49, True), (0.5, False), (0, False)]
)
def test_the_review_probability_lies_below_one_half(value, accepted):
    fields = {"review_probability": value, "negative_form_mean": 1.5, "link_variance": 0.25}
    try:
        ReviewRules(**fields)
    except ValidationError:
        outcome = False
    else:
        outcome = True
    assert outcome == accepted


def test_excluded_purposes_are_the_three_of_the_domain_notes():
    assert SCHEME.purpose.refused[:3] == ("出借他人", "购房", "股市")
