"""The law of the best information value without any relation, and what the binner makes of it.

Witnesses: Stirling numbers and simulated isotonic regressions for the number of levels, mixtures of
chi-squares written out, simulated counts, and the binner on columns that tell nothing.  Bounds of
simulations are left once in a thousand seeds.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression
from scipy.stats import binom, chi2

from sanzhixin.modelling import MonotoneBinner
from sanzhixin.numerics.chance import ChanceLaw, level_probabilities

RTOL = 1e-12  # both sides add a handful of products in double precision

STATISTICS = [0.1, 0.5, 1.0, 2.0, 3.841459, 6.0, 10.0, 30.0]


def within(count, n_trials, prob):
    lowest, highest = binom.ppf([0.0005, 0.9995], n_trials, prob)
    return lowest <= count <= highest


# Level probabilities.

LEVELS = [
    (1, [1]),
    # Two groups rise or are drawn together.
    (2, [1 / 2, 1 / 2]),
    # Three: in one order of six all rise; all are one level in one of three (1 / k); the rest.
    (3, [1 / 3, 1 / 2, 1 / 6]),
    # Four: 1/4 and 1/4! at the ends; a fourth group makes a level of its own in one of four, so
    # that two levels have 1/4 * 1/3 + 3/4 * 1/2 and three 1/4 * 1/2 + 3/4 * 1/6.
    (4, [1 / 4, 11 / 24, 1 / 4, 1 / 24]),
]


@pytest.mark.parametrize(("n_groups", "expected"), LEVELS)
def test_the_level_probabilities_are_those_worked_by_hand(n_groups, expected):
    np.testing.assert_allclose(level_probabilities(n_groups), expected, rtol=RTOL)


@pytest.mark.parametrize("n_groups", [2, 3, 4, 5, 8, 12])
def test_the_level_probabilities_are_stirling_numbers_of_the_first_kind(n_groups):
    # Coefficients of z (z + 1) ... (z + k - 1), over k!, as whole numbers.
    numbers = [1]
    for k in range(n_groups):
        numbers = [k * a + b for a, b in zip([*numbers, 0], [0, *numbers], strict=True)]
    expected = [number / math.factorial(n_groups) for number in numbers[1:]]
    np.testing.assert_allclose(level_probabilities(n_groups), expected, rtol=RTOL)


@pytest.mark.parametrize("n_groups", [1, 2, 7, 64, 1000])
def test_the_level_probabilities_add_up_and_have_the_mean_of_records(n_groups):
    # As many levels as records in a random order: 1 + 1/2 + ... + 1/k on average.
    found = np.array(level_probabilities(n_groups))
    assert found.size == n_groups
    assert (found >= 0).all()
    assert found.sum() == pytest.approx(1, rel=1e-12)
    mean = found @ np.arange(1, n_groups + 1)
    assert mean == pytest.approx(sum(1 / k for k in range(1, n_groups + 1)), rel=1e-12)


def test_no_group_counts_as_one():
    assert level_probabilities(0) == (1.0,)


N_FITS = 4000


@pytest.mark.parametrize("n_groups", [2, 3, 4, 7])
def test_isotonic_fits_of_equal_groups_have_so_many_levels(n_groups):
    rng = np.random.default_rng([31, n_groups])
    sizes = [
        isotonic_regression(values).blocks.size - 1
        for values in rng.normal(size=(N_FITS, n_groups))
    ]
    counts = np.bincount(sizes, minlength=n_groups + 1)[1:]
    for count, prob in zip(counts, level_probabilities(n_groups), strict=True):
        assert within(count, N_FITS, prob)


# Without a course: chi-square.


@pytest.mark.parametrize(("n_groups", "n_apart"), [(2, 0), (6, 0), (6, 2), (1, 1), (0, 3), (64, 1)])
@pytest.mark.parametrize("statistic", STATISTICS)
def test_without_a_course_the_law_is_a_chi_square(statistic, n_groups, n_apart):
    freedom = n_groups + n_apart - 1  # one group is what the others are held against
    found = ChanceLaw(n_groups, 0, n_apart).p_value(statistic)
    assert found == pytest.approx(chi2.sf(statistic, freedom), rel=1e-10)


def test_two_degrees_of_freedom_leave_an_exponential_tail():
    # exp(-t / 2); of two groups and one apart, or of three.
    for law in (ChanceLaw(2, 0, 1), ChanceLaw(3, 0)):
        assert law.p_value(2 * math.log(20)) == pytest.approx(0.05, rel=RTOL)


# One course.


def tail(statistic, freedom):
    """Tails of chi-squares of up to three degrees, written out."""
    root = math.sqrt(statistic / 2)
    odd = math.erfc(root)
    return {
        0: 0.0,
        1: odd,
        2: math.exp(-statistic / 2),
        3: odd + 2 * root * math.exp(-statistic / 2) / math.sqrt(math.pi),
    }[freedom]


MIXTURES = [
    (2, 0, [1 / 2, 1 / 2]),
    (3, 0, [1 / 3, 1 / 2, 1 / 6]),
    (4, 0, [1 / 4, 11 / 24, 1 / 4, 1 / 24]),
    (2, 1, [0, 1 / 2, 1 / 2]),  # one more degree for the group apart
    (3, 1, [0, 1 / 3, 1 / 2, 1 / 6]),
    (2, 2, [0, 0, 1 / 2, 1 / 2]),
    (1, 3, [0, 0, 0, 1]),
]


@pytest.mark.parametrize(("n_groups", "n_apart", "weights"), MIXTURES)
@pytest.mark.parametrize("statistic", STATISTICS)
def test_with_one_course_the_law_is_the_mixture_worked_by_hand(
    statistic, n_groups, n_apart, weights
):
    expected = sum(weight * tail(statistic, k) for k, weight in enumerate(weights))
    found = ChanceLaw(n_groups, 1, n_apart).p_value(statistic)
    assert found == pytest.approx(expected, rel=1e-10)


def test_of_two_groups_half_of_the_chance_is_on_the_wrong_side():
    # 1.959964^2 = 3.841459 has 0.05 on two sides, 0.025 on one.
    assert ChanceLaw(2, 1).p_value(3.841459) == pytest.approx(0.025, rel=1e-6)


def simulated(n_groups, n_apart, n_times, seed):
    """Best statistics of groups of equal rates, ascending and descending, from normal means."""
    rng = np.random.default_rng(seed)
    found = []
    for values in rng.normal(size=(n_times, n_groups + n_apart)):
        ordered, mean = values[:n_groups], values.mean()
        fits = [isotonic_regression(ordered, increasing=way).x for way in (True, False)]
        apart = np.sum((values[n_groups:] - mean) ** 2)
        found.append([np.sum((fit - mean) ** 2) + apart for fit in fits])
    return np.array(found).T


@pytest.mark.parametrize(("n_groups", "n_apart"), [(3, 0), (6, 0), (15, 0), (5, 1), (4, 2)])
def test_simulated_fits_of_one_course_are_as_large_as_the_law_says(n_groups, n_apart):
    ascending, _ = simulated(n_groups, n_apart, N_FITS, [32, n_groups, n_apart])
    law = ChanceLaw(n_groups, 1, n_apart)
    for statistic in STATISTICS:
        assert within(np.sum(ascending >= statistic), N_FITS, law.p_value(statistic))
    error = ascending.std(ddof=1) / math.sqrt(N_FITS)
    mean = sum(1 / k for k in range(2, n_groups + 1)) + n_apart
    assert abs(ascending.mean() - mean) < 3.3 * error


def best_information_value(events, n_rows):
    """N times the information value of the best ascending bins of equal groups, written out."""
    blocks = isotonic_regression(events / n_rows).blocks
    e = np.add.reduceat(events, blocks[:-1]).astype(float)
    g = n_rows * np.diff(blocks) - e
    p, q = g / g.sum(), e / e.sum()
    return np.sum((p - q) * np.log(p / q)) / (1 / e.sum() + 1 / g.sum())


def test_the_information_value_of_the_best_bins_follows_the_law():
    # With 400 events in each of six groups the chi-square is good to a few per cent.
    rng = np.random.default_rng(33)
    found = np.array(
        [best_information_value(rng.binomial(2000, 0.2, 6), 2000) for _ in range(N_FITS)]
    )
    for statistic in STATISTICS:
        assert within(np.sum(found >= statistic), N_FITS, ChanceLaw(6, 1).p_value(statistic))


# The better of two courses.


@pytest.mark.parametrize("statistic", STATISTICS)
def test_of_two_groups_one_course_or_the_other_is_any_course(statistic):
    # A fit of two groups rises or falls, so that the doubled tail is the whole one.
    both, any_course = ChanceLaw(2, 2), ChanceLaw(2, 0)
    assert both.p_value(statistic) == pytest.approx(any_course.p_value(statistic), rel=RTOL)


@pytest.mark.parametrize(("n_groups", "n_apart"), [(3, 0), (10, 0), (5, 1)])
def test_tails_of_the_better_course_are_hardly_too_large_and_never_too_small(n_groups, n_apart):
    best = simulated(n_groups, n_apart, N_FITS, [34, n_groups, n_apart]).max(axis=0)
    law = ChanceLaw(n_groups, 2, n_apart)
    for statistic in STATISTICS:
        prob, count = law.p_value(statistic), np.sum(best >= statistic)
        assert count <= binom.ppf(0.9995, N_FITS, prob)
        # Both courses at once count twice, which is rare where it matters.
        assert prob > 0.1 or count >= binom.ppf(0.0005, N_FITS, 0.85 * prob)


# Any law.

laws = st.builds(ChanceLaw, st.integers(0, 40), st.integers(0, 2), st.integers(0, 3))
statistics = st.floats(0, 200)


@given(laws, statistics)
def test_a_probability_lies_between_0_and_1(law, statistic):
    assert 0 <= law.p_value(statistic) <= 1


@given(laws, statistics, st.floats(0, 50))
def test_a_larger_statistic_is_never_more_probable(law, statistic, more):
    assert law.p_value(statistic + more) <= law.p_value(statistic)


@given(st.integers(1, 40), st.integers(0, 3), statistics)
def test_more_groups_and_freer_courses_make_a_statistic_more_probable(n_groups, n_apart, statistic):
    one, two = (ChanceLaw(n_groups, n, n_apart).p_value(statistic) for n in (1, 2))
    assert one <= two
    assert one <= ChanceLaw(n_groups, 0, n_apart).p_value(statistic) * (1 + 1e-12)
    assert one <= ChanceLaw(n_groups + 1, 1, n_apart).p_value(statistic) * (1 + 1e-12)
    assert one <= ChanceLaw(n_groups, 1, n_apart + 1).p_value(statistic) * (1 + 1e-12)


@pytest.mark.parametrize("n_courses", [0, 1, 2])
@pytest.mark.parametrize("n_groups", [0, 1])
def test_one_group_and_no_group_can_show_nothing(n_groups, n_courses):
    law = ChanceLaw(n_groups, n_courses)
    assert [law.p_value(statistic) for statistic in (0.0, 1e-12, 5.0)] == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("n_courses", [0, 1, 2])
@pytest.mark.parametrize(("n_groups", "n_apart"), [(1, 1), (1, 2), (0, 2), (0, 3)])
def test_of_one_group_only_the_groups_apart_count(n_groups, n_courses, n_apart):
    law = ChanceLaw(n_groups, n_courses, n_apart)
    freedom = n_groups + n_apart - 1
    for statistic in STATISTICS:
        assert law.p_value(statistic) == pytest.approx(chi2.sf(statistic, freedom), rel=1e-10)


@pytest.mark.parametrize("n_courses", [0, 1, 2])
def test_one_group_apart_without_an_order_can_show_nothing(n_courses):
    law = ChanceLaw(0, n_courses, 1)
    assert law.expected() == 0
    assert law.p_value(5.0) == 0


def mean_of_tails(law):
    """Mean by trapezoids over the tails."""
    grid = np.linspace(0, 20, 2001) ** 2
    return np.trapezoid([law.p_value(statistic) for statistic in grid], grid)


@pytest.mark.parametrize(("n_groups", "n_apart"), [(2, 1), (3, 1), (5, 2), (10, 3), (40, 6)])
def test_groups_apart_add_their_degrees_to_the_better_course(n_groups, n_apart):
    law, ordered = ChanceLaw(n_groups, 2, n_apart), ChanceLaw(n_groups, 2)
    assert law.expected() == pytest.approx(ordered.expected() + n_apart, rel=1e-12)
    assert mean_of_tails(law) == pytest.approx(law.expected(), rel=2e-4)


@pytest.mark.parametrize(("n_groups", "n_apart"), [(3, 1), (10, 2), (10, 3)])
def test_tails_of_the_better_course_with_groups_apart_are_those_of_drawn_sums(n_groups, n_apart):
    # What is apart is independent of the order, so its chi-square is added draw by draw.
    best = simulated(n_groups, 0, N_FITS, [39, n_groups]).max(axis=0)
    rng = np.random.default_rng([40, n_apart])
    whole = best + rng.chisquare(n_apart, N_FITS)
    law = ChanceLaw(n_groups, 2, n_apart)
    for statistic in STATISTICS:
        prob, count = law.p_value(statistic), np.sum(whole >= statistic)
        assert count <= binom.ppf(0.9995, N_FITS, prob)
        assert count >= binom.ppf(0.0005, N_FITS, 0.85 * prob)


@pytest.mark.parametrize("law", [ChanceLaw(1, 1), ChanceLaw(5, 0), ChanceLaw(5, 1, 2)], ids=str)
def test_a_statistic_of_zero_is_certain(law):
    assert law.p_value(0.0) == pytest.approx(1.0, rel=RTOL)


# The mean.

HARMONIC = [
    (2, 0, 0.5),
    (3, 0, 5 / 6),  # 1/2 + 1/3
    (4, 0, 13 / 12),  # + 1/4
    (10, 0, 1.9289682539682538),  # 2.9289682540 - 1
    (64, 0, sum(1 / k for k in range(2, 65))),
    (4, 2, 13 / 12 + 2),
]


@pytest.mark.parametrize(
    ("n_groups", "n_apart", "mean"), [*HARMONIC, (1, 0, 0.0), (0, 0, 0.0), (1, 2, 2.0), (0, 2, 1.0)]
)
def test_the_mean_of_one_course_is_the_harmonic_sum(n_groups, n_apart, mean):
    assert ChanceLaw(n_groups, 1, n_apart).expected() == pytest.approx(mean, rel=1e-12)


@pytest.mark.parametrize(
    ("n_groups", "n_apart", "mean"),
    # Two groups rise or fall, one has no course: chi-squares of one degree, of one and of two.
    [(2, 0, 1.0), (1, 1, 1.0), (0, 2, 1.0), (1, 0, 0.0), (2, 1, 2.0)],
)
def test_the_mean_of_either_course_is_that_of_a_chi_square_where_it_is_one(n_groups, n_apart, mean):
    found = ChanceLaw(n_groups, 2, n_apart).expected()
    assert found == pytest.approx(mean, rel=1e-4, abs=1e-4)  # by trapezoids


DEGREES = [(2, 0, 1), (4, 0, 3), (6, 1, 6), (100, 3, 102), (1000, 0, 999), (1, 2, 2), (0, 2, 1)]


@pytest.mark.parametrize(("n_groups", "n_apart", "freedom"), [*DEGREES, (1, 0, 0), (0, 0, 0)])
def test_the_mean_without_a_course_is_the_degrees_of_freedom(n_groups, n_apart, freedom):
    assert ChanceLaw(n_groups, 0, n_apart).expected() == freedom


@pytest.mark.parametrize(("n_groups", "n_apart"), [(3, 0), (10, 0), (30, 0), (5, 1)])
def test_the_mean_of_the_better_course_lies_between_one_and_both(n_groups, n_apart):
    one, two = (ChanceLaw(n_groups, n, n_apart).expected() for n in (1, 2))
    assert one < two < 2 * one
    best = simulated(n_groups, n_apart, 1000, [35, n_groups, n_apart]).max(axis=0)
    error = best.std(ddof=1) / math.sqrt(best.size)
    # Too large by what both courses have in common, least where they have least.
    assert best.mean() - 3.3 * error < two < 1.2 * best.mean() + 3.3 * error


# The binner on columns that tell nothing.

N_ROWS = 1500


@cache
def noise(kind, n_columns, seed, **options):
    """Summary of columns that were drawn apart from the outcome."""
    rng = np.random.default_rng(seed)
    outcome = rng.random(N_ROWS) < 0.2
    shape = (N_ROWS, n_columns)
    if kind == "levels":
        names = np.array(list("abcdef"))[rng.integers(0, 6, shape)]
        values = pd.DataFrame(names, columns=[f"x{k}" for k in range(n_columns)])
    else:
        is_fine = kind.startswith("numbers")
        values = rng.normal(size=shape) if is_fine else rng.integers(0, 10, shape).astype(float)
        if kind.endswith("blanks"):
            values[rng.random(shape) < 0.2] = np.nan
    return MonotoneBinner(**options).fit(values, outcome).summary_


# Ten values of a tenth each may all be bins, so that the law holds up to the number of events.
FREE = {"min_bin_share": 0.02, "max_bins": 10}
EXACT = {
    "ascending": ("tens", {"trend": "ascending", **FREE}),
    "either course": ("tens", {"trend": "auto", **FREE}),
    "ascending with blanks": ("tens, blanks", {"trend": "ascending", **FREE}),
    "either course with blanks": ("tens, blanks", {"trend": "auto", **FREE}),
    "six levels": ("levels", {}),
}
# Of numbers that are all different bins are at least a twentieth, though groups are finer.
BOUND = {
    "ascending": ("numbers", {"trend": "ascending"}),
    "either course": ("numbers", {"trend": "auto"}),
    "ascending with blanks": ("numbers, blanks", {"trend": "ascending"}),
    "either course with blanks": ("numbers, blanks", {"trend": "auto"}),
    "smaller bins": ("numbers", {"trend": "ascending", "min_bin_share": 0.02}),
    "ascending, blanks neutral": ("numbers, blanks", {"trend": "ascending", "missing": "neutral"}),
    "either course, blanks worst": ("numbers, blanks", {"trend": "auto", "missing": "worst"}),
    "a peak": ("tens", {"trend": "peak"}),
}
N_COLUMNS = 300


@pytest.mark.parametrize(("kind", "options"), EXACT.values(), ids=EXACT)
@pytest.mark.parametrize("level", [0.05, 0.2, 0.5])
def test_columns_that_tell_nothing_have_small_p_values_as_often_as_they_say(kind, options, level):
    table = noise(kind, N_COLUMNS, 36, **options)
    assert within(np.sum(table["p_value"] <= level), N_COLUMNS, level)


@pytest.mark.parametrize(("kind", "options"), BOUND.values(), ids=BOUND)
@pytest.mark.parametrize("level", [0.05, 0.2, 0.5])
def test_p_values_of_limited_bins_are_small_no_more_often_than_they_say(kind, options, level):
    table = noise(kind, N_COLUMNS, 36, **options)
    assert np.sum(table["p_value"] <= level) <= binom.ppf(0.9995, N_COLUMNS, level)


def mean_ratio(kind, options, n_columns=N_COLUMNS, seed=36):
    """Information value over that by chance: its mean, and 3.3 standard errors."""
    table = noise(kind, n_columns, seed, **options)
    chance = table["iv_by_chance"].max()  # one law for all; a column of one bin is told 0
    assert set(table["iv_by_chance"].round(12)) <= {0.0, round(chance, 12)}
    ratio = table["iv"] / chance
    return ratio.mean(), 3.3 * ratio.std() / math.sqrt(n_columns)


@pytest.mark.parametrize(("kind", "options"), EXACT.values(), ids=EXACT)
def test_columns_that_tell_nothing_have_the_value_of_chance_on_average(kind, options):
    mean, error = mean_ratio(kind, options)
    # The law of either course is up to a tenth too large, a seventh with a group apart.
    least = {"auto": 0.86}.get(options.get("trend"), 1.0)
    assert least - error < mean < 1 + error


# As many columns as it takes to see a fifth more, were rooms of a twentieth taken for groups: a
# ratio has a spread of 1.1 with one course, so that a fifth is 5 or 6 standard errors.
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["numbers", "numbers, blanks"])
def test_groups_that_may_move_are_not_fewer_than_the_law_counts(kind):
    mean, error = mean_ratio(kind, {"trend": "ascending"}, 1000, 37)
    assert 0.75 < mean < 1 + error


@pytest.mark.parametrize("missing", ["neutral", "worst"])
def test_blanks_under_a_policy_are_no_group_of_the_law(missing):
    rng = np.random.default_rng(38)
    values, outcome = rng.normal(size=(N_ROWS, 1)), rng.random(N_ROWS) < 0.2
    values[:300] = np.nan
    there = ~np.isnan(values[:, 0])
    whole, rest = (
        binner.fit(values[rows], outcome[rows]).summary_
        for binner, rows in (
            (MonotoneBinner(missing=missing), slice(None)),
            (MonotoneBinner(), there),
        )
    )
    # They add nothing to the value, and its size is that of the rest.
    expected = rest["iv_by_chance"].item()
    assert whole["iv_by_chance"].item() == pytest.approx(expected, rel=1e-12)
