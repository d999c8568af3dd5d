"""Drawn laws of the best bins.

Witnesses: every partition and every turn tried one by one, cases worked by hand, chi-squares where
nothing limits the bins, and the binner on columns that tell nothing.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression
from scipy.stats import binom, kstest

from sanzhixin.modelling import MonotoneBinner
from sanzhixin.numerics.chance import ChanceLaw
from sanzhixin.numerics.chance_draws import DrawnLaw, free_statistics, turning_statistics

RTOL = 1e-10  # both sides subtract sums of squares of order one
values = st.lists(st.integers(-9, 9), min_size=1, max_size=7).map(lambda v: np.array([v]) / 2)


def between(row, starts):
    """Sum of squares between runs, written out."""
    runs = np.split(row, list(starts))
    return sum(run.size * (run.mean() - row.mean()) ** 2 for run in runs)


@given(values, st.integers(1, 5))
def test_the_best_runs_are_the_best_of_all(groups, most):
    row = groups[0]
    every = [
        between(row, starts)
        for count in range(min(most, row.size))
        for starts in combinations(range(1, row.size), count)
    ]
    assert free_statistics(groups, most)[0] == pytest.approx(max(every), rel=RTOL, abs=1e-12)


@given(values)
def test_the_best_turn_is_the_best_of_all(groups):
    row = groups[0]
    every = []
    for turn in range(row.size + 1):
        parts = [(row[:turn], True), (row[turn:], False)]
        fit = [isotonic_regression(part, increasing=way).x for part, way in parts if part.size]
        lost = np.sum((np.concatenate(fit) - row) ** 2)
        every.append(np.sum((row - row.mean()) ** 2) - lost)
    assert turning_statistics(groups)[0] == pytest.approx(max(every), rel=RTOL, abs=1e-12)


HAND = [
    # 0 0 3 about 1: 1 + 1 + 4; two runs give all, one gives nothing.
    ([0, 0, 3], 1, 0.0, 6.0),
    ([0, 0, 3], 2, 6.0, 6.0),
    # 3 0 3 about 2: a valley, so at best 3 | 0 3 or 3 0 | 3: 1 + 2 * 0.25.
    ([3, 0, 3], 2, 1.5, 1.5),
    ([3, 0, 3], 3, 6.0, 1.5),
    ([0, 3, 0], 3, 6.0, 6.0),
    ([7], 3, 0.0, 0.0),
    ([2, 2, 2], 3, 0.0, 0.0),
]


@pytest.mark.parametrize(("row", "most", "free", "turning"), HAND)
def test_statistics_worked_by_hand(row, most, free, turning):
    groups = np.array([row], dtype=float)
    assert free_statistics(groups, most)[0] == pytest.approx(free, abs=1e-12)
    assert turning_statistics(groups)[0] == pytest.approx(turning, abs=1e-12)


@given(values, st.integers(1, 6))
def test_a_turn_explains_no_more_than_free_bins_and_either_way_alike(groups, most):
    turning = turning_statistics(groups)[0]
    assert turning <= free_statistics(groups, groups.size)[0] + 1e-9
    assert free_statistics(groups, most)[0] <= free_statistics(groups, most + 1)[0] + 1e-9
    assert turning == pytest.approx(turning_statistics(groups[:, ::-1])[0], rel=RTOL, abs=1e-12)


@pytest.mark.parametrize(("n_groups", "n_apart"), [(4, 0), (9, 2), (2, 1)])
def test_free_bins_without_a_limit_follow_a_chi_square(n_groups, n_apart):
    rng = np.random.default_rng(71)
    drawn = free_statistics(rng.normal(size=(1000, n_groups)), n_groups)
    assert kstest(drawn, "chi2", (n_groups - 1,)).pvalue > 0.001
    law, every = DrawnLaw(n_groups, "free", n_groups, n_apart), ChanceLaw(n_groups, 0, n_apart)
    assert law.expected() == pytest.approx(every.expected(), rel=0.06)
    for statistic in (1.0, 4.0, 9.0):
        # Four standard errors of 2,000 draws.
        assert law.p_value(statistic) == pytest.approx(every.p_value(statistic), abs=0.045)


@pytest.mark.parametrize("course", ["free", "turning"])
@pytest.mark.parametrize("n_groups", [0, 1])
def test_one_group_can_show_nothing(course, n_groups):
    law = DrawnLaw(n_groups, course, 8)
    assert law.expected() == 0
    assert law.p_value(0.0) == 1
    assert law.p_value(5.0) == 0


@given(
    st.integers(0, 20),
    st.sampled_from(["free", "turning"]),
    st.integers(1, 8),
    st.integers(0, 2),
    st.floats(0, 100),
    st.floats(0, 20),
)
def test_tails_fall_and_never_exceed_those_of_every_group(n_groups, course, most, n_apart, t, more):
    law, every = DrawnLaw(n_groups, course, most, n_apart), ChanceLaw(n_groups, 0, n_apart)
    assert 0 <= law.p_value(t + more) <= law.p_value(t) <= every.p_value(t)
    assert law.expected() <= every.expected()


def test_very_many_groups_are_bounded_without_draws():
    law, every = DrawnLaw(1000, "free", 254, 1), ChanceLaw(1000, 0, 1)
    assert law.expected() == every.expected()
    assert law.p_value(150.0) == every.p_value(150.0)


@pytest.mark.parametrize(("course", "most"), [("free", 3), ("free", 12), ("turning", 0)])
def test_means_rise_with_the_groups_without_a_cliff(course, most):
    # Fewer draws are made of more groups: standard errors of some 2 % at 200 draws.
    means = [DrawnLaw(n, course, most).expected() for n in (40, 60, 64, 65, 80, 128, 129, 200)]
    steps = np.diff(means)
    assert (steps > -0.06 * np.array(means[1:])).all()
    assert (steps < 0.25 * np.array(means[1:])).all()


N_COLUMNS = 300
COURSES = {
    "a peak of ten values": ("peak", "tens", 0.5),
    "a valley of ten values": ("valley", "tens", 0.5),
    "a peak of numbers": ("peak", "numbers", 0.2),
    "any course of ten values": ("none", "tens", 0.5),
    "any course of numbers": ("none", "numbers", 0.0),
}


@pytest.mark.parametrize(("trend", "kind", "least"), COURSES.values(), ids=COURSES)
def test_columns_that_tell_nothing_are_found_no_more_often_than_stated(trend, kind, least):
    # Once in a thousand seeds; `least` of that share, as small bins are not drawn.
    rng = np.random.default_rng(72)
    outcome = rng.random(2500) < 0.2
    shape = (outcome.size, N_COLUMNS)
    X = rng.integers(0, 10, shape) if kind == "tens" else rng.normal(size=shape)
    options = {"trend": trend, "min_bin_share": 0.02, "max_bins": 10, "max_prebins": 30}
    p_values = MonotoneBinner(**options).fit(X.astype(float), outcome).summary_["p_value"]
    for level in (0.05, 0.2, 0.5):
        count = np.sum(p_values <= level)
        assert count <= binom.ppf(0.9995, N_COLUMNS, level + 0.01)
        assert count >= binom.ppf(0.0005, N_COLUMNS, least * level)
