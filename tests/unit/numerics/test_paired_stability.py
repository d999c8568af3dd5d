"""Witnesses: every way of turning round, listed; a direct permutation; simulated quiet dates."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from sanzhixin.errors import DomainError
from sanzhixin.numerics.paired_stability import PairedCells, pair_cells, swap_test
from sanzhixin.numerics.stability import count_cells, find_cells, stability_index, stability_test

NONE = np.zeros(3, dtype=np.int64)


def two_dates(rng, n, *, noise=0.3, shift=0.0):
    """Values of the same households twice, and breaks from both dates together."""
    lasting = rng.normal(size=n)
    before, after = (lasting + noise * rng.normal(size=n) for _ in range(2))
    breaks = np.quantile(np.concatenate([before, after]), np.arange(1, 10) / 10)
    return before, after + shift, breaks


def swapped(before, after, breaks, **options):
    ids, cells = np.arange(before.size), [find_cells(one, breaks) for one in (before, after)]
    return swap_test(pair_cells((ids, ids), (cells[0], cells[1]), breaks.size + 1), **options)


def test_all_ways_of_turning_eight_households_round():
    before, after = np.array([0, 0, 0, 1, 1, 2, 2, 0]), np.array([1, 1, 2, 2, 0, 2, 1, 1])
    own = stability_index(np.bincount(before, minlength=3), np.bincount(after, minlength=3))
    values = []
    for turn in product([False, True], repeat=8):
        first, second = np.where(turn, after, before), np.where(turn, before, after)
        counts = [np.bincount(one, minlength=3) for one in (first, second)]
        values.append(stability_index(*counts))
    exact = np.mean(np.array(values) >= own * (1 - 1e-9))
    found = swap_test(pair_cells((range(8), range(8)), (before, after), 3), draws=99_999)
    assert found.index == pytest.approx(own)
    assert found.p_value == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 1e5))


def test_households_of_one_date_are_parted_as_by_a_direct_permutation():
    rng = np.random.default_rng(2)
    paired, lone = rng.integers(0, 3, (20, 2)), rng.integers(0, 3, 15)
    first_ids, second_ids = [*range(20), *range(20, 27)], [*range(20), *range(27, 35)]
    first, second = [*paired[:, 0], *lone[:7]], [*paired[:, 1], *lone[7:]]
    found = swap_test(pair_cells((first_ids, second_ids), (first, second), 3), draws=19_999)
    as_large = 0
    for _ in range(2000):
        turn, order = rng.random(20) < 0.5, rng.permutation(lone)
        one = np.where(turn, paired[:, 1], paired[:, 0]), np.where(turn, paired[:, 0], paired[:, 1])
        counts = [
            np.bincount([*own, *rest], minlength=3)
            for own, rest in zip(one, (order[:7], order[7:]), strict=True)
        ]
        as_large += stability_index(*counts) >= found.index * (1 - 1e-9)
    low, high = binomtest(as_large, 2000).proportion_ci(0.999)
    assert low <= found.p_value <= high


def test_the_pairs_are_counted_by_hand():
    found = pair_cells(
        (["a", "b", "c", "d"], ["d", "c", "b", "e"]), ([0, 1, -1, 1], [1, 0, 0, 1]), 2
    )
    # b goes from 1 to 0, d stays in 1; a is there before alone, c and e after alone
    assert found.moves.tolist() == [[0, 0], [1, 1]]
    assert (found.before_only.tolist(), found.after_only.tolist()) == ([1, 0], [1, 1])


def test_nobody_who_moved_is_no_change_and_all_one_way_is_a_large_one():
    still = swap_test(PairedCells(np.diag([30, 30, 30]), NONE, NONE))
    assert (still.index, still.p_value) == (0, 1)
    moves = np.diag([30, 30, 30])
    moves[0, 1] = 12  # one way of 2 to the 12th, and its mirror
    found = swap_test(PairedCells(moves, NONE, NONE), draws=99_999)
    assert found.p_value == pytest.approx(2 / 2**12, abs=4 * np.sqrt(2 / 2**12 / 1e5))


def test_quiet_dates_ring_as_often_as_stated_where_two_samples_hardly_ever_ring():
    rng = np.random.default_rng(7)
    p = []
    for seed in range(200):
        before, after, breaks = two_dates(rng, 200)
        p.append(swapped(before, after, breaks, draws=199, seed=seed).p_value)
    rung = (np.array(p) <= 0.05).sum()
    assert binom.ppf(0.001, 200, 0.05) <= rung <= binom.ppf(0.999, 200, 0.05)


def test_a_small_move_of_all_households_is_seen():
    before, after, breaks = two_dates(np.random.default_rng(0), 2000, noise=0.1, shift=0.1)
    counts = count_cells(before, breaks), count_cells(after, breaks)
    assert swapped(before, after, breaks).p_value < 0.01 < 0.1 < stability_test(*counts).p_value


def test_many_households_cost_no_more_than_few():
    moves = np.full((11, 11), 2000)
    assert swap_test(PairedCells(moves, np.zeros(11, int), np.zeros(11, int))).p_value == 1


@pytest.mark.parametrize(
    ("households", "cells", "message"),
    [
        ((["a", "a"], ["b"]), ([0, 1], [0]), "repeat a household"),
        ((["a", "b"], ["b"]), ([0], [0]), "shape"),
    ],
)
def test_households_that_cannot_be_paired_are_refused(households, cells, message):
    with pytest.raises(DomainError, match=message):
        pair_cells(households, cells, 2)


def test_a_date_without_households_is_refused():
    with pytest.raises(DomainError, match="no rows"):
        swap_test(PairedCells(np.zeros((3, 3), int), NONE, NONE))
