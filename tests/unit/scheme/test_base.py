from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sanzhixin.errors import SchemeError
from sanzhixin.scheme.base import Decision, Number, to_points, to_yuan


class Amount(Decision):
    value: Number


@pytest.mark.parametrize(
    ("given_value", "kept"),
    [(0.1, "0.1"), (89.95, "89.95"), (3, "3"), (Decimal("0.30"), "0.30"), (1e-6, "1e-6")],
)
def test_a_number_keeps_the_digits_that_were_written(given_value, kept):
    assert Amount(value=given_value).value == Decimal(kept)


@pytest.mark.parametrize("value", ["3", True, None, float("nan"), float("inf"), Decimal("NaN")])
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(ValidationError, match="value"):
        Amount(value=value)


@pytest.mark.parametrize(("value", "text"), [("20", "20"), ("20.0", "20"), ("0.1", "0.1")])
def test_a_number_is_saved_as_a_json_number(value, text):
    saved = Amount(value=Decimal(value)).model_dump_json()
    assert saved == f'{{"value":{text}}}'
    assert Amount(**json.loads(saved)).value == Decimal(value)


def test_a_decision_is_frozen_and_knows_its_keys():
    amount = Amount(value=1)
    with pytest.raises(ValidationError, match="frozen"):
        amount.value = Decimal(2)
    with pytest.raises(ValidationError, match="Extra inputs"):
        Amount(value=1, unit="元")


def test_a_refused_value_is_not_repeated_in_the_message():
    with pytest.raises(ValidationError) as caught:
        Amount(value="330483198001011234")
    assert "330483198001011234" not in str(caught.value)


@pytest.mark.parametrize(
    ("score", "per_score", "points"),
    [("89.9", 10, 899), ("0", 10, 0), ("-1.5", 10, -15), ("100", 10, 1000), ("7", 1, 7)],
)
def test_score_units_become_whole_points(score, per_score, points):
    assert to_points(Decimal(score), per_score, where="x") == points


@pytest.mark.parametrize(("score", "per_score"), [("89.96", 10), ("0.5", 1), ("-0.01", 10)])
def test_nothing_finer_than_a_point_is_rounded(score, per_score):
    with pytest.raises(SchemeError, match=f"x: {score} is finer than one point"):
        to_points(Decimal(score), per_score, where="x")


@pytest.mark.parametrize(
    ("amount", "unit", "yuan"),
    [("0.1", "万元", 1000), ("50", "万元", 500_000), ("50", "元", 50), ("0", "元", 0)],
)
def test_amounts_become_whole_yuan(amount, unit, yuan):
    assert to_yuan(Decimal(amount), unit, where="x") == yuan


@pytest.mark.parametrize(
    ("amount", "unit", "words"),
    [
        ("-1", "元", "x: the amount -1 元 is negative"),
        ("0.5", "元", "x: 0.5 元 is not a whole number of yuan"),
        ("0.00001", "万元", "x: 0.00001 万元 is not a whole number of yuan"),
    ],
)
def test_amounts_that_are_no_whole_yuan_are_refused(amount, unit, words):
    with pytest.raises(SchemeError, match=words):
        to_yuan(Decimal(amount), unit, where="x")


@given(st.integers(0, 10**9))
def test_ten_thousand_yuan_units_and_yuan_agree(yuan):
    assert to_yuan(Decimal(yuan) / 10_000, "万元", where="x") == yuan
