"""Whole-number arithmetic and look-ups, against Python in engines that run here."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from sqlglot import exp

from sanzhixin.batch.sql.dialects import alias, column, find_dialect, name_table, text, whole
from sanzhixin.batch.sql.expressions import (
    clip,
    floor_quotient,
    ladder,
    least,
    micro,
    scale,
)

MOST = 10**12
RATIOS = (
    Fraction(1), Fraction(3), Fraction(1, 2), Fraction("0.3"), Fraction("0.123457"),
    Fraction("0.999999"), Fraction("3.141593"), Fraction("9.223371"), Fraction(1, 7),
)  # fmt: skip


def values(engine, frame, **columns):
    """Run expressions over a table; a row comes back where it was."""
    frame = frame.assign(row=range(len(frame)))
    engine.load("given", frame)
    query = exp.select(
        alias(column("row"), "row"), *(alias(made, name) for name, made in columns.items())
    ).from_(name_table("given"))  # fmt: skip
    _, rows = engine.run(find_dialect(engine.name).put_together(query, {}, "r"))
    return [list(part) for part in zip(*sorted(rows), strict=True)][1:]


@pytest.fixture(scope="module")
def amounts():
    random = np.random.default_rng(0)
    near = np.concatenate([np.arange(200), MOST - np.arange(200), 2**31 + np.arange(-9, 9)])
    return np.concatenate([near, random.integers(0, MOST, 2_000), random.integers(0, 10**6, 500)])


@pytest.mark.parametrize("ratio", RATIOS)
def test_an_amount_times_a_fraction_is_floored_exactly(engine, amounts, ratio):
    made = scale(column("a"), ratio.numerator, ratio.denominator)
    (found,) = values(engine, pd.DataFrame({"a": amounts}), made=made)
    assert found == [int(a) * ratio.numerator // ratio.denominator for a in amounts]


@pytest.mark.parametrize("divisor", [1, 2, 3, 7, 186_666_666, 2 * 10**8, 2**52 - 1])
def test_a_quotient_is_floored_exactly_up_to_2_to_the_53rd(engine, divisor):
    random = np.random.default_rng(1)
    tops = random.integers(0, 2**53 // divisor, 500) * divisor
    numbers = np.unique(
        np.concatenate([tops, np.maximum(tops - 1, 0), random.integers(0, 2**53, 500)])
    )
    (found,) = values(
        engine, pd.DataFrame({"a": numbers}), made=floor_quotient(column("a"), divisor)
    )
    assert found == [int(a) // divisor for a in numbers]


def test_doubles_that_are_whole_millionths_come_back_as_these(engine):
    random = np.random.default_rng(2)
    whole_millionths = np.concatenate(
        [
            np.arange(-500, 500),
            random.integers(-(10**8), 10**8, 3_000),
            random.integers(-(2**51), 2**51, 20_000),
            random.integers(-9_007_199_254, 9_007_199_254, 3_000) * 10**6,
        ]
    )
    frame = pd.DataFrame({"a": whole_millionths / 1_000_000})
    (found,) = values(engine, frame, made=micro("a"))
    assert found == whole_millionths.tolist()


def test_numbers_far_off_lie_beyond_every_edge(engine):
    frame = pd.DataFrame({"a": [1e10, 1e15, 1e18, 1e99, -1e10, -1e18, -1e99]})
    (found,) = values(engine, frame, made=micro("a"))
    assert [abs(value) >= 2**53 for value in found] == [True] * 7
    assert [value > 0 for value in found] == [True] * 4 + [False] * 3


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 64, 999])
def test_a_ladder_is_half_open(engine, size):
    edges = [3 * i - 40 for i in range(size)]
    leaves = [(i * 7) % 5 for i in range(size + 1)]
    numbers = np.arange(-50, 3 * size + 10)
    made = ladder("a", edges, leaves, whole)
    (found,) = values(engine, pd.DataFrame({"a": numbers}), made=made)
    places = np.searchsorted(edges, numbers, side="right")
    assert found == [leaves[place] for place in places]


def test_a_ladder_leaves_edges_between_equal_leaves_out():
    made = ladder("a", [1, 2, 3, 4], [0, 0, 5, 5, 5], whole)
    assert made.sql() == 'CASE WHEN "a" < 2 THEN 0 ELSE 5 END'


def test_a_clip_keeps_what_is_missing(engine):
    frame = pd.DataFrame({"a": pd.array([-9, -2, 0, 7, 8, None], dtype="Int64")})
    (found,) = values(engine, frame, made=clip(column("a"), -2, 7))
    assert found == [-2, -2, 0, 7, 7, None]


def test_the_smallest_is_found_and_the_first_of_equals_named(engine):
    random = np.random.default_rng(3)
    drawn = random.integers(0, 4, (800, 5))
    names = list("abcde")
    smallest, first = values(
        engine, pd.DataFrame(drawn, columns=names), smallest=least(names), first=least(names, text)
    )
    assert smallest == drawn.min(axis=1).tolist()
    assert first == [names[place] for place in drawn.argmin(axis=1)]


def test_the_smallest_of_one_is_that_one():
    assert least(["a"]).sql() == '"a"'
