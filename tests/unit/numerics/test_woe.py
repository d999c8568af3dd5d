from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import bisect
from scipy.stats import binom, chi2, ncx2

from sanzhixin.errors import DomainError
from sanzhixin.numerics.woe import (
    NO_INFORMATION,
    InformationValue,
    information_value,
    shrink_to_trend,
    weight_of_evidence,
)

RTOL = 1e-12  # both sides take a handful of logarithms in double precision

# 40 events and 160 non-events: shares of 1/4, 3/4 and of 9/16, 7/16.
EVENTS, NONEVENTS = [10, 30], [90, 70]
WOE = [math.log(9 / 4), math.log(7 / 12)]  # 9/16 : 1/4 and 7/16 : 3/4; 0.8109 and -0.5390
# 1/90 - 1/160 + 1/10 - 1/40 = 115/1440 and 1/70 - 1/160 + 1/30 - 1/40 = 55/3360.
SE = [math.sqrt(115 / 1440), math.sqrt(55 / 3360)]
IV = 5 / 16 * math.log(27 / 7)  # 9/16 - 1/4 = 5/16 of the difference of both, ln(9/4 * 12/7)


def test_the_weights_of_evidence_are_those_worked_by_hand():
    np.testing.assert_allclose(weight_of_evidence(EVENTS, NONEVENTS).woe, WOE, rtol=RTOL)


def test_the_standard_errors_are_those_worked_by_hand():
    np.testing.assert_allclose(weight_of_evidence(EVENTS, NONEVENTS).se, SE, rtol=RTOL)


def test_a_bin_of_all_rows_tells_nothing_and_is_sure_of_it():
    found = weight_of_evidence([7], [13])
    assert (found.woe.tolist(), found.se.tolist()) == ([0.0], [0.0])


FIVE = [8, 20, 35, 20, 17], [400, 700, 500, 200, 100]


@pytest.mark.parametrize("place", range(5))
def test_the_standard_error_is_that_of_the_delta_method(place):
    # Multinomial counts have the covariance diag(c) - c c' / n; the gradient is numerical.
    def woe(counts):
        return weight_of_evidence(*counts.reshape(2, 5)).woe[place]

    counts = np.array(FIVE, dtype=float).ravel()
    steps = 1e-4 * np.diag(counts)
    gradient = [(woe(counts + s) - woe(counts - s)) / (2 * s.sum()) for s in steps]
    events, nonevents = np.split(counts, 2)
    covariance = np.zeros((10, 10))
    for block, part in ((slice(0, 5), events), (slice(5, 10), nonevents)):
        covariance[block, block] = np.diag(part) - np.outer(part, part) / part.sum()
    np.testing.assert_allclose(
        weight_of_evidence(*FIVE).se[place] ** 2, gradient @ covariance @ gradient, rtol=1e-6
    )


def test_the_standard_error_is_the_scatter_of_repeated_samples():
    # 20,000 samples know a standard deviation to 1 / sqrt(40,000) = 0.5 %; the delta method is
    # good to about half of 1 / events, here 1 / 80.
    rng = np.random.default_rng(8)
    e, g = (10 * np.array(part) for part in FIVE)
    samples = zip(
        rng.multinomial(e.sum(), e / e.sum(), 20_000),
        rng.multinomial(g.sum(), g / g.sum(), 20_000),
        strict=True,
    )
    scatter = np.std([weight_of_evidence(*sample).woe for sample in samples], axis=0)
    np.testing.assert_allclose(weight_of_evidence(e, g).se, scatter, rtol=0.03)


counts = st.integers(1, 10_000)
tables = st.lists(st.tuples(counts, counts), min_size=1, max_size=8).map(
    lambda pairs: tuple(np.array(pairs, dtype=float).T)
)


@given(tables)
def test_events_and_non_events_swapped_turn_the_sign_of_the_weights(table):
    there, back = weight_of_evidence(*table), weight_of_evidence(*table[::-1])
    np.testing.assert_allclose(back.woe, -there.woe, rtol=RTOL, atol=1e-14)
    np.testing.assert_allclose(back.se, there.se, rtol=1e-9, atol=1e-12)


@given(tables, st.integers(2, 50))
def test_a_multiple_of_the_rows_keeps_the_weights_and_shrinks_their_errors(table, factor):
    once, often = weight_of_evidence(*table), weight_of_evidence(*(factor * p for p in table))
    np.testing.assert_allclose(often.woe, once.woe, rtol=RTOL, atol=1e-14)
    np.testing.assert_allclose(often.se * math.sqrt(factor), once.se, rtol=1e-9, atol=1e-9)


@given(tables, st.permutations(range(8)))
def test_the_order_of_the_bins_does_not_matter(table, order):
    order = [place for place in order if place < table[0].size]
    plain, shuffled = weight_of_evidence(*table), weight_of_evidence(*(p[order] for p in table))
    np.testing.assert_allclose(shuffled.woe, plain.woe[order], rtol=RTOL, atol=1e-14)


EMPTY = {
    "no event": ([3, 0, 2], [5, 6, 7], "Bin 1 holds 0 events and 6 non-events"),
    "no non-event": ([3, 4], [5, 0], "Bin 1 holds 4 events and 0 non-events"),
    "an empty bin": ([0, 4], [0, 9], "Bin 0 holds 0 events and 0 non-events"),
    "the first of two": ([1, 0, 0], [1, 1, 1], "Bin 1 .*Merge it with a neighbour"),
    "negative": ([-1, 4], [3, 9], "Bin 0 holds -1 events"),
    "missing": ([2, np.nan], [3, 9], "Bin 1 holds nan events"),
}


@pytest.mark.parametrize("method", [weight_of_evidence, information_value])
@pytest.mark.parametrize(("events", "nonevents", "words"), EMPTY.values(), ids=EMPTY.keys())
def test_bins_without_events_or_without_non_events_are_refused(method, events, nonevents, words):
    with pytest.raises(DomainError, match=words) as caught:
        method(events, nonevents)
    assert caught.value.code == "woe_counts"


def test_the_information_value_is_the_one_worked_by_hand():
    assert information_value(EVENTS, NONEVENTS).iv == pytest.approx(IV, rel=RTOL)


def test_the_value_expected_by_chance_is_the_one_worked_by_hand():
    # One degree of freedom; 1/40 + 1/160 = 1/32.
    found = information_value(EVENTS, NONEVENTS)
    assert found.expected_by_chance == pytest.approx(1 / 32, rel=RTOL)


def test_the_p_value_is_the_one_worked_by_hand():
    # 32 * 0.4219 = 13.499 = 3.674^2, two-sided beyond a normal 3.674: 2.4e-4.
    found = information_value(EVENTS, NONEVENTS)
    assert found.p_value == pytest.approx(math.erfc(math.sqrt(32 * IV / 2)), rel=1e-10)
    assert found.p_value == pytest.approx(2.4e-4, rel=0.01)


def test_the_p_value_stands_third():
    assert InformationValue(0.4, 0.1, 0.02, 0.3, 0.5).p_value == 0.02


def test_the_interval_is_the_one_worked_by_hand():
    # 32 * 0.4219 = 13.499 = 3.674^2.  With one degree of freedom it is the square of a normal
    # variable about the root of the noncentrality: (3.674 -+ 1.960)^2 / 32, as the far tail
    # beyond -3.674 does not count: 0.0918 and 0.9920.
    found = information_value(EVENTS, NONEVENTS)
    root = math.sqrt(32 * IV)
    np.testing.assert_allclose(
        [found.lower, found.upper],
        [(root - 1.959964) ** 2 / 32, (root + 1.959964) ** 2 / 32],
        rtol=2e-4,
    )


def test_one_bin_has_no_information():
    found = information_value([7], [13])
    assert found == NO_INFORMATION == InformationValue(0.0, 0.0, 1.0, 0.0, 0.0)


def test_equal_rates_have_no_information():
    # A statistic of 0 lies in the lower tail whatever the noncentrality, so both ends are 0.
    found = information_value([1, 2, 4], [3, 6, 12])
    assert (found.iv, found.p_value, found.lower, found.upper) == (0.0, 1.0, 0.0, 0.0)


LEVELS = [0.5, 0.9, 0.95, 0.99]
TABLES = {
    "two bins": (EVENTS, NONEVENTS),
    "five bins": FIVE,
    "little": ([10, 11, 9, 12], [100, 100, 100, 105]),
    "strong": ([5, 40, 300], [5000, 3000, 1000]),
    "many rows": ([10_000, 20_000, 9_000], [1_000_000, 1_500_000, 400_000]),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
def test_the_interval_inverts_the_noncentral_chi_square(table, level):
    # The lower end is 0 when even a central chi-square has the statistic within its upper tail.
    e, g = (np.array(part, dtype=float) for part in table)
    found = information_value(e, g, level=level)
    size, freedom = e.sum() * g.sum() / (e.sum() + g.sum()), e.size - 1
    statistic, tail = size * found.iv, (1 - level) / 2
    for end, probability in ((found.lower, 1 - tail), (found.upper, tail)):
        reached = ncx2.cdf(statistic, freedom, size * end)
        central = chi2.cdf(statistic, freedom)
        if end > 0:
            assert reached == pytest.approx(probability, rel=1e-7)
        else:
            assert central <= probability


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
def test_the_p_value_of_fixed_bins_is_the_tail_of_a_chi_square(table):
    e, g = (np.array(part, dtype=float) for part in table)
    found = information_value(e, g)
    statistic = found.iv * e.sum() * g.sum() / (e.sum() + g.sum())
    assert found.p_value == pytest.approx(chi2.sf(statistic, e.size - 1), rel=1e-9)


@given(tables)
def test_the_information_value_is_the_same_for_events_and_non_events_swapped(table):
    there, back = information_value(*table), information_value(*table[::-1])
    np.testing.assert_allclose(
        [back.iv, back.expected_by_chance, back.p_value, back.lower, back.upper],
        [there.iv, there.expected_by_chance, there.p_value, there.lower, there.upper],
        rtol=1e-6,
        atol=1e-9,
    )


@settings(deadline=None)
@given(tables)
def test_a_higher_level_widens_the_interval(table):
    ends = [information_value(*table, level=level) for level in LEVELS]
    slack = 1e-9 * (1 + ends[-1].upper)
    assert (np.diff([found.lower for found in ends]) <= slack).all()
    assert (np.diff([found.upper for found in ends]) >= -slack).all()
    assert all(found.lower <= found.upper for found in ends)


@given(tables)
def test_the_information_value_is_the_mean_difference_of_the_weights_of_evidence(table):
    e, g = table
    woe = weight_of_evidence(e, g).woe
    mean_difference = woe @ (g / g.sum()) - woe @ (e / e.sum())
    np.testing.assert_allclose(information_value(e, g).iv, mean_difference, rtol=1e-9, atol=1e-13)


SHARES = np.array([0.1, 0.2, 0.3, 0.25, 0.15])
# Tilted by exp(-0.47 b): the divergence is 0.3088.
TILTED = SHARES * np.exp(-0.47 * np.arange(5))
REPLICATIONS = 400


@pytest.mark.parametrize(
    ("events_shares", "nominal"),
    # Without information the interval misses on one side only, at a statistic above 97.5 %.
    [(SHARES, 0.975), (TILTED / TILTED.sum(), 0.95)],
    ids=["no information", "about 0.3"],
)
def test_the_interval_covers_as_often_as_it_says(events_shares, nominal):
    truth = float(np.sum((SHARES - events_shares) * np.log(SHARES / events_shares)))
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(REPLICATIONS):
        e, g = rng.multinomial(500, events_shares), rng.multinomial(4500, SHARES)
        found = information_value(e, g)
        covered += found.lower <= truth <= found.upper
    # Chance alone leaves these bounds once in a thousand seeds.
    lowest, highest = binom.ppf([0.0005, 0.9995], REPLICATIONS, nominal)
    assert lowest <= covered <= highest


def test_the_value_expected_by_chance_is_the_mean_of_samples_without_information():
    # The variance of a chi-square of 4 degrees is 8, so the mean of 4,000 is known to 0.045 of 4;
    # the next term of its expansion is below 1 % with 50 events in the smallest bin.
    rng = np.random.default_rng(12)
    found = [
        information_value(rng.multinomial(500, SHARES), rng.multinomial(4500, SHARES))
        for _ in range(4000)
    ]
    mean = np.mean([sample.iv for sample in found])
    # 4 degrees of freedom times 1/500 + 1/4500 = 1/450.
    assert found[0].expected_by_chance == pytest.approx(4 / 450, rel=RTOL)
    assert mean == pytest.approx(4 / 450, rel=0.04)


@pytest.mark.parametrize("level", [0.01, 0.05, 0.2, 0.5])
def test_fixed_bins_without_information_have_small_p_values_as_often_as_they_say(level):
    # 500 events in the smallest bin, so that the chi-square is good to a per cent.
    rng = np.random.default_rng(13)
    below = [
        information_value(rng.multinomial(5000, SHARES), rng.multinomial(45_000, SHARES)).p_value
        <= level
        for _ in range(1000)
    ]
    lowest, highest = binom.ppf([0.0005, 0.9995], 1000, level)
    assert lowest <= sum(below) <= highest


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, float("nan")])
def test_a_level_outside_0_and_1_is_refused(level):
    with pytest.raises(DomainError, match=r"level=.* must lie strictly between 0 and 1") as caught:
        information_value(EVENTS, NONEVENTS, level=level)
    assert caught.value.code == "probability_open"


# shrink_to_trend

PLACES = [0.2, 0.5, 0.8]
STEPS = [-0.5, 0.2, 0.4]
# Slope (0.3 * 0.5 + 0.3 * 0.4) / 0.18 = 1.5 about the mean 1/30: -5/12, 1/30, 29/60; residuals
# -1/12, 1/6, -1/12 with the sum of squares 1/24.
LINE = [-5 / 12, 1 / 30, 29 / 60]


def test_scatter_below_chance_leaves_the_line():
    # 1/24 over 0.1 is 0.42, less than the one degree of freedom.
    found = shrink_to_trend(STEPS, [0.1] * 3, PLACES, "rising")
    np.testing.assert_allclose(found, LINE, rtol=RTOL)


@pytest.mark.parametrize(
    ("variance", "share"),
    # 1/24 over the variance and what is between must be 1, so that 1/24 less the variance is
    # between: 1 - 24 * variance of each residual stays.  Over 1/36 alone it is 1.5, over 0.01 4.17.
    [(0.01, 0.76), (1 / 36, 1 / 3)],
)
def test_scatter_beyond_chance_keeps_its_share(variance, share):
    found = shrink_to_trend(STEPS, [variance] * 3, PLACES, "rising")
    np.testing.assert_allclose(found, LINE + share * (np.array(STEPS) - LINE), rtol=1e-9)


def test_the_level_keeps_its_share_about_the_mean():
    # Mean 1/30, residuals -8/15, 1/6, 11/30: squares 0.2844 + 0.0278 + 0.1344 = 67/150 over two
    # degrees 67/300 = 0.2233, of which 0.1 by chance: 1 - 30/67 = 37/67 of each residual stays.
    found = shrink_to_trend(STEPS, [0.1] * 3, PLACES, "level")
    np.testing.assert_allclose(found, 1 / 30 + 37 / 67 * (np.array(STEPS) - 1 / 30), rtol=1e-9)


def test_a_level_below_chance_is_the_weighted_mean():
    # Precisions 1, 2, 1: (-0.5 + 2 * 0.2 + 0.4) / 4 = 0.075; squares over variances
    # 0.331 + 2 * 0.016 + 0.106 = 0.47, less than two degrees.
    found = shrink_to_trend(STEPS, [1, 0.5, 1], PLACES, "level")
    np.testing.assert_allclose(found, [0.075] * 3, rtol=RTOL)


WOES = np.array([-1.2, -0.4, -0.3, 0.1, 0.9, 1.0])
VARIANCES = np.array([0.02, 0.01, 0.05, 0.015, 0.08, 0.03])
AT = np.array([0.05, 0.2, 0.4, 0.6, 0.8, 0.95])


def weighted_line(w, variance, z, *, is_level):
    """Weighted least squares by the textbook formulas for one slope."""
    u = 1 / variance
    mean_w, mean_z = np.average(w, weights=u), np.average(z, weights=u)
    if is_level:
        return np.full(w.size, mean_w)
    slope = (u @ ((z - mean_z) * (w - mean_w))) / (u @ (z - mean_z) ** 2)
    return mean_w + slope * (z - mean_z)


@pytest.mark.parametrize(("course", "freedom"), [("rising", 4), ("level", 5)])
def test_the_scatter_left_over_solves_the_equation_of_paule_and_mandel(course, freedom):
    # Both unknowns are read from the answer: s = w - (w - line) * v / (v + between), so that
    # residuals over v + between are (w - s) / v.
    found = shrink_to_trend(WOES, VARIANCES, AT, course)
    standardised = (WOES - found) / VARIANCES  # (w - line) / (v + between)

    def left_over(between):
        return np.sum(standardised**2 * (VARIANCES + between)) - freedom

    between = bisect(left_over, 0, 10, xtol=1e-15)
    line = weighted_line(WOES, VARIANCES + between, AT, is_level=course == "level")
    np.testing.assert_allclose(
        found, line + between / (between + VARIANCES) * (WOES - line), rtol=1e-8
    )


def test_the_level_agrees_with_the_random_effects_of_statsmodels():
    # A smaller tolerance is lost in rounding, upon which statsmodels 0.15 answers 0.
    with warnings.catch_warnings(action="ignore"):
        from statsmodels.stats.meta_analysis import combine_effects

        other = combine_effects(WOES, VARIANCES, method_re="iterated", atol=1e-8)
    between, mean = other.tau2, other.mean_effect_re
    np.testing.assert_allclose(
        shrink_to_trend(WOES, VARIANCES, AT, "level"),
        (between * WOES + VARIANCES * mean) / (between + VARIANCES),
        rtol=1e-8,
    )


@pytest.mark.parametrize("course", ["rising", "level"])
def test_nothing_is_shrunk_when_there_are_many_events(course):
    found = shrink_to_trend(WOES, 1e-10 * VARIANCES, AT, course)
    np.testing.assert_allclose(found, WOES, atol=1e-9)


FEW = {
    "no bin": ([], [], [], "rising"),
    "one bin": ([0.3], [0.1], [0.5], "falling"),
    "one bin, level": ([0.3], [0.1], [0.5], "level"),
    "two bins": ([-0.3, 0.7], [0.1, 4.0], [0.2, 0.9], "rising"),
    "two falling bins": ([0.7, -0.3], [0.1, 4.0], [0.2, 0.9], "falling"),
}


@pytest.mark.parametrize(("woe", "variance", "position", "course"), FEW.values(), ids=FEW.keys())
def test_bins_that_lie_on_their_line_stay(woe, variance, position, course):
    assert shrink_to_trend(woe, variance, position, course).tolist() == woe


def test_equal_weights_of_evidence_stay_equal():
    found = shrink_to_trend([0.2] * 4, [0.1, 0.2, 0.3, 0.4], [0.1, 0.3, 0.6, 0.9], "rising")
    np.testing.assert_allclose(found, [0.2] * 4, rtol=RTOL)


def test_two_bins_that_shrinking_would_swap_share_their_weighted_mean():
    # The second bin is well known and stays above the line; the third is hardly known and would
    # fall back to the line, below the second.
    w = np.array([-1.0, 0.5, 0.55, 0.7, 0.8])
    v, z = np.array([0.01, 0.01, 1.0, 0.01, 0.01]), np.array([0.1, 0.4, 0.5, 0.6, 0.9])

    def left_over(between):
        line = weighted_line(w, v + between, z, is_level=False)
        return np.sum((w - line) ** 2 / (v + between)) - 3

    between = bisect(left_over, 0, 10, xtol=1e-15)
    line = weighted_line(w, v + between, z, is_level=False)
    alone = (between * w + v * line) / (between + v)
    assert alone[1] > alone[2]
    shared = (100 * alone[1] + alone[2]) / 101  # precisions 1 / 0.01 and 1 / 1
    np.testing.assert_allclose(
        shrink_to_trend(w, v, z, "rising"),
        [alone[0], shared, shared, alone[3], alone[4]],
        rtol=1e-8,
    )


columns = st.lists(
    st.tuples(st.floats(-3, 3), st.floats(1e-3, 5), st.floats(0.01, 1)), min_size=1, max_size=9
).map(lambda rows: tuple(np.array(rows).T))


@settings(deadline=None)
@given(columns)
def test_the_order_of_the_weights_of_evidence_is_kept(column):
    woe, variance, gaps = column
    rising = shrink_to_trend(np.sort(woe), variance, np.cumsum(gaps), "rising")
    assert (np.diff(rising) >= 0).all()


@settings(deadline=None)
@given(columns)
def test_falling_is_rising_upside_down(column):
    woe, variance, gaps = column
    up, place = np.sort(woe), np.cumsum(gaps)
    np.testing.assert_allclose(
        shrink_to_trend(-up, variance, place, "falling"),
        -shrink_to_trend(up, variance, place, "rising"),
        atol=1e-9,
    )


@settings(deadline=None)
@given(columns, st.floats(-5, 5))
def test_a_constant_added_to_all_is_added_to_the_answer(column, constant):
    woe, variance, gaps = column
    for course in ("rising", "level"):
        plain = shrink_to_trend(np.sort(woe), variance, np.cumsum(gaps), course)
        moved = shrink_to_trend(np.sort(woe) + constant, variance, np.cumsum(gaps), course)
        np.testing.assert_allclose(moved, plain + constant, atol=1e-6)


@settings(deadline=None)
@given(columns, st.floats(0.1, 1000), st.floats(-100, 100))
def test_the_unit_and_the_origin_of_the_positions_do_not_matter(column, unit, origin):
    woe, variance, gaps = column
    place = np.cumsum(gaps)
    np.testing.assert_allclose(
        shrink_to_trend(np.sort(woe), variance, unit * place + origin, "rising"),
        shrink_to_trend(np.sort(woe), variance, place, "rising"),
        atol=1e-6,
    )
