from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from sanzhixin.scheme import load_scheme
from sanzhixin.scheme.factors import CategoricalFactor, NumericFactor
from sanzhixin.scheme.loader import unwrap_validation

FACTORS = {factor.name: factor for factor in load_scheme("tongxiang").factors}
COMMON = {"name": "x", "column": "x", "zh": "项", "en": "x", "consent": "general"}
COMMON |= {"legal_basis": "x"}


def numeric(*bins):
    rows = tuple(
        {"at_least": low, "below": high, "points": points, "zh": "段", "en": "bin"}
        for low, high, points in bins
    )
    return NumericFactor.model_validate(COMMON | {"kind": "numeric", "unit": "y", "bins": rows})


def categorical(*levels):
    rows = tuple({"level": name, "points": p, "zh": "级", "en": "level"} for name, p in levels)
    return CategoricalFactor.model_validate(COMMON | {"kind": "categorical", "levels": rows})


def refusal(make, *rows):
    with pytest.raises(ValidationError) as caught:
        make(*rows)
    return unwrap_validation(caught.value).code


def test_the_built_in_scheme_has_a_factor_of_each_kind():
    assert {(f.name, f.kind, f.consent) for f in FACTORS.values()} == {
        ("customer_years", "numeric", "general"),
        ("utility_payment", "categorical", "general"),
        ("household_income", "numeric", "written"),
    }
    assert FACTORS["household_income"].column == "annual_income_yuan"


def test_edges_are_the_inner_bounds():
    assert FACTORS["customer_years"].edges == (3, 8)
    assert numeric((None, Decimal("0.5"), 0), (Decimal("0.5"), None, 1)).edges == (Decimal("0.5"),)


@pytest.mark.parametrize(
    ("bins", "code"),
    [
        (((None, 3, 1), (3, None, 2)), "factor_without_reference"),
        (((0, 3, 0), (3, None, 2)), "factor_ends_closed"),
        (((None, 3, 0), (3, 9, 2)), "factor_ends_closed"),
        (((None, 3, 0), (4, None, 2)), "factor_bins_apart"),
        (((None, 3, 0), (2, None, 2)), "factor_bins_apart"),
        (((None, None, 0), (2, None, 2)), "factor_bins_apart"),
        (((None, 3, 0), (3, 3, 1), (3, None, 2)), "factor_bins_order"),
        (((None, 3, 0), (3, 2, 1), (2, None, 2)), "factor_bins_order"),
    ],
)
def test_bins_that_do_not_cover_the_line_once_are_refused(bins, code):
    assert refusal(numeric, *bins) == code


@pytest.mark.parametrize(
    ("levels", "code"),
    [
        ((("a", 1), ("b", 2)), "factor_without_reference"),
        ((("a", 0), ("a", 2)), "factor_level_repeated"),
    ],
)
def test_levels_that_contradict_each_other_are_refused(levels, code):
    assert refusal(categorical, *levels) == code


@pytest.mark.parametrize("make", [lambda: numeric((None, None, 0)), lambda: categorical(("a", 0))])
def test_a_factor_without_a_choice_is_refused(make):
    with pytest.raises(ValidationError, match="at least 2 items"):
        make()
