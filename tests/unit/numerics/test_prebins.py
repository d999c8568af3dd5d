from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanzhixin.numerics.prebins import edge_between, prebin_ranks


def made_of(values, is_event, weights=None, **options):
    given_weights = None if weights is None else np.array(weights, dtype=float)
    return prebin_ranks(
        np.array(values, dtype=float), np.array(is_event, dtype=bool), given_weights, **options
    )


def groups(made):
    return list(zip(made.smallest.tolist(), made.largest.tolist(), strict=True))


def counts(made):
    return list(zip(made.events.tolist(), made.nonevents.tolist(), strict=True))


def assert_same(one, other):
    for name in ("smallest", "largest", "events", "nonevents", "cuts"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def test_few_distinct_values_get_a_group_each():
    # 1 once, an event; 2 three times, one event; 5 twice, two events.
    made = made_of([2, 5, 1, 2, 5, 2], [0, 1, 1, 1, 1, 0])
    assert groups(made) == [(1, 1), (2, 2), (5, 5)]
    assert counts(made) == [(1, 0), (1, 2), (2, 0)]
    assert made.cuts.tolist() == [False, False]


NINE = [1, 2, 3, 4, 5, 6, 7, 8, 9]
# Middle ranks 0.5, 1.5 ... of nine distinct values, times groups / 9, rounded down; above the
# middle, counted from the upper end alike.
RANKS = {
    "one group": (NINE, 1, [(1, 9)]),
    "two groups: 4.5 is half of nine": (NINE, 2, [(1, 4), (5, 9)]),
    "three groups": (NINE, 3, [(1, 3), (4, 6), (7, 9)]),
    # Below 2.25: 0.5, 1.5; 4.5: 2.5, 3.5; 6.75: 4.5 ... 6.5.
    "four groups": (NINE, 4, [(1, 2), (3, 4), (5, 7), (8, 9)]),
    "as many groups as values": (NINE, 9, [(v, v) for v in NINE]),
    "as many groups as values of unequal weight": ([*[1] * 10, 2, 3], 3, [(1, 1), (2, 2), (3, 3)]),
    "more groups than values": (NINE, 64, [(v, v) for v in NINE]),
    # 16 rows, 5 holds the ranks 3 to 13, middle 8 of 16, the third quarter begins; 1 to 3 end at
    # 2.5 and 6 to 8 begin at 13.5, in the first and the last quarter.
    "a spike stands alone": ([1, 2, 3, *[5] * 10, 6, 7, 8], 4, [(1, 3), (5, 5), (6, 8)]),
    # 4 of 8 rows are 1: middle 2, the first half; 2 has 4.5.
    "a spike at the start": ([1, 1, 1, 1, 2, 3, 4, 5], 2, [(1, 1), (2, 5)]),
    # 12 rows, middles 0.5, 4, 8, 10.5 of 12: on the borders of the middle third, 4 and 8 are in it.
    "ties go together": ([1, *[2] * 6, 3, 3, *[4] * 3], 3, [(1, 1), (2, 3), (4, 4)]),
}


@pytest.mark.parametrize(("values", "most", "expected"), RANKS.values(), ids=RANKS.keys())
def test_groups_are_cut_at_ranks(values, most, expected):
    assert groups(made_of(values, [0] * len(values), max_prebins=most)) == expected


def test_weights_move_the_ranks():
    # Weight 12: 1 has the middle 3 of 12, 2 has 6.5, 3 to 7 have 7.5 to 11.5.
    made = made_of([1, 2, 3, 4, 5, 6, 7], [1, 0, 0, 0, 0, 0, 1], [6] + [1] * 6, max_prebins=2)
    assert groups(made) == [(1, 1), (2, 7)]
    assert counts(made) == [(6, 0), (1, 5)]


SPLITS = {
    "between values": ([2.5], [(1, 2), (3, 4)], [True]),
    "at a value, which begins the group": ([3], [(1, 2), (3, 4)], [True]),
    "twice the same": ([3, 3], [(1, 2), (3, 4)], [True]),
    "two between the same values": ([2.2, 2.8], [(1, 2), (3, 4)], [True]),
    "out of order": ([4, 2], [(1, 1), (2, 3), (4, 4)], [True, True]),
    "at the smallest": ([1], [(1, 4)], []),
    "below all": ([-7], [(1, 4)], []),
    "above all": ([4.5], [(1, 4)], []),
    "none": ([], [(1, 4)], []),
}


@pytest.mark.parametrize(("splits", "expected", "cuts"), SPLITS.values(), ids=SPLITS.keys())
def test_a_group_begins_at_every_split(splits, expected, cuts):
    made = made_of([1, 2, 3, 4], [0, 1, 0, 1], max_prebins=1, splits=splits)
    assert groups(made) == expected
    assert made.cuts.tolist() == cuts


def test_splits_are_told_from_the_other_ends():
    made = made_of([1, 2, 3, 4], [0, 1, 0, 1], splits=[3])
    assert groups(made) == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert made.cuts.tolist() == [False, True, False]


def test_splits_come_on_top_of_the_groups_by_rank():
    # By rank 1 to 4 and 5 to 9; the split at 8 cuts the second.
    made = made_of(NINE, [0] * 9, max_prebins=2, splits=[8])
    assert groups(made) == [(1, 4), (5, 7), (8, 9)]
    assert made.cuts.tolist() == [False, True]


WHOLE = {
    "half-open: 5 stands apart": ([(2, 5)], [(1, 1), (2, 4), (5, 5), (6, 6)]),
    "up to infinity": ([(4, math.inf)], [(1, 1), (2, 2), (3, 3), (4, 6)]),
    "two intervals side by side": ([(1, 3), (3, 6)], [(1, 2), (3, 5), (6, 6)]),
    "overlapping intervals": ([(1, 4), (3, 6)], [(1, 5), (6, 6)]),
    "one value only": ([(3, 4)], [(v, v) for v in range(1, 7)]),
    "no value": ([(3.2, 3.8)], [(v, v) for v in range(1, 7)]),
    "all": ([(-math.inf, math.inf)], [(1, 6)]),
}


@pytest.mark.parametrize(("whole", "expected"), WHOLE.values(), ids=WHOLE.keys())
def test_no_group_ends_within_a_whole_interval(whole, expected):
    made = made_of([1, 2, 3, 4, 5, 6], [0, 1, 0, 1, 0, 1], whole=whole)
    assert groups(made) == expected
    assert not made.cuts.any()


def test_a_split_within_a_whole_interval_still_splits():
    made = made_of([1, 2, 3, 4], [0, 1, 0, 1], whole=[(1, 5)], splits=[3])
    assert groups(made) == [(1, 2), (3, 4)]
    assert made.cuts.tolist() == [True]


SMALL = {
    "one row": ([7], [1], [(7, 7)], [(1, 0)]),
    "all equal": ([7, 7, 7], [1, 0, 0], [(7, 7)], [(1, 2)]),
    "both zeros are one value": ([0.0, -0.0], [1, 0], [(0, 0)], [(1, 1)]),
    "adjacent doubles are two": (
        [1, math.nextafter(1, 2)],
        [1, 0],
        [(1, 1), (math.nextafter(1, 2), math.nextafter(1, 2))],
        [(1, 0), (0, 1)],
    ),
}


@pytest.mark.parametrize("weights", [None, 1.0], ids=["rows", "weights"])
@pytest.mark.parametrize(
    ("values", "is_event", "expected", "known"), SMALL.values(), ids=SMALL.keys()
)
def test_small_columns(values, is_event, expected, known, weights):
    made = made_of(values, is_event, None if weights is None else [weights] * len(values))
    assert groups(made) == expected
    assert counts(made) == known


@pytest.mark.parametrize("weights", [None, []], ids=["rows", "weights"])
def test_a_column_without_rows_has_no_groups(weights):
    made = made_of([], [], weights)
    assert (groups(made), counts(made), made.cuts.tolist()) == ([], [], [])


# Few different values, so that ties are usual, beside any.
value = st.integers(-4, 4).map(float) | st.floats(-1e6, 1e6)
rows = st.lists(st.tuples(value, st.booleans(), st.integers(1, 3)), min_size=1, max_size=60)
options = st.fixed_dictionaries(
    {
        "max_prebins": st.integers(1, 12),
        "splits": st.lists(value, max_size=3),
        "whole": st.lists(st.tuples(value, value).map(sorted).map(tuple), max_size=2),
    }
)


@given(rows, options)
def test_weights_equal_rows_given_several_times_exactly(rows, options):
    values, is_event, weights = zip(*rows, strict=True)
    repeated = made_of(np.repeat(values, weights), np.repeat(is_event, weights), **options)
    assert_same(made_of(values, is_event, weights, **options), repeated)


@given(rows, options)
def test_weights_of_one_equal_no_weights_exactly(rows, options):
    values, is_event, _ = zip(*rows, strict=True)
    by_weight = made_of(values, is_event, [1] * len(rows), **options)
    assert_same(by_weight, made_of(values, is_event, **options))


def test_the_order_of_rows_of_one_value_does_not_touch_the_rounding_of_their_sum():
    # Left to right 0.1 + 0.2 + 0.3 is 0.6000000000000001 and 0.3 + 0.2 + 0.1 is 0.6.
    rng = np.random.default_rng(2)
    values, is_event, weights = rng.integers(0, 5, 2000), rng.random(2000) < 0.2, rng.random(2000)
    order = rng.permutation(2000)
    assert_same(
        made_of(values[order], is_event[order], weights[order]),
        made_of(values, is_event, weights),
    )


@given(rows, options, st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing_at_all(rows, options, is_weighted, random):
    shuffled = random.sample(rows, len(rows))
    one, other = (
        made_of(v, e, [w / 10 for w in weights] if is_weighted else None, **options)
        for v, e, weights in (zip(*table, strict=True) for table in (rows, shuffled))
    )
    assert_same(one, other)


@given(rows, options)
def test_every_row_lies_in_one_group(rows, options):
    values, is_event, weights = (np.array(part) for part in zip(*rows, strict=True))
    made = made_of(values, is_event, weights, **options)
    assert (made.smallest <= made.largest).all()
    assert (made.largest[:-1] < made.smallest[1:]).all()
    for low, high, events, nonevents in zip(
        made.smallest, made.largest, made.events, made.nonevents, strict=True
    ):
        inside = (values >= low) & (values <= high)
        assert events == weights[inside & is_event].sum()
        assert nonevents == weights[inside & ~is_event].sum()
    assert made.events.sum() + made.nonevents.sum() == weights.sum()


@given(rows, options)
def test_there_are_no_more_groups_than_asked_for_and_split(rows, options):
    values, is_event, weights = zip(*rows, strict=True)
    made = made_of(values, is_event, weights, **options)
    assert made.smallest.size <= options["max_prebins"] + made.cuts.sum()
    assert made.cuts.size == made.smallest.size - 1


@given(rows, options)
def test_splits_and_whole_intervals_are_kept(rows, options):
    values, is_event, weights = zip(*rows, strict=True)
    made = made_of(values, is_event, weights, **options)
    ends = list(zip(made.largest[:-1], made.smallest[1:], made.cuts, strict=True))
    for below, above, is_cut in ends:
        assert is_cut == any(below < split <= above for split in options["splits"])
        assert is_cut or not any(low <= below and above < high for low, high in options["whole"])
    split_off = [s for s in set(options["splits"]) if min(values) < s <= max(values)]
    assert all(any(below < s <= above for below, above, _ in ends) for s in split_off)


@given(rows, st.integers(1, 12))
def test_only_the_ranks_of_the_values_count(rows, most):
    values, is_event, weights = zip(*rows, strict=True)
    ranks = np.unique(values, return_inverse=True)[1]
    by_value = made_of(values, is_event, weights, max_prebins=most)
    by_rank = made_of(ranks, is_event, weights, max_prebins=most)
    assert counts(by_value) == counts(by_rank)


def test_a_million_different_values_make_groups_of_equal_weight():
    values = np.random.default_rng(4).permutation(1_000_000)
    made = prebin_ranks(values.astype(float), values % 10 == 0)
    # 1,000,000 / 64 = 15,625 rows; middles of ranks never lie on a border.
    np.testing.assert_array_equal(made.events + made.nonevents, np.full(64, 15_625))


SMALLEST = math.ulp(0.0)
LARGEST = float(np.finfo(float).max)
EDGES = {
    "one digit of 46,997": ((41_873.2, 52_120.9), 50_000),
    "the upper of two integers": ((3, 4), 4),  # 3.5 rounds to 4, which is allowed
    "the lower is not allowed": ((4, 5), 4.5),  # 4.5 in one digit is 4 (to even)
    "half a step between even and odd": ((1000, 1001), 1000.5),
    "two digits": ((0.121, 0.139), 0.13),
    "one digit of 0.127 does not fit, two do": ((0.12, 0.134), 0.13),
    "one digit of 699.95": ((699.9, 700.0), 700),
    "negative": ((-52_120.9, -41_873.2), -50_000),
    "negative integers": ((-4, -3), -3.5),  # -3.5 rounds to -4, which is not above the first
    "about zero": ((-1, 1), 0),
    "about zero, uneven": ((-1, 2), 0.5),
    "from zero": ((0, 1), 0.5),
    "up to zero": ((-1, 0), -0.5),
    "below zero by the least": ((-SMALLEST, 0), 0),
    "above zero by the least": ((0, SMALLEST), SMALLEST),
    "least numbers of both signs": ((-SMALLEST, SMALLEST), 0),
    "neighbours above one": ((1, math.nextafter(1, 2)), math.nextafter(1, 2)),
    "neighbours below one": ((math.nextafter(1, 0), 1), 1),
    "largest numbers": ((math.nextafter(LARGEST, 0), LARGEST), LARGEST),
    "all numbers": ((-LARGEST, LARGEST), 0),
    "one digit of 1.345e308": ((0.9e308, 1.79e308), 1e308),
}


@pytest.mark.parametrize(("pair", "edge"), EDGES.values(), ids=EDGES.keys())
def test_an_edge_is_the_middle_in_few_digits(pair, edge):
    assert edge_between(*pair) == edge


finite = st.floats(allow_nan=False, allow_infinity=False)
pairs = st.tuples(finite, finite).map(sorted).filter(lambda pair: pair[0] < pair[1])
neighbours = finite.filter(lambda x: x < LARGEST).map(lambda x: (x, math.nextafter(x, math.inf)))
subnormal = st.integers(-1000, 1000).map(lambda k: k * SMALLEST)
subnormals = st.tuples(subnormal, subnormal).map(sorted).filter(lambda pair: pair[0] < pair[1])


@given(pairs | neighbours | subnormals)
def test_an_edge_is_above_the_first_and_not_above_the_second(pair):
    low, high = pair
    edge = edge_between(low, high)
    assert low < edge <= high


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_an_edge_has_no_more_digits_than_the_distance_asks_for(low, width):
    # Rounding moves the middle by half a unit of the last digit; where the unit is below the
    # distance, the edge stays between.  A distance of 10^-k of the middle needs k + 1 digits.
    high = low + width
    middle, distance = (Decimal(low) + Decimal(high)) / 2, Decimal(high) - Decimal(low)
    digits = next(d for d in range(1, 40) if unit_of(middle, d) < distance * Decimal("0.999"))
    assert len(Decimal(repr(edge_between(low, high))).normalize().as_tuple().digits) <= digits


def unit_of(number, digits):
    return Decimal(10) ** (number.adjusted() - digits + 1)
