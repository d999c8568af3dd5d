"""Witnesses: hand-worked counts, brute enumeration over scipy's hypergeometric law, the worked
example of MathWorks for the ECB's bandwidth, simulation under no change."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.special import gammaln
from scipy.stats import binom, chi2, multivariate_hypergeom

from sanzhixin.errors import DomainError
from sanzhixin.numerics.screening import population_stability
from sanzhixin.numerics.stability import (
    concentration,
    count_cells,
    mobility,
    stability_index,
    stability_parts,
    stability_test,
)
from sanzhixin.validation.stability.index import freeze_breaks

LEVELS = (0.05, 0.001)
SIZES = [(60, 60), (300, 2000), (5000, 5000)]
CELLS = 10


def test_a_value_at_a_break_belongs_to_the_cell_above_and_missing_ones_to_none():
    assert count_cells([1.0, 2.0, 2.5, 3.0, np.nan], [2, 3]).tolist() == [1, 2, 1]


@pytest.mark.parametrize("breaks", [[2, 1], [1, 1], [np.nan], [[1, 2]]])
def test_breaks_that_do_not_ascend_are_refused(breaks):
    with pytest.raises(DomainError, match="ascend"):
        count_cells([1.0], breaks)


def test_the_index_is_that_of_card_selection_empty_cells_included():
    before, after = [10, 0, 5, 85], [20, 3, 0, 77]
    assert stability_index(before, after) == pytest.approx(population_stability(before, after))


def test_the_parts_add_up_and_none_is_negative():
    parts = stability_parts([10, 20, 30], [30, 20, 10])
    assert parts.sum() == pytest.approx(2 * (1 / 3) * np.log(3))  # 1/6 ln(1/3) ... by hand
    assert (parts >= 0).all()


@pytest.mark.parametrize(("before", "after"), [([3, 4, 2], [1, 2, 5]), ([5, 0, 2], [2, 2, 2])])
def test_breaks_from_elsewhere_agree_with_scipys_hypergeometric_law(before, after):
    pooled, n = np.add(before, after), sum(before)
    own, tail = float(stability_index(before, after)), 0.0
    for table in product(*(range(count + 1) for count in pooled)):
        if sum(table) == n and float(stability_index(table, pooled - table)) >= own - 1e-12:
            tail += multivariate_hypergeom.pmf(table, pooled, n)
    found = stability_test(before, after)
    assert found.law == "enumerated"
    assert found.p_value == pytest.approx(tail, rel=1e-9)


def test_breaks_from_the_sample_itself_agree_with_the_dirichlet_multinomial_by_hand():
    before, after = np.array([3, 3, 4]), np.array([1, 2, 5])
    alpha, m = np.array([4, 3, 4]), 8  # one spacing more in the lowest cell
    own, tail = float(stability_index(before, after)), 0.0
    for table in product(range(m + 1), repeat=3):
        x = np.array(table)
        if x.sum() == m and float(stability_index(before, x)) >= own - 1e-12:
            log = gammaln(m + 1) + gammaln(11) - gammaln(m + 11)
            tail += np.exp(log + np.sum(gammaln(x + alpha) - gammaln(x + 1) - gammaln(alpha)))
    found = stability_test(before, after, breaks_from="before")
    assert found.p_value == pytest.approx(tail, rel=1e-9)


def test_drawn_and_enumerated_laws_agree(monkeypatch):
    counts = [4, 3, 5], [2, 6, 3]
    exact = stability_test(*counts)
    monkeypatch.setattr("sanzhixin.numerics.stability._MOST_TABLES", 0)
    drawn = stability_test(*counts, draws=20_000)
    assert (exact.law, drawn.law) == ("enumerated", "drawn")
    assert drawn.p_value == pytest.approx(exact.p_value, abs=0.012)  # 3 standard errors


def test_large_samples_take_the_published_chi_square():
    before, after = np.full(10, 500), np.full(10, 500) + [30, -30] * 5
    found = stability_test(before, after)
    assert found.law == "chi-square"
    scale = 1 / 5000 + 1 / 5000
    assert found.limits == pytest.approx([scale * chi2.isf(level, 9) for level in LEVELS])
    assert found.p_value == pytest.approx(chi2.sf(found.index / scale, 9))


def test_the_drawn_law_nears_the_chi_square_as_samples_grow(monkeypatch):
    before = after = np.full(10, 500)
    known = stability_test(before, after).limits
    monkeypatch.setattr("sanzhixin.numerics.stability._MANY", 10**9)
    assert stability_test(before, after).limits[0] == pytest.approx(known[0], rel=0.03)


@pytest.mark.parametrize("counts", [([6] * 10, [7] * 10), ([4, 3, 2], [2, 3, 4])])
def test_an_index_above_a_limit_has_a_p_value_below_the_level(counts):
    found = stability_test(*counts)
    rng = np.random.default_rng(1)
    total = int(np.sum(counts[1]))
    for _ in range(40):
        after = rng.multinomial(total, rng.dirichlet(np.full(len(counts[0]), 2.0)))
        one = stability_test(counts[0], after, seed=0)
        for level, limit in zip(LEVELS, one.limits, strict=True):
            assert (one.index > limit + 1e-12) == (one.p_value < level)
    assert found.limits[0] <= found.limits[1]


def test_the_same_seed_gives_the_same_limits_and_another_does_not():
    first, again, other = (stability_test([9] * 8, [7] * 8, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.limits != other.limits


def test_cells_empty_in_both_samples_change_nothing():
    assert stability_test([3, 0, 4], [4, 0, 2]) == stability_test([3, 4], [4, 2])


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ([0, 0], [1, 2], "no rows"),
        ([1, 2], [1, 2, 3], "shape"),
        ([1.5, 2], [1, 2], "whole number"),
        ([np.nan, 2], [1, 2], "whole number"),
    ],
)
def test_impossible_counts_are_refused(before, after, words):
    with pytest.raises(DomainError, match=words):
        stability_test(before, after)


def alarms(n, m, source, months, seed, draws):
    """Alarms at each level over months of equal distributions."""
    rng, found = np.random.default_rng(seed), np.zeros(2)
    frozen = freeze_breaks(rng.normal(size=50_000), CELLS)
    for month in range(months):
        before, after = rng.normal(size=n), rng.normal(size=m)
        breaks = frozen if source == "elsewhere" else freeze_breaks(before, CELLS)
        counts = count_cells(before, breaks), count_cells(after, breaks)
        test = stability_test(*counts, breaks_from=source, draws=draws, seed=month)
        found += [test.p_value < level for level in LEVELS]
    return found


@pytest.mark.parametrize("source", ["before", "elsewhere"])
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_the_alarm_rate_over_equal_months_is_within_the_stated_rate(n, m, source):
    found = alarms(n, m, source, months=200, seed=n + m, draws=999)
    assert (found <= binom.isf(0.001, 200, LEVELS)).all()


@pytest.mark.slow
@pytest.mark.parametrize("source", ["before", "elsewhere"])
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_the_alarm_rate_over_a_thousand_equal_months_is_within_the_stated_rate(n, m, source):
    found = alarms(n, m, source, months=1000, seed=n + 2 * m, draws=9_999)
    assert (found <= binom.isf(0.001, 1000, LEVELS)).all()


def test_the_bandwidths_are_those_of_the_published_example():
    counts = [
        [10, 8, 15, 9, 10],
        [11, 9, 13, 9, 8],
        [0, 10, 10, 11, 10],
        [0, 0, 9, 11, 11],
        [0, 0, 0, 11, 10],
    ]
    found = mobility(counts)
    assert (round(found.lower, 4), round(found.upper, 4)) == (0.3306, 0.6066)


def test_nobody_moving_leaves_no_bandwidth():
    found = mobility(np.diag([3, 4, 5]))
    assert np.isnan([found.upper, found.lower]).all()
    assert (found.share_later, found.share_earlier) == (0.0, 0.0)


def test_turning_the_order_round_swaps_up_and_down():
    counts = np.array([[5, 2, 1], [0, 4, 3], [1, 1, 6]])
    one, other = mobility(counts), mobility(counts[::-1, ::-1])
    assert (one.upper, one.share_later) == (other.lower, other.share_earlier)


@pytest.mark.parametrize("counts", [[[1, 2]], [[1]], [[0, 0], [0, 0]]])
def test_a_migration_table_of_another_form_is_refused(counts):
    with pytest.raises(DomainError):
        mobility(counts)


@pytest.mark.parametrize(
    ("sizes", "index", "adjusted"),
    [([1, 1, 1, 1], 0.25, 0.0), ([7, 0], 1.0, 1.0), ([3, 1], 0.625, 0.25)],  # by hand
)
def test_concentration_by_hand(sizes, index, adjusted):
    found = concentration(sizes)
    assert (found.index, found.adjusted) == pytest.approx((index, adjusted))


def test_one_class_has_no_adjusted_concentration_and_none_is_refused():
    assert np.isnan(concentration([5]).adjusted)
    with pytest.raises(DomainError):
        concentration([0, 0])
