from __future__ import annotations

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanzhixin.scoring.posterior import (
    LOG_BITS,
    MEAN_BITS,
    _powers,
    _tables,
    fixed_exp,
    take_posterior,
)

ONE = 1 << 31


# Witnesses: the exponential of the math library, and the value that is 1 by definition.
@pytest.mark.parametrize("exponent", [0.0, 1e-6, 0.5, 1.0, 3.25, 10.0, 21.0, 31.9])
def test_the_tables_give_the_exponential(exponent):
    below = round(exponent * (1 << LOG_BITS))
    exact = math.exp(-below / (1 << LOG_BITS)) * ONE
    found = int(fixed_exp(np.array([below]))[0])
    assert -1 - 2e-9 * exact <= found - exact <= 7e-8 * exact + 1
    assert fixed_exp(np.array([0])).tolist() == [ONE]


@pytest.mark.parametrize("below", [22 << LOG_BITS, 32 << LOG_BITS, 1 << 61])
def test_what_is_far_below_weighs_nothing(below):
    assert fixed_exp(np.array([below])).tolist() == [0]


def test_the_exponential_never_rises_where_one_table_hands_over_to_the_other():
    turn = np.arange(1, 1 << 15) << 17  # in 2^-27: every 2^-10
    around = (turn[:, None] + np.arange(-16, 17)).ravel()
    assert (np.diff(fixed_exp(around)) <= 0).all()


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 1 << 33), st.integers(0, 1 << 33))
def test_a_larger_exponent_never_weighs_more(a, b):
    low, high = sorted((a, b))
    found = fixed_exp(np.array([low, high]))
    assert found[0] >= found[1]


# Witnesses: a normal density worked in floats, and its closed form.
@pytest.mark.parametrize(("middle", "spread"), [(64.0, 6.0), (40.25, 3.0), (66.7, 9.0)])
def test_mean_and_variance_of_a_normal_density(middle, spread):
    place = np.arange(129)
    height = -((place - middle) ** 2) / (2 * spread**2)
    found = take_posterior(np.rint(height * (1 << LOG_BITS)).astype(np.int64)[None])
    chance = np.exp(height) / np.exp(height).sum()
    mean = float(chance @ place)
    assert found.mean[0] / (1 << MEAN_BITS) == pytest.approx(mean, abs=2e-5)
    assert found.mean[0] / (1 << MEAN_BITS) == pytest.approx(middle, abs=1e-3)
    assert found.variance[0] == pytest.approx(float(chance @ (place - mean) ** 2), rel=1e-5)


def test_the_same_row_has_the_same_bits_among_others():
    random = np.random.default_rng(1)
    rows = random.integers(-(1 << 40), 0, (50, 65))
    alone = [take_posterior(row[None]) for row in rows]
    together = take_posterior(rows)
    assert together.mean.tolist() == [int(one.mean[0]) for one in alone]
    assert together.variance.tolist() == [float(one.variance[0]) for one in alone]


def test_all_weight_on_one_point_has_no_variance():
    row = np.full((1, 33), -(1 << 45))
    row[0, 7] = 0
    found = take_posterior(row)
    assert (found.mean[0], found.variance[0]) == (7 << MEAN_BITS, 0.0)


def test_powers_are_those_of_the_exponential_in_many_decimals():
    with localcontext() as context:
        context.prec = 60
        for bits, steps in ((10, (0, 1, 7, 1_024)), (24, (0, 1, 16_383))):
            powers = list(_powers(bits, steps[-1] + 1))
            for k in steps:
                exact = (Decimal(-k) / 2**bits).exp() * 2**96
                # the first is off by less than four, and each step floors once more
                assert abs(powers[k] - exact) <= 5 * k


def test_tables_made_anew_hold_leading_bits_and_how_far_to_shift():
    tables = _tables.__wrapped__()
    assert (tables.mantissa.size, tables.shift.size, tables.low.size) == (1 << 15, 1 << 15, 1 << 14)
    assert (tables.mantissa[0], tables.shift[0], tables.low[0]) == (1 << 30, 30, 1 << 31)
    assert ((tables.mantissa >= 1 << 30) & (tables.mantissa < 1 << 31)).all()
    assert tables.shift.max() <= 62
    # e^-1 in 31 leading bits: it lies between 2^-2 and 2^-1
    assert tables.mantissa[1 << 10] == int(math.exp(-1) * 2**32)
    assert tables.shift[1 << 10] == 32
    assert tables.low[-1] == pytest.approx(math.exp(-16_383 / 2**24) * 2**31, abs=2)


def test_every_bit_of_an_exponent_counts():
    # exponents are counted in 2^-24, eight of 2^-27: e^-x is 1 - x to within x^2, in 2^-31
    below = np.array([0, 7, 8, 16, 24, 8 << 5])
    assert fixed_exp(below).tolist() == [ONE, ONE, *(ONE - 128 * k for k in (1, 2, 3, 32))]
