"""Options at the border, held to their choices and to their ranges.

Witnesses: values on, within and just beyond the ends, and the sentences written out in full.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import numpy as np
import pytest

from sanzhixin.errors import DomainError
from sanzhixin.numerics.choices import check_choice, check_range

INF = math.inf


def refusal(name, given, *ends, **options):
    with pytest.raises(DomainError) as caught:
        check_range(name, given, *ends, **options)
    assert caught.value.code == "option_range"
    assert str(caught.value) == caught.value.en
    return caught.value


# Ranges.


@pytest.mark.parametrize("given", [0, 1, 0.5, 0.0, -0.0, 1.0, 5e-324, math.nextafter(1, 0)])
def test_a_number_from_end_to_end_is_possible(given):
    check_range("share", given, 0, 1)


@pytest.mark.parametrize("given", [-5e-324, math.nextafter(1, 2), -1, 2, INF, -INF, 1e308])
def test_a_number_beyond_an_end_is_refused(given):
    refusal("share", given, 0, 1)


@pytest.mark.parametrize(("low", "high"), [(3, 3), (-2, -1), (0.1, 0.3)])
def test_both_ends_are_possible_wherever_they_are(low, high):
    check_range("share", low, low, high)
    check_range("share", high, low, high)
    refusal("share", math.nextafter(low, -INF), low, high)
    refusal("share", math.nextafter(high, INF), low, high)


@pytest.mark.parametrize(
    "given", [np.float64(0.5), np.float32(0.5), np.int64(1), np.uint8(0), Fraction(1, 2)]
)
def test_a_number_of_another_library_is_a_number(given):
    check_range("share", given, 0, 1)


@pytest.mark.parametrize("ends", [(0, 1), (0, INF), (-INF, INF)])
@pytest.mark.parametrize(
    "given",
    [math.nan, np.float64("nan"), "1", "", None, 1j, [1], (1,), {}, Decimal(1), np.ones(1), b"1"],
    ids=repr,
)
def test_what_is_no_number_is_refused_whatever_the_range(given, ends):
    refusal("share", given, *ends)


@pytest.mark.parametrize("is_whole", [False, True])
def test_a_truth_value_of_python_is_the_number_1_or_0_and_one_of_numpy_is_none(is_whole):
    check_range("bins", True, 1, 8, is_whole=is_whole)
    refusal("bins", False, 1, 8, is_whole=is_whole)
    refusal("bins", np.True_, 1, 8, is_whole=is_whole)


@pytest.mark.parametrize("given", [1, 8, 254, np.int64(254), np.uint8(1)])
def test_a_whole_number_from_end_to_end_is_possible(given):
    check_range("bins", given, 1, 254, is_whole=True)


@pytest.mark.parametrize(
    "given", [0, 255, -3, 8.0, 8.5, np.float64(8), Fraction(8), "8", None, math.nan, INF], ids=repr
)
def test_what_is_no_whole_number_in_the_range_is_refused(given):
    refusal("bins", given, 1, 254, is_whole=True)


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        (INF, (0, INF)),
        (1e308, (0, INF)),
        (-INF, (-INF, INF)),
        (INF, (-INF, INF)),
        (-INF, (-INF, 0)),
    ],
)
def test_an_infinite_end_is_possible_itself(given, ends):
    check_range("gap", given, *ends)


@pytest.mark.parametrize(("given", "ends"), [(-1e-300, (0, INF)), (1e-300, (-INF, 0))])
def test_the_other_end_of_a_range_with_an_infinite_one_holds(given, ends):
    refusal("gap", given, *ends)


SENTENCES = [
    ((0, 1, 254, True), "a whole number from 1 to 254", " 1 至 254 之间的整数"),
    ((-1, 0, INF, True), "a whole number of at least 0", "不小于 0 的整数"),
    ((0.5, -INF, INF, True), "a whole number", "整数"),
    ((1.5, 0, 1, False), "a number from 0 to 1", " 0 至 1 之间的数值"),
    ((math.nan, 0.1, 0.25, False), "a number from 0.1 to 0.25", " 0.1 至 0.25 之间的数值"),
    ((None, 1, INF, False), "a number of at least 1", "不小于 1 的数值"),
    (("20", -INF, INF, False), "a number", "数值"),
    ((4, -INF, 3, False), "a number of at most 3", "不大于 3 的数值"),
    ((0.5, -INF, -2, True), "a whole number of at most -2", "不大于 -2 的整数"),
]


@pytest.mark.parametrize(("asked", "rule", "rule_zh"), SENTENCES)
def test_the_refusal_says_what_was_given_and_what_is_possible_in_both_languages(
    asked, rule, rule_zh
):
    given, low, high, is_whole = asked
    error = refusal("max_bins", given, low, high, is_whole=is_whole)
    assert error.en == f"max_bins={given!r} is not possible; give {rule}."
    assert error.zh == f"max_bins={given!r} 无效；请给出{rule_zh}。"


BEYOND = 10**400  # all doubles


@pytest.mark.parametrize("is_whole", [False, True])
@pytest.mark.parametrize("given", [BEYOND, -BEYOND], ids=["above", "below"])
def test_a_whole_number_beyond_the_largest_double_is_refused(given, is_whole):
    error = refusal("bins", given, 1, 254, is_whole=is_whole)
    assert error.en.startswith(f"bins={given} is not possible; ")


@pytest.mark.parametrize("is_whole", [False, True])
def test_a_whole_number_beyond_the_largest_double_is_possible_where_no_end_is(is_whole):
    check_range("gap", BEYOND, 0, INF, is_whole=is_whole)
    check_range("gap", -BEYOND, -INF, 0, is_whole=is_whole)
    refusal("gap", -BEYOND, 0, INF, is_whole=is_whole)
    refusal("gap", BEYOND, -INF, 0, is_whole=is_whole)


# Choices.

Course = Literal["up", "down"]


@pytest.mark.parametrize("given", ["up", "down"])
def test_each_choice_is_possible(given):
    check_choice("course", given, Course)


@pytest.mark.parametrize("given", ["Up", "up ", "", "flat", None, 1, ["up"], ("up", "down"), {}])
def test_anything_else_is_refused_with_the_choices_in_both_languages(given):
    with pytest.raises(DomainError) as caught:
        check_choice("course", given, Course)
    assert caught.value.code == "option_choice"
    assert caught.value.en == f"course={given!r} is not possible; give one of up, down."
    assert caught.value.zh == f"course={given!r} 无效；请从以下选项中选择：up, down。"


def test_an_open_upper_end_is_refused_itself():
    check_range("share", 0.999, 0, 1, is_open=True)
    error = refusal("share", 1, 0, 1, is_open=True)
    assert error.en == "share=1 is not possible; give a number from 0 to below 1."
    assert error.zh == "share=1 无效；请给出不小于 0 且小于 1 的数值。"
