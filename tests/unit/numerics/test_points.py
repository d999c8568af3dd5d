"""Points and the probability they stand for.

Witnesses: totals worked by hand in powers of two, bisection, and what must hold for any effects.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import bisect

from sanzhixin.errors import DomainError
from sanzhixin.numerics.points import (
    match_mean,
    points_to_log_odds,
    points_to_probability,
    scale_min_max,
    scale_pdo,
)

LN2 = math.log(2)
PER_10 = 10 / LN2  # ten points double the odds


effects_of_one = st.lists(st.floats(-6, 6), min_size=1, max_size=8).map(np.array)
effects_of_all = st.lists(effects_of_one, min_size=1, max_size=6)
# Effects below a millionth of log-odds do not come out of data; they would be noise alone here.
spread_effects = effects_of_all.filter(lambda effects: sum(map(np.ptp, effects)) > 1e-6)
totals_of_loans = st.lists(st.integers(-200, 1200), min_size=1, max_size=30).map(np.array)
rates = st.floats(1e-6, 1 - 1e-6)
scales = st.floats(5, 100).map(lambda pdo: pdo / LN2)


# Points that double the odds.


@pytest.mark.parametrize(
    ("base_score", "base_odds", "base"),
    [
        (100, 1, 120),  # odds of 4 are two doublings above 1
        (100, 8, 90),  # and one below 8
        (0, 4, 0),
        (-50, 2, -40),
    ],
)
def test_the_base_is_the_score_plus_ten_points_for_each_doubling(base_score, base_odds, base):
    made = scale_pdo(math.log(4), [], pdo=10, base_score=base_score, base_odds=base_odds)
    assert made.base == base


def test_effects_in_doublings_become_multiples_of_pdo():
    made = scale_pdo(0.0, [np.array([-LN2, 0.0, 3 * LN2]), np.array([LN2 / 2])], pdo=10)
    assert [points.tolist() for points in made.points] == [[-10, 0, 30], [5]]
    assert made.per_log_odds == pytest.approx(PER_10, rel=1e-15)


def test_points_are_whole_numbers_of_python_and_numpy():
    made = scale_pdo(1.234, [np.array([0.3, -0.7])])
    assert type(made.base) is int
    assert made.points[0].dtype == np.int64


def test_a_group_without_effect_gets_no_points():
    assert scale_pdo(0.0, [np.array([np.nan, 2 * LN2])], pdo=10).points[0].tolist() == [0, 20]


@settings(deadline=None)
@given(effects_of_all, st.floats(0.5, 200))
def test_rounding_keeps_the_order_of_effects(effects, pdo):
    for effect, points in zip(effects, scale_pdo(0.0, effects, pdo=pdo).points, strict=True):
        assert (np.diff(points[np.argsort(effect)]) >= 0).all()


@settings(deadline=None)
@given(st.floats(-6, 6), effects_of_all, st.floats(0.5, 200))
def test_a_total_moves_by_at_most_half_a_point_for_each_part(intercept, effects, pdo):
    made = scale_pdo(intercept, effects, pdo=pdo)
    exact = 600 + pdo / LN2 * (intercept - math.log(50) + sum(part[0] for part in effects))
    rounded = made.base + sum(int(points[0]) for points in made.points)
    assert abs(rounded - exact) <= (1 + len(effects)) / 2 + 1e-9


@pytest.mark.parametrize(
    "option",
    [
        {"pdo": 0},
        {"pdo": -20},
        {"pdo": math.nan},
        {"pdo": math.inf},
        {"base_odds": 0},
        {"base_odds": -50},
        {"base_odds": math.inf},
        {"base_odds": math.nan},
        {"base_score": math.nan},
        {"base_score": math.inf},
    ],
    ids=str,
)
def test_an_impossible_scale_is_refused(option):
    with pytest.raises(DomainError, match="points that double the odds lie between"):
        scale_pdo(0.0, [np.array([1.0])], **option)


# Ends of the total.


@pytest.mark.parametrize(
    ("effects", "highest", "points"),
    [
        # Largest effects 2, 2, 1 of 5 share 7 points: 2.8, 2.8, 1.4; the two left go to the .8.
        ([[-1, 1], [0, 2], [0, 1]], 7, [[0, 3], [0, 3], [0, 1]]),
        ([[0, 1], [5, 6]], 3, [[0, 2], [0, 1]]),  # 1.5 each: of equal remainders the first
        ([[0, 1, 2, 4], [0, 0]], 8, [[0, 2, 4, 8], [0, 0]]),  # nothing for what has no effect
        ([[3, 1, 2]], 100, [[100, 0, 50]]),
        ([[0, 1], [0, 1000]], 10, [[0, 0], [0, 10]]),  # 0.01 of a point rounds away
    ],
)
def test_the_span_is_shared_by_largest_remainders(effects, highest, points):
    made = scale_min_max([np.array(part, float) for part in effects], lowest=0, highest=highest)
    assert [part.tolist() for part in made.points] == points


def test_a_unit_of_log_odds_has_the_span_over_the_sum_of_the_largest_effects():
    made = scale_min_max([np.array([-1.0, 1.0]), np.array([0.0, 0.5])], lowest=100, highest=600)
    assert made.per_log_odds == 200.0  # 500 points over 2 + 0.5


def test_the_ends_may_be_below_zero_and_written_with_a_point():
    made = scale_min_max([np.array([0.0, 1.0])], lowest=-50.0, highest=-10.0)
    assert (made.base, made.points[0].tolist(), type(made.base)) == (-50, [0, 40], int)


def test_a_group_without_effect_gets_no_points_between_the_ends():
    made = scale_min_max([np.array([np.nan, -1.0, 1.0])], lowest=0, highest=10)
    assert made.points[0].tolist() == [0, 0, 10]


@pytest.mark.parametrize("effects", [[], [np.array([2.0, 2.0])], [np.array([0.0])] * 2])
def test_without_effects_every_total_is_the_lowest_and_tells_nothing(effects):
    made = scale_min_max(effects)
    assert (made.base, made.per_log_odds) == (300, 0.0)
    assert all((points == 0).all() for points in made.points)


@settings(deadline=None)
@given(spread_effects, st.integers(-1000, 1000), st.integers(1, 2000))
def test_both_ends_are_reached_exactly(effects, lowest, width):
    made = scale_min_max(effects, lowest=lowest, highest=lowest + width)
    worst = made.base + sum(points[part.argmin()] for part, points in _pairs(effects, made))
    best = made.base + sum(points[part.argmax()] for part, points in _pairs(effects, made))
    assert (worst, best) == (lowest, lowest + width)


@settings(deadline=None)
@given(spread_effects, st.integers(1, 2000))
def test_no_total_lies_beyond_the_ends_and_the_order_of_effects_is_kept(effects, width):
    made = scale_min_max(effects, lowest=0, highest=width)
    for effect, points in _pairs(effects, made):
        assert (np.diff(points[np.argsort(effect)]) >= 0).all()
        assert points.min() == 0
    assert sum(points.max() for points in made.points) <= width


@settings(deadline=None)
@given(spread_effects, st.integers(1, 2000))
def test_no_part_of_the_span_is_a_whole_point_off_its_proportion(effects, width):
    made = scale_min_max(effects, lowest=0, highest=width)
    sizes = np.array([np.ptp(effect) for effect in effects])
    exact = width * sizes / sizes.sum()
    assert (abs(exact - [points.max() for points in made.points]) < 1 + 1e-9).all()


def _pairs(effects, made):
    return list(zip(effects, made.points, strict=True))


@pytest.mark.parametrize(
    ("lowest", "highest"),
    [
        (300, 300),
        (850, 300),
        (300.5, 850),
        (300, 850.25),
        (math.nan, 850),
        (300, math.inf),
    ],
)
def test_ends_in_the_wrong_order_or_not_whole_are_refused(lowest, highest):
    with pytest.raises(DomainError, match="lowest total a whole number below the highest"):
        scale_min_max([np.array([0.0, 1.0])], lowest=lowest, highest=highest)


# What a total stands for.


@pytest.mark.parametrize(
    ("points", "odds_of_default"),
    [(500, 1.0), (510, 1 / 2), (520, 1 / 4), (490, 2.0), (530, 1 / 8)],
)
def test_ten_points_more_halve_the_odds_of_default(points, odds_of_default):
    prob = points_to_probability(points, 500, PER_10)
    assert prob == pytest.approx(odds_of_default / (1 + odds_of_default), rel=1e-14)


def test_the_log_odds_are_those_of_the_probability():
    totals = np.arange(300, 900, 7)
    prob = points_to_probability(totals, 487.3, PER_10)
    np.testing.assert_allclose(
        points_to_log_odds(totals, 487.3, PER_10), np.log(prob) - np.log1p(-prob), rtol=1e-9
    )


def test_points_that_tell_nothing_all_stand_for_the_log_odds_in_the_offset():
    # Odds of repayment 4:1 are one default in five.
    prob = points_to_probability([300, 600, 900], math.log(4), 0.0)
    np.testing.assert_allclose(prob, 0.2, rtol=1e-15)


def test_totals_far_out_stand_for_certainty_without_a_warning():
    assert points_to_probability([-(10**9), 10**9], 500, PER_10).tolist() == [1.0, 0.0]


@settings(deadline=None)
@given(totals_of_loans, st.floats(-500, 1500), scales)
def test_the_probability_never_rises_in_the_points(totals, offset, per):
    assert (np.diff(points_to_probability(np.sort(totals), offset, per)) <= 0).all()


def test_the_shape_of_the_totals_is_kept():
    assert points_to_probability(np.zeros((2, 3)), 0, 1.0).shape == (2, 3)
    assert points_to_log_odds(500, 500, 1.0).shape == ()


# The offset that meets a rate.


@pytest.mark.parametrize(
    ("points", "weights", "rate"),
    [
        # With the offset 10, a total of 10 has odds 1 and a total of 0 has odds 2.
        ([10, 0], None, 7 / 12),  # (1/2 + 2/3) / 2
        ([10, 0], [1, 3], 5 / 8),  # (1/2 + 3 * 2/3) / 4
        ([10], None, 1 / 2),
        ([20, 20, 20], None, 1 / 3),  # odds 1/2
        ([20, 10, 0], [0, 0, 5], 2 / 3),
    ],
)
def test_the_offset_is_the_one_worked_by_hand(points, weights, rate):
    assert match_mean(points, PER_10, rate, weights) == pytest.approx(10.0, abs=1e-10)


def test_the_offset_agrees_with_bisection():
    rng = np.random.default_rng(4)
    points, weights = rng.integers(400, 700, 200), rng.random(200)

    def excess(offset):
        odds = np.exp((offset - points) / PER_10)
        return weights @ (odds / (1 + odds)) / weights.sum() - 0.07

    found = match_mean(points, PER_10, 0.07, weights)
    assert found == pytest.approx(bisect(excess, 0, 1000, xtol=1e-11), abs=1e-9)


def test_without_information_the_offset_is_the_log_odds_of_repayment():
    assert match_mean([600, 600], 0.0, 0.2) == pytest.approx(math.log(4), rel=1e-15)


@settings(deadline=None)
@given(totals_of_loans, scales, rates)
def test_the_mean_probability_is_the_rate(totals, per, rate):
    prob = points_to_probability(totals, match_mean(totals, per, rate), per)
    assert prob.mean() == pytest.approx(rate, rel=1e-12)


@settings(deadline=None)
@given(totals_of_loans, scales, rates, st.integers(0, 1000))
def test_the_weighted_mean_probability_is_the_rate(totals, per, rate, seed):
    weights = np.random.default_rng(seed).uniform(0.1, 5, totals.size)
    prob = points_to_probability(totals, match_mean(totals, per, rate, weights), per)
    assert np.average(prob, weights=weights) == pytest.approx(rate, rel=1e-12)


@settings(deadline=None)
@given(totals_of_loans, scales, rates, st.integers(0, 1000))
def test_weights_are_rows_given_again(totals, per, rate, seed):
    times = np.random.default_rng(seed).integers(1, 4, totals.size)
    assert match_mean(totals, per, rate, times) == match_mean(np.repeat(totals, times), per, rate)


@settings(deadline=None)
@given(totals_of_loans, scales, rates, st.integers(0, 1000))
def test_the_order_of_the_rows_does_not_matter(totals, per, rate, seed):
    turned = np.random.default_rng(seed).permutation(totals)
    assert match_mean(turned, per, rate) == match_mean(totals, per, rate)


@settings(max_examples=50, deadline=None)
@given(totals_of_loans, scales, rates, st.integers(-300, 300))
def test_more_points_for_everybody_move_the_offset_alone(totals, per, rate, more):
    moved = match_mean(totals + more, per, rate)
    assert moved == pytest.approx(match_mean(totals, per, rate) + more, abs=1e-8)


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, 1.5, math.nan])
@pytest.mark.parametrize("per", [0.0, PER_10])
def test_a_rate_that_is_no_rate_is_refused(rate, per):
    with pytest.raises(DomainError, match="must lie strictly between 0 and 1"):
        match_mean([500, 600], per, rate)
