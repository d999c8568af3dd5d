"""What rules a characteristic out: inflation by the others, drift between two distributions.

Witnesses: the R^2 of a regression and statsmodels for inflation, sums of two terms for stability.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanzhixin.errors import DomainError
from sanzhixin.numerics.screening import population_stability, variance_inflation

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from statsmodels.stats.outliers_influence import variance_inflation_factor


RNG = np.random.default_rng(11)
ONE, TWO, NOISE, OTHER = RNG.normal(size=(4, 400))
RELATED = np.column_stack([ONE, TWO, ONE - 0.7 * TWO + 0.5 * NOISE, OTHER + 0.2 * ONE])


def inflation(columns):
    return variance_inflation(np.corrcoef(columns, rowvar=False))


# Variance inflation.


@pytest.mark.parametrize(
    ("correlation", "factors"),
    [
        ([[1.0]], [1.0]),
        (np.eye(3), [1.0, 1.0, 1.0]),
        ([[1, 0.8], [0.8, 1]], [1 / 0.36, 1 / 0.36]),  # 1 - 0.64
        # The first two by themselves; the third follows by a half from the second alone.
        ([[1, 0, 0], [0, 1, 0.5], [0, 0.5, 1]], [1.0, 4 / 3, 4 / 3]),
        # Equal correlations of 1/2 among three: the inverse has 3/2 on its diagonal.
        (np.full((3, 3), 0.5) + np.eye(3) / 2, [1.5, 1.5, 1.5]),
    ],
)
def test_the_inflation_is_the_one_worked_by_hand(correlation, factors):
    np.testing.assert_allclose(variance_inflation(np.array(correlation, float)), factors)


def test_the_inflation_is_one_over_what_a_regression_leaves():
    for place, factor in enumerate(inflation(RELATED)):
        others = np.column_stack([np.ones(400), np.delete(RELATED, place, axis=1)])
        left = RELATED[:, place] - others @ np.linalg.lstsq(others, RELATED[:, place])[0]
        assert factor == pytest.approx(RELATED[:, place].var() / left.var(), rel=1e-10)


def test_the_inflation_agrees_with_statsmodels():
    design = np.column_stack([np.ones(400), RELATED])
    theirs = [variance_inflation_factor(design, place) for place in range(1, 5)]
    np.testing.assert_allclose(inflation(RELATED), theirs, rtol=1e-10)


@pytest.mark.parametrize(
    ("columns", "infinite"),
    [
        ([ONE, TWO, ONE + TWO, NOISE], [True, True, True, False]),
        ([ONE, NOISE, ONE], [True, False, True]),
        ([ONE, -ONE], [True, True]),
        ([ONE, TWO, ONE - 3 * TWO], [True, True, True]),
        ([ONE, TWO, NOISE], [False, False, False]),
    ],
)
def test_the_inflation_is_infinite_for_what_follows_from_the_others_alone(columns, infinite):
    assert np.isinf(inflation(np.column_stack(columns))).tolist() == infinite


# Stability.


@pytest.mark.parametrize(
    ("before", "after", "index"),
    [
        ([50, 50], [50, 50], 0.0),
        ([1, 3], [250, 750], 0.0),  # shares count, not sizes
        ([50, 50], [80, 20], 0.3 * math.log(4)),  # 0.3 ln 1.6 + 0.3 ln 2.5
        ([20, 30, 50], [50, 30, 20], 0.6 * math.log(2.5)),  # 0.3 ln 2.5 twice, nothing between
        # An empty bin counts as 1e-4: 0.5 ln 2 + (0.5 - 1e-4) ln(0.5 / 1e-4)
        ([50, 50], [100, 0], 0.5 * math.log(2) + 0.4999 * math.log(5000)),
        ([0, 9], [0, 4], 0.0),
    ],
)
def test_the_stability_index_is_the_one_worked_by_hand(before, after, index):
    assert population_stability(before, after) == pytest.approx(index, rel=1e-12, abs=1e-15)


counts = st.lists(st.integers(0, 1000), min_size=4, max_size=4).filter(any)


@settings(deadline=None)
@given(counts, counts)
def test_the_stability_index_is_finite_never_negative_and_knows_no_direction(before, after):
    index = population_stability(before, after)
    assert 0 <= index < math.inf
    assert index == pytest.approx(population_stability(after, before), rel=1e-12)


EMPTY = [([0, 0], [3, 4]), ([3, 4], [0, 0]), ([0], [0]), ([], [])]


@pytest.mark.parametrize(("before", "after"), EMPTY)
def test_a_distribution_without_rows_is_refused(before, after):
    with pytest.raises(DomainError, match="One of the two distributions holds no rows") as caught:
        population_stability(before, after)
    assert caught.value.code == "stability_empty"
    assert "没有数据" in caught.value.zh
